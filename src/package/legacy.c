/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Files known by their names, side by side with NPRG9x15.hex or NPRG9x07.mbn.
 *
 * Source: ingran/balzac, package/utils/quectel-fw-update, file.cpp (names of a package for MDM9215) and its
 * variant with sbl2_tmp.mbn and appsboot_tmp.mbn; pawelkn/qflash, download.cpp (NPRG9x07.mbn, partition.mbn).
 * The order of the images is that in which these flash them by fastboot. */

#include "package/legacy.h"

#include <inttypes.h>

#include "package/i18n.h"
#include "package/intel-hex.h"
#include "package/nand-xml.h"
#include "package/path.h"
#include "util/error.h"

#define TABLE_MAX 3072

static const struct {
    const char *glob;
    gboolean is_needed;
} boots[MFU_N_BOOTS] = {
    [MFU_BOOT_SBL1] = { "sbl1.mbn", TRUE },
    [MFU_BOOT_SBL2] = { "sbl2.mbn", TRUE },
    [MFU_BOOT_SBL2_TEMPORARY] = { "sbl2_tmp.mbn", FALSE },
    [MFU_BOOT_RPM] = { "rpm.mbn", TRUE },
    [MFU_BOOT_APPSBL] = { "appsboot.mbn", TRUE },
    [MFU_BOOT_APPSBL_TEMPORARY] = { "appsboot_tmp.mbn", FALSE },
};

static const struct {
    const char *glob;
    const char *partition;
    gboolean is_needed;
} flashes[] = {
    { "sbl2.mbn", "sbl2", TRUE },
    { "appsboot.mbn", "aboot", TRUE },
    { "dsp1.mbn", "dsp1", TRUE },
    { "dsp2.mbn", "dsp2", TRUE },
    { "dsp3.mbn", "dsp3", TRUE },
    { "*.rootfs.yaffs2", "system", TRUE },
    { "*.usrfs.yaffs2", "userdata", FALSE },
    { "*recovery-image*.yaffs2", "recoveryfs", FALSE },
    { "boot-oe-*.img", "boot", TRUE },
    { "recovery-boot-oe-*.img", "recovery", FALSE },
};

/* In the order in which the loader is asked whether they are the modem's. */
static const char *const tables_9x15[] = { "partition2.mbn", "partition.mbn", NULL };
static const char *const tables_9x07[] = { "partition.mbn", NULL };

static gboolean
matches (const MfuOpening *opening, const MfuMember *member, const char *glob)
{
    g_autofree char *folder = mfu_path_folder (member->path);
    g_autofree char *base = g_ascii_strdown (mfu_path_base (member->path), -1);

    return g_str_equal (folder, opening->layout.update) && g_pattern_match_simple (glob, base);
}

/* The only file of the folder with such a name; `*member` is NULL where there is none that is needed. */
static gboolean
find (MfuOpening *opening, const char *glob, gboolean is_needed, MfuMember **member, GError **error)
{
    GPtrArray *members = mfu_source_get_members (opening->package->source);

    *member = NULL;
    for (guint i = 0; i < members->len; i++) {
        MfuMember *candidate = g_ptr_array_index (members, i);

        if (!matches (opening, candidate, glob))
            continue;
        if (*member != NULL) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                         _ ("both %s and %s are in the package, and nothing tells which one is meant; remove "
                            "one"),
                         (*member)->path, candidate->path);
            return FALSE;
        }
        *member = candidate;
    }
    if (*member == NULL && is_needed) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is missing, without which the modem does not start; fetch the package again"),
                     glob);
        return FALSE;
    }
    if (*member != NULL && (*member)->size == 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE, _ ("%s is empty; fetch the package again"),
                     (*member)->path);
        return FALSE;
    }
    return TRUE;
}

static gboolean
check_small (const MfuMember *member, guint64 max, GError **error)
{
    if (member->size <= max)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s has %" PRIu64 " bytes, at most %" PRIu64 " were expected; fetch the package again"),
                 member->path, member->size, max);
    return FALSE;
}

static GBytes *
load (MfuOpening *opening, MfuMember *member, gsize max, GError **error)
{
    g_hash_table_add (opening->relevant, member);
    return mfu_source_load (opening->package->source, member, max, &opening->pass, error);
}

static gboolean
read_loader (MfuOpening *opening, const char *name, gboolean is_needed, MfuLoader *loader, GError **error)
{
    MfuMember *member;
    g_autoptr (GBytes) text = NULL;

    if (!find (opening, name, is_needed, &member, error))
        return FALSE;
    if (member == NULL)
        return TRUE;
    text = load (opening, member, MFU_PROGRAMMER_MAX, error);
    return text != NULL && mfu_intel_hex_parse (member->path, text, loader, error);
}

static gboolean
read_tables (MfuOpening *opening, const char *const *names, GError **error)
{
    for (gsize i = 0; names[i] != NULL; i++) {
        MfuMember *member;
        GBytes *bytes;

        if (!find (opening, names[i], FALSE, &member, error))
            return FALSE;
        if (member == NULL)
            continue;
        bytes = load (opening, member, TABLE_MAX, error);
        if (bytes == NULL)
            return FALSE;
        g_ptr_array_add (opening->package->tables, bytes);
    }
    return TRUE;
}

static gboolean
read_boots (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;

    for (gsize i = 0; i < G_N_ELEMENTS (boots); i++) {
        MfuMember *member;

        if (!find (opening, boots[i].glob, boots[i].is_needed, &member, error) ||
            (member != NULL && !check_small (member, MFU_PROGRAMMER_MAX, error)))
            return FALSE;
        if (member != NULL)
            package->boots[i] = mfu_opening_image_for (opening, member);
    }
    if ((package->boots[MFU_BOOT_SBL2_TEMPORARY] == NULL) ==
        (package->boots[MFU_BOOT_APPSBL_TEMPORARY] == NULL))
        return TRUE;
    package->boots[MFU_BOOT_SBL2_TEMPORARY] = package->boots[MFU_BOOT_APPSBL_TEMPORARY] = NULL;
    mfu_opening_warn (opening,
                      g_strdup (_ ("The package has only one of sbl2_tmp.mbn and appsboot_tmp.mbn, so the "
                                   "temporary boot images are not used.")));
    return TRUE;
}

static gboolean
read_flashes (MfuOpening *opening, GError **error)
{
    g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (mfu_flash_free);

    for (gsize i = 0; i < G_N_ELEMENTS (flashes); i++) {
        MfuMember *member;
        MfuFlash *flash;

        if (!find (opening, flashes[i].glob, flashes[i].is_needed, &member, error))
            return FALSE;
        if (member == NULL)
            continue;
        flash = g_new0 (MfuFlash, 1);
        g_strlcpy (flash->name, flashes[i].partition, sizeof flash->name);
        g_strlcpy (flash->label, flashes[i].partition, sizeof flash->label);
        flash->image = mfu_opening_image_for (opening, member);
        flash->filename = g_strdup (mfu_image_get_name (flash->image));
        g_ptr_array_add (list, flash);
    }
    g_ptr_array_unref (opening->package->flashes);
    opening->package->flashes = g_steal_pointer (&list);
    return TRUE;
}

static gboolean
describe_9x15 (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;

    if (!read_loader (opening, "nprg9x15.hex", TRUE, &package->loaders[0], error) ||
        !read_loader (opening, "enprg9x15.hex", FALSE, &package->loaders[1], error) ||
        !read_tables (opening, tables_9x15, error) || !read_boots (opening, error) ||
        !read_flashes (opening, error))
        return FALSE;
    if (package->chip_id == NULL)
        package->chip_id = g_strdup ("MDM9x15");
    if (package->tables->len > 0)
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         _ ("partition.mbn is missing, by which the modem's memory is recognised; fetch the "
                            "package again"));
    return FALSE;
}

/* A way out of one stuck state more: what is wrong with it is no obstacle to the rest. */
static gboolean
describe_streaming (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;
    MfuMember *nprg = NULL;
    g_autoptr (GError) local = NULL;

    if (find (opening, "nprg9x*.mbn", TRUE, &nprg, &local) &&
        check_small (nprg, MFU_PROGRAMMER_MAX, &local) &&
        (opening->manifest == NULL || g_hash_table_contains (opening->listed, nprg)) &&
        read_tables (opening, tables_9x07, &local)) {
        package->nprg = mfu_opening_image_for (opening, nprg);
        return TRUE;
    }
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_CANCELLED)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    package->methods &= ~(guint) MFU_PACKAGE_STREAMING;
    return TRUE;
}

gboolean
mfu_legacy_describe (MfuOpening *opening, GError **error)
{
    if (opening->layout.methods & MFU_PACKAGE_9X15)
        return describe_9x15 (opening, error);
    if (opening->layout.methods & MFU_PACKAGE_STREAMING)
        return describe_streaming (opening, error);
    return TRUE;
}
