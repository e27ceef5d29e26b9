/* SPDX-License-Identifier: GPL-2.0-or-later */

/* In this order, so that a cut anywhere leaves a journal and a copy that either belong together or are known
 * by the digest not to: archive the old journal, put the copy in its place, put the new journal in its place,
 * sync. */

#include "job/job-memory.h"

#include "job/kept.h"
#include "util/error.h"
#include "util/log.h"

#include <string.h>

gboolean
mfu_memory_count_attempt (MfuRun *run, GError **error)
{
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (run->state_dir, run->place, error);
    g_autoptr (MfuJournal) journal = NULL;

    if (record == NULL || !mfu_journal_check_automatic (record, run->port, error))
        return FALSE;
    g_free (record->place);
    g_free (record->port);
    record->place = g_strdup (run->place);
    record->port = g_strdup (run->port);
    record->n_attempts++;
    mfu_log (G_LOG_LEVEL_MESSAGE, run->port, NULL, "taking up an interrupted update, attempt %u",
             record->n_attempts);
    journal =
        mfu_journal_begin (run->state_dir, record, (run->allowed & MFU_ALLOW_VOLATILE_JOURNAL) != 0, error);
    return journal != NULL;
}

static gboolean
is_continued (const MfuRun *run)
{
    return !run->was_normal && run->memory != NULL &&
           strcmp (run->memory->package_digest, mfu_package_get_digest (run->package)) == 0;
}

static MfuJournal *
begin_journal (MfuRun *run, GError **error)
{
    const MfuJournalRecord *memory = run->was_normal ? NULL : run->memory;
    g_autofree char *allow = mfu_allow_to_string (run->allowed | run->recalled);
    MfuJournalRecord record = {
        .place = (char *) run->place,
        .port = (char *) run->port,
        .family = run->family->name,
        .serial = memory != NULL ? memory->serial : NULL,
        .from = run->plan->from,
        .to = run->plan->to,
        .package_name = (char *) run->package_name,
        .package_digest = (char *) mfu_package_get_digest (run->package),
        .plan_digest = run->plan->digest,
        .fingerprint = (char *) run->fingerprint,
        .allow = allow,
        .window = memory != NULL ? memory->window : NULL,
        .n_attempts = run->is_automatic && memory != NULL ? memory->n_attempts : 0,
        .step = memory != NULL ? memory->step : NULL,
        .is_past_no_return = memory != NULL && memory->is_past_no_return,
        .is_table_checked = is_continued (run) && memory->is_table_checked,
    };

    return mfu_journal_begin (run->state_dir, &record, (run->allowed & MFU_ALLOW_VOLATILE_JOURNAL) != 0,
                              error);
}

gboolean
mfu_memory_begin (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    /* Ignored because an old story that cannot be told is no reason to leave a modem as it is. */
    if (!is_continued (run) && !mfu_journal_archive (run->state_dir, run->place, FALSE, &local))
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s", local->message);
    if (run->has_copy && !mfu_kept_confirm (run->state_dir, run->place, error))
        return FALSE;
    if (!run->has_copy && !is_continued (run))
        mfu_kept_remove (run->state_dir, run->place);
    run->journal = begin_journal (run, error);
    return run->journal != NULL;
}

void
mfu_memory_end (MfuRun *run, MfuJobState state)
{
    g_autoptr (GError) error = NULL;
    gboolean is_back = run->device != NULL && run->device->mode == MFU_MODE_NORMAL && !run->is_stranger;
    /* What is none of ours is not remembered as a modem that waits for its package. */
    gboolean is_settled = is_back || (run->is_foreign && run->memory == NULL && !run->is_past_no_return);

    if (run->has_copy)
        mfu_kept_discard (run->state_dir, run->place);
    if (run->journal == NULL)
        return;
    if (!mfu_journal_end (run->journal, mfu_job_state_to_string (state), is_settled, &error))
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s", error->message);
    if (is_settled)
        mfu_kept_remove (run->state_dir, run->place);
}

gboolean
mfu_memory_has_package (const MfuRun *run)
{
    return run->journal != NULL && mfu_kept_exists (run->state_dir, run->place);
}
