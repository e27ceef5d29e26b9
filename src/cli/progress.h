/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How a job's progress looks: one line for a terminal, few lines for a log. Pure functions. */

#include <glib.h>

typedef struct {
    guint step_number, step_count; /* 0, 0: not known yet */
    const char *title;             /* valid UTF-8 without control characters */
    double fraction;               /* 0.0 to 1.0; anything else is taken as the nearer end */
    guint64 bytes_done, bytes_total;
    guint64 bytes_per_second; /* 0: not known */
    guint seconds_left;       /* 0: not known */
} MfuProgress;

/* The line without its end, at most `columns` wide: what does not fit is left out, the least useful first.
 * Where `has_utf8` is FALSE the bar is drawn in ASCII. Newly allocated. */
char *mfu_progress_render (const MfuProgress *progress, guint columns, gboolean has_utf8);

/* The line for a log: step, title, and from the first byte on percentage and bytes. Newly allocated. */
char *mfu_progress_plain (const MfuProgress *progress);

/* "61/98 MiB", "3.4/8.0 MiB"; "3.4 MiB/s"; "0:17", "1:02:03". Newly allocated. */
char *mfu_progress_bytes (guint64 done, guint64 total);
char *mfu_progress_rate (guint64 bytes_per_second);
char *mfu_progress_time (guint seconds);
