/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Firehose programmer's work on the chip: erase, program, read. Source: spec sections 4.1 and 4.4. */

#include "sim/fhstate.h"

#include <string.h>

/* Real speed. Source: about 4 MB/s program: QFirehose logs; 590 blocks in 745 ms: RG500Q log; read made up.
 */
#define READ_BYTES_PER_S   15000000
#define ERASE_US_PER_BLOCK 1260

typedef struct {
    guint start, n;
    const SimPart *part; /* where it starts */
} Range;

/* Reads and checks what erase, program and read have in common. */
static gboolean
get_range (SimFirehose *fh, const SimXmlCommand *command, Range *range)
{
    const SimNand *nand = fh->modem->nand;
    guint64 sector = 0, per_block = 0, start = 0, n = 0, physical = 0;

    if (!fh->is_configured) {
        sim_failure (fh->modem, "%s before configure", command->name);
        sim_fh_refuse (fh, command->name, "storage is not initialised");
        return FALSE;
    }
    if (!sim_xml_get_number (command, "SECTOR_SIZE_IN_BYTES", &sector) || sector != nand->page_size) {
        sim_fh_refuse (fh, command->name,
                       "SECTOR_SIZE_IN_BYTES %" G_GUINT64_FORMAT " is not the page size %u", sector,
                       nand->page_size);
        return FALSE;
    }
    if (!sim_xml_get_number (command, "PAGES_PER_BLOCK", &per_block) || per_block != nand->pages_per_block) {
        sim_fh_refuse (fh, command->name,
                       "Attribute 'PAGES_PER_BLOCK'=%" G_GUINT64_FORMAT
                       " must be equal to disk pages per block %u",
                       per_block, nand->pages_per_block);
        return FALSE;
    }
    if (sim_xml_get (command, "physical_partition_number") &&
        (!sim_xml_get_number (command, "physical_partition_number", &physical) || physical != 0)) {
        sim_fh_refuse (fh, command->name, "physical_partition_number");
        return FALSE;
    }
    if (!sim_xml_get_number (command, "start_sector", &start) ||
        !sim_xml_get_number (command, "num_partition_sectors", &n) || n == 0 ||
        start >= sim_nand_get_n_pages (nand)) {
        sim_fh_refuse (fh, command->name, "start_sector or num_partition_sectors");
        return FALSE;
    }
    range->start = (guint) start;
    range->n = (guint) n;
    range->part = sim_layout_find_block (&fh->modem->factory, range->start / nand->pages_per_block);
    return TRUE;
}

/* Looks whether the pages belong to calibration or identity: no host may touch those. */
static void
check_protected (SimFirehose *fh, const char *what, const Range *range)
{
    const SimLayout *layout = &fh->modem->factory;

    for (guint i = 0; i < layout->n_parts; i++) {
        const SimPart *part = &layout->parts[i];
        guint64 start = (guint64) part->start * layout->pages_per_block;
        guint64 end = start + (guint64) part->n_blocks * layout->pages_per_block;

        if (part->flags & SIM_PART_PROTECTED && range->start < end &&
            (guint64) range->start + range->n > start)
            sim_failure (fh->modem, "%s of the protected %s", what, part->name);
    }
}

static void
erase_blocks (SimFirehose *fh, guint first, guint n)
{
    SimModem *modem = fh->modem;

    for (guint block = first; block < first + n && block < modem->nand->n_blocks; block++) {
        if (!modem->nand->is_bad[block])
            sim_nand_erase_block (modem->nand, block);
    }
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, (gint64) n * ERASE_US_PER_BLOCK);
}

void
sim_fh_erase (SimFirehose *fh, const SimXmlCommand *command)
{
    SimModem *modem = fh->modem;
    const SimNand *nand = modem->nand;
    SimFhReply ack = { "ACK", "false", NULL, 0 };
    Range range;
    SimHit hit;
    SimOp *op;
    guint total = sim_nand_get_n_pages (nand);

    if (!get_range (fh, command, &range))
        return;
    op = sim_op (modem, SIM_OP_ERASE, range.start, range.n, "erase %s %u+%u",
                 range.part ? range.part->name : "?", range.start, range.n);
    if (!sim_fh_goes_on (fh, "erase", &hit))
        return;
    if (range.start == 0 && range.n >= total) {
        sim_failure (modem, "the whole chip is erased");
        sim_fh_say (fh, "INFO: Erasing entire FLASH chip");
        range.n = total;
    } else if (range.start % nand->pages_per_block != 0) {
        sim_fh_refuse (fh, "erase", "start_sector unaligned");
        return;
    } else if (range.n % nand->pages_per_block != 0) {
        sim_fh_refuse (fh, "erase", "num_partition_sectors unaligned");
        return;
    } else if (range.n > total - range.start) {
        sim_fh_refuse (fh, "erase", "range is outside of the device");
        return;
    }
    check_protected (fh, "erase", &range);
    erase_blocks (fh, range.start / nand->pages_per_block, range.n / nand->pages_per_block);
    op->is_done = TRUE;
    ack.delay_us = MAX (modem->busy_us - modem->now_us, 0);
    sim_fh_reply (fh, &ack, "erase", hit);
}

static guint
end_of_partition (const SimNand *nand, const Range *range)
{
    if (!range->part)
        return sim_nand_get_n_pages (nand);
    return (range->part->start + range->part->n_blocks) * nand->pages_per_block;
}

/* Program and read begin alike. */
static void
begin_raw (SimFirehose *fh, SimFhState state, const Range *range, const char *kind, SimHit hit)
{
    const SimNand *nand = fh->modem->nand;
    const SimFhReply ack = { "ACK", "true", NULL, 0 };

    fh->page = sim_nand_skip_bad (nand, range->start, 0);
    fh->end = MAX (end_of_partition (nand, range), range->start + range->n);
    fh->left = (gsize) range->n * nand->page_size;
    fh->n_dirty = 0;
    fh->has_spilled = fh->is_short = FALSE;
    g_byte_array_set_size (fh->rest, 0);
    if (state == SIM_FH_READ || hit.action != SIM_ACT_RAWMODE)
        fh->state = state;
    sim_fh_reply (fh, &ack, kind, hit);
}

void
sim_fh_program (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    Range range;
    SimHit hit;

    if (!get_range (fh, command, &range))
        return;
    fh->op = sim_op (fh->modem, SIM_OP_PROGRAM, range.start, range.n, "program %s %u+%u",
                     range.part ? range.part->name : "?", range.start, range.n);
    if (!sim_fh_goes_on (fh, "program", &hit))
        return;
    if (range.n > sim_nand_get_n_pages (nand) - range.start) {
        sim_fh_refuse (fh, "program", "range is outside of the device");
        return;
    }
    check_protected (fh, "program", &range);
    begin_raw (fh, SIM_FH_PROGRAM, &range, "program", hit);
}

void
sim_fh_read (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    Range range;
    SimHit hit;

    if (!get_range (fh, command, &range))
        return;
    fh->op = sim_op (fh->modem, SIM_OP_READ, range.start, range.n, "read %s %u+%u",
                     range.part ? range.part->name : "?", range.start, range.n);
    if (!sim_fh_goes_on (fh, "read", &hit))
        return;
    if (range.n > sim_nand_get_n_pages (nand) - range.start) {
        sim_fh_refuse (fh, "read", "range is outside of the device");
        return;
    }
    begin_raw (fh, SIM_FH_READ, &range, "read", hit);
    if (hit.action == SIM_ACT_SHORT)
        fh->left /= 2;
    else if (hit.action == SIM_ACT_LONG)
        fh->left += nand->page_size;
}

/* --- raw data --- */

static void
next_page (SimFirehose *fh)
{
    fh->page++;
    if (fh->page < sim_nand_get_n_pages (fh->modem->nand) && sim_nand_is_bad_page (fh->modem->nand, fh->page))
        fh->page = sim_nand_skip_bad (fh->modem->nand, fh->page, 0);
}

static void
program_page (SimFirehose *fh, const guint8 *data)
{
    SimModem *modem = fh->modem;

    if (fh->page >= fh->end) {
        if (!fh->has_spilled)
            sim_failure (modem, "bad blocks push the data out of the partition at page %u", fh->page);
        fh->has_spilled = TRUE;
        return;
    }
    if (!sim_nand_program (modem->nand, fh->page, data, modem->nand->page_size) && fh->n_dirty++ == 0 &&
        !fh->is_foreign)
        sim_failure (modem, "page %u is programmed without being erased", fh->page);
    next_page (fh);
}

static void
end_program (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    SimFhReply ack = { "ACK", "false", NULL, 0 };
    SimHit hit = sim_hit (modem, "program-end", SIM_EP_EDL);

    fh->state = SIM_FH_XML;
    if (fh->has_spilled || hit.action == SIM_ACT_NAK) {
        sim_fh_refuse (fh, "program", "write error");
        return;
    }
    if (fh->op)
        fh->op->is_done = TRUE;
    ack.delay_us = MAX (modem->busy_us - modem->now_us, 0);
    sim_fh_say (fh, "INFO: Finished sector address %u", fh->page);
    sim_fh_reply (fh, &ack, "program", hit);
}

/* One whole raw transfer of the host is here. */
static void
take_chunk (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    gsize page_size = modem->nand->page_size;
    SimHit hit = sim_hit (modem, "program-data", SIM_EP_EDL);

    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF) {
        fh->state = SIM_FH_HUNG;
        return;
    }
    if (hit.action == SIM_ACT_NAK) {
        fh->state = SIM_FH_XML;
        g_byte_array_set_size (fh->input, 0);
        sim_fh_refuse (fh, "program", "write error");
        return;
    }
    if (hit.action == SIM_ACT_FLIP)
        fh->input->data[fh->input->len / 2] ^= 0x10;
    else if (hit.action == SIM_ACT_SLOW)
        sim_work (modem, (gint64) hit.argument * 1000);
    fh->left -= fh->input->len;
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, (gint64) fh->input->len * G_USEC_PER_SEC / SIM_FH_PROGRAM_BYTES_PER_S);
    g_byte_array_append (fh->rest, fh->input->data, fh->input->len);
    g_byte_array_set_size (fh->input, 0);
    for (gsize at = 0; at + page_size <= fh->rest->len; at += page_size)
        program_page (fh, fh->rest->data + at);
    g_byte_array_remove_range (fh->rest, 0, fh->rest->len - fh->rest->len % (guint) page_size);
    if (fh->left == 0)
        end_program (fh);
}

static void
hang (SimFirehose *fh, const char *why)
{
    if (!fh->is_inherited)
        sim_failure (fh->modem, "Firehose: %s; the programmer waits for ever", why);
    fh->state = SIM_FH_HUNG;
}

void
sim_fh_feed_raw (SimFirehose *fh, const guint8 *data, gsize size)
{
    gsize wanted = MIN (fh->payload, fh->left);

    if (size == 0) {
        if (fh->owes_zlp) {
            fh->owes_zlp = FALSE;
            take_chunk (fh);
        } else if (fh->may_zlp) {
            fh->may_zlp = FALSE;
        } else if (!fh->is_inherited) {
            sim_failure (fh->modem, "Firehose: zero-length packet that nobody waits for");
        }
        return;
    }
    fh->may_zlp = FALSE;
    if (fh->owes_zlp) {
        hang (fh, "no zero-length packet after a full transfer");
        return;
    }
    if (size > wanted - fh->input->len) {
        hang (fh, "more raw data than the payload or the image has");
        return;
    }
    g_byte_array_append (fh->input, data, (guint) size);
    if (fh->input->len < wanted) {
        if (size % SIM_FH_PACKET != 0 && !fh->is_short && !fh->is_inherited)
            sim_failure (fh->modem, "Firehose: short packet in the middle of raw data");
        fh->is_short = size % SIM_FH_PACKET != 0;
    } else if (fh->is_zlp_aware && wanted % SIM_FH_PACKET == 0) {
        fh->owes_zlp = TRUE;
    } else {
        take_chunk (fh);
    }
}

void
sim_firehose_refill (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    SimNand *nand = modem->nand;
    const SimFhReply ack = { "ACK", "false", NULL, 0 };
    g_autofree guint8 *data = NULL;
    SimHit hit;
    gsize n = 0;
    gint64 delay_us = 0;

    if (fh->state != SIM_FH_READ)
        return;
    if (fh->left == 0) {
        fh->state = SIM_FH_XML;
        hit = sim_hit (modem, "read-end", SIM_EP_EDL);
        if (hit.action == SIM_ACT_NAK) {
            sim_fh_refuse (fh, "read", "read error");
            return;
        }
        if (fh->op)
            fh->op->is_done = TRUE;
        sim_fh_reply (fh, &ack, "read", hit);
        return;
    }
    hit = sim_hit (modem, "read-data", SIM_EP_EDL);
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF) {
        fh->state = SIM_FH_HUNG;
        return;
    }
    data = g_malloc0 (MAX (fh->payload, nand->page_size));
    while (n + nand->page_size <= MAX (fh->payload, nand->page_size) && fh->left > 0) {
        gsize part = MIN (nand->page_size, fh->left);

        if (fh->page < sim_nand_get_n_pages (nand)) {
            sim_nand_read (nand, fh->page, data + n);
            nand->flags[fh->page] |= SIM_PAGE_READ_BACK;
            next_page (fh);
        }
        n += part;
        fh->left -= part;
    }
    if (hit.action == SIM_ACT_FLIP)
        data[n / 2] ^= 1;
    else if (hit.action == SIM_ACT_SHORT)
        n -= 100;
    if (modem->speed == SIM_SPEED_REAL)
        delay_us = MAX (sim_work (modem, (gint64) n * G_USEC_PER_SEC / READ_BYTES_PER_S) - modem->now_us, 0);
    sim_emit (modem, SIM_EP_EDL, data, n, delay_us);
    if (n % SIM_FH_PACKET == 0 && modem->quirks & SIM_QUIRK_IN_ZLP)
        sim_emit (modem, SIM_EP_EDL, NULL, 0, delay_us);
}
