/* SPDX-License-Identifier: GPL-2.0-or-later */

/* PLACE.package is the copy, PLACE.package.new one whose job has not begun yet. */

#include "job/kept.h"

#include "config.h"
#include "job/journal.h"
#include "tracker/place.h"
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
remove_file (const char *directory, const char *place, const char *suffix)
{
    g_autofree char *path = mfu_journal_path (directory, place, suffix);

    if (g_unlink (path) < 0 && errno != ENOENT)
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "cannot remove %s: %s", path, g_strerror (errno));
}

int
mfu_kept_store (const char *directory, const char *place, int fd, const MfuPackageOptions *options,
                GCancellable *cancellable, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, place, NEW_SUFFIX);
    int copy;

    /* Never into a file that is there: nobody must have it open. */
    remove_file (directory, place, NEW_SUFFIX);
    copy = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (copy < 0) {
        mfu_error_set_errno (error, errno, _ ("cannot create %s"), path);
        return -1;
    }
    if (mfu_package_copy (fd, copy, options, cancellable, error))
        return copy;
    close (copy);
    remove_file (directory, place, NEW_SUFFIX);
    return -1;
}

/* On the disk with the journal, whose folder is synced right after. */
gboolean
mfu_kept_confirm (const char *directory, const char *place, GError **error)
{
    g_autofree char *new_path = mfu_journal_path (directory, place, NEW_SUFFIX);
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);

    if (g_rename (new_path, path) == 0)
        return TRUE;
    mfu_error_set_errno (error, errno, _ ("Cannot keep the package as %s"), path);
    return FALSE;
}

void
mfu_kept_discard (const char *directory, const char *place)
{
    remove_file (directory, place, NEW_SUFFIX);
}

gboolean
mfu_kept_exists (const char *directory, const char *place)
{
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);
    struct stat status;

    return lstat (path, &status) == 0 && S_ISREG (status.st_mode);
}

int
mfu_kept_open (const char *directory, const char *place, GError **error)
{
    g_autofree char *path = mfu_journal_path (directory, place, SUFFIX);
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        mfu_error_set_errno (error, errno, _ ("Cannot open the kept package %s"), path);
    return fd;
}

void
mfu_kept_remove (const char *directory, const char *place)
{
    remove_file (directory, place, SUFFIX);
}

static void
clean_up_file (const char *directory, const char *name, const char *suffix)
{
    g_autoptr (MfuPortLock) lock = NULL;
    g_autofree char *place = NULL;

    if (!g_str_has_suffix (name, suffix))
        return;
    place = g_strndup (name, strlen (name) - strlen (suffix));
    if (!mfu_place_is_name (place)) {
        mfu_log (G_LOG_LEVEL_MESSAGE, NULL, NULL, "%s/%s is not the package of any port; it is left alone",
                 directory, name);
        return;
    }
    if (mfu_journal_exists (directory, place))
        return;
    /* Ignored because somebody who has the port looks after its files himself. */
    lock = mfu_port_lock_take (directory, place, place, NULL);
    if (lock != NULL)
        remove_file (directory, place, suffix);
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
