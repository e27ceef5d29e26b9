/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Opening a package, step by step: source, layout, version, manifest, contents.xml, rawprogram, images,
 * geometry, partition table, digests. Each step adds to the description or ends the matter with one sentence.
 */

#include "package/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package/contents-xml.h"
#include "package/i18n.h"
#include "package/image.h"
#include "package/layout.h"
#include "package/legacy.h"
#include "package/manifest.h"
#include "package/nand-xml.h"
#include "package/path.h"
#include "util/error.h"

#define NAMES_IN_WARNING 5

static void
opening_clear (MfuOpening *opening)
{
    mfu_layout_clear (&opening->layout);
    g_clear_pointer (&opening->manifest, g_ptr_array_unref);
    g_clear_pointer (&opening->relevant, g_hash_table_unref);
    g_clear_pointer (&opening->listed, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfuOpening, opening_clear)

void
mfu_opening_warn (MfuOpening *opening, char *text)
{
    g_ptr_array_insert (opening->package->warnings, (int) opening->package->warnings->len - 1, text);
}

/* The path inside the package, as the manifest has it. */
static const char *
path_in_package (const MfuOpening *opening, const MfuMember *member)
{
    gsize n = strlen (opening->layout.root);

    return n > 0 && strlen (member->path) > n ? member->path + n + 1 : member->path;
}

static MfuMember *
find_in_package (const MfuOpening *opening, const char *path)
{
    g_autofree char *full = NULL;

    if (*opening->layout.root == '\0')
        return mfu_source_find (opening->package->source, path);
    full = g_strconcat (opening->layout.root, "/", path, NULL);
    return mfu_source_find (opening->package->source, full);
}

static GBytes *
load_metadata (MfuOpening *opening, MfuMember *member, GError **error)
{
    g_hash_table_add (opening->relevant, member);
    return mfu_source_load (opening->package->source, member, MFU_METADATA_SIZE_MAX, &opening->pass, error);
}

/* Source */

static gboolean
check_descriptor (int fd, const char *name, struct stat *status, GError **error)
{
    int flags = fcntl (fd, F_GETFL);

    if (flags < 0 || fstat (fd, status) < 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("the descriptor of %s is not open"), name);
        return FALSE;
    }
    if ((flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                     _ ("%s was not opened for reading (O_PATH or write-only); open it with O_RDONLY"), name);
        return FALSE;
    }
    if (!S_ISDIR (status->st_mode) && !S_ISREG (status->st_mode)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                     _ ("%s is neither a folder nor a file; give the package as it came or unpacked"), name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
refuse_rar (int fd, const char *name, GError **error)
{
    char magic[4];

    if (pread (fd, magic, sizeof magic, 0) != sizeof magic || memcmp (magic, "Rar!", sizeof magic) != 0)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("%s is a RAR archive, which is not supported; unpack it and give the folder"), name);
    return FALSE;
}

static MfuSource *
open_source (MfuOpening *opening, int fd, const char *name, GError **error)
{
    const MfuPackageOptions *options = opening->options;
    struct stat status;

    if (!check_descriptor (fd, name, &status, error))
        return NULL;
    if (S_ISDIR (status.st_mode))
        return mfu_source_open_folder (fd, options->caller_uid, error);
    if (!refuse_rar (fd, name, error))
        return NULL;
    return mfu_source_open_archive (fd, name, options->spool_dir, &opening->pass, error);
}

/* Goes one level down if there is no package but one archive. */
static gboolean
enter_inner (MfuOpening *opening, const char *name, GError **error)
{
    MfuPackage *package = opening->package;
    g_autoptr (MfuSource) inner = NULL;
    const char *inner_name;
    guint n_inner = 0;
    int fd = mfu_source_steal_inner (package->source, &inner_name, &n_inner);

    if (fd < 0)
        return TRUE;
    if (opening->layout.methods != 0 || n_inner > 1) {
        close (fd);
        if (opening->layout.methods != 0)
            return TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("%s holds %u archives; unpack it and give the one that is meant"), name, n_inner);
        return FALSE;
    }
    mfu_version_name_parse (&package->version, inner_name);
    inner = mfu_source_open_archive (fd, inner_name, NULL, &opening->pass, error);
    close (fd);
    if (inner == NULL)
        return FALSE;
    mfu_source_free (package->source);
    package->source = g_steal_pointer (&inner);
    mfu_layout_clear (&opening->layout);
    return mfu_layout_find (&opening->layout, package->source, name, error);
}

static gboolean
find_layout (MfuOpening *opening, const char *name, GError **error)
{
    MfuPackage *package = opening->package;
    g_autoptr (GError) local = NULL;

    if (!mfu_layout_find (&opening->layout, package->source, name, &local) &&
        !g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (!enter_inner (opening, name, error))
        return FALSE;
    package->methods = opening->layout.methods;
    if (package->methods != 0)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

/* Images */

MfuImage *
mfu_opening_image_for (MfuOpening *opening, MfuMember *member)
{
    MfuPackage *package = opening->package;
    MfuImage *image;

    for (guint i = 0; i < package->images->len; i++) {
        image = g_ptr_array_index (package->images, i);
        if (mfu_image_get_member (image) == member)
            return image;
    }
    image = mfu_image_new (package->source, member, path_in_package (opening, member));
    g_ptr_array_add (package->images, image);
    g_hash_table_add (opening->relevant, member);
    return image;
}

static MfuMember *
find_image (MfuOpening *opening, const char *filename, const char *xml, GError **error)
{
    MfuMember *member = find_in_package (opening, filename);

    if (member != NULL && member->size > 0)
        return member;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 member == NULL ? _ ("%s is missing, but %s needs it; fetch the package again")
                                : _ ("%s is empty, but %s needs it; fetch the package again"),
                 filename, xml);
    return NULL;
}

static gboolean
bind_images (MfuOpening *opening, const char *xml, GError **error)
{
    GPtrArray *actions = opening->package->rawprogram->actions;

    for (guint i = 0; i < actions->len; i++) {
        MfuAction *action = g_ptr_array_index (actions, i);
        MfuMember *member;

        if (action->kind != MFU_ACTION_PROGRAM)
            continue;
        member = find_image (opening, action->filename, xml, error);
        if (member == NULL)
            return FALSE;
        action->image = mfu_opening_image_for (opening, member);
    }
    return TRUE;
}

static gboolean
use_programmer (MfuOpening *opening, GError **error)
{
    MfuMember *member = opening->layout.programmer;

    if (member->size == 0 || member->size > MFU_PROGRAMMER_MAX) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("the programmer %s has %" PRIu64 " bytes, from 1 to %d were expected; fetch the "
                        "package again"),
                     member->path, member->size, MFU_PROGRAMMER_MAX);
        return FALSE;
    }
    opening->package->programmer = mfu_opening_image_for (opening, member);
    return TRUE;
}

/* Geometry */

static gboolean
check_name (MfuOpening *opening, const char *path, GError **error)
{
    MfuPackage *package = opening->package;
    guint page, block;

    if (!mfu_layout_geometry_of_name (path, &page, &block))
        return TRUE;
    if (package->block_size == 0)
        package->block_size = block;
    if (page == package->rawprogram->page_size && block == package->block_size)
        return TRUE;
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
        _ ("the name %s means pages of %u and blocks of %u bytes, but the package is for %u and %u; fetch "
           "it again"),
        path, page, block, package->rawprogram->page_size, package->block_size);
    return FALSE;
}

static gboolean
check_geometry (MfuOpening *opening, const MfuMember *xml, GError **error)
{
    MfuPackage *package = opening->package;
    GPtrArray *actions = package->rawprogram->actions;

    package->block_size = package->rawprogram->page_size * package->rawprogram->pages_per_block;
    if (!check_name (opening, xml->path, error))
        return FALSE;
    for (guint i = 0; i < actions->len; i++) {
        const MfuAction *action = g_ptr_array_index (actions, i);

        if (action->kind == MFU_ACTION_PROGRAM && !check_name (opening, action->filename, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_partitions (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;

    for (guint i = 0; i < package->images->len; i++) {
        MfuMember *member = mfu_image_get_member (g_ptr_array_index (package->images, i));
        g_autofree char *base = g_ascii_strdown (mfu_path_base (member->path), -1);
        g_autoptr (GBytes) bytes = NULL;
        g_autoptr (GArray) table = NULL;
        gconstpointer data;
        gsize size;

        if (!g_str_has_prefix (base, "partition_complete"))
            continue;
        bytes = load_metadata (opening, member, error);
        if (bytes == NULL)
            return FALSE;
        data = g_bytes_get_data (bytes, &size);
        table = mfu_partition_table_parse (data, size, package->rawprogram->page_size, error);
        if (table == NULL) {
            if (error != NULL)
                (*error)->code = MFU_ERROR_CORRUPT_PACKAGE;
            g_prefix_error (error, "%s: ", member->path);
            return FALSE;
        }
        g_array_unref (package->partitions);
        package->partitions = g_steal_pointer (&table);
    }
    return TRUE;
}

/* Metadata */

static gboolean
check_patches (MfuOpening *opening, GError **error)
{
    GPtrArray *members = mfu_source_get_members (opening->package->source);

    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);
        g_autofree char *folder = mfu_path_folder (member->path);
        g_autofree char *base = g_ascii_strdown (mfu_path_base (member->path), -1);
        g_autoptr (GBytes) bytes = NULL;

        if (!g_str_equal (folder, opening->layout.firehose) || !g_pattern_match_simple ("patch*.xml", base))
            continue;
        bytes = load_metadata (opening, member, error);
        if (bytes == NULL || !mfu_patch_xml_check (member->path, bytes, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_rawprogram (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;
    g_autoptr (GBytes) bytes = NULL;
    g_autofree char *folder = NULL;
    MfuMember *xml;

    xml = mfu_layout_choose_rawprogram (&opening->layout, package->source, &package->is_factory, error);
    if (xml == NULL)
        return FALSE;
    bytes = load_metadata (opening, xml, error);
    if (bytes == NULL)
        return FALSE;
    folder = mfu_path_folder (path_in_package (opening, xml));
    package->rawprogram = mfu_rawprogram_parse (xml->path, folder, bytes, error);
    if (package->rawprogram == NULL)
        return FALSE;
    g_ptr_array_unref (package->actions);
    package->actions = g_ptr_array_ref (package->rawprogram->actions);
    package->is_factory |= package->rawprogram->erases_all;
    return check_geometry (opening, xml, error) && bind_images (opening, xml->path, error) &&
           check_patches (opening, error) && read_partitions (opening, error);
}

static gboolean
read_contents (MfuOpening *opening, GError **error)
{
    MfuMember *member = find_in_package (opening, "contents.xml");
    g_autoptr (GBytes) bytes = NULL;

    if (member == NULL)
        return TRUE;
    bytes = load_metadata (opening, member, error);
    return bytes != NULL && mfu_contents_xml_parse (member->path, bytes, &opening->package->chip_id, error);
}

static gboolean
read_manifest (MfuOpening *opening, GError **error)
{
    MfuMember *member = find_in_package (opening, "md5.txt");
    g_autoptr (GBytes) bytes = NULL;

    if (member == NULL) {
        mfu_opening_warn (
            opening, g_strdup (_ ("The package has no md5.txt, so only its structure could be checked.")));
        return TRUE;
    }
    bytes = mfu_source_load (opening->package->source, member, MFU_METADATA_SIZE_MAX, &opening->pass, error);
    if (bytes != NULL)
        opening->manifest = mfu_manifest_parse (member->path, bytes, error);
    return opening->manifest != NULL;
}

/* Digests */

/* Finds the members of the manifest; those that are absent are one remark. */
static void
list_members (MfuOpening *opening)
{
    g_autoptr (GString) absent = g_string_new (NULL);
    guint n_absent = 0;

    for (guint i = 0; opening->manifest != NULL && i < opening->manifest->len; i++) {
        const MfuManifestEntry *entry = g_ptr_array_index (opening->manifest, i);
        MfuMember *member = find_in_package (opening, entry->path);

        if (member != NULL) {
            g_hash_table_add (opening->listed, member);
            g_hash_table_add (opening->relevant, member);
            continue;
        }
        if (n_absent < NAMES_IN_WARNING)
            g_string_append_printf (absent, "%s%s", n_absent > 0 ? ", " : "", entry->path);
        n_absent++;
    }
    if (n_absent > NAMES_IN_WARNING)
        g_string_append (absent, ", ...");
    if (n_absent > 0)
        mfu_opening_warn (
            opening, g_strdup_printf (_ ("Listed in md5.txt, but absent and not needed: %s."), absent->str));
}

/* Every image of `flashes` is there, and as safe from damage as the rest of the package. */
static gboolean
check_flashes (MfuOpening *opening, GPtrArray *flashes, GError **error)
{
    for (guint i = 0; i < flashes->len; i++) {
        const MfuFlash *flash = g_ptr_array_index (flashes, i);
        MfuMember *member;

        if (flash->filename == NULL)
            continue;
        member = find_image (opening, flash->filename, opening->layout.table->path, error);
        if (member == NULL)
            return FALSE;
        if (opening->manifest != NULL && !g_hash_table_contains (opening->listed, member)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         _ ("%s would be written but is not listed in md5.txt; fetch the package again"),
                         member->path);
            return FALSE;
        }
    }
    return TRUE;
}

static GPtrArray *
load_flashes (MfuOpening *opening, GError **error)
{
    MfuMember *table = opening->layout.table;
    g_autoptr (GBytes) bytes = load_metadata (opening, table, error);
    g_autofree char *folder = mfu_path_folder (path_in_package (opening, table));
    g_autoptr (GPtrArray) flashes = NULL;

    if (bytes == NULL)
        return NULL;
    flashes = mfu_nand_xml_parse (table->path, folder, bytes, error);
    if (flashes == NULL || !check_flashes (opening, flashes, error))
        return NULL;
    return g_steal_pointer (&flashes);
}

/* What is wrong here is no obstacle to a package that has Firehose as well: it has one method less. */
static gboolean
read_flashes (MfuOpening *opening, GError **error)
{
    MfuPackage *package = opening->package;
    g_autoptr (GError) local = NULL;
    g_autoptr (GPtrArray) flashes = NULL;

    if (opening->layout.table == NULL)
        return TRUE;
    flashes = load_flashes (opening, &local);
    if (flashes == NULL) {
        if (opening->layout.firehose == NULL ||
            !g_error_matches (local, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        package->methods &= ~(guint) MFU_PACKAGE_FASTBOOT;
        mfu_opening_warn (
            opening, g_strdup_printf (_ ("The package cannot be flashed by fastboot: %s."), local->message));
        return TRUE;
    }
    for (guint i = 0; i < flashes->len; i++) {
        MfuFlash *flash = g_ptr_array_index (flashes, i);

        if (flash->filename != NULL)
            flash->image = mfu_opening_image_for (opening, find_in_package (opening, flash->filename));
    }
    g_ptr_array_unref (package->flashes);
    package->flashes = g_steal_pointer (&flashes);
    return TRUE;
}

static gboolean
hash_members (MfuOpening *opening, GError **error)
{
    GPtrArray *members = mfu_source_get_members (opening->package->source);

    opening->pass.total = MAX (opening->pass.total, opening->pass.done);
    for (guint i = 0; i < members->len; i++) {
        const MfuMember *member = g_ptr_array_index (members, i);

        if (!member->is_hashed && g_hash_table_contains (opening->relevant, member))
            opening->pass.total += member->size;
    }
    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        if (g_hash_table_contains (opening->relevant, member) &&
            !mfu_source_hash (opening->package->source, member, &opening->pass, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
compare_digests (MfuOpening *opening, GError **error)
{
    for (guint i = 0; opening->manifest != NULL && i < opening->manifest->len; i++) {
        const MfuManifestEntry *entry = g_ptr_array_index (opening->manifest, i);
        const MfuMember *member = find_in_package (opening, entry->path);

        if (member == NULL || g_str_equal (member->md5, entry->md5))
            continue;
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is damaged: its MD5 sum is %s, md5.txt tells %s; fetch the package again"),
                     member->path, member->md5, entry->md5);
        return FALSE;
    }
    for (guint i = 0; opening->manifest != NULL && i < opening->package->images->len; i++) {
        const MfuMember *member = mfu_image_get_member (g_ptr_array_index (opening->package->images, i));

        if (g_hash_table_contains (opening->listed, member))
            continue;
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s would be written but is not listed in md5.txt; fetch the package again"),
                     member->path);
        return FALSE;
    }
    return TRUE;
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
compute_digest (MfuOpening *opening)
{
    MfuPackage *package = opening->package;
    GPtrArray *members = mfu_source_get_members (package->source);
    g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
    g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

    for (guint i = 0; i < members->len; i++) {
        const MfuMember *member = g_ptr_array_index (members, i);

        if (g_hash_table_contains (opening->relevant, member))
            g_ptr_array_add (lines,
                             g_strdup_printf ("%s %s\n", path_in_package (opening, member), member->sha256));
    }
    g_ptr_array_sort (lines, compare_strings);
    for (guint i = 0; i < lines->len; i++)
        g_checksum_update (checksum, g_ptr_array_index (lines, i), -1);
    package->digest = g_strdup (g_checksum_get_string (checksum));
}

/* The content of members that are no images is not needed any more. */
static void
drop_content (MfuOpening *opening)
{
    GPtrArray *members = mfu_source_get_members (opening->package->source);
    g_autoptr (GHashTable) needed = g_hash_table_new (NULL, NULL);

    for (guint i = 0; i < opening->package->images->len; i++)
        g_hash_table_add (needed, mfu_image_get_member (g_ptr_array_index (opening->package->images, i)));
    for (guint i = 0; i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        if (!g_hash_table_contains (needed, member))
            g_clear_pointer (&member->kept, g_bytes_unref);
    }
}

/* Version */

static gboolean
differ (const char *a, const char *b, gboolean may_be_empty)
{
    return (!may_be_empty || (*a != '\0' && *b != '\0')) && g_ascii_strcasecmp (a, b) != 0;
}

/* One more name that tells the version: it must not contradict, and the longer one stays. */
static gboolean
add_version (MfuPackage *package, const char *text, GError **error)
{
    MfuVersionName *known = &package->version;
    MfuVersionName other;

    mfu_version_name_parse (&other, text);
    if (!other.is_known)
        return TRUE;
    if (known->is_known &&
        (differ (known->model, other.model, FALSE) || differ (known->region, other.region, FALSE) ||
         differ (known->hardware, other.hardware, FALSE) || known->baseline != other.baseline ||
         known->release != other.release || differ (known->memory, other.memory, TRUE) ||
         differ (known->suffix, other.suffix, TRUE))) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("the package calls itself both %s and %s; give it the name that it came with"),
                     known->text, other.text);
        return FALSE;
    }
    if (!known->is_known || strlen (other.text) > strlen (known->text))
        *known = other;
    return TRUE;
}

static gboolean
read_version (MfuOpening *opening, const char *name, GError **error)
{
    g_auto (GStrv) folders = g_strsplit (opening->layout.root, "/", -1);

    if (!add_version (opening->package, name, error))
        return FALSE;
    for (guint i = 0; folders[i] != NULL; i++)
        if (!add_version (opening->package, folders[i], error))
            return FALSE;
    return TRUE;
}

static gboolean
run_steps (MfuOpening *opening, const char *name, GError **error)
{
    if (!find_layout (opening, name, error) || !read_version (opening, name, error) ||
        !read_manifest (opening, error) || !read_contents (opening, error))
        return FALSE;
    if (opening->layout.firehose != NULL &&
        (!use_programmer (opening, error) || !read_rawprogram (opening, error)))
        return FALSE;
    list_members (opening);
    if (!mfu_legacy_describe (opening, error) || !read_flashes (opening, error) ||
        !hash_members (opening, error) || !compare_digests (opening, error))
        return FALSE;
    compute_digest (opening);
    drop_content (opening);
    return TRUE;
}

gboolean
mfu_package_describe (MfuPackage *package, int fd, const char *name, const MfuPackageOptions *options,
                      GCancellable *cancellable, GError **error)
{
    g_autofree char *printable = mfu_path_printable (mfu_path_base (name));
    g_auto (MfuOpening) opening = {
        .package = package,
        .options = options,
        .relevant = g_hash_table_new (NULL, NULL),
        .listed = g_hash_table_new (NULL, NULL),
    };

    opening.pass.cancellable = cancellable;
    opening.pass.progress = options->progress;
    opening.pass.user_data = options->user_data;
    if (!mfu_pass_advance (&opening.pass, 0, error))
        return FALSE;
    package->source = open_source (&opening, fd, printable, error);
    return package->source != NULL && run_steps (&opening, printable, error);
}
