/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* HDLC frames of DIAG, DLOAD and the streaming protocol: 7e and 7d escaped, CRC-16/X.25 little-endian, 7e. */

#include <glib.h>

#define SIM_FRAME_MAX 4096

typedef enum {
    SIM_FRAME_MORE,    /* nothing complete yet */
    SIM_FRAME_DONE,    /* `data`, `n` hold what was between the flags, without the CRC */
    SIM_FRAME_BAD_CRC, /* not what the CRC says; the CRC is in `n` */
    SIM_FRAME_TOO_LONG,
} SimFrameResult;

/* All zero at first. */
typedef struct {
    guint8 data[SIM_FRAME_MAX];
    gsize n;
    gboolean is_escaped, is_too_long, is_complete;
} SimFrame;

/* One byte more. Frames of less than three bytes, as between two flags, come out as MORE. */
SimFrameResult sim_frame_put (SimFrame *frame, guint8 byte);
/* The bytes on the wire. To be unreffed. */
GByteArray *sim_frame_build (const guint8 *data, gsize size, gboolean has_leading_flag);
