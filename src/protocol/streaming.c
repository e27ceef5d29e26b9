/* SPDX-License-Identifier: GPL-2.0-or-later */

/* HDLC frames with a flag at both ends; numbers are little-endian.
 *
 *     >  01 "QCOM fast download protocol host" and three bytes    <  02 ..         hello
 *     >  17 01                                                    <  18            security
 *     >  19 override table ..                                     <  1a status     0 fits, 1 does not
 *     >  60 01                                                    <  61 00         download flag
 *     >  1b 0e "0:SBL1" 00                                        <  1c            open
 *     >  07 address:32 up to 1024 bytes                           <  08            write
 *     >  15                                                       <  16            close
 *     >  0b                                                       <  0c            reset
 *     anything                                                    <  0d ..         an error
 *     at any time                                                 <  0e text       a log
 *
 * What follows these first bytes in the answers differs from loader to loader, so it is used where it is
 * there and never missed: a preferred size in the hello, a status behind 1c, the address behind 08.
 *
 * The second form of open (1b 09) erases the calibration; it does not exist here.
 *
 * Source: ingran/balzac, package/utils/quectel-fw-update (the order, and 0d to the hello is let pass);
 * nippynetworks/qfirehose, stream_download.c (flag, table statuses, hello of MDM9x07);
 * linux-mobile-broadband/ libqmi, qfu-qdl-message.h (fields of hello). */

#include "protocol/streaming.h"

#include "protocol/exchange.h"
#include "util/cursor.h"

#include <string.h>

#define CMD_HELLO           0x01
#define CMD_HELLO_ANSWER    0x02
#define CMD_WRITE           0x07
#define CMD_WRITE_ANSWER    0x08
#define CMD_RESET           0x0b
#define CMD_RESET_ANSWER    0x0c
#define CMD_ERROR           0x0d
#define CMD_LOG             0x0e
#define CMD_CLOSE           0x15
#define CMD_CLOSE_ANSWER    0x16
#define CMD_SECURITY        0x17
#define CMD_SECURITY_ANSWER 0x18
#define CMD_TABLE           0x19
#define CMD_TABLE_ANSWER    0x1a
#define CMD_OPEN            0x1b
#define CMD_OPEN_ANSWER     0x1c
#define CMD_FLAG            0x60
#define CMD_FLAG_ANSWER     0x61

#define OPEN_BY_NAME  0x0e
#define TRUSTED       0x01
#define TABLE_FITS    0
#define TABLE_DIFFERS 1

#define MAX_TABLE    3072
#define MAX_IMAGE    (4 * 1024 * 1024)
#define MAX_NAME     13
#define MAX_PACKET   1024
#define MIN_PACKET   64
#define MAX_TRIES    5
#define BUDGET_SMALL 8192
#define BUDGET_WRITE (MAX_IMAGE / MIN_PACKET * 4)

#define ANSWER_MS 3000
/* Opening erases, closing writes what is left and marks bad blocks. The margin is ours: Quectel's tools wait
 * without an end. */
#define TABLE_MS 30000
#define OPEN_MS  30000
#define WRITE_MS 10000
#define CLOSE_MS 60000

static const char host_magic[] = "QCOM fast download protocol host";
static const char target_magic[] = "QCOM fast download protocol targ";

static const guint8 variants[][3] = {
    [MFU_STREAMING_9X15] = { 0x03, 0x03, 0x09 },
    [MFU_STREAMING_9X07] = { 0x04, 0x02, 0x00 },
};

typedef struct {
    MfuExchange exchange;
    guint max_packet;
    gboolean table_fits, knows_flag;
    GBytes *image;
    gsize done, packet; /* bytes of the image that are written, and that are on their way */
} Streaming;

static void
finished (MfuExchange *exchange)
{
    mfu_engine_done (&exchange->engine);
}

/* The frame with `code` is the answer, an error is a reason to ask again. */
static MfuFrameVerdict
judge_code (MfuExchange *exchange, const guint8 *payload, gsize size, guint8 code)
{
    if (payload[0] == code)
        return MFU_FRAME_ANSWER;
    if (payload[0] != CMD_ERROR)
        return MFU_FRAME_NOISE;
    /* A code of four bytes and a text. */
    if (size > 5)
        mfu_exchange_complain (exchange, payload + 5, size - 5);
    else
        mfu_exchange_complain (exchange, payload, size);
    return MFU_FRAME_AGAIN;
}

/* The same, with a status behind the code, if there is one. */
static MfuFrameVerdict
judge_status (MfuExchange *exchange, const guint8 *payload, gsize size, guint8 code)
{
    g_autofree char *text = NULL;

    if (payload[0] != code || size < 2 || payload[1] == 0)
        return judge_code (exchange, payload, size, code);
    text = g_strdup_printf (_ ("the modem refuses with status %u"), payload[1]);
    mfu_exchange_fail (exchange, MFU_ERROR_REJECTED, text);
    return MFU_FRAME_END;
}

static void
take_hello (Streaming *streaming, const guint8 *payload, gsize size)
{
    MfuCursor cursor = MFU_CURSOR_INIT (payload, size);
    const guint8 *magic;
    guint32 preferred;

    mfu_cursor_skip (&cursor, 1);
    magic = mfu_cursor_bytes (&cursor, sizeof target_magic - 1);
    mfu_cursor_skip (&cursor, 2);
    preferred = mfu_cursor_u32le (&cursor);
    if (!cursor.failed && memcmp (magic, target_magic, sizeof target_magic - 1) == 0 &&
        preferred >= MIN_PACKET && preferred < MAX_PACKET)
        streaming->max_packet = preferred;
}

static MfuFrameVerdict
judge_hello (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    if (payload[0] == CMD_HELLO_ANSWER)
        take_hello ((Streaming *) exchange, payload, size);
    /* A loader that was greeted before calls a second hello an error, and goes on all the same. */
    if (payload[0] == CMD_ERROR && exchange->n_tries == exchange->question->max_tries)
        return MFU_FRAME_ANSWER;
    return judge_code (exchange, payload, size, CMD_HELLO_ANSWER);
}

static const MfuQuestion hello_question = {
    .what = "hello",
    .timeout_ms = ANSWER_MS,
    .max_tries = MAX_TRIES,
    .always_settles = TRUE,
    .judge = judge_hello,
    .answered = finished,
};

static MfuFrameVerdict
judge_security (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    return judge_code (exchange, payload, size, CMD_SECURITY_ANSWER);
}

static const MfuQuestion security_question = {
    .what = "security",
    .timeout_ms = ANSWER_MS,
    .max_tries = MAX_TRIES,
    .judge = judge_security,
    .answered = finished,
};

static MfuFrameVerdict
judge_table (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    Streaming *streaming = (Streaming *) exchange;

    if (payload[0] == CMD_TABLE_ANSWER && size >= 2 && payload[1] == TABLE_DIFFERS)
        return MFU_FRAME_ANSWER;
    streaming->table_fits = payload[0] == CMD_TABLE_ANSWER && size >= 2 && payload[1] == TABLE_FITS;
    if (payload[0] == CMD_TABLE_ANSWER && size < 2) {
        mfu_exchange_fail (exchange, MFU_ERROR_PROTOCOL, _ ("the modem's answer is cut short"));
        return MFU_FRAME_END;
    }
    return judge_status (exchange, payload, size, CMD_TABLE_ANSWER);
}

static const MfuQuestion table_question = {
    .what = "partition table",
    .timeout_ms = TABLE_MS,
    .max_tries = 1,
    .judge = judge_table,
    .answered = finished,
};

/* An unsupported command is answered by 0e or 0d; a log may also just happen to come. */
static MfuFrameVerdict
judge_flag (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    Streaming *streaming = (Streaming *) exchange;

    if (payload[0] == CMD_FLAG_ANSWER) {
        streaming->knows_flag = size >= 2 && payload[1] == 0;
        return MFU_FRAME_ANSWER;
    }
    return payload[0] == CMD_ERROR ? MFU_FRAME_ANSWER : MFU_FRAME_NOISE;
}

static void
flag_silent (MfuExchange *exchange)
{
    if (exchange->n_frames > 0)
        mfu_engine_done (&exchange->engine);
    else
        mfu_exchange_fail (exchange, MFU_ERROR_TIMED_OUT, _ ("the modem does not answer"));
}

static const MfuQuestion flag_question = {
    .what = "download flag",
    .timeout_ms = ANSWER_MS,
    .max_tries = 1,
    .judge = judge_flag,
    .silent = flag_silent,
    .answered = finished,
};

static MfuFrameVerdict
judge_close (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    return judge_status (exchange, payload, size, CMD_CLOSE_ANSWER);
}

static const MfuQuestion close_question = {
    .what = "close",
    .timeout_ms = CLOSE_MS,
    /* One that stays open keeps every other partition from being opened. */
    .max_tries = 2,
    .judge = judge_close,
    .answered = finished,
};

static MfuFrameVerdict
judge_abandon (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    return payload[0] == CMD_CLOSE_ANSWER || payload[0] == CMD_ERROR ? MFU_FRAME_ANSWER : MFU_FRAME_NOISE;
}

static const MfuQuestion abandon_question = {
    .what = "close",
    .timeout_ms = CLOSE_MS,
    .max_tries = 2,
    .judge = judge_abandon,
    .answered = finished,
};

static MfuFrameVerdict
judge_write (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    Streaming *streaming = (Streaming *) exchange;
    MfuCursor cursor = MFU_CURSOR_INIT (payload, size);

    if (payload[0] == CMD_WRITE_ANSWER && size >= 5) {
        mfu_cursor_skip (&cursor, 1);
        if (mfu_cursor_u32le (&cursor) != streaming->done)
            return MFU_FRAME_NOISE;
    }
    return judge_code (exchange, payload, size, CMD_WRITE_ANSWER);
}

static void send_packet (MfuExchange *exchange);

static void
packet_answered (MfuExchange *exchange)
{
    static const guint8 command[] = { CMD_CLOSE };
    Streaming *streaming = (Streaming *) exchange;

    streaming->done += streaming->packet;
    if (streaming->done < g_bytes_get_size (streaming->image))
        send_packet (exchange);
    else
        mfu_exchange_ask (exchange, &close_question, command, sizeof command);
}

static const MfuQuestion packet_question = {
    .what = "write",
    .timeout_ms = WRITE_MS,
    .max_tries = MAX_TRIES,
    .judge = judge_write,
    .answered = packet_answered,
};

static void
send_packet (MfuExchange *exchange)
{
    Streaming *streaming = (Streaming *) exchange;
    g_autoptr (GByteArray) payload = g_byte_array_new ();
    gsize size;
    const guint8 *data = g_bytes_get_data (streaming->image, &size);

    streaming->packet = MIN (size - streaming->done, streaming->max_packet);
    mfu_put_u8 (payload, CMD_WRITE);
    mfu_put_u32le (payload, (guint32) streaming->done);
    g_byte_array_append (payload, data + streaming->done, (guint) streaming->packet);
    mfu_exchange_ask (exchange, &packet_question, payload->data, payload->len);
}

static MfuFrameVerdict
judge_open (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    return judge_status (exchange, payload, size, CMD_OPEN_ANSWER);
}

static const MfuQuestion open_question = {
    .what = "open",
    .timeout_ms = OPEN_MS,
    .max_tries = 1,
    .judge = judge_open,
    .answered = send_packet,
};

static MfuFrameVerdict
judge_reset (MfuExchange *exchange, const guint8 *payload, gsize size)
{
    return judge_code (exchange, payload, size, CMD_RESET_ANSWER);
}

static const MfuQuestion reset_question = {
    .what = "reset",
    .timeout_ms = ANSWER_MS,
    .max_tries = 3,
    .gone_is_done = TRUE,
    .judge = judge_reset,
    .answered = finished,
};

static void
streaming_free (MfuEngine *engine)
{
    Streaming *streaming = (Streaming *) engine;

    mfu_exchange_clear (&streaming->exchange);
    g_clear_pointer (&streaming->image, g_bytes_unref);
    g_free (streaming);
}

static const MfuEngineClass streaming_class = {
    .name = "streaming",
    .sent = mfu_exchange_sent,
    .received = mfu_exchange_received,
    .timed_out = mfu_exchange_timed_out,
    .gone = mfu_exchange_gone,
    .free = streaming_free,
};

/* NULL: the session is lost. */
static Streaming *
begin (MfuEngine *engine, guint64 budget)
{
    Streaming *streaming = (Streaming *) engine;

    return mfu_exchange_begin (&streaming->exchange, &streaming_class, budget) ? streaming : NULL;
}

MfuEngine *
mfu_streaming_new (MfuStreamingVariant variant)
{
    Streaming *streaming = g_new0 (Streaming, 1);
    g_autoptr (GByteArray) payload = g_byte_array_new ();

    streaming->max_packet = MAX_PACKET;
    mfu_put_u8 (payload, CMD_HELLO);
    g_byte_array_append (payload, (const guint8 *) host_magic, sizeof host_magic - 1);
    g_byte_array_append (payload, variants[variant], sizeof variants[variant]);
    begin (&streaming->exchange.engine, BUDGET_SMALL);
    mfu_exchange_ask (&streaming->exchange, &hello_question, payload->data, payload->len);
    return &streaming->exchange.engine;
}

void
mfu_streaming_begin_security (MfuEngine *engine)
{
    static const guint8 command[] = { CMD_SECURITY, TRUSTED };
    Streaming *streaming = begin (engine, BUDGET_SMALL);

    if (streaming != NULL)
        mfu_exchange_ask (&streaming->exchange, &security_question, command, sizeof command);
}

void
mfu_streaming_begin_table (MfuEngine *engine, gboolean overrides, GBytes *table)
{
    Streaming *streaming = begin (engine, BUDGET_SMALL);
    g_autoptr (GByteArray) payload = g_byte_array_new ();
    gsize size;
    const guint8 *data = g_bytes_get_data (table, &size);

    if (streaming == NULL)
        return;
    if (size == 0 || size > MAX_TABLE) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS, _ ("a table of 1 to %d bytes is needed"), MAX_TABLE);
        return;
    }
    streaming->table_fits = FALSE;
    mfu_put_u8 (payload, CMD_TABLE);
    mfu_put_u8 (payload, overrides ? 1 : 0);
    g_byte_array_append (payload, data, (guint) size);
    mfu_exchange_ask (&streaming->exchange, &table_question, payload->data, payload->len);
}

gboolean
mfu_streaming_table_fits (MfuEngine *engine)
{
    return ((Streaming *) engine)->table_fits;
}

void
mfu_streaming_begin_flag (MfuEngine *engine, gboolean is_set)
{
    guint8 command[] = { CMD_FLAG, is_set ? 1 : 0 };
    Streaming *streaming = begin (engine, BUDGET_SMALL);

    if (streaming == NULL)
        return;
    streaming->knows_flag = FALSE;
    mfu_exchange_ask (&streaming->exchange, &flag_question, command, sizeof command);
}

gboolean
mfu_streaming_knows_flag (MfuEngine *engine)
{
    return ((Streaming *) engine)->knows_flag;
}

static gboolean
is_name (const char *name)
{
    gsize length = strlen (name);

    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isalnum (name[i]) && name[i] != '_')
            return FALSE;
    return length >= 1 && length <= MAX_NAME;
}

void
mfu_streaming_begin_write (MfuEngine *engine, const char *partition, GBytes *image)
{
    Streaming *streaming = begin (engine, BUDGET_WRITE);
    g_autoptr (GByteArray) payload = g_byte_array_new ();
    gsize size = g_bytes_get_size (image);

    if (streaming == NULL)
        return;
    if (!is_name (partition) || size == 0 || size > MAX_IMAGE) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS,
                         _ ("a partition's name and an image of 1 byte to 4 MiB are needed"));
        return;
    }
    g_clear_pointer (&streaming->image, g_bytes_unref);
    streaming->image = g_bytes_ref (image);
    streaming->done = 0;
    mfu_put_u8 (payload, CMD_OPEN);
    mfu_put_u8 (payload, OPEN_BY_NAME);
    g_byte_array_append (payload, (const guint8 *) "0:", 2);
    g_byte_array_append (payload, (const guint8 *) partition, (guint) strlen (partition) + 1);
    mfu_exchange_ask (&streaming->exchange, &open_question, payload->data, payload->len);
}

void
mfu_streaming_begin_abandon (MfuEngine *engine)
{
    static const guint8 command[] = { CMD_CLOSE };
    Streaming *streaming = begin (engine, BUDGET_SMALL);

    if (streaming != NULL)
        mfu_exchange_ask (&streaming->exchange, &abandon_question, command, sizeof command);
}

void
mfu_streaming_begin_reset (MfuEngine *engine)
{
    static const guint8 command[] = { CMD_RESET };
    Streaming *streaming = begin (engine, BUDGET_SMALL);

    if (streaming != NULL)
        mfu_exchange_ask (&streaming->exchange, &reset_question, command, sizeof command);
}
