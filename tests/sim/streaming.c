/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streaming loader (NPRG, ENPRG), "QCOM fast download protocol": HDLC frames.
 *
 *   > 06                         < 0e "..."            so a host learns that it listens
 *   > 01 "QCOM fast download protocol host" 03 03 09
 *                                < 02 ...
 *   > 17 01                      < 18                  security
 *   > 19 override table          < 1a 0                0 good, 1 another is on the chip, 2 what is that
 *   > 60 01, 60 00               < 61 00               the download flag, kept over a reset
 *   > 1b 0e "0:SBL2\0"           < 1c                  erases the partition
 *   > 07 address:LE32 data       < 08 address          1024 bytes at most, from 0 on without a gap
 *   > 15                         < 16                  closes the partition
 *   > 0b                         < 0c                  leaves the bus and boots
 *   > anything wrong             < 0d code:LE32 "why"
 *
 * 0e and a text may come at any time. The order is: greeting, security, table, then partitions; another order
 * is an error. With the flag set the modem comes back in download mode after whatever happens: on the 9x07
 * and 9x40 the greeting sets it, another table on the chip or 60 00 or a reset clears it; on the 9x15 only 60
 * does.
 *
 * Source: spec sections 7.2, 7.3, appendix A, B. What the answers 02 and 0d hold behind their first byte:
 * openpst/libopenpst, streaming packets (public). That a partition is erased when it is opened and that the
 * order is enforced are the worst case; on the 9x15 what clears the flag is not known, and the worst is
 * taken. */

#include "sim/streaming.h"

#include <string.h>

#define ANSWER_US   500
#define LEAVE_US    20000
#define FLOOD_LINES 100

#define OPEN_MULTI 0x0e
#define OPEN_EFS   0x09

SimStreaming *
sim_streaming_new (SimModem *modem)
{
    SimStreaming *st = g_new0 (SimStreaming, 1);

    st->modem = modem;
    st->rest = g_malloc (modem->nand->page_size);
    return st;
}

void
sim_streaming_free (SimStreaming *st)
{
    g_free (st->rest);
    g_free (st);
}

static void
emit (SimStreaming *st, const guint8 *data, gsize size, gint64 delay_us)
{
    g_autoptr (GByteArray) out = sim_frame_build (data, size, TRUE);

    delay_us += ANSWER_US + MAX (st->modem->busy_us - st->modem->now_us, 0);
    sim_emit (st->modem, SIM_EP_EDL, out->data, out->len, delay_us);
}

static void
say (SimStreaming *st, const char *text)
{
    guint8 log[64] = { 0x0e };
    gsize n = MIN (strlen (text), sizeof log - 1);

    memcpy (log + 1, text, n);
    emit (st, log, 1 + n, 0);
}

static void
answer (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    static const guint8 garbage[] = { 0x7e, 0xff, 0x80, 0x7d, 0x5e, 0x01, 0x7e };
    guint64 n = hit.argument ? hit.argument : FLOOD_LINES;

    switch ((guint) hit.action) {
    case SIM_ACT_SILENT:
        return;
    case SIM_ACT_GARBAGE:
        sim_emit (st->modem, SIM_EP_EDL, garbage, sizeof garbage, ANSWER_US);
        return;
    case SIM_ACT_SHORT:
        sim_emit (st->modem, SIM_EP_EDL, data, 1, ANSWER_US); /* no frame at all */
        return;
    case SIM_ACT_FLOOD:
        for (guint64 i = 0; i < n; i++)
            say (st, "still at it\n");
        break;
    case SIM_ACT_DOUBLE:
        emit (st, data, size, 0);
        break;
    default:
        break;
    }
    if (st->modem->quirks & SIM_QUIRK_STREAMING_LOGS)
        say (st, "command done\n");
    emit (st, data, size, hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0);
}

static void
refuse (SimStreaming *st, const char *why)
{
    guint8 error[64] = { 0x0d, 0x07 };
    gsize n = MIN (strlen (why), sizeof error - 5);

    sim_note (st->modem, "streaming refuses: %s", why);
    memcpy (error + 5, why, n);
    emit (st, error, 5 + n, 0);
}

void
sim_streaming_online (SimStreaming *st)
{
    st->is_quiet_now = FALSE;
    if (st->modem->quirks & SIM_QUIRK_STREAMING_LOGS)
        say (st, "loader runs\n");
}

void
sim_streaming_hush (SimStreaming *st)
{
    st->is_quiet_now = TRUE;
}

/* --- commands; each gets the whole frame --- */

static gboolean
is_9x15 (const SimStreaming *st)
{
    return g_str_equal (st->modem->family->chip, "9x15");
}

static void
set_flag (SimStreaming *st, gboolean is_set)
{
    if (st->modem->has_download_flag == is_set)
        return;
    sim_note (st->modem, "download flag %s", is_set ? "set" : "cleared");
    st->modem->has_download_flag = is_set;
}

static void
do_hello (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    static const char theirs[] = "QCOM fast download protocol host";
    static const char ours[] = "QCOM fast download protocol targ";
    guint8 out[64] = { 0x02 };
    gsize n = 1 + strlen (theirs);

    if (size != n + 3 || memcmp (data + 1, theirs, strlen (theirs)) != 0) {
        refuse (st, "Invalid greeting");
        return;
    }
    memcpy (out + 1, ours, strlen (ours));
    out[n] = data[n]; /* version, and the oldest that is understood */
    out[n + 1] = data[n + 1];
    sim_put_u32 (out + n + 2, SIM_ST_DATA_MAX);
    sim_put_u32 (out + n + 6, 0); /* where the flash begins */
    out[n + 10] = 4;
    memcpy (out + n + 11, "NAND", 4);
    out[n + 15] = 1; /* one block in flight, no sectors, nothing else */
    st->has_greeted = TRUE;
    st->is_unlocked = st->has_table = FALSE;
    st->part = NULL;
    if (!is_9x15 (st))
        set_flag (st, TRUE);
    answer (st, out, n + 20, hit);
}

static void
do_security (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    const guint8 out[] = { 0x18 };

    if (size != 2 || data[1] != 1 || !st->has_greeted) {
        refuse (st, st->has_greeted ? "Invalid security mode" : "Not greeted");
        return;
    }
    st->is_unlocked = TRUE;
    answer (st, out, sizeof out, hit);
}

static void
do_table (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    guint8 out[] = { 0x1a, 0 };
    SimHit own = sim_hit (st->modem, "streaming-table", SIM_EP_EDL);

    if (own.action != SIM_ACT_NONE)
        hit = own;
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (size < 3 || data[1] > 1 || !st->is_unlocked) {
        refuse (st, st->is_unlocked ? "Invalid partition table" : "Locked");
        return;
    }
    out[1] = hit.action == SIM_ACT_NAK ? 1 : sim_st_table (st, data[1] == 1, data + 2, size - 2);
    st->has_table = out[1] == 0;
    if (out[1] == 1 && !is_9x15 (st))
        set_flag (st, FALSE);
    answer (st, out, sizeof out, hit);
}

static void
do_flag (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    const guint8 out[] = { 0x61, 0 };

    if (st->modem->quirks & SIM_QUIRK_NO_DOWNLOAD_FLAG) {
        say (st, "Invalid command 60\n");
    } else if (size != 2 || data[1] > 1) {
        refuse (st, "Invalid download flag");
    } else {
        set_flag (st, data[1] == 1);
        answer (st, out, sizeof out, hit);
    }
}

static void
do_open (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    const guint8 out[] = { 0x1c, 0 };
    SimHit own = sim_hit (st->modem, "streaming-open", SIM_EP_EDL);
    const char *why = NULL;

    if (own.action != SIM_ACT_NONE)
        hit = own;
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_NAK)
        why = "refused on order";
    else if (!st->is_unlocked)
        why = "Locked";
    else if (size == 2 && data[1] == OPEN_EFS)
        sim_st_erase_efs (st);
    else if (size < 4 || data[1] != OPEN_MULTI || data[size - 1] != '\0')
        why = "Invalid open";
    else if (!st->has_table)
        why = "No partition table";
    else
        why = sim_st_open (st, (const char *) data + 2);
    if (why)
        refuse (st, why);
    else
        answer (st, out, sizeof out, hit);
}

static void
do_write (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    guint8 out[5] = { 0x08 };
    g_autofree guint8 *copy = NULL;
    SimHit own = sim_hit (st->modem, "streaming-write", SIM_EP_EDL);
    const char *why;

    if (own.action != SIM_ACT_NONE)
        hit = own;
    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_NAK || size < 6 || size - 5 > SIM_ST_DATA_MAX) {
        refuse (st, hit.action == SIM_ACT_NAK ? "refused on order" : "Invalid length");
        return;
    }
    copy = g_memdup2 (data, size);
    if (hit.action == SIM_ACT_FLIP)
        copy[5 + (size - 5) / 2] ^= 0x10;
    why = sim_st_write (st, sim_get_u32 (copy + 1), copy + 5, size - 5);
    memcpy (out + 1, data + 1, 4);
    if (hit.action == SIM_ACT_OFFSET)
        sim_put_u32 (out + 1, 0xfffff000);
    if (why)
        refuse (st, why);
    else
        answer (st, out, sizeof out, hit);
}

static void
do_close (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    const guint8 out[] = { 0x16 };
    SimHit own = sim_hit (st->modem, "streaming-close", SIM_EP_EDL);
    const char *why;

    if (own.action != SIM_ACT_NONE)
        hit = own;
    if (hit.action == SIM_ACT_DEAF)
        return;
    why = hit.action == SIM_ACT_NAK ? "refused on order" : sim_st_close (st);
    if (why)
        refuse (st, why);
    else
        answer (st, out, sizeof out, hit);
}

static void
do_reset (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    const guint8 out[] = { 0x0c };

    sim_op (st->modem, SIM_OP_OTHER, 0, 0, "streaming reset")->is_done = TRUE;
    if (st->part)
        sim_failure (st->modem, "streaming: reset while %s is open", st->part->name);
    if (!is_9x15 (st))
        set_flag (st, FALSE);
    answer (st, out, sizeof out, hit);
    sim_reset_later (st->modem, SIM_RESET_BOOT, LEAVE_US);
}

static void
do_nop (SimStreaming *st, const guint8 *data, gsize size, SimHit hit)
{
    say (st, "Invalid command 06\n");
}

static const struct {
    guint8 command;
    void (*handle) (SimStreaming *st, const guint8 *data, gsize size, SimHit hit);
} commands[] = {
    { 0x01, do_hello }, { 0x17, do_security }, { 0x19, do_table }, { 0x60, do_flag }, { 0x1b, do_open },
    { 0x07, do_write }, { 0x15, do_close },    { 0x0b, do_reset }, { 0x06, do_nop },
};

static void
take_frame (SimStreaming *st, const guint8 *data, gsize size)
{
    SimHit hit = sim_hit (st->modem, "streaming", SIM_EP_EDL);

    if (hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_NAK) {
        refuse (st, "refused on order");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
        if (commands[i].command == data[0]) {
            commands[i].handle (st, data, size, hit);
            return;
        }
    }
    if (data[0] != 0x3a && data[0] != 0x0c && data[0] != 0x00) /* that is how a host asks who is there */
        sim_failure (st->modem, "streaming: unknown command %02x", data[0]);
    refuse (st, "Invalid command");
}

gboolean
sim_streaming_can_take (SimStreaming *st)
{
    SimModem *modem = st->modem;

    if (modem->busy_us <= modem->now_us)
        return TRUE;
    modem->take_us = modem->busy_us;
    return FALSE;
}

void
sim_streaming_feed (SimStreaming *st, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size && !st->is_quiet_now; i++) {
        switch (sim_frame_put (&st->frame, data[i])) {
        case SIM_FRAME_DONE:
            take_frame (st, st->frame.data, st->frame.n);
            break;
        case SIM_FRAME_BAD_CRC:
            refuse (st, "Invalid CRC");
            break;
        case SIM_FRAME_TOO_LONG:
            refuse (st, "Frame too long");
            break;
        case SIM_FRAME_MORE:
        default:
            break;
        }
    }
}
