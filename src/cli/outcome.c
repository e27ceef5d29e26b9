/* SPDX-License-Identifier: GPL-2.0-or-later */

/* As in mmcli, results go to stdout and errors to stderr, also with -J and -K: an error leaves stdout empty.
 */

#include "cli/outcome.h"

#include "config.h"

#include "util/error.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <unistd.h>

static const char *
default_message (MfuViewState state)
{
    switch (state) {
    case MFU_VIEW_CANCELLED:
        return _ ("cancelled; the modem is as it was before");
    case MFU_VIEW_FLASHED_UNVERIFIED:
        return _ ("all was written, but the modem could not be asked for its version");
    case MFU_VIEW_NEEDS_RECOVERY:
        return _ ("the modem does not run and needs recovery");
    case MFU_VIEW_UNKNOWN:
    case MFU_VIEW_VERIFYING:
    case MFU_VIEW_READY:
    case MFU_VIEW_RUNNING:
    case MFU_VIEW_DONE:
    case MFU_VIEW_FAILED:
    default:
        return _ ("the update failed; the modem's firmware is as it was before");
    }
}

/* Root has all the rights that there are. */
static const char *
advice_on_rights (MfuError code)
{
    if (code != MFU_ERROR_NOT_AUTHORIZED || geteuid () == 0)
        return NULL;
    return _ ("run it with sudo, or ask whoever looks after this machine for the right to update firmware");
}

static void
print_success (const MfuJobView *view, const char *subject)
{
    if (view->modem[0] != '\0')
        g_print (_ ("%s runs %s now; it is %s.\n"), subject, view->to_version, view->modem);
    else
        g_print (_ ("%s runs %s now.\n"), subject, view->to_version);
}

int
mfu_outcome_report (const MfuArguments *arguments, const MfuReport *report)
{
    g_autofree char *text = mfu_report_to_string (report, arguments->output);

    g_print ("%s", text);
    fflush (stdout);
    return 0;
}

int
mfu_outcome_print (const MfuArguments *arguments, MfuTerminal *terminal, const MfuJobView *view,
                   const char *subject)
{
    const char *message =
        view->error_message[0] != '\0' ? view->error_message : default_message (view->state);
    const char *advice = view->advice;
    MfuError code;

    mfu_terminal_clear (terminal);
    if (view->state != MFU_VIEW_DONE) {
        /* With rights first: the same command may do then. */
        if (mfu_error_from_dbus_name (view->error_name, &code) && advice_on_rights (code) != NULL)
            advice = advice_on_rights (code);
        mfu_terminal_error (terminal, message, advice);
        return mfu_job_view_exit_code (view);
    }
    if (arguments->output == MFU_OUTPUT_HUMAN) {
        print_success (view, subject);
    } else {
        g_autoptr (MfuReport) report = mfu_report_new ();

        mfu_job_view_report (view, report);
        mfu_outcome_report (arguments, report);
    }
    return 0;
}

int
mfu_outcome_error (MfuTerminal *terminal, const GError *error, const char *advice)
{
    if (advice == NULL && error->domain == MFU_ERROR)
        advice = advice_on_rights ((MfuError) error->code);
    mfu_terminal_error (terminal, error->message, advice);
    return mfu_error_exit_code (error);
}
