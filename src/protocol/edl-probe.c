/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who is talking behind 05c6:9008?
 *
 *     <  01 00 00 00 30 00 00 00 ..       Sahara, fresh: the boot ROM speaks first
 *     <  <?xml ..                         a Firehose programmer still has something to say
 *     <  06 00 00 00 0c 00 00 00 ..       Sahara is over, a programmer has been started just now
 *        silence:
 *     >  <?xml ..<data><nop /></data>
 *     <  <?xml ..                         a Firehose programmer
 *     <  04 00 00 00 10 00 00 00 ..       Sahara, half-way: it takes our XML for a bad packet
 *        silence:
 *     >  7e 06 4e 95 7e                   DLOAD no-operation
 *     <  7e 02 6a d3 7e                   DLOAD
 *     <  7e 0e .. or 7e 0d ..             streaming loader
 *
 * Each question is one that those who are asked later ignore or answer with an error.
 * Source: linux-msm/qdl (listen first, then assume a programmer), ingran/balzac quectel-fw-update send_sync
 * (DLOAD and streaming answers). */

#include "protocol/edl-probe.h"

#include "protocol/engine-private.h"
#include "protocol/firehose-xml.h"
#include "util/cursor.h"
#include "util/hdlc.h"

#include <string.h>

/* A boot ROM that has just appeared says HELLO at once. Source: linux-msm/qdl reads with 1 s. */
#define LISTEN_MS 1000
#define ANSWER_MS 1000

/* Who takes nothing is at work on what a killed run has sent, and will answer that. As long as Firehose and
 * streaming wait for the NAND. */
#define SEND_MS 30000

/* One that has room for both questions answers them when it is done; then silence is told from work by time
 * alone. Source: QFirehose's limit for an erase, raised from 6 s to 15 s in its version 1.4.4. */
#define LAST_MS 15000

#define RECEIVE_SIZE 4096
#define MAX_HEARD    (2 * RECEIVE_SIZE)

/* Behind more than that which is nothing known, as the data of a read that a killed run has begun, silence is
 * waited for. A page comes within a few milliseconds. */
#define NOISE_QUIET_MS  200
#define MAX_NOISE_READS 4096

#define BUDGET (4 * MAX_HEARD + MAX_NOISE_READS)

#define MAX_FRAME 1024

/* Sahara, see sahara.c. */
#define SAHARA_HEADER 8
#define SAHARA_HELLO  1
#define SAHARA_DONE   6

/* The length of each packet that a boot ROM may send; 0 = none. */
static const guint8 sahara_sizes[] = {
    [1] = 0x30, [3] = 0x14,    [4] = 0x10,    [6] = 0x0c,    [8] = 0x08,
    [9] = 0x10, [0x0b] = 0x08, [0x0e] = 0x10, [0x10] = 0x18, [0x12] = 0x20,
};

#define DLOAD_ACK     0x02
#define STREAMING_ERR 0x0d
#define STREAMING_LOG 0x0e

/* The questions fill one packet together, so that a programmer that takes them for the raw data it waits for
 * is in step with the packets that follow: blanks mean nothing in XML, flags mean nothing in HDLC. Each alone
 * is short, as it must end without the zero-length packet that breaks Sahara. */
#define QUESTION_SIZE (MFU_PACKET_SIZE / 2)
static const char nop[] = "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<nop />\n</data>\n";
static const guint8 dload_nop[] = { 0x7e, 0x06, 0x4e, 0x95, 0x7e };

/* What is sent before each time of listening; NULL = just listen. */
static const struct {
    const void *question;
    gsize size;
    guint8 filler;
    guint answer_ms;
} rounds[] = {
    { NULL, 0, 0, LISTEN_MS },
    { nop, sizeof nop - 1, '\n', ANSWER_MS },
    { dload_nop, sizeof dload_nop, 0x7e, LAST_MS },
};

typedef struct {
    MfuEngine engine;
    MfuEdlState state;
    guint round;
    GByteArray *heard; /* in this round */
    guint n_noise_reads;
    GBytes *leftover;
} Probe;

typedef enum {
    VERDICT_NO,
    VERDICT_MORE, /* looks like it, but is not complete */
    VERDICT_YES,
} Verdict;

static Verdict
judge_sahara (Probe *probe)
{
    MfuCursor cursor = MFU_CURSOR_INIT (probe->heard->data, probe->heard->len);
    guint8 first = mfu_cursor_u8 (&cursor);
    guint32 command;
    guint32 size;

    if (first >= G_N_ELEMENTS (sahara_sizes) || sahara_sizes[first] == 0)
        return VERDICT_NO;
    if (probe->heard->len < SAHARA_HEADER)
        return VERDICT_MORE;
    cursor.position = 0;
    command = mfu_cursor_u32le (&cursor);
    size = mfu_cursor_u32le (&cursor);
    if (command != first || size != sahara_sizes[first])
        return VERDICT_NO;
    if (probe->heard->len < size)
        return VERDICT_MORE;
    /* The last word of a boot ROM that has started a programmer: who talks now is to be heard. */
    if (command == SAHARA_DONE) {
        g_byte_array_remove_range (probe->heard, 0, size);
        return probe->heard->len > 0 ? judge_sahara (probe) : VERDICT_MORE;
    }
    probe->state = command == SAHARA_HELLO ? MFU_EDL_SAHARA : MFU_EDL_SAHARA_HALF_WAY;
    return VERDICT_YES;
}

static Verdict
judge_firehose (Probe *probe)
{
    static const char start[] = "<?xml";
    gsize skipped = 0;
    gsize n;

    while (skipped < probe->heard->len && mfu_firehose_is_filler (probe->heard->data[skipped]))
        skipped++;
    n = MIN (probe->heard->len - skipped, sizeof start - 1);
    if (memcmp (probe->heard->data + skipped, start, n) != 0)
        return VERDICT_NO;
    if (n < sizeof start - 1)
        return VERDICT_MORE;
    probe->state = MFU_EDL_FIREHOSE;
    return VERDICT_YES;
}

static Verdict
judge_hdlc (Probe *probe)
{
    g_autoptr (MfuHdlcDecoder) decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    const guint8 *payload;
    gsize size;

    for (guint i = 0; i < probe->heard->len; i++) {
        if (!mfu_hdlc_decoder_push (decoder, probe->heard->data[i], &payload, &size))
            continue;
        /* The same byte begins a streaming loader's greeting, which a dead host may have left unread. */
        if (payload[0] == DLOAD_ACK)
            probe->state = size == 1 ? MFU_EDL_DLOAD : MFU_EDL_STREAMING;
        else if (payload[0] == STREAMING_LOG || payload[0] == STREAMING_ERR)
            probe->state = MFU_EDL_STREAMING;
        else
            continue;
        return VERDICT_YES;
    }
    return VERDICT_MORE;
}

static Verdict (*const judges[]) (Probe *probe) = { judge_sahara, judge_firehose, judge_hdlc };

static void
listen (Probe *probe)
{
    mfu_engine_ask_receive (&probe->engine, RECEIVE_SIZE, rounds[probe->round].answer_ms);
}

static void
ask (Probe *probe)
{
    guint8 *question = g_malloc (QUESTION_SIZE);

    memset (question, rounds[probe->round].filler, QUESTION_SIZE);
    memcpy (question, rounds[probe->round].question, rounds[probe->round].size);
    mfu_engine_ask_send (&probe->engine, g_bytes_new_take (question, QUESTION_SIZE), FALSE, SEND_MS);
}

static void
give_up (Probe *probe)
{
    probe->state = MFU_EDL_SILENT;
    mfu_engine_done (&probe->engine);
}

static void
next_round (Probe *probe)
{
    g_byte_array_set_size (probe->heard, 0);
    probe->n_noise_reads = 0;
    if (++probe->round == G_N_ELEMENTS (rounds))
        give_up (probe);
    else
        ask (probe);
}

static void
probe_sent (MfuEngine *engine)
{
    listen ((Probe *) engine);
}

static void
probe_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    Probe *probe = (Probe *) engine;

    if (probe->n_noise_reads > 0 || probe->heard->len + size > MAX_HEARD) {
        if (++probe->n_noise_reads > MAX_NOISE_READS)
            next_round (probe);
        else
            mfu_engine_ask_receive (engine, RECEIVE_SIZE, NOISE_QUIET_MS);
        return;
    }
    if (size > 0)
        g_byte_array_append (probe->heard, data, (guint) size);
    for (gsize i = 0; probe->heard->len > 0 && i < G_N_ELEMENTS (judges); i++) {
        Verdict verdict = judges[i](probe);

        if (verdict == VERDICT_YES) {
            probe->leftover = g_bytes_new (probe->heard->data, probe->heard->len);
            mfu_engine_done (engine);
            return;
        }
        if (verdict == VERDICT_MORE)
            break;
    }
    mfu_engine_ask_receive_more (engine, RECEIVE_SIZE, rounds[probe->round].answer_ms);
}

static void
probe_timed_out (MfuEngine *engine)
{
    if (engine->request.kind == MFU_REQUEST_SEND)
        give_up ((Probe *) engine);
    else
        next_round ((Probe *) engine);
}

static void
probe_free (MfuEngine *engine)
{
    Probe *probe = (Probe *) engine;

    g_byte_array_unref (probe->heard);
    g_clear_pointer (&probe->leftover, g_bytes_unref);
    g_free (probe);
}

static const MfuEngineClass probe_class = {
    .name = "edl-probe",
    .sent = probe_sent,
    .received = probe_received,
    .timed_out = probe_timed_out,
    .free = probe_free,
};

MfuEngine *
mfu_edl_probe_new (void)
{
    Probe *probe = g_new0 (Probe, 1);

    mfu_engine_begin (&probe->engine, &probe_class, BUDGET);
    probe->heard = g_byte_array_new ();
    listen (probe);
    return &probe->engine;
}

MfuEdlState
mfu_edl_probe_get_state (MfuEngine *engine)
{
    return ((Probe *) engine)->state;
}

GBytes *
mfu_edl_probe_get_leftover (MfuEngine *engine)
{
    Probe *probe = (Probe *) engine;

    if (probe->leftover == NULL)
        probe->leftover = g_bytes_new_static ("", 0);
    return probe->leftover;
}

const char *
mfu_edl_state_to_string (MfuEdlState state)
{
    static const char *const names[] = {
        [MFU_EDL_SILENT] = "silent",
        [MFU_EDL_SAHARA] = "sahara",
        [MFU_EDL_SAHARA_HALF_WAY] = "sahara-half-way",
        [MFU_EDL_FIREHOSE] = "firehose",
        [MFU_EDL_DLOAD] = "dload",
        [MFU_EDL_STREAMING] = "streaming",
    };

    return state < G_N_ELEMENTS (names) ? names[state] : "unknown";
}
