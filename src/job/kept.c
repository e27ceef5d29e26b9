/* SPDX-License-Identifier: GPL-2.0-or-later */

/* PORT.package is the copy, PORT.package.new one whose job has not begun yet. */

#include "job/kept.h"

#include "config.h"
#include "job/journal.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX     ".package"
#define NEW_SUFFIX ".package.new"

static void
remove_file (const char *directory, const char *port, const char *suffix)
{
    g_autofree char *path = mfu_journal_path (directory, port, suffix);

    if (g_unlink (path) < 0 && errno != ENOENT)
        mfu_log (G_LOG_LEVEL_WARNING, port, NULL, "cannot remove %s: %s", path, g_strerror (errno));
}

int
mfu_kept_store (const char *directory, const char *port, int fd, const MfuPackageOptions *options,
                GCancellable *cancellable, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, port, NEW_SUFFIX);
    int copy;

    /* Never into a file that is there: nobody must have it open. */
    remove_file (directory, port, NEW_SUFFIX);
    copy = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (copy < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot create %s"), path);
        return -1;
    }
    if (mfu_package_copy (fd, copy, options, cancellable, error))
        return copy;
    close (copy);
    remove_file (directory, port, NEW_SUFFIX);
    return -1;
}

/* On the disk with the journal, whose folder is synced right after. */
gboolean
mfu_kept_confirm (const char *directory, const char *port, GError **error)
{
    g_autofree char *new_path = mfu_journal_path (directory, port, NEW_SUFFIX);
    g_autofree char *path = mfu_journal_path (directory, port, SUFFIX);

    if (g_rename (new_path, path) == 0)
        return TRUE;
    mfu_error_set_errno (error, errno, _ ("Cannot keep the package as %s"), path);
    return FALSE;
}

void
mfu_kept_discard (const char *directory, const char *port)
{
    remove_file (directory, port, NEW_SUFFIX);
}

gboolean
mfu_kept_exists (const char *directory, const char *port)
{
    g_autofree char *path = mfu_journal_path (directory, port, SUFFIX);
    struct stat status;

    return lstat (path, &status) == 0 && S_ISREG (status.st_mode);
}

int
mfu_kept_open (const char *directory, const char *port, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, port, SUFFIX);
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        mfu_error_set_errno (error, errno, _ ("Cannot open the kept package %s"), path);
    return fd;
}

void
mfu_kept_remove (const char *directory, const char *port)
{
    remove_file (directory, port, SUFFIX);
}

static void
clean_up_file (const char *directory, const char *name, const char *suffix)
{
    g_autoptr (MfuPortLock) lock = NULL;
    g_autofree char *port = NULL;

    if (!g_str_has_suffix (name, suffix))
        return;
    port = g_strndup (name, strlen (name) - strlen (suffix));
    if (mfu_journal_exists (directory, port))
        return;
    /* Ignored because somebody who has the port looks after its files himself. */
    lock = mfu_port_lock_take (directory, port, NULL);
    if (lock != NULL)
        remove_file (directory, port, suffix);
}

void
mfu_kept_clean_up (const char *directory)
{
    g_autoptr (GDir) folder = g_dir_open (directory, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        clean_up_file (directory, name, NEW_SUFFIX);
        clean_up_file (directory, name, SUFFIX);
    }
}
