/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How far a job is: steps weighted by the seconds that they are expected to take, bytes inside of a step.
 * Pure. */

#include <glib.h>

typedef struct {
    double total_weight;
    double done_weight; /* of the steps that are over */
    double step_weight;
    double best; /* the progress never falls */
    guint64 bytes_done, bytes_total;
    gint64 sample_us; /* when `sample_bytes` was taken */
    guint64 sample_bytes;
    double bytes_per_second; /* of late, smoothed; 0 until known */
} MfuProgress;

void mfu_progress_init (MfuProgress *progress, double total_weight, guint64 bytes_total);
void mfu_progress_begin_step (MfuProgress *progress, double weight);
void mfu_progress_end_step (MfuProgress *progress);

/* `fraction` of the current step, 0 to 1. Returns the progress of the whole job. */
double mfu_progress_set (MfuProgress *progress, double fraction);

/* Image bytes that have left us so far, at the time `now_us`. */
void mfu_progress_set_bytes (MfuProgress *progress, guint64 bytes_done, gint64 now_us);

/* From the rate and the weights of what is still to come; 0 until it can be told. */
guint mfu_progress_seconds_left (const MfuProgress *progress);
