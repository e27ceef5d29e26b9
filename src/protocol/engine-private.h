/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How an engine makes its requests; for the engines of this room only. */

#include "config.h"
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include "protocol/engine.h"
#include "util/error.h"

/* Sizes asked for by RECEIVE are multiples of this: a bulk transfer whose buffer is not a multiple of the
 * packet size ends in an overflow error when the device sends more. Source: USB 2.0 specification, 5.8.3. */
#define MFU_PACKET_SIZE 512

/* Begins an operation that may make `budget` requests; one more ends it in FAILED (PROTOCOL). */
void mfu_engine_begin (MfuEngine *engine, const MfuEngineClass *klass, guint64 budget);

/* The next request. The `data` of these is consumed. */
void mfu_engine_ask_send (MfuEngine *engine, GBytes *data, gboolean wants_zlp, guint timeout_ms);
void mfu_engine_ask_send_image (MfuEngine *engine, guint64 offset, gsize size, gsize chunk,
                                gboolean wants_zlp, guint timeout_ms);
void mfu_engine_ask_deliver (MfuEngine *engine, GBytes *data);
void mfu_engine_ask_wait (MfuEngine *engine, guint ms);

/* Receive within a new deadline, or within what the last RECEIVE has left. */
void mfu_engine_ask_receive (MfuEngine *engine, gsize size, guint timeout_ms);
void mfu_engine_ask_receive_more (MfuEngine *engine, gsize size, guint timeout_ms);

void mfu_engine_done (MfuEngine *engine);
void mfu_engine_fail (MfuEngine *engine, MfuError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Takes over `error`. */
void mfu_engine_fail_with (MfuEngine *engine, GError *error);

/* TRUE in DONE and FAILED. */
gboolean mfu_engine_is_over (const MfuEngine *engine);

/* Copies what a device said for a message: printable text in quotes, or the first bytes in hex. */
char *mfu_engine_quote (const guint8 *data, gsize size);
