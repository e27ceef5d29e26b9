/* SPDX-License-Identifier: GPL-2.0-or-later */

/* HOPING: the modem has not come yet --taken--> RUNNING --failed--> WAITING --time--> HOPING
 *                                                  `--ended for good, or somebody asked--> forgotten */

#include "service/resume.h"

#include "job/journal.h"
#include "job/kept.h"
#include "util/error.h"

#define SLOWER          4
#define MAX_RETRY_POWER 6

typedef enum {
    STATE_HOPING,
    STATE_RUNNING,
    STATE_WAITING,
} State;

typedef struct {
    MfuResumes *resumes;
    State state;
    guint n_tries;
    guint timer_id;
} Entry;

struct _MfuResumes {
    MfuResumesConfig config;
    GHashTable *entries; /* by the place of the journal */
};

static void
entry_free (Entry *entry)
{
    if (entry->timer_id != 0)
        g_source_remove (entry->timer_id);
    g_free (entry);
}

MfuResumes *
mfu_resumes_new (const MfuResumesConfig *config)
{
    MfuResumes *resumes = g_new0 (MfuResumes, 1);
    g_auto (GStrv) places = mfu_journal_list (config->state_dir);

    resumes->config = *config;
    resumes->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
    for (guint i = 0; places[i] != NULL; i++) {
        Entry *entry;

        if (!mfu_kept_exists (config->state_dir, places[i]))
            continue;
        entry = g_new0 (Entry, 1);
        entry->resumes = resumes;
        g_hash_table_replace (resumes->entries, g_strdup (places[i]), entry);
    }
    return resumes;
}

void
mfu_resumes_free (MfuResumes *resumes)
{
    if (resumes == NULL)
        return;
    g_hash_table_unref (resumes->entries);
    g_free (resumes);
}

gboolean
mfu_resumes_take (MfuResumes *resumes, const char *place)
{
    Entry *entry = g_hash_table_lookup (resumes->entries, place);

    if (entry == NULL || entry->state != STATE_HOPING)
        return FALSE;
    entry->state = STATE_RUNNING;
    entry->n_tries++;
    return TRUE;
}

static gboolean
has_state (MfuResumes *resumes, State state)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init (&iter, resumes->entries);
    while (g_hash_table_iter_next (&iter, NULL, &value))
        if (((const Entry *) value)->state == state)
            return TRUE;
    return FALSE;
}

gboolean
mfu_resumes_is_hoping (MfuResumes *resumes)
{
    return has_state (resumes, STATE_HOPING);
}

gboolean
mfu_resumes_is_waiting (MfuResumes *resumes)
{
    return has_state (resumes, STATE_WAITING);
}

gboolean
mfu_resumes_is_passing (const GError *error)
{
    static const MfuError passing[] = { MFU_ERROR_BUSY,          MFU_ERROR_TIMED_OUT, MFU_ERROR_GONE,
                                        MFU_ERROR_PROTOCOL,      MFU_ERROR_REJECTED,  MFU_ERROR_IO,
                                        MFU_ERROR_NEEDS_RECOVERY };

    for (gsize i = 0; i < G_N_ELEMENTS (passing); i++)
        if (g_error_matches (error, MFU_ERROR, (int) passing[i]))
            return TRUE;
    return FALSE;
}

static gboolean
on_time (gpointer user_data)
{
    Entry *entry = user_data;

    entry->timer_id = 0;
    entry->state = STATE_HOPING;
    entry->resumes->config.wake (entry->resumes->config.user_data);
    return G_SOURCE_REMOVE;
}

void
mfu_resumes_ended (MfuResumes *resumes, const char *place, gboolean tries_again)
{
    Entry *entry = g_hash_table_lookup (resumes->entries, place);
    guint seconds = resumes->config.retry_seconds;

    if (entry == NULL || (tries_again && entry->state != STATE_RUNNING))
        return;
    if (!tries_again) {
        g_hash_table_remove (resumes->entries, place);
        return;
    }
    for (guint i = 1; i < entry->n_tries && i < MAX_RETRY_POWER; i++)
        seconds *= SLOWER;
    entry->state = STATE_WAITING;
    entry->timer_id = g_timeout_add_seconds (seconds, on_time, entry);
}

void
mfu_resumes_stop (MfuResumes *resumes)
{
    g_hash_table_remove_all (resumes->entries);
}
