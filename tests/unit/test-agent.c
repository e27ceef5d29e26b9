/* SPDX-License-Identifier: GPL-2.0-or-later */

/* When polkit's text agent is started, how, and that it does not outlive us. A script stands in for
 * pkttyagent. */

#include "cli/agent.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY      65534
#define DEADLINE_US (10 * G_USEC_PER_SEC)

/* Says how it was called and which process it is, then lets go of the descriptor, as pkttyagent does. */
static const char script[] = "#!/bin/sh\n"
                             "echo $$ \"$@\" >>\"$AGENT_LOG\"\n"
                             "exec sleep 30 3>&-\n";

typedef struct {
    char *folder, *agent, *log;
} Place;

static void
place_init (Place *place)
{
    g_autofree char *path = NULL;

    place->folder = g_dir_make_tmp ("mfu-agent-XXXXXX", NULL);
    place->agent = g_build_filename (place->folder, "pkttyagent", NULL);
    place->log = g_build_filename (place->folder, "log", NULL);
    g_assert_true (g_file_set_contents (place->agent, script, -1, NULL));
    g_assert_true (g_file_set_contents (place->log, "", -1, NULL));
    g_assert_cmpint (g_chmod (place->folder, 0755), ==, 0);
    g_assert_cmpint (g_chmod (place->agent, 0755), ==, 0);
    g_assert_cmpint (g_chmod (place->log, 0666), ==, 0);
    g_setenv ("AGENT_LOG", place->log, TRUE);
    path = g_strdup_printf ("%s:/usr/bin:/bin", place->folder);
    g_setenv ("PATH", path, TRUE);
}

static void
place_clear (Place *place)
{
    g_unlink (place->agent);
    g_unlink (place->log);
    g_rmdir (place->folder);
    g_free (place->agent);
    g_free (place->log);
    g_free (place->folder);
}

static guint
count_starts (const char *log)
{
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;

    g_assert_true (g_file_get_contents (log, &text, NULL, NULL));
    lines = g_strsplit (text, "\n", -1);
    return g_strv_length (lines) - 1;
}

/* In the child: has the agent started twice, and kills it in between if told so. Ends with 0. */
static void
use_agent (gboolean kills)
{
    MfuAgent *agent = mfu_agent_new ();
    const char *log = g_getenv ("AGENT_LOG");
    gint64 deadline = g_get_monotonic_time () + DEADLINE_US;
    g_autofree char *text = NULL;

    mfu_agent_ensure (agent);
    if (kills && g_file_get_contents (log, &text, NULL, NULL))
        kill ((pid_t) g_ascii_strtoll (text, NULL, 10), SIGINT);
    /* That a process has ended is noticed by a thread of GLib's, in its own time. */
    do
        mfu_agent_ensure (agent);
    while (kills && count_starts (log) < 2 && g_get_monotonic_time () < deadline);
    mfu_agent_free (agent);
    _exit (0);
}

/* Returns what the agent said, one line for each start. */
static char **
run (gboolean has_terminal, gboolean is_root, gboolean kills)
{
    int master = -1, status = 0;
    g_autofree char *text = NULL;
    pid_t child = has_terminal ? forkpty (&master, NULL, NULL, NULL) : fork ();

    if (child == 0) {
        if (!is_root && geteuid () == 0 && setuid (NOBODY) != 0)
            _exit (1);
        use_agent (kills);
    }
    g_assert_cmpint (child, >, 0);
    g_assert_cmpint (waitpid (child, &status, 0), ==, child);
    g_assert_cmpint (status, ==, 0);
    if (master >= 0)
        close (master);
    g_assert_true (g_file_get_contents (g_getenv ("AGENT_LOG"), &text, NULL, NULL));
    return g_strsplit (g_strchomp (text), "\n", -1);
}

/* Orphans come to us, so that their end can be seen: by our signal, not by themselves. */
static void
assert_ends (const char *line)
{
    pid_t pid = (pid_t) g_ascii_strtoll (line, NULL, 10);
    int status = 0;

    g_assert_cmpint (pid, >, 0);
    if (waitpid (pid, &status, 0) != pid) {
        g_assert_cmpint (errno, ==, ECHILD);
        return;
    }
    g_assert_true (WIFSIGNALED (status));
    g_assert_cmpint (WTERMSIG (status), ==, SIGTERM);
}

static void
test_started_once (void)
{
    g_auto (GStrv) lines = NULL;
    Place place;

    place_init (&place);
    lines = run (TRUE, FALSE, FALSE);
    g_assert_cmpuint (g_strv_length (lines), ==, 1);
    g_assert_true (
        g_regex_match_simple ("^[0-9]+ --process [0-9]+ --notify-fd 3 --fallback$", lines[0], 0, 0));
    assert_ends (lines[0]);
    place_clear (&place);
}

static void
test_started_again (void)
{
    g_auto (GStrv) lines = NULL;
    Place place;

    place_init (&place);
    lines = run (TRUE, FALSE, TRUE);
    g_assert_cmpuint (g_strv_length (lines), ==, 2);
    assert_ends (lines[1]);
    place_clear (&place);
}

static void
test_not_started (void)
{
    Place place;

    place_init (&place);
    if (geteuid () == 0) {
        g_auto (GStrv) as_root = run (TRUE, TRUE, FALSE);

        g_assert_cmpstr (as_root[0], ==, NULL);
    }
    if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO)) {
        g_auto (GStrv) without_terminal = run (FALSE, FALSE, FALSE);

        g_assert_cmpstr (without_terminal[0], ==, NULL);
    }
    place_clear (&place);
}

/* A machine without polkit's agent: nothing happens, and nothing fails. */
static void
test_not_installed (void)
{
    g_auto (GStrv) lines = NULL;
    Place place;

    place_init (&place);
    g_setenv ("PATH", "/nonexistent", TRUE);
    lines = run (TRUE, FALSE, FALSE);
    g_assert_cmpstr (lines[0], ==, NULL);
    place_clear (&place);
}

int
main (int argc, char **argv)
{
    prctl (PR_SET_CHILD_SUBREAPER, 1);
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/agent/started-once", test_started_once);
    g_test_add_func ("/agent/started-again", test_started_again);
    g_test_add_func ("/agent/not-started", test_not_started);
    g_test_add_func ("/agent/not-installed", test_not_installed);
    return g_test_run ();
}
