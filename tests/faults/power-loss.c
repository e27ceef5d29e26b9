/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A second folder has a link to each file that the folder had when it was synced last. */

#include "power-loss.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct _PowerLoss {
    char *directory, *synced_directory;
    GHashTable *sizes; /* inode -> what of it is on the disk; all of what is not in it */
};

PowerLoss *
power_loss_new (const char *directory)
{
    PowerLoss *loss = g_new0 (PowerLoss, 1);

    loss->directory = g_strdup (directory);
    loss->synced_directory = g_strconcat (directory, ".synced", NULL);
    loss->sizes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
    if (g_mkdir (loss->synced_directory, 0700) < 0)
        g_error ("%s: %s", loss->synced_directory, g_strerror (errno));
    return loss;
}

void
power_loss_free (PowerLoss *loss)
{
    g_hash_table_unref (loss->sizes);
    g_free (loss->directory);
    g_free (loss->synced_directory);
    g_free (loss);
}

static void
set_size (PowerLoss *loss, const struct stat *status, gint64 size)
{
    gint64 inode = (gint64) status->st_ino;

    g_hash_table_replace (loss->sizes, g_memdup2 (&inode, sizeof inode), g_memdup2 (&size, sizeof size));
}

static gboolean
has_size (PowerLoss *loss, const struct stat *status, gint64 *size)
{
    gint64 inode = (gint64) status->st_ino;
    const gint64 *found = g_hash_table_lookup (loss->sizes, &inode);

    if (found != NULL)
        *size = *found;
    return found != NULL;
}

void
power_loss_created (PowerLoss *loss, int fd)
{
    struct stat status;

    if (fstat (fd, &status) == 0)
        set_size (loss, &status, 0);
}

void
power_loss_will_write (PowerLoss *loss, int fd)
{
    struct stat status;
    gint64 size;

    if (fstat (fd, &status) == 0 && !has_size (loss, &status, &size))
        set_size (loss, &status, status.st_size);
}

static void
empty (const char *directory)
{
    g_autoptr (GDir) folder = g_dir_open (directory, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *path = g_build_filename (directory, name, NULL);

        unlink (path);
    }
}

static void
fill (const char *directory, const char *from)
{
    g_autoptr (GDir) folder = g_dir_open (from, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *path = g_build_filename (directory, name, NULL);
        g_autofree char *source = g_build_filename (from, name, NULL);

        if (link (source, path) < 0)
            g_error ("link %s: %s", source, g_strerror (errno));
    }
}

void
power_loss_synced (PowerLoss *loss, int fd)
{
    struct stat status;

    if (fstat (fd, &status) < 0)
        return;
    if (!S_ISDIR (status.st_mode)) {
        set_size (loss, &status, status.st_size);
        return;
    }
    empty (loss->synced_directory);
    fill (loss->synced_directory, loss->directory);
}

void
power_loss_strike (PowerLoss *loss, gboolean keeps_names)
{
    g_autoptr (GDir) folder = NULL;
    const char *name;

    if (!keeps_names) {
        empty (loss->directory);
        fill (loss->directory, loss->synced_directory);
    }
    folder = g_dir_open (loss->directory, 0, NULL);
    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *path = g_build_filename (loss->directory, name, NULL);
        struct stat status;
        gint64 size;

        if (lstat (path, &status) == 0 && has_size (loss, &status, &size) && size < status.st_size &&
            truncate (path, size) < 0)
            g_error ("truncate %s: %s", path, g_strerror (errno));
    }
}
