/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A NAND chip: pages that can be programmed once between two erases of their block, bad blocks, and a map of
 * who did what. Only pages with mixed content take memory, so an untouched or evenly filled chip is small. */

#include <glib.h>

typedef struct {
    guint page_size, pages_per_block, n_blocks;
    gpointer *pages;  /* NULL erased; (byte << 1 | 1) evenly filled; else page_size bytes */
    guint8 *dirty;    /* 1: programmed since the last erase */
    guint8 *flags;    /* SIM_PAGE_*, by the host */
    guint8 *is_bad;   /* by block */
    guint64 n_erases; /* blocks, by the host */
    char *kept_path;  /* see sim_nand_keep () */
    int kept_fd;
    GByteArray *unwritten; /* records */
} SimNand;

SimNand *sim_nand_new (guint page_size, guint pages_per_block, guint n_blocks);
void sim_nand_free (SimNand *nand);

guint sim_nand_get_n_pages (const SimNand *nand);
gboolean sim_nand_is_bad_page (const SimNand *nand, guint page);

/* By the host or by the modem itself. Bad blocks and addresses behind the end are the caller's business. */
void sim_nand_erase_block (SimNand *nand, guint block);
/* FALSE when the page was not erased: the content is then what the cells give, old AND new. Bytes behind
 * `size` are 0xFF. */
gboolean sim_nand_program (SimNand *nand, guint page, const guint8 *data, gsize size);
void sim_nand_fill (SimNand *nand, guint page, guint8 byte);
void sim_nand_read (const SimNand *nand, guint page, guint8 *data);
/* TRUE when the page holds nothing but `byte`. */
gboolean sim_nand_is_filled (const SimNand *nand, guint page, guint8 byte);

/* The page that is `offset` good pages behind `start`, or G_MAXUINT behind the end of the chip. */
guint sim_nand_skip_bad (const SimNand *nand, guint start, guint offset);

/* Content only: neither flags nor counts. After `keep` the file follows the chip, so that what is there when
 * everything else loses its power is what a later `load` finds; `flush` comes before the host is told that
 * something was done. */
void sim_nand_flush (SimNand *nand);
gboolean sim_nand_keep (SimNand *nand, const char *path, GError **error);
gboolean sim_nand_save (const SimNand *nand, const char *path, GError **error);
gboolean sim_nand_load (SimNand *nand, const char *path, GError **error);
