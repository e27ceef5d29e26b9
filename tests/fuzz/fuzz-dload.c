/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A DLOAD session of up to eight operations: what it tells of the modem stays short and printable. */

#include "fuzz-engine.h"

#include "protocol/dload.h"

#include <string.h>

#define MAX_OPERATIONS 8
#define PROGRAM_SIZE   3000

static void
begin (MfuEngine *engine, GBytes *program, guint8 which)
{
    switch (which & 3) {
    case 0:
        mfu_dload_begin_version (engine);
        break;
    case 1:
        mfu_dload_begin_load (engine, 0x2a000000, program);
        break;
    case 2:
        mfu_dload_begin_reset (engine);
        break;
    default:
        mfu_dload_begin_go (engine, 0x2a000000);
        break;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    g_autoptr (MfuEngine) engine = mfu_dload_new ();
    g_autoptr (GBytes) program = g_bytes_new_take (g_malloc0 (PROGRAM_SIZE), PROGRAM_SIZE);

    for (guint i = 0; i < MAX_OPERATIONS; i++) {
        fuzz_run (engine, &input);
        g_assert_cmpuint (strlen (mfu_dload_get_version (engine)), <=, 128);
        g_assert_true (g_str_is_ascii (mfu_dload_get_version (engine)));
        g_assert_cmpuint (mfu_dload_get_peer (engine), <=, MFU_DLOAD_DIAG);
        if (input.size == 0)
            break;
        begin (engine, program, fuzz_byte (&input));
    }
    return 0;
}
