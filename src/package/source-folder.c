/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A folder, read beneath a directory descriptor: openat2 keeps every step inside (no symlinks, no other
 * mounts), and each file is pinned by inode, size and modification time. The service is root, so it also
 * checks that the caller could have read the file. */

#include "package/source-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define DEPTH_MAX 8

typedef struct {
    MfuSource base;
    int fd;
    uid_t caller_uid;
} FolderSource;

static int
open_beneath (int fd, const char *path, int flags)
{
    struct open_how how = {
        .flags = (guint64) (flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
    };

    return (int) syscall (SYS_openat2, fd, path, &how, sizeof how);
}

static gboolean
fail_open (const char *path, GError **error)
{
    if (errno == ELOOP || errno == EXDEV)
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
            _ ("%s is a link or on another file system, only files inside of the folder are read; copy "
               "the file itself there"),
            path);
    else
        mfu_error_set_errno (error, errno, _ ("cannot open %s"), path);
    return FALSE;
}

static gboolean
check_access (const FolderSource *self, const struct stat *status, const char *path, GError **error)
{
    mode_t wanted = S_ISDIR (status->st_mode) ? S_IROTH | S_IXOTH : S_IROTH;

    if (self->caller_uid == 0 || status->st_uid == self->caller_uid || (status->st_mode & wanted) == wanted)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED,
                 _ ("%s is neither yours nor readable for everyone; make a copy that is yours"), path);
    return FALSE;
}

static gboolean
is_pinned (const MfuMember *member, const struct stat *status)
{
    return status->st_dev == member->device && status->st_ino == member->inode && status->st_size >= 0 &&
           (guint64) status->st_size == member->size && status->st_mtim.tv_sec == member->mtime.tv_sec &&
           status->st_mtim.tv_nsec == member->mtime.tv_nsec;
}

static gboolean
folder_start (MfuSource *source, MfuStream *stream, GError **error)
{
    FolderSource *self = (FolderSource *) source;
    MfuMember *member = stream->member;
    struct stat status;

    stream->fd = open_beneath (self->fd, member->path, 0);
    if (stream->fd < 0)
        return fail_open (member->path, error);
    if (fstat (stream->fd, &status) < 0 || !S_ISREG (status.st_mode) || !is_pinned (member, &status)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s was changed while it was in use; run the update again"), member->path);
        return FALSE;
    }
    return check_access (self, &status, member->path, error);
}

static gssize
folder_read (MfuSource *source, MfuStream *stream, guint8 *buffer, gsize size, GError **error)
{
    gssize n;

    do
        n = pread (stream->fd, buffer, size, (off_t) stream->position);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        mfu_error_set_errno (error, errno, _ ("cannot read %s"), stream->member->path);
    return n;
}

static void
folder_destroy (MfuSource *source)
{
    FolderSource *self = (FolderSource *) source;

    if (self->fd >= 0)
        close (self->fd);
    g_free (self);
}

static gboolean list (FolderSource *self, const char *folder, GError **error);

static gboolean
add_entry (FolderSource *self, int fd, const char *folder, const char *name, GError **error)
{
    g_autofree char *joined = *folder == '\0' ? g_strdup (name) : g_strconcat (folder, "/", name, NULL);
    const char *problem = NULL;
    g_autofree char *path = mfu_path_normalize (joined, &problem);
    struct stat status;
    MfuMember *member;

    if (path == NULL || !g_str_equal (path, joined)) {
        g_autofree char *printable = mfu_path_printable (joined);

        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE, _ ("the file name \"%s\" is refused: %s"),
                     printable, problem != NULL ? problem : _ ("it is not plain text"));
        return FALSE;
    }
    if (fstatat (fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot look at %s"), path);
        return FALSE;
    }
    if (S_ISDIR (status.st_mode))
        return check_access (self, &status, path, error) && list (self, path, error);
    if (!S_ISREG (status.st_mode)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is neither a file nor a folder; a package has nothing else"), path);
        return FALSE;
    }
    member = mfu_source_add (&self->base, g_steal_pointer (&path), (guint64) status.st_size, error);
    if (member == NULL)
        return FALSE;
    member->device = status.st_dev;
    member->inode = status.st_ino;
    member->mtime = status.st_mtim;
    return TRUE;
}

static guint
count_slashes (const char *path)
{
    guint n = 0;

    for (; *path != '\0'; path++)
        n += *path == '/' ? 1 : 0;
    return n;
}

static void
close_directory (DIR *directory)
{
    if (directory != NULL)
        closedir (directory);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (DIR, close_directory)

static gboolean
list (FolderSource *self, const char *folder, GError **error)
{
    g_autoptr (DIR) directory = NULL;
    int fd;

    if (count_slashes (folder) > DEPTH_MAX) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE, _ ("%s is nested too deeply for a package"),
                     folder);
        return FALSE;
    }
    fd = open_beneath (self->fd, *folder == '\0' ? "." : folder, O_DIRECTORY);
    if (fd < 0)
        return fail_open (*folder == '\0' ? _ ("the folder") : folder, error);
    directory = fdopendir (fd);
    if (directory == NULL) {
        close (fd);
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("cannot list the folder %s"), folder);
        return FALSE;
    }
    while (TRUE) {
        const struct dirent *entry;

        errno = 0;
        entry = readdir (directory);
        if (entry == NULL && errno != 0) {
            mfu_error_set_errno (error, errno, _ ("cannot list the folder %s"), folder);
            return FALSE;
        }
        if (entry == NULL)
            return TRUE;
        if (g_str_equal (entry->d_name, ".") || g_str_equal (entry->d_name, ".."))
            continue;
        if (!add_entry (self, fd, folder, entry->d_name, error))
            return FALSE;
    }
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
    const MfuMember *const *first = a;
    const MfuMember *const *second = b;

    return strcmp ((*first)->path, (*second)->path);
}

MfuSource *
mfu_source_open_folder (int fd, uid_t caller_uid, GError **error)
{
    FolderSource *self = g_new0 (FolderSource, 1);
    g_autoptr (MfuSource) source = &self->base;

    mfu_source_init (source);
    source->start = folder_start;
    source->read = folder_read;
    source->destroy = folder_destroy;
    self->caller_uid = caller_uid;
    self->fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
    if (self->fd < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot keep the folder open"));
        return NULL;
    }
    if (!list (self, "", error))
        return NULL;
    g_ptr_array_sort (source->members, compare_paths);
    for (guint i = 0; i < source->members->len; i++)
        ((MfuMember *) g_ptr_array_index (source->members, i))->order = i;
    return g_steal_pointer (&source);
}
