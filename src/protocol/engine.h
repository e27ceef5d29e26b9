/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What every protocol engine is: bytes in, requests out.
 *
 * An engine has no descriptor, no clock, no log. Its caller (the pump of the job room, or a test) does
 *
 *     loop:
 *         mfu_engine_next (engine, &request)
 *         SEND, SEND_IMAGE  perform it               -> mfu_engine_sent ()
 *         RECEIVE           bytes (or a ZLP)         -> mfu_engine_received ()
 *         SEND*, RECEIVE    not within the timeout   -> mfu_engine_timed_out ()
 *         DELIVER           take the bytes           -> mfu_engine_sent ()
 *         WAIT              let the time pass        -> mfu_engine_sent ()
 *         DONE, FAILED      end of this operation
 *     whenever the device has left its port          -> mfu_engine_gone ()
 *
 * and answers each request exactly once. mfu_engine_next () without an answer in between returns the same
 * request again. DONE and FAILED are sticky until a new operation is begun (engines with several operations
 * say which). Every engine reaches DONE or FAILED after a bounded number of requests, whatever it is fed. */

#include <glib.h>

typedef enum {
    MFU_REQUEST_SEND, /* send `data`, `size`; with `wants_zlp`, end it by a zero-length packet if it is a
                         multiple of the endpoint's packet size */
    MFU_REQUEST_SEND_IMAGE, /* send `size` bytes: those of the current image from `offset`, zero bytes behind
                               its end; in pieces of `chunk` bytes (the last may be shorter), each ended like
                               SEND */
    MFU_REQUEST_RECEIVE,    /* receive at most `size` bytes within `timeout_ms` */
    MFU_REQUEST_DELIVER,    /* `data`, `size` are content that the operation reads (read-back) */
    MFU_REQUEST_WAIT,       /* let `timeout_ms` pass */
    MFU_REQUEST_DONE,
    MFU_REQUEST_FAILED, /* mfu_engine_get_error () says why */
} MfuRequestKind;

typedef struct {
    MfuRequestKind kind;
    const guint8 *data; /* owned by the engine, valid until the answer */
    gsize size;
    guint64 offset; /* SEND_IMAGE */
    gsize chunk;    /* SEND_IMAGE, never 0 there */
    gboolean wants_zlp;
    guint timeout_ms; /* for the whole request; for SEND_IMAGE for each chunk */
    /* RECEIVE: the time of the RECEIVE before it goes on, so that noise prolongs nothing. A caller that gives
     * the whole `timeout_ms` again is correct, but slow to give up on a chatty device. */
    gboolean keeps_deadline;
} MfuRequest;

typedef struct _MfuEngine MfuEngine;
typedef struct _MfuEngineClass MfuEngineClass;

struct _MfuEngineClass {
    const char *name;
    void (*sent) (MfuEngine *engine);
    void (*received) (MfuEngine *engine, const guint8 *data, gsize size);
    void (*timed_out) (MfuEngine *engine);
    void (*gone) (MfuEngine *engine);
    void (*free) (MfuEngine *engine);
};

/* The public part that each engine's struct starts with; callers use the functions below only. */
struct _MfuEngine {
    const MfuEngineClass *klass;
    MfuRequest request;
    GError *error;
    GBytes *out;          /* keeps request.data alive */
    guint64 budget;       /* requests left until the operation is given up */
    gboolean is_answered; /* the request has its answer; the handler has to make the next one */
};

/* The request that waits for its answer. */
void mfu_engine_next (MfuEngine *engine, MfuRequest *request);

/* The answers. One that does not fit the pending request is our own bug: ignored with a critical. */
void mfu_engine_sent (MfuEngine *engine);
void mfu_engine_received (MfuEngine *engine, const guint8 *data, gsize size);
void mfu_engine_timed_out (MfuEngine *engine);
void mfu_engine_gone (MfuEngine *engine);

/* The request could not be performed, for a reason that is none of the protocol's: the operation has failed
 * with a copy of `error`. Harmless when it is over already. */
void mfu_engine_abandon (MfuEngine *engine, const GError *error);

/* Why FAILED: domain MFU_ERROR, owned by the engine; NULL before. */
const GError *mfu_engine_get_error (const MfuEngine *engine);

void mfu_engine_free (MfuEngine *engine);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuEngine, mfu_engine_free)
