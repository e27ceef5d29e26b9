/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A service that has lost its bus finishes its job first. Meanwhile the new bus may start another one, which
 * would take that job for interrupted, and tell so. */

#include "service/alone.h"

#include "config.h"

#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_NAME "service.lock"

/* Source: dbus-daemon(1), service_start_timeout: 25 s. */
#define WAIT_MS 20000
#define TRY_MS  200

gboolean
mfu_alone_wait (const char *state_dir, int *fd, GError **error)
{
    MfuClock *clock = mfu_clock_system ();
    gint64 deadline_us = mfu_clock_deadline_us (clock, WAIT_MS);
    g_autofree char *path = g_build_filename (state_dir, LOCK_NAME, NULL);

    *fd = -1;
    if (g_mkdir_with_parents (state_dir, 0700) == 0)
        *fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) {
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "%s: %s", path, g_strerror (errno));
        return TRUE;
    }
    while (flock (*fd, LOCK_EX | LOCK_NB) < 0) {
        gint64 next_us = mfu_clock_deadline_us (clock, TRY_MS);

        if (errno != EWOULDBLOCK) {
            mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "%s: %s", path, g_strerror (errno));
            return TRUE;
        }
        if (next_us > deadline_us || !clock->sleep_until (clock, next_us, NULL, NULL)) {
            close (*fd);
            *fd = -1;
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_BUSY,
                                 _ ("Another firmware update service is just finishing a job; try again "
                                    "when it has ended."));
            return FALSE;
        }
    }
    return TRUE;
}
