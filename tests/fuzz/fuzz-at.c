/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An AT command: a bounded text, or a refusal. */

#include "fuzz-engine.h"

#include "protocol/at.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    gboolean gone_is_done = (fuzz_byte (&input) & 1) != 0;
    g_autoptr (MfuEngine) engine = mfu_at_new ("+QGMR?", 100, gone_is_done);

    fuzz_run (engine, &input);
    g_assert_cmpuint (strlen (mfu_at_get_text (engine)), <=, 8192);
    return 0;
}
