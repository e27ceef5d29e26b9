/* SPDX-License-Identifier: GPL-2.0-or-later */

/* DIAG: one command, one answer, in a port that may be full of log messages.
 *
 *     <  10 00 ..                   log noise, read away first: with a full queue the modem hears nothing
 *     >  4b 65 01 00 54 0f 7e       subsystem command "switch to EDL"
 *     <  79 01 ..                   more noise
 *     <  4b 65 01 00 54 0f 7e       the echo: accepted, or
 *     <  13 4b 65 01 00 xx xx 7e    bad command: refused
 *        the port vanishes, with or without the echo
 *     >  3a a1 6e 7e                "download", for chips before Sahara
 *
 * Source: nippynetworks/qfirehose usb_linux.c (frame, drain, echo); linux-mobile-broadband/ModemManager
 * libqcdm/src/dm-commands.h (build id, error codes); ingran/balzac, package/utils/quectel-fw-update (3a). */

#include "protocol/diag.h"

#include "protocol/engine-private.h"
#include "util/cursor.h"
#include "util/hdlc.h"

#include <string.h>

/* Source: nippynetworks/qfirehose drains at most 100 reads; iamromulan/qfenix waits 100 ms for each. */
#define MAX_DRAIN_READS 100
#define DRAIN_QUIET_MS  100

/* Source: nippynetworks/qfirehose: write 3 s, echo 3 s. */
#define SEND_MS   3000
#define ANSWER_MS 3000

#define RECEIVE_SIZE 4096
#define MAX_FRAME    4096
#define MAX_NOISE    (256 * 1024)
#define BUDGET       (MAX_NOISE + MAX_DRAIN_READS + 8)

#define CMD_BUILD_ID 0x7c

/* The software revision begins behind command, version, 2 reserved bytes, MSM revision and model number. */
#define BUILD_ID_HEADER 12
#define MAX_BUILD_ID    256

typedef enum {
    STATE_DRAIN,   /* silence, or the end of our patience */
    STATE_COMMAND, /* the command is on its way */
    STATE_ANSWER,  /* a frame that answers the command */
    N_STATES,
} State;

typedef struct _Diag Diag;

struct _Diag {
    MfuEngine engine;
    State state;
    const guint8 *command;
    gsize command_size;
    gboolean gone_is_done;
    gboolean (*take_answer) (Diag *diag, const guint8 *payload, gsize size);
    MfuHdlcDecoder *decoder;
    guint n_drain_reads;
    gsize n_noise;
    guint n_frames;
    char *build_id;
};

static const guint8 switch_to_edl[] = { 0x4b, 0x65, 0x01, 0x00 };
static const guint8 switch_to_dload[] = { 0x3a };
static const guint8 build_id[] = { CMD_BUILD_ID };

static const struct {
    guint8 code;
    const char *name;
} refusals[] = {
    { 0x13, "bad command" }, { 0x14, "bad parameter" }, { 0x15, "bad length" },
    { 0x16, "bad device" },  { 0x18, "bad mode" },      { 0x47, "security mode" },
};

static void
send_command (Diag *diag)
{
    diag->state = STATE_COMMAND;
    mfu_engine_ask_send (&diag->engine, mfu_hdlc_encode (diag->command, diag->command_size, FALSE), FALSE,
                         SEND_MS);
}

static void
drain_received (Diag *diag, const guint8 *data, gsize size)
{
    if (++diag->n_drain_reads >= MAX_DRAIN_READS)
        send_command (diag);
    else
        mfu_engine_ask_receive (&diag->engine, RECEIVE_SIZE, DRAIN_QUIET_MS);
}

static void
command_sent (Diag *diag)
{
    diag->state = STATE_ANSWER;
    mfu_engine_ask_receive (&diag->engine, RECEIVE_SIZE, ANSWER_MS);
}

static void
command_timed_out (Diag *diag)
{
    mfu_engine_fail (&diag->engine, MFU_ERROR_TIMED_OUT, _ ("the modem takes no command"));
}

/* A refusal carries the refused request behind its code. Other requests' refusals are noise: somebody may
 * have asked before us. */
static gboolean
take_refusal (Diag *diag, const guint8 *payload, gsize size)
{
    gsize n_copied = MIN (size - 1, diag->command_size);

    for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
        if (payload[0] != refusals[i].code || memcmp (payload + 1, diag->command, n_copied) != 0)
            continue;
        mfu_engine_fail (&diag->engine, MFU_ERROR_REJECTED, _ ("the modem refused the command: %02x (%s)"),
                         refusals[i].code, refusals[i].name);
        return TRUE;
    }
    return FALSE;
}

static void
take_frame (Diag *diag, const guint8 *payload, gsize size)
{
    diag->n_frames++;
    if (!diag->take_answer (diag, payload, size))
        take_refusal (diag, payload, size);
}

static void
answer_received (Diag *diag, const guint8 *data, gsize size)
{
    const guint8 *payload;
    gsize payload_size;

    diag->n_noise += size;
    for (gsize i = 0; i < size && diag->engine.is_answered; i++)
        if (mfu_hdlc_decoder_push (diag->decoder, data[i], &payload, &payload_size))
            take_frame (diag, payload, payload_size);
    if (!diag->engine.is_answered)
        return;
    if (diag->n_noise > MAX_NOISE)
        mfu_engine_fail (&diag->engine, MFU_ERROR_TIMED_OUT, _ ("no answer among all the log messages"));
    else
        mfu_engine_ask_receive_more (&diag->engine, RECEIVE_SIZE, ANSWER_MS);
}

static void
answer_timed_out (Diag *diag)
{
    if (diag->n_frames == 0 && mfu_hdlc_decoder_n_dropped (diag->decoder) > 0)
        mfu_engine_fail (&diag->engine, MFU_ERROR_PROTOCOL, _ ("the port does not talk DIAG"));
    else
        mfu_engine_fail (&diag->engine, MFU_ERROR_TIMED_OUT, _ ("the modem did not answer"));
}

/* What each state does with what can happen in it. */
static const struct {
    void (*sent) (Diag *diag);
    void (*received) (Diag *diag, const guint8 *data, gsize size);
    void (*timed_out) (Diag *diag);
} states[N_STATES] = {
    [STATE_DRAIN] = { .received = drain_received, .timed_out = send_command },
    [STATE_COMMAND] = { .sent = command_sent, .timed_out = command_timed_out },
    [STATE_ANSWER] = { .received = answer_received, .timed_out = answer_timed_out },
};

static void
diag_sent (MfuEngine *engine)
{
    Diag *diag = (Diag *) engine;

    states[diag->state].sent (diag);
}

static void
diag_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    Diag *diag = (Diag *) engine;

    states[diag->state].received (diag, data, size);
}

static void
diag_timed_out (MfuEngine *engine)
{
    Diag *diag = (Diag *) engine;

    states[diag->state].timed_out (diag);
}

static void
diag_gone (MfuEngine *engine)
{
    Diag *diag = (Diag *) engine;

    if (diag->gone_is_done && diag->state != STATE_DRAIN)
        mfu_engine_done (engine);
    else
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port"));
}

static void
diag_free (MfuEngine *engine)
{
    Diag *diag = (Diag *) engine;

    mfu_hdlc_decoder_free (diag->decoder);
    g_free (diag->build_id);
    g_free (diag);
}

static const MfuEngineClass diag_class = {
    .name = "diag",
    .sent = diag_sent,
    .received = diag_received,
    .timed_out = diag_timed_out,
    .gone = diag_gone,
    .free = diag_free,
};

static Diag *
diag_new (const guint8 *command, gsize command_size,
          gboolean (*take_answer) (Diag *diag, const guint8 *payload, gsize size))
{
    Diag *diag = g_new0 (Diag, 1);

    mfu_engine_begin (&diag->engine, &diag_class, BUDGET);
    diag->command = command;
    diag->command_size = command_size;
    diag->take_answer = take_answer;
    diag->decoder = mfu_hdlc_decoder_new (MAX_FRAME);
    mfu_engine_ask_receive (&diag->engine, RECEIVE_SIZE, DRAIN_QUIET_MS);
    return diag;
}

static gboolean
take_echo (Diag *diag, const guint8 *payload, gsize size)
{
    if (size != diag->command_size || memcmp (payload, diag->command, size) != 0)
        return FALSE;
    mfu_engine_done (&diag->engine);
    return TRUE;
}

MfuEngine *
mfu_diag_switch_to_edl_new (void)
{
    Diag *diag = diag_new (switch_to_edl, sizeof switch_to_edl, take_echo);

    diag->gone_is_done = TRUE;
    return &diag->engine;
}

MfuEngine *
mfu_diag_switch_to_dload_new (void)
{
    Diag *diag = diag_new (switch_to_dload, sizeof switch_to_dload, take_echo);

    diag->gone_is_done = TRUE;
    return &diag->engine;
}

static gboolean
take_build_id (Diag *diag, const guint8 *payload, gsize size)
{
    MfuCursor cursor = MFU_CURSOR_INIT (payload, size);

    if (mfu_cursor_u8 (&cursor) != CMD_BUILD_ID)
        return FALSE;
    mfu_cursor_skip (&cursor, BUILD_ID_HEADER - 1);
    if (cursor.failed) {
        mfu_engine_fail (&diag->engine, MFU_ERROR_PROTOCOL, _ ("the build id is cut short"));
        return TRUE;
    }
    diag->build_id = mfu_cursor_string (&cursor, MIN (mfu_cursor_left (&cursor), MAX_BUILD_ID));
    mfu_engine_done (&diag->engine);
    return TRUE;
}

MfuEngine *
mfu_diag_build_id_new (void)
{
    return &diag_new (build_id, sizeof build_id, take_build_id)->engine;
}

const char *
mfu_diag_build_id_get (MfuEngine *engine)
{
    Diag *diag = (Diag *) engine;

    return diag->build_id != NULL ? diag->build_id : "";
}
