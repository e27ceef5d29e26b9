/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streaming loader's work on the chip: partitions by name, and the table.
 *
 * partition.mbn, all u32 little-endian: AA7D1B9A 1F7D48BC version count, then 28 bytes each: name[16], size,
 * pad, attributes; the last attribute is the unit of size and pad: FE blocks, FF KiB. Size FFFFFFFF: the
 * rest. Source: spec section 5.1; for the names by which the 9x15's loader knows its partitions, 7.3. */

#include "sim/streaming.h"

#include <string.h>

#define ENTRY_SIZE 28
#define HEAD_SIZE  16
#define NAME_SIZE  16
#define REST       0xffffffffu

/* Real speed, as for Firehose. */
#define PROGRAM_BYTES_PER_S 4000000
#define ERASE_US_PER_BLOCK  1260

static void
erase_part (SimStreaming *st, const SimPart *part)
{
    SimModem *modem = st->modem;

    for (guint i = 0; i < part->n_blocks; i++) {
        if (!modem->nand->is_bad[part->start + i])
            sim_nand_erase_block (modem->nand, part->start + i);
        if (modem->speed == SIM_SPEED_REAL)
            sim_work (modem, ERASE_US_PER_BLOCK);
    }
}

/* The name as the table has it; NULL when the loader knows no such name. */
static const char *
translate (const SimStreaming *st, const char *name)
{
    gboolean is_9x15 = g_str_equal (st->modem->family->chip, "9x15");

    if (g_ascii_strncasecmp (name, "0:", 2) != 0 || name[2] == '\0')
        return NULL;
    if (is_9x15)
        return g_str_equal (name, "0:APPSBL") ? "aboot" : name + 2;
    return name + 2;
}

static const SimPart *
find_part (const SimLayout *table, const char *name)
{
    for (guint i = 0; i < table->n_parts; i++) {
        /* One public tool has "0:SBL" built in; all other names come as the table has them. */
        if (g_str_equal (table->parts[i].name, name) ||
            (g_str_equal (name, "SBL") && g_ascii_strcasecmp (table->parts[i].name, name) == 0))
            return &table->parts[i];
    }
    return NULL;
}

static void
check_protected (SimStreaming *st, const SimPart *part)
{
    const SimLayout *factory = &st->modem->factory;

    if (g_ascii_strcasecmp (part->name, "MIBIB") == 0)
        sim_failure (st->modem, "streaming: open of %s", part->name);
    for (guint i = 0; i < factory->n_parts; i++) {
        const SimPart *held = &factory->parts[i];

        if (held->flags & SIM_PART_PROTECTED && part->start < held->start + held->n_blocks &&
            held->start < part->start + part->n_blocks)
            sim_failure (st->modem, "streaming: open of the protected %s", held->name);
    }
}

const char *
sim_st_open (SimStreaming *st, const char *name)
{
    SimModem *modem = st->modem;
    const char *plain = translate (st, name);
    guint per_block = modem->nand->pages_per_block;
    const SimPart *part;
    SimLayout table;
    const char *why;

    if (st->part)
        return "Another partition is open";
    if (!sim_chain_read_table (modem->nand, &modem->factory, &table, &why))
        table = modem->factory;
    part = plain ? find_part (&table, plain) : NULL;
    if (!part)
        return "Unknown partition";
    st->open_part = *part;
    st->part = &st->open_part;
    st->page = part->start * per_block;
    st->end = st->page + part->n_blocks * per_block;
    st->next = 0;
    st->last_size = 0;
    st->n_rest = 0;
    st->misc_only = st->is_misc =
        g_ascii_strcasecmp (part->name, "misc") == 0 && !g_str_equal (modem->family->chip, "9x15");
    st->op = sim_op (modem, SIM_OP_PROGRAM, st->page, 0, "stream %s", part->name);
    if (!st->is_misc) {
        check_protected (st, part);
        erase_part (st, part);
    }
    return NULL;
}

/* FALSE when the partition is full. */
static gboolean
program_page (SimStreaming *st)
{
    SimNand *nand = st->modem->nand;

    while (st->page < st->end && nand->is_bad[st->page / nand->pages_per_block])
        st->page += nand->pages_per_block;
    if (st->page >= st->end)
        return FALSE;
    sim_nand_program (nand, st->page++, st->rest, st->n_rest);
    st->op->pages++;
    st->n_rest = 0;
    if (st->modem->speed == SIM_SPEED_REAL)
        sim_work (st->modem, (gint64) nand->page_size * G_USEC_PER_SEC / PROGRAM_BYTES_PER_S);
    return TRUE;
}

/* misc takes 0xff, which clears lk's flag; the public tools do that. Anything else overwrites it. */
static void
write_misc (SimStreaming *st, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size && st->misc_only; i++)
        st->misc_only = data[i] == 0xff;
    if (st->misc_only)
        return;
    check_protected (st, st->part);
    erase_part (st, st->part);
    st->is_misc = FALSE;
}

const char *
sim_st_write (SimStreaming *st, guint32 address, const guint8 *data, gsize size)
{
    gsize page_size = st->modem->nand->page_size;

    if (!st->part) {
        sim_failure (st->modem, "streaming: write without an open partition");
        return "Nothing is open";
    }
    if (st->last_size > 0 && address == st->last && size == st->last_size)
        return NULL; /* sent again, because the answer was lost */
    if (address != st->next) {
        sim_failure (st->modem, "streaming: write at %u instead of %u", address, st->next);
        return "Invalid address";
    }
    if (st->is_misc)
        write_misc (st, data, size);
    for (gsize done = 0; done < size && !st->is_misc;) {
        gsize n = MIN (size - done, page_size - st->n_rest);

        memcpy (st->rest + st->n_rest, data + done, n);
        st->n_rest += n;
        done += n;
        if (st->n_rest == page_size && !program_page (st))
            return "Partition full";
    }
    st->last = address;
    st->last_size = size;
    st->next = address + (guint32) size;
    return NULL;
}

const char *
sim_st_close (SimStreaming *st)
{
    const char *why = NULL;

    if (!st->part)
        return "Nothing is open";
    if (st->next == 0)
        sim_failure (st->modem, "streaming: %s was opened and closed without data, which erases it",
                     st->part->name);
    if (st->n_rest > 0 && !program_page (st))
        why = "Partition full";
    if (st->is_misc)
        sim_chain_set_forced (st->modem->nand, &st->modem->factory, FALSE);
    st->op->is_done = !why;
    st->part = NULL;
    return why;
}

void
sim_st_erase_efs (SimStreaming *st)
{
    const SimPart *part = sim_layout_find (&st->modem->factory, "EFS2");

    sim_failure (st->modem, "streaming: erase of EFS2");
    if (part)
        erase_part (st, part);
}

/* --- the table --- */

/* Blocks of one entry; 0: makes no sense; REST: all that is left. */
static guint32
get_blocks (const SimLayout *factory, const guint8 *entry)
{
    guint32 size = sim_get_u32 (entry + 16), pad = sim_get_u32 (entry + 20);
    guint32 kib = factory->page_size * factory->pages_per_block / 1024;

    if (size == REST)
        return REST;
    if (size > G_MAXINT32 || pad > G_MAXINT32)
        return 0;
    if (entry[27] == 0xfe)
        return size + pad;
    return entry[27] == 0xff && (size + pad) % kib == 0 ? (size + pad) / kib : 0;
}

static gboolean
parse_table (const SimLayout *factory, const guint8 *data, gsize size, SimLayout *table)
{
    guint32 count = size >= HEAD_SIZE ? sim_get_u32 (data + 12) : 0;
    guint start = 0;

    if (count == 0 || count > SIM_MAX_PARTITIONS || size < HEAD_SIZE + (gsize) count * ENTRY_SIZE ||
        sim_get_u32 (data) != 0xaa7d1b9a || sim_get_u32 (data + 4) != 0x1f7d48bc)
        return FALSE;
    *table = *factory;
    table->n_parts = 0;
    for (guint i = 0; i < count; i++) {
        const guint8 *entry = data + HEAD_SIZE + ENTRY_SIZE * i;
        SimPart *part = &table->parts[table->n_parts++];
        guint32 n = get_blocks (factory, entry);
        const SimPart *known;

        if (entry[0] != '0' || entry[1] != ':' || entry[NAME_SIZE - 1] != '\0' || n == 0 ||
            start >= factory->n_blocks || (n == REST && i + 1 != count))
            return FALSE;
        if (n == REST)
            n = factory->n_blocks - start;
        if (n > factory->n_blocks - start)
            return FALSE;
        g_strlcpy (part->name, (const char *) entry + 2, sizeof part->name);
        known = sim_layout_find (factory, part->name);
        part->flags = known ? known->flags : SIM_PART_PLAIN;
        part->start = start;
        part->n_blocks = n;
        start += n;
    }
    return TRUE;
}

static gboolean
is_same (const SimLayout *a, const SimLayout *b)
{
    if (a->n_parts != b->n_parts)
        return FALSE;
    for (guint i = 0; i < a->n_parts; i++) {
        if (g_ascii_strcasecmp (a->parts[i].name, b->parts[i].name) != 0 ||
            a->parts[i].start != b->parts[i].start || a->parts[i].n_blocks != b->parts[i].n_blocks)
            return FALSE;
    }
    return TRUE;
}

static void
write_table (SimStreaming *st, const SimLayout *table)
{
    SimNand *nand = st->modem->nand;
    const SimPart *part = sim_layout_find (&st->modem->factory, "MIBIB");
    g_autofree guint8 *pages = sim_mibib_build (table);

    erase_part (st, part);
    for (guint i = 0; i < SIM_MIBIB_PAGES; i++) {
        guint page = sim_nand_skip_bad (nand, part->start * nand->pages_per_block, i);

        if (page < sim_nand_get_n_pages (nand))
            sim_nand_program (nand, page, pages + (gsize) i * nand->page_size, nand->page_size);
    }
}

guint8
sim_st_table (SimStreaming *st, gboolean overrides, const guint8 *data, gsize size)
{
    SimModem *modem = st->modem;
    SimLayout table, live;
    const char *why;
    gboolean has_live = sim_chain_read_table (modem->nand, &modem->factory, &live, &why);
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "streaming table%s", overrides ? ", override" : "");

    if (!parse_table (&modem->factory, data, size, &table))
        return 2;
    if (!has_live || !is_same (&table, &live)) {
        if (has_live && !overrides)
            return 1;
        if (overrides && !is_same (&table, &modem->factory))
            sim_failure (modem, "streaming: another partition table is written over that of the chip");
        write_table (st, &table);
    }
    op->is_done = TRUE;
    return 0;
}
