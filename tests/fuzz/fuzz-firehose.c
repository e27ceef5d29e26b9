/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A Firehose session of up to eight operations: exactly the bytes of a read come out, the payload stays sane.
 */

#include "fuzz-engine.h"

#include "protocol/firehose.h"
#include "util/error.h"

#include <string.h>

#define MAX_OPERATIONS 8

static void
begin (MfuEngine *engine, guint8 which)
{
    MfuFirehoseRange range = {
        .start_sector = 640, .num_sectors = 2, .sector_size = 2048, .pages_per_block = 64
    };
    MfuFirehoseVendorTag tag = { .tag = "erase", .a_rawdata_start_sector = "1" };

    switch (which & 7) {
    case 0:
        mfu_firehose_begin_configure (engine);
        break;
    case 1:
        mfu_firehose_begin_nop (engine);
        break;
    case 2:
        mfu_firehose_begin_storage_info (engine);
        break;
    case 3:
        mfu_firehose_begin_erase (engine, &range);
        break;
    case 4:
        mfu_firehose_begin_program (engine, &range, 3000);
        break;
    case 5:
        mfu_firehose_begin_read (engine, &range);
        break;
    case 6:
        mfu_firehose_begin_vendor (engine, &tag);
        break;
    default:
        mfu_firehose_begin_reset (engine, 1);
        break;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    guint8 flags = fuzz_byte (&input);
    MfuFirehoseConfig config = { .max_payload = 8192,
                                 .is_zlp_aware = (flags & 1) != 0,
                                 .is_met = (flags & 4) != 0 };
    g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
    g_autoptr (MfuEngine) engine = mfu_firehose_new (&config, (flags & 2) != 0 ? nothing : NULL);

    for (guint i = 0; i < MAX_OPERATIONS; i++) {
        fuzz_run (engine, &input);
        g_assert_cmpuint (mfu_firehose_get_payload (engine), >=, 512);
        g_assert_cmpuint (mfu_firehose_get_payload (engine) % 512, ==, 0);
        g_assert_true (g_utf8_validate (mfu_firehose_get_last_log (engine), -1, NULL));
        if (input.size == 0)
            break;
        begin (engine, fuzz_byte (&input));
    }
    return 0;
}
