/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An archive through libarchive, which sees the file by pread alone. Opening reads everything once, front to
 * back: hashes of all members, the content of small ones, and a copy of an archive inside. Streams read it a
 * second time, in rising order of members; going back means to start over, which only a .zip can do for free.
 *
 * Nothing is ever extracted to a path. */

#include "package/source-private.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define SMALL_MEMBER_MAX  (1024 * 1024)
#define SMALL_TOTAL_MAX   (8 * 1024 * 1024)
#define HEADERS_MAX       (4 * MFU_MEMBERS_MAX)
#define DEFAULT_SPOOL_DIR "/var/tmp"

typedef struct archive Archive;

static void
archive_close (Archive *archive)
{
    if (archive != NULL)
        archive_read_free (archive);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Archive, archive_close)

typedef struct {
    MfuSource base;
    int fd;
    char *name;
    off_t size;
    off_t position;
    Archive *archive;
    guint next_header; /* number of the header that comes next */
    GError *failure;   /* of a callback: says more than libarchive can */
    guint8 buffer[MFU_BUFFER_SIZE];
    MfuPass *pass; /* while opening only */
    const char *spool_dir;
    gsize kept;
    gboolean has_programmer;
} ArchiveSource;

static la_ssize_t
on_read (Archive *archive, void *data, const void **block)
{
    ArchiveSource *self = data;
    gsize want = (gsize) MIN ((off_t) MFU_BUFFER_SIZE, self->size - self->position);
    gssize n;

    if (self->failure != NULL || (self->pass != NULL && !mfu_pass_advance (self->pass, want, &self->failure)))
        return ARCHIVE_FATAL;
    do
        n = pread (self->fd, self->buffer, want, self->position);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        mfu_error_set_errno (&self->failure, errno, _ ("cannot read %s"), self->name);
        return ARCHIVE_FATAL;
    }
    self->position += n;
    *block = self->buffer;
    return n;
}

static la_int64_t
on_skip (Archive *archive, void *data, la_int64_t request)
{
    ArchiveSource *self = data;
    off_t n = CLAMP (request, 0, self->size - self->position);

    self->position += n;
    return n;
}

static la_int64_t
on_seek (Archive *archive, void *data, la_int64_t offset, int whence)
{
    ArchiveSource *self = data;
    off_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? self->position : self->size;

    if (offset < -base || offset > self->size - base)
        return ARCHIVE_FATAL;
    self->position = base + offset;
    return self->position;
}

static gboolean
fail_damaged (ArchiveSource *self, GError **error)
{
    const char *reason = self->archive != NULL ? archive_error_string (self->archive) : NULL;
    g_autofree char *printable = mfu_path_printable (reason != NULL ? reason : _ ("its end is missing"));

    if (self->failure != NULL)
        g_propagate_error (error, g_steal_pointer (&self->failure));
    else if (self->archive == NULL || archive_format (self->archive) == 0)
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is no zip, 7z or tar archive, or its end is missing; fetch it again"),
                     self->name);
    else
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is damaged or incomplete (%s); fetch it again"), self->name, printable);
    return FALSE;
}

/* A filter that libarchive was built without is replaced by a program that it would run: not here. */
static void
add_filter (Archive *archive, int (*add) (Archive *))
{
    g_autoptr (Archive) probe = archive_read_new ();

    if (probe != NULL && add (probe) == ARCHIVE_OK)
        add (archive);
}

/* Starts over at the first header. The streaming reader for zip is left out: it believes a file that was cut
 * off. */
static gboolean
rewind_archive (ArchiveSource *self, GError **error)
{
    g_clear_pointer (&self->archive, archive_close);
    self->archive = archive_read_new ();
    if (self->archive == NULL)
        return fail_damaged (self, error);
    add_filter (self->archive, archive_read_support_filter_gzip);
    add_filter (self->archive, archive_read_support_filter_bzip2);
    add_filter (self->archive, archive_read_support_filter_xz);
    add_filter (self->archive, archive_read_support_filter_zstd);
    archive_read_support_format_zip_seekable (self->archive);
    archive_read_support_format_7zip (self->archive);
    archive_read_support_format_tar (self->archive);
    archive_read_set_read_callback (self->archive, on_read);
    archive_read_set_skip_callback (self->archive, on_skip);
    archive_read_set_seek_callback (self->archive, on_seek);
    archive_read_set_callback_data (self->archive, self);
    self->position = 0;
    self->next_header = 0;
    return archive_read_open1 (self->archive) == ARCHIVE_OK || fail_damaged (self, error);
}

/* The next header; `*entry` is NULL at the end. */
static gboolean
next_header (ArchiveSource *self, struct archive_entry **entry, GError **error)
{
    int result = archive_read_next_header (self->archive, entry);

    self->next_header++;
    if (result == ARCHIVE_EOF) {
        *entry = NULL;
        return TRUE;
    }
    if (result >= ARCHIVE_WARN && self->next_header <= HEADERS_MAX)
        return TRUE;
    return fail_damaged (self, error);
}

/* The member's name as text; names in unknown encodings get one that nothing refers to. */
static char *
entry_path (ArchiveSource *self, struct archive_entry *entry, GError **error)
{
    const char *raw = archive_entry_pathname_utf8 (entry);
    const char *problem = NULL;
    g_autofree char *printable = NULL;
    char *path;

    if (raw == NULL)
        raw = archive_entry_pathname (entry);
    if (raw == NULL)
        return g_strdup_printf ("unnamed-%u", self->next_header);
    path = mfu_path_normalize (raw, &problem);
    if (path != NULL)
        return path;
    printable = mfu_path_printable (raw);
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s holds a member with the name \"%s\", which is refused: %s"), self->name, printable,
                 problem);
    return NULL;
}

static gboolean
check_entry (ArchiveSource *self, struct archive_entry *entry, const char *path, GError **error)
{
    gboolean is_link = archive_entry_symlink (entry) != NULL || archive_entry_hardlink (entry) != NULL;

    if (archive_entry_is_encrypted (entry)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("%s needs a password; unpack it and give the folder"), self->name);
        return FALSE;
    }
    if (is_link || archive_entry_filetype (entry) != AE_IFREG) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s holds %s, which is a link or a device; a package has only files and folders"),
                     self->name, path);
        return FALSE;
    }
    return TRUE;
}

/* An unlinked file in the spool folder, for an archive inside this one; only for the first. */
static gboolean
open_spool (ArchiveSource *self, const char *path, int *fd, GError **error)
{
    const char *dir = self->spool_dir != NULL ? self->spool_dir : DEFAULT_SPOOL_DIR;

    *fd = -1;
    if (self->has_programmer || mfu_path_archive_ending (path) == NULL)
        return TRUE;
    self->base.n_inner++;
    if (self->base.inner_fd >= 0)
        return TRUE;
    *fd = open (dir, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (*fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
        g_autofree char *template = g_build_filename (dir, ".mfu-spool-XXXXXX", NULL);

        *fd = mkostemp (template, O_CLOEXEC);
        if (*fd >= 0)
            unlink (template);
    }
    if (*fd < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot unpack the inner archive %s to %s"), path, dir);
        return FALSE;
    }
    self->base.inner_fd = *fd;
    self->base.inner_name = g_strdup (mfu_path_base (path));
    return TRUE;
}

static gboolean
write_spool (int fd, const guint8 *data, gsize size, const char *path, GError **error)
{
    while (size > 0) {
        gssize n = write (fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            mfu_error_set_errno (error, errno, _ ("cannot unpack the inner archive %s"), path);
            return FALSE;
        }
        data += n;
        size -= (gsize) n;
    }
    return TRUE;
}

/* What may be needed before or after its turn is kept: the programmer, the tables and XML, small images. */
static gboolean
is_worth_keeping (const ArchiveSource *self, const char *path, guint64 size)
{
    if (g_str_has_prefix (mfu_path_base (path), "prog_") && size <= MFU_PROGRAMMER_MAX)
        return self->kept + size <= SMALL_TOTAL_MAX + MFU_PROGRAMMER_MAX;
    return size <= SMALL_MEMBER_MAX && self->kept + size <= SMALL_TOTAL_MAX;
}

/* Reads the member's data to its end, wherever they go. */
static gboolean
read_data (ArchiveSource *self, MfuMember *member, GByteArray *keep, int spool, GError **error)
{
    g_auto (MfuDigests) digests = { 0 };
    g_autofree guint8 *buffer = g_malloc (MFU_BUFFER_SIZE);
    guint64 size = 0;
    gssize n;

    mfu_digests_init (&digests);
    while ((n = archive_read_data (self->archive, buffer, MFU_BUFFER_SIZE)) > 0) {
        size += (guint64) n;
        if (size > member->size)
            break;
        mfu_digests_update (&digests, buffer, (gsize) n);
        if (keep != NULL)
            g_byte_array_append (keep, buffer, (guint) n);
        if (spool >= 0 && !write_spool (spool, buffer, (gsize) n, member->path, error))
            return FALSE;
        if (!mfu_pass_advance (self->pass, 0, error))
            return FALSE;
    }
    if (n < 0)
        return fail_damaged (self, error);
    if (size != member->size) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s in %s has not the size that the archive tells; fetch it again"), member->path,
                     self->name);
        return FALSE;
    }
    mfu_digests_finish (&digests, member);
    return TRUE;
}

/* The folder that was packed itself: "tar c ." begins with it. */
static gboolean
is_top (struct archive_entry *entry)
{
    const char *raw = archive_entry_pathname_utf8 (entry);

    return raw != NULL && archive_entry_filetype (entry) == AE_IFDIR &&
           (g_str_equal (raw, "./") || g_str_equal (raw, "."));
}

static gboolean
scan_entry (ArchiveSource *self, struct archive_entry *entry, GError **error)
{
    g_autofree char *path = NULL;
    g_autoptr (GByteArray) keep = NULL;
    gint64 size = archive_entry_size_is_set (entry) ? archive_entry_size (entry) : -1;
    MfuMember *member;
    int spool;

    if (is_top (entry))
        return TRUE;
    path = entry_path (self, entry, error);
    if (path == NULL)
        return FALSE;
    if (archive_entry_filetype (entry) == AE_IFDIR && archive_entry_hardlink (entry) == NULL)
        return TRUE;
    if (!check_entry (self, entry, path, error))
        return FALSE;
    if (size < 0)
        return fail_damaged (self, error);
    if (g_str_has_prefix (mfu_path_base (path), "prog_"))
        self->has_programmer = TRUE;
    if (!open_spool (self, path, &spool, error))
        return FALSE;
    member = mfu_source_add (&self->base, g_steal_pointer (&path), (guint64) size, error);
    if (member == NULL)
        return FALSE;
    member->order = self->next_header - 1;
    if (is_worth_keeping (self, member->path, member->size)) {
        keep = g_byte_array_sized_new ((guint) member->size);
        self->kept += member->size;
    }
    if (!read_data (self, member, keep, spool, error))
        return FALSE;
    if (keep != NULL)
        member->kept = g_byte_array_free_to_bytes (g_steal_pointer (&keep));
    return TRUE;
}

static gboolean
scan (ArchiveSource *self, GError **error)
{
    struct archive_entry *entry;

    if (!rewind_archive (self, error) || !next_header (self, &entry, error))
        return FALSE;
    while (entry != NULL) {
        if (!scan_entry (self, entry, error))
            return FALSE;
        if (!next_header (self, &entry, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
archive_start (MfuSource *source, MfuStream *stream, GError **error)
{
    ArchiveSource *self = (ArchiveSource *) source;
    struct archive_entry *entry = NULL;
    g_autofree char *path = NULL;

    if ((self->archive == NULL || self->next_header > stream->member->order) && !rewind_archive (self, error))
        return FALSE;
    while (self->next_header <= stream->member->order) {
        if (!next_header (self, &entry, error))
            return FALSE;
        if (entry == NULL)
            break;
    }
    path = entry != NULL ? entry_path (self, entry, NULL) : NULL;
    if (g_strcmp0 (path, stream->member->path) == 0)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s was changed while it was in use; run the update again"), self->name);
    return FALSE;
}

static gssize
archive_source_read (MfuSource *source, MfuStream *stream, guint8 *buffer, gsize size, GError **error)
{
    ArchiveSource *self = (ArchiveSource *) source;
    gssize n = archive_read_data (self->archive, buffer, size);

    if (n < 0) {
        fail_damaged (self, error);
        return -1;
    }
    return n;
}

static void
archive_source_destroy (MfuSource *source)
{
    ArchiveSource *self = (ArchiveSource *) source;

    g_clear_pointer (&self->archive, archive_close);
    g_clear_error (&self->failure);
    if (self->fd >= 0)
        close (self->fd);
    g_free (self->name);
    g_free (self);
}

MfuSource *
mfu_source_open_archive (int fd, const char *name, const char *spool_dir, MfuPass *pass, GError **error)
{
    ArchiveSource *self = g_new0 (ArchiveSource, 1);
    g_autoptr (MfuSource) source = &self->base;
    struct stat status;

    mfu_source_init (source);
    source->start = archive_start;
    source->read = archive_source_read;
    source->destroy = archive_source_destroy;
    self->name = mfu_path_printable (name);
    self->fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
    if (self->fd < 0 || fstat (self->fd, &status) < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot keep %s open"), self->name);
        return NULL;
    }
    self->size = status.st_size;
    self->pass = pass;
    self->spool_dir = spool_dir;
    pass->total += (guint64) self->size;
    if (!scan (self, error))
        return NULL;
    self->pass = NULL;
    self->spool_dir = NULL;
    g_clear_pointer (&self->archive, archive_close);
    return g_steal_pointer (&source);
}
