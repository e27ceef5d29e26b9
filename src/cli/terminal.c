/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The progress line ends without a newline and is overwritten from column 0; the last column stays empty,
 * since terminals differ in what they do when it is filled.
 */

#include "cli/terminal.h"

#include "config.h"

#include "cli/text.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_COLUMNS 80
#define REDRAW_US       100000
#define ERASE_TO_END    "\033[K"
#define TENTHS          10

struct _MfuTerminal {
    gboolean is_silent, is_tty, has_utf8;
    /* On a terminal: */
    MfuProgress shown; /* owns its title */
    gboolean has_line; /* the progress line is on the screen */
    gboolean is_late;  /* `shown` is newer than the line */
    gint64 drawn_us;
    /* In a log: */
    guint last_step, last_tenth;
    char *last_title;
};

MfuTerminal *
mfu_terminal_new (gboolean is_silent)
{
    MfuTerminal *terminal = g_new0 (MfuTerminal, 1);
    const char *kind = g_getenv ("TERM");

    terminal->is_silent = is_silent;
    terminal->is_tty =
        isatty (STDOUT_FILENO) && kind != NULL && kind[0] != '\0' && !g_str_equal (kind, "dumb");
    terminal->has_utf8 = g_get_charset (NULL);
    return terminal;
}

void
mfu_terminal_free (MfuTerminal *terminal)
{
    mfu_terminal_clear (terminal);
    g_free ((char *) terminal->shown.title);
    g_free (terminal->last_title);
    g_free (terminal);
}

gboolean
mfu_terminal_can_ask (const MfuTerminal *terminal)
{
    return !terminal->is_silent && isatty (STDIN_FILENO) && isatty (STDOUT_FILENO);
}

static guint
window_columns (void)
{
    struct winsize size;

    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1)
        return size.ws_col;
    return DEFAULT_COLUMNS;
}

static void
draw (MfuTerminal *terminal)
{
    g_autofree char *line = mfu_progress_render (&terminal->shown, window_columns () - 1, terminal->has_utf8);

    g_print ("\r%s" ERASE_TO_END, line);
    fflush (stdout);
    terminal->has_line = TRUE;
    terminal->is_late = FALSE;
    terminal->drawn_us = g_get_monotonic_time ();
}

/* Within a step the title follows the partitions, "writing tz", "writing boot": their first word stays. */
static gboolean
begins_alike (const char *a, const char *b)
{
    gsize n = strcspn (a, " ");

    return n == strcspn (b, " ") && strncmp (a, b, n) == 0;
}

static void
write_log (MfuTerminal *terminal, const MfuProgress *progress)
{
    guint tenth = (guint) (CLAMP (progress->fraction, 0.0, 1.0) * TENTHS);
    g_autofree char *line = NULL;

    if (progress->step_number == terminal->last_step && tenth <= terminal->last_tenth &&
        terminal->last_title != NULL && begins_alike (progress->title, terminal->last_title))
        return;
    terminal->last_step = progress->step_number;
    terminal->last_tenth = tenth;
    g_free (terminal->last_title);
    terminal->last_title = g_strdup (progress->title);
    line = mfu_progress_plain (progress);
    g_print ("%s\n", line);
    fflush (stdout);
}

void
mfu_terminal_show (MfuTerminal *terminal, const MfuProgress *progress)
{
    gboolean is_new_step;

    if (terminal->is_silent)
        return;
    if (!terminal->is_tty) {
        write_log (terminal, progress);
        return;
    }
    is_new_step = g_strcmp0 (progress->title, terminal->shown.title) != 0;
    g_free ((char *) terminal->shown.title);
    terminal->shown = *progress;
    terminal->shown.title = g_strdup (progress->title);
    terminal->is_late = TRUE;
    if (is_new_step || g_get_monotonic_time () - terminal->drawn_us >= REDRAW_US)
        draw (terminal);
}

void
mfu_terminal_tick (MfuTerminal *terminal)
{
    if (terminal->is_late)
        draw (terminal);
}

void
mfu_terminal_redraw (MfuTerminal *terminal)
{
    if (terminal->has_line)
        draw (terminal);
}

void
mfu_terminal_clear (MfuTerminal *terminal)
{
    if (terminal->has_line) {
        g_print ("\r" ERASE_TO_END);
        fflush (stdout);
    }
    terminal->has_line = FALSE;
    terminal->is_late = FALSE;
}

void
mfu_terminal_say (MfuTerminal *terminal, const char *format, ...)
{
    g_autofree char *text = NULL;
    gboolean had_line = terminal->has_line;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    mfu_terminal_clear (terminal);
    g_printerr ("%s\n", text);
    if (had_line)
        draw (terminal);
}

void
mfu_terminal_error (MfuTerminal *terminal, const char *message, const char *advice)
{
    mfu_terminal_clear (terminal);
    g_printerr (_ ("error: %s\n"), message);
    if (advice != NULL && advice[0] != '\0')
        g_printerr (_ ("advice: %s\n"), advice);
}
