/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Asks the running job of a modem to stop, and waits until it has: only its end tells what became of the
 * modem. */

#include "config.h"

#include "cli/client.h"
#include "cli/follow.h"
#include "cli/outcome.h"
#include "cli/verbs.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>

static gboolean
cancel_and_wait (const MfuArguments *arguments, MfuTerminal *terminal, MfuJobView **view, char **subject,
                 GError **error)
{
    g_autoptr (MfuClient) client = mfu_client_new (arguments->session_bus, arguments->timeout_s, error);
    g_autoptr (MfuAgent) agent = mfu_agent_new ();
    g_autoptr (MfuTarget) target = NULL;
    g_autoptr (MfuJobView) now = NULL;
    g_autofree char *how_to_look = mfu_arguments_command (arguments, "status");
    MfuWatchConfig config = { .terminal = terminal, .how_to_look = how_to_look };

    if (client == NULL)
        return FALSE;
    target = mfu_client_find (client, arguments->modem, arguments->port, MFU_FIND_WITH_JOB, error);
    if (target == NULL)
        return FALSE;
    now = target->job[0] != '\0' ? mfu_client_get_job (client, target->job, error) : NULL;
    if (target->job[0] != '\0' && now == NULL)
        return FALSE;
    if (now == NULL || mfu_view_state_is_end (now->state)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("no update of this modem is running"));
        return FALSE;
    }
    mfu_agent_ensure (agent);
    if (!mfu_client_call_job (client, target->job, "Cancel", error))
        return FALSE;
    *subject = mfu_client_subject (target->modem, target->port, target->device);
    config.subject = *subject;
    return mfu_follow (client, agent, target->job, &config, view, error);
}

int
mfu_verb_cancel (const MfuArguments *arguments)
{
    g_autoptr (MfuTerminal) terminal = mfu_terminal_new (arguments->output != MFU_OUTPUT_HUMAN);
    g_autoptr (MfuJobView) view = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *subject = NULL;

    if (!cancel_and_wait (arguments, terminal, &view, &subject, &error)) {
        /* A refused cancel leaves the update running: nothing needs recovery, and nothing was cancelled. */
        if (g_error_matches (error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY))
            error->code = MFU_ERROR_BUSY;
        return mfu_outcome_error (terminal, error, NULL);
    }
    if (view->state != MFU_VIEW_CANCELLED)
        return mfu_outcome_print (arguments, terminal, view, subject);
    if (arguments->output == MFU_OUTPUT_HUMAN) {
        g_print ("%s\n", _ ("successfully cancelled the update; the modem is as it was before"));
    } else {
        g_autoptr (MfuReport) report = mfu_report_new ();

        mfu_job_view_report (view, report);
        mfu_outcome_report (arguments, report);
    }
    return 0;
}
