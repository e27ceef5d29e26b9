/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which images fastboot writes, and in which order.
 *
 * Fastboot names partitions, and lk looks up where they lie in the table that is in the flash: a wrong
 * package cannot move or hit a neighbour, but it can name a partition that must not be touched. MIBIB (the
 * table itself) and every protected partition are never written; an image for a protected one is a refusal.
 *
 * What is interrupted must be repeatable. With its first write lk notes in `misc` that every start is to end
 * in fastboot until it is told to reboot, so a modem whose modem, recoveryfs, usr_data, system, boot and
 * recovery are half-written comes up in fastboot again, in any order of these. That holds as long as what
 * runs before (TZ, RPM, SBL) and lk itself (aboot) are whole: a power cut while one of these four is written
 * leaves nothing that could write it again (with a broken SBL the boot ROM, which then wants a Firehose
 * programmer; with another, silence). Therefore they are left as they are unless the user allows
 * `boot-chain`, and then come last, when everything else is known to have worked. A release of the same
 * baseline runs on the boot chain of another: that is what the community's flash scripts for the EG25 do.
 *
 * Source: Biktorgj/quectel_lk @e185f663, app/aboot (cmd_flash_nand, the flag in misc); pawelkn/qflash
 * (everything but MIBIB, in the order of partition_nand.xml); the-modem-distro/pinephone_modem_sdk,
 * flashstock (neither TZ nor RPM nor SBL) and RECOVERY.md (aboot last). */

#include "job/plan-fastboot.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <inttypes.h>
#include <string.h>

#define TABLE_PARTITION "mibib"

static gboolean
is_in (char **names, const char *name)
{
    return g_strv_contains ((const char *const *) names, name);
}

gboolean
mfu_plan_may_flash (const MfuFamily *family, const char *partition)
{
    return *partition != '\0' && !is_in (family->protected_names, partition) &&
           strcmp (partition, TABLE_PARTITION) != 0;
}

/* Bytes; 0: not known. */
static guint64
capacity (const MfuPlan *plan, const MfuFlash *flash)
{
    return ((guint64) flash->size + flash->pad) * (flash->is_in_blocks ? plan->block_size : 1024);
}

gboolean
mfu_plan_check_flash_size (const MfuPlan *plan, const MfuFlash *flash, GError **error)
{
    guint64 size = mfu_image_get_size (flash->image);
    guint64 limit = capacity (plan, flash);
    guint64 max_image = plan->family->max_image;

    if (max_image != 0 && size > max_image) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("The image %s has %" PRIu64 " bytes, the modem's fastboot takes %" PRIu64
                        " at once; ask Quectel for another package."),
                     flash->filename, size, max_image);
        return FALSE;
    }

    if (size > 0 && size <= G_MAXUINT32 && (limit == 0 || size <= limit))
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("The image %s has %" PRIu64 " bytes, its partition %s holds 1 to %" PRIu64
                    "; fetch the package again."),
                 flash->filename, size, flash->name, limit != 0 ? limit : G_MAXUINT32);
    return FALSE;
}

/* Where the package's table has `name`, in blocks; FALSE if it has no such partition, or not in whole blocks.
 */
static gboolean
find_range (const MfuPlan *plan, const char *name, guint64 *start, guint64 *count)
{
    GPtrArray *flashes = mfu_package_get_flashes (plan->package);

    *start = 0;
    for (guint i = 0; i < flashes->len; i++) {
        const MfuFlash *flash = g_ptr_array_index (flashes, i);
        guint64 bytes = capacity (plan, flash);

        if (plan->block_size == 0 || bytes % plan->block_size != 0)
            return FALSE;
        *count = bytes / plan->block_size;
        if (strcmp (flash->name, name) == 0)
            return TRUE;
        *start += *count;
    }
    return FALSE;
}

/* The modem's own table cannot be read in fastboot; but a package that was made for its chip has the
 * calibration where the family's description has it. */
static gboolean
check_layout (const MfuPlan *plan, guint allowed, GError **error)
{
    GArray *layout = mfu_family_get_layout (plan->family, plan->page_size, plan->block_size);

    for (guint i = 0; layout != NULL && i < layout->len; i++) {
        const MfuLayoutPartition *known = &g_array_index (layout, MfuLayoutPartition, i);
        guint64 start = 0, count = 0;

        if ((find_range (plan, known->name, &start, &count) && start == known->start_block &&
             count == known->num_blocks) ||
            (allowed & MFU_ALLOW_GEOMETRY))
            continue;
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("The package's partition_nand.xml has %s elsewhere than modems of the family %s with blocks "
               "of "
               "%u KiB have it, so it is for another memory; take the package for this one (to insist, "
               "allow: geometry)."),
            known->name, plan->family->name, plan->block_size / 1024);
        return FALSE;
    }
    return TRUE;
}

static void
find_geometry (MfuPlan *plan)
{
    const MfuMemory *memory;

    if (plan->page_size != 0 && plan->block_size != 0)
        return;
    memory = mfu_family_get_memory (plan->family, mfu_package_get_version (plan->package)->memory);
    if (memory != NULL) {
        plan->page_size = memory->page_size;
        plan->block_size = memory->block_size;
        return;
    }
    plan->page_size = plan->block_size = 0;
    g_ptr_array_add (plan->warnings,
                     g_strdup (_ ("The package's name does not tell for which memory it is, so the "
                                  "layout of the flash was not compared.")));
}

static guint
position_in (char **names, const char *name)
{
    guint i = 0;

    while (names[i] != NULL && strcmp (names[i], name) != 0)
        i++;
    return i;
}

static int
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
    const MfuFamily *family = user_data;
    const MfuPlanFlash *left = a, *right = b;
    guint left_order = mfu_image_get_order (left->flash->image);
    guint right_order = mfu_image_get_order (right->flash->image);

    if (left->is_boot_chain != right->is_boot_chain)
        return left->is_boot_chain ? 1 : -1;
    if (left->is_boot_chain)
        return (int) position_in (family->boot_chain, left->flash->name) -
               (int) position_in (family->boot_chain, right->flash->name);
    /* Reading an archive in its own order reads it once. */
    if (left_order != right_order)
        return left_order < right_order ? -1 : 1;
    return strcmp (left->flash->name, right->flash->name);
}

static gboolean
add_flash (MfuPlan *plan, const MfuFlash *flash, guint allowed, GString *left_out, GError **error)
{
    MfuPlanFlash entry = { flash, is_in (plan->family->boot_chain, flash->name) };

    if (flash->image == NULL || strcmp (flash->name, TABLE_PARTITION) == 0)
        return TRUE;
    if (!mfu_plan_may_flash (plan->family, flash->name)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The package would write %s to %s: calibration and identity are never touched; ask "
                        "Quectel for "
                        "the update package."),
                     flash->filename, flash->name);
        return FALSE;
    }
    if (!mfu_plan_check_flash_size (plan, flash, error))
        return FALSE;
    /* The streaming loader has written it by then. */
    if (entry.is_boot_chain && plan->chain == MFU_CHAIN_STREAMING)
        return TRUE;
    if (entry.is_boot_chain && !(allowed & MFU_ALLOW_BOOT_CHAIN))
        g_string_append_printf (left_out, "%s%s", left_out->len > 0 ? ", " : "", flash->name);
    else
        g_array_append_val (plan->flashes, entry);
    return TRUE;
}

gboolean
mfu_plan_add_flashes (MfuPlan *plan, guint allowed, GError **error)
{
    GPtrArray *flashes = mfu_package_get_flashes (plan->package);
    g_autoptr (GString) left_out = g_string_new (NULL);

    find_geometry (plan);
    for (guint i = 0; i < flashes->len; i++)
        if (!add_flash (plan, g_ptr_array_index (flashes, i), allowed, left_out, error))
            return FALSE;
    if (!check_layout (plan, allowed, error))
        return FALSE;
    if (plan->flashes->len == 0) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
            _ ("The package's partition_nand.xml names no image that fastboot may write; ask Quectel "
               "for the whole package."));
        return FALSE;
    }
    if (left_out->len > 0)
        g_ptr_array_add (
            plan->warnings,
            g_strdup_printf (_ ("Left as they are: %s, because a power cut while these are written would "
                                "destroy the modem (to write them too, allow: boot-chain)."),
                             left_out->str));
    g_array_sort_with_data (plan->flashes, compare, (gpointer) plan->family);
    return TRUE;
}

void
mfu_plan_describe_flashes (const MfuPlan *plan, GString *text)
{
    for (guint i = 0; i < plan->flashes->len; i++) {
        const MfuFlash *flash = g_array_index (plan->flashes, MfuPlanFlash, i).flash;

        g_string_append_printf (text, "  flash   %-12s %s, %" G_GUINT64_FORMAT " bytes\n", flash->name,
                                mfu_image_get_name (flash->image), mfu_image_get_size (flash->image));
    }
}

char *
mfu_plan_way_back (const MfuPlan *plan)
{
    g_autoptr (GString) names = g_string_new (NULL);
    GString *text =
        g_string_new (_ ("From the first write to the last the modem cannot run; if it is interrupted there, "
                         "it waits in fastboot mode and the same command finishes it.\n"));

    for (guint i = 0; i < plan->flashes->len; i++) {
        const MfuPlanFlash *entry = &g_array_index (plan->flashes, MfuPlanFlash, i);

        if (entry->is_boot_chain)
            g_string_append_printf (names, "%s%s", names->len > 0 ? ", " : "", entry->flash->name);
    }
    if (names->len > 0)
        g_string_append_printf (
            text,
            _ ("But while %s are written, at the end and for about a second each, a power cut "
               "destroys the modem beyond what a command can repair.\n"),
            names->str);
    return g_string_free (text, FALSE);
}

gboolean
mfu_plan_check_loader (const MfuPlan *plan, const char *product, guint64 max_download, GError **error)
{
    gboolean is_ours = *product == '\0';

    for (gsize i = 0; plan->family->products[i] != NULL; i++)
        is_ours |= g_ascii_strcasecmp (plan->family->products[i], product) == 0;
    if (!is_ours) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The device in fastboot mode calls itself “%s”, a modem for this package is an %s; "
                        "nothing was "
                        "written."),
                     product, plan->family->products[0]);
        return FALSE;
    }
    for (guint i = 0; i < plan->flashes->len; i++) {
        const MfuFlash *flash = g_array_index (plan->flashes, MfuPlanFlash, i).flash;

        if (mfu_image_get_size (flash->image) <= max_download)
            continue;
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("The image %s has %" PRIu64 " bytes, the modem's fastboot takes %" PRIu64
                        " at once; flash this package by firehose."),
                     flash->filename, mfu_image_get_size (flash->image), max_download);
        return FALSE;
    }
    return TRUE;
}
