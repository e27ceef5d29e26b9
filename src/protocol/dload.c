/* SPDX-License-Identifier: GPL-2.0-or-later */

/* HDLC frames with a flag at both ends; numbers are big-endian.
 *
 *     >  06                          no operation      <  02      DLOAD
 *                                                      <  13 06   DIAG of a running firmware: bad command
 *                                                      <  0d ..   ask again; always: a streaming loader
 *                                                      <  0e ..   a streaming loader's log
 *     >  0c                          who are you       <  0d text
 *     >  07                          parameters        <  08 ..
 *     >  0f address:32 length:16 ..  write             <  02      for each packet
 *     >  05 address:32               go                <  nothing, or 02
 *     >  0a                          reset             <  02, or nothing
 *     anything                                         <  03 ..   not taken: once more
 *
 * Source: ingran/balzac, package/utils/quectel-fw-update (sync 15 times 4 s; 4 s between parameters and data;
 * packets of 0x3f9 bytes, each tried five times; 1 s before go); osmocom.org, quectel-modems, EC20_QFlash;
 * openpst/libopenpst, dm dload (0a). */

#include "protocol/dload.h"

#include "protocol/exchange.h"
#include "util/cursor.h"

#include <string.h>

#define CMD_ACK               0x02
#define CMD_NAK               0x03
#define CMD_GO                0x05
#define CMD_NOP               0x06
#define CMD_PARAMETERS        0x07
#define CMD_PARAMETERS_ANSWER 0x08
#define CMD_RESET             0x0a
#define CMD_VERSION           0x0c
#define CMD_ERROR             0x0d
#define CMD_LOG               0x0e
#define CMD_WRITE             0x0f
#define CMD_DIAG_BAD          0x13

#define MAX_PACKET  0x3f9
#define MAX_PROGRAM (4 * 1024 * 1024)
#define MAX_TRIES   5
#define MAX_VERSION 128

/* Requests: each packet may be tried five times, with noise around each answer. */
#define BUDGET_SMALL 4096
#define BUDGET_LOAD  (MAX_PROGRAM / MAX_PACKET * MAX_TRIES * 8)

#define SYNC_MS        4000
#define SYNC_TRIES     15
#define ANSWER_MS      3000
#define BEFORE_DATA_MS 4000
#define BEFORE_GO_MS   1000
#define GO_ANSWER_MS   500

typedef struct {
    MfuExchange exchange;
    MfuDloadPeer peer;
    guint n_errors; /* answers 0d to the no-operation */
    char *version;
    GBytes *program;
    guint32 address;
    gsize done, packet; /* bytes of the program that are there, and that are on their way */
} Dload;

static void
finished (MfuExchange *exchange)
{
    mfu_engine_done (&exchange->engine);
}

/* ACK and NAK mean the same everywhere. */
static MfuFrameVerdict
judge_ack (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    if (payload[0] == CMD_ACK)
        return MFU_FRAME_ANSWER;
    if (payload[0] != CMD_NAK)
        return MFU_FRAME_NOISE;
    mfu_exchange_complain (exchange, payload, size);
    return MFU_FRAME_AGAIN;
}

static MfuFrameVerdict
judge_sync (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    Dload *dload = (Dload *) exchange;

    if (payload[0] == CMD_ACK)
        dload->peer = MFU_DLOAD_READY;
    else if (payload[0] == CMD_LOG)
        dload->peer = MFU_DLOAD_STREAMING;
    else if (payload[0] == CMD_DIAG_BAD && size >= 2 && payload[1] == CMD_NOP)
        dload->peer = MFU_DLOAD_DIAG;
    else if (payload[0] != CMD_ERROR)
        return MFU_FRAME_NOISE;
    else if (++dload->n_errors < MAX_TRIES)
        return MFU_FRAME_AGAIN;
    else
        dload->peer = MFU_DLOAD_STREAMING;
    return MFU_FRAME_ANSWER;
}

static const MfuQuestion sync_question = {
    .what = "nop",
    .timeout_ms = SYNC_MS,
    .max_tries = SYNC_TRIES,
    .always_settles = TRUE,
    .judge = judge_sync,
    .answered = finished,
};

static MfuFrameVerdict
judge_version (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    Dload *dload = (Dload *) exchange;
    MfuCursor cursor = MFU_CURSOR_INIT (payload, size);

    if (payload[0] == CMD_NAK || payload[0] == CMD_DIAG_BAD)
        return MFU_FRAME_ANSWER;
    if (payload[0] != CMD_ERROR)
        return MFU_FRAME_NOISE;
    /* Before the text may stand its length. */
    mfu_cursor_skip (&cursor, size >= 2 && payload[1] == size - 2 ? 2 : 1);
    g_free (dload->version);
    dload->version = mfu_cursor_string (&cursor, MIN (mfu_cursor_left (&cursor), MAX_VERSION));
    return MFU_FRAME_ANSWER;
}

static const MfuQuestion version_question = {
    .what = "version",
    .timeout_ms = ANSWER_MS,
    .max_tries = 1,
    .judge = judge_version,
    .silent = finished,
    .answered = finished,
};

static MfuFrameVerdict
judge_parameters (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    /* A duplicate ACK of the no-operation may precede it. */
    return payload[0] == CMD_PARAMETERS_ANSWER ? MFU_FRAME_ANSWER
           : payload[0] == CMD_ACK             ? MFU_FRAME_NOISE
                                               : judge_ack (exchange, payload, size);
}

static void send_packet (MfuExchange *exchange);

static void
parameters_answered (MfuExchange *exchange)
{
    mfu_exchange_wait (exchange, BEFORE_DATA_MS, send_packet);
}

static const MfuQuestion parameters_question = {
    .what = "parameters",
    .timeout_ms = ANSWER_MS,
    .max_tries = MAX_TRIES,
    .judge = judge_parameters,
    .answered = parameters_answered,
};

static void
packet_answered (MfuExchange *exchange)
{
    Dload *dload = (Dload *) exchange;

    dload->done += dload->packet;
    if (dload->done < g_bytes_get_size (dload->program))
        send_packet (exchange);
    else
        mfu_engine_done (&exchange->engine);
}

static const MfuQuestion packet_question = {
    .what = "write",
    .timeout_ms = ANSWER_MS,
    .max_tries = MAX_TRIES,
    .judge = judge_ack,
    .answered = packet_answered,
};

static void
send_packet (MfuExchange *exchange)
{
    Dload *dload = (Dload *) exchange;
    g_autoptr (GByteArray) payload = g_byte_array_new ();
    gsize size;
    const guint8 *data = g_bytes_get_data (dload->program, &size);

    dload->packet = MIN (size - dload->done, MAX_PACKET);
    mfu_put_u8 (payload, CMD_WRITE);
    mfu_put_u32be (payload, dload->address + (guint32) dload->done);
    mfu_put_u16be (payload, (guint16) dload->packet);
    g_byte_array_append (payload, data + dload->done, (guint) dload->packet);
    mfu_exchange_ask (exchange, &packet_question, payload->data, payload->len);
}

static const MfuQuestion go_question = {
    .what = "go",
    .timeout_ms = GO_ANSWER_MS,
    .max_tries = 1,
    .gone_is_done = TRUE,
    .judge = judge_ack,
    .silent = finished,
    .answered = finished,
};

static void
send_go (MfuExchange *exchange)
{
    Dload *dload = (Dload *) exchange;
    g_autoptr (GByteArray) payload = g_byte_array_new ();

    mfu_put_u8 (payload, CMD_GO);
    mfu_put_u32be (payload, dload->address);
    mfu_exchange_ask (exchange, &go_question, payload->data, payload->len);
}

static const MfuQuestion reset_question = {
    .what = "reset",
    .timeout_ms = ANSWER_MS,
    .max_tries = 1,
    .gone_is_done = TRUE,
    .judge = judge_ack,
    .answered = finished,
};

static void
dload_free (MfuEngine *engine)
{
    Dload *dload = (Dload *) engine;

    mfu_exchange_clear (&dload->exchange);
    g_clear_pointer (&dload->program, g_bytes_unref);
    g_free (dload->version);
    g_free (dload);
}

static const MfuEngineClass dload_class = {
    .name = "dload",
    .sent = mfu_exchange_sent,
    .received = mfu_exchange_received,
    .timed_out = mfu_exchange_timed_out,
    .gone = mfu_exchange_gone,
    .free = dload_free,
};

MfuEngine *
mfu_dload_new (void)
{
    static const guint8 nop[] = { CMD_NOP };
    Dload *dload = g_new0 (Dload, 1);

    mfu_exchange_begin (&dload->exchange, &dload_class, BUDGET_SMALL);
    mfu_exchange_ask (&dload->exchange, &sync_question, nop, sizeof nop);
    return &dload->exchange.engine;
}

MfuDloadPeer
mfu_dload_get_peer (MfuEngine *engine)
{
    return ((Dload *) engine)->peer;
}

void
mfu_dload_begin_version (MfuEngine *engine)
{
    static const guint8 version[] = { CMD_VERSION };
    Dload *dload = (Dload *) engine;

    if (!mfu_exchange_begin (&dload->exchange, &dload_class, BUDGET_SMALL))
        return;
    g_clear_pointer (&dload->version, g_free);
    mfu_exchange_ask (&dload->exchange, &version_question, version, sizeof version);
}

const char *
mfu_dload_get_version (MfuEngine *engine)
{
    Dload *dload = (Dload *) engine;

    return dload->version != NULL ? dload->version : "";
}

void
mfu_dload_begin_load (MfuEngine *engine, guint32 address, GBytes *program)
{
    static const guint8 parameters[] = { CMD_PARAMETERS };
    Dload *dload = (Dload *) engine;
    gsize size = g_bytes_get_size (program);

    if (!mfu_exchange_begin (&dload->exchange, &dload_class, BUDGET_LOAD))
        return;
    if (size == 0 || size > MAX_PROGRAM || size > G_MAXUINT32 - address) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS, _ ("a program of 1 byte to 4 MiB is needed"));
        return;
    }
    g_clear_pointer (&dload->program, g_bytes_unref);
    dload->program = g_bytes_ref (program);
    dload->address = address;
    dload->done = 0;
    mfu_exchange_ask (&dload->exchange, &parameters_question, parameters, sizeof parameters);
}

void
mfu_dload_begin_reset (MfuEngine *engine)
{
    static const guint8 reset[] = { CMD_RESET };
    Dload *dload = (Dload *) engine;

    if (mfu_exchange_begin (&dload->exchange, &dload_class, BUDGET_SMALL))
        mfu_exchange_ask (&dload->exchange, &reset_question, reset, sizeof reset);
}

void
mfu_dload_begin_go (MfuEngine *engine, guint32 address)
{
    Dload *dload = (Dload *) engine;

    if (!mfu_exchange_begin (&dload->exchange, &dload_class, BUDGET_SMALL))
        return;
    dload->address = address;
    mfu_exchange_wait (&dload->exchange, BEFORE_GO_MS, send_go);
}
