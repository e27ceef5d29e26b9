/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The system's monotonic clock, and one place that waits for descriptors with a deadline. */

#include "util/clock.h"

#include "util/error.h"

#include <errno.h>

#define MAX_POLL_FDS 16

static gint64
system_now_us (MfuClock *clock)
{
    return g_get_monotonic_time ();
}

static gboolean
system_sleep_until (MfuClock *clock, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (mfu_clock_poll (clock, NULL, 0, deadline_us, cancellable, &local) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

MfuClock *
mfu_clock_system (void)
{
    static MfuClock clock = { system_now_us, system_sleep_until };

    return &clock;
}

int
mfu_clock_left_ms (MfuClock *clock, gint64 deadline_us)
{
    gint64 left_us = deadline_us - clock->now_us (clock);

    if (left_us <= 0)
        return 0;
    return (int) MIN ((left_us + 999) / 1000, G_MAXINT);
}

gboolean
mfu_clock_poll (MfuClock *clock, GPollFD *fds, guint n_fds, gint64 deadline_us, GCancellable *cancellable,
                GError **error)
{
    GPollFD all[MAX_POLL_FDS + 1];
    guint n_all = n_fds;
    gboolean has_cancel;
    int n_ready;
    int saved_errno;

    g_return_val_if_fail (n_fds <= MAX_POLL_FDS, FALSE);
    for (guint i = 0; i < n_fds; i++)
        all[i] = fds[i];
    has_cancel = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &all[n_all]);
    if (has_cancel)
        n_all++;

    do {
        n_ready = g_poll (all, n_all, mfu_clock_left_ms (clock, deadline_us));
        saved_errno = errno;
    } while (n_ready < 0 && saved_errno == EINTR);

    if (has_cancel)
        g_cancellable_release_fd (cancellable);
    if (g_cancellable_is_cancelled (cancellable)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled");
        return FALSE;
    }
    if (n_ready < 0) {
        mfu_error_set_errno (error, saved_errno, "poll");
        return FALSE;
    }
    if (n_ready == 0) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "timed out");
        return FALSE;
    }
    for (guint i = 0; i < n_fds; i++)
        fds[i].revents = all[i].revents;
    return TRUE;
}
