/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager tells a version by D-Bus that may lack the memory code and the project, or is empty for a
 * modem that it could not initialize. Nothing has been switched yet: what is refused here is given back as it
 * was. */

#include "job/identify.h"

#include "config.h"
#include "job/ask.h"
#include "util/error.h"
#include "util/log.h"

#define ASK_MS (10 * 1000)

static void
remember (MfuRun *run, const char *version)
{
    g_free (run->plan->from);
    run->plan->from = g_strdup (version);
    mfu_job_report_from (run->job, version);
}

gboolean
mfu_run_identify (MfuRun *run, GError **error)
{
    gint64 deadline_us = mfu_clock_deadline_us (run->world->clock, ASK_MS);
    g_autoptr (GPtrArray) remarks = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GError) local = NULL;
    g_autofree char *answer = NULL;
    MfuVersionName version;
    char told[48];

    if (!run->asks_when_taken)
        return TRUE;
    answer = mfu_ask_version (run->world, run->device, deadline_us, run->cancellable, &local);
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_CANCELLED) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (answer == NULL)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "asking for the version: %s", local->message);
    mfu_version_name_parse (&version, answer != NULL ? answer : "");
    g_strlcpy (told, answer != NULL ? answer : run->plan->from, sizeof told);
    if (!version.is_known)
        mfu_version_name_parse (&version, run->plan->from);
    if (!mfu_match_shared (run->family, &version, told, error) ||
        !mfu_match_versions (&version, mfu_package_get_version (run->package), run->is_unfinished,
                             run->allowed, remarks, error))
        return FALSE;
    if (answer == NULL || !version.is_known)
        return TRUE;
    remember (run, version.text);
    return mfu_journal_note (run->journal, "from", version.text, error);
}
