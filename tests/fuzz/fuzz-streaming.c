/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A session with a streaming loader of up to eight operations. An image counts as written only after an
 * answer to each packet, to open and to close. */

#include "fuzz-engine.h"

#include "protocol/streaming.h"

#include <string.h>

#define MAX_OPERATIONS 8
#define IMAGE_SIZE     3000

/* Open, packets of at most 1024 bytes, close. Code, check sum and flag. */
#define N_WRITE_ANSWERS 5
#define SHORTEST_FRAME  4

static void
begin (MfuEngine *engine, GBytes *image, guint8 which)
{
    switch (which % 5) {
    case 0:
        mfu_streaming_begin_security (engine);
        break;
    case 1:
        mfu_streaming_begin_table (engine, FALSE, image);
        break;
    case 2:
        mfu_streaming_begin_flag (engine, (which & 0x80) != 0);
        break;
    case 3:
        mfu_streaming_begin_write (engine, "SBL1", image);
        break;
    default:
        mfu_streaming_begin_reset (engine);
        break;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    guint8 variant = fuzz_byte (&input);
    gboolean is_writing = FALSE;
    guint8 which;
    g_autoptr (MfuEngine) engine = mfu_streaming_new (variant & 1 ? MFU_STREAMING_9X07 : MFU_STREAMING_9X15);
    g_autoptr (GBytes) image = g_bytes_new_take (g_malloc0 (IMAGE_SIZE), IMAGE_SIZE);

    for (guint i = 0; i < MAX_OPERATIONS; i++) {
        gsize left = input.size;

        fuzz_run (engine, &input);
        if (is_writing && mfu_engine_get_error (engine) == NULL)
            g_assert_cmpuint (left - input.size, >=, N_WRITE_ANSWERS * SHORTEST_FRAME);
        if (input.size == 0)
            break;
        which = fuzz_byte (&input);
        is_writing = which % 5 == 3;
        begin (engine, image, which);
    }
    return 0;
}
