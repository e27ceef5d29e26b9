/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot chains: that of the 9x07 and 9x40, and that of the 9x15.
 *
 *   PBL -> SBL (bad or missing: EDL) -> partition table (bad: EDL)
 *       -> TZ, RPM, aboot (bad: the modem hangs silently; nothing but the USB_BOOT test point wakes it up)
 *       -> misc (page 0 of its block 1 has "boot_fastboot", "force": fastboot, whatever else is on the chip)
 *       -> boot (bad: aboot falls into fastboot) -> system (bad: the USB ports come up, nothing answers)
 *       -> modem (bad: AT answers, knows no version; DIAG is mute)
 *
 * Source: spec sections 2.3, 4.6, 6.3, 8. What a real module does with a bad TZ, RPM or aboot is not known;
 * the worst case is taken, because no correct order of writing ever gets there.
 *
 *   PBL -> SBL1 (bad: the boot ROM's DLOAD) -> partition table, SBL2, RPM, aboot (bad: SBL1's DLOAD)
 *       -> SBL2 or aboot is a temporary image, or misc says so: fastboot
 *       -> boot (bad: fastboot) -> system (bad: the USB ports come up, nothing answers)
 *       -> DSP1, DSP2, DSP3 (bad: AT answers, knows no version; DIAG is mute)
 *
 * Source: spec sections 2.4 (an erased chip is in QDL), 7.3, 7.7: the updater that writes SBL1, SBL2, RPM,
 * APPSBL in this order counts the modem as safe from power cuts once the temporary SBL2 is closed, when RPM
 * and aboot are still to come; so a bad RPM or aboot leads to DLOAD and not to silence. Nobody has tried it.
 */

#include "sim/chain.h"

#include <string.h>

#define FACTORY_IMAGE_PAGES 3
#define MISC_BLOCK          1
#define MISC_FIELD          32

/* Calibration is an even fill that depends on the page, so that any change or move is seen. */
static guint8
calibration_byte (guint page)
{
    return (guint8) (1 + page * 37 % 251);
}

static void
fill_image (SimNand *nand, const SimPart *part, const char *version)
{
    gsize size = (gsize) FACTORY_IMAGE_PAGES * nand->page_size - 100;
    g_autofree guint8 *data = sim_image_build (part->name, version, size);
    guint start = part->start * nand->pages_per_block;

    for (guint i = 0; i < FACTORY_IMAGE_PAGES; i++) {
        gsize at = (gsize) i * nand->page_size;

        sim_nand_program (nand, sim_nand_skip_bad (nand, start, i), data + at,
                          MIN (size - at, nand->page_size));
    }
}

static void
fill_table (SimNand *nand, const SimLayout *layout)
{
    g_autofree guint8 *table = sim_mibib_build (layout);
    const SimPart *part = sim_layout_find (layout, "MIBIB");

    for (guint i = 0; i < SIM_MIBIB_PAGES; i++) {
        guint page = sim_nand_skip_bad (nand, part->start * nand->pages_per_block, i);

        sim_nand_program (nand, page, table + (gsize) i * nand->page_size, nand->page_size);
    }
}

void
sim_chain_fill (SimNand *nand, const SimLayout *factory, const char *version)
{
    for (guint i = 0; i < factory->n_parts; i++) {
        const SimPart *part = &factory->parts[i];
        guint start = part->start * nand->pages_per_block;
        guint end = start + part->n_blocks * nand->pages_per_block;

        if (g_ascii_strcasecmp (part->name, "MIBIB") == 0) {
            fill_table (nand, factory);
        } else if (part->flags & SIM_PART_PROTECTED) {
            for (guint page = start; page < end; page++) {
                if (!sim_nand_is_bad_page (nand, page))
                    sim_nand_fill (nand, page, calibration_byte (page));
            }
        } else {
            fill_image (nand, part, version);
        }
    }
    memset (nand->flags, 0, sim_nand_get_n_pages (nand));
}

gboolean
sim_chain_read_table (const SimNand *nand, const SimLayout *factory, SimLayout *live, const char **why)
{
    const SimPart *part = sim_layout_find (factory, "MIBIB");
    gsize size = nand->page_size;
    g_autofree guint8 *data = g_malloc (size * SIM_MIBIB_PAGES);

    *live = *factory;
    for (guint i = 0; i < SIM_MIBIB_PAGES; i++) {
        guint page = sim_nand_skip_bad (nand, part->start * nand->pages_per_block, i);

        if (page >= sim_nand_get_n_pages (nand)) {
            *why = "no good block";
            return FALSE;
        }
        sim_nand_read (nand, page, data + i * size);
    }
    return sim_mibib_parse (live, data, why);
}

/* First page of the block in misc that is lk's; G_MAXUINT when there is none. */
static guint
find_message (const SimNand *nand, const SimLayout *layout)
{
    const SimPart *misc = sim_layout_find (layout, "misc");

    return misc && misc->n_blocks > MISC_BLOCK ? (misc->start + MISC_BLOCK) * nand->pages_per_block
                                               : G_MAXUINT;
}

gboolean
sim_chain_is_forced (const SimNand *nand, const SimLayout *live)
{
    g_autofree guint8 *data = g_malloc (nand->page_size);
    guint page = find_message (nand, live);

    if (page == G_MAXUINT)
        return FALSE;
    sim_nand_read (nand, page, data);
    return strncmp ((char *) data, "boot_fastboot", MISC_FIELD) == 0 &&
           strncmp ((char *) data + MISC_FIELD, "force", MISC_FIELD) == 0;
}

void
sim_chain_set_forced (SimNand *nand, const SimLayout *live, gboolean is_forced)
{
    g_autofree guint8 *data = g_malloc0 (nand->page_size);
    g_autofree guint8 *flags = NULL;
    guint page = find_message (nand, live);
    guint64 n_erases = nand->n_erases;

    if (page == G_MAXUINT || sim_nand_is_bad_page (nand, page))
        return;
    if (is_forced) {
        memcpy (data, "boot_fastboot", strlen ("boot_fastboot"));
        memcpy (data + MISC_FIELD, "force", strlen ("force"));
    }
    flags = g_memdup2 (nand->flags + page, nand->pages_per_block);
    sim_nand_erase_block (nand, page / nand->pages_per_block);
    sim_nand_program (nand, page, data, nand->page_size);
    memcpy (nand->flags + page, flags, nand->pages_per_block);
    nand->n_erases = n_erases;
}

static void
check_protected (const SimNand *nand, const SimLayout *factory, SimBoot *boot)
{
    guint message = find_message (nand, factory);

    for (guint i = 0; i < factory->n_parts; i++) {
        const SimPart *part = &factory->parts[i];
        guint start = part->start * nand->pages_per_block;
        guint end = start + part->n_blocks * nand->pages_per_block;

        if (!(part->flags & SIM_PART_PROTECTED))
            continue;
        for (guint page = start; page < end; page++) {
            if (page / nand->pages_per_block == message / nand->pages_per_block)
                continue; /* lk writes there itself */
            if (sim_nand_is_bad_page (nand, page) || sim_nand_is_filled (nand, page, calibration_byte (page)))
                continue;
            boot->is_identity_lost = TRUE;
            g_snprintf (boot->lost, sizeof boot->lost, "%s has changed at page %u", part->name, page);
            return;
        }
    }
}

/* The protected partitions must be where they were, or their content is out of reach. */
static void
check_moved (const SimLayout *factory, const SimLayout *live, SimBoot *boot)
{
    for (guint i = 0; i < factory->n_parts && !boot->is_identity_lost; i++) {
        const SimPart *part = &factory->parts[i];
        const SimPart *now;

        if (!(part->flags & SIM_PART_PROTECTED))
            continue;
        now = sim_layout_find (live, part->name);
        if (now && now->start == part->start && now->n_blocks == part->n_blocks)
            continue;
        boot->is_identity_lost = TRUE;
        g_snprintf (boot->lost, sizeof boot->lost, "%s has %s", part->name, now ? "moved" : "left the table");
    }
}

/* The kind that an image names is that of its partition; packages name some after their files. */
static gboolean
is_kind (const char *name, const char *kind)
{
    static const char *const aliases[][2] = {
        { "SBL", "sbl1" },       { "modem", "NON-HLOS" },  { "system", "sysfs" },  { "usr_data", "usrdata" },
        { "aboot", "appsboot" }, { "aboot", "aboot_tmp" }, { "SBL2", "sbl2_tmp" },
    };

    if (g_ascii_strcasecmp (name, kind) == 0)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS (aliases); i++) {
        if (g_ascii_strcasecmp (aliases[i][0], name) == 0 && g_ascii_strcasecmp (aliases[i][1], kind) == 0)
            return TRUE;
    }
    return FALSE;
}

/* TRUE when the partition holds a good image; else notes why not. */
static gboolean
check_image (const SimNand *nand, const SimLayout *live, const char *name, SimImageInfo *info, SimBoot *boot)
{
    const SimPart *part = sim_layout_find (live, name);
    const char *why = "is not in the table";

    if (part)
        why = sim_image_verify (nand, part->start * nand->pages_per_block,
                                part->n_blocks * nand->pages_per_block, info);
    if (!why && !is_kind (name, info->kind))
        why = "holds an image of another kind";
    if (why)
        g_snprintf (boot->reason, sizeof boot->reason, "%s %s", name, why);
    return !why;
}

static void
boot_9x07 (const SimNand *nand, const SimLayout *factory, gboolean heeds_misc, SimBoot *boot)
{
    static const char *const silent[] = { "TZ", "RPM", "aboot" };
    SimImageInfo info;
    SimLayout live;
    const char *why;

    boot->mode = SIM_MODE_EDL;
    if (!check_image (nand, factory, "SBL", &info, boot))
        return;
    if (!sim_chain_read_table (nand, factory, &live, &why)) {
        g_snprintf (boot->reason, sizeof boot->reason, "MIBIB: %s", why);
        return;
    }
    check_moved (factory, &live, boot);
    boot->mode = SIM_MODE_OFF;
    for (guint i = 0; i < G_N_ELEMENTS (silent); i++) {
        if (!check_image (nand, &live, silent[i], &info, boot))
            return;
    }
    boot->mode = SIM_MODE_FASTBOOT;
    boot->is_forced = sim_chain_is_forced (nand, &live);
    if (boot->is_forced && heeds_misc) {
        g_strlcpy (boot->reason, "misc says that it stays in fastboot", sizeof boot->reason);
        return;
    }
    if (!check_image (nand, &live, "boot", &info, boot))
        return;
    boot->mode = SIM_MODE_NORMAL;
    if (!check_image (nand, &live, "system", &info, boot))
        return;
    boot->has_at = TRUE;
    g_strlcpy (boot->version, info.version, sizeof boot->version);
    if (!check_image (nand, &live, "modem", &info, boot)) {
        boot->version[0] = '\0';
        return;
    }
    boot->has_diag = TRUE;
    boot->is_healthy = TRUE;
}

static gboolean
is_temporary (const SimImageInfo *info)
{
    return g_str_has_suffix (info->kind, "_tmp");
}

/* What behind the boot loaders is good. */
static void
boot_system_9x15 (const SimNand *nand, const SimLayout *live, SimBoot *boot)
{
    static const char *const dsps[] = { "DSP1", "DSP2", "DSP3" };
    SimImageInfo info;

    boot->mode = SIM_MODE_FASTBOOT;
    if (!check_image (nand, live, "boot", &info, boot))
        return;
    boot->mode = SIM_MODE_NORMAL;
    if (!check_image (nand, live, "system", &info, boot))
        return;
    boot->has_at = TRUE;
    g_strlcpy (boot->version, info.version, sizeof boot->version);
    for (guint i = 0; i < G_N_ELEMENTS (dsps); i++) {
        if (!check_image (nand, live, dsps[i], &info, boot)) {
            boot->version[0] = '\0';
            return;
        }
    }
    boot->has_diag = TRUE;
    boot->is_healthy = TRUE;
}

static void
boot_9x15 (const SimNand *nand, const SimLayout *factory, gboolean heeds_misc, SimBoot *boot)
{
    SimImageInfo sbl2, info, aboot;
    SimLayout live;
    const char *why;

    boot->mode = SIM_MODE_DLOAD;
    boot->is_boot_rom = TRUE;
    if (!check_image (nand, factory, "SBL1", &info, boot))
        return;
    boot->is_boot_rom = FALSE;
    if (!sim_chain_read_table (nand, factory, &live, &why)) {
        g_snprintf (boot->reason, sizeof boot->reason, "MIBIB: %s", why);
        return;
    }
    check_moved (factory, &live, boot);
    if (!check_image (nand, &live, "SBL2", &sbl2, boot) || !check_image (nand, &live, "RPM", &info, boot) ||
        !check_image (nand, &live, "aboot", &aboot, boot))
        return;
    boot->is_forced = sim_chain_is_forced (nand, &live);
    boot_system_9x15 (nand, &live, boot);
    if (!heeds_misc || (!boot->is_forced && !is_temporary (&sbl2) && !is_temporary (&aboot)))
        return;
    boot->mode = SIM_MODE_FASTBOOT;
    boot->has_at = boot->has_diag = boot->is_healthy = FALSE;
    boot->version[0] = '\0';
    g_strlcpy (boot->reason,
               boot->is_forced ? "misc says that it stays in fastboot" : "the boot images are temporary",
               sizeof boot->reason);
}

void
sim_chain_boot (const SimNand *nand, const SimLayout *factory, gboolean heeds_misc, SimBoot *boot)
{
    memset (boot, 0, sizeof *boot);
    check_protected (nand, factory, boot);
    if (factory->chip)
        boot_9x15 (nand, factory, heeds_misc, boot);
    else
        boot_9x07 (nand, factory, heeds_misc, boot);
}
