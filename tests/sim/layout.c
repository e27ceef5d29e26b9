/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Partition layouts of the simulated chips.
 *
 * Source: p2K_b128K: partition table of the public package EG25GGBR07A08M2G_30.006 (Biktorgj/
 * quectel_eg25_recovery). p4K_b256K: public layout of an EC25EFA (defencore/tech_documentation
 * 002-quectel-ec25); where it has a gap between two partitions, that is divided by plausibility. 9x15: the
 * names of Quectel's lk (spec section 6.2) and SBL1, which lk does not list; order and sizes are made up.
 *
 * The table in flash, all u32 little-endian, pages that are not named and bytes that are not named 0xFF:
 *   page 0  FE569FAC CD7F127A 4 1
 *   page 1  55EE73AA E35EBDDB 4 count, then 28 bytes each: name[16] "0:...", start block, blocks,
 *           4 attributes
 *   page 3  9D41BEA1 F1DED2EA 1 crc of the first 4096 bytes
 *
 * Source: same package, partition_complete_p2K_b128K.mbn. On 4 KiB pages the CRC covers two pages or 4096
 * bytes (not known which); both are taken, two pages are written. */

#include "sim/layout.h"

#include <string.h>

#define P SIM_PART_PROTECTED
#define I SIM_PART_IMAGE

#define ENTRY_SIZE 28

typedef struct {
    const char *name;
    guint n_blocks; /* 0: the rest of the chip */
    guint flags;
} Row;

static const Row rows_2k[] = {
    { "SBL", 10, I },     { "MIBIB", 10, 0 },       { "EFS2", 136, P },     { "sys_rev", 40, P },
    { "RAWDATA", 10, P }, { "TZ", 12, I },          { "RPM", 9, I },        { "cust_info", 16, P },
    { "aboot", 12, I },   { "boot", 62, I },        { "recovery", 62, 0 },  { "modem", 428, I },
    { "misc", 5, P },     { "recoveryfs", 162, 0 }, { "usr_data", 480, 0 }, { "sec", 4, P },
    { "system", 0, I },
};

static const Row rows_4k[] = {
    { "sbl", 10, I },        { "mibib", 10, 0 },     { "efs2", 88, P },       { "sys_rev", 20, P },
    { "rawdata", 12, P },    { "tz", 5, I },         { "rpm", 6, I },         { "aboot", 5, I },
    { "boot", 36, I },       { "recovery", 36, 0 },  { "image_back", 25, 0 }, { "recoveryfs_b", 120, 0 },
    { "scrub", 2, 0 },       { "modem", 248, I },    { "misc", 5, P },        { "recoveryfs", 120, 0 },
    { "qdsp6sw_b", 224, 0 }, { "sys_back", 232, 0 }, { "system", 0, I },
};

static const Row rows_9x15[] = {
    { "MIBIB", 12, 0 },    { "SBL1", 10, I }, { "SBL2", 12, I },        { "RPM", 12, I },
    { "EFS2", 100, P },    { "DSP1", 40, I }, { "DSP3", 16, I },        { "DSP2", 320, I },
    { "aboot", 12, I },    { "boot", 80, I }, { "cache", 20, 0 },       { "misc", 8, P },
    { "recovery", 80, 0 }, { "fota", 16, 0 }, { "recoveryfs", 150, 0 }, { "system", 520, I },
    { "userdata", 0, 0 },
};

typedef struct {
    const char *chip; /* NULL: any that has no row of its own */
    const char *geometry;
    guint page_size, pages_per_block;
    const Row *rows;
    guint n_rows;
} Geometry;

static const Geometry geometries[] = {
    { NULL, "p2K_b128K", 2048, 64, rows_2k, G_N_ELEMENTS (rows_2k) },
    { NULL, "p4K_b256K", 4096, 64, rows_4k, G_N_ELEMENTS (rows_4k) },
    { "9x15", "p2K_b128K", 2048, 64, rows_9x15, G_N_ELEMENTS (rows_9x15) },
};

static const Geometry *
find_geometry (const char *chip, const char *geometry)
{
    const char *wanted = g_strcmp0 (chip, "9x15") == 0 ? chip : NULL;

    for (guint i = 0; i < G_N_ELEMENTS (geometries); i++) {
        if (g_str_equal (geometries[i].geometry, geometry) && g_strcmp0 (geometries[i].chip, wanted) == 0)
            return &geometries[i];
    }
    return NULL;
}

gboolean
sim_layout_init (SimLayout *layout, const char *chip, const char *geometry, guint n_blocks)
{
    const Geometry *g = find_geometry (chip, geometry);
    guint start = 0;

    memset (layout, 0, sizeof *layout);
    if (!g)
        return FALSE;
    layout->chip = g->chip;
    layout->geometry = g->geometry;
    layout->page_size = g->page_size;
    layout->pages_per_block = g->pages_per_block;
    layout->n_blocks = n_blocks;
    layout->n_parts = g->n_rows;
    for (guint i = 0; i < g->n_rows; i++) {
        SimPart *part = &layout->parts[i];

        if (start >= n_blocks)
            return FALSE;
        g_strlcpy (part->name, g->rows[i].name, sizeof part->name);
        part->start = start;
        part->n_blocks = g->rows[i].n_blocks ? g->rows[i].n_blocks : n_blocks - start;
        part->flags = g->rows[i].flags;
        start += part->n_blocks;
    }
    return start <= n_blocks;
}

void
sim_layout_make_other (SimLayout *layout)
{
    const guint growth = 8;
    const char *growing = layout->chip ? "cache" : "modem";
    const char *shrinking = layout->chip ? "fota" : layout->parts[layout->n_parts - 1].name;
    gboolean behind = FALSE;

    for (guint i = 0; i < layout->n_parts; i++) {
        SimPart *part = &layout->parts[i];

        if (behind)
            part->start += growth;
        if (g_str_equal (part->name, growing)) {
            part->n_blocks += growth;
            behind = TRUE;
        } else if (g_str_equal (part->name, shrinking)) {
            part->n_blocks -= growth;
            behind = FALSE;
        }
    }
}

const SimPart *
sim_layout_find (const SimLayout *layout, const char *name)
{
    for (guint i = 0; i < layout->n_parts; i++) {
        if (g_ascii_strcasecmp (layout->parts[i].name, name) == 0)
            return &layout->parts[i];
    }
    return NULL;
}

const SimPart *
sim_layout_find_block (const SimLayout *layout, guint block)
{
    for (guint i = 0; i < layout->n_parts; i++) {
        const SimPart *part = &layout->parts[i];

        if (block >= part->start && block - part->start < part->n_blocks)
            return part;
    }
    return NULL;
}

guint32
sim_mibib_crc (const guint8 *data, gsize size)
{
    guint32 crc = 0;

    for (gsize i = 0; i < size; i++) {
        crc ^= (guint32) data[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 0x80000000u ? crc << 1 ^ 0x04c11db7u : crc << 1;
    }
    return crc;
}

static void
put_u32 (guint8 *at, guint32 value)
{
    at[0] = (guint8) value;
    at[1] = (guint8) (value >> 8);
    at[2] = (guint8) (value >> 16);
    at[3] = (guint8) (value >> 24);
}

static guint32
get_u32 (const guint8 *at)
{
    return at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 | (guint32) at[3] << 24;
}

static void
put_entry (guint8 *at, const SimPart *part)
{
    gboolean is_third =
        g_ascii_strcasecmp (part->name, "MIBIB") == 0 || !g_ascii_strcasecmp (part->name, "EFS2");

    memset (at, 0, 16);
    at[0] = '0';
    at[1] = ':';
    memcpy (at + 2, part->name, MIN (strlen (part->name), 14));
    put_u32 (at + 16, part->start);
    put_u32 (at + 20, part->n_blocks);
    put_u32 (at + 24, is_third ? 0x00ff01ff : 0x000001ff);
}

guint8 *
sim_mibib_build (const SimLayout *layout)
{
    gsize page = layout->page_size;
    guint8 *data = g_malloc (page * SIM_MIBIB_PAGES);
    static const guint32 header[] = { 0xfe569fac, 0xcd7f127a, 4, 1 };
    guint8 *table = data + page;
    guint8 *trailer = data + 3 * page;

    memset (data, 0xff, page * SIM_MIBIB_PAGES);
    for (guint i = 0; i < G_N_ELEMENTS (header); i++)
        put_u32 (data + 4 * i, header[i]);
    put_u32 (table, 0x55ee73aa);
    put_u32 (table + 4, 0xe35ebddb);
    put_u32 (table + 8, 4);
    put_u32 (table + 12, layout->n_parts);
    for (guint i = 0; i < layout->n_parts; i++)
        put_entry (table + 16 + ENTRY_SIZE * i, &layout->parts[i]);
    put_u32 (trailer, 0x9d41bea1);
    put_u32 (trailer + 4, 0xf1ded2ea);
    put_u32 (trailer + 8, 1);
    put_u32 (trailer + 12, sim_mibib_crc (data, 2 * page));
    return data;
}

/* What a name means does not depend on the table. */
static guint
flags_of (const SimLayout *layout, const char *name)
{
    const Geometry *g = find_geometry (layout->chip, layout->geometry);

    for (guint i = 0; g && i < g->n_rows; i++) {
        if (g_ascii_strcasecmp (g->rows[i].name, name) == 0)
            return g->rows[i].flags;
    }
    return SIM_PART_PLAIN;
}

static gboolean
parse_entry (SimLayout *layout, const guint8 *at, const char **why)
{
    SimPart *part = &layout->parts[layout->n_parts];
    guint32 start = get_u32 (at + 16), n = get_u32 (at + 20);

    if (at[0] != '0' || at[1] != ':' || at[2] == '\0' || at[15] != '\0') {
        *why = "partition name";
        return FALSE;
    }
    if (start >= layout->n_blocks || n == 0 || n > layout->n_blocks - start) {
        *why = "partition outside of the chip";
        return FALSE;
    }
    g_strlcpy (part->name, (const char *) at + 2, sizeof part->name);
    part->start = start;
    part->n_blocks = n;
    part->flags = flags_of (layout, part->name);
    layout->n_parts++;
    return TRUE;
}

gboolean
sim_mibib_parse (SimLayout *layout, const guint8 *data, const char **why)
{
    gsize page = layout->page_size;
    const guint8 *table = data + page;
    const guint8 *trailer = data + 3 * page;
    guint32 count = get_u32 (table + 12);
    guint32 crc = get_u32 (trailer + 12);

    if (get_u32 (data) != 0xfe569fac || get_u32 (data + 4) != 0xcd7f127a || get_u32 (data + 8) != 4 ||
        get_u32 (table) != 0x55ee73aa || get_u32 (table + 4) != 0xe35ebddb || get_u32 (table + 8) != 4 ||
        get_u32 (trailer) != 0x9d41bea1 || get_u32 (trailer + 4) != 0xf1ded2ea) {
        *why = "magic numbers";
        return FALSE;
    }
    if (crc != sim_mibib_crc (data, 2 * page) && crc != sim_mibib_crc (data, 4096)) {
        *why = "CRC";
        return FALSE;
    }
    if (count == 0 || count > SIM_MAX_PARTITIONS) {
        *why = "number of partitions";
        return FALSE;
    }
    layout->n_parts = 0;
    for (guint i = 0; i < count; i++) {
        if (!parse_entry (layout, table + 16 + ENTRY_SIZE * i, why))
            return FALSE;
    }
    return TRUE;
}
