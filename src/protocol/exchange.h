/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One question and its answer in HDLC frames, as DLOAD and the streaming loader talk: asked again when the
 * answer does not come, or is an error that may pass. For the engines of this room only; an engine of this
 * kind begins with a MfuExchange. */

#include "protocol/engine-private.h"
#include "util/hdlc.h"

typedef struct _MfuExchange MfuExchange;

typedef enum {
    MFU_FRAME_NOISE,  /* no answer to this question */
    MFU_FRAME_ANSWER, /* what was asked for */
    MFU_FRAME_AGAIN,  /* an error: ask once more, as long as there are tries */
    MFU_FRAME_END,    /* the judge has ended the operation */
} MfuFrameVerdict;

/* A question. `judge` looks at each frame that comes (at least one byte), `silent` says what to do when the
 * last try had no answer (NULL: fail with TIMED_OUT), `answered` makes the next request or ends. */
typedef struct {
    const char *what; /* for sentences */
    guint timeout_ms; /* of each try */
    guint max_tries;
    gboolean always_settles; /* wait until the line is quiet also after the first try */
    gboolean gone_is_done;
    MfuFrameVerdict (*judge) (MfuExchange *exchange, const guint8 *payload, gsize size);
    void (*silent) (MfuExchange *exchange);
    void (*answered) (MfuExchange *exchange);
} MfuQuestion;

typedef enum {
    MFU_EXCHANGE_ASKING,    /* the frame is on its way */
    MFU_EXCHANGE_LISTENING, /* for the answer */
    MFU_EXCHANGE_SETTLING,  /* it came after a second try: the first one's answer may still come */
    MFU_EXCHANGE_WAITING,   /* the operation lets time pass */
} MfuExchangeState;

struct _MfuExchange {
    MfuEngine engine;
    MfuExchangeState state;
    const MfuQuestion *question;
    GBytes *frame;
    MfuHdlcDecoder *decoder;
    guint n_tries;
    guint n_frames;   /* since the question was put first */
    char *complaint;  /* what the modem called wrong, quoted; NULL: nothing */
    gboolean is_lost; /* no further operation makes sense */
    void (*waited) (MfuExchange *exchange);
};

/* FALSE: the session is lost, and the engine stays FAILED. */
gboolean mfu_exchange_begin (MfuExchange *exchange, const MfuEngineClass *klass, guint64 budget);
void mfu_exchange_ask (MfuExchange *exchange, const MfuQuestion *question, const guint8 *payload, gsize size);
void mfu_exchange_wait (MfuExchange *exchange, guint ms, void (*waited) (MfuExchange *exchange));

/* Remembers what the modem complains of, for the sentence if no try succeeds. */
void mfu_exchange_complain (MfuExchange *exchange, const guint8 *data, gsize size);
void mfu_exchange_fail (MfuExchange *exchange, MfuError code, const char *text);

void mfu_exchange_clear (MfuExchange *exchange);

/* For the engines' class tables. */
void mfu_exchange_sent (MfuEngine *engine);
void mfu_exchange_received (MfuEngine *engine, const guint8 *data, gsize size);
void mfu_exchange_timed_out (MfuEngine *engine);
void mfu_exchange_gone (MfuEngine *engine);
