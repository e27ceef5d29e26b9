/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A session with a Firehose programmer.
 *
 *     <  <log ../> ..                     who it is and what it can do; to be read before anything is sent
 *     >  <configure ../>                  <  ACK or NAK, with the payload size it wants
 *     >  <getstorageinfo ../>             <  <log {json}/>  ACK
 *     >  <erase ../>                      <  ACK, after seconds
 *     >  <program ../>                    <  ACK rawmode=true
 *     >  raw data                         <  ACK rawmode=false
 *     >  <read ../>                       <  ACK rawmode=true, raw data, ACK rawmode=false
 *     >  <power value="reset" ../>        <  ACK, and it leaves
 *
 * Logs may come at any place outside of raw data.
 *
 * Source: nippynetworks/qfirehose firehose_protocol.c (order, attributes, most times), linux-msm/qdl
 * src/firehose.c (read-back), bkerler/edl firehose.py (getstorageinfo). */

#include "protocol/firehose.h"

#include "protocol/firehose-session.h"

#include <inttypes.h>
#include <string.h>

/* Source: nippynetworks/qfirehose: first log within 3 s, 1 s of silence after the last; commands are sent
 * within 3 s. */
#define FIRST_LOG_MS 3000
#define QUIET_MS     1000
#define SEND_MS      3000

/* Raw data was not taken: a NAK that explains it is there already or not at all. */
#define STUCK_MS 1000

#define FLOOD_LISTEN_MS 2
#define MAX_FOREIGN_RAW (128 * 1024 * 1024) /* no partition is larger */

#define RECEIVE_SIZE     4096
#define RAW_RECEIVE_SIZE (64 * 1024)

/* It tells that a command was heard, never why it is refused. Source: nippynetworks/qfirehose's logs. */
#define HEARD_LOG "INFO: Calling handler for "

#define MAX_LOGS       1024
#define MAX_DRAIN_LOGS 256

void
mfu_firehose_reject (Firehose *firehose)
{
    if (firehose->last_log->len > 0)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_REJECTED, _ ("the programmer refused %s: %s"),
                         firehose->operation->name, firehose->last_log->str);
    else
        mfu_engine_fail (&firehose->engine, MFU_ERROR_REJECTED, _ ("the programmer refused %s"),
                         firehose->operation->name);
}

static void
fail_silent (Firehose *firehose)
{
    mfu_engine_fail (&firehose->engine, MFU_ERROR_TIMED_OUT, _ ("the programmer did not answer %s"),
                     firehose->operation->name);
}

void
mfu_firehose_fail_raw_mode (Firehose *firehose)
{
    mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL, _ ("the answer to %s has the wrong raw mode"),
                     firehose->operation->name);
}

void
mfu_firehose_done_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_raw)
        mfu_firehose_fail_raw_mode (firehose);
    else
        mfu_engine_done (&firehose->engine);
}

void
mfu_firehose_send_command (Firehose *firehose, MfuFirehoseCommand *command)
{
    firehose->state = STATE_COMMAND;
    mfu_engine_ask_send (&firehose->engine, mfu_firehose_command_finish (command), FALSE, SEND_MS);
}

static const Operation op_connect = { .name = "connect" };

/* What the programmer says without being asked. */

void
mfu_firehose_send_zeros (Firehose *firehose)
{
    gsize n = (gsize) MIN (firehose->flood_left, firehose->flood_piece);

    if (n == 0) {
        fail_silent (firehose);
        return;
    }
    firehose->flood_left -= n;
    firehose->flood_piece = MIN (2 * firehose->flood_piece, MFU_FIREHOSE_FLOOD_MOST);
    firehose->state = STATE_FLOOD;
    mfu_engine_ask_send_image (&firehose->engine, 0, n, MFU_PACKET_SIZE, firehose->config.is_zlp_aware,
                               MFU_FIREHOSE_CHUNK_MS);
}

/* The first answer may be that to a killed run, and the one to the probe come behind it: silence tells. One
 * that opens raw mode was for a killed run, too: its data follow if it was a read. If nothing follows, the
 * programmer waits for data itself. */
static void
drain_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    firehose->state = response->is_raw ? STATE_FOREIGN_RAW : STATE_SETTLE;
}

/* It has said something, but answered nothing: it may be in the middle of a killed run's erase. */
static void
drain_silent (Firehose *firehose)
{
    mfu_firehose_reader_reset (firehose->reader);
    if (!firehose->config.is_met) {
        mfu_engine_done (&firehose->engine);
        return;
    }
    firehose->state = STATE_SYNC;
    mfu_engine_ask_send (&firehose->engine, mfu_firehose_command_finish (mfu_firehose_command_new ("nop")),
                         FALSE, MFU_FIREHOSE_FINAL_MS);
}

static void
sync_sent (Firehose *firehose)
{
    firehose->state = STATE_SYNC_ANSWER;
}

static void
foreign_raw_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    firehose->state = STATE_SETTLE;
}

static void
foreign_raw_silent (Firehose *firehose)
{
    firehose->flood_left = MAX_FOREIGN_RAW;
    firehose->flood_piece = MFU_FIREHOSE_FLOOD_FIRST;
    mfu_firehose_send_zeros (firehose);
}

static void
answer_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    const Operation *operation = firehose->operation;

    /* The failed operation's answer comes late: none that is possible now opens raw mode. */
    if (firehose->is_after_failure && response->is_raw)
        return;
    if (response->is_ack)
        operation->acked (firehose, response);
    else if (operation->nacked != NULL)
        operation->nacked (firehose, response);
    else
        mfu_firehose_reject (firehose);
}

static void
stuck_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_ack)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer acknowledged data that it did not take"));
    else
        mfu_firehose_reject (firehose);
}

static void
final_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_ack)
        mfu_firehose_done_acked (firehose, response);
    else
        mfu_firehose_reject (firehose);
}

static void
flood_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    firehose->state = STATE_SETTLE;
}

static void
ignore_response (Firehose *firehose, const MfuFirehoseResponse *response)
{
}

static void
settle_silent (Firehose *firehose)
{
    mfu_firehose_reader_reset (firehose->reader);
    mfu_engine_done (&firehose->engine);
}

static void
raw_out_silent (Firehose *firehose)
{
    firehose->state = STATE_STUCK;
}

static void
stuck_silent (Firehose *firehose)
{
    mfu_engine_fail (&firehose->engine, MFU_ERROR_TIMED_OUT, _ ("the programmer takes no more data"));
}

static void
raw_in_silent (Firehose *firehose)
{
    mfu_engine_fail (&firehose->engine, MFU_ERROR_TIMED_OUT,
                     _ ("%" PRIu64 " of %" PRIu64 " bytes of a read did not come"), firehose->raw_left,
                     firehose->raw_size);
}

static void
command_sent (Firehose *firehose)
{
    firehose->state = STATE_ANSWER;
}

static void
raw_out_sent (Firehose *firehose)
{
    firehose->state = STATE_FINAL;
}

static void
delivered (Firehose *firehose)
{
    gsize n = firehose->engine.request.size;

    firehose->position += n;
    firehose->raw_left -= n;
    firehose->state = firehose->raw_left > 0 ? STATE_RAW_IN : STATE_FINAL;
}

static void
flood_sent (Firehose *firehose)
{
    firehose->state = STATE_FLOOD_LISTEN;
}

/* State x event -> handler. What a handler leaves without a next request goes on to receive within
 * `listen_ms` (0: the operation's own time). No `responded`: a response there is PROTOCOL. `is_deaf`: what
 * cannot be read is skipped, as it may be the rest of something older. */
static const struct {
    void (*sent) (Firehose *firehose);
    void (*responded) (Firehose *firehose, const MfuFirehoseResponse *response);
    void (*silent) (Firehose *firehose);
    guint listen_ms;
    gboolean is_deaf;
} states[N_STATES] = {
    [STATE_LISTEN] = { NULL, ignore_response, settle_silent, FIRST_LOG_MS, TRUE },
    [STATE_DRAIN] = { NULL, drain_responded, drain_silent, QUIET_MS, TRUE },
    [STATE_FOREIGN_RAW] = { NULL, foreign_raw_responded, foreign_raw_silent, QUIET_MS, TRUE },
    [STATE_COMMAND] = { command_sent, NULL, fail_silent, 0, FALSE },
    [STATE_ANSWER] = { NULL, answer_responded, fail_silent, 0, FALSE },
    [STATE_RAW_OUT] = { raw_out_sent, NULL, raw_out_silent, 0, FALSE },
    [STATE_STUCK] = { NULL, stuck_responded, stuck_silent, STUCK_MS, TRUE },
    [STATE_RAW_IN] = { NULL, NULL, raw_in_silent, MFU_FIREHOSE_CHUNK_MS, FALSE },
    [STATE_DELIVER] = { delivered, NULL, NULL, 0, FALSE },
    [STATE_FINAL] = { NULL, final_responded, fail_silent, MFU_FIREHOSE_FINAL_MS, FALSE },
    [STATE_FLOOD] = { flood_sent, NULL, fail_silent, 0, FALSE },
    [STATE_FLOOD_LISTEN] = { NULL, flood_responded, mfu_firehose_send_zeros, FLOOD_LISTEN_MS, FALSE },
    [STATE_SYNC] = { sync_sent, NULL, fail_silent, 0, FALSE },
    [STATE_SYNC_ANSWER] = { NULL, drain_responded, fail_silent, MFU_FIREHOSE_FINAL_MS, TRUE },
    [STATE_SETTLE] = { NULL, ignore_response, settle_silent, QUIET_MS, TRUE },
};

static const char *
keep_log (Firehose *firehose)
{
    const char *log = mfu_firehose_reader_get_text (firehose->reader);

    if (!g_str_has_prefix (log, HEARD_LOG))
        g_string_assign (firehose->last_log, log);
    mfu_firehose_info_take_log (&firehose->info, log);
    return log;
}

static void
take_log (Firehose *firehose)
{
    const char *log = keep_log (firehose);
    guint most = firehose->operation == &op_connect ? MAX_DRAIN_LOGS : MAX_LOGS;

    if (firehose->operation->reads_storage)
        mfu_firehose_info_take_storage (log, &firehose->storage);
    if (firehose->state == STATE_LISTEN)
        firehose->state = STATE_DRAIN;
    if (firehose->state == STATE_FLOOD_LISTEN)
        firehose->state = STATE_SETTLE;
    if (firehose->state == STATE_DRAIN && firehose->info.is_complete && !firehose->config.is_met)
        mfu_engine_done (&firehose->engine);
    else if (++firehose->n_logs > most)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL, _ ("the programmer's logs have no end"));
}

static void
take_garbage (Firehose *firehose)
{
    const char *text = mfu_firehose_reader_get_text (firehose->reader);
    g_autofree char *quoted = mfu_engine_quote ((const guint8 *) text, strlen (text));

    if (firehose->state == STATE_FOREIGN_RAW)
        firehose->state = STATE_SETTLE;
    else if (!states[firehose->state].is_deaf && !firehose->is_after_failure)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL, _ ("the answer to %s is not Firehose: %s"),
                         firehose->operation->name, quoted);
}

static void
take_response (Firehose *firehose)
{
    MfuFirehoseResponse response = *mfu_firehose_reader_get_response (firehose->reader);

    states[firehose->state].responded (firehose, &response);
}

/* Understands one byte; TRUE if it completed something. */
static gboolean
take_byte (Firehose *firehose)
{
    switch (mfu_firehose_reader_push (firehose->reader, firehose->in->data[firehose->position++])) {
    case MFU_FIREHOSE_LOG:
        take_log (firehose);
        return TRUE;
    case MFU_FIREHOSE_RESPONSE:
        take_response (firehose);
        return TRUE;
    case MFU_FIREHOSE_GARBAGE:
        take_garbage (firehose);
        return FALSE;
    case MFU_FIREHOSE_NOTHING:
        break;
    }
    return FALSE;
}

static void
deliver (Firehose *firehose)
{
    gsize n = (gsize) MIN (firehose->raw_left, firehose->in->len - firehose->position);

    firehose->state = STATE_DELIVER;
    mfu_engine_ask_deliver (&firehose->engine,
                            g_bytes_new_static (firehose->in->data + firehose->position, n));
}

static void
listen (Firehose *firehose, gboolean has_new_deadline)
{
    guint timeout_ms = states[firehose->state].listen_ms;
    gsize size = firehose->state == STATE_RAW_IN ? RAW_RECEIVE_SIZE : RECEIVE_SIZE;

    if (timeout_ms == 0)
        timeout_ms = firehose->answer_ms;
    if (has_new_deadline)
        mfu_engine_ask_receive (&firehose->engine, size, timeout_ms);
    else
        mfu_engine_ask_receive_more (&firehose->engine, size, timeout_ms);
}

/* Works through what has been received, until a handler makes a request or more is needed. Only a change of
 * state and, while draining, a complete log give new time. */
static void
proceed (Firehose *firehose, gboolean has_new_deadline)
{
    State state = firehose->state;
    gboolean has_item = FALSE;

    while (firehose->engine.is_answered && firehose->position < firehose->in->len) {
        if (firehose->state == STATE_RAW_IN)
            deliver (firehose);
        else
            has_item = take_byte (firehose) || has_item;
    }
    if (firehose->position == firehose->in->len) {
        g_byte_array_set_size (firehose->in, 0);
        firehose->position = 0;
    }
    if (!firehose->engine.is_answered)
        return;
    has_item = has_item && (state == STATE_DRAIN || state == STATE_SETTLE);
    listen (firehose, has_new_deadline || has_item || state != firehose->state);
}

static void
firehose_sent (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    states[firehose->state].sent (firehose);
    proceed (firehose, TRUE);
}

static void
firehose_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    Firehose *firehose = (Firehose *) engine;

    if (size > 0)
        g_byte_array_append (firehose->in, data, (guint) size);
    proceed (firehose, FALSE);
}

static void
firehose_timed_out (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    states[firehose->state].silent (firehose);
    if (engine->is_answered)
        listen (firehose, TRUE);
}

static void
firehose_gone (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    /* Also while the command is being sent: it may have been faster than the news of its arrival. */
    if (firehose->operation->gone_is_done)
        mfu_engine_done (engine);
    else
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port during %s"),
                         firehose->operation->name);
}

static void
firehose_free (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    mfu_firehose_reader_free (firehose->reader);
    mfu_firehose_info_clear (&firehose->info);
    g_byte_array_unref (firehose->in);
    g_string_free (firehose->last_log, TRUE);
    g_free (firehose);
}

static const MfuEngineClass firehose_class = {
    .name = "firehose",
    .sent = firehose_sent,
    .received = firehose_received,
    .timed_out = firehose_timed_out,
    .gone = firehose_gone,
    .free = firehose_free,
};

MfuEngine *
mfu_firehose_new (const MfuFirehoseConfig *config, GBytes *leftover)
{
    Firehose *firehose = g_new0 (Firehose, 1);
    gsize size = 0;
    const guint8 *data = leftover != NULL ? g_bytes_get_data (leftover, &size) : NULL;

    firehose->config = *config;
    firehose->payload = CLAMP (config->max_payload, MFU_FIREHOSE_MIN_PAYLOAD, MFU_FIREHOSE_MAX_PAYLOAD);
    firehose->payload -= firehose->payload % MFU_PACKET_SIZE;
    firehose->operation = &op_connect;
    firehose->reader = mfu_firehose_reader_new ();
    firehose->in = g_byte_array_new ();
    firehose->last_log = g_string_new (NULL);
    mfu_firehose_info_init (&firehose->info);
    mfu_engine_begin (&firehose->engine, &firehose_class,
                      MFU_FIREHOSE_BUDGET + MAX_FOREIGN_RAW / MFU_FIREHOSE_FLOOD_MOST * 2);
    firehose->state = leftover != NULL ? STATE_DRAIN : STATE_LISTEN;
    if (size > 0)
        g_byte_array_append (firehose->in, data, (guint) size);
    if (leftover != NULL && size == 0)
        mfu_engine_done (&firehose->engine);
    else
        proceed (firehose, TRUE);
    return &firehose->engine;
}

/* What came behind the last answer is nobody's answer now; its logs are worth keeping. */
static void
forget_stale (Firehose *firehose)
{
    while (firehose->position < firehose->in->len) {
        guint8 byte = firehose->in->data[firehose->position++];

        if (mfu_firehose_reader_push (firehose->reader, byte) == MFU_FIREHOSE_LOG)
            keep_log (firehose);
    }
    g_byte_array_set_size (firehose->in, 0);
    firehose->position = 0;
}

static gboolean
may_begin (const Firehose *firehose, const Operation *operation)
{
    const GError *error = firehose->engine.error;

    if (error == NULL || error->code == MFU_ERROR_REJECTED || error->code == MFU_ERROR_INVALID_ARGS)
        return TRUE;
    return operation->is_rescue && error->code != MFU_ERROR_GONE;
}

gboolean
mfu_firehose_begin (Firehose *firehose, const Operation *operation, guint64 budget)
{
    g_return_val_if_fail (mfu_engine_is_over (&firehose->engine), FALSE);
    if (!may_begin (firehose, operation))
        return FALSE;
    firehose->is_after_failure =
        firehose->engine.error != NULL && firehose->engine.error->code != MFU_ERROR_REJECTED;
    if (firehose->is_after_failure)
        mfu_firehose_reader_reset (firehose->reader);
    mfu_engine_begin (&firehose->engine, &firehose_class, budget);
    forget_stale (firehose);
    firehose->operation = operation;
    firehose->answer_ms = MFU_FIREHOSE_ANSWER_MS;
    firehose->n_logs = 0;
    g_string_truncate (firehose->last_log, 0);
    return TRUE;
}

const MfuFirehoseStorage *
mfu_firehose_get_storage (MfuEngine *engine)
{
    return &((Firehose *) engine)->storage;
}

gboolean
mfu_firehose_supports (MfuEngine *engine, const char *function)
{
    return mfu_firehose_info_supports (&((Firehose *) engine)->info, function);
}

guint
mfu_firehose_get_payload (MfuEngine *engine)
{
    return ((Firehose *) engine)->payload;
}

const char *
mfu_firehose_get_last_log (MfuEngine *engine)
{
    return ((Firehose *) engine)->last_log->str;
}
