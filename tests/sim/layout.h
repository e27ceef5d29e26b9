/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Partition layouts, and the partition table (MIBIB) in the form in which it lies in flash. */

#include <glib.h>

#define SIM_MAX_PARTITIONS 32

typedef enum {
    SIM_PART_PLAIN = 0,
    SIM_PART_PROTECTED = 1 << 0, /* calibration, identity, restore flags: a change is a brick */
    SIM_PART_IMAGE = 1 << 1,     /* holds an image that the boot chain checks */
} SimPartFlags;

typedef struct {
    char name[17]; /* without "0:" */
    guint start, n_blocks;
    guint flags;
} SimPart;

typedef struct {
    const char *chip; /* "9x15"; NULL: any other */
    const char *geometry;
    guint page_size, pages_per_block, n_blocks;
    SimPart parts[SIM_MAX_PARTITIONS];
    guint n_parts;
} SimLayout;

/* "p2K_b128K", "p4K_b256K" on a chip of `n_blocks`; the last partition takes the rest. `chip` is the modem's.
 */
gboolean sim_layout_init (SimLayout *layout, const char *chip, const char *geometry, guint n_blocks);
/* Another table of the same chip: modem grows, everything behind it moves; on the 9x15 the table of
 * partition2.mbn, where cache has grown and fota has shrunk. */
void sim_layout_make_other (SimLayout *layout);
const SimPart *sim_layout_find (const SimLayout *layout, const char *name);
/* The partition that holds `block`, or NULL. */
const SimPart *sim_layout_find_block (const SimLayout *layout, guint block);

#define SIM_MIBIB_PAGES 4

/* CRC-32 as the table carries it: not reflected, polynomial 04C11DB7, start 0, no final xor. */
guint32 sim_mibib_crc (const guint8 *data, gsize size);
/* Four pages, to be freed. */
guint8 *sim_mibib_build (const SimLayout *layout);
/* Reads four pages into the parts of `layout` (flags by name). FALSE with the reason. */
gboolean sim_mibib_parse (SimLayout *layout, const guint8 *data, const char **why);
