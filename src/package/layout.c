/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The vendor's folder is recognised by what lies in it, whatever it is called and however deep it lies:
 *
 *   ROOT/md5.txt  ROOT/contents.xml  ROOT/update/<images>  ROOT/update/firehose/prog_*  rawprogram*.xml
 *
 * Source: EG25GGBR07A08M2G_30.006.30.006 (github.com/Biktorgj/quectel_eg25_recovery) for that form; the names
 * of programmers as searched by firehose_protocol.c of github.com/nippynetworks/qfirehose; SIMCom's flat form
 * in issue 2 of the same repository; NPRG9x15.hex as in quectel-fw-update of github.com/ingran/balzac. */

#include "package/layout.h"

#include <string.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define TABLE "partition_nand.xml"

#define SEVERAL                                                                                              \
    _ ("%s holds several firmwares (%s and %s); unpack it and give the folder of the one that is meant")

static const char *const programmer_globs[] = {
    "prog_nand_firehose_*.mbn",
    "prog_nand_firehose_*.elf",
    "prog_firehose_*.mbn",
    "prog_firehose_*.elf",
    "firehose-prog*.mbn",
    "prog_*.mbn",
    "prog_*.elf",
};

static gboolean
matches (const char *path, const char *glob)
{
    g_autofree char *base = g_ascii_strdown (mfu_path_base (path), -1);

    return g_pattern_match_simple (glob, base);
}

/* Members with this base name; the first of them in `*first`. */
static guint
count_matches (GPtrArray *members, const char *glob, MfuMember **first)
{
    guint n = 0;

    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        if (!matches (member->path, glob))
            continue;
        if (n == 0 && first != NULL)
            *first = member;
        n++;
    }
    return n;
}

static gboolean
is_programmer (const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS (programmer_globs); i++)
        if (matches (path, programmer_globs[i]))
            return TRUE;
    return FALSE;
}

static gboolean
find_programmer (MfuLayout *layout, GPtrArray *members, const char *name, GError **error)
{
    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        if (!is_programmer (member->path))
            continue;
        if (layout->programmer != NULL) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, SEVERAL, name, layout->programmer->path,
                         member->path);
            return FALSE;
        }
        layout->programmer = member;
    }
    return TRUE;
}

/* "a/update/firehose" has its images in "a/update" and its root at "a". */
static void
set_folders (MfuLayout *layout, char *update)
{
    const char *base = mfu_path_base (update);

    layout->update = update;
    layout->root = g_ascii_strcasecmp (base, "update") == 0 ? mfu_path_folder (update) : g_strdup (update);
}

static gboolean
refuse_others (MfuSource *source, const char *name, GError **error)
{
    GPtrArray *members = mfu_source_get_members (source);
    MfuMember *pac = NULL;

    if (count_matches (members, "*.pac", &pac) > 0) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("%s is firmware for a Unisoc or ASR module (%s); this program is for Quectel modules with "
               "a Qualcomm chip"),
            name, pac->path);
        return FALSE;
    }
    if (count_matches (members, "appsboot.mbn", NULL) > 0 && count_matches (members, "boot.img", NULL) > 0 &&
        count_matches (members, "modem.img", NULL) > 0) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("%s is firmware for a SIMCom module (images side by side, no md5.txt); a Quectel package "
               "has a folder update"),
            name);
        return FALSE;
    }
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                 _ ("%s holds no Quectel firmware: no update/firehose/prog_*.mbn and no partition table with "
                    "images was found"),
                 name);
    return FALSE;
}

/* The table that lies beside the images. */
static void
find_table (MfuLayout *layout, GPtrArray *members)
{
    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);
        g_autofree char *folder = mfu_path_folder (member->path);

        if (g_str_equal (folder, layout->update) && matches (member->path, TABLE))
            layout->table = member;
    }
}

gboolean
mfu_layout_find (MfuLayout *layout, MfuSource *source, const char *name, GError **error)
{
    GPtrArray *members = mfu_source_get_members (source);
    MfuMember *table = NULL;
    MfuMember *loader = NULL;
    guint n_tables = count_matches (members, TABLE, &table);
    gboolean is_legacy = count_matches (members, "nprg9x15.hex", &loader) == 1;

    if (!find_programmer (layout, members, name, error))
        return FALSE;
    if (is_legacy && layout->programmer == NULL) {
        layout->methods = MFU_PACKAGE_9X15;
        set_folders (layout, mfu_path_folder (loader->path));
        return TRUE;
    }
    if (n_tables == 1 && count_matches (members, "nprg9x*.mbn", NULL) > 0)
        layout->methods |= MFU_PACKAGE_STREAMING;
    if (layout->programmer != NULL) {
        layout->methods |= MFU_PACKAGE_FIREHOSE;
        layout->firehose = mfu_path_folder (layout->programmer->path);
        set_folders (layout, mfu_path_folder (layout->firehose));
    } else if (n_tables == 1) {
        set_folders (layout, mfu_path_folder (table->path));
    } else {
        return refuse_others (source, name, error);
    }
    find_table (layout, members);
    if (layout->table != NULL)
        layout->methods |= MFU_PACKAGE_FASTBOOT;
    return TRUE;
}

void
mfu_layout_clear (MfuLayout *layout)
{
    g_clear_pointer (&layout->root, g_free);
    g_clear_pointer (&layout->update, g_free);
    g_clear_pointer (&layout->firehose, g_free);
}

typedef enum { NOT_RAWPROGRAM, UPDATE, OTHER, FACTORY } XmlKind;

static XmlKind
xml_kind (const MfuLayout *layout, const char *path)
{
    static const char *const factory_globs[] = { "*factory*", "*erase_all*", "*erase-all*", "*eraseall*" };
    g_autofree char *folder = mfu_path_folder (path);

    if (!g_str_equal (folder, layout->firehose) || !matches (path, "rawprogram*.xml"))
        return NOT_RAWPROGRAM;
    for (guint i = 0; i < G_N_ELEMENTS (factory_globs); i++)
        if (matches (path, factory_globs[i]))
            return FACTORY;
    return matches (path, "*update*.xml") ? UPDATE : OTHER;
}

MfuMember *
mfu_layout_choose_rawprogram (const MfuLayout *layout, MfuSource *source, gboolean *is_factory,
                              GError **error)
{
    GPtrArray *members = mfu_source_get_members (source);
    MfuMember *found[FACTORY + 1] = { NULL };
    MfuMember *second[FACTORY + 1] = { NULL };
    XmlKind kind;

    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        kind = xml_kind (layout, member->path);
        if (found[kind] == NULL)
            found[kind] = member;
        else
            second[kind] = member;
    }
    kind = found[UPDATE] != NULL ? UPDATE : found[OTHER] != NULL ? OTHER : FACTORY;
    *is_factory = kind == FACTORY;
    if (found[kind] == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("there is a programmer but no rawprogram*.xml in %s; fetch the package again"),
                     layout->firehose);
        return NULL;
    }
    if (second[kind] != NULL && kind != FACTORY) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
            _ ("both %s and %s are in the package, and nothing tells which one is for this modem; remove "
               "one"),
            found[kind]->path, second[kind]->path);
        return NULL;
    }
    return found[kind];
}

/* "2K_b128K" */
static gboolean
read_geometry (const char *text, guint *page_size, guint *block_size)
{
    guint64 page, block;
    char *end;

    if (!g_ascii_isdigit (text[0]))
        return FALSE;
    page = g_ascii_strtoull (text, &end, 10);
    if (!g_str_has_prefix (end, "K_b") || !g_ascii_isdigit (end[3]))
        return FALSE;
    block = g_ascii_strtoull (end + 3, &end, 10);
    if (*end != 'K' || page == 0 || page > 1024 || block == 0 || block > 1024 * 1024)
        return FALSE;
    *page_size = (guint) page * 1024;
    *block_size = (guint) block * 1024;
    return TRUE;
}

gboolean
mfu_layout_geometry_of_name (const char *path, guint *page_size, guint *block_size)
{
    for (const char *at = strstr (mfu_path_base (path), "_p"); at != NULL; at = strstr (at + 2, "_p"))
        if (read_geometry (at + 2, page_size, block_size))
            return TRUE;
    return FALSE;
}
