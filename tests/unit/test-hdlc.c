/* SPDX-License-Identifier: GPL-2.0-or-later */

/* HDLC frames: the vectors that DIAG, DLOAD and streaming loaders use, and what a decoder has to survive. */

#include "util/hdlc.h"

#include <string.h>

#define MAX_FRAME 64
#define MAX_WIRE  128

/* Payload and wire form without the leading flag, as text in hex. Source: frames as sent by
 * nippynetworks/qfirehose and ingran/balzac quectel-fw-update. */
static const struct {
    const char *payload;
    const char *wire;
} vectors[] = {
    { "4b650100", "4b650100540f7e" },
    { "3a", "3aa16e7e" },
    { "7c", "7c93497e" },
    { "00", "0078f07e" },
    { "290200", "290200596a7e" },
    { "290100", "29010031407e" },
    { "41303030303030", "41303030303030df8a7e" },
    { "06", "064e957e" },
    { "02", "026ad37e" },
    { "07", "07c7847e" },
    { "0c", "0c143a7e" },
    { "1701", "170157c67e" },
    { "6001", "60019b7b7e" },
    { "6000", "6000126a7e" },
    { "15", "1554b77e" },
    { "0b", "0bab4e7e" },
    { "1b0e303a53424c3100", "1b0e303a53424c3100e7a47e" },
    { "1b0e303a41505053424c00", "1b0e303a41505053424c0086bf7e" },
    { "1306", "130688d57e" },
};

static gsize
from_hex (const char *hex, guint8 *out)
{
    gsize n = strlen (hex) / 2;

    g_assert_cmpuint (n, <=, MAX_WIRE);
    for (gsize i = 0; i < n; i++)
        out[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
    return n;
}

/* The number of frames; the last one is left in `frame`. */
static guint
push (MfuHdlcDecoder *decoder, const guint8 *data, gsize size, GByteArray *frame)
{
    const guint8 *payload;
    gsize payload_size;
    guint n = 0;

    for (gsize i = 0; i < size; i++) {
        if (!mfu_hdlc_decoder_push (decoder, data[i], &payload, &payload_size))
            continue;
        g_byte_array_set_size (frame, 0);
        g_byte_array_append (frame, payload, (guint) payload_size);
        n++;
    }
    return n;
}

static void
test_vectors (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++) {
        g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
        g_autoptr (GByteArray) frame = g_byte_array_new ();
        g_autoptr (GBytes) encoded = NULL;
        guint8 payload[MAX_WIRE];
        guint8 wire[MAX_WIRE];
        gsize n_payload = from_hex (vectors[i].payload, payload);
        gsize n_wire = from_hex (vectors[i].wire, wire);

        encoded = mfu_hdlc_encode (payload, n_payload, FALSE);
        g_assert_cmpmem (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), wire, n_wire);
        g_assert_cmpuint (push (decoder, wire, n_wire, frame), ==, 1);
        g_assert_cmpmem (frame->data, frame->len, payload, n_payload);
        g_assert_cmpuint (mfu_hdlc_decoder_n_dropped (decoder), ==, 0);
    }
}

static void
test_crc (void)
{
    /* The check value of CRC-16/X-25. */
    g_assert_cmphex (mfu_hdlc_crc16 ((const guint8 *) "123456789", 9), ==, 0x906e);
    g_assert_cmphex (mfu_hdlc_crc16 (NULL, 0), ==, 0x0000);
}

static void
test_escapes (void)
{
    static const guint8 payload[] = { 0x7e, 0x7d, 0x00, 0x5e, 0x7e };
    g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    g_autoptr (GByteArray) frame = g_byte_array_new ();
    g_autoptr (GBytes) encoded = mfu_hdlc_encode (payload, sizeof payload, TRUE);
    gsize size;
    const guint8 *wire = g_bytes_get_data (encoded, &size);

    g_assert_cmphex (wire[0], ==, 0x7e);
    g_assert_cmphex (wire[size - 1], ==, 0x7e);
    for (gsize i = 1; i + 1 < size; i++)
        g_assert_cmphex (wire[i], !=, 0x7e);
    g_assert_cmpuint (push (decoder, wire, size, frame), ==, 1);
    g_assert_cmpmem (frame->data, frame->len, payload, sizeof payload);
}

static void
test_stream (void)
{
    /* Flags between frames, two frames that share one, and a wrong checksum between them. */
    static const guint8 wire[] = {
        0x7e, 0x7e, 0x06, 0x4e, 0x95, 0x7e, 0x02, 0x6a, 0xd3,
        0x7e, 0x02, 0x6a, 0xd4, 0x7e, 0x06, 0x4e, 0x95, 0x7e,
    };
    g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    g_autoptr (GByteArray) frame = g_byte_array_new ();

    g_assert_cmpuint (push (decoder, wire, sizeof wire, frame), ==, 3);
    g_assert_cmpuint (mfu_hdlc_decoder_n_dropped (decoder), ==, 1);
    g_assert_cmpmem (frame->data, frame->len, "\x06", 1);
}

static void
test_broken (void)
{
    static const char *const broken[] = {
        "4e957e",     /* too short: a checksum and nothing that it sums */
        "417e",       /* one byte */
        "064e957d7e", /* ends inside an escape */
        "7d7e",       /* an escape of nothing */
        "064e947e",   /* one bit */
    };

    for (gsize i = 0; i < G_N_ELEMENTS (broken); i++) {
        g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
        g_autoptr (GByteArray) frame = g_byte_array_new ();
        guint8 wire[MAX_WIRE];
        gsize n = from_hex (broken[i], wire);

        g_assert_cmpuint (push (decoder, wire, n, frame), ==, 0);
        g_assert_cmpuint (mfu_hdlc_decoder_n_dropped (decoder), ==, 1);
        /* The next one is whole again. */
        n = from_hex ("064e957e", wire);
        g_assert_cmpuint (push (decoder, wire, n, frame), ==, 1);
    }
}

static void
test_limit (void)
{
    g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    g_autoptr (GByteArray) frame = g_byte_array_new ();
    guint8 payload[MAX_FRAME + 1] = { 0 };

    for (gsize size = MAX_FRAME; size <= MAX_FRAME + 1; size++) {
        g_autoptr (GBytes) encoded = mfu_hdlc_encode (payload, size, FALSE);

        g_assert_cmpuint (push (decoder, g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), frame),
                          ==, size == MAX_FRAME);
    }
    g_assert_cmpuint (mfu_hdlc_decoder_n_dropped (decoder), ==, 1);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/hdlc/vectors", test_vectors);
    g_test_add_func ("/hdlc/crc", test_crc);
    g_test_add_func ("/hdlc/escapes", test_escapes);
    g_test_add_func ("/hdlc/stream", test_stream);
    g_test_add_func ("/hdlc/broken", test_broken);
    g_test_add_func ("/hdlc/limit", test_limit);
    return g_test_run ();
}
