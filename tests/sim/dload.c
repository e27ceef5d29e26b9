/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DLOAD of the 9x15: HDLC frames, silent until it is asked.
 *
 *   > 06                            < 02          (or 0d: not yet, ask again)
 *   > 07                            < 08 ...      parameters
 *   > 0c                            < 0d n "..."  which stage listens: "PBL ...", "OSBL ..."
 *   > 0f address:BE32 n:BE16 data   < 02          into memory; at most 0x3f9 bytes
 *   > 05 address:BE32               nothing: the loader runs, leaves the bus and comes back (streaming.c)
 *   > 0a                            < 02, and it leaves the bus and boots
 *   > anything wrong                < 03 why:BE16
 *
 * What lies in memory is a loader if its first bytes say so and all of it is there: tests/data/README.md has
 * that line. Anything else hangs where it is entered, and so does a loader whose digest is wrong.
 *
 * Source: spec sections 1.4, 7.2, 7.3. Where memory is, the numbers behind 03 and the texts of 0c are made
 * up; 07, 0a and the form of their answers: openpst/libopenpst, dload packets (public). */

#include "sim/internal.h"

#include <stdio.h>
#include <string.h>

#define MEMORY_BASE   0x2a000000u
#define MEMORY_SIZE   0x40000u
#define WRITE_MAX     0x3f9
#define ANSWER_US     500
#define LEAVE_US      20000
#define LINE_WITHIN   256
#define LOADER_HEADER 256
#define MARK          "MFU-SIM-"
#define RETRIES       2 /* of dload-retry */

#define ACK 0x02
#define NAK 0x03

#define WHY_CRC     1
#define WHY_ADDRESS 2
#define WHY_LENGTH  3
#define WHY_COMMAND 6
#define WHY_LOADER  9

struct _SimDload {
    SimModem *modem;
    SimFrame frame;
    gboolean is_boot_rom, is_dead;
    guint n_retries;
    guint8 *memory;
    guint8 *is_written; /* by byte */
    gboolean is_flipped;
};

SimDload *
sim_dload_new (SimModem *modem, gboolean is_boot_rom)
{
    SimDload *dload = g_new0 (SimDload, 1);

    dload->modem = modem;
    dload->is_boot_rom = is_boot_rom;
    dload->n_retries = modem->quirks & SIM_QUIRK_DLOAD_RETRY ? RETRIES : 0;
    dload->memory = g_malloc0 (MEMORY_SIZE);
    dload->is_written = g_malloc0 (MEMORY_SIZE);
    return dload;
}

void
sim_dload_free (SimDload *dload)
{
    g_free (dload->memory);
    g_free (dload->is_written);
    g_free (dload);
}

static void
send (SimDload *dload, const guint8 *data, gsize size, SimHit hit)
{
    static const guint8 garbage[] = { 0x7e, 0xff, 0x80, 0x7d, 0x5e, 0x01, 0x7e };
    g_autoptr (GByteArray) out = sim_frame_build (data, size, TRUE);
    gint64 delay_us = ANSWER_US + (hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0);

    if (hit.action == SIM_ACT_SILENT)
        return;
    if (hit.action == SIM_ACT_GARBAGE)
        sim_emit (dload->modem, SIM_EP_EDL, garbage, sizeof garbage, delay_us);
    else if (hit.action == SIM_ACT_SHORT)
        sim_emit (dload->modem, SIM_EP_EDL, out->data, out->len / 2, delay_us);
    else
        sim_emit (dload->modem, SIM_EP_EDL, out->data, out->len, delay_us);
    if (hit.action == SIM_ACT_DOUBLE)
        sim_emit (dload->modem, SIM_EP_EDL, out->data, out->len, delay_us);
}

static void
acknowledge (SimDload *dload, SimHit hit)
{
    const guint8 ack[] = { ACK };

    send (dload, ack, sizeof ack, hit);
}

static void
refuse (SimDload *dload, guint16 why)
{
    const guint8 nak[] = { NAK, (guint8) (why >> 8), (guint8) why };
    const SimHit no_hit = { SIM_ACT_NONE, 0 };

    sim_note (dload->modem, "DLOAD refuses: %u", why);
    send (dload, nak, sizeof nak, no_hit);
}

static guint32
get_be32 (const guint8 *at)
{
    return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

static void
do_nop (SimDload *dload, SimHit hit)
{
    const guint8 again[] = { 0x0d };

    if (dload->n_retries > 0) {
        dload->n_retries--;
        send (dload, again, sizeof again, hit);
    } else {
        acknowledge (dload, hit);
    }
}

static void
do_parameters (SimDload *dload, SimHit hit)
{
    /* Protocol 8, understood down to 2; model, size and kind of the flash say nothing. */
    const guint8 answer[] = { 0x08, 8, 2, WRITE_MAX >> 8, WRITE_MAX & 0xff, 0, 0, 0 };

    send (dload, answer, sizeof answer, hit);
}

static void
do_version (SimDload *dload, SimHit hit)
{
    const char *text = dload->is_boot_rom ? "PBL_DloadVER2.0" : "OSBL_DloadVER2.0";
    gsize n = strlen (text);
    guint8 answer[64] = { 0x0d, (guint8) n };

    memcpy (answer + 2, text, n);
    send (dload, answer, 2 + n, hit);
}

static void
do_write (SimDload *dload, const guint8 *data, gsize size, SimHit own)
{
    SimHit hit = sim_hit (dload->modem, "dload-write", SIM_EP_EDL);
    guint32 address, n;

    if (hit.action == SIM_ACT_NONE)
        hit = own;
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (size < 7 || size - 7 != (gsize) (data[5] << 8 | data[6]) || size == 7 || size - 7 > WRITE_MAX ||
        hit.action == SIM_ACT_NAK) {
        refuse (dload, WHY_LENGTH);
        return;
    }
    address = get_be32 (data + 1);
    n = (guint32) size - 7;
    if (address < MEMORY_BASE || address - MEMORY_BASE > MEMORY_SIZE - n) {
        refuse (dload, WHY_ADDRESS);
        return;
    }
    memcpy (dload->memory + (address - MEMORY_BASE), data + 7, n);
    memset (dload->is_written + (address - MEMORY_BASE), 1, n);
    if (hit.action == SIM_ACT_FLIP) {
        dload->memory[address - MEMORY_BASE + n / 2] ^= 0x10;
        dload->is_flipped = TRUE;
    }
    /* Refused at its first bytes, as a boot ROM without memory would refuse it. */
    if (dload->is_boot_rom && dload->modem->quirks & SIM_QUIRK_PBL_ENPRG &&
        memmem (data + 7, MIN (n, LINE_WITHIN), MARK "NPRG", strlen (MARK "NPRG"))) {
        refuse (dload, WHY_LOADER);
        return;
    }
    acknowledge (dload, hit);
}

typedef struct {
    char kind[8], chip[8], sha256[65];
    guint size, address, entry;
} Loader;

static gboolean
parse_line (const guint8 *mark, gsize room, Loader *loader)
{
    g_autofree char *line =
        g_strndup ((const char *) mark + strlen (MARK), MIN (room - strlen (MARK), LINE_WITHIN));

    return sscanf (line, "%7[A-Z]=%7[0-9x];SIZE=%u;ADDRESS=%x;GO=%x;SHA256=%64[0-9a-f]", loader->kind,
                   loader->chip, &loader->size, &loader->address, &loader->entry, loader->sha256) == 6;
}

/* Memory knows nothing of a session: what runs is what lies where it is entered, whoever wrote it, in
 * whatever order. Sets *at to where its line is. */
static const char *
find_loader (const SimDload *dload, guint32 entry, Loader *loader, guint32 *at)
{
    const guint8 *end = dload->memory + MEMORY_SIZE;
    const char *why = "what was written is no loader";

    for (const guint8 *mark = dload->memory;
         (mark = memmem (mark, (gsize) (end - mark), MARK, strlen (MARK))) != NULL; mark++) {
        if (!parse_line (mark, (gsize) (end - mark), loader))
            continue;
        *at = MEMORY_BASE + (guint32) (mark - dload->memory);
        if (loader->entry == entry)
            return NULL;
        why = "that is not where the loader begins";
    }
    return why;
}

/* Why it does not run; NULL if it does. `*is_hosts_fault`: what the host could have known. */
static const char *
check_loader (const SimDload *dload, guint32 entry, Loader *loader, gboolean *is_hosts_fault)
{
    g_autofree char *sha256 = NULL;
    guint32 at = 0, offset;
    const char *why = find_loader (dload, entry, loader, &at);

    *is_hosts_fault = !why || !dload->is_flipped;
    if (why)
        return why;
    if (!g_str_equal (loader->chip, dload->modem->family->chip))
        return "the loader is for another chip";
    if (loader->address > at || at - loader->address >= LINE_WITHIN || loader->address < MEMORY_BASE)
        return "the loader is not where it belongs";
    offset = loader->address - MEMORY_BASE;
    if (loader->size <= LOADER_HEADER || loader->size > MEMORY_SIZE - offset ||
        memchr (dload->is_written + offset, 0, loader->size))
        return "the loader is not complete";
    *is_hosts_fault = !dload->is_flipped;
    sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, dload->memory + offset + LOADER_HEADER,
                                          loader->size - LOADER_HEADER);
    return g_str_equal (sha256, loader->sha256) ? NULL : "the loader has wrong bytes";
}

static void
do_go (SimDload *dload, const guint8 *data, gsize size)
{
    SimModem *modem = dload->modem;
    SimHit hit = sim_hit (modem, "dload-go", SIM_EP_EDL);
    gboolean is_hosts_fault = FALSE;
    Loader loader = { 0 };
    const char *why;
    SimOp *op;

    if (size != 5) {
        refuse (dload, WHY_LENGTH);
        return;
    }
    why = check_loader (dload, get_be32 (data + 1), &loader, &is_hosts_fault);
    op = sim_op (modem, SIM_OP_OTHER, 0, 0, "dload go %08x %s", get_be32 (data + 1), loader.kind);
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_NAK) {
        refuse (dload, WHY_COMMAND);
        return;
    }
    if (!why && hit.action == SIM_ACT_SILENT)
        why = "fault on order";
    if (why) {
        if (is_hosts_fault && hit.action != SIM_ACT_SILENT)
            sim_failure (modem, "DLOAD: go, but %s", why);
        sim_note (modem, "hangs: %s", why);
        dload->is_dead = TRUE;
        return;
    }
    op->is_done = TRUE;
    sim_start_streaming (modem, hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0);
}

static void
take_frame (SimDload *dload, const guint8 *data, gsize size)
{
    SimHit hit = sim_hit (dload->modem, "dload", SIM_EP_EDL);
    gboolean is_alone = size == 1;

    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_NAK) {
        refuse (dload, WHY_COMMAND);
    } else if (data[0] == 0x06 && is_alone) {
        do_nop (dload, hit);
    } else if (data[0] == 0x07 && is_alone) {
        do_parameters (dload, hit);
    } else if (data[0] == 0x0c && is_alone) {
        do_version (dload, hit);
    } else if (data[0] == 0x0f) {
        do_write (dload, data, size, hit);
    } else if (data[0] == 0x05) {
        do_go (dload, data, size);
    } else if (data[0] == 0x0a && is_alone) {
        sim_op (dload->modem, SIM_OP_OTHER, 0, 0, "dload reset")->is_done = TRUE;
        acknowledge (dload, hit);
        sim_reset_later (dload->modem, SIM_RESET_BOOT, LEAVE_US);
    } else {
        /* Not a failure: a host that does not know yet to whom it talks asks in several languages. */
        refuse (dload, is_alone ? WHY_COMMAND : WHY_LENGTH);
    }
}

void
sim_dload_feed (SimDload *dload, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size && !dload->is_dead; i++) {
        switch (sim_frame_put (&dload->frame, data[i])) {
        case SIM_FRAME_DONE:
            take_frame (dload, dload->frame.data, dload->frame.n);
            break;
        case SIM_FRAME_BAD_CRC:
            refuse (dload, WHY_CRC);
            break;
        case SIM_FRAME_TOO_LONG:
            refuse (dload, WHY_LENGTH);
            break;
        case SIM_FRAME_MORE:
        default:
            break;
        }
        if (dload->modem->streaming)
            return; /* it is no longer DLOAD that listens */
    }
}
