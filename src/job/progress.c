/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Weights are seconds, so what is left of them is the time that is left, but for the bytes, whose rate is
 * measured. */

#include "job/progress.h"

#define SAMPLE_US (500 * 1000)
#define SMOOTHING 0.3

void
mfu_progress_init (MfuProgress *progress, double total_weight, guint64 bytes_total)
{
    *progress = (MfuProgress){ .total_weight = MAX (total_weight, 1), .bytes_total = bytes_total };
}

void
mfu_progress_begin_step (MfuProgress *progress, double weight)
{
    progress->step_weight = weight;
}

void
mfu_progress_end_step (MfuProgress *progress)
{
    progress->done_weight += progress->step_weight;
    progress->step_weight = 0;
}

double
mfu_progress_set (MfuProgress *progress, double fraction)
{
    double now =
        (progress->done_weight + progress->step_weight * CLAMP (fraction, 0, 1)) / progress->total_weight;

    progress->best = MAX (progress->best, MIN (now, 1));
    return progress->best;
}

void
mfu_progress_set_bytes (MfuProgress *progress, guint64 bytes_done, gint64 now_us)
{
    gint64 passed_us = now_us - progress->sample_us;
    double rate;

    /* What is sent ends on a page, what is counted on a byte. */
    bytes_done = MIN (bytes_done, progress->bytes_total);
    progress->bytes_done = bytes_done;
    if (progress->sample_us == 0 || bytes_done < progress->sample_bytes) {
        progress->sample_us = now_us;
        progress->sample_bytes = bytes_done;
        return;
    }
    if (passed_us < SAMPLE_US)
        return;
    rate = (double) (bytes_done - progress->sample_bytes) * G_USEC_PER_SEC / (double) passed_us;
    progress->bytes_per_second = progress->bytes_per_second > 0
                                     ? progress->bytes_per_second * (1 - SMOOTHING) + rate * SMOOTHING
                                     : rate;
    progress->sample_us = now_us;
    progress->sample_bytes = bytes_done;
}

guint
mfu_progress_seconds_left (const MfuProgress *progress)
{
    double other = progress->total_weight - progress->done_weight - progress->step_weight;

    if (progress->bytes_per_second <= 0 || progress->bytes_done > progress->bytes_total)
        return 0;
    return (guint) (MAX (other, 0) +
                    (double) (progress->bytes_total - progress->bytes_done) / progress->bytes_per_second +
                    0.5);
}
