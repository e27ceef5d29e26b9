/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Sahara, the boot ROM's protocol. All fields are u32 little-endian behind a header of command and total
 * length.
 *
 *     <  HELLO          version, min, max packet, mode      once, unasked
 *     >  HELLO_RESP     mode 3                              identify first
 *     <  CMD_READY
 *     >  EXEC n         <  EXEC_RESP n, length
 *     >  EXEC_DATA n    <  that many bare bytes             for serial, hardware id, key hash
 *     >  SWITCH_MODE 0  <  HELLO
 *     >  HELLO_RESP     mode 0
 *     <  READ_DATA      image, offset, length   >  exactly that many bytes      again and again
 *     <  END_IMAGE      image, status
 *     >  DONE
 *     <  DONE_RESP      and the programmer runs
 *
 * A session that somebody else has begun is ended by RESET; what the ROM may be waiting for instead (a
 * HELLO_RESP, or the rest of a block of data) decides what else has to be tried: the table of nudges.
 *
 * Source: linux-mobile-broadband/libqmi src/qmi-firmware-update/qfu-sahara-message.h (packets, status codes),
 * nippynetworks/qfirehose sahara.c (order, pending DONE), bkerler/edl (command mode), linux-msm/qdl
 * src/sahara.c (64-bit reads), linux-msm/qdl issue 320 (no zero-length packets). */

#include "protocol/sahara.h"

#include "protocol/engine-private.h"
#include "util/cursor.h"

#include <inttypes.h>
#include <string.h>

/* Source: nippynetworks/qfirehose: receive 5 s, send 3 s. */
#define HELLO_MS 5000
#define READ_MS  5000
#define SEND_MS  3000
#define EXEC_MS  3000

/* A ROM that has what it asked for goes on within milliseconds. */
#define AGAIN_MS 500

/* Source: nippynetworks/qfirehose sends images in pieces of 4096 bytes. */
#define IMAGE_CHUNK 4096

#define RECEIVE_SIZE   4096
#define HEADER_SIZE    8
#define HELLO_SIZE     0x30
#define MAX_EXEC_DATA  4096
#define MAX_PACKETS    16384
#define MAX_REPETITION 8 /* how often the whole programmer may be read, in bytes */
#define MAX_RESETS     3
#define MAX_HELLOS     16
#define MAX_LOST       32 /* packets of a foreign session */
#define BUDGET         (MAX_PACKETS * 64)

#define ZEROS_SIZE 1024
#define HASH_SIZE  32

typedef enum {
    CMD_HELLO = 0x01,
    CMD_HELLO_RESP = 0x02,
    CMD_READ_DATA = 0x03,
    CMD_END_IMAGE = 0x04,
    CMD_DONE = 0x05,
    CMD_DONE_RESP = 0x06,
    CMD_RESET = 0x07,
    CMD_RESET_RESP = 0x08,
    CMD_MEMORY_DEBUG = 0x09,
    CMD_CMD_READY = 0x0b,
    CMD_SWITCH_MODE = 0x0c,
    CMD_EXEC = 0x0d,
    CMD_EXEC_RESP = 0x0e,
    CMD_EXEC_DATA = 0x0f,
    CMD_MEMORY_DEBUG_64 = 0x10,
    CMD_READ_DATA_64 = 0x12,
    N_CMDS = 0x13,
} Command;

typedef enum {
    MODE_IMAGE = 0,
    MODE_COMMAND = 3,
} Mode;

typedef enum {
    EXEC_SERIAL = 1,
    EXEC_HWID = 2,
    EXEC_PK_HASH = 3,
} Exec;

typedef enum {
    STATE_HELLO,     /* a HELLO; or what a foreign session says instead */
    STATE_CMD_READY, /* the ROM enters command mode, or refuses */
    STATE_EXEC,      /* the length of an answer */
    STATE_EXEC_DATA, /* an answer: bare bytes, no packets */
    STATE_LOAD,      /* the ROM reads the programmer */
    STATE_DONE,      /* DONE_RESP */
    N_STATES,
} State;

typedef struct {
    MfuEngine engine;
    MfuSaharaConfig config;
    MfuSaharaIdentity identity;
    MfuSaharaCheck check;
    gpointer check_data;
    gboolean is_checked;
    gboolean has_tried_identity;
    State state;
    GByteArray *in; /* received, not yet understood; at most RECEIVE_SIZE more than one packet */
    guint exec;     /* index in execs */
    gsize exec_size;
    guint nudge;
    gboolean is_restarting; /* RESET_RESP came */
    guint n_resets, n_hellos, n_lost, n_packets;
    guint32 hello_min_version;
    guint64 n_served;
    guint64 offset, length;  /* of the last part that was served */
    gboolean is_asked_again; /* for the very same */
    GBytes *leftover;
} Sahara;

static const struct {
    const char *name;
    guint32 size;
} commands[N_CMDS] = {
    [CMD_HELLO] = { "HELLO", HELLO_SIZE },
    [CMD_HELLO_RESP] = { "HELLO_RESP", HELLO_SIZE },
    [CMD_READ_DATA] = { "READ_DATA", 0x14 },
    [CMD_END_IMAGE] = { "END_IMAGE", 0x10 },
    [CMD_DONE] = { "DONE", HEADER_SIZE },
    [CMD_DONE_RESP] = { "DONE_RESP", 0x0c },
    [CMD_RESET] = { "RESET", HEADER_SIZE },
    [CMD_RESET_RESP] = { "RESET_RESP", HEADER_SIZE },
    [CMD_MEMORY_DEBUG] = { "MEMORY_DEBUG", 0x10 },
    [CMD_CMD_READY] = { "CMD_READY", HEADER_SIZE },
    [CMD_SWITCH_MODE] = { "SWITCH_MODE", 0x0c },
    [CMD_EXEC] = { "EXEC", 0x0c },
    [CMD_EXEC_RESP] = { "EXEC_RESP", 0x10 },
    [CMD_EXEC_DATA] = { "EXEC_DATA", 0x0c },
    [CMD_MEMORY_DEBUG_64] = { "MEMORY_DEBUG_64", 0x18 },
    [CMD_READ_DATA_64] = { "READ_DATA_64", 0x20 },
};

/* Source: linux-mobile-broadband/libqmi qfu-sahara-message.h. */
static const char *const status_names[] = {
    "success",
    "invalid command",
    "protocol mismatch",
    "invalid target protocol",
    "invalid host protocol",
    "invalid packet size",
    "unexpected image id",
    "invalid header size",
    "invalid data size",
    "invalid image type",
    "invalid transmit length",
    "invalid receive length",
    "transmit or receive error",
    "read data error",
    "unsupported number of program headers",
    "invalid program header size",
    "multiple shared segments",
    "uninitialized program header location",
    "invalid destination address",
    "invalid image header size",
    "invalid ELF header",
    "unknown error",
    "receive timeout",
    "transmit timeout",
    "invalid mode",
    "invalid memory read",
    "invalid data size request",
    "memory debug not supported",
    "invalid mode switch",
    "command failed",
    "invalid command parameter",
    "unsupported command",
    "invalid command data",
    "hash table authentication failed",
    "hash verification failed",
    "hash table not found",
    "target initialization failed",
    "image authentication failed",
    "invalid image hash table size",
};

const char *
mfu_sahara_status_to_string (guint32 status)
{
    return status < G_N_ELEMENTS (status_names) ? status_names[status] : "unknown status";
}

/* Image ids whose DONE is answered with "pending" although the loader runs.
 * Source: nippynetworks/qfirehose sahara.c; fwupd/fwupd qc-firehose quirks. */
static gboolean
may_be_pending (guint image_id)
{
    return image_id == 7 || image_id == 13 || image_id == 21;
}

/* What wakes a ROM whose HELLO is gone, in this order, each followed by some listening. RESET ends any
 * session that waits for a packet. One that waits for the rest of a data block takes it for data: the zeros
 * fill the block, which ends in an error, and the next RESET is heard. None of these writes anything. Source:
 * nippynetworks/qfirehose (one byte), iamromulan/qfenix (RESET), pawelkn/qflash (1024 zeros, 3 s). */
typedef enum {
    NUDGE_BYTE,
    NUDGE_RESET,
    NUDGE_ZEROS,
} Nudge;

static const struct {
    Nudge nudge;
    guint listen_ms;
} nudges[] = {
    { NUDGE_BYTE, 1000 }, { NUDGE_RESET, 1000 }, { NUDGE_ZEROS, 300 },  { NUDGE_ZEROS, 300 },
    { NUDGE_ZEROS, 300 }, { NUDGE_ZEROS, 3000 }, { NUDGE_RESET, 3000 },
};
#define FIRST_RESET_NUDGE 1

static void
send_packet (Sahara *sahara, Command command, const guint32 *fields, gsize n_fields)
{
    GByteArray *packet = g_byte_array_new ();

    mfu_put_u32le (packet, command);
    mfu_put_u32le (packet, (guint32) (HEADER_SIZE + 4 * n_fields));
    for (gsize i = 0; i < n_fields; i++)
        mfu_put_u32le (packet, fields[i]);
    mfu_engine_ask_send (&sahara->engine, g_byte_array_free_to_bytes (packet), FALSE, SEND_MS);
}

/* The reserved fields are as in the tools that are known to work: 1 to 6 with an image, zeros in command
 * mode. Source: nippynetworks/qfirehose sahara.c, bkerler/edl. */
static void
send_hello_resp (Sahara *sahara, Mode mode)
{
    guint32 fields[10] = { sahara->identity.version, sahara->hello_min_version, 0, mode };

    for (guint32 i = 1; mode == MODE_IMAGE && i <= 6; i++)
        fields[3 + i] = i;
    sahara->state = mode == MODE_COMMAND ? STATE_CMD_READY : STATE_LOAD;
    send_packet (sahara, CMD_HELLO_RESP, fields, G_N_ELEMENTS (fields));
}

/* FALSE: the caller does not want this chip; the engine has failed. */
static gboolean
check_identity (Sahara *sahara)
{
    GError *error = NULL;

    if (sahara->is_checked || sahara->check == NULL || !sahara->config.wants_identity)
        return TRUE;
    sahara->is_checked = TRUE;
    if (sahara->check (&sahara->identity, sahara->check_data, &error))
        return TRUE;
    mfu_engine_fail_with (&sahara->engine, error);
    return FALSE;
}

static void
begin_load (Sahara *sahara)
{
    if (check_identity (sahara))
        send_hello_resp (sahara, MODE_IMAGE);
}

static const struct {
    Exec exec;
    gsize min_size;
} execs[] = {
    { EXEC_SERIAL, 4 },
    { EXEC_HWID, 8 },
    { EXEC_PK_HASH, HASH_SIZE },
};

/* Asks for the next part of the identity, or leaves command mode after the last. */
static void
next_exec (Sahara *sahara)
{
    guint32 id;

    if (sahara->exec == G_N_ELEMENTS (execs)) {
        id = MODE_IMAGE;
        sahara->state = STATE_HELLO;
        send_packet (sahara, CMD_SWITCH_MODE, &id, 1);
        return;
    }
    id = execs[sahara->exec].exec;
    sahara->state = STATE_EXEC;
    send_packet (sahara, CMD_EXEC, &id, 1);
}

static void
take_exec_data (Sahara *sahara)
{
    MfuCursor cursor = MFU_CURSOR_INIT (sahara->in->data, sahara->exec_size);
    MfuSaharaIdentity *identity = &sahara->identity;

    if (sahara->exec_size >= execs[sahara->exec].min_size) {
        switch (execs[sahara->exec].exec) {
        case EXEC_SERIAL:
            identity->serial = mfu_cursor_u32le (&cursor);
            identity->has_serial = TRUE;
            break;
        case EXEC_HWID:
            identity->hwid = mfu_cursor_u64le (&cursor);
            identity->has_hwid = TRUE;
            break;
        case EXEC_PK_HASH:
            memcpy (identity->pk_hash, mfu_cursor_bytes (&cursor, HASH_SIZE), HASH_SIZE);
            identity->has_pk_hash = TRUE;
            break;
        }
    }
    g_byte_array_remove_range (sahara->in, 0, (guint) sahara->exec_size);
    sahara->exec++;
    next_exec (sahara);
}

static void
send_nudge (Sahara *sahara, Nudge nudge)
{
    if (nudge == NUDGE_RESET) {
        sahara->n_resets++;
        send_packet (sahara, CMD_RESET, NULL, 0);
    } else {
        gsize size = nudge == NUDGE_BYTE ? 1 : ZEROS_SIZE;

        mfu_engine_ask_send (&sahara->engine, g_bytes_new_take (g_malloc0 (size), size), FALSE, SEND_MS);
    }
}

static void
next_nudge (Sahara *sahara)
{
    /* Half a packet and then silence: it is lost, and must not be glued to what comes next. */
    g_byte_array_set_size (sahara->in, 0);
    sahara->is_restarting = FALSE;
    if (sahara->nudge >= G_N_ELEMENTS (nudges)) {
        if (sahara->n_lost > 0)
            mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL,
                             _ ("an old session cannot be ended; the modem needs a power cycle"));
        else
            mfu_engine_fail (&sahara->engine, MFU_ERROR_TIMED_OUT, _ ("the modem's boot ROM is silent"));
        return;
    }
    send_nudge (sahara, nudges[sahara->nudge++].nudge);
}

static void
fail_unexpected (Sahara *sahara, guint32 command)
{
    static const char *const waits[N_STATES] = {
        [STATE_HELLO] = "HELLO",         [STATE_CMD_READY] = "CMD_READY", [STATE_EXEC] = "EXEC_RESP",
        [STATE_EXEC_DATA] = "EXEC_DATA", [STATE_LOAD] = "READ_DATA",      [STATE_DONE] = "DONE_RESP",
    };

    mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("%s (%02x) came instead of %s"),
                     commands[command].name, command, waits[sahara->state]);
}

static void
fail_status (Sahara *sahara, guint32 status)
{
    mfu_engine_fail (&sahara->engine, MFU_ERROR_REJECTED,
                     _ ("the boot ROM refused the programmer: %02x (%s)"), status,
                     mfu_sahara_status_to_string (status));
}

static void
take_hello (Sahara *sahara, MfuCursor *body)
{
    sahara->identity.version = mfu_cursor_u32le (body);
    sahara->hello_min_version = mfu_cursor_u32le (body);
    if (++sahara->n_hellos > MAX_HELLOS) {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("the boot ROM begins again and again"));
        return;
    }
    if (sahara->config.goal == MFU_SAHARA_RESET)
        return; /* it was in the queue, or the ROM has begun anew without leaving: RESET_RESP or a nudge
                   follows */
    sahara->nudge = 0;
    sahara->is_restarting = FALSE;
    if (sahara->config.wants_identity && !sahara->has_tried_identity) {
        sahara->has_tried_identity = TRUE;
        send_hello_resp (sahara, MODE_COMMAND);
    } else {
        begin_load (sahara);
    }
}

/* A session that is not ours speaks: end it. */
static void
take_lost (Sahara *sahara, MfuCursor *body)
{
    if (++sahara->n_lost > MAX_LOST) {
        sahara->nudge = G_N_ELEMENTS (nudges);
        next_nudge (sahara);
    } else if (sahara->n_resets < MAX_RESETS) {
        sahara->nudge = MAX (sahara->nudge, FIRST_RESET_NUDGE + 1);
        send_nudge (sahara, NUDGE_RESET);
    }
}

/* The ROM resets: most leave the port, some say HELLO again at once. */
static void
take_reset_resp (Sahara *sahara, MfuCursor *body)
{
    if (sahara->config.goal == MFU_SAHARA_RESET)
        mfu_engine_done (&sahara->engine);
    else
        sahara->is_restarting = TRUE;
}

static void
take_cmd_ready (Sahara *sahara, MfuCursor *body)
{
    next_exec (sahara);
}

/* No command mode: some ROMs say so by an error, and take an image all the same. */
static void
take_command_mode_refused (Sahara *sahara, MfuCursor *body)
{
    begin_load (sahara);
}

static void
take_exec_resp (Sahara *sahara, MfuCursor *body)
{
    guint32 id = mfu_cursor_u32le (body);
    guint32 size = mfu_cursor_u32le (body);

    if (id != execs[sahara->exec].exec || size > MAX_EXEC_DATA) {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("command %u is answered as %u, %u bytes"),
                         execs[sahara->exec].exec, id, size);
        return;
    }
    if (size == 0) {
        sahara->exec++;
        next_exec (sahara);
        return;
    }
    sahara->exec_size = size;
    sahara->state = STATE_EXEC_DATA;
    send_packet (sahara, CMD_EXEC_DATA, &id, 1);
}

static void
take_exec_refused (Sahara *sahara, MfuCursor *body)
{
    sahara->exec++;
    next_exec (sahara);
}

static void
serve (Sahara *sahara, guint64 image_id, guint64 offset, guint64 length)
{
    guint64 size = sahara->config.image_size;

    if (image_id != sahara->config.expected_image_id) {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL,
                         _ ("the boot ROM asks for image %" PRIu64 ", not for %u"), image_id,
                         sahara->config.expected_image_id);
    } else if (length == 0 || offset > size || length > size - offset) {
        mfu_engine_fail (
            &sahara->engine, MFU_ERROR_PROTOCOL,
            _ ("the boot ROM reads %" PRIu64 " bytes at %" PRIu64 " of a programmer of %" PRIu64), length,
            offset, size);
    } else if (sahara->n_served / MAX_REPETITION >= size) {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL,
                         _ ("the boot ROM reads the programmer again and again"));
    } else if (offset == sahara->offset && length == sahara->length && !sahara->is_asked_again) {
        /* An answer that came twice, or a question that is put again: only silence tells. */
        sahara->is_asked_again = TRUE;
    } else if (check_identity (sahara)) {
        sahara->state = STATE_LOAD;
        sahara->n_served += length;
        sahara->offset = offset;
        sahara->length = length;
        sahara->is_asked_again = FALSE;
        mfu_engine_ask_send_image (&sahara->engine, offset, (gsize) length, IMAGE_CHUNK, FALSE, SEND_MS);
    }
}

static void
take_read_data (Sahara *sahara, MfuCursor *body)
{
    guint32 image_id = mfu_cursor_u32le (body);
    guint32 offset = mfu_cursor_u32le (body);

    serve (sahara, image_id, offset, mfu_cursor_u32le (body));
}

static void
take_read_data_64 (Sahara *sahara, MfuCursor *body)
{
    guint64 image_id = mfu_cursor_u64le (body);
    guint64 offset = mfu_cursor_u64le (body);

    serve (sahara, image_id, offset, mfu_cursor_u64le (body));
}

static void
take_end_image (Sahara *sahara, MfuCursor *body)
{
    guint32 image_id = mfu_cursor_u32le (body);
    guint32 status = mfu_cursor_u32le (body);

    if (status != 0) {
        fail_status (sahara, status);
    } else if (sahara->n_served == 0 || image_id != sahara->config.expected_image_id) {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("image %u ends before it was read"),
                         image_id);
    } else {
        sahara->state = STATE_DONE;
        send_packet (sahara, CMD_DONE, NULL, 0);
    }
}

static void
take_done_resp (Sahara *sahara, MfuCursor *body)
{
    guint32 status = mfu_cursor_u32le (body);

    if (status == 1 || (status == 0 && may_be_pending (sahara->config.expected_image_id))) {
        sahara->leftover = g_bytes_new (sahara->in->data, sahara->in->len);
        mfu_engine_done (&sahara->engine);
    } else {
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("the programmer does not start: status %u"),
                         status);
    }
}

static void
take_late_error (Sahara *sahara, MfuCursor *body)
{
    guint32 status;

    mfu_cursor_skip (body, 4);
    status = mfu_cursor_u32le (body);
    /* The good news came twice. */
    if (status != 0)
        fail_status (sahara, status);
}

/* State x packet -> handler; an empty place is PROTOCOL. */
static void (*const handlers[N_STATES][N_CMDS]) (Sahara *sahara, MfuCursor *body) = {
    [STATE_HELLO] = {
        [CMD_HELLO] = take_hello,
        [CMD_READ_DATA] = take_lost,
        [CMD_END_IMAGE] = take_lost,
        [CMD_DONE_RESP] = take_lost,
        [CMD_RESET_RESP] = take_reset_resp,
        [CMD_MEMORY_DEBUG] = take_lost,
        [CMD_CMD_READY] = take_lost,
        [CMD_EXEC_RESP] = take_lost,
        [CMD_MEMORY_DEBUG_64] = take_lost,
        [CMD_READ_DATA_64] = take_lost,
    },
    [STATE_CMD_READY] = {
        [CMD_HELLO] = take_hello,
        [CMD_READ_DATA] = take_read_data,
        [CMD_END_IMAGE] = take_command_mode_refused,
        [CMD_CMD_READY] = take_cmd_ready,
        [CMD_READ_DATA_64] = take_read_data_64,
    },
    [STATE_EXEC] = {
        [CMD_END_IMAGE] = take_exec_refused,
        [CMD_EXEC_RESP] = take_exec_resp,
    },
    [STATE_LOAD] = {
        [CMD_HELLO] = take_hello,
        [CMD_READ_DATA] = take_read_data,
        [CMD_END_IMAGE] = take_end_image,
        [CMD_READ_DATA_64] = take_read_data_64,
    },
    [STATE_DONE] = {
        [CMD_END_IMAGE] = take_late_error,
        [CMD_DONE_RESP] = take_done_resp,
    },
};

/* Takes one packet out of `in`. FALSE: there is none yet. A header that cannot be true ends the session,
 * except where we listen to somebody else's: there it is noise. */
static gboolean
take_packet (Sahara *sahara)
{
    MfuCursor header = MFU_CURSOR_INIT (sahara->in->data, sahara->in->len);
    guint8 packet[HELLO_SIZE];
    MfuCursor body = { .data = packet, .position = HEADER_SIZE };
    g_autofree char *quoted = NULL;
    guint32 command = mfu_cursor_u32le (&header);
    guint32 size = mfu_cursor_u32le (&header);

    if (header.failed)
        return FALSE;
    if (command >= N_CMDS || commands[command].name == NULL || commands[command].size != size) {
        quoted = mfu_engine_quote (sahara->in->data, sahara->in->len);
        g_byte_array_set_size (sahara->in, 0);
        if (sahara->state == STATE_HELLO && sahara->nudge > 0 && (command & 0xff) == '<')
            mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL,
                             _ ("a programmer answers instead of the boot ROM: %s"), quoted);
        else if (sahara->state == STATE_HELLO && sahara->nudge > 0)
            take_lost (sahara, &body);
        else
            mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("not a Sahara packet: %s"), quoted);
        return TRUE;
    }
    if (sahara->in->len < size)
        return FALSE;
    memcpy (packet, sahara->in->data, size);
    body.size = size;
    g_byte_array_remove_range (sahara->in, 0, size);
    if (++sahara->n_packets > MAX_PACKETS)
        mfu_engine_fail (&sahara->engine, MFU_ERROR_PROTOCOL, _ ("the boot ROM does not come to an end"));
    else if (handlers[sahara->state][command] != NULL)
        handlers[sahara->state][command](sahara, &body);
    else
        fail_unexpected (sahara, command);
    return TRUE;
}

/* What each state allows the ROM to take, for its packet or its bare bytes. */
static guint
patience_ms (const Sahara *sahara)
{
    switch (sahara->state) {
    case STATE_HELLO:
        return sahara->nudge == 0 || sahara->is_restarting ? HELLO_MS : nudges[sahara->nudge - 1].listen_ms;
    case STATE_CMD_READY:
    case STATE_EXEC:
    case STATE_EXEC_DATA:
        return EXEC_MS;
    case STATE_LOAD:
        return sahara->is_asked_again ? AGAIN_MS : READ_MS;
    case STATE_DONE:
    case N_STATES:
        break;
    }
    return READ_MS;
}

/* Works through what has been received; asks for more where nothing else is asked for. */
static void
proceed (Sahara *sahara, gboolean has_new_deadline)
{
    guint n_packets = sahara->n_packets;

    while (sahara->engine.is_answered) {
        if (sahara->state == STATE_EXEC_DATA) {
            if (sahara->in->len < sahara->exec_size)
                break;
            take_exec_data (sahara);
        } else if (!take_packet (sahara)) {
            break;
        }
    }
    if (!sahara->engine.is_answered)
        return;
    if (has_new_deadline || sahara->n_packets != n_packets)
        mfu_engine_ask_receive (&sahara->engine, RECEIVE_SIZE, patience_ms (sahara));
    else
        mfu_engine_ask_receive_more (&sahara->engine, RECEIVE_SIZE, patience_ms (sahara));
}

static void
sahara_sent (MfuEngine *engine)
{
    proceed ((Sahara *) engine, TRUE);
}

static void
sahara_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    Sahara *sahara = (Sahara *) engine;

    if (size > 0)
        g_byte_array_append (sahara->in, data, (guint) size);
    proceed (sahara, FALSE);
}

static void
sahara_timed_out (MfuEngine *engine)
{
    Sahara *sahara = (Sahara *) engine;
    gboolean was_sending = engine->request.kind != MFU_REQUEST_RECEIVE;

    if (sahara->state == STATE_HELLO) {
        next_nudge (sahara);
    } else if (sahara->state == STATE_CMD_READY && !was_sending) {
        g_byte_array_set_size (sahara->in, 0);
        begin_load (sahara);
    } else if (sahara->state == STATE_EXEC && !was_sending) {
        sahara->exec = G_N_ELEMENTS (execs);
        g_byte_array_set_size (sahara->in, 0);
        next_exec (sahara);
    } else if (sahara->state == STATE_LOAD && sahara->is_asked_again && !was_sending) {
        serve (sahara, sahara->config.expected_image_id, sahara->offset, sahara->length);
    } else if (was_sending) {
        mfu_engine_fail (engine, MFU_ERROR_TIMED_OUT, _ ("the boot ROM does not take what it asked for"));
    } else {
        mfu_engine_fail (engine, MFU_ERROR_TIMED_OUT, _ ("the boot ROM fell silent"));
    }
}

static void
sahara_gone (MfuEngine *engine)
{
    Sahara *sahara = (Sahara *) engine;

    if (sahara->config.goal == MFU_SAHARA_RESET)
        mfu_engine_done (engine);
    else if (sahara->n_resets > 0 && sahara->state == STATE_HELLO)
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem ended an old session and starts again"));
    else
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port"));
}

static void
sahara_free (MfuEngine *engine)
{
    Sahara *sahara = (Sahara *) engine;

    g_byte_array_unref (sahara->in);
    g_clear_pointer (&sahara->leftover, g_bytes_unref);
    g_free (sahara);
}

static const MfuEngineClass sahara_class = {
    .name = "sahara",
    .sent = sahara_sent,
    .received = sahara_received,
    .timed_out = sahara_timed_out,
    .gone = sahara_gone,
    .free = sahara_free,
};

MfuEngine *
mfu_sahara_new (const MfuSaharaConfig *config)
{
    Sahara *sahara = g_new0 (Sahara, 1);

    mfu_engine_begin (&sahara->engine, &sahara_class, BUDGET);
    sahara->config = *config;
    sahara->config.leftover = NULL;
    sahara->in = g_byte_array_new ();
    /* Until a HELLO says otherwise. Source: linux-msm/qdl answers with version 2, compatible to 1. */
    sahara->identity.version = 2;
    sahara->hello_min_version = 1;
    if (config->leftover != NULL && config->goal == MFU_SAHARA_LOAD && !config->is_half_way) {
        gsize size;
        const guint8 *data = g_bytes_get_data (config->leftover, &size);

        g_byte_array_append (sahara->in, data, (guint) size);
    }
    if (config->is_half_way || config->goal == MFU_SAHARA_RESET) {
        sahara->nudge = FIRST_RESET_NUDGE;
        next_nudge (sahara);
    } else {
        proceed (sahara, TRUE);
    }
    return &sahara->engine;
}

const MfuSaharaIdentity *
mfu_sahara_get_identity (MfuEngine *engine)
{
    return &((Sahara *) engine)->identity;
}

void
mfu_sahara_set_check (MfuEngine *engine, MfuSaharaCheck check, gpointer user_data)
{
    Sahara *sahara = (Sahara *) engine;

    sahara->check = check;
    sahara->check_data = user_data;
}

GBytes *
mfu_sahara_get_leftover (MfuEngine *engine)
{
    Sahara *sahara = (Sahara *) engine;

    if (sahara->leftover == NULL)
        sahara->leftover = g_bytes_new_static ("", 0);
    return sahara->leftover;
}
