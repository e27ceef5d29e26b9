/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EDL: the boot ROM's side of Sahara, and that of Quectel's SBL in its download mode, which asks for image 7.
 *
 *   < HELLO                       once, unasked
 *   > HELLO_RESP mode 0           < READ_DATA ... > bytes ... < END_IMAGE > DONE < DONE_RESP
 *   > HELLO_RESP mode 3           < CMD_READY, > EXEC < EXEC_RESP > EXEC_DATA < bytes ...,
 *                                 > SWITCH_MODE < HELLO
 *   > RESET                       < RESET_RESP, then it leaves the bus and boots
 *
 * Anything unexpected puts it into its error state: END_IMAGE with a status, and nothing but RESET helps.
 * While it waits for HELLO_RESP, a packet too short to be one makes it say HELLO again (QFirehose relies on
 * that after a lost HELLO). Source: spec section 3. */

#include "sim/internal.h"

#include <string.h>

#define HELLO         1
#define HELLO_RESP    2
#define READ_DATA     3
#define END_IMAGE     4
#define DONE          5
#define DONE_RESP     6
#define RESET         7
#define RESET_RESP    8
#define CMD_READY     0xb
#define CMD_SWITCH    0xc
#define CMD_EXEC      0xd
#define CMD_EXEC_RESP 0xe
#define CMD_EXEC_DATA 0xf
#define READ_DATA_64  0x12

#define MODE_IMAGE   0
#define MODE_COMMAND 3

#define STATUS_INVALID_COMMAND  0x01
#define STATUS_PACKET_SIZE      0x05
#define STATUS_RX_LENGTH        0x0b
#define STATUS_ELF_HEADER       0x14
#define STATUS_MODE_SWITCH      0x1c
#define STATUS_EXEC_UNSUPPORTED 0x1f
#define STATUS_EXEC_DATA        0x20
#define STATUS_IMAGE_AUTH       0x25

#define IMAGE_FIREHOSE 0x0d
#define IMAGE_NPRG     0x07
#define BLOCK          0x1000
#define IMAGE_MAX      0x100000
#define PACKET         512
#define ANSWER_US      200
#define LEAVE_US       20000
/* From DONE_RESP to the programmer's first words; made up. */
#define JUMP_US 50000

typedef enum {
    WAIT_HELLO_RESP,
    WAIT_BYTES, /* of READ_DATA */
    WAIT_DONE,
    WAIT_COMMAND,
    WAIT_EXEC_DATA,
    IN_ERROR,
    LEFT,
} State;

struct _SimSahara {
    SimModem *modem;
    State state;
    GByteArray *image;
    gsize wanted, total;   /* bytes of the request; size of the image, 0: not known yet */
    gsize got;             /* of the request */
    gboolean is_inherited; /* the host has lost track of what this session waits for */
    guint32 command;
    gboolean is_sbl;
};

static void
send_words (SimSahara *sahara, const guint32 *words, guint n)
{
    guint8 packet[64] = { 0 };

    for (guint i = 0; i < n; i++)
        sim_put_u32 (packet + 4 * i, words[i]);
    sim_emit (sahara->modem, SIM_EP_EDL, packet, 4 * n, ANSWER_US);
}

static guint32
get_image_id (const SimSahara *sahara)
{
    return sahara->is_sbl ? IMAGE_NPRG : IMAGE_FIREHOSE;
}

static void
enter_error (SimSahara *sahara, guint32 status)
{
    const guint32 words[] = { END_IMAGE, 16, get_image_id (sahara), status };

    sim_note (sahara->modem, "Sahara error %u", status);
    sahara->state = IN_ERROR;
    send_words (sahara, words, G_N_ELEMENTS (words));
}

static void
say_hello (SimSahara *sahara)
{
    guint32 words[12] = { HELLO, 48, 2, 1, 0x1000, MODE_IMAGE };
    SimHit hit = sim_hit (sahara->modem, "sahara-hello", SIM_EP_EDL);
    guint8 garbage[48];

    sahara->state = WAIT_HELLO_RESP;
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_HUGE)
        words[1] = 0xffffffff;
    else if (hit.action == SIM_ACT_ZERO)
        words[1] = 0;
    if (hit.action == SIM_ACT_GARBAGE) {
        memset (garbage, 0xa5, sizeof garbage);
        sim_emit (sahara->modem, SIM_EP_EDL, garbage, sizeof garbage, ANSWER_US);
    } else {
        send_words (sahara, words, hit.action == SIM_ACT_SHORT ? 5 : 12);
    }
}

SimSahara *
sim_sahara_new (SimModem *modem, gboolean says_hello, gboolean is_in_error)
{
    SimSahara *sahara = g_new0 (SimSahara, 1);

    sahara->modem = modem;
    sahara->is_sbl = modem->mode == SIM_MODE_SBL;
    sahara->image = g_byte_array_new ();
    if (says_hello)
        say_hello (sahara);
    if (is_in_error)
        sahara->state = IN_ERROR;
    return sahara;
}

void
sim_sahara_free (SimSahara *sahara)
{
    g_byte_array_unref (sahara->image);
    g_free (sahara);
}

static void
ask_bytes (SimSahara *sahara, gsize n)
{
    guint32 words[] = { READ_DATA, 20, get_image_id (sahara), sahara->image->len, (guint32) n };
    const guint32 wide[] = {
        READ_DATA_64, 32, get_image_id (sahara), 0, sahara->image->len, 0, (guint32) n, 0
    };
    SimHit hit = sim_hit (sahara->modem, "sahara-read", SIM_EP_EDL);

    sahara->state = WAIT_BYTES;
    sahara->wanted = n;
    sahara->got = 0;
    if (hit.action == SIM_ACT_NAK) {
        enter_error (sahara, STATUS_IMAGE_AUTH);
        return;
    }
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_HUGE)
        words[4] = 0xfffffff0;
    else if (hit.action == SIM_ACT_ZERO)
        words[4] = 0;
    else if (hit.action == SIM_ACT_OFFSET)
        words[3] = 0xfffff000;
    else if (hit.action == SIM_ACT_GARBAGE)
        words[0] = 0xdeadbeef;
    else if (hit.action == SIM_ACT_SHORT)
        words[1] = 4;
    if (sahara->modem->quirks & SIM_QUIRK_READ_64)
        send_words (sahara, wide, G_N_ELEMENTS (wide));
    else
        send_words (sahara, words, G_N_ELEMENTS (words));
}

/* What loaders our marks tell. EDL takes ENPRG besides the Firehose programmer, SBL takes NPRG alone. */
typedef enum {
    LOADER_NONE,
    LOADER_PROGRAMMER,
    LOADER_NPRG,
    LOADER_ENPRG,
} Loader;

/* Our own mark, "MFU-SIM-PROGRAMMER=9x07;SIZE=128376\n", also with NPRG or ENPRG: what stands behind '='; to
 * be freed. NULL when there is none. */
static char *
find_mark (const GByteArray *image, Loader *loader)
{
    static const struct {
        const char *text;
        Loader loader;
    } marks[] = {
        { "MFU-SIM-PROGRAMMER=", LOADER_PROGRAMMER },
        { "MFU-SIM-NPRG=", LOADER_NPRG },
        { "MFU-SIM-ENPRG=", LOADER_ENPRG },
    };

    *loader = LOADER_NONE;
    for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
        gsize n = strlen (marks[i].text);
        const guint8 *at = memmem (image->data, image->len, marks[i].text, n);

        if (!at)
            continue;
        *loader = marks[i].loader;
        return g_strndup ((const char *) at + n, image->len - n - (gsize) (at - image->data));
    }
    return NULL;
}

/* The size of the image from its mark or the program headers of a 32-bit ELF. 0: no idea. */
static gsize
find_total (const GByteArray *image)
{
    Loader loader;
    g_autofree char *text = find_mark (image, &loader);
    const char *size = text ? strstr (text, ";SIZE=") : NULL;
    gsize total = 0;
    guint n;

    if (size)
        return g_ascii_strtoull (size + 6, NULL, 10);
    if (text)
        return 0;
    n = image->len >= 0x34 ? image->data[44] : 0;
    for (guint i = 0; i < n && 0x34 + 32 * (i + 1) <= image->len; i++) {
        const guint8 *header = image->data + 0x34 + 32 * i;

        total = MAX (total, (gsize) sim_get_u32 (header + 4) + sim_get_u32 (header + 16));
    }
    return total;
}

/* NONE when it is not for this chip and this mode. */
static Loader
choose_loader (SimSahara *sahara)
{
    Loader loader;
    g_autofree char *text = find_mark (sahara->image, &loader);

    if (!text || !g_str_has_prefix (text, sahara->modem->family->chip) ||
        (loader == LOADER_NPRG) != sahara->is_sbl)
        return LOADER_NONE;
    return loader;
}

static void
end_image (SimSahara *sahara)
{
    const guint32 words[] = { END_IMAGE, 16, get_image_id (sahara), 0 };
    SimHit hit = sim_hit (sahara->modem, "sahara-end", SIM_EP_EDL);

    if (choose_loader (sahara) == LOADER_NONE || hit.action == SIM_ACT_NAK) {
        sim_op (sahara->modem, SIM_OP_OTHER, 0, 0, "sahara refuses the programmer");
        enter_error (sahara, STATUS_IMAGE_AUTH);
        return;
    }
    sahara->state = WAIT_DONE;
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    send_words (sahara, words, hit.action == SIM_ACT_SHORT ? 2 : 4);
}

/* What a boot ROM asks for: ELF header, program headers, the rest of the header page, then blocks. */
static void
ask_next (SimSahara *sahara)
{
    gsize have = sahara->image->len;

    if (have == 0x34 && memcmp (sahara->image->data, "\177ELF", 4) != 0) {
        enter_error (sahara, STATUS_ELF_HEADER);
    } else if (have < 0x34) {
        ask_bytes (sahara, 0x34);
    } else if (have < 0xb4) {
        ask_bytes (sahara, 0x80);
    } else if (have < 0x200) {
        ask_bytes (sahara, 0x200 - 0xb4);
    } else {
        if (sahara->total == 0)
            sahara->total = find_total (sahara->image);
        if (sahara->total > IMAGE_MAX)
            enter_error (sahara, STATUS_ELF_HEADER);
        else if (have >= sahara->total)
            end_image (sahara);
        else
            ask_bytes (sahara, MIN (BLOCK, sahara->total - have));
    }
}

static void
handle_hello_resp (SimSahara *sahara, const guint8 *data, gsize size)
{
    const guint32 ready[] = { CMD_READY, 8 };
    guint32 mode;

    if (size != 48) {
        enter_error (sahara, STATUS_PACKET_SIZE);
        return;
    }
    mode = sim_get_u32 (data + 20);
    if (sim_get_u32 (data + 8) < 1 || sim_get_u32 (data + 8) > 2) {
        enter_error (sahara, 0x02);
    } else if (mode == MODE_IMAGE) {
        g_byte_array_set_size (sahara->image, 0);
        sahara->total = 0;
        ask_next (sahara);
    } else if (mode == MODE_COMMAND && !(sahara->modem->quirks & SIM_QUIRK_NO_COMMAND_MODE)) {
        sahara->state = WAIT_COMMAND;
        send_words (sahara, ready, G_N_ELEMENTS (ready));
    } else {
        enter_error (sahara, STATUS_MODE_SWITCH);
    }
}

static gsize
get_answer (SimSahara *sahara, guint32 command, guint8 out[96])
{
    const SimFamily *family = sahara->modem->family;

    switch (command) {
    case 1:
        sim_put_u32 (out, (guint32) g_ascii_strtoull (sahara->modem->serial, NULL, 16));
        return 4;
    case 2:
        memcpy (out, family->hw_id, 8);
        return 8;
    case 3:
        for (guint i = 0; i < 3; i++)
            memcpy (out + 32 * i, family->pk_hash, 32);
        return 96;
    case 7:
        sim_put_u32 (out, 0);
        return 4;
    default:
        return 0;
    }
}

static void
handle_exec (SimSahara *sahara, guint32 command)
{
    guint8 answer[96];
    gsize n = get_answer (sahara, command, answer);
    guint32 words[] = { CMD_EXEC_RESP, 16, command, (guint32) n };
    SimHit hit = sim_hit (sahara->modem, "sahara-command", SIM_EP_EDL);

    if (n == 0 || hit.action == SIM_ACT_NAK) {
        enter_error (sahara, STATUS_EXEC_UNSUPPORTED);
        return;
    }
    sahara->command = command;
    sahara->state = WAIT_EXEC_DATA;
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_HUGE)
        words[3] = 0xffffffff;
    else if (hit.action == SIM_ACT_ZERO)
        words[3] = 0;
    send_words (sahara, words, G_N_ELEMENTS (words));
}

static void
handle_command (SimSahara *sahara, const guint8 *data, gsize size)
{
    guint32 id = sim_get_u32 (data);
    guint8 answer[96];

    if (size != 12) {
        enter_error (sahara, STATUS_PACKET_SIZE);
    } else if (id == CMD_EXEC) {
        handle_exec (sahara, sim_get_u32 (data + 8));
    } else if (id == CMD_EXEC_DATA && sahara->state == WAIT_EXEC_DATA &&
               sim_get_u32 (data + 8) == sahara->command) {
        gsize n = get_answer (sahara, sahara->command, answer);

        sahara->state = WAIT_COMMAND;
        sim_emit (sahara->modem, SIM_EP_EDL, answer, n, ANSWER_US);
    } else if (id == CMD_EXEC_DATA) {
        enter_error (sahara, STATUS_EXEC_DATA);
    } else if (id == CMD_SWITCH && sim_get_u32 (data + 8) == MODE_IMAGE) {
        say_hello (sahara);
    } else {
        enter_error (sahara, id == CMD_SWITCH ? STATUS_MODE_SWITCH : STATUS_INVALID_COMMAND);
    }
}

static void
handle_done (SimSahara *sahara)
{
    SimModem *modem = sahara->modem;
    const guint32 words[] = { DONE_RESP, 12, modem->quirks & SIM_QUIRK_DONE_COMPLETE ? 1 : 0 };
    SimHit hit = sim_hit (modem, "sahara-done", SIM_EP_EDL);
    Loader loader;

    if (hit.action == SIM_ACT_NAK) {
        enter_error (sahara, STATUS_IMAGE_AUTH);
        return;
    }
    sahara->state = LEFT;
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action != SIM_ACT_SILENT)
        send_words (sahara, words, G_N_ELEMENTS (words));
    loader = choose_loader (sahara);
    sim_op (modem, SIM_OP_OTHER, 0, 0, "sahara %s of %u bytes runs",
            loader == LOADER_PROGRAMMER ? "programmer"
            : loader == LOADER_NPRG     ? "NPRG"
                                        : "ENPRG",
            sahara->image->len)
        ->is_done = TRUE;
    if (loader != LOADER_PROGRAMMER) {
        sim_start_streaming (modem, 0);
        return;
    }
    modem->own_us += JUMP_US;
    modem->firehose = sim_firehose_new (modem, TRUE, FALSE);
}

static void
reset (SimSahara *sahara)
{
    const guint32 words[] = { RESET_RESP, 8 };

    sim_op (sahara->modem, SIM_OP_OTHER, 0, 0, "sahara reset")->is_done = TRUE;
    sahara->state = LEFT;
    send_words (sahara, words, G_N_ELEMENTS (words));
    sim_reset_later (sahara->modem, SIM_RESET_BOOT, LEAVE_US);
}

/* One public tool sends 1024 of them when it has missed HELLO. Source: spec section 3.3. */
static gboolean
is_zeros (const guint8 *data, gsize size)
{
    return size == 1024 && data[0] == 0 && memcmp (data, data + 1, size - 1) == 0;
}

static void
handle_packet (SimSahara *sahara, const guint8 *data, gsize size)
{
    guint32 id;

    if (sahara->is_sbl && sahara->state == WAIT_HELLO_RESP && is_zeros (data, size)) {
        say_hello (sahara);
        return;
    }
    if (size < 8) {
        if (sahara->state == WAIT_HELLO_RESP)
            say_hello (sahara);
        else
            enter_error (sahara, STATUS_PACKET_SIZE);
        return;
    }
    id = sim_get_u32 (data);
    if (id == RESET && size == 8 && sim_get_u32 (data + 4) == 8)
        reset (sahara);
    else if (sahara->state == IN_ERROR)
        enter_error (sahara, STATUS_INVALID_COMMAND);
    else if (sim_get_u32 (data + 4) != size)
        enter_error (sahara, STATUS_PACKET_SIZE);
    else if (sahara->state == WAIT_HELLO_RESP && id == HELLO_RESP)
        handle_hello_resp (sahara, data, size);
    else if (sahara->state == WAIT_COMMAND || sahara->state == WAIT_EXEC_DATA)
        handle_command (sahara, data, size);
    else if (sahara->state == WAIT_DONE && id == DONE && size == 8)
        handle_done (sahara);
    else
        enter_error (sahara, STATUS_INVALID_COMMAND);
}

static void
take_bytes (SimSahara *sahara, const guint8 *data, gsize size)
{
    if (size > sahara->wanted - sahara->got) {
        if (!sahara->is_inherited)
            sim_failure (sahara->modem, "Sahara: more bytes than READ_DATA asked for");
        enter_error (sahara, STATUS_RX_LENGTH);
        return;
    }
    g_byte_array_append (sahara->image, data, (guint) size);
    sahara->got += size;
    if (sahara->got == sahara->wanted) {
        sahara->is_inherited = FALSE; /* a new question, for everybody to hear */
        ask_next (sahara);
    } else if (size % PACKET != 0) {
        enter_error (sahara, STATUS_RX_LENGTH);
    }
}

void
sim_sahara_inherit (SimSahara *sahara)
{
    sahara->is_inherited = sahara->state == WAIT_BYTES;
}

void
sim_sahara_feed (SimSahara *sahara, const guint8 *data, gsize size)
{
    if (sahara->state == LEFT)
        return;
    if (size == 0) {
        if (sahara->modem->quirks & SIM_QUIRK_SAHARA_ZLP)
            return;
        sim_failure (sahara->modem, "Sahara: zero-length packet");
        enter_error (sahara, STATUS_PACKET_SIZE);
        return;
    }
    if (sahara->state == WAIT_BYTES && !(size == 8 && sahara->wanted != 8 && sim_get_u32 (data) == RESET))
        take_bytes (sahara, data, size);
    else
        handle_packet (sahara, data, size);
}
