/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One update of one modem, from the unread package to the modem's return: mfu_job_run () blocks in a worker
 * thread of the service (or in the only thread of `mm-firmware rescue`), everything else may be called from
 * any thread. */

#include "job/world.h"

typedef struct _MfuJob MfuJob;
typedef struct _MfuJobHost MfuJobHost;
typedef struct _MfuJobHostClass MfuJobHostClass;

/* What the service does for a job: ModemManager and the system. All called in the job's thread, all may
 * block. Every entry may be NULL (rescue). */
struct _MfuJobHostClass {
    /* Makes ModemManager let go of the modem (InhibitDevice). Called again it makes sure that this still
     * holds, and asks a ModemManager that was started meanwhile anew. */
    gboolean (*take) (MfuJobHost *host, const MfuUsbDevice *device, GCancellable *cancellable,
                      GError **error);
    /* The opposite; called exactly once after successful takes, on every path, with the modem that is back
     * in normal mode or NULL. Also called when the process must not leave the modem to ModemManager. */
    void (*give_back) (MfuJobHost *host, const MfuUsbDevice *device);
    /* After give_back: waits until ModemManager has the modem again and returns its version (newly allocated,
     * as AT+QGMR or AT+CGMR told); `modem_path` receives its new object path. NULL where ModemManager does
     * not run (NOT_FOUND): the job then asks the modem itself. Also before take, of a modem whose ports are
     * in use; `modem_path` may be NULL. */
    char *(*wait_version) (MfuJobHost *host, const MfuUsbDevice *device, gint64 deadline_us,
                           char **modem_path, GCancellable *cancellable, GError **error);
    /* From the first step to the last, whatever the modem is in at first: the machine neither goes to sleep
     * nor is shut down by who asks nicely. What cannot be had is logged. */
    void (*stay_awake) (MfuJobHost *host, gboolean stays);
};

struct _MfuJobHost {
    const MfuJobHostClass *klass;
};

typedef enum {
    MFU_JOB_VERIFYING,
    MFU_JOB_READY,
    MFU_JOB_RUNNING,
    MFU_JOB_DONE,
    MFU_JOB_CANCELLED,
    MFU_JOB_FAILED,
    MFU_JOB_FLASHED_UNVERIFIED,
    MFU_JOB_NEEDS_RECOVERY,
} MfuJobState;

/* "verifying", "ready" ... as in the D-Bus interface. */
const char *mfu_job_state_to_string (MfuJobState state);
gboolean mfu_job_state_is_end (MfuJobState state);

/* An immutable picture of a job; hold a reference as long as needed. Strings are never NULL. */
typedef struct {
    gatomicrefcount ref_count;
    MfuJobState state;
    char *step;
    guint step_number, step_count;
    double progress;
    guint64 bytes_done, bytes_total, bytes_per_second;
    guint seconds_left;
    gboolean can_cancel;
    char *from_version, *to_version;
    char *modem_path; /* after success the new one, else "" */
    GError *error;    /* NULL while there is none */
    char *advice;
    /* From READY on: */
    gboolean has_plan;
    char *plan_text, *plan_method, *plan_digest;
    guint plan_seconds;
    char **plan_warnings, **plan_steps;
} MfuJobStatus;

MfuJobStatus *mfu_job_status_ref (MfuJobStatus *status);
void mfu_job_status_unref (MfuJobStatus *status);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJobStatus, mfu_job_status_unref)

/* Called in the job's thread after every change; progress at most ten times a second. */
typedef void (*MfuJobChanged) (MfuJob *job, MfuJobStatus *status, gpointer user_data);

typedef struct {
    MfuWorld *world;       /* must outlive the job */
    MfuJobHost *host;      /* must outlive the job; NULL: rescue */
    const char *state_dir; /* of the journal */
    const char *job_id;    /* for logs, "1" */
    int package_fd;        /* duplicated */
    const char *package_name;
    MfuUsbDevice *device;     /* in whatever mode it is */
    const char *version;      /* as ModemManager knows it; NULL or "": the job asks the modem if it can */
    gboolean asks_when_taken; /* ModemManager has the ports and may know half a version: the modem is asked
                               * once it has let go, and what the plan could not compare is compared then */
    const char *const *allow; /* "downgrade", ... ; NULL: nothing */
    const char *method;       /* "firehose", "fastboot"; NULL: choose */
    gboolean starts;          /* FALSE: wait in READY for mfu_job_start () */
    uid_t caller_uid;
    const char *fingerprint; /* the package's, for the journal; NULL: none */
    gboolean keeps_package;  /* a copy, until the modem runs again, if there is room for it */
    const char
        *kept_digest; /* `package_fd` is such a copy, which the journal knows by this; NULL: it is not */
    gboolean
        is_automatic; /* nobody has asked: counted in the journal, and only for the modem of the journal */
    MfuJobChanged changed; /* may be NULL */
    gpointer user_data;
} MfuJobConfig;

/* Copies all of `config`. Fails at once with INVALID_ARGS for a name in `allow` or `method` that does not
 * exist. */
MfuJob *mfu_job_new (const MfuJobConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Does everything and returns when the job has reached an end state. Call once. */
void mfu_job_run (MfuJob *job);

/* READY -> RUNNING; INVALID_ARGS in any other state. */
gboolean mfu_job_start (MfuJob *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Asks the job to stop. NEEDS_RECOVERY with the reason when it is past the point of no return; INVALID_ARGS
 * when it is over. TRUE means that it will end as cancelled (or, if it was just ending, as whatever it ended
 * in). */
gboolean mfu_job_cancel (MfuJob *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

MfuJobStatus *mfu_job_get_status (MfuJob *job);
void mfu_job_free (MfuJob *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJob, mfu_job_free)
