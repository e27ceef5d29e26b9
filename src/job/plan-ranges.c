/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every erase and write is mapped to one partition by name: first by the package's table, before anything is
 * sent, then by the table that lies in the modem, before the first erase.
 *
 * Source: QFirehose -e and factory packages have erased IMEI and calibration of several users
 * (forums.quectel.com/t/27476); a package of another geometry can pass its first erase and fail later
 * (Biktorgj/quectel_eg25_recovery issue 29). */

#include "job/plan-ranges.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <inttypes.h>
#include <string.h>

#define TO_THE_END 0xffffffffu

/* What must be written again once it is erased, or the modem does not boot. */
static const char *const boot_chain[] = {
    "sbl", "mibib", "tz", "rpm", "aboot", "boot", "modem", "system", NULL,
};

/* "0:EFS2" -> "efs2" */
static void
plain_name (const char *table_name, char name[17])
{
    const char *start = g_str_has_prefix (table_name, "0:") ? table_name + 2 : table_name;
    gsize i;

    for (i = 0; i < 16 && start[i] != '\0'; i++)
        name[i] = g_ascii_tolower (start[i]);
    name[i] = '\0';
}

static gboolean
is_protected (const MfuFamily *family, const char *name)
{
    return g_strv_contains ((const char *const *) family->protected_names, name);
}

static guint64
partition_end (const MfuPartition *partition)
{
    return partition->num_blocks == TO_THE_END ? G_MAXUINT32
                                               : (guint64) partition->start_block + partition->num_blocks;
}

/* The partition that the block is in, or NULL. */
static const MfuPartition *
find_partition (GArray *partitions, guint64 block)
{
    for (guint i = 0; i < partitions->len; i++) {
        const MfuPartition *partition = &g_array_index (partitions, MfuPartition, i);

        if (block >= partition->start_block && block < partition_end (partition))
            return partition;
    }
    return NULL;
}

static const MfuPartition *
find_by_name (GArray *partitions, const char *wanted)
{
    for (guint i = 0; i < partitions->len; i++) {
        const MfuPartition *partition = &g_array_index (partitions, MfuPartition, i);
        char name[17];

        plain_name (partition->name, name);
        if (strcmp (name, wanted) == 0)
            return partition;
    }
    return NULL;
}

/* Names the partition that [start, start + count) blocks lies in; refuses what lies in none, in two, or in a
 * protected one. `table` says whose table it is, for the message. */
static gboolean
name_range (const MfuFamily *family, GArray *partitions, const char *table, guint64 start, guint64 count,
            char name[17], GError **error)
{
    const MfuPartition *home;

    /* Look for protected partitions first: the clearest sentence for the worst case. */
    for (guint i = 0; i < partitions->len; i++) {
        const MfuPartition *partition = &g_array_index (partitions, MfuPartition, i);

        plain_name (partition->name, name);
        if (is_protected (family, name) && start < partition_end (partition) &&
            start + count > partition->start_block) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                         _ ("The package would erase or write blocks %" PRIu64 " to %" PRIu64
                            ", which by the %s touches %s: calibration and identity "
                            "are never touched; ask Quectel for "
                            "the update package."),
                         start, start + count - 1, table, partition->name);
            return FALSE;
        }
    }
    home = find_partition (partitions, start);
    if (home != NULL && start + count <= partition_end (home)) {
        plain_name (home->name, name);
        return TRUE;
    }
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
        _ ("The package would erase or write blocks %" PRIu64 " to %" PRIu64
           ", which by the %s is not inside of one partition; it is damaged or made for another modem."),
        start, start + count - 1, table);
    return FALSE;
}

static gboolean
check_alignment (const MfuPlan *plan, const MfuAction *action, GError **error)
{
    guint pages = plan->pages_per_block;

    if (action->sector_size != plan->page_size ||
        (action->pages_per_block != 0 && action->pages_per_block != pages) ||
        action->physical_partition != 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("One command of the package has sectors of %u bytes and %u pages a block, the others "
                        "have %u and "
                        "%u; fetch the package again."),
                     action->sector_size, action->pages_per_block, plan->page_size, pages);
        return FALSE;
    }
    if (action->num_sectors == 0 || action->start_sector % pages != 0 ||
        (action->kind == MFU_ACTION_ERASE && action->num_sectors % pages != 0)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("The package would erase or write %u pages from page %u, which are not whole blocks "
                        "of %u pages; "
                        "fetch the package again."),
                     action->num_sectors, action->start_sector, pages);
        return FALSE;
    }
    return TRUE;
}

/* The sectors of an action in whole blocks: a program's last block may be begun. */
static guint
action_blocks (const MfuPlan *plan, const MfuAction *action)
{
    return (guint) (((guint64) action->num_sectors + plan->pages_per_block - 1) / plan->pages_per_block);
}

static gboolean
check_image (const MfuPlan *plan, const MfuPlanEntry *entry, GError **error)
{
    const MfuAction *action = entry->action;
    guint64 limit = (guint64) action->num_sectors * plan->page_size;

    if (action->image == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("The package's image %s for %s is missing; fetch the whole package again."),
                     action->filename, entry->name);
        return FALSE;
    }
    if (mfu_image_get_size (action->image) == 0 || mfu_image_get_size (action->image) > limit) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("The image %s has %" PRIu64 " bytes, its partition %s holds 1 to %" PRIu64
                        "; fetch the package again."),
                     action->filename, mfu_image_get_size (action->image), entry->name, limit);
        return FALSE;
    }
    return TRUE;
}

static gboolean
covers (const MfuAction *erase, const MfuAction *program)
{
    return erase->start_sector <= program->start_sector &&
           (guint64) erase->start_sector + erase->num_sectors >=
               (guint64) program->start_sector + program->num_sectors;
}

static gboolean
overlaps (const MfuAction *a, const MfuAction *b)
{
    return a->start_sector < (guint64) b->start_sector + b->num_sectors &&
           b->start_sector < (guint64) a->start_sector + a->num_sectors;
}

/* Every write needs its erase, every erase of the boot chain its write, and nothing is done twice. */
static gboolean
check_pairs (const MfuPlan *plan, GError **error)
{
    for (guint p = 0; p < plan->programs->len; p++) {
        const MfuPlanEntry *program = &g_array_index (plan->programs, MfuPlanEntry, p);
        gboolean is_erased = FALSE;

        for (guint e = 0; e < plan->erases->len; e++)
            is_erased |= covers (g_array_index (plan->erases, MfuPlanEntry, e).action, program->action);
        for (guint q = p + 1; q < plan->programs->len; q++)
            is_erased &= !overlaps (program->action, g_array_index (plan->programs, MfuPlanEntry, q).action);
        if (!is_erased) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         _ ("The package writes %s without erasing it, or twice; fetch the package again."),
                         program->name);
            return FALSE;
        }
    }
    for (guint e = 0; e < plan->erases->len; e++) {
        const MfuPlanEntry *erase = &g_array_index (plan->erases, MfuPlanEntry, e);
        gboolean is_written = !g_strv_contains (boot_chain, erase->name);

        for (guint p = 0; p < plan->programs->len; p++)
            is_written |= covers (erase->action, g_array_index (plan->programs, MfuPlanEntry, p).action);
        if (!is_written) {
            g_set_error (
                error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                _ ("The package erases %s, which the modem needs to boot, and does not write it again; fetch "
                   "the package again."),
                erase->name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_entries (MfuPlan *plan, GArray *entries, GError **error)
{
    for (guint i = 0; i < entries->len; i++) {
        MfuPlanEntry *entry = &g_array_index (entries, MfuPlanEntry, i);

        if (!check_alignment (plan, entry->action, error) ||
            !name_range (plan->family, mfu_package_get_partitions (plan->package),
                         _ ("package's partition table"), entry->action->start_sector / plan->pages_per_block,
                         action_blocks (plan, entry->action), entry->name, error))
            return FALSE;
        if (entry->action->kind == MFU_ACTION_PROGRAM && !check_image (plan, entry, error))
            return FALSE;
        entry->is_verified = entry->action->kind == MFU_ACTION_PROGRAM &&
                             g_strv_contains ((const char *const *) plan->family->raw_images, entry->name);
    }
    return TRUE;
}

static gboolean
has_entry (GArray *entries, const char *name)
{
    for (guint i = 0; i < entries->len; i++)
        if (strcmp (g_array_index (entries, MfuPlanEntry, i).name, name) == 0)
            return TRUE;
    return FALSE;
}

gboolean
mfu_plan_check_ranges (MfuPlan *plan, GError **error)
{
    if (!check_entries (plan, plan->erases, error) || !check_entries (plan, plan->programs, error) ||
        !check_pairs (plan, error))
        return FALSE;
    if (!has_entry (plan->programs, "sbl") || !has_entry (plan->erases, "sbl")) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
            _ ("The package does not write the boot loader (SBL), so an interrupted run could not be "
               "repeated from the boot ROM; ask Quectel for the whole update package."));
        return FALSE;
    }
    return TRUE;
}

/* The new table must leave every protected partition where it is. `is_complete`: `old` names all that there
 * are. */
static gboolean
check_kept (const MfuPlan *plan, GArray *old, gboolean is_complete, const char *whose, GError **error)
{
    GArray *new = mfu_package_get_partitions (plan->package);

    for (gsize i = 0; plan->family->protected_names[i] != NULL; i++) {
        const char *name = plan->family->protected_names[i];
        const MfuPartition *was = find_by_name (old, name);
        const MfuPartition *will = find_by_name (new, name);

        if (was == NULL && (will == NULL || !is_complete))
            continue;
        if (was == NULL || will == NULL || was->start_block != will->start_block ||
            was->num_blocks != will->num_blocks) {
            g_set_error (
                error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                _ ("The package's partition table moves, resizes, adds or drops %s, compared with the %s; "
                   "calibration and identity would be lost."),
                name, whose);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_against_live (const MfuPlan *plan, GArray *live, GError **error)
{
    GArray *lists[] = { plan->erases, plan->programs };
    char name[17];

    for (gsize l = 0; l < G_N_ELEMENTS (lists); l++) {
        for (guint i = 0; i < lists[l]->len; i++) {
            const MfuAction *action = g_array_index (lists[l], MfuPlanEntry, i).action;

            if (!name_range (plan->family, live, _ ("modem's partition table"),
                             action->start_sector / plan->pages_per_block, action_blocks (plan, action), name,
                             error))
                return FALSE;
        }
    }
    return check_kept (plan, live, TRUE, _ ("modem's table"), error);
}

/* The protected partitions as the family's keyfile knows them for this geometry, or NULL. */
static GArray *
known_layout (const MfuPlan *plan)
{
    GArray *known = mfu_family_get_layout (plan->family, plan->page_size, plan->block_size);
    GArray *partitions;

    if (known == NULL)
        return NULL;
    partitions = g_array_new (FALSE, TRUE, sizeof (MfuPartition));
    for (guint i = 0; i < known->len; i++) {
        const MfuLayoutPartition *entry = &g_array_index (known, MfuLayoutPartition, i);
        MfuPartition partition = { .start_block = entry->start_block, .num_blocks = entry->num_blocks };

        g_strlcpy (partition.name, entry->name, sizeof partition.name);
        g_array_append_val (partitions, partition);
    }
    return partitions;
}

gboolean
mfu_plan_check_live (const MfuPlan *plan, guint page_size, guint block_size, GArray *live_partitions,
                     GError **error)
{
    g_autoptr (GArray) layout = NULL;

    if (page_size != 0 && (page_size != plan->page_size || block_size != plan->block_size)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The package is for a flash with pages of %u bytes in blocks of %u KiB, the modem "
                        "has pages of %u "
                        "in blocks of %u KiB; take the package for the other memory."),
                     plan->page_size, plan->block_size / 1024, page_size, block_size / 1024);
        return FALSE;
    }
    if (live_partitions != NULL)
        return check_against_live (plan, live_partitions, error);

    layout = known_layout (plan);
    if (layout == NULL) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("The modem's partition table cannot be read, and where modems of the family %s with blocks of "
               "%u KiB keep their calibration is not known; nothing was written."),
            plan->family->name, plan->block_size / 1024);
        return FALSE;
    }
    return check_kept (plan, layout, FALSE, _ ("known layout of this family"), error);
}
