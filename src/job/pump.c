/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One switch over the requests of an engine. Frames are logged as hex, both ways, in the form of a
 * conversation script; image data are logged by their size. */

#include "job/pump.h"

#include "util/error.h"
#include "util/log.h"

#include <string.h>

/* Enough for the largest answer of a programmer; longer ones come in pieces. */
#define RECEIVE_SIZE              (16 * 1024)
#define READ_AHEAD                (64 * 1024)
#define MAX_LOGGED                96
#define MAX_REQUESTS_WITHOUT_DATA 1000000

static void
log_frame (const MfuPump *pump, const MfuEngine *engine, char direction, const guint8 *data, gsize size)
{
    GString *text;
    gboolean is_text = size > 0 && data[0] == '<';

    if (g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, MFU_LOG_DOMAIN))
        return;
    text = g_string_new (NULL);
    for (gsize i = 0; i < MIN (size, is_text ? size : MAX_LOGGED); i++) {
        if (!is_text)
            g_string_append_printf (text, "%02x ", data[i]);
        else if (g_ascii_isprint (data[i]))
            g_string_append_c (text, (char) data[i]);
    }
    mfu_log (G_LOG_LEVEL_DEBUG, pump->port, NULL, "%s %c %s(%" G_GSIZE_FORMAT ")", engine->klass->name,
             direction, text->str, size);
    g_string_free (text, TRUE);
}

/* Fills `buffer` with `size` bytes of the image, zeros behind its end. */
static gboolean
read_image (MfuPump *pump, guint64 offset, guint8 *buffer, gsize size, GError **error)
{
    gsize have = 0;

    if (pump->bytes != NULL) {
        gsize total;
        const guint8 *data = g_bytes_get_data (pump->bytes, &total);

        if (offset < total) {
            have = MIN (size, total - (gsize) offset);
            memcpy (buffer, data + offset, have);
        }
    }
    while (pump->bytes == NULL && pump->reader != NULL && have < size) {
        gssize n = mfu_image_reader_read (pump->reader, buffer + have, size - have, error);

        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        have += (gsize) n;
    }
    memset (buffer + have, 0, size - have);
    return TRUE;
}

static gboolean
send_image (MfuPump *pump, const MfuRequest *request, GError **error)
{
    gsize chunk = MAX (request->chunk, 1);
    /* Whole chunks, so that each is sent from one buffer. */
    gsize buffer_size = MAX (READ_AHEAD / chunk, 1) * chunk;
    g_autofree guint8 *buffer = g_malloc (buffer_size);
    gsize done = 0;

    while (done < request->size) {
        gsize filled = MIN (buffer_size, request->size - done);

        if (!read_image (pump, request->offset + done, buffer, filled, error))
            return FALSE;
        for (gsize at = 0; at < filled; at += chunk) {
            gsize n = MIN (chunk, filled - at);

            if (!mfu_channel_send (pump->channel, buffer + at, n, request->wants_zlp,
                                   mfu_clock_deadline_us (pump->clock, request->timeout_ms), NULL, error))
                return FALSE;
            if (pump->sent != NULL)
                pump->sent (n, pump->user_data);
        }
        done += filled;
    }
    return mfu_channel_flush (pump->channel, mfu_clock_deadline_us (pump->clock, request->timeout_ms), NULL,
                              error);
}

/* An error of the channel that the engine must hear of itself is told to it, and is then no error of the
 * pump. */
static gboolean
tell_engine (MfuEngine *engine, const MfuRequest *request, GError **local, GError **error)
{
    gboolean can_time_out = request->kind == MFU_REQUEST_SEND || request->kind == MFU_REQUEST_SEND_IMAGE ||
                            request->kind == MFU_REQUEST_RECEIVE;

    if (g_error_matches (*local, MFU_ERROR, MFU_ERROR_GONE))
        mfu_engine_gone (engine);
    else if (can_time_out && g_error_matches (*local, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        mfu_engine_timed_out (engine);
    else {
        mfu_engine_abandon (engine, *local);
        g_propagate_prefixed_error (error, g_steal_pointer (local), "%s: ", engine->klass->name);
        return FALSE;
    }
    g_clear_error (local);
    return TRUE;
}

static gboolean
receive (MfuPump *pump, MfuEngine *engine, const MfuRequest *request, guint8 *buffer, GError **error)
{
    gssize n;

    if (!request->keeps_deadline)
        pump->receive_deadline_us = mfu_clock_deadline_us (pump->clock, request->timeout_ms);
    n = mfu_channel_receive (pump->channel, buffer, MIN (request->size, RECEIVE_SIZE),
                             pump->receive_deadline_us, NULL, error);
    if (n < 0)
        return FALSE;
    log_frame (pump, engine, '<', buffer, (gsize) n);
    mfu_engine_received (engine, buffer, (gsize) n);
    return TRUE;
}

static gboolean
perform (MfuPump *pump, MfuEngine *engine, const MfuRequest *request, guint8 *buffer, GError **error)
{
    gint64 deadline_us = mfu_clock_deadline_us (pump->clock, request->timeout_ms);

    switch (request->kind) {
    case MFU_REQUEST_SEND:
        log_frame (pump, engine, '>', request->data, request->size);
        if (!mfu_channel_send (pump->channel, request->data, request->size, request->wants_zlp, deadline_us,
                               NULL, error) ||
            !mfu_channel_flush (pump->channel, deadline_us, NULL, error))
            return FALSE;
        break;
    case MFU_REQUEST_SEND_IMAGE:
        if (!send_image (pump, request, error))
            return FALSE;
        break;
    case MFU_REQUEST_RECEIVE:
        return receive (pump, engine, request, buffer, error);
    case MFU_REQUEST_DELIVER:
        if (pump->deliver != NULL && !pump->deliver (request->data, request->size, pump->user_data, error))
            return FALSE;
        break;
    case MFU_REQUEST_WAIT:
        if (!pump->clock->sleep_until (pump->clock, deadline_us, NULL, error))
            return FALSE;
        break;
    case MFU_REQUEST_DONE:
    case MFU_REQUEST_FAILED:
        return TRUE;
    }
    mfu_engine_sent (engine);
    return TRUE;
}

gboolean
mfu_pump_run (MfuPump *pump, MfuEngine *engine, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (RECEIVE_SIZE);

    for (guint i = 0; i < MAX_REQUESTS_WITHOUT_DATA; i++) {
        MfuRequest request;
        g_autoptr (GError) local = NULL;

        mfu_engine_next (engine, &request);
        if (request.kind == MFU_REQUEST_DONE)
            return TRUE;
        if (request.kind == MFU_REQUEST_FAILED) {
            g_propagate_error (error, g_error_copy (mfu_engine_get_error (engine)));
            return FALSE;
        }
        if (!perform (pump, engine, &request, buffer, &local) &&
            !tell_engine (engine, &request, &local, error))
            return FALSE;
    }
    g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL, "%s: no end after %d requests", engine->klass->name,
                 MAX_REQUESTS_WITHOUT_DATA);
    return FALSE;
}
