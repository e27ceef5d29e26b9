/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Answers "is this the same package?" in milliseconds, before it is read. */

#include "package/package.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package/i18n.h"
#include "package/path.h"
#include "package/source.h"
#include "util/error.h"

static void
add_text (GChecksum *checksum, const char *text)
{
    g_checksum_update (checksum, (const guchar *) text, (gssize) strlen (text) + 1);
}

static void
add_number (GChecksum *checksum, guint64 number)
{
    g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT, number);

    add_text (checksum, text);
}

static gboolean
add_end (GChecksum *checksum, int fd, off_t offset, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (MFU_BUFFER_SIZE);
    gssize n;

    do
        n = pread (fd, buffer, MFU_BUFFER_SIZE, offset);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot read the package"));
        return FALSE;
    }
    g_checksum_update (checksum, buffer, n);
    return TRUE;
}

static gboolean
is_metadata (const MfuMember *member)
{
    return member->size <= MFU_METADATA_SIZE_MAX &&
           (g_str_has_suffix (member->path, ".xml") || g_str_equal (mfu_path_base (member->path), "md5.txt"));
}

static gboolean
add_folder (GChecksum *checksum, int fd, GError **error)
{
    g_autoptr (MfuSource) source = mfu_source_open_folder (fd, 0, error);
    GPtrArray *members = source != NULL ? mfu_source_get_members (source) : NULL;
    MfuPass pass = { 0 };

    for (guint i = 0; members != NULL && i < members->len; i++) {
        MfuMember *member = g_ptr_array_index (members, i);

        add_text (checksum, member->path);
        add_number (checksum, member->size);
        if (!is_metadata (member))
            continue;
        if (!mfu_source_hash (source, member, &pass, error))
            return FALSE;
        add_text (checksum, member->sha256);
    }
    return source != NULL;
}

char *
mfu_package_fingerprint (int fd, const char *name, GError **error)
{
    g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
    struct stat status;
    gboolean is_done;

    if (fstat (fd, &status) < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot look at the package"));
        return NULL;
    }
    add_text (checksum, mfu_path_base (name != NULL ? name : ""));
    if (S_ISDIR (status.st_mode)) {
        is_done = add_folder (checksum, fd, error);
    } else {
        add_number (checksum, (guint64) status.st_size);
        is_done = add_end (checksum, fd, 0, error) &&
                  add_end (checksum, fd, MAX (0, status.st_size - MFU_BUFFER_SIZE), error);
    }
    return is_done ? g_strdup (g_checksum_get_string (checksum)) : NULL;
}
