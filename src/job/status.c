/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Pictures of a job: made under its lock, read by anybody. */

#include "job/job.h"

static const char *const state_names[] = {
    [MFU_JOB_VERIFYING] = "verifying",
    [MFU_JOB_READY] = "ready",
    [MFU_JOB_RUNNING] = "running",
    [MFU_JOB_DONE] = "done",
    [MFU_JOB_CANCELLED] = "cancelled",
    [MFU_JOB_FAILED] = "failed",
    [MFU_JOB_FLASHED_UNVERIFIED] = "flashed-unverified",
    [MFU_JOB_NEEDS_RECOVERY] = "needs-recovery",
};

const char *
mfu_job_state_to_string (MfuJobState state)
{
    g_return_val_if_fail (state < G_N_ELEMENTS (state_names), NULL);
    return state_names[state];
}

gboolean
mfu_job_state_is_end (MfuJobState state)
{
    return state >= MFU_JOB_DONE;
}

MfuJobStatus *
mfu_job_status_ref (MfuJobStatus *status)
{
    g_atomic_ref_count_inc (&status->ref_count);
    return status;
}

void
mfu_job_status_unref (MfuJobStatus *status)
{
    if (status == NULL || !g_atomic_ref_count_dec (&status->ref_count))
        return;
    g_free (status->step);
    g_free (status->from_version);
    g_free (status->to_version);
    g_free (status->modem_path);
    g_clear_error (&status->error);
    g_free (status->advice);
    g_free (status->plan_text);
    g_free (status->plan_method);
    g_free (status->plan_digest);
    g_strfreev (status->plan_warnings);
    g_strfreev (status->plan_steps);
    g_free (status);
}
