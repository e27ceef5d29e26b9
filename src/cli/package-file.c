/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The service reads through this descriptor, with the rights that the user had when opening it. */

#include "cli/package-file.h"

#include "config.h"

#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *
base_name (const char *path)
{
    g_autofree char *name = g_path_get_basename (path);
    g_autofree char *real = NULL;

    if (!g_str_equal (name, ".") && !g_str_equal (name, "..") && !g_str_equal (name, "/"))
        return g_steal_pointer (&name);
    real = realpath (path, NULL);
    return g_path_get_basename (real != NULL ? real : path);
}

int
mfu_package_file_open (const char *path, char **name, GError **error)
{
    struct stat st;
    /* Without O_NONBLOCK a FIFO would hang here. */
    int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        mfu_error_set_errno (error, errno, "%s", path);
        return -1;
    }
    if (fstat (fd, &st) != 0 || !(S_ISREG (st.st_mode) || S_ISDIR (st.st_mode))) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("%s is neither a folder nor a file"), path);
        close (fd);
        return -1;
    }
    *name = base_name (path);
    return fd;
}
