/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Progress never falls, ends at one, and tells the time that is left from the measured rate. */

#include "job/progress.h"

#define MIB (1024 * 1024)

static void
test_steps (void)
{
    MfuProgress progress;

    mfu_progress_init (&progress, 10, 0);
    mfu_progress_begin_step (&progress, 4);
    g_assert_cmpfloat_with_epsilon (mfu_progress_set (&progress, 0.5), 0.2, 1e-9);
    /* A step that starts over does not go back. */
    g_assert_cmpfloat_with_epsilon (mfu_progress_set (&progress, 0.1), 0.2, 1e-9);
    g_assert_cmpfloat_with_epsilon (mfu_progress_set (&progress, 7), 0.4, 1e-9);
    mfu_progress_end_step (&progress);
    mfu_progress_begin_step (&progress, 6);
    g_assert_cmpfloat_with_epsilon (mfu_progress_set (&progress, 0.5), 0.7, 1e-9);
    mfu_progress_end_step (&progress);
    g_assert_cmpfloat_with_epsilon (mfu_progress_set (&progress, 0), 1.0, 1e-9);
}

static void
test_rate (void)
{
    MfuProgress progress;
    gint64 now_us = 1;

    mfu_progress_init (&progress, 20, 40 * MIB);
    mfu_progress_begin_step (&progress, 10);
    mfu_progress_set_bytes (&progress, 0, now_us);
    g_assert_cmpuint (mfu_progress_seconds_left (&progress), ==, 0);
    for (guint i = 1; i <= 5; i++)
        mfu_progress_set_bytes (&progress, i * 4 * MIB, now_us += G_USEC_PER_SEC);
    g_assert_cmpfloat_with_epsilon (progress.bytes_per_second, 4.0 * MIB, 1.0);
    /* 20 MiB at 4 MiB/s, and the 10 s of the steps that follow. */
    g_assert_cmpuint (mfu_progress_seconds_left (&progress), ==, 15);
    /* Padding to a page is not counted. */
    mfu_progress_set_bytes (&progress, 40 * MIB + 2048, now_us + G_USEC_PER_SEC);
    g_assert_cmpuint (progress.bytes_done, ==, 40 * MIB);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/progress/steps", test_steps);
    g_test_add_func ("/progress/rate", test_rate);
    return g_test_run ();
}
