/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager tells a version by D-Bus that may lack the memory code and the project, or is empty for a
 * modem that it could not initialize. Nothing has been switched yet: what is refused here is given back as it
 * was. */

#include "job/identify.h"

#include "config.h"
#include "job/ask.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define ASK_MS (10 * 1000)

/* Source: ModemManager probes a mute port for 35 s before it exports the modem or gives it up; a slow router
 * takes three times that. */
#define FIND_MS  (120 * 1000)
#define SLICE_MS (15 * 1000)

static void
set_version (MfuDeviceFacts *facts, const char *version)
{
    mfu_version_name_parse (&facts->version, version);
    g_strlcpy (facts->told, version, sizeof facts->told);
}

/* One that we have left half-written may start, and not know what it is. */
static void
recall_version (const MfuRun *run, MfuDeviceFacts *facts)
{
    if (!facts->is_unfinished || g_strcmp0 (run->memory->family, facts->family->name) != 0)
        return;
    mfu_version_name_parse (&facts->version, run->memory->from);
    facts->is_remembered = facts->version.is_known;
}

/* ModemManager's word, if it has found the modem; else, without an error, whether to ask the modem again. */
static char *
wait_until_found (MfuRun *run, gint64 deadline_us, gboolean is_first, gboolean *goes_on, GError **error)
{
    MfuClock *clock = run->world->clock;
    gint64 until_us = MIN (deadline_us, mfu_clock_deadline_us (clock, SLICE_MS));
    g_autoptr (GError) local = NULL;
    char *version;

    *goes_on = FALSE;
    if (run->host == NULL || run->host->klass->wait_version == NULL)
        return NULL;
    if (is_first)
        mfu_job_report_title (run->job, _ ("waiting for ModemManager to find the modem"));
    version =
        run->host->klass->wait_version (run->host, run->device, until_us, NULL, run->cancellable, &local);
    mfu_run_look_again (run);
    if (version != NULL)
        return version;
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "its ports are in use: %s", local->message);
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_CANCELLED))
        g_propagate_error (error, g_steal_pointer (&local));
    else /* what runs no more has run before, or is somebody else */
        *goes_on =
            until_us < deadline_us && (!is_first || g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT));
    return NULL;
}

/* Who has the ports may be a ModemManager that is just finding the modem: then that tells in a while, or
 * gives the modem up, which no signal tells. */
static char *
ask_patiently (MfuRun *run, GError **error)
{
    gint64 deadline_us = mfu_clock_deadline_us (run->world->clock, FIND_MS);

    for (gboolean is_first = TRUE;; is_first = FALSE) {
        g_autoptr (GError) local = NULL;
        g_autoptr (GError) other = NULL;
        gboolean goes_on = FALSE;
        char *version =
            mfu_ask_version (run->world, run->device, mfu_clock_deadline_us (run->world->clock, ASK_MS),
                             run->cancellable, &local);

        if (version == NULL && g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY)) {
            version = wait_until_found (run, deadline_us, is_first, &goes_on, &other);
            run->asks_when_taken = version != NULL;
        }
        if (version != NULL)
            return version;
        if (goes_on)
            continue;
        g_propagate_error (error, other != NULL ? g_steal_pointer (&other) : g_steal_pointer (&local));
        return NULL;
    }
}

gboolean
mfu_run_know (MfuRun *run, const char *told, MfuDeviceFacts *facts, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autofree char *version = NULL;

    if (facts->mode != MFU_MODE_NORMAL)
        return TRUE;
    set_version (facts, told != NULL ? told : "");
    if (!facts->version.is_known && !run->asks_when_taken) {
        version = ask_patiently (run, &local);
        if (version != NULL)
            set_version (facts, version);
    }
    facts->is_asked_later = run->asks_when_taken;
    if (facts->version.is_known || (version != NULL && !facts->is_asked_later))
        return TRUE;
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_CANCELLED)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    if (local != NULL)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "asking for the version: %s", local->message);
    recall_version (run, facts);
    return TRUE;
}

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
