/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part that is the same in all engines: one pending request, one answer, a budget, a sticky end. */

#include "protocol/engine.h"

#include "protocol/engine-private.h"

#define MAX_QUOTED_BYTES 16
#define MAX_QUOTED_TEXT  80

void
mfu_engine_begin (MfuEngine *engine, const MfuEngineClass *klass, guint64 budget)
{
    engine->klass = klass;
    engine->budget = budget;
    engine->is_answered = TRUE;
    engine->request = (MfuRequest){ .kind = MFU_REQUEST_WAIT };
    g_clear_error (&engine->error);
}

gboolean
mfu_engine_is_over (const MfuEngine *engine)
{
    return engine->request.kind == MFU_REQUEST_DONE || engine->request.kind == MFU_REQUEST_FAILED;
}

void
mfu_engine_fail_with (MfuEngine *engine, GError *error)
{
    g_clear_error (&engine->error);
    engine->error = error;
    engine->request = (MfuRequest){ .kind = MFU_REQUEST_FAILED };
    engine->is_answered = FALSE;
}

void
mfu_engine_fail (MfuEngine *engine, MfuError code, const char *format, ...)
{
    GError *error;
    va_list args;

    va_start (args, format);
    error = g_error_new_valist (MFU_ERROR, code, format, args);
    va_end (args);
    g_prefix_error (&error, "%s: ", engine->klass->name);
    mfu_engine_fail_with (engine, error);
}

void
mfu_engine_done (MfuEngine *engine)
{
    engine->request = (MfuRequest){ .kind = MFU_REQUEST_DONE };
    engine->is_answered = FALSE;
}

static void
ask (MfuEngine *engine, MfuRequest request)
{
    if (engine->budget == 0) {
        mfu_engine_fail (engine, MFU_ERROR_PROTOCOL, _ ("the modem talks without coming to an end"));
        return;
    }
    engine->budget--;
    engine->request = request;
    engine->is_answered = FALSE;
}

static void
ask_bytes (MfuEngine *engine, MfuRequest request, GBytes *data)
{
    g_clear_pointer (&engine->out, g_bytes_unref);
    engine->out = data;
    request.data = g_bytes_get_data (data, &request.size);
    ask (engine, request);
}

void
mfu_engine_ask_send (MfuEngine *engine, GBytes *data, gboolean wants_zlp, guint timeout_ms)
{
    MfuRequest request = { .kind = MFU_REQUEST_SEND, .wants_zlp = wants_zlp, .timeout_ms = timeout_ms };

    ask_bytes (engine, request, data);
}

void
mfu_engine_ask_send_image (MfuEngine *engine, guint64 offset, gsize size, gsize chunk, gboolean wants_zlp,
                           guint timeout_ms)
{
    ask (engine, (MfuRequest){ .kind = MFU_REQUEST_SEND_IMAGE,
                               .offset = offset,
                               .size = size,
                               .chunk = chunk,
                               .wants_zlp = wants_zlp,
                               .timeout_ms = timeout_ms });
}

void
mfu_engine_ask_deliver (MfuEngine *engine, GBytes *data)
{
    MfuRequest request = { .kind = MFU_REQUEST_DELIVER };

    ask_bytes (engine, request, data);
}

void
mfu_engine_ask_wait (MfuEngine *engine, guint ms)
{
    ask (engine, (MfuRequest){ .kind = MFU_REQUEST_WAIT, .timeout_ms = ms });
}

void
mfu_engine_ask_receive (MfuEngine *engine, gsize size, guint timeout_ms)
{
    ask (engine, (MfuRequest){ .kind = MFU_REQUEST_RECEIVE, .size = size, .timeout_ms = timeout_ms });
}

void
mfu_engine_ask_receive_more (MfuEngine *engine, gsize size, guint timeout_ms)
{
    MfuRequest request = { .kind = MFU_REQUEST_RECEIVE, .size = size, .timeout_ms = timeout_ms };

    request.keeps_deadline = TRUE;
    ask (engine, request);
}

char *
mfu_engine_quote (const guint8 *data, gsize size)
{
    GString *quoted = g_string_new (NULL);
    gsize n_text = MIN (size, MAX_QUOTED_TEXT);
    gboolean is_text = size > 0;

    for (gsize i = 0; i < n_text; i++)
        is_text = is_text && g_ascii_isprint (data[i]);
    if (is_text) {
        g_string_append_printf (quoted, "\"%.*s\"", (int) n_text, (const char *) data);
        return g_string_free (quoted, FALSE);
    }
    for (gsize i = 0; i < MIN (size, MAX_QUOTED_BYTES); i++)
        g_string_append_printf (quoted, i == 0 ? "%02x" : " %02x", data[i]);
    if (size > MAX_QUOTED_BYTES)
        g_string_append (quoted, " ..");
    return g_string_free (quoted, FALSE);
}

void
mfu_engine_next (MfuEngine *engine, MfuRequest *request)
{
    *request = engine->request;
}

/* Every handler has to end in a next request; one that forgets it would hang its caller. */
static void
finish (MfuEngine *engine)
{
    if (engine->is_answered) {
        g_critical ("%s: an answer without a next request", engine->klass->name);
        mfu_engine_fail (engine, MFU_ERROR_PROTOCOL, _ ("the modem's answer fits nothing"));
    }
}

void
mfu_engine_sent (MfuEngine *engine)
{
    MfuRequestKind kind = engine->request.kind;

    g_return_if_fail (kind == MFU_REQUEST_SEND || kind == MFU_REQUEST_SEND_IMAGE ||
                      kind == MFU_REQUEST_DELIVER || kind == MFU_REQUEST_WAIT);
    engine->is_answered = TRUE;
    engine->klass->sent (engine);
    finish (engine);
}

void
mfu_engine_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    g_return_if_fail (engine->request.kind == MFU_REQUEST_RECEIVE && size <= engine->request.size);
    engine->is_answered = TRUE;
    engine->klass->received (engine, data, size);
    finish (engine);
}

void
mfu_engine_timed_out (MfuEngine *engine)
{
    MfuRequestKind kind = engine->request.kind;

    g_return_if_fail (kind == MFU_REQUEST_SEND || kind == MFU_REQUEST_SEND_IMAGE ||
                      kind == MFU_REQUEST_RECEIVE);
    engine->is_answered = TRUE;
    engine->klass->timed_out (engine);
    finish (engine);
}

void
mfu_engine_gone (MfuEngine *engine)
{
    /* A device may leave at any moment, also when there is nothing left to ask it. */
    if (mfu_engine_is_over (engine))
        return;
    engine->is_answered = TRUE;
    if (engine->klass->gone != NULL)
        engine->klass->gone (engine);
    else
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port"));
    finish (engine);
}

void
mfu_engine_abandon (MfuEngine *engine, const GError *error)
{
    if (!mfu_engine_is_over (engine))
        mfu_engine_fail_with (engine, g_error_copy (error));
}

const GError *
mfu_engine_get_error (const MfuEngine *engine)
{
    return engine->error;
}

void
mfu_engine_free (MfuEngine *engine)
{
    if (engine == NULL)
        return;
    g_clear_error (&engine->error);
    g_clear_pointer (&engine->out, g_bytes_unref);
    engine->klass->free (engine);
}
