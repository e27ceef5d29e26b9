/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The HDLC-like framing of Qualcomm's DIAG, DLOAD and streaming protocols. */

#include <glib.h>

/* CRC-16/X-25: reflected polynomial 0x8408, init 0xffff, final complement. */
guint16 mfu_hdlc_crc16 (const guint8 *data, gsize size);

/* Payload, CRC (little-endian), both escaped, and the closing 7e. `with_leading_flag` puts a 7e in front. */
GBytes *mfu_hdlc_encode (const guint8 *payload, gsize size, gboolean with_leading_flag);

/* Collects frames from a byte stream of any fragmentation. */
typedef struct _MfuHdlcDecoder MfuHdlcDecoder;

/* A frame longer than `max_frame` bytes is dropped up to its closing flag: memory stays bounded. */
MfuHdlcDecoder *mfu_hdlc_decoder_new (gsize max_frame);
void mfu_hdlc_decoder_free (MfuHdlcDecoder *decoder);

/* Takes one byte. TRUE when it closed a frame whose CRC is right; the payload is then in `payload`, `size`
 * (without CRC), valid until the next push. Empty frames and frames with a wrong CRC are dropped and counted.
 */
gboolean mfu_hdlc_decoder_push (MfuHdlcDecoder *decoder, guint8 byte, const guint8 **payload, gsize *size);

/* Frames dropped for a wrong CRC or for their length since the start. */
guint mfu_hdlc_decoder_n_dropped (const MfuHdlcDecoder *decoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuHdlcDecoder, mfu_hdlc_decoder_free)
