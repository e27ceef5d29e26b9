/* SPDX-License-Identifier: GPL-2.0-or-later */

/* HDLC: frames are bounded, and what is encoded comes back. */

#include "fuzz.h"

#include "util/hdlc.h"

#define MAX_FRAME 64

static void
push_all (const guint8 *data, gsize size, const guint8 *expected, gsize expected_size)
{
    g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX (MAX_FRAME, expected_size));
    const guint8 *payload;
    gsize payload_size;
    guint n_frames = 0;

    for (gsize i = 0; i < size; i++) {
        if (!mfu_hdlc_decoder_push (decoder, data[i], &payload, &payload_size))
            continue;
        n_frames++;
        if (expected == NULL)
            g_assert_cmpuint (payload_size, <=, MAX_FRAME);
        else
            g_assert_cmpmem (payload, payload_size, expected, expected_size);
    }
    if (expected != NULL)
        g_assert_cmpuint (n_frames, ==, 1);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) encoded = mfu_hdlc_encode (data, size, TRUE);
    gsize encoded_size;
    const guint8 *wire = g_bytes_get_data (encoded, &encoded_size);

    push_all (data, size, NULL, 0);
    if (size > 0)
        push_all (wire, encoded_size, data, size);
    return 0;
}
