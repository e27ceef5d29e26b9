/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The probe: always an answer, unless the device leaves. */

#include "fuzz-engine.h"

#include "protocol/edl-probe.h"
#include "util/error.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    g_autoptr (MfuEngine) engine = mfu_edl_probe_new ();

    fuzz_run (engine, &input);
    if (mfu_engine_get_error (engine) != NULL)
        g_assert_cmpint (mfu_engine_get_error (engine)->code, ==, MFU_ERROR_GONE);
    g_assert_cmpstr (mfu_edl_state_to_string (mfu_edl_probe_get_state (engine)), !=, "unknown");
    g_assert_nonnull (mfu_edl_probe_get_leftover (engine));
    return 0;
}
