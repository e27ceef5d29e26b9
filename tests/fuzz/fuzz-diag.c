/* SPDX-License-Identifier: GPL-2.0-or-later */

/* DIAG: the two switches and the build id. */

#include "fuzz-engine.h"

#include "protocol/diag.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    guint8 which = fuzz_byte (&input);
    gboolean is_build_id = (which & 1) != 0;
    g_autoptr (MfuEngine) engine = is_build_id        ? mfu_diag_build_id_new ()
                                   : (which & 2) != 0 ? mfu_diag_switch_to_dload_new ()
                                                      : mfu_diag_switch_to_edl_new ();

    fuzz_run (engine, &input);
    if (is_build_id)
        g_assert_true (g_str_is_ascii (mfu_diag_build_id_get (engine)));
    return 0;
}
