/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A job as a client sees it, wherever it runs: in the service or, for rescue, in this process. */

#include "cli/format.h"

#include <glib.h>

/* The words of the D-Bus interface, and one for a job that cannot be seen. */
typedef enum {
    MFU_VIEW_UNKNOWN,
    MFU_VIEW_VERIFYING,
    MFU_VIEW_READY,
    MFU_VIEW_RUNNING,
    MFU_VIEW_DONE,
    MFU_VIEW_CANCELLED,
    MFU_VIEW_FAILED,
    MFU_VIEW_FLASHED_UNVERIFIED,
    MFU_VIEW_NEEDS_RECOVERY,
} MfuViewState;

/* Texts are never NULL; they are clean: nothing in them steers a terminal. */
typedef struct {
    MfuViewState state;
    char *path; /* of the job's object; "" in rescue */
    char *device, *port, *mode, *modem, *old_modem, *model;
    char *package_name, *fingerprint;
    char *step;
    guint step_number, step_count;
    double progress;
    guint64 bytes_done, bytes_total, bytes_per_second;
    guint seconds_left;
    gboolean can_cancel;
    char *from_version, *to_version;
    char *error_name, *error_message, *advice; /* "" while there is none */
    gboolean has_plan;
    char *plan_text, *plan_method, *plan_digest;
    guint plan_seconds;
    guint64 plan_bytes;
    char **plan_warnings, **plan_steps;
} MfuJobView;

/* From the properties of a job's object (a{sv}). A property that is missing or of another type is as if
 * empty. */
MfuJobView *mfu_job_view_new (const char *path, GVariant *properties);

/* An empty one, to be filled in. */
MfuJobView *mfu_job_view_new_empty (void);
void mfu_job_view_free (MfuJobView *view);

MfuViewState mfu_view_state_from_string (const char *state);
const char *mfu_view_state_to_string (MfuViewState state);
gboolean mfu_view_state_is_end (MfuViewState state);

/* The exit code of a job in an end state; 0 for all others. */
int mfu_job_view_exit_code (const MfuJobView *view);

/* Adds what is known of the job, or of its plan, under "modem.firmware-update". */
void mfu_job_view_report (const MfuJobView *view, MfuReport *report);
void mfu_job_view_report_plan (const MfuJobView *view, MfuReport *report);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJobView, mfu_job_view_free)
