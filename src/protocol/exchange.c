/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Frames that answer nothing (log texts, leftovers) are dropped, but not without an end. An answer that comes
 * after its question was put a second time may come twice; taking the second one for the answer to the next
 * question would put everything behind it out of step, so the line has to become quiet first.
 *
 * Source: ingran/balzac, package/utils/quectel-fw-update (questions are put again, five times and more). */

#include "protocol/exchange.h"

#define MAX_FRAME    4096
#define RECEIVE_SIZE 4096
#define MAX_FRAMES   1024
#define SEND_MS      3000
#define SETTLE_MS    50

static void
fail_lost (MfuExchange *exchange, MfuError code, const char *text)
{
    exchange->is_lost = TRUE;
    mfu_engine_fail (&exchange->engine, code, "%s: %s", exchange->question->what, text);
}

void
mfu_exchange_fail (MfuExchange *exchange, MfuError code, const char *text)
{
    exchange->is_lost |= code == MFU_ERROR_PROTOCOL || code == MFU_ERROR_TIMED_OUT;
    mfu_engine_fail (&exchange->engine, code, "%s: %s", exchange->question->what, text);
}

static void
put (MfuExchange *exchange)
{
    exchange->state = MFU_EXCHANGE_ASKING;
    exchange->n_tries++;
    mfu_engine_ask_send (&exchange->engine, g_bytes_ref (exchange->frame), FALSE, SEND_MS);
}

static void
put_again (MfuExchange *exchange)
{
    g_autofree char *text = NULL;

    if (exchange->n_tries < exchange->question->max_tries) {
        put (exchange);
    } else if (exchange->complaint != NULL) {
        text = g_strdup_printf (_ ("the modem refuses: %s"), exchange->complaint);
        mfu_exchange_fail (exchange, MFU_ERROR_REJECTED, text);
    } else if (exchange->question->silent != NULL) {
        exchange->question->silent (exchange);
    } else {
        fail_lost (exchange, MFU_ERROR_TIMED_OUT, _ ("the modem does not answer"));
    }
}

static void
end (MfuExchange *exchange)
{
    if (exchange->n_tries > 1 || exchange->question->always_settles) {
        exchange->state = MFU_EXCHANGE_SETTLING;
        mfu_engine_ask_receive (&exchange->engine, RECEIVE_SIZE, SETTLE_MS);
    } else {
        exchange->question->answered (exchange);
    }
}

static void
take_frame (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    if (++exchange->n_frames > MAX_FRAMES) {
        fail_lost (exchange, MFU_ERROR_PROTOCOL, _ ("the modem talks without answering"));
        return;
    }
    if (exchange->state != MFU_EXCHANGE_LISTENING)
        return;
    switch (exchange->question->judge (exchange, payload, size)) {
    case MFU_FRAME_NOISE:
    case MFU_FRAME_END:
        break;
    case MFU_FRAME_ANSWER:
        end (exchange);
        break;
    case MFU_FRAME_AGAIN:
        put_again (exchange);
        break;
    }
}

/* All bytes go to the decoder, so that a frame of which only the beginning came with an answer is not cut. */
void
mfu_exchange_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    MfuExchange *exchange = (MfuExchange *) engine;
    const guint8 *payload;
    gsize payload_size;

    for (gsize i = 0; i < size; i++)
        if (mfu_hdlc_decoder_push (exchange->decoder, data[i], &payload, &payload_size) &&
            engine->is_answered)
            take_frame (exchange, payload, payload_size);
    if (!engine->is_answered)
        return;
    if (exchange->state == MFU_EXCHANGE_SETTLING)
        mfu_engine_ask_receive (engine, RECEIVE_SIZE, SETTLE_MS);
    else
        mfu_engine_ask_receive_more (engine, RECEIVE_SIZE, exchange->question->timeout_ms);
}

void
mfu_exchange_sent (MfuEngine *engine)
{
    MfuExchange *exchange = (MfuExchange *) engine;

    if (exchange->state == MFU_EXCHANGE_WAITING) {
        exchange->waited (exchange);
        return;
    }
    exchange->state = MFU_EXCHANGE_LISTENING;
    mfu_engine_ask_receive (engine, RECEIVE_SIZE, exchange->question->timeout_ms);
}

void
mfu_exchange_timed_out (MfuEngine *engine)
{
    MfuExchange *exchange = (MfuExchange *) engine;

    if (exchange->state == MFU_EXCHANGE_SETTLING)
        exchange->question->answered (exchange);
    else if (exchange->state == MFU_EXCHANGE_LISTENING)
        put_again (exchange);
    else
        fail_lost (exchange, MFU_ERROR_TIMED_OUT, _ ("the modem takes nothing"));
}

void
mfu_exchange_gone (MfuEngine *engine)
{
    MfuExchange *exchange = (MfuExchange *) engine;

    if (exchange->question != NULL && exchange->question->gone_is_done &&
        exchange->state != MFU_EXCHANGE_WAITING) {
        exchange->is_lost = TRUE;
        mfu_engine_done (engine);
    } else {
        exchange->is_lost = TRUE;
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port"));
    }
}

gboolean
mfu_exchange_begin (MfuExchange *exchange, const MfuEngineClass *klass, guint64 budget)
{
    if (exchange->decoder == NULL)
        exchange->decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    else if (exchange->is_lost) {
        if (exchange->engine.request.kind == MFU_REQUEST_DONE)
            mfu_engine_fail (&exchange->engine, MFU_ERROR_GONE, _ ("the modem left its port"));
        return FALSE;
    }
    mfu_engine_begin (&exchange->engine, klass, budget);
    exchange->n_frames = 0;
    return TRUE;
}

void
mfu_exchange_ask (MfuExchange *exchange, const MfuQuestion *question, const guint8 *payload, gsize size)
{
    g_clear_pointer (&exchange->frame, g_bytes_unref);
    g_clear_pointer (&exchange->complaint, g_free);
    exchange->frame = mfu_hdlc_encode (payload, size, TRUE);
    exchange->question = question;
    exchange->n_tries = 0;
    exchange->n_frames = 0;
    put (exchange);
}

void
mfu_exchange_wait (MfuExchange *exchange, guint ms, void (*waited) (MfuExchange *exchange))
{
    exchange->state = MFU_EXCHANGE_WAITING;
    exchange->waited = waited;
    mfu_engine_ask_wait (&exchange->engine, ms);
}

void
mfu_exchange_complain (MfuExchange *exchange, const guint8 *data, gsize size)
{
    g_free (exchange->complaint);
    exchange->complaint = mfu_engine_quote (data, size);
}

void
mfu_exchange_clear (MfuExchange *exchange)
{
    g_clear_pointer (&exchange->frame, g_bytes_unref);
    g_clear_pointer (&exchange->complaint, g_free);
    mfu_hdlc_decoder_free (exchange->decoder);
}
