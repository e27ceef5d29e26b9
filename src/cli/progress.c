/* SPDX-License-Identifier: GPL-2.0-or-later */

/* [5/8] writing modem        62%  [bar]  61/98 MiB  3.4 MiB/s  0:17 left
 *
 * On a narrow terminal the bar shrinks first, then rate, bytes and time left go, then the bar, then the title
 * is cut. Step and percentage stay to the last.
 */

#include "cli/progress.h"

#include "config.h"

#include "cli/text.h"

#include <glib/gi18n-lib.h>

#define TITLE_COLUMNS   20
#define BAR_COLUMNS     25
#define MIN_BAR_COLUMNS 10
#define MIN_TITLE       4
#define PERCENT_COLUMNS 4 /* "100%" */
#define FRAME_COLUMNS   4 /* two spaces and both ends of the bar */

#define EIGHTHS 8

/* Far below what is shown, far above what binary fractions lose: 0.29 * 100 is 28.999... */
#define ROUNDING 1e-6

static double
clamped (double fraction)
{
    /* Written so that NaN becomes 0. */
    if (!(fraction > 0.0))
        return 0.0;
    return fraction < 1.0 ? fraction : 1.0;
}

static guint
percent (const MfuProgress *progress)
{
    return (guint) (clamped (progress->fraction) * 100.0 + ROUNDING);
}

static guint
binary_unit (guint64 bytes, const char **name)
{
    static const char *const names[] = { N_ ("B"), N_ ("KiB"), N_ ("MiB"), N_ ("GiB") };
    guint unit = 0;

    while (unit + 1 < G_N_ELEMENTS (names) && bytes >> (10 * (unit + 1)) != 0)
        unit++;
    *name = _ (names[unit]);
    return unit;
}

static char *
in_unit (guint64 bytes, guint unit, gboolean is_fine)
{
    double value = (double) bytes / (double) (G_GUINT64_CONSTANT (1) << (10 * unit));

    return is_fine ? g_strdup_printf ("%.1f", value) : g_strdup_printf ("%.0f", value);
}

char *
mfu_progress_bytes (guint64 done, guint64 total)
{
    g_autofree char *done_text = NULL;
    g_autofree char *total_text = NULL;
    const char *name = NULL;
    guint unit = binary_unit (total, &name);
    gboolean is_fine = unit > 0 && total >> (10 * unit) < 10;

    done_text = in_unit (MIN (done, total), unit, is_fine);
    total_text = in_unit (total, unit, is_fine);
    return g_strdup_printf ("%s/%s %s", done_text, total_text, name);
}

char *
mfu_progress_rate (guint64 bytes_per_second)
{
    g_autofree char *value = NULL;
    const char *name = NULL;
    guint unit = binary_unit (bytes_per_second, &name);

    value = in_unit (bytes_per_second, unit, unit > 0 && bytes_per_second >> (10 * unit) < 100);
    return g_strdup_printf (_ ("%s %s/s"), value, name);
}

char *
mfu_progress_time (guint seconds)
{
    if (seconds >= 3600)
        return g_strdup_printf ("%u:%02u:%02u", seconds / 3600, seconds / 60 % 60, seconds % 60);
    return g_strdup_printf ("%u:%02u", seconds / 60, seconds % 60);
}

static char *
draw_bar (double fraction, guint columns, gboolean has_utf8)
{
    static const char *const partial[EIGHTHS] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
    guint eighths = (guint) (clamped (fraction) * columns * EIGHTHS + ROUNDING);
    GString *bar = g_string_new (has_utf8 ? "▕" : "[");
    guint full = eighths / EIGHTHS;
    guint used = full;

    for (guint i = 0; i < full; i++)
        g_string_append (bar, has_utf8 ? "█" : "#");
    if (has_utf8 && eighths % EIGHTHS != 0) {
        g_string_append (bar, partial[eighths % EIGHTHS]);
        used++;
    }
    for (; used < columns; used++)
        g_string_append_c (bar, ' ');
    g_string_append (bar, has_utf8 ? "▏" : "]");
    return g_string_free (bar, FALSE);
}

static char *
step_prefix (const MfuProgress *progress)
{
    if (progress->step_count == 0)
        return g_strdup ("");
    return g_strdup_printf ("[%u/%u] ", MIN (progress->step_number, progress->step_count),
                            progress->step_count);
}

/* The parts behind the bar, as many as have room: bytes and time left are worth more than the rate. */
static char *
tail (const MfuProgress *progress, guint columns)
{
    g_autofree char *bytes = NULL;
    g_autofree char *rate = NULL;
    g_autofree char *left = NULL;
    const char *parts[3] = { NULL };
    static const guint leave_out[] = { 1, 0, 2 };
    g_autoptr (GString) line = g_string_new (NULL);

    if (progress->bytes_total > 0)
        bytes = mfu_progress_bytes (progress->bytes_done, progress->bytes_total);
    if (progress->bytes_per_second > 0)
        rate = mfu_progress_rate (progress->bytes_per_second);
    if (progress->seconds_left > 0) {
        g_autofree char *time = mfu_progress_time (progress->seconds_left);

        left = g_strdup_printf (_ ("%s left"), time);
    }
    parts[0] = bytes;
    parts[1] = rate;
    parts[2] = left;
    for (guint i = 0; i <= G_N_ELEMENTS (leave_out); i++) {
        g_string_truncate (line, 0);
        for (guint j = 0; j < G_N_ELEMENTS (parts); j++) {
            if (parts[j] != NULL)
                g_string_append_printf (line, "%s%s", line->len > 0 ? "  " : "", parts[j]);
        }
        if (mfu_text_width (line->str) <= columns || i == G_N_ELEMENTS (leave_out))
            break;
        parts[leave_out[i]] = NULL;
    }
    return g_strdup (line->str);
}

static char *
fit_title (const char *title, guint columns, gboolean has_utf8)
{
    g_autofree char *cut = NULL;

    if (!has_utf8 || columns == 0 || mfu_text_width (title) <= columns)
        return mfu_text_fit (title, columns);
    cut = mfu_text_fit (title, columns - 1);
    return g_strconcat (cut, "…", NULL);
}

/* A long title gets what a wide window has left over. */
static guint
title_columns (const MfuProgress *progress, guint columns, guint others)
{
    g_autofree char *whole_tail = tail (progress, columns);
    guint used = others + TITLE_COLUMNS + BAR_COLUMNS + mfu_text_width (whole_tail);
    guint spare = columns > used ? columns - used : 0;

    return CLAMP (mfu_text_width (progress->title), TITLE_COLUMNS, TITLE_COLUMNS + spare);
}

/* For windows with no room for a bar. */
static char *
render_narrow (const MfuProgress *progress, const char *prefix, guint columns, gboolean has_utf8)
{
    guint others = mfu_text_width (prefix) + PERCENT_COLUMNS;
    guint room = columns > others + MIN_TITLE ? MIN (columns - others, TITLE_COLUMNS) : MIN_TITLE;
    g_autofree char *title = fit_title (progress->title, room, has_utf8);
    g_autofree char *line = g_strdup_printf ("%s%s%3u%%", prefix, title, percent (progress));
    g_autofree char *cut = mfu_text_fit (line, columns);

    return g_strdup (g_strchomp (cut));
}

char *
mfu_progress_render (const MfuProgress *progress, guint columns, gboolean has_utf8)
{
    g_autofree char *prefix = step_prefix (progress);
    g_autofree char *title = NULL;
    g_autofree char *bar = NULL;
    g_autofree char *behind = NULL;
    guint others = mfu_text_width (prefix) + PERCENT_COLUMNS + FRAME_COLUMNS;
    guint head, tail_columns, bar_columns, title_width;

    if (columns < others + TITLE_COLUMNS + MIN_BAR_COLUMNS)
        return render_narrow (progress, prefix, columns, has_utf8);

    title_width = title_columns (progress, columns, others + 1);
    title = fit_title (progress->title, title_width, has_utf8);
    head = others + title_width;
    tail_columns = columns - head > MIN_BAR_COLUMNS + 1 ? columns - head - MIN_BAR_COLUMNS - 1 : 0;
    behind = tail (progress, tail_columns);
    bar_columns = columns - head - (behind[0] != '\0' ? 1 + mfu_text_width (behind) : 0);
    bar = draw_bar (progress->fraction, MIN (bar_columns, BAR_COLUMNS), has_utf8);
    return g_strdup_printf ("%s%s%3u%%  %s%s%s", prefix, title, percent (progress), bar,
                            behind[0] != '\0' ? " " : "", behind);
}

char *
mfu_progress_plain (const MfuProgress *progress)
{
    g_autofree char *prefix = step_prefix (progress);
    g_autofree char *bytes = NULL;

    if (progress->bytes_done == 0 || progress->bytes_total == 0)
        return g_strdup_printf ("%s%s", prefix, progress->title);
    bytes = mfu_progress_bytes (progress->bytes_done, progress->bytes_total);
    return g_strdup_printf ("%s%s %u%% (%s)", prefix, progress->title, percent (progress), bytes);
}
