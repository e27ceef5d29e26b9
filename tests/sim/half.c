/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states in which other tools leave a modem half-flashed.
 *
 *   boot-missing   in fastboot: system and userdata are new, boot is erased; the lk before has set its flag
 *   sbl2-missing   by the streaming loader: SBL1 is new, SBL2 is erased, the download flag is set
 *   round-1        SBL1 and RPM are new, SBL2 and aboot are the temporary ones, all else is old
 *   round-2        the same tool in fastboot: SBL2, aboot, DSP1 are new, DSP2 is erased, all else is old
 *   round-3        everything is new but SBL2, which SBL1 does not take
 *
 * Source: spec section 6.4, 7.3: the orders in which two public updaters of the EC20 write; the first state
 * is that of the thread this project began with (forums.quectel.com, topic 25138), as far as it tells. */

#include "sim/internal.h"

#include <string.h>

#define IMAGE_PAGES 5
#define NEW_VERSION "EC20EQAR02A13E2G"
#define ERASED      "-"

/* Partitions, with the kind of image where it is not the partition's own, and ERASED. */
typedef struct {
    const char *part, *kind;
} Change;

typedef struct {
    const char *step;
    Change changes[14];
    gboolean is_in_fastboot, has_download_flag;
} Half;

static const Half halves[] = {
    { "boot-missing", { { "system" }, { "userdata" }, { "boot", ERASED } }, TRUE, FALSE },
    { "sbl2-missing", { { "SBL1" }, { "SBL2", ERASED } }, FALSE, TRUE },
    { "round-1", { { "SBL1" }, { "SBL2", "sbl2_tmp" }, { "RPM" }, { "aboot", "aboot_tmp" } }, FALSE, FALSE },
    { "round-2",
      { { "SBL1" }, { "RPM" }, { "SBL2" }, { "aboot" }, { "DSP1" }, { "DSP2", ERASED } },
      TRUE,
      FALSE },
    { "round-3",
      { { "SBL1" },
        { "RPM" },
        { "SBL2", ERASED },
        { "aboot" },
        { "DSP1" },
        { "DSP2" },
        { "DSP3" },
        { "system" },
        { "userdata" },
        { "recoveryfs" },
        { "boot" },
        { "recovery" } },
      FALSE,
      FALSE },
};

static void
apply (SimModem *modem, const Change *change)
{
    SimNand *nand = modem->nand;
    const SimPart *part = sim_layout_find (&modem->factory, change->part);
    gsize size = (gsize) IMAGE_PAGES * nand->page_size - 100;
    g_autofree guint8 *image =
        sim_image_build (change->kind ? change->kind : change->part, NEW_VERSION, size);

    for (guint i = 0; i < part->n_blocks; i++) {
        if (!nand->is_bad[part->start + i])
            sim_nand_erase_block (nand, part->start + i);
    }
    for (guint i = 0; i < IMAGE_PAGES && g_strcmp0 (change->kind, ERASED) != 0; i++) {
        gsize at = (gsize) i * nand->page_size;

        sim_nand_program (nand, sim_nand_skip_bad (nand, part->start * nand->pages_per_block, i), image + at,
                          MIN (size - at, nand->page_size));
    }
}

gboolean
sim_half_flash (SimModem *modem, const char *step)
{
    for (guint i = 0; modem->family->is_9x15 && i < G_N_ELEMENTS (halves); i++) {
        if (!g_str_equal (halves[i].step, step))
            continue;
        for (const Change *change = halves[i].changes; change->part; change++)
            apply (modem, change);
        if (halves[i].is_in_fastboot && !(modem->quirks & SIM_QUIRK_NO_STICKY))
            sim_chain_set_forced (modem->nand, &modem->factory, TRUE);
        modem->has_download_flag = halves[i].has_download_flag;
        memset (modem->nand->flags, 0, sim_nand_get_n_pages (modem->nand));
        modem->nand->n_erases = 0;
        return TRUE;
    }
    return FALSE;
}
