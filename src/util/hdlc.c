/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A frame is [7e] payload crc-lo crc-hi 7e; 7e and 7d inside travel as 7d and the byte xor 20. */

#include "util/hdlc.h"

#define FLAG       0x7e
#define ESCAPE     0x7d
#define ESCAPE_XOR 0x20
#define CRC_SIZE   2

struct _MfuHdlcDecoder {
    GByteArray *frame;
    gsize max_frame;
    guint n_dropped;
    gboolean is_escaped;
    gboolean is_too_long;
};

guint16
mfu_hdlc_crc16 (const guint8 *data, gsize size)
{
    guint16 crc = 0xffff;

    for (gsize i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? (guint16) (crc >> 1 ^ 0x8408) : (guint16) (crc >> 1);
    }
    return (guint16) ~crc;
}

static void
append_escaped (GByteArray *out, guint8 byte)
{
    guint8 escaped[2] = { ESCAPE, byte ^ ESCAPE_XOR };

    if (byte == FLAG || byte == ESCAPE)
        g_byte_array_append (out, escaped, sizeof escaped);
    else
        g_byte_array_append (out, &byte, 1);
}

GBytes *
mfu_hdlc_encode (const guint8 *payload, gsize size, gboolean with_leading_flag)
{
    GByteArray *out = g_byte_array_sized_new ((guint) (2 * size + 6));
    guint16 crc = mfu_hdlc_crc16 (payload, size);
    guint8 flag = FLAG;

    if (with_leading_flag)
        g_byte_array_append (out, &flag, 1);
    for (gsize i = 0; i < size; i++)
        append_escaped (out, payload[i]);
    append_escaped (out, crc & 0xff);
    append_escaped (out, crc >> 8);
    g_byte_array_append (out, &flag, 1);
    return g_byte_array_free_to_bytes (out);
}

MfuHdlcDecoder *
mfu_hdlc_decoder_new (gsize max_frame)
{
    MfuHdlcDecoder *decoder = g_new0 (MfuHdlcDecoder, 1);

    decoder->frame = g_byte_array_new ();
    decoder->max_frame = max_frame;
    return decoder;
}

void
mfu_hdlc_decoder_free (MfuHdlcDecoder *decoder)
{
    if (decoder == NULL)
        return;
    g_byte_array_unref (decoder->frame);
    g_free (decoder);
}

static gboolean
close_frame (MfuHdlcDecoder *decoder, const guint8 **payload, gsize *size)
{
    const guint8 *data = decoder->frame->data;
    gsize length = decoder->frame->len;

    if (length == 0 && !decoder->is_too_long && !decoder->is_escaped)
        return FALSE;
    if (length <= CRC_SIZE || decoder->is_too_long || decoder->is_escaped ||
        mfu_hdlc_crc16 (data, length - CRC_SIZE) != (data[length - 2] | data[length - 1] << 8)) {
        decoder->n_dropped++;
        return FALSE;
    }
    *payload = data;
    *size = length - CRC_SIZE;
    return TRUE;
}

gboolean
mfu_hdlc_decoder_push (MfuHdlcDecoder *decoder, guint8 byte, const guint8 **payload, gsize *size)
{
    gboolean is_complete;

    if (byte == FLAG) {
        is_complete = close_frame (decoder, payload, size);
        /* The bytes stay in place until the next push appends. */
        g_byte_array_set_size (decoder->frame, 0);
        decoder->is_escaped = decoder->is_too_long = FALSE;
        return is_complete;
    }
    if (byte == ESCAPE) {
        decoder->is_escaped = TRUE;
        return FALSE;
    }
    if (decoder->is_escaped)
        byte ^= ESCAPE_XOR;
    decoder->is_escaped = FALSE;
    if (decoder->frame->len >= decoder->max_frame + CRC_SIZE)
        decoder->is_too_long = TRUE;
    else
        g_byte_array_append (decoder->frame, &byte, 1);
    return FALSE;
}

guint
mfu_hdlc_decoder_n_dropped (const MfuHdlcDecoder *decoder)
{
    return decoder->n_dropped;
}
