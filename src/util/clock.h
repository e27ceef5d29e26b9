/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Time as a parameter: product code asks a clock, tests give one that jumps. */

#include <gio/gio.h>

typedef struct _MfuClock MfuClock;

struct _MfuClock {
    /* Monotonic microseconds. Any thread. */
    gint64 (*now_us) (MfuClock *clock);
    /* Sleeps until `deadline_us` or until `cancellable` is cancelled (FALSE, CANCELLED). Worker threads only.
     */
    gboolean (*sleep_until) (MfuClock *clock, gint64 deadline_us, GCancellable *cancellable, GError **error);
};

/* The monotonic clock of the system; static, never freed. */
MfuClock *mfu_clock_system (void);

static inline gint64
mfu_clock_now_us (MfuClock *clock)
{
    return clock->now_us (clock);
}

/* The moment `ms` milliseconds from now, in the clock's microseconds. */
static inline gint64
mfu_clock_deadline_us (MfuClock *clock, guint ms)
{
    return clock->now_us (clock) + (gint64) ms * 1000;
}

/* What is left until `deadline_us` in whole milliseconds, rounded up; 0 when it has passed. */
int mfu_clock_left_ms (MfuClock *clock, gint64 deadline_us);

/* Waits until one of the descriptors of `fds` is ready, the deadline has passed (TIMED_OUT) or the
 * cancellable is cancelled (CANCELLED). `cancellable` may be NULL. Real time only. Worker threads only. */
gboolean mfu_clock_poll (MfuClock *clock, GPollFD *fds, guint n_fds, gint64 deadline_us,
                         GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
