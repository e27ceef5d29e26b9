/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Names the programs that have a device node open, so that "busy" can say who has to be stopped. */

#include "transport/holders.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_PROCESSES 65536
#define MAX_FDS       65536
#define MAX_COMM      64
#define MAX_NAMED     8

static gboolean
is_number (const char *name)
{
    return *name != '\0' && strspn (name, "0123456789") == strlen (name);
}

static gboolean
process_has_open (const char *proc_dir, const char *path)
{
    g_autofree char *fd_dir = g_build_filename (proc_dir, "fd", NULL);
    g_autoptr (GDir) dir = g_dir_open (fd_dir, 0, NULL);
    const char *name;

    for (guint i = 0; dir != NULL && i < MAX_FDS && (name = g_dir_read_name (dir)) != NULL; i++) {
        g_autofree char *link = g_build_filename (fd_dir, name, NULL);
        g_autofree char *target = g_file_read_link (link, NULL);

        if (g_strcmp0 (target, path) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A program may call itself anything. */
static char *
read_name (const char *proc_dir)
{
    g_autofree char *path = g_build_filename (proc_dir, "comm", NULL);
    g_autofree char *valid = NULL;
    char buffer[MAX_COMM + 1];
    gssize n;
    int fd = open (path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return g_strdup ("?");
    n = read (fd, buffer, MAX_COMM);
    close (fd);
    buffer[MAX (n, 0)] = '\0';
    valid = g_utf8_make_valid (g_strstrip (buffer), -1);
    for (char *p = valid; *p != '\0'; p++) {
        if (g_ascii_iscntrl (*p))
            *p = '?';
    }
    return g_steal_pointer (&valid);
}

char *
mfu_holders_of (const char *devnode, guint but_pid)
{
    g_autofree char *path = realpath (devnode, NULL);
    g_autofree char *ourselves = g_strdup_printf ("%d", (int) getpid ());
    g_autofree char *but = g_strdup_printf ("%u", but_pid);
    g_autoptr (GString) holders = g_string_new (NULL);
    g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
    const char *name;
    guint n_named = 0;

    if (path == NULL)
        return NULL;
    for (guint i = 0; dir != NULL && i < MAX_PROCESSES && n_named < MAX_NAMED; i++) {
        g_autofree char *proc_dir = NULL;
        g_autofree char *comm = NULL;

        name = g_dir_read_name (dir);
        if (name == NULL)
            break;
        if (!is_number (name) || g_str_equal (name, ourselves) || g_str_equal (name, but))
            continue;
        proc_dir = g_build_filename ("/proc", name, NULL);
        if (!process_has_open (proc_dir, path))
            continue;
        comm = read_name (proc_dir);
        g_string_append_printf (holders, "%s%s (pid %s)", n_named > 0 ? ", " : "", comm, name);
        n_named++;
    }
    return n_named > 0 ? g_string_free (g_steal_pointer (&holders), FALSE) : NULL;
}
