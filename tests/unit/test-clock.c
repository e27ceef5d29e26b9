/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Deadlines on a clock that stands still, and the one place that waits, on pipes. */

#include "util/clock.h"
#include "util/error.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

typedef struct {
    MfuClock clock;
    gint64 now_us;
} FrozenClock;

static gint64
frozen_now_us (MfuClock *clock)
{
    return ((FrozenClock *) clock)->now_us;
}

static void
test_left (void)
{
    static const struct {
        gint64 deadline_us;
        int left_ms;
    } cases[] = {
        { 5000000, 0 }, { 4999999, 0 }, { 0, 0 },          { 5000001, 1 },
        { 5001000, 1 }, { 5001001, 2 }, { 6000000, 1000 }, { G_MAXINT64, G_MAXINT },
    };
    FrozenClock frozen = { { frozen_now_us, NULL }, 5000000 };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
        g_assert_cmpint (mfu_clock_left_ms (&frozen.clock, cases[i].deadline_us), ==, cases[i].left_ms);
    g_assert_cmpint (mfu_clock_deadline_us (&frozen.clock, 1500), ==, 6500000);
    g_assert_cmpint (mfu_clock_deadline_us (&frozen.clock, G_MAXUINT), ==,
                     5000000 + G_GINT64_CONSTANT (4294967295) * 1000);
}

static void
test_monotonic (void)
{
    MfuClock *clock = mfu_clock_system ();
    gint64 first = mfu_clock_now_us (clock);

    g_assert_true (clock == mfu_clock_system ());
    g_assert_cmpint (mfu_clock_now_us (clock), >=, first);
}

static void
test_poll_ready (void)
{
    g_autoptr (GError) error = NULL;
    int pipe_fds[2];
    GPollFD fd = { .events = G_IO_IN };

    g_assert_true (g_unix_open_pipe (pipe_fds, FD_CLOEXEC, &error));
    fd.fd = pipe_fds[0];
    g_assert_cmpint (write (pipe_fds[1], "x", 1), ==, 1);
    g_assert_true (mfu_clock_poll (mfu_clock_system (), &fd, 1, 0, NULL, &error));
    g_assert_no_error (error);
    g_assert_cmpint (fd.revents & G_IO_IN, !=, 0);
    close (pipe_fds[0]);
    close (pipe_fds[1]);
}

static void
test_poll_timed_out (void)
{
    MfuClock *clock = mfu_clock_system ();
    g_autoptr (GError) error = NULL;
    gint64 deadline = mfu_clock_deadline_us (clock, 5);

    g_assert_false (mfu_clock_poll (clock, NULL, 0, deadline, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_cmpint (mfu_clock_now_us (clock), >=, deadline);
}

static gpointer
cancel (gpointer cancellable)
{
    g_cancellable_cancel (cancellable);
    return NULL;
}

static void
test_poll_cancelled (void)
{
    MfuClock *clock = mfu_clock_system ();
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread = g_thread_new ("cancel", cancel, cancellable);

    /* From another thread, before or while it waits: both must end it at once. */
    g_assert_false (
        mfu_clock_poll (clock, NULL, 0, mfu_clock_deadline_us (clock, 60000), cancellable, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
    g_thread_join (thread);
}

static void
test_sleep (void)
{
    MfuClock *clock = mfu_clock_system ();
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    gint64 deadline = mfu_clock_deadline_us (clock, 5);

    g_assert_true (clock->sleep_until (clock, deadline, cancellable, &error));
    g_assert_no_error (error);
    g_assert_cmpint (mfu_clock_now_us (clock), >=, deadline);
    g_cancellable_cancel (cancellable);
    g_assert_false (clock->sleep_until (clock, mfu_clock_deadline_us (clock, 60000), cancellable, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/clock/left", test_left);
    g_test_add_func ("/clock/monotonic", test_monotonic);
    g_test_add_func ("/clock/poll-ready", test_poll_ready);
    g_test_add_func ("/clock/poll-timed-out", test_poll_timed_out);
    g_test_add_func ("/clock/poll-cancelled", test_poll_cancelled);
    g_test_add_func ("/clock/sleep", test_sleep);
    return g_test_run ();
}
