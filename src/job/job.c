/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The job as the outside sees it: verify, plan, wait for the start, run, tell the outcome. What it shares
 * with other threads lies under one lock: the current status and the door to Cancel. */

#include "job/job.h"

#include "config.h"
#include "job/identify.h"
#include "job/job-memory.h"
#include "job/kept.h"
#include "job/progress.h"
#include "job/run.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* For the question what a modem with MBIM alone can do. */
#define ASK_MS    (10 * 1000)
#define REPORT_US (100 * 1000)

struct _MfuJob {
    /* Constant after creation. */
    MfuWorld *world;
    MfuJobHost *host;
    char *state_dir;
    char *id;
    MfuUsbDevice *device; /* as it was found */
    int package_fd;
    char *package_name;
    char *version;
    gboolean asks_when_taken;
    guint allowed;
    char *method;
    uid_t caller_uid;
    char *fingerprint;
    char *kept_digest;
    gboolean keeps_package, is_automatic;
    MfuJobChanged changed;
    gpointer user_data;
    GCancellable *cancellable;

    /* The job's thread only. */
    MfuProgress progress;
    gint64 reported_us;

    GMutex lock;
    GCond start_cond;
    MfuJobStatus *status; /* replaced, never changed */
    gboolean starts;
    gboolean can_cancel;
};

static MfuJobStatus *
copy_status (const MfuJobStatus *from)
{
    MfuJobStatus *status = g_new0 (MfuJobStatus, 1);

    *status = *from;
    g_atomic_ref_count_init (&status->ref_count);
    status->step = g_strdup (from->step);
    status->from_version = g_strdup (from->from_version);
    status->to_version = g_strdup (from->to_version);
    status->modem_path = g_strdup (from->modem_path);
    status->error = from->error != NULL ? g_error_copy (from->error) : NULL;
    status->advice = g_strdup (from->advice);
    status->plan_text = g_strdup (from->plan_text);
    status->plan_method = g_strdup (from->plan_method);
    status->plan_digest = g_strdup (from->plan_digest);
    status->plan_warnings = g_strdupv (from->plan_warnings);
    status->plan_steps = g_strdupv (from->plan_steps);
    return status;
}

/* A copy to be changed and then published. Only the job's thread publishes, so nothing is lost in between. */
static MfuJobStatus *
begin_change (MfuJob *job)
{
    MfuJobStatus *status;

    g_mutex_lock (&job->lock);
    status = copy_status (job->status);
    g_mutex_unlock (&job->lock);
    return status;
}

/* Takes `status`. */
static void
publish (MfuJob *job, MfuJobStatus *status)
{
    MfuJobStatus *old;

    g_mutex_lock (&job->lock);
    status->can_cancel = job->can_cancel;
    old = job->status;
    job->status = status;
    mfu_job_status_ref (status);
    g_mutex_unlock (&job->lock);
    mfu_job_status_unref (old);
    if (job->changed != NULL)
        job->changed (job, status, job->user_data);
    mfu_job_status_unref (status);
}

static void
set_string (char **where, const char *value)
{
    g_free (*where);
    *where = g_strdup (value != NULL ? value : "");
}

MfuJob *
mfu_job_new (const MfuJobConfig *config, GError **error)
{
    MfuJob *job;
    guint allowed;
    int fd;

    if (!mfu_allow_parse (config->allow, &allowed, error))
        return NULL;
    if (config->method != NULL && !mfu_plan_check_method (config->method, error))
        return NULL;
    fd = fcntl (config->package_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("The package's file descriptor is not open."));
        return NULL;
    }

    job = g_new0 (MfuJob, 1);
    job->world = config->world;
    job->host = config->host;
    job->state_dir = g_strdup (config->state_dir);
    job->id = g_strdup (config->job_id);
    job->package_fd = fd;
    job->package_name = g_strdup (config->package_name);
    job->device = mfu_usb_device_ref (config->device);
    job->version = g_strdup (config->version);
    job->asks_when_taken = config->asks_when_taken && config->device->mode == MFU_MODE_NORMAL;
    /* To insist takes somebody who does. */
    job->allowed = config->is_automatic ? allowed & ~(guint) MFU_ALLOW_UNIDENTIFIED : allowed;
    job->method = g_strdup (config->method);
    job->caller_uid = config->caller_uid;
    job->fingerprint = g_strdup (config->fingerprint);
    job->kept_digest = g_strdup (config->kept_digest);
    job->keeps_package = config->keeps_package && config->kept_digest == NULL;
    job->is_automatic = config->is_automatic;
    job->changed = config->changed;
    job->user_data = config->user_data;
    job->cancellable = g_cancellable_new ();
    g_mutex_init (&job->lock);
    g_cond_init (&job->start_cond);
    job->starts = config->starts;
    job->can_cancel = TRUE;
    job->status = copy_status (&(MfuJobStatus){
        .state = MFU_JOB_VERIFYING,
        .step = (char *) _ ("reading the package"),
        .can_cancel = TRUE,
        .from_version = (char *) (config->version != NULL ? config->version : ""),
        .to_version = (char *) "",
        .modem_path = (char *) "",
        .advice = (char *) "",
        .plan_text = (char *) "",
        .plan_method = (char *) "",
        .plan_digest = (char *) "",
    });
    return job;
}

void
mfu_job_free (MfuJob *job)
{
    if (job == NULL)
        return;
    g_free (job->state_dir);
    g_free (job->id);
    close (job->package_fd);
    g_free (job->package_name);
    mfu_usb_device_unref (job->device);
    g_free (job->version);
    g_free (job->method);
    g_free (job->fingerprint);
    g_free (job->kept_digest);
    g_object_unref (job->cancellable);
    g_mutex_clear (&job->lock);
    g_cond_clear (&job->start_cond);
    mfu_job_status_unref (job->status);
    g_free (job);
}

MfuJobStatus *
mfu_job_get_status (MfuJob *job)
{
    MfuJobStatus *status;

    g_mutex_lock (&job->lock);
    status = mfu_job_status_ref (job->status);
    g_mutex_unlock (&job->lock);
    return status;
}

gboolean
mfu_job_start (MfuJob *job, GError **error)
{
    gboolean is_ready;

    g_mutex_lock (&job->lock);
    is_ready = job->status->state == MFU_JOB_READY && !job->starts;
    if (is_ready) {
        job->starts = TRUE;
        g_cond_broadcast (&job->start_cond);
    }
    g_mutex_unlock (&job->lock);
    if (!is_ready)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("The job does not wait to be started."));
    return is_ready;
}

gboolean
mfu_job_cancel (MfuJob *job, GError **error)
{
    gboolean can_cancel;
    gboolean is_over;

    g_mutex_lock (&job->lock);
    is_over = mfu_job_state_is_end (job->status->state);
    can_cancel = job->can_cancel && !is_over;
    if (can_cancel) {
        g_cancellable_cancel (job->cancellable);
        g_cond_broadcast (&job->start_cond);
    }
    g_mutex_unlock (&job->lock);
    if (is_over)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The job is over already."));
    else if (!can_cancel)
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY,
            _ ("The modem's old firmware is not whole any more; stopping now would leave it without any, so "
               "the job goes on to its end."));
    return can_cancel;
}

gboolean
mfu_job_pass_no_return (MfuJob *job, GError **error)
{
    gboolean is_cancelled;

    g_mutex_lock (&job->lock);
    is_cancelled = g_cancellable_is_cancelled (job->cancellable);
    if (!is_cancelled)
        job->can_cancel = FALSE;
    g_mutex_unlock (&job->lock);
    if (is_cancelled)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED,
                             _ ("Cancelled; the firmware is as it was."));
    return !is_cancelled;
}

static void
report (MfuJob *job, double fraction, gboolean is_urgent)
{
    gint64 now_us = mfu_clock_now_us (job->world->clock);
    double progress = mfu_progress_set (&job->progress, fraction);
    MfuJobStatus *status;

    if (!is_urgent && now_us - job->reported_us < REPORT_US)
        return;
    job->reported_us = now_us;
    status = begin_change (job);
    status->progress = progress;
    status->bytes_done = job->progress.bytes_done;
    status->bytes_total = job->progress.bytes_total;
    status->bytes_per_second = (guint64) job->progress.bytes_per_second;
    status->seconds_left = mfu_progress_seconds_left (&job->progress);
    publish (job, status);
}

void
mfu_job_report_begin (MfuJob *job, double total_weight, guint64 bytes_total)
{
    mfu_progress_init (&job->progress, total_weight, bytes_total);
}

void
mfu_job_report_step (MfuJob *job, const char *title, guint number, guint count, double weight)
{
    MfuJobStatus *status = begin_change (job);

    mfu_progress_begin_step (&job->progress, weight);
    set_string (&status->step, title);
    status->step_number = number;
    status->step_count = count;
    publish (job, status);
}

void
mfu_job_report_title (MfuJob *job, const char *title)
{
    MfuJobStatus *status = begin_change (job);

    set_string (&status->step, title);
    publish (job, status);
}

void
mfu_job_report_from (MfuJob *job, const char *version)
{
    MfuJobStatus *status = begin_change (job);

    set_string (&status->from_version, version);
    publish (job, status);
}

void
mfu_job_report_end_step (MfuJob *job)
{
    mfu_progress_end_step (&job->progress);
    report (job, 0, TRUE);
}

void
mfu_job_report_fraction (MfuJob *job, double fraction)
{
    report (job, fraction, FALSE);
}

void
mfu_job_report_bytes (MfuJob *job, guint64 bytes_done)
{
    mfu_progress_set_bytes (&job->progress, bytes_done, mfu_clock_now_us (job->world->clock));
    report (job, (double) bytes_done / (double) MAX (job->progress.bytes_total, 1), FALSE);
}

static void
package_progress (guint64 done, guint64 total, gpointer user_data)
{
    MfuJob *job = user_data;

    job->progress.bytes_total = total;
    mfu_progress_set_bytes (&job->progress, done, mfu_clock_now_us (job->world->clock));
    report (job, 0, FALSE);
}

/* From here on the job reads the copy: what is verified, written and kept is one and the same. Where it
 * cannot be kept, the update goes on without, and says so with the plan. */
static gboolean
keep_package (MfuJob *job, MfuRun *run, const MfuPackageOptions *options, char **note, GError **error)
{
    g_autoptr (GError) local = NULL;
    int copy;

    /* It would fill the memory only to be lost. */
    if (!(job->allowed & MFU_ALLOW_VOLATILE_JOURNAL) && !mfu_journal_check_survives (job->state_dir, error))
        return FALSE;
    mfu_job_report_title (job, _ ("keeping a copy of the package"));
    copy = mfu_kept_store (job->state_dir, run->place, job->package_fd, options, job->cancellable, &local);
    if (copy >= 0) {
        close (job->package_fd);
        job->package_fd = copy;
        run->has_copy = TRUE;
    } else if (g_error_matches (local, MFU_ERROR, MFU_ERROR_CANCELLED)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    } else {
        *note =
            g_strdup_printf (_ ("The package is not kept for a recovery without it: %s."), local->message);
        mfu_log (G_LOG_LEVEL_WARNING, run->port, job->id, "%s", *note);
    }
    mfu_job_report_title (job, _ ("reading the package"));
    return TRUE;
}

static gboolean
open_package (MfuJob *job, MfuRun *run, char **note, GError **error)
{
    MfuPackageOptions options = {
        .caller_uid = job->caller_uid,
        .spool_dir = job->state_dir,
        .progress = package_progress,
        .user_data = job,
    };

    mfu_job_report_begin (job, 1, 0);
    if (job->keeps_package && !keep_package (job, run, &options, note, error))
        return FALSE;
    run->package = mfu_package_open (job->package_fd, job->package_name, &options, job->cancellable, error);
    if (run->package == NULL || job->kept_digest == NULL ||
        strcmp (job->kept_digest, mfu_package_get_digest (run->package)) == 0)
        return run->package != NULL;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("The kept copy of %s is not what the journal of port %s expects (its digest is %s, not "
                    "%s); give the package itself."),
                 job->package_name, run->port, mfu_package_get_digest (run->package), job->kept_digest);
    return FALSE;
}

/* A modem that is not in normal mode is known by what an earlier run wrote down, or by the package alone. */
static gboolean
recall (MfuJob *job, MfuRun *run, MfuDeviceFacts *facts, char **note, GError **error)
{
    g_autoptr (GError) local = NULL;

    run->memory = mfu_journal_load (job->state_dir, run->place, &local);
    if (run->memory == NULL && !g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND)) {
        mfu_log (G_LOG_LEVEL_WARNING, run->port, job->id, "%s", local->message);
        if (*note == NULL)
            *note = g_strdup (local->message);
    }
    facts->is_unfinished = run->memory != NULL && run->memory->is_past_no_return;
    if (facts->mode == MFU_MODE_NORMAL)
        return TRUE;
    if (run->memory != NULL) {
        facts->family = mfu_families_by_name (job->world->families, run->memory->family);
        mfu_version_name_parse (&facts->version, run->memory->from);
        facts->is_remembered = facts->version.is_known;
    }
    if (facts->family == NULL)
        facts->family =
            mfu_families_by_model (job->world->families, mfu_package_get_version (run->package)->text);
    if (facts->family != NULL)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                 _ ("Neither the modem in port %s nor the package's name %s tells which family of modems "
                    "this is; give "
                    "the package back the name that it came with."),
                 run->port, job->package_name);
    return FALSE;
}

/* What switches modems off when their serial ports vanish does so in the middle of an update. */
static gboolean
check_power (MfuJob *job, GError **error)
{
    g_autofree char *manager = job->world->klass->find_power_manager (job->world);

    if (manager == NULL || (job->allowed & MFU_ALLOW_POWER_MANAGER))
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY,
                 _ ("The power manager /sys/class/modem-power/%s may cut the modem's power as soon as its "
                    "serial ports vanish, in the middle of the update; stop the program that controls it, "
                    "or make sure that it does not (to insist, allow: power-manager)."),
                 manager);
    return FALSE;
}

/* Which ports the modem offers; and of one that has MBIM alone, whether it knows the command by which it
 * could be switched: asking that disturbs nobody. */
static void
look_at_ports (MfuJob *job, const MfuRun *run, MfuDeviceFacts *facts)
{
    gint64 deadline_us = mfu_clock_deadline_us (job->world->clock, ASK_MS);
    g_autoptr (GError) local = NULL;
    g_autofree char *version = NULL;
    gboolean has_switch = FALSE;
    gboolean is_managed =
        run->asks_when_taken || (job->host != NULL && job->version != NULL && *job->version != '\0');

    if (facts->mode != MFU_MODE_NORMAL)
        return;
    facts->lacks_diag = mfu_usb_device_find_function (run->device, MFU_FUNCTION_DIAG) < 0;
    facts->lacks_at = mfu_usb_device_find_function (run->device, MFU_FUNCTION_AT) < 0;
    facts->has_qmi = mfu_usb_device_find_function (run->device, MFU_FUNCTION_QMI) >= 0;
    facts->has_mbim = mfu_usb_device_find_function (run->device, MFU_FUNCTION_MBIM) >= 0;
    if (!facts->has_mbim || !facts->lacks_diag)
        return;
    version = job->world->klass->ask_control (job->world, run->device, is_managed, &has_switch, deadline_us,
                                              job->cancellable, &local);
    if (version != NULL)
        facts->refuses_qdu = !has_switch;
    else
        mfu_log (G_LOG_LEVEL_WARNING, run->device->port, job->id, "asking for QDU: %s", local->message);
}

/* What the user insisted on for this package holds until the modem runs: the advice does not repeat it. */
static guint
recall_allowed (const MfuRun *run)
{
    g_auto (GStrv) names = NULL;
    guint recalled;

    if (run->was_normal || run->memory == NULL ||
        strcmp (run->memory->package_digest, mfu_package_get_digest (run->package)) != 0)
        return 0;
    names = g_strsplit (run->memory->allow, ",", -1);
    if (!mfu_allow_parse ((const char *const *) names, &recalled, NULL))
        return 0;
    return recalled & (run->is_automatic ? MFU_ALLOW_PACKAGE & ~MFU_ALLOW_UNIDENTIFIED : MFU_ALLOW_PACKAGE);
}

/* A program that died while it held the port leaves a modem that can be asked nothing. */
static gboolean
wake_modem (MfuJob *job, MfuRun *run, GError **error)
{
    g_autoptr (MfuPortLock) lock = NULL;
    MfuUsbDevice *awake;

    if (!mfu_run_is_asleep (run->device))
        return TRUE;
    /* One that lives has its reasons. */
    lock = mfu_port_lock_take (job->state_dir, run->place, run->port, error);
    awake = lock != NULL ? mfu_run_wake (run->world, run->device, error) : NULL;
    if (awake == NULL)
        return FALSE;
    mfu_usb_device_unref (run->device);
    run->device = awake;
    return TRUE;
}

static gboolean
make_plan (MfuJob *job, MfuRun *run, char **note, GError **error)
{
    MfuDeviceFacts facts = { .family = run->device->family, .port = run->port, .mode = run->device->mode };
    MfuPlanOptions options = { .allowed = job->allowed, .method = job->method };

    if (!recall (job, run, &facts, note, error) || !mfu_run_know (run, job->version, &facts, error))
        return FALSE;
    look_at_ports (job, run, &facts);
    run->family = facts.family;
    run->is_unfinished = facts.is_unfinished;
    options.note = *note;
    run->recalled = recall_allowed (run);
    options.allowed |= run->recalled;
    run->plan = mfu_plan_new (run->package, &facts, &options, error);
    if (run->plan == NULL || !job->is_automatic || run->plan->chain == MFU_CHAIN_FIREHOSE ||
        run->plan->chain == MFU_CHAIN_FASTBOOT)
        return run->plan != NULL;
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The modem in port %s is in a mode in which it cannot be told from another one; it is "
                    "not taken up without being asked for."),
                 run->port);
    return FALSE;
}

static char **
step_titles (const MfuRun *run)
{
    g_autoptr (GStrvBuilder) titles = g_strv_builder_new ();
    guint n;
    const MfuStep *steps = mfu_run_get_steps (run, &n);

    for (guint i = 0; i < n; i++)
        if (run->was_normal || !(steps[i].flags & MFU_STEP_NEEDS_NORMAL))
            g_strv_builder_add (titles, _ (steps[i].title));
    return g_strv_builder_end (titles);
}

static void
publish_plan (MfuJob *job, MfuRun *run)
{
    MfuJobStatus *status = begin_change (job);

    g_ptr_array_add (run->plan->warnings, NULL);
    status->state = MFU_JOB_READY;
    set_string (&status->step, _ ("ready"));
    set_string (&status->from_version, run->plan->from);
    set_string (&status->to_version, run->plan->to);
    status->has_plan = TRUE;
    set_string (&status->plan_text, run->plan->text);
    set_string (&status->plan_method, run->plan->method);
    set_string (&status->plan_digest, mfu_package_get_digest (run->package));
    status->plan_seconds = run->plan->seconds;
    status->plan_warnings = g_strdupv ((char **) run->plan->warnings->pdata);
    status->plan_steps = step_titles (run);
    status->bytes_done = 0;
    status->bytes_total = run->plan->bytes_total;
    g_ptr_array_remove_index (run->plan->warnings, run->plan->warnings->len - 1);
    publish (job, status);
}

static gboolean
wait_for_start (MfuJob *job, GError **error)
{
    gboolean starts;
    MfuJobStatus *status;

    g_mutex_lock (&job->lock);
    while (!job->starts && !g_cancellable_is_cancelled (job->cancellable))
        g_cond_wait (&job->start_cond, &job->lock);
    starts = !g_cancellable_is_cancelled (job->cancellable);
    g_mutex_unlock (&job->lock);
    if (!starts) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED,
                             _ ("Cancelled; the modem was not touched."));
        return FALSE;
    }
    status = begin_change (job);
    status->state = MFU_JOB_RUNNING;
    publish (job, status);
    return TRUE;
}

static gboolean
execute (MfuJob *job, MfuRun *run, GError **error)
{
    g_autoptr (MfuPortLock) lock = NULL;
    g_autofree char *note = NULL;

    if (!wake_modem (job, run, error))
        return FALSE;
    /* Who only looks at a package locks nobody out; a copy is a file of the port. */
    if (job->is_automatic || job->keeps_package) {
        lock = mfu_port_lock_take (job->state_dir, run->place, run->port, error);
        if (lock == NULL || (job->is_automatic && !mfu_memory_count_attempt (run, error)))
            return FALSE;
    }
    if (!open_package (job, run, &note, error) || !check_power (job, error) ||
        !make_plan (job, run, &note, error))
        return FALSE;
    publish_plan (job, run);
    if (!wait_for_start (job, error))
        return FALSE;
    if (lock == NULL)
        lock = mfu_port_lock_take (job->state_dir, run->place, run->port, error);
    return lock != NULL && mfu_memory_begin (run, error) && mfu_run_execute (run, error);
}

static MfuJobState
outcome (const MfuRun *run, const GError *error)
{
    gboolean is_normal = run->device != NULL && run->device->mode == MFU_MODE_NORMAL;
    gboolean was_touched = run->journal != NULL;

    if (error == NULL)
        return MFU_JOB_DONE;
    if (g_error_matches (error, MFU_ERROR, MFU_ERROR_FLASHED_UNVERIFIED))
        return MFU_JOB_FLASHED_UNVERIFIED;
    if (run->is_past_no_return || (was_touched && run->was_normal && !is_normal))
        return MFU_JOB_NEEDS_RECOVERY;
    return g_error_matches (error, MFU_ERROR, MFU_ERROR_CANCELLED) ? MFU_JOB_CANCELLED : MFU_JOB_FAILED;
}

static char *
advice_for (const MfuJob *job, const MfuRun *run, MfuJobState state, const GError *error)
{
    /* A package that was refused is refused again. */
    if (state == MFU_JOB_NEEDS_RECOVERY ||
        (state == MFU_JOB_FAILED && !run->was_normal && run->journal != NULL &&
         !g_error_matches (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE)))
        return mfu_journal_advice (run->port, job->package_name, mfu_memory_has_package (run),
                                   run->is_silent);
    if (state == MFU_JOB_FLASHED_UNVERIFIED)
        return g_strdup (_ ("Look at it with mmcli -L; if it does not work, run the update again."));
    return g_strdup ("");
}

static void
publish_end (MfuJob *job, MfuRun *run, GError *error)
{
    MfuJobState state = outcome (run, error);
    MfuJobStatus *status = begin_change (job);

    mfu_memory_end (run, state);
    status->state = state;
    if (state == MFU_JOB_NEEDS_RECOVERY && !g_error_matches (error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY))
        status->error = g_error_new_literal (MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY, error->message);
    else
        status->error = error != NULL ? g_error_copy (error) : NULL;
    g_free (status->advice);
    status->advice = advice_for (job, run, state, error);
    set_string (&status->modem_path, run->modem_path);
    status->seconds_left = 0;
    if (state == MFU_JOB_DONE) {
        status->progress = 1;
        set_string (&status->to_version, run->version);
    }
    mfu_log (G_LOG_LEVEL_MESSAGE, run->port, job->id, "job %s%s%s", mfu_job_state_to_string (state),
             error != NULL ? ": " : "", error != NULL ? error->message : "");
    publish (job, status);
}

void
mfu_job_run (MfuJob *job)
{
    g_autoptr (GError) error = NULL;
    MfuRun run = {
        .job = job,
        .world = job->world,
        .host = job->host,
        .state_dir = job->state_dir,
        .place = job->device->place,
        .port = job->device->port,
        .package_name = job->package_name,
        .fingerprint = job->fingerprint,
        .is_automatic = job->is_automatic,
        .cancellable = job->cancellable,
        .allowed = job->allowed,
        .asks_when_taken = job->asks_when_taken,
        .device = mfu_usb_device_ref (job->device),
        .was_normal = job->device->mode == MFU_MODE_NORMAL,
        .is_unclear = TRUE,
    };

    mfu_log (G_LOG_LEVEL_MESSAGE, run.port, job->id, "job begins: %s", job->package_name);
    if (!execute (job, &run, &error) && error == NULL)
        g_set_error_literal (&error, MFU_ERROR, MFU_ERROR_IO, "failed without a reason");
    publish_end (job, &run, error);
    mfu_run_clear (&run);
}
