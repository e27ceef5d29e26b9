/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HDLC frames. Source: spec section 2.1; test vectors: its appendix B. */

#include "sim/frame.h"

#define FLAG   0x7e
#define ESCAPE 0x7d

static guint16
crc16 (const guint8 *data, gsize size)
{
    guint16 crc = 0xffff;

    for (gsize i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? (guint16) (crc >> 1 ^ 0x8408) : crc >> 1;
    }
    return crc ^ 0xffff;
}

static SimFrameResult
end_frame (SimFrame *frame)
{
    guint16 crc;

    frame->is_complete = TRUE;
    if (frame->is_too_long)
        return SIM_FRAME_TOO_LONG;
    if (frame->n < 3)
        return SIM_FRAME_MORE;
    crc = crc16 (frame->data, frame->n - 2);
    if (frame->data[frame->n - 2] != (guint8) crc || frame->data[frame->n - 1] != crc >> 8)
        return SIM_FRAME_BAD_CRC;
    frame->n -= 2;
    return SIM_FRAME_DONE;
}

SimFrameResult
sim_frame_put (SimFrame *frame, guint8 byte)
{
    if (frame->is_complete) {
        frame->n = 0;
        frame->is_complete = frame->is_escaped = frame->is_too_long = FALSE;
    }
    if (byte == FLAG)
        return end_frame (frame);
    if (byte == ESCAPE) {
        frame->is_escaped = TRUE;
    } else if (frame->n >= SIM_FRAME_MAX) {
        frame->is_too_long = TRUE;
    } else {
        frame->data[frame->n++] = frame->is_escaped ? byte ^ 0x20 : byte;
        frame->is_escaped = FALSE;
    }
    return SIM_FRAME_MORE;
}

static void
put_escaped (GByteArray *out, guint8 byte)
{
    const guint8 pair[2] = { ESCAPE, byte ^ 0x20 };

    if (byte == FLAG || byte == ESCAPE)
        g_byte_array_append (out, pair, 2);
    else
        g_byte_array_append (out, &byte, 1);
}

GByteArray *
sim_frame_build (const guint8 *data, gsize size, gboolean has_leading_flag)
{
    GByteArray *out = g_byte_array_new ();
    guint16 crc = crc16 (data, size);
    const guint8 flag = FLAG;

    if (has_leading_flag)
        g_byte_array_append (out, &flag, 1);
    for (gsize i = 0; i < size; i++)
        put_escaped (out, data[i]);
    put_escaped (out, (guint8) crc);
    put_escaped (out, (guint8) (crc >> 8));
    g_byte_array_append (out, &flag, 1);
    return out;
}
