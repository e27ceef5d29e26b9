/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The system calls by which a journal comes to the disk, as the linker's --wrap puts them between the engine
 * and libc: each on a file of the journal is an event that can go wrong. */

#include "power-loss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names are the linker's. */
ssize_t __real_write (int fd, const void *data, size_t size);
int __real_fdatasync (int fd);
int __real_fsync (int fd);
int __real_rename (const char *from, const char *to);
int __real_g_unlink (const char *path);
int __real_open (const char *path, int flags, ...);
int __real_open64 (const char *path, int flags, ...);
ssize_t __wrap_write (int fd, const void *data, size_t size);
int __wrap_fdatasync (int fd);
int __wrap_fsync (int fd);
int __wrap_rename (const char *from, const char *to);
int __wrap_g_unlink (const char *path);
int __wrap_open (const char *path, int flags, ...);
int __wrap_open64 (const char *path, int flags, ...);

/* Of a journal, or a kept package that is not yet one. */
static gboolean
is_of_state (int fd)
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

static gboolean
is_kept_package (const char *path)
{
    return g_str_has_suffix (path, ".package") || g_str_has_suffix (path, ".package.new");
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
    gboolean is_ours = is_of_state (fd);
    Effect effect = is_ours ? fault_world_journal_event () : EFFECT_NONE;

    if (is_ours && fault_world_get_power_loss () != NULL)
        power_loss_will_write (fault_world_get_power_loss (), fd);
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
    gboolean is_ours = is_of_state (fd);
    Effect effect = is_ours ? fault_world_journal_event () : EFFECT_NONE;
    int result = effect == EFFECT_ERROR ? 0 : sync (fd);

    if (is_ours && effect != EFFECT_ERROR && fault_world_get_power_loss () != NULL)
        power_loss_synced (fault_world_get_power_loss (), fd);
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

static int
end_with (Effect effect, int result)
{
    return effect == EFFECT_LATE_ERROR && result == 0 ? fail (EIO) : result;
}

/* Of what is done as a whole or not at all. */
static Effect
happen_at_once (void)
{
    Effect effect = fault_world_journal_event ();

    if (effect == EFFECT_TORN)
        fault_world_journal_event ();
    return effect;
}

int
__wrap_rename (const char *from, const char *to)
{
    Effect effect =
        g_str_has_suffix (to, ".journal") || g_str_has_suffix (to, ".last") || is_kept_package (to)
            ? happen_at_once ()
            : EFFECT_NONE;

    if (effect == EFFECT_ERROR || effect == EFFECT_SHORT)
        return fail (EIO);
    return end_with (effect, __real_rename (from, to));
}

/* To remove what is not there is no event. */
int
__wrap_g_unlink (const char *path)
{
    Effect effect = is_kept_package (path) && access (path, F_OK) == 0 ? happen_at_once () : EFFECT_NONE;

    if (effect == EFFECT_ERROR || effect == EFFECT_SHORT)
        return fail (EIO);
    return end_with (effect, __real_g_unlink (path));
}

static int
open_with (int (*real_open) (const char *path, int flags, ...), const char *path, int flags, mode_t mode)
{
    gboolean is_new = (flags & O_CREAT) != 0 && g_str_has_suffix (path, ".new");
    Effect effect = is_kept_package (path) ? happen_at_once () : EFFECT_NONE;
    int fd;

    if (effect == EFFECT_ERROR || effect == EFFECT_SHORT)
        return fail (ENOSPC);
    fd = real_open (path, flags, mode);
    if (fd >= 0 && is_new && fault_world_get_power_loss () != NULL)
        power_loss_created (fault_world_get_power_loss (), fd);
    if (fd >= 0 && effect == EFFECT_LATE_ERROR) {
        close (fd);
        return fail (EIO);
    }
    return fd;
}

static mode_t
mode_of (int flags, va_list args)
{
    return (flags & O_CREAT) != 0 ? va_arg (args, mode_t) : 0;
}

int
__wrap_open (const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start (args, flags);
    mode = mode_of (flags, args);
    va_end (args);
    return open_with (__real_open, path, flags, mode);
}

int
__wrap_open64 (const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start (args, flags);
    mode = mode_of (flags, args);
    va_end (args);
    return open_with (__real_open64, path, flags, mode);
}
