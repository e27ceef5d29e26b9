/* SPDX-License-Identifier: GPL-2.0-or-later */

/* pkttyagent closes the descriptor of --notify-fd once polkit knows it. It serves our process, and ends with
 * us however we end.
 */

#include "cli/agent.h"

#include "config.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOTIFY_FD           3
#define REGISTER_TIMEOUT_MS 3000

struct _MfuAgent {
    GSubprocess *process; /* NULL: never started */
};

MfuAgent *
mfu_agent_new (void)
{
    return g_new0 (MfuAgent, 1);
}

void
mfu_agent_free (MfuAgent *agent)
{
    if (agent->process != NULL)
        g_subprocess_send_signal (agent->process, SIGTERM);
    g_clear_object (&agent->process);
    g_free (agent);
}

static void
end_with_parent (gpointer user_data)
{
    prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static void
wait_registered (int fd)
{
    struct pollfd wait = { fd, POLLIN, 0 };

    /* Ignored because: without an agent the call itself says what is missing. */
    while (poll (&wait, 1, REGISTER_TIMEOUT_MS) < 0 && errno == EINTR)
        ;
}

static gboolean
is_useful (void)
{
    return geteuid () != 0 && isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
}

void
mfu_agent_ensure (MfuAgent *agent)
{
    g_autoptr (GSubprocessLauncher) launcher = NULL;
    g_autofree char *program = NULL;
    g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());
    int fds[2];

    if (!is_useful () || (agent->process != NULL && g_subprocess_get_identifier (agent->process) != NULL))
        return;
    program = g_find_program_in_path ("pkttyagent");
    if (program == NULL || !g_unix_open_pipe (fds, FD_CLOEXEC, NULL))
        return;

    g_clear_object (&agent->process);
    launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDIN_INHERIT);
    g_subprocess_launcher_take_fd (launcher, fds[1], NOTIFY_FD);
    g_subprocess_launcher_set_child_setup (launcher, end_with_parent, NULL, NULL);
    agent->process = g_subprocess_launcher_spawn (launcher, NULL, program, "--process", pid, "--notify-fd",
                                                  G_STRINGIFY (NOTIFY_FD), "--fallback", NULL);
    g_subprocess_launcher_close (launcher);
    if (agent->process != NULL)
        wait_registered (fds[0]);
    close (fds[0]);
}
