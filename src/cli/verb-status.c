/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Shows the running or last job of a modem. */

#include "config.h"

#include "cli/client.h"
#include "cli/outcome.h"
#include "cli/verbs.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>

static MfuJobView *
get_job (const MfuArguments *arguments, GError **error)
{
    g_autoptr (MfuClient) client = mfu_client_new (arguments->session_bus, arguments->timeout_s, error);
    g_autoptr (MfuTarget) target = NULL;

    if (client == NULL)
        return NULL;
    target = mfu_client_find (client, arguments->modem, arguments->port, MFU_FIND_WITH_JOB, error);
    if (target == NULL)
        return NULL;
    if (target->job[0] == '\0') {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                             _ ("this modem has no update, running or past"));
        return NULL;
    }
    return mfu_client_get_job (client, target->job, error);
}

int
mfu_verb_status (const MfuArguments *arguments)
{
    g_autoptr (MfuTerminal) terminal = mfu_terminal_new (TRUE);
    g_autoptr (MfuReport) report = mfu_report_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuJobView) view = get_job (arguments, &error);

    if (view == NULL)
        return mfu_outcome_error (terminal, error, NULL);
    mfu_job_view_report (view, report);
    return mfu_outcome_report (arguments, report);
}
