/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stands in for the rooms below the service: jobs that do what their package's name says, and ports that a
 * text file lists.
 *
 * A package "take+gate+back+done.zip" makes a job that takes the modem, passes the point of no return, waits
 * until somebody opens the FIFO STATE_DIR/gate for writing, gives the modem back and is done. Words:
 *
 *   take      MfuJobHost.take            hold      waits to be cancelled
 *   gate      cannot be cancelled        progress  a hundred pictures, as fast as they can be made
 *   back      give_back, wait_version    late      waits to be cancelled, and goes on
 *   done, fail, stuck, unverified: the ends
 *
 * A line of the ports file: PORT SYSFS MODE VID PID TTY, "-" for no tty; the tty "none" is that of a modem
 * that the kernel has not configured, and turns into "-" when it is enumerated anew. */

#include "job/job.h"
#include "package/package.h"
#include "tracker/place.h"
#include "util/error.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S 20

struct _MfuJob {
    MfuJobHost *host;
    char *gate;
    char **words;
    MfuUsbDevice *device;
    MfuJobChanged changed;
    gpointer user_data;
    GCancellable *cancellable;
    gboolean has_taken;
    MfuJobStatus now; /* the job's thread only */

    GMutex mutex;
    GCond cond;
    MfuJobStatus *status;
    gboolean starts;
};

struct _MfuPorts {
    const MfuFamilies *families;
    GFileMonitor *monitor;
    MfuPortsChanged changed;
    gpointer user_data;
};

static void
publish (MfuJob *job)
{
    MfuJobStatus *status = g_new0 (MfuJobStatus, 1);

    *status = job->now;
    g_atomic_ref_count_init (&status->ref_count);
    status->step = g_strdup (job->now.step);
    status->from_version = g_strdup (job->now.from_version);
    status->to_version = g_strdup (job->now.to_version);
    status->modem_path = g_strdup (job->now.modem_path);
    status->error = job->now.error != NULL ? g_error_copy (job->now.error) : NULL;
    status->advice = g_strdup (job->now.advice);
    status->plan_text = g_strdup ("the plan");
    status->plan_method = g_strdup ("firehose");
    status->plan_digest = g_strdup ("abcd");

    g_mutex_lock (&job->mutex);
    if (job->status != NULL)
        mfu_job_status_unref (job->status);
    job->status = mfu_job_status_ref (status);
    g_cond_broadcast (&job->cond);
    g_mutex_unlock (&job->mutex);
    if (job->changed != NULL)
        job->changed (job, status, job->user_data);
    mfu_job_status_unref (status);
}

static void
set (char **where, const char *what)
{
    g_free (*where);
    *where = g_strdup (what);
}

MfuJob *
mfu_job_new (const MfuJobConfig *config, GError **error)
{
    g_auto (GStrv) parts = g_strsplit (config->package_name, ".", 2);
    MfuJob *job;

    if (config->allow != NULL && g_strv_contains (config->allow, "nonsense")) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, "nonsense cannot be allowed");
        return NULL;
    }
    job = g_new0 (MfuJob, 1);
    job->host = config->host;
    job->gate = g_build_filename (config->state_dir, "gate", NULL);
    job->words = g_strsplit (parts[0], "+", -1);
    job->device = mfu_usb_device_ref (config->device);
    job->changed = config->changed;
    job->user_data = config->user_data;
    job->cancellable = g_cancellable_new ();
    job->starts = config->starts;
    job->now.can_cancel = TRUE;
    set (&job->now.step, "reading");
    set (&job->now.from_version, config->version);
    set (&job->now.to_version, "");
    set (&job->now.modem_path, "");
    set (&job->now.advice, "");
    g_mutex_init (&job->mutex);
    g_cond_init (&job->cond);
    {
        MfuJobChanged changed = g_steal_pointer (&job->changed);

        publish (job);
        job->changed = changed;
    }
    return job;
}

void
mfu_job_free (MfuJob *job)
{
    if (job == NULL)
        return;
    g_free (job->gate);
    g_strfreev (job->words);
    mfu_usb_device_unref (job->device);
    g_object_unref (job->cancellable);
    mfu_job_status_unref (job->status);
    g_free (job->now.step);
    g_free (job->now.from_version);
    g_free (job->now.to_version);
    g_free (job->now.modem_path);
    g_free (job->now.advice);
    g_clear_error (&job->now.error);
    g_mutex_clear (&job->mutex);
    g_cond_clear (&job->cond);
    g_free (job);
}

MfuJobStatus *
mfu_job_get_status (MfuJob *job)
{
    MfuJobStatus *status;

    g_mutex_lock (&job->mutex);
    status = mfu_job_status_ref (job->status);
    g_mutex_unlock (&job->mutex);
    return status;
}

/* TRUE: started; FALSE: cancelled. */
static gboolean
wait_for_start (MfuJob *job)
{
    gboolean starts;

    g_mutex_lock (&job->mutex);
    while (!job->starts && !g_cancellable_is_cancelled (job->cancellable))
        g_cond_wait (&job->cond, &job->mutex);
    starts = job->starts;
    g_mutex_unlock (&job->mutex);
    return starts;
}

static void
end (MfuJob *job, MfuJobState state, GError *error)
{
    if (job->has_taken)
        job->host->klass->give_back (job->host, job->device);
    job->has_taken = FALSE;
    job->now.state = state;
    job->now.can_cancel = FALSE;
    job->now.error = error;
    publish (job);
}

static void
word_take (MfuJob *job)
{
    GError *error = NULL;

    job->has_taken = job->host->klass->take (job->host, job->device, job->cancellable, &error);
    if (!job->has_taken)
        end (job,
             g_error_matches (error, MFU_ERROR, MFU_ERROR_CANCELLED) ? MFU_JOB_CANCELLED : MFU_JOB_FAILED,
             error);
}

static void
word_late (MfuJob *job)
{
    set (&job->now.step, "holding");
    publish (job);
    g_mutex_lock (&job->mutex);
    while (!g_cancellable_is_cancelled (job->cancellable))
        g_cond_wait (&job->cond, &job->mutex);
    g_mutex_unlock (&job->mutex);
}

static void
word_hold (MfuJob *job)
{
    word_late (job);
    end (job, MFU_JOB_CANCELLED, g_error_new_literal (MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled"));
}

static void
word_gate (MfuJob *job)
{
    char byte;
    int fd;

    job->now.can_cancel = FALSE;
    set (&job->now.step, "writing");
    publish (job);
    fd = open (job->gate, O_RDONLY | O_CLOEXEC); /* blocks until there is a writer */
    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (read (fd, &byte, 1), ==, 0);
    close (fd);
}

static void
word_progress (MfuJob *job)
{
    job->now.bytes_total = 100;
    for (guint i = 1; i <= 100; i++) {
        job->now.bytes_done = i;
        job->now.progress = i / 100.0;
        publish (job);
    }
}

static void
word_back (MfuJob *job)
{
    gint64 deadline_us = g_get_monotonic_time () + WAIT_S * G_TIME_SPAN_SECOND;
    g_autofree char *path = NULL;
    g_autofree char *version = NULL;
    GError *error = NULL;

    job->has_taken = FALSE;
    job->host->klass->give_back (job->host, job->device);
    version = job->host->klass->wait_version (job->host, job->device, deadline_us, &path, NULL, &error);
    if (version == NULL) {
        end (job, MFU_JOB_FLASHED_UNVERIFIED, error);
        return;
    }
    set (&job->now.to_version, version);
    set (&job->now.modem_path, path);
}

static void
word_done (MfuJob *job)
{
    end (job, MFU_JOB_DONE, NULL);
}

static void
word_fail (MfuJob *job)
{
    end (job, MFU_JOB_FAILED, g_error_new_literal (MFU_ERROR, MFU_ERROR_WRONG_PACKAGE, "not for this modem"));
}

static void
word_stuck (MfuJob *job)
{
    set (&job->now.advice, "do it again");
    end (job, MFU_JOB_NEEDS_RECOVERY,
         g_error_new_literal (MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY, "the modem is silent"));
}

static void
word_unverified (MfuJob *job)
{
    end (job, MFU_JOB_FLASHED_UNVERIFIED,
         g_error_new_literal (MFU_ERROR, MFU_ERROR_FLASHED_UNVERIFIED, "no answer"));
}

static void
run_word (MfuJob *job, const char *word)
{
    static const struct {
        const char *word;
        void (*run) (MfuJob *job);
    } words[] = {
        { "take", word_take }, { "hold", word_hold },   { "gate", word_gate },
        { "back", word_back }, { "done", word_done },   { "progress", word_progress },
        { "fail", word_fail }, { "stuck", word_stuck }, { "unverified", word_unverified },
        { "late", word_late },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (words); i++) {
        if (strcmp (words[i].word, word) == 0) {
            words[i].run (job);
            return;
        }
    }
    g_error ("no such word: %s", word);
}

void
mfu_job_run (MfuJob *job)
{
    publish (job);
    job->now.has_plan = TRUE;
    if (!job->starts) {
        job->now.state = MFU_JOB_READY;
        publish (job);
    }
    if (!wait_for_start (job)) {
        end (job, MFU_JOB_CANCELLED, g_error_new_literal (MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled"));
        return;
    }
    job->now.state = MFU_JOB_RUNNING;
    publish (job);
    for (guint i = 0; job->words[i] != NULL && !mfu_job_state_is_end (job->now.state); i++)
        run_word (job, job->words[i]);
}

gboolean
mfu_job_start (MfuJob *job, GError **error)
{
    gboolean is_ready;

    g_mutex_lock (&job->mutex);
    is_ready = job->status->state == MFU_JOB_READY;
    job->starts |= is_ready;
    g_cond_broadcast (&job->cond);
    g_mutex_unlock (&job->mutex);
    if (!is_ready)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, "the job is not ready");
    return is_ready;
}

gboolean
mfu_job_cancel (MfuJob *job, GError **error)
{
    gboolean can_cancel;

    g_mutex_lock (&job->mutex);
    can_cancel = job->status->can_cancel;
    g_mutex_unlock (&job->mutex);
    if (!can_cancel) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY, "the modem is being written");
        return FALSE;
    }
    g_cancellable_cancel (job->cancellable);
    g_mutex_lock (&job->mutex);
    g_cond_broadcast (&job->cond);
    g_mutex_unlock (&job->mutex);
    return TRUE;
}

static gboolean
no_reenumerate (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    return TRUE;
}

MfuWorld *
mfu_world_new (const MfuFamilies *families)
{
    static const MfuWorldClass klass = { .reenumerate = no_reenumerate };
    MfuWorld *world = g_new0 (MfuWorld, 1);

    world->klass = &klass;
    world->families = families;
    return world;
}

void
mfu_world_free (MfuWorld *world)
{
    g_free (world);
}

static void
interface_free (MfuUsbInterface *interface)
{
    g_free (interface->tty);
    g_free (interface);
}

static MfuUsbDevice *
device_of_line (MfuPorts *ports, const char *line)
{
    g_auto (GStrv) words = g_strsplit (line, " ", -1);
    MfuUsbDevice *device;

    if (g_strv_length (words) != 6)
        return NULL;
    device = g_new0 (MfuUsbDevice, 1);
    g_atomic_ref_count_init (&device->ref_count);
    device->port = g_strdup (words[0]);
    device->sysfs = g_strdup (words[1]);
    device->place = mfu_place_of ("/sys", device->sysfs, NULL);
    g_assert_true (mfu_mode_from_string (words[2], &device->mode) || strcmp (words[2], "unknown") == 0);
    device->vid = (guint16) strtoul (words[3], NULL, 16);
    device->pid = (guint16) strtoul (words[4], NULL, 16);
    device->product = g_strdup ("Modem");
    device->interfaces = g_ptr_array_new_with_free_func ((GDestroyNotify) interface_free);
    device->family = mfu_families_by_usb_id (ports->families, device->vid, device->pid);
    device->n_interfaces = 5;
    if (strcmp (words[5], "none") != 0) {
        MfuUsbInterface *interface = g_new0 (MfuUsbInterface, 1);

        interface->tty = strcmp (words[5], "-") != 0 ? g_strdup (words[5]) : NULL;
        g_ptr_array_add (device->interfaces, interface);
    }
    return device;
}

static const char *
ports_file (void)
{
    return g_getenv ("MFU_TEST_PORTS");
}

MfuPorts *
mfu_ports_new (const char *sysfs_root, const MfuFamilies *families)
{
    MfuPorts *ports = g_new0 (MfuPorts, 1);

    ports->families = families;
    return ports;
}

void
mfu_ports_free (MfuPorts *ports)
{
    g_clear_object (&ports->monitor);
    g_free (ports);
}

static GPtrArray *
all_devices (MfuPorts *ports)
{
    GPtrArray *devices = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_usb_device_unref);
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;

    g_assert_true (g_file_get_contents (ports_file (), &text, NULL, NULL));
    lines = g_strsplit (text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        MfuUsbDevice *device = device_of_line (ports, lines[i]);

        if (device != NULL)
            g_ptr_array_add (devices, device);
    }
    return devices;
}

GPtrArray *
mfu_ports_scan (MfuPorts *ports, GError **error)
{
    GPtrArray *devices = all_devices (ports);

    for (guint i = devices->len; i > 0; i--) {
        const MfuUsbDevice *device = devices->pdata[i - 1];

        if (device->mode == MFU_MODE_UNKNOWN)
            g_ptr_array_remove_index (devices, i - 1);
    }
    return devices;
}

gboolean
mfu_ports_reenumerate (MfuPorts *ports, const MfuUsbDevice *device, GError **error)
{
    g_autofree char *text = NULL;
    char *tty;

    g_assert_true (g_file_get_contents (ports_file (), &text, NULL, NULL));
    tty = strstr (strstr (text, device->port), "none");
    g_assert_nonnull (tty);
    memcpy (tty, "-   ", 4);
    g_strchomp (text);
    return g_file_set_contents (ports_file (), text, -1, error);
}

MfuUsbDevice *
mfu_ports_look (MfuPorts *ports, const char *port, GError **error)
{
    g_autoptr (GPtrArray) devices = all_devices (ports);

    for (guint i = 0; i < devices->len; i++) {
        MfuUsbDevice *device = devices->pdata[i];

        if (strcmp (device->port, port) == 0 || strcmp (device->sysfs, port) == 0)
            return mfu_usb_device_ref (device);
    }
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "nothing in %s", port);
    return NULL;
}

static void
on_file_changed (GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
                 gpointer user_data)
{
    MfuPorts *ports = user_data;

    ports->changed (ports, ports->user_data);
}

gboolean
mfu_ports_watch (MfuPorts *ports, MfuPortsChanged changed, gpointer user_data, GError **error)
{
    g_autoptr (GFile) file = g_file_new_for_path (ports_file ());

    ports->changed = changed;
    ports->user_data = user_data;
    ports->monitor = g_file_monitor_file (file, G_FILE_MONITOR_NONE, NULL, error);
    if (ports->monitor == NULL)
        return FALSE;
    g_signal_connect (ports->monitor, "changed", G_CALLBACK (on_file_changed), ports);
    return TRUE;
}

char *
mfu_package_fingerprint (int fd, const char *name, GError **error)
{
    return g_strconcat ("fingerprint of ", name, NULL);
}

gboolean
mfu_package_copy (int from, int to, const MfuPackageOptions *options, GCancellable *cancellable,
                  GError **error)
{
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, "the double's jobs keep nothing");
    return FALSE;
}

void
mfu_version_name_parse (MfuVersionName *version, const char *text)
{
    version->is_known = g_str_has_prefix (text, "EC25");
    g_strlcpy (version->model, version->is_known ? "EC25" : "", sizeof version->model);
}
