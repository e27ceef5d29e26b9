/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The main thread says which journal seems to be over; a worker makes sure of it with the port's lock in its
 * hand. */

#include "service/settle.h"

#include "job/journal.h"
#include "job/kept.h"
#include "util/log.h"

typedef struct {
    MfuPorts *ports;
    char *state_dir, *port, *place;
    gboolean is_done;
} Work;

static void
work_free (Work *work)
{
    g_free (work->state_dir);
    g_free (work->port);
    g_free (work->place);
    g_free (work);
}

static gboolean
settle (const Work *work, GError **error)
{
    g_autoptr (MfuPortLock) lock = mfu_port_lock_take (work->state_dir, work->place, work->port, error);
    g_autoptr (MfuUsbDevice) device = NULL;
    g_autoptr (MfuJournalRecord) record = NULL;

    if (lock == NULL)
        return FALSE;
    /* Again, because what was seen before may be old. */
    device = mfu_ports_look (work->ports, work->port, error);
    record = device != NULL ? mfu_journal_load (work->state_dir, work->place, error) : NULL;
    if (record == NULL)
        return FALSE;
    if (device->mode != MFU_MODE_NORMAL || (record->is_past_no_return && !work->is_done))
        return FALSE;
    if (!mfu_journal_archive (work->state_dir, work->place, TRUE, error))
        return FALSE;
    mfu_kept_remove (work->state_dir, work->place);
    mfu_log (G_LOG_LEVEL_MESSAGE, work->port, NULL, "the modem runs; its interrupted update is %s",
             work->is_done ? "done" : "given up");
    return TRUE;
}

static void
run (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Work *work = task_data;
    g_autoptr (GError) local = NULL;
    gboolean is_settled = settle (work, &local);

    /* Ignored because the journal does no harm where it is. */
    if (local != NULL)
        mfu_log (G_LOG_LEVEL_INFO, work->port, NULL, "not settled: %s", local->message);
    g_task_return_boolean (task, is_settled);
}

void
mfu_settle_async (const MfuSettle *what, GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
    Work *work = g_new0 (Work, 1);

    work->ports = what->ports;
    work->state_dir = g_strdup (what->state_dir);
    work->port = g_strdup (what->port);
    work->place = g_strdup (what->place);
    work->is_done = what->is_done;
    g_task_set_task_data (task, work, (GDestroyNotify) work_free);
    g_task_run_in_thread (task, run);
}

gboolean
mfu_settle_finish (GAsyncResult *result, char **place)
{
    const Work *work = g_task_get_task_data (G_TASK (result));

    *place = g_strdup (work->place);
    return g_task_propagate_boolean (G_TASK (result), NULL);
}
