/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The system calls by which a journal comes to the disk, as the linker's --wrap puts them between the engine
 * and libc: each on a file of the journal is an event that can go wrong. */

#include "fault-world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names are the linker's. */
ssize_t __real_write (int fd, const void *data, size_t size);
int __real_fdatasync (int fd);
int __real_fsync (int fd);
int __real_rename (const char *from, const char *to);
ssize_t __wrap_write (int fd, const void *data, size_t size);
int __wrap_fdatasync (int fd);
int __wrap_fsync (int fd);
int __wrap_rename (const char *from, const char *to);

static gboolean
is_of_journal (int fd)
{
    char link[64];
    char path[1024];
    ssize_t n;

    g_snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink (link, path, sizeof path - 1);
    if (n < 0)
        return FALSE;
    path[n] = '\0';
    return g_str_has_suffix (path, ".journal") || g_str_has_suffix (path, ".new") ||
           g_str_has_suffix (path, "/state");
}

static int
fail (int code)
{
    errno = code;
    return -1;
}

/* A disk that is full takes what it still can, and then nothing. */
ssize_t
__wrap_write (int fd, const void *data, size_t size)
{
    Effect effect = is_of_journal (fd) ? fault_world_journal_event () : EFFECT_NONE;

    if (effect == EFFECT_ERROR)
        return fail (ENOSPC);
    if (effect == EFFECT_LATE_ERROR || effect == EFFECT_SHORT || effect == EFFECT_TORN) {
        ssize_t n = __real_write (fd, data, effect == EFFECT_LATE_ERROR ? size : size / 2);

        if (effect == EFFECT_TORN)
            fault_world_journal_event ();
        return n < 0 ? n : fail (ENOSPC);
    }
    return __real_write (fd, data, size);
}

static int
sync_with (int (*sync) (int fd), int fd)
{
    Effect effect = is_of_journal (fd) ? fault_world_journal_event () : EFFECT_NONE;
    int result = effect == EFFECT_ERROR ? 0 : sync (fd);

    if (effect == EFFECT_TORN)
        fault_world_journal_event ();
    return effect == EFFECT_NONE ? result : fail (EIO);
}

int
__wrap_fdatasync (int fd)
{
    return sync_with (__real_fdatasync, fd);
}

int
__wrap_fsync (int fd)
{
    return sync_with (__real_fsync, fd);
}

int
__wrap_rename (const char *from, const char *to)
{
    Effect effect = g_str_has_suffix (to, ".journal") || g_str_has_suffix (to, ".last")
                        ? fault_world_journal_event ()
                        : EFFECT_NONE;

    if (effect == EFFECT_TORN)
        fault_world_journal_event ();
    if (effect == EFFECT_ERROR || effect == EFFECT_SHORT)
        return fail (EIO);
    if (effect == EFFECT_LATE_ERROR)
        return __real_rename (from, to) < 0 ? -1 : fail (EIO);
    return __real_rename (from, to);
}
