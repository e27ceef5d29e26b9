/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Fastboot as Quectel's lk speaks it. A command is one transfer of at most 64 bytes, and so is an answer:
 * four letters and a text.
 *
 *     >  getvar:product          <  OKAYMDM9607            an unknown variable: OKAY and no text
 *     >  download:0006f5e0       <  DATA0006f5e0
 *     >  that many bytes         <  OKAY
 *     >  flash:aboot             <  INFO...                 any number of lines before an answer
 *                                <  OKAY
 *     >  reboot                  <  OKAY                    and it leaves; it may leave without a word
 *     anything                   <  FAILtext
 *
 * Getting in step: what lies in the pipe is heard until it is quiet. Then a question whose answer cannot be
 * mistaken (a number with a dot) is put; answers that do not look like one belong to commands that were put
 * before, and are dropped. Listening comes first because lk takes no command before its last answer is taken.
 *
 * Source: AOSP, system/core/fastboot/README.md (protocol 0.4: 64 bytes); Biktorgj/quectel_lk @e185f663,
 * app/aboot/fastboot.c (MAX_RSP_SIZE 64, empty OKAY for unknown variables, no answer after a USB failure
 * inside of DATA until the port is reset), app/aboot/aboot.c ("\t0x%x" in max-download-size). */

#include "protocol/fastboot.h"

#include "protocol/engine-private.h"

#include <inttypes.h>
#include <string.h>

#define MAX_COMMAND 64
#define MAX_ANSWER  64
#define TAG_SIZE    4

/* Answers and remarks without an end are a fault of the modem. */
#define MAX_STALE 16
#define MAX_INFO  256
#define BUDGET    (MAX_INFO + MAX_STALE + 64)

/* Listening for what may be left in the pipe; an answer that waits there comes at once. */
#define QUIET_MS 50

/* A loader that still writes for a program that died takes nothing until it is done.
 * Source: as FLASH_BYTES_PER_MS, for the largest image that a MDM9607 takes at once (41 MiB). */
#define SYNC_SEND_MS 30000

#define SEND_MS   5000
#define ANSWER_MS 5000

/* Source: Biktorgj/pinephone_modem_sdk issue 44 (486 KB sent in 24 ms); the margin is ours. */
#define CHUNK       (16 * 1024)
#define CHUNK_MS    15000
#define RECEIVED_MS 15000

/* A write is an erase of the partition and the programming of its pages: 2 to 4 MB/s are usual, a flash with
 * bad blocks is slower. Source: fwupd/fwupd, plugins/fastboot (600 polls of one second are its limit, and
 * pieces of 16 KiB its cure for modems that leave in the middle of data). */
#define FLASH_MIN_MS       30000
#define FLASH_MAX_MS       600000
#define FLASH_BYTES_PER_MS 256

typedef enum {
    STATE_QUIET,    /* silence before the first command */
    STATE_SYNC,     /* an answer that cannot be mistaken */
    STATE_IN_STEP,  /* silence after it */
    STATE_VALUE,    /* the answer to getvar */
    STATE_OFFER,    /* DATA and the size */
    STATE_IMAGE,    /* the image is on its way */
    STATE_REFUSAL,  /* the modem has stopped taking the image; it may say why */
    STATE_FINISHED, /* the answer to download's data, to flash, to reboot */
} State;

typedef struct {
    MfuEngine engine;
    State state;
    const char *what; /* the command, for messages */
    guint timeout_ms;
    guint64 size;
    guint n_stale, n_info;
    gboolean has_stale, waits_for_data;
    gboolean gone_is_done;
    gboolean is_lost;
    char value[MAX_ANSWER - TAG_SIZE + 1];
} Fastboot;

static void
fail (Fastboot *fastboot, MfuError code, const char *text)
{
    fastboot->is_lost = code != MFU_ERROR_REJECTED && code != MFU_ERROR_INVALID_ARGS;
    mfu_engine_fail (&fastboot->engine, code, "%s: %s", fastboot->what, text);
}

static void
say (Fastboot *fastboot, const char *command, guint timeout_ms)
{
    mfu_engine_ask_send (&fastboot->engine, g_bytes_new (command, strlen (command)), FALSE, timeout_ms);
}

static void
hear (Fastboot *fastboot, guint timeout_ms)
{
    fastboot->timeout_ms = timeout_ms;
    mfu_engine_ask_receive (&fastboot->engine, MFU_PACKET_SIZE, timeout_ms);
}

static gboolean
looks_like_version (const guint8 *text, gsize size)
{
    gboolean has_dot = FALSE;

    for (gsize i = 0; i < size; i++) {
        if (text[i] == '.')
            has_dot = TRUE;
        else if (!g_ascii_isdigit (text[i]))
            return FALSE;
    }
    return has_dot && g_ascii_isdigit (text[0]);
}

static void
take_stale (Fastboot *fastboot)
{
    if (++fastboot->n_stale > MAX_STALE)
        fail (fastboot, MFU_ERROR_PROTOCOL, _ ("the modem answers without being asked"));
}

static void
take_sync (Fastboot *fastboot, const guint8 *data, gsize size)
{
    gboolean is_okay = size >= TAG_SIZE && memcmp (data, "OKAY", TAG_SIZE) == 0;

    take_stale (fastboot);
    if (mfu_engine_is_over (&fastboot->engine))
        return;
    if (is_okay && looks_like_version (data + TAG_SIZE, size - TAG_SIZE)) {
        fastboot->state = STATE_IN_STEP;
        hear (fastboot, QUIET_MS);
        return;
    }
    if (size >= TAG_SIZE && memcmp (data, "INFO", TAG_SIZE) != 0) {
        fastboot->has_stale = TRUE;
        fastboot->waits_for_data = memcmp (data, "DATA", TAG_SIZE) == 0;
    }
    hear (fastboot, ANSWER_MS);
}

static void
take_value (Fastboot *fastboot, const guint8 *text, gsize size)
{
    gsize n = MIN (size, sizeof fastboot->value - 1);

    for (gsize i = 0; i < n; i++)
        fastboot->value[i] = g_ascii_isprint (text[i]) ? (char) text[i] : text[i] == '\t' ? ' ' : '?';
    fastboot->value[n] = '\0';
    g_strstrip (fastboot->value);
    mfu_engine_done (&fastboot->engine);
}

static gboolean
parse_offer (const guint8 *text, gsize size, guint64 *offer)
{
    char digits[9] = "";

    if (size != sizeof digits - 1)
        return FALSE;
    memcpy (digits, text, size);
    return g_ascii_string_to_unsigned (digits, 16, 0, G_MAXUINT32, offer, NULL);
}

static void
take_offer (Fastboot *fastboot, const guint8 *text, gsize size)
{
    g_autofree char *quoted = mfu_engine_quote (text, size);
    guint64 offer = 0;

    if (!parse_offer (text, size, &offer) || offer != fastboot->size) {
        g_autofree char *what = g_strdup_printf (
            _ ("the modem offers to take %s bytes instead of %08" PRIx64), quoted, fastboot->size);

        fail (fastboot, MFU_ERROR_PROTOCOL, what);
        return;
    }
    fastboot->state = STATE_IMAGE;
    mfu_engine_ask_send_image (&fastboot->engine, 0, (gsize) fastboot->size, CHUNK, FALSE, CHUNK_MS);
}

static void
take_okay (Fastboot *fastboot, const guint8 *text, gsize size)
{
    if (fastboot->state == STATE_VALUE)
        take_value (fastboot, text, size);
    else if (fastboot->state == STATE_FINISHED)
        mfu_engine_done (&fastboot->engine);
    else
        fail (fastboot, MFU_ERROR_PROTOCOL, _ ("the modem says OKAY without having taken the data"));
}

static void
take_fail (Fastboot *fastboot, const guint8 *text, gsize size)
{
    g_autofree char *quoted = mfu_engine_quote (text, size);
    g_autofree char *what = g_strdup_printf (_ ("the modem refuses: %s"), size > 0 ? quoted : "FAIL");

    fail (fastboot, MFU_ERROR_REJECTED, what);
    /* Data that were not all taken are still awaited. */
    fastboot->is_lost = fastboot->state == STATE_REFUSAL;
}

static void
take_answer (Fastboot *fastboot, const guint8 *data, gsize size)
{
    const guint8 *text = data + TAG_SIZE;
    g_autofree char *quoted = NULL;
    g_autofree char *what = NULL;

    if (size >= TAG_SIZE && size <= MAX_ANSWER) {
        if (memcmp (data, "INFO", TAG_SIZE) == 0) {
            if (++fastboot->n_info > MAX_INFO)
                fail (fastboot, MFU_ERROR_PROTOCOL, _ ("the modem's remarks have no end"));
            else
                mfu_engine_ask_receive_more (&fastboot->engine, MFU_PACKET_SIZE, fastboot->timeout_ms);
            return;
        }
        if (memcmp (data, "OKAY", TAG_SIZE) == 0) {
            take_okay (fastboot, text, size - TAG_SIZE);
            return;
        }
        if (memcmp (data, "FAIL", TAG_SIZE) == 0) {
            take_fail (fastboot, text, size - TAG_SIZE);
            return;
        }
        if (memcmp (data, "DATA", TAG_SIZE) == 0 && fastboot->state == STATE_OFFER) {
            take_offer (fastboot, text, size - TAG_SIZE);
            return;
        }
    }
    quoted = mfu_engine_quote (data, size);
    what = g_strdup_printf (_ ("the modem's answer is none of fastboot: %s"), quoted);
    fail (fastboot, MFU_ERROR_PROTOCOL, what);
}

static void
fastboot_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    Fastboot *fastboot = (Fastboot *) engine;

    if (fastboot->state == STATE_QUIET || fastboot->state == STATE_IN_STEP) {
        take_stale (fastboot);
        if (!mfu_engine_is_over (engine))
            hear (fastboot, QUIET_MS);
    } else if (fastboot->state == STATE_SYNC) {
        take_sync (fastboot, data, size);
    } else if (size == 0) {
        /* The end of a transfer that was a whole number of packets. */
        mfu_engine_ask_receive_more (engine, MFU_PACKET_SIZE, fastboot->timeout_ms);
    } else {
        take_answer (fastboot, data, size);
    }
}

static void
fastboot_sent (MfuEngine *engine)
{
    Fastboot *fastboot = (Fastboot *) engine;

    if (fastboot->state == STATE_IMAGE) {
        fastboot->state = STATE_FINISHED;
        fastboot->timeout_ms = RECEIVED_MS;
    }
    hear (fastboot, fastboot->timeout_ms);
}

static void
fastboot_timed_out (MfuEngine *engine)
{
    Fastboot *fastboot = (Fastboot *) engine;
    gboolean was_sending = engine->request.kind == MFU_REQUEST_SEND;

    if (fastboot->state == STATE_QUIET) {
        fastboot->state = STATE_SYNC;
        fastboot->timeout_ms = ANSWER_MS;
        say (fastboot, "getvar:version", SYNC_SEND_MS);
    } else if (fastboot->state == STATE_IN_STEP ||
               (fastboot->state == STATE_SYNC && fastboot->has_stale && !fastboot->waits_for_data)) {
        /* A loader without a version has said its empty OKAY. */
        mfu_engine_done (engine);
    } else if (fastboot->state == STATE_IMAGE) {
        fastboot->state = STATE_REFUSAL;
        hear (fastboot, ANSWER_MS);
    } else if (fastboot->state == STATE_REFUSAL) {
        fail (fastboot, MFU_ERROR_TIMED_OUT, _ ("the modem has stopped taking the data"));
    } else {
        fail (fastboot, MFU_ERROR_TIMED_OUT,
              was_sending ? _ ("the modem does not take the command") : _ ("the modem does not answer"));
    }
}

static void
fastboot_gone (MfuEngine *engine)
{
    Fastboot *fastboot = (Fastboot *) engine;

    if (fastboot->gone_is_done)
        mfu_engine_done (engine);
    else
        fail (fastboot, MFU_ERROR_GONE, _ ("the modem left its port"));
}

static void
fastboot_free (MfuEngine *engine)
{
    g_free (engine);
}

static const MfuEngineClass fastboot_class = {
    .name = "fastboot",
    .sent = fastboot_sent,
    .received = fastboot_received,
    .timed_out = fastboot_timed_out,
    .gone = fastboot_gone,
    .free = fastboot_free,
};

/* FALSE: the session is lost, and the engine stays FAILED. */
static gboolean
begin (Fastboot *fastboot, const char *what, State state, guint timeout_ms)
{
    g_return_val_if_fail (mfu_engine_is_over (&fastboot->engine), FALSE);
    if (fastboot->is_lost)
        return FALSE;
    mfu_engine_begin (&fastboot->engine, &fastboot_class, BUDGET);
    fastboot->what = what;
    fastboot->state = state;
    fastboot->timeout_ms = timeout_ms;
    fastboot->n_info = 0;
    fastboot->gone_is_done = FALSE;
    return TRUE;
}

/* Names of variables and partitions: nothing that a command could end by, or that reaches beyond 64 bytes. */
static gboolean
is_name (const char *name, const char *extra)
{
    if (name == NULL || *name == '\0' || strlen (name) > MAX_COMMAND / 2)
        return FALSE;
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_islower (*c) && !g_ascii_isdigit (*c) && strchr (extra, *c) == NULL)
            return FALSE;
    return TRUE;
}

MfuEngine *
mfu_fastboot_new (void)
{
    Fastboot *fastboot = g_new0 (Fastboot, 1);

    mfu_engine_begin (&fastboot->engine, &fastboot_class, BUDGET);
    fastboot->what = "getvar:version";
    fastboot->state = STATE_QUIET;
    hear (fastboot, QUIET_MS);
    return &fastboot->engine;
}

void
mfu_fastboot_begin_getvar (MfuEngine *engine, const char *name)
{
    Fastboot *fastboot = (Fastboot *) engine;
    g_autofree char *command = g_strconcat ("getvar:", name, NULL);

    if (!begin (fastboot, "getvar", STATE_VALUE, ANSWER_MS))
        return;
    fastboot->value[0] = '\0';
    if (is_name (name, "-_"))
        say (fastboot, command, SEND_MS);
    else
        fail (fastboot, MFU_ERROR_INVALID_ARGS, _ ("not the name of a variable"));
}

void
mfu_fastboot_begin_download (MfuEngine *engine, guint64 size)
{
    Fastboot *fastboot = (Fastboot *) engine;
    g_autofree char *command = g_strdup_printf ("download:%08" G_GINT64_MODIFIER "x", size);

    if (!begin (fastboot, "download", STATE_OFFER, ANSWER_MS))
        return;
    fastboot->size = size;
    if (size > 0 && size <= G_MAXUINT32)
        say (fastboot, command, SEND_MS);
    else
        fail (fastboot, MFU_ERROR_INVALID_ARGS, _ ("the image is empty, or larger than 4 GiB"));
}

void
mfu_fastboot_begin_flash (MfuEngine *engine, const char *partition, guint64 size)
{
    Fastboot *fastboot = (Fastboot *) engine;
    guint64 timeout_ms = MIN (FLASH_MIN_MS + size / FLASH_BYTES_PER_MS, FLASH_MAX_MS);
    g_autofree char *command = g_strconcat ("flash:", partition, NULL);

    if (!begin (fastboot, "flash", STATE_FINISHED, (guint) timeout_ms))
        return;
    if (is_name (partition, "_"))
        say (fastboot, command, SEND_MS);
    else
        fail (fastboot, MFU_ERROR_INVALID_ARGS, _ ("not the name of a partition"));
}

void
mfu_fastboot_begin_erase_boot (MfuEngine *engine)
{
    Fastboot *fastboot = (Fastboot *) engine;

    if (begin (fastboot, "erase", STATE_FINISHED, FLASH_MIN_MS))
        say (fastboot, "erase:boot", SEND_MS);
}

void
mfu_fastboot_begin_reboot (MfuEngine *engine)
{
    Fastboot *fastboot = (Fastboot *) engine;

    if (!begin (fastboot, "reboot", STATE_FINISHED, ANSWER_MS))
        return;
    fastboot->gone_is_done = TRUE;
    say (fastboot, "reboot", SEND_MS);
}

const char *
mfu_fastboot_get_value (MfuEngine *engine)
{
    return ((Fastboot *) engine)->value;
}

guint64
mfu_fastboot_parse_size (const char *value)
{
    gboolean is_hex;
    guint64 size = 0;

    value += strspn (value, " \t");
    is_hex = g_ascii_strncasecmp (value, "0x", 2) == 0;
    if (!g_ascii_string_to_unsigned (is_hex ? value + 2 : value, is_hex ? 16 : 10, 0, G_MAXUINT32, &size,
                                     NULL))
        return 0;
    return size;
}
