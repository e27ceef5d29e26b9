/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A package copied into one file: an archive byte for byte, a folder as a tar archive. What is copied is
 * verified by whoever opens the copy. */

#include "package/package.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "package/i18n.h"
#include "package/source.h"
#include "util/error.h"

/* What stays free on the disk, for the journal and for everybody else. */
#define RESERVE ((guint64) 4 * 1024 * 1024)

/* Header and padding of one member of a tar archive. */
#define TAR_OVERHEAD 2048

typedef struct archive Archive;

typedef struct {
    int to;
    MfuPass pass;
    int failure; /* errno of the writing */
} Copy;

static void
archive_finish (Archive *archive)
{
    if (archive != NULL)
        archive_write_free (archive);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_finish)

static gboolean
check_room (Copy *copy, guint64 size, GError **error)
{
    struct statvfs disk;
    guint64 free_bytes;

    if (fstatvfs (copy->to, &disk) < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot look at the disk"));
        return FALSE;
    }
    free_bytes = (guint64) disk.f_bavail * disk.f_frsize;
    if (size <= MFU_TOTAL_SIZE_MAX && free_bytes >= size + RESERVE)
        return TRUE;
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_IO,
        _ ("%" PRIu64 " MiB and %" PRIu64 " MiB of reserve are needed on the disk, %" PRIu64 " MiB are free"),
        (size >> 20) + 1, RESERVE >> 20, free_bytes >> 20);
    return FALSE;
}

static gboolean
fail_writing (int saved_errno, GError **error)
{
    mfu_error_set_errno (error, saved_errno, _ ("cannot write the copy"));
    return FALSE;
}

static gssize
write_whole (int fd, const guint8 *data, gsize size)
{
    gsize done = 0;

    while (done < size) {
        gssize n = write (fd, data + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        done += (gsize) n;
    }
    return (gssize) done;
}

static gboolean
copy_file (Copy *copy, int from, guint64 size, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (MFU_BUFFER_SIZE);
    guint64 done = 0;

    while (done < size) {
        gssize n = pread (from, buffer, (gsize) MIN (size - done, MFU_BUFFER_SIZE), (off_t) done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            mfu_error_set_errno (error, errno, _ ("cannot read the package"));
            return FALSE;
        }
        if (n == 0)
            break; /* shorter than it was: whoever opens the copy will say so */
        if (write_whole (copy->to, buffer, (gsize) n) < 0)
            return fail_writing (errno, error);
        done += (guint64) n;
        if (!mfu_pass_advance (&copy->pass, (guint64) n, error))
            return FALSE;
    }
    return TRUE;
}

static la_ssize_t
on_write (Archive *archive, void *data, const void *bytes, size_t size)
{
    Copy *copy = data;
    gssize n = write_whole (copy->to, bytes, size);

    if (n < 0)
        copy->failure = errno;
    return n;
}

static gboolean
fail_packing (const Copy *copy, Archive *archive, GError **error)
{
    if (copy->failure != 0)
        return fail_writing (copy->failure, error);
    g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("cannot pack the copy: %s"),
                 archive != NULL && archive_error_string (archive) != NULL ? archive_error_string (archive)
                                                                           : g_strerror (ENOMEM));
    return FALSE;
}

static gboolean
pack_member (Copy *copy, Archive *archive, MfuSource *source, MfuMember *member, GError **error)
{
    g_autofree guint8 *buffer = g_malloc (MFU_BUFFER_SIZE);
    g_autoptr (MfuStream) stream = mfu_stream_open (source, member, error);
    struct archive_entry *entry;
    int result;
    gssize n;

    if (stream == NULL)
        return FALSE;
    entry = archive_entry_new ();
    archive_entry_set_pathname_utf8 (entry, member->path);
    archive_entry_set_filetype (entry, AE_IFREG);
    archive_entry_set_perm (entry, 0600);
    archive_entry_set_size (entry, (la_int64_t) member->size);
    result = archive_write_header (archive, entry);
    archive_entry_free (entry);
    if (result < ARCHIVE_OK)
        return fail_packing (copy, archive, error);
    while ((n = mfu_stream_read (stream, buffer, MFU_BUFFER_SIZE, error)) > 0) {
        if (archive_write_data (archive, buffer, (gsize) n) != n)
            return fail_packing (copy, archive, error);
        if (!mfu_pass_advance (&copy->pass, (guint64) n, error))
            return FALSE;
    }
    return n == 0;
}

static gboolean
pack_folder (Copy *copy, MfuSource *source, GError **error)
{
    GPtrArray *members = mfu_source_get_members (source);
    g_autoptr (Archive) archive = archive_write_new ();

    if (archive == NULL || archive_write_set_format_pax_restricted (archive) != ARCHIVE_OK ||
        archive_write_open (archive, copy, NULL, on_write, NULL) != ARCHIVE_OK)
        return fail_packing (copy, archive, error);
    for (guint i = 0; i < members->len; i++)
        if (!pack_member (copy, archive, source, members->pdata[i], error))
            return FALSE;
    return archive_write_close (archive) == ARCHIVE_OK || fail_packing (copy, archive, error);
}

static gboolean
copy_folder (Copy *copy, int from, uid_t caller_uid, GError **error)
{
    g_autoptr (MfuSource) source = mfu_source_open_folder (from, caller_uid, error);
    GPtrArray *members = source != NULL ? mfu_source_get_members (source) : NULL;
    guint64 size = 0;

    if (source == NULL)
        return FALSE;
    for (guint i = 0; i < members->len; i++)
        size += ((const MfuMember *) members->pdata[i])->size + TAR_OVERHEAD;
    copy->pass.total = size;
    return check_room (copy, size, error) && pack_folder (copy, source, error);
}

gboolean
mfu_package_copy (int from, int to, const MfuPackageOptions *options, GCancellable *cancellable,
                  GError **error)
{
    Copy copy = { .to = to };
    struct stat status;
    gboolean is_copied;

    copy.pass.cancellable = cancellable;
    copy.pass.progress = options->progress;
    copy.pass.user_data = options->user_data;
    if (fstat (from, &status) < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot look at the package"));
        return FALSE;
    }
    copy.pass.total = (guint64) MAX (status.st_size, 0);
    if (S_ISDIR (status.st_mode))
        is_copied = copy_folder (&copy, from, options->caller_uid, error);
    else
        is_copied =
            check_room (&copy, copy.pass.total, error) && copy_file (&copy, from, copy.pass.total, error);
    if (is_copied && fsync (to) < 0)
        return fail_writing (errno, error);
    return is_copied;
}
