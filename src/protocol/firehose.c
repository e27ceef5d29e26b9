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

#include "protocol/engine-private.h"
#include "protocol/firehose-commands.h"
#include "protocol/firehose-info.h"
#include "protocol/firehose-xml.h"

#include <string.h>

/* Source: nippynetworks/qfirehose: first log within 3 s, 1 s of silence after the last. */
#define FIRST_LOG_MS 3000
#define QUIET_MS     1000

/* Source: nippynetworks/qfirehose: configure, program and power 3 s, vendor tags 6 s. */
#define ANSWER_MS 3000
#define VENDOR_MS 6000
#define SEND_MS   3000

/* Raw data: a chunk waits for the NAND, the last answer for its bad blocks, too.
 * Source: nippynetworks/qfirehose has no limit for chunks and 6 s for the answer; both were too little or too
 * much in users' reports (Biktorgj/quectel_eg25_recovery issue 25). */
#define CHUNK_MS 15000
#define FINAL_MS 30000
#define STUCK_MS 1000

#define RECEIVE_SIZE     4096
#define RAW_RECEIVE_SIZE (64 * 1024)

/* Source: nippynetworks/qfirehose: 8192 for NAND, at most 1 MiB. */
#define MIN_PAYLOAD 512
#define MAX_PAYLOAD (1024 * 1024)

#define MAX_LOGS       1024
#define MAX_DRAIN_LOGS 256
#define BUDGET         (256 * 1024)

/* Zeros for a programmer that waits for raw data: little at first, as too much is taken for a bad command.
 * How much of its current payload it has is not known, so each packet may be the one that completes it and is
 * owed a zero-length packet: they go one by one. Each that comes too late costs three answers, which somebody
 * has to keep until we read again. */
#define FLOOD_FIRST     512
#define FLOOD_MOST      (4 * 1024)
#define FLOOD_LISTEN_MS 2

typedef enum {
    STATE_LISTEN,       /* the first log */
    STATE_DRAIN,        /* silence, or the end of the list of functions, or an answer to a probe */
    STATE_COMMAND,      /* the command is on its way */
    STATE_ANSWER,       /* its response */
    STATE_RAW_OUT,      /* raw data is on its way */
    STATE_STUCK,        /* raw data was not taken: does a NAK say why? */
    STATE_RAW_IN,       /* raw data */
    STATE_DELIVER,      /* the caller takes raw data */
    STATE_FINAL,        /* the response behind raw data */
    STATE_FLOOD,        /* zeros are on their way */
    STATE_FLOOD_LISTEN, /* XML, or silence: more zeros */
    STATE_FLOOD_DRAIN,  /* silence */
    N_STATES,
} State;

typedef struct _Firehose Firehose;

typedef struct {
    const char *name; /* for messages */
    void (*acked) (Firehose *firehose, const MfuFirehoseResponse *response);
    void (*nacked) (Firehose *firehose, const MfuFirehoseResponse *response); /* NULL: REJECTED */
    gboolean is_rescue;                                                       /* possible after a failure */
    gboolean gone_is_done; /* the programmer may leave instead of answering */
} Operation;

struct _Firehose {
    MfuEngine engine;
    MfuFirehoseConfig config;
    State state;
    const Operation *operation;
    MfuFirehoseReader *reader;
    GByteArray *in; /* received, behind `position` not yet understood */
    gsize position;
    MfuFirehoseInfo info;
    MfuFirehoseStorage storage;
    GString *last_log;
    guint n_logs; /* in this operation */
    guint answer_ms;
    guint payload;
    gboolean has_new_payload;  /* configure was repeated */
    gboolean is_after_failure; /* anything may still be under way */
    guint64 raw_size;
    guint64 raw_left;
    guint64 flood_left;
    gsize flood_piece;
};

static void
reject (Firehose *firehose)
{
    if (firehose->n_logs > 0)
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

static void
fail_raw_mode (Firehose *firehose)
{
    mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL, _ ("the answer to %s has the wrong raw mode"),
                     firehose->operation->name);
}

static void
done_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_raw)
        fail_raw_mode (firehose);
    else
        mfu_engine_done (&firehose->engine);
}

static void
send_command (Firehose *firehose, MfuFirehoseCommand *command)
{
    firehose->state = STATE_COMMAND;
    mfu_engine_ask_send (&firehose->engine, mfu_firehose_command_finish (command), FALSE, SEND_MS);
}

static void
send_configure (Firehose *firehose)
{
    send_command (firehose,
                  mfu_firehose_command_configure (firehose->payload, firehose->config.is_zlp_aware));
}

static gboolean
set_payload (Firehose *firehose, guint64 payload)
{
    if (payload < MIN_PAYLOAD || payload > MAX_PAYLOAD) {
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer wants a payload of %" G_GUINT64_FORMAT " bytes"), payload);
        return FALSE;
    }
    /* Whole packets: a short one would end the transfer. */
    firehose->payload = (guint) (payload - payload % MFU_PACKET_SIZE);
    return TRUE;
}

static void
configure_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->max_payload != 0 && !set_payload (firehose, MIN (response->max_payload, firehose->payload)))
        return;
    done_acked (firehose, response);
}

static void
configure_nacked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->max_payload == 0 || firehose->has_new_payload) {
        reject (firehose);
        return;
    }
    firehose->has_new_payload = TRUE;
    if (set_payload (firehose, response->max_payload))
        send_configure (firehose);
}

static void
storage_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    gboolean is_contradictory;

    firehose->storage.is_known = mfu_firehose_info_check_storage (&firehose->storage, &is_contradictory);
    if (is_contradictory)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer tells an impossible storage: %u blocks of %u, pages of %u bytes"),
                         firehose->storage.total_blocks, firehose->storage.block_size,
                         firehose->storage.page_size);
    else
        done_acked (firehose, response);
}

static void
storage_nacked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    mfu_engine_done (&firehose->engine);
}

static void
program_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (!response->is_raw) {
        fail_raw_mode (firehose);
        return;
    }
    firehose->state = STATE_RAW_OUT;
    mfu_engine_ask_send_image (&firehose->engine, 0, (gsize) firehose->raw_size, firehose->payload,
                               firehose->config.is_zlp_aware, CHUNK_MS);
}

static void
read_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    gsize rest = firehose->in->len - firehose->position;
    gsize n = 0;

    if (!response->is_raw) {
        fail_raw_mode (firehose);
        return;
    }
    firehose->state = STATE_RAW_IN;
    firehose->raw_left = firehose->raw_size;
    /* A line end behind the document is no data, as data comes in whole sectors. */
    while (n < rest && rest < MFU_PACKET_SIZE &&
           mfu_firehose_is_filler (firehose->in->data[firehose->position + n]))
        n++;
    if (n == rest)
        firehose->position += n;
}

static const Operation op_connect = { .name = "connect" };
static const Operation op_configure = { "configure", configure_acked, configure_nacked, FALSE, FALSE };
static const Operation op_nop = { "nop", done_acked, NULL, TRUE, FALSE };
static const Operation op_leave_raw = { "raw data", NULL, NULL, TRUE, FALSE };
static const Operation op_storage = { "getstorageinfo", storage_acked, storage_nacked, FALSE, FALSE };
static const Operation op_erase = { "erase", done_acked, NULL, FALSE, FALSE };
static const Operation op_program = { "program", program_acked, NULL, FALSE, FALSE };
static const Operation op_read = { "read", read_acked, NULL, FALSE, FALSE };
static const Operation op_vendor = { "a vendor tag", done_acked, NULL, FALSE, FALSE };
static const Operation op_reset = { "power", done_acked, NULL, TRUE, TRUE };

/* What the programmer says without being asked. */

static void
drain_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    mfu_engine_done (&firehose->engine);
}

static void
answer_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    const Operation *operation = firehose->operation;

    if (response->is_ack)
        operation->acked (firehose, response);
    else if (operation->nacked != NULL)
        operation->nacked (firehose, response);
    else
        reject (firehose);
}

static void
stuck_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_ack)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer acknowledged data that it did not take"));
    else
        reject (firehose);
}

static void
final_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->is_ack)
        done_acked (firehose, response);
    else
        reject (firehose);
}

static void
flood_responded (Firehose *firehose, const MfuFirehoseResponse *response)
{
    firehose->state = STATE_FLOOD_DRAIN;
}

static void
ignore_response (Firehose *firehose, const MfuFirehoseResponse *response)
{
}

static void
send_zeros (Firehose *firehose)
{
    gsize n = (gsize) MIN (firehose->flood_left, firehose->flood_piece);

    if (n == 0) {
        fail_silent (firehose);
        return;
    }
    firehose->flood_left -= n;
    firehose->flood_piece = MIN (2 * firehose->flood_piece, FLOOD_MOST);
    firehose->state = STATE_FLOOD;
    mfu_engine_ask_send_image (&firehose->engine, 0, n, MFU_PACKET_SIZE, firehose->config.is_zlp_aware,
                               CHUNK_MS);
}

static void
drain_silent (Firehose *firehose)
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
                     _ ("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes of a read did not come"),
                     firehose->raw_left, firehose->raw_size);
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
    [STATE_LISTEN] = { NULL, ignore_response, drain_silent, FIRST_LOG_MS, TRUE },
    [STATE_DRAIN] = { NULL, drain_responded, drain_silent, QUIET_MS, TRUE },
    [STATE_COMMAND] = { command_sent, NULL, fail_silent, 0, FALSE },
    [STATE_ANSWER] = { NULL, answer_responded, fail_silent, 0, FALSE },
    [STATE_RAW_OUT] = { raw_out_sent, NULL, raw_out_silent, 0, FALSE },
    [STATE_STUCK] = { NULL, stuck_responded, stuck_silent, STUCK_MS, TRUE },
    [STATE_RAW_IN] = { NULL, NULL, raw_in_silent, CHUNK_MS, FALSE },
    [STATE_DELIVER] = { delivered, NULL, NULL, 0, FALSE },
    [STATE_FINAL] = { NULL, final_responded, fail_silent, FINAL_MS, FALSE },
    [STATE_FLOOD] = { flood_sent, NULL, fail_silent, 0, FALSE },
    [STATE_FLOOD_LISTEN] = { NULL, flood_responded, send_zeros, FLOOD_LISTEN_MS, FALSE },
    [STATE_FLOOD_DRAIN] = { NULL, ignore_response, drain_silent, QUIET_MS, TRUE },
};

static const char *
keep_log (Firehose *firehose)
{
    const char *log = mfu_firehose_reader_get_text (firehose->reader);

    g_string_assign (firehose->last_log, log);
    mfu_firehose_info_take_log (&firehose->info, log);
    return log;
}

static void
take_log (Firehose *firehose)
{
    const char *log = keep_log (firehose);
    guint most = firehose->operation == &op_connect ? MAX_DRAIN_LOGS : MAX_LOGS;

    if (firehose->operation == &op_storage)
        mfu_firehose_info_take_storage (log, &firehose->storage);
    if (firehose->state == STATE_LISTEN)
        firehose->state = STATE_DRAIN;
    if (firehose->state == STATE_FLOOD_LISTEN)
        firehose->state = STATE_FLOOD_DRAIN;
    if (firehose->state == STATE_DRAIN && firehose->info.is_complete)
        mfu_engine_done (&firehose->engine);
    else if (++firehose->n_logs > most)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL, _ ("the programmer's logs have no end"));
}

static void
take_garbage (Firehose *firehose)
{
    const char *text = mfu_firehose_reader_get_text (firehose->reader);
    g_autofree char *quoted = mfu_engine_quote ((const guint8 *) text, strlen (text));

    if (!states[firehose->state].is_deaf && !firehose->is_after_failure)
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
    has_item = has_item && (state == STATE_DRAIN || state == STATE_FLOOD_DRAIN);
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
    firehose->payload = CLAMP (config->max_payload, MIN_PAYLOAD, MAX_PAYLOAD);
    firehose->payload -= firehose->payload % MFU_PACKET_SIZE;
    firehose->operation = &op_connect;
    firehose->reader = mfu_firehose_reader_new ();
    firehose->in = g_byte_array_new ();
    firehose->last_log = g_string_new (NULL);
    mfu_firehose_info_init (&firehose->info);
    mfu_engine_begin (&firehose->engine, &firehose_class, BUDGET);
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

static gboolean
begin (Firehose *firehose, const Operation *operation, guint64 budget)
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
    firehose->answer_ms = ANSWER_MS;
    firehose->n_logs = 0;
    return TRUE;
}

void
mfu_firehose_begin_configure (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (!begin (firehose, &op_configure, BUDGET))
        return;
    firehose->has_new_payload = FALSE;
    send_configure (firehose);
}

void
mfu_firehose_begin_nop (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (begin (firehose, &op_nop, BUDGET))
        send_command (firehose, mfu_firehose_command_new ("nop"));
}

void
mfu_firehose_begin_leave_raw_mode (MfuEngine *engine, guint64 max_bytes)
{
    Firehose *firehose = (Firehose *) engine;

    if (!begin (firehose, &op_leave_raw, BUDGET + max_bytes / FLOOD_FIRST))
        return;
    firehose->flood_left = max_bytes;
    firehose->flood_piece = FLOOD_FIRST;
    send_zeros (firehose);
}

void
mfu_firehose_begin_storage_info (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (!begin (firehose, &op_storage, BUDGET))
        return;
    firehose->storage = (MfuFirehoseStorage){ 0 };
    if (!mfu_firehose_supports (engine, "getstorageinfo")) {
        mfu_engine_done (engine);
        return;
    }
    send_command (firehose, mfu_firehose_command_storage ());
}

/* FALSE: our own plan is wrong, the engine has failed. */
static gboolean
check_range (Firehose *firehose, const MfuFirehoseRange *range)
{
    if (mfu_firehose_range_is_valid (range))
        return TRUE;
    mfu_engine_fail (&firehose->engine, MFU_ERROR_INVALID_ARGS,
                     _ ("%u sectors of %u bytes at %u are no range"), range->num_sectors, range->sector_size,
                     range->start_sector);
    return FALSE;
}

void
mfu_firehose_begin_erase (MfuEngine *engine, const MfuFirehoseRange *range)
{
    Firehose *firehose = (Firehose *) engine;

    if (!begin (firehose, &op_erase, BUDGET) || !check_range (firehose, range))
        return;
    firehose->answer_ms = mfu_firehose_erase_ms (range);
    send_command (firehose, mfu_firehose_command_range ("erase", range, range->num_sectors));
}

void
mfu_firehose_begin_program (MfuEngine *engine, const MfuFirehoseRange *range, guint64 image_size)
{
    Firehose *firehose = (Firehose *) engine;
    guint64 num_sectors;

    if (!begin (firehose, &op_program, BUDGET) || !check_range (firehose, range))
        return;
    num_sectors = image_size / range->sector_size + (image_size % range->sector_size != 0);
    if (num_sectors == 0 || num_sectors > range->num_sectors ||
        num_sectors > G_MAXSIZE / 2 / range->sector_size) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS,
                         _ ("an image of %" G_GUINT64_FORMAT " bytes does not fit %u sectors of %u bytes"),
                         image_size, range->num_sectors, range->sector_size);
        return;
    }
    firehose->raw_size = num_sectors * range->sector_size;
    send_command (firehose, mfu_firehose_command_range ("program", range, num_sectors));
}

void
mfu_firehose_begin_read (MfuEngine *engine, const MfuFirehoseRange *range)
{
    Firehose *firehose = (Firehose *) engine;
    guint64 size = (guint64) range->num_sectors * range->sector_size;

    if (!begin (firehose, &op_read, BUDGET + 2 * size) || !check_range (firehose, range))
        return;
    firehose->raw_size = size;
    send_command (firehose, mfu_firehose_command_range ("read", range, range->num_sectors));
}

void
mfu_firehose_begin_vendor (MfuEngine *engine, const MfuFirehoseVendorTag *vendor_tag)
{
    Firehose *firehose = (Firehose *) engine;
    MfuFirehoseCommand *command;

    if (!begin (firehose, &op_vendor, BUDGET))
        return;
    command = mfu_firehose_command_vendor (vendor_tag);
    if (command == NULL) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS, _ ("not the name of a vendor tag"));
        return;
    }
    firehose->answer_ms = VENDOR_MS;
    send_command (firehose, command);
}

void
mfu_firehose_begin_reset (MfuEngine *engine, guint delay_s)
{
    Firehose *firehose = (Firehose *) engine;

    if (begin (firehose, &op_reset, BUDGET))
        send_command (firehose, mfu_firehose_command_reset (delay_s));
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
