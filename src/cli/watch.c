/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Signals: SIGINT asks the job to stop, each time anew, and a refusal is told with its reason. SIGHUP and
 * SIGTERM end this process only; a job that waits for our answer is cancelled first, since nobody else will
 * give one. In rescue, where the job lives in this process, SIGHUP is ignored and SIGTERM asks like SIGINT.
 */

#include "cli/watch.h"

#include "config.h"

#include "util/error.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TICK_MS 100

/* A service that was restarted is back in a second or two; one that finishes a flash while the bus is away
 * may take as long as a flash. */
#define RETURN_TIMEOUT_S 180

/* How long a signal waits for the job that it cancels. */
#define LEAVE_TIMEOUT_MS 2000

#define MAX_ANSWER 256

struct _MfuWatch {
    MfuWatchConfig config;
    char *subject, *how_to_look;
    GMainLoop *loop;
    MfuJobView *view; /* NULL until the first */
    MfuJobView *plan; /* only_checks: the view of "ready" */
    GError *error;
    gboolean was_ready, is_asking, is_starting, is_cancelling;
    int leaving; /* signal that we end with after the cancel; 0: none */
    guint lost_timer, answer_source;
    GString *answer;
};

MfuWatch *
mfu_watch_new (const MfuWatchConfig *config)
{
    MfuWatch *watch = g_new0 (MfuWatch, 1);

    watch->config = *config;
    watch->subject = g_strdup (config->subject);
    watch->how_to_look = g_strdup (config->how_to_look);
    watch->loop = g_main_loop_new (NULL, FALSE);
    watch->answer = g_string_new (NULL);
    return watch;
}

void
mfu_watch_free (MfuWatch *watch)
{
    g_clear_handle_id (&watch->lost_timer, g_source_remove);
    g_clear_handle_id (&watch->answer_source, g_source_remove);
    g_clear_pointer (&watch->view, mfu_job_view_free);
    g_clear_pointer (&watch->plan, mfu_job_view_free);
    g_clear_error (&watch->error);
    g_string_free (watch->answer, TRUE);
    g_main_loop_unref (watch->loop);
    g_free (watch->subject);
    g_free (watch->how_to_look);
    g_free (watch);
}

static void
give_up (MfuWatch *watch, MfuError code, const char *message)
{
    if (watch->error == NULL)
        watch->error = g_error_new_literal (MFU_ERROR, code, message);
    g_main_loop_quit (watch->loop);
}

/* Ends the process as `signal_number` would have. */
static void
die_of (int signal_number)
{
    signal (signal_number, SIG_DFL);
    raise (signal_number);
}

static void
cancel (MfuWatch *watch)
{
    if (watch->is_cancelling)
        return;
    watch->is_cancelling = TRUE;
    watch->config.klass->cancel (watch, watch->config.job);
}

static void
answer_given (MfuWatch *watch, gboolean is_yes)
{
    g_clear_handle_id (&watch->answer_source, g_source_remove);
    watch->is_asking = FALSE;
    if (!is_yes) {
        cancel (watch);
        return;
    }
    watch->is_starting = TRUE;
    watch->config.klass->start (watch, watch->config.job);
}

/* TRANSLATORS: the first letter of "yes", lower case; "y" is understood in any case. */
static gboolean
is_yes (const char *answer)
{
    const char *letter = _ ("y");
    g_autofree char *lower = NULL;

    if (!g_utf8_validate (answer, -1, NULL))
        return FALSE;
    lower = g_utf8_strdown (answer, -1);
    g_strstrip (lower);
    return g_str_has_prefix (lower, "y") || (letter[0] != '\0' && g_str_has_prefix (lower, letter));
}

static gboolean
answer_arrived (int fd, GIOCondition condition, gpointer user_data)
{
    MfuWatch *watch = user_data;
    char buffer[MAX_ANSWER];
    gssize n = read (fd, buffer, sizeof buffer);

    if (n > 0) {
        g_string_append_len (watch->answer, buffer, n);
        if (memchr (buffer, '\n', (gsize) n) == NULL && watch->answer->len < MAX_ANSWER)
            return G_SOURCE_CONTINUE;
    } else {
        /* The terminal is closed: whatever was typed before was not confirmed. */
        g_string_truncate (watch->answer, 0);
        g_print ("\n");
    }
    watch->answer_source = 0;
    answer_given (watch, is_yes (watch->answer->str));
    return G_SOURCE_REMOVE;
}

static void
ask (MfuWatch *watch)
{
    const MfuJobView *view = watch->view;
    const char *from = view->from_version[0] != '\0' ? view->from_version : _ ("unknown firmware");

    mfu_terminal_clear (watch->config.terminal);
    if (view->model[0] != '\0')
        g_print (_ ("%s: Quectel %s, %s -> %s by %s, about %u s.\n"), watch->subject, view->model, from,
                 view->to_version, view->plan_method, view->plan_seconds);
    else
        g_print (_ ("%s: %s -> %s by %s, about %u s.\n"), watch->subject, from, view->to_version,
                 view->plan_method, view->plan_seconds);
    for (guint i = 0; view->plan_warnings[i] != NULL; i++)
        g_print (_ ("Note: %s\n"), view->plan_warnings[i]);
    g_print (_ ("Calibration and identity are kept. The modem is offline meanwhile. Go on? [y/N] "));
    fflush (stdout);
    watch->is_asking = TRUE;
    watch->answer_source = g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP | G_IO_ERR, answer_arrived, watch);
}

static void
ready (MfuWatch *watch)
{
    if (watch->was_ready)
        return;
    watch->was_ready = TRUE;
    if (watch->config.only_checks) {
        watch->plan = g_steal_pointer (&watch->view);
        cancel (watch);
    } else if (watch->config.asks) {
        ask (watch);
    } else if (watch->config.starts) {
        watch->is_starting = TRUE;
        watch->config.klass->start (watch, watch->config.job);
    }
}

static void
show (MfuWatch *watch)
{
    const MfuJobView *view = watch->view;
    MfuProgress progress = {
        .step_number = view->step_number,
        .step_count = view->step_count,
        .title = view->step,
        .fraction = view->progress,
        .bytes_done = view->bytes_done,
        .bytes_total = view->bytes_total,
        .bytes_per_second = view->bytes_per_second,
        .seconds_left = view->seconds_left,
    };

    if (view->state == MFU_VIEW_RUNNING && view->step_number == 0)
        return;
    /* Reading is no part of the whole, which is the modem's time. */
    if (view->state == MFU_VIEW_VERIFYING && view->bytes_total > 0)
        progress.fraction = (double) view->bytes_done / (double) view->bytes_total;
    /* The service speaks no user's language; its titles are in our catalogue. */
    if (progress.title[0] != '\0')
        progress.title = g_dgettext (GETTEXT_PACKAGE, progress.title);
    else
        progress.title = view->state == MFU_VIEW_VERIFYING ? _ ("reading the package") : _ ("starting");
    mfu_terminal_show (watch->config.terminal, &progress);
}

void
mfu_watch_feed (MfuWatch *watch, MfuJobView *view)
{
    g_clear_pointer (&watch->view, mfu_job_view_free);
    watch->view = view;
    switch (view->state) {
    case MFU_VIEW_VERIFYING:
    case MFU_VIEW_RUNNING:
        show (watch);
        break;
    case MFU_VIEW_READY:
        ready (watch);
        break;
    case MFU_VIEW_UNKNOWN:
        if (watch->plan != NULL)
            g_main_loop_quit (watch->loop);
        else
            give_up (watch, MFU_ERROR_GONE, _ ("the service does not know this update any more"));
        break;
    case MFU_VIEW_DONE:
    case MFU_VIEW_CANCELLED:
    case MFU_VIEW_FAILED:
    case MFU_VIEW_FLASHED_UNVERIFIED:
    case MFU_VIEW_NEEDS_RECOVERY:
    default:
        g_main_loop_quit (watch->loop);
        break;
    }
}

void
mfu_watch_answered (MfuWatch *watch, const GError *error)
{
    gboolean was_start = watch->is_starting && !watch->is_cancelling;

    if (watch->leaving != 0)
        die_of (watch->leaving);
    watch->is_starting = FALSE;
    watch->is_cancelling = FALSE;
    if (error == NULL || (watch->view != NULL && mfu_view_state_is_end (watch->view->state)))
        return;
    if (was_start) {
        /* Somebody else may have started it in the meantime. */
        if (watch->view == NULL || watch->view->state == MFU_VIEW_READY) {
            g_set_error (&watch->error, error->domain, error->code, "%s", error->message);
            g_main_loop_quit (watch->loop);
        }
        return;
    }
    mfu_terminal_say (watch->config.terminal, _ ("Not stopped: %s"), error->message);
    if (watch->view == NULL || watch->view->state == MFU_VIEW_READY) {
        g_set_error (&watch->error, error->domain, error->code, "%s", error->message);
        g_main_loop_quit (watch->loop);
    }
}

/* Below 20 an exit code promises a modem that is whole: nobody can, once the job was past its point of no
 * return. */
static void
give_up_blind (MfuWatch *watch, const char *what)
{
    gboolean is_open =
        watch->view != NULL && watch->view->state == MFU_VIEW_RUNNING && !watch->view->can_cancel;
    g_autofree char *message =
        g_strdup_printf (is_open ? _ ("%s in the middle of the update; to see how it ended: %s")
                                 : _ ("%s before the modem was written to; to see more: %s"),
                         what, watch->how_to_look);

    give_up (watch, is_open ? MFU_ERROR_NEEDS_RECOVERY : MFU_ERROR_IO, message);
}

void
mfu_watch_cut_off (MfuWatch *watch)
{
    give_up_blind (watch, _ ("the message bus went away"));
}

static gboolean
return_timed_out (gpointer user_data)
{
    MfuWatch *watch = user_data;

    watch->lost_timer = 0;
    give_up_blind (watch, _ ("the service went away"));
    return G_SOURCE_REMOVE;
}

void
mfu_watch_lost (MfuWatch *watch)
{
    if (watch->lost_timer != 0)
        return;
    mfu_terminal_say (watch->config.terminal, _ ("The service is not on the bus any more; waiting for it."));
    watch->lost_timer = g_timeout_add_seconds (RETURN_TIMEOUT_S, return_timed_out, watch);
}

void
mfu_watch_found (MfuWatch *watch)
{
    if (watch->lost_timer == 0)
        return;
    g_clear_handle_id (&watch->lost_timer, g_source_remove);
    watch->is_cancelling = FALSE;
    watch->is_starting = FALSE;
    mfu_terminal_say (watch->config.terminal, _ ("The service is back."));
}

static gboolean
interrupted (gpointer user_data)
{
    MfuWatch *watch = user_data;

    if (watch->is_asking) {
        g_print ("\n");
        answer_given (watch, FALSE);
        return G_SOURCE_CONTINUE;
    }
    if (!watch->is_cancelling)
        mfu_terminal_say (watch->config.terminal, _ ("Stopping the update ..."));
    cancel (watch);
    return G_SOURCE_CONTINUE;
}

static gboolean
leave_timed_out (gpointer user_data)
{
    MfuWatch *watch = user_data;

    die_of (watch->leaving);
    return G_SOURCE_REMOVE;
}

static void
leave (MfuWatch *watch, int signal_number)
{
    gboolean waits_for_us = watch->config.asks || watch->config.only_checks || watch->config.starts;
    gboolean is_running = watch->view != NULL && watch->view->state == MFU_VIEW_RUNNING;

    mfu_terminal_clear (watch->config.terminal);
    if (waits_for_us && !is_running && !watch->is_starting) {
        watch->leaving = signal_number;
        g_timeout_add (LEAVE_TIMEOUT_MS, leave_timed_out, watch);
        cancel (watch);
        return;
    }
    mfu_terminal_say (watch->config.terminal, _ ("The update goes on without this program; to see it: %s"),
                      watch->how_to_look);
    die_of (signal_number);
}

static gboolean
terminated (gpointer user_data)
{
    MfuWatch *watch = user_data;

    if (watch->config.dies_with_us)
        return interrupted (watch);
    leave (watch, SIGTERM);
    return G_SOURCE_CONTINUE;
}

static gboolean
hung_up (gpointer user_data)
{
    MfuWatch *watch = user_data;

    if (!watch->config.dies_with_us)
        leave (watch, SIGHUP);
    return G_SOURCE_CONTINUE;
}

static gboolean
resized (gpointer user_data)
{
    MfuWatch *watch = user_data;

    mfu_terminal_redraw (watch->config.terminal);
    return G_SOURCE_CONTINUE;
}

static gboolean
ticked (gpointer user_data)
{
    MfuWatch *watch = user_data;

    mfu_terminal_tick (watch->config.terminal);
    return G_SOURCE_CONTINUE;
}

/* Under nohup SIGHUP stays ignored. SIGINT does not, though a shell ignores it for what it puts in the
 * background: mmcli takes it there too, and it is the way to cancel from a script. 0: nothing to watch. */
static guint
add_hangup (MfuWatch *watch)
{
    struct sigaction action;

    if (sigaction (SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
        return 0;
    return g_unix_signal_add (SIGHUP, hung_up, watch);
}

gboolean
mfu_watch_run (MfuWatch *watch, MfuJobView **view, GError **error)
{
    guint sources[] = {
        g_unix_signal_add (SIGINT, interrupted, watch),
        g_unix_signal_add (SIGTERM, terminated, watch),
        add_hangup (watch),
        g_unix_signal_add (SIGWINCH, resized, watch),
        g_timeout_add (TICK_MS, ticked, watch),
    };

    if (watch->error == NULL && (watch->view == NULL || !mfu_view_state_is_end (watch->view->state)))
        g_main_loop_run (watch->loop);
    for (gsize i = 0; i < G_N_ELEMENTS (sources); i++) {
        if (sources[i] != 0)
            g_source_remove (sources[i]);
    }
    mfu_terminal_clear (watch->config.terminal);
    if (watch->error != NULL) {
        g_propagate_error (error, g_steal_pointer (&watch->error));
        return FALSE;
    }
    *view = watch->plan != NULL ? g_steal_pointer (&watch->plan) : g_steal_pointer (&watch->view);
    return TRUE;
}
