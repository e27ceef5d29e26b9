/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The engine in this process, for a machine without D-Bus or ModemManager. The job has a thread of its own;
 * its pictures come to the main thread, which shows them.
 */

#include "config.h"

#include "cli/outcome.h"
#include "cli/package-file.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/watch.h"
#include "job/job.h"
#include "job/journal.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>
#include <signal.h>
#include <unistd.h>

#define JOB_ID "rescue"

typedef struct {
    const MfuArguments *arguments;
    MfuTerminal *terminal;
    MfuFamilies *families;
    MfuWorld *world;
    MfuUsbDevice *device;
    int package_fd;
    char *package_name;
    gboolean asks;
    MfuJob *job;
    MfuWatch *watch;
    char *subject;
} Rescue;

/* One picture on its way from the job's thread. */
typedef struct {
    Rescue *rescue;
    MfuJobStatus *status;
} Picture;

static void
rescue_clear (Rescue *rescue)
{
    g_clear_pointer (&rescue->watch, mfu_watch_free);
    g_clear_pointer (&rescue->job, mfu_job_free);
    g_clear_pointer (&rescue->device, mfu_usb_device_unref);
    g_clear_pointer (&rescue->world, mfu_world_free);
    g_clear_pointer (&rescue->families, mfu_families_free);
    g_clear_pointer (&rescue->terminal, mfu_terminal_free);
    if (rescue->package_fd >= 0)
        close (rescue->package_fd);
    g_free (rescue->package_name);
    g_free (rescue->subject);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Rescue, rescue_clear)

static void
set_text (char **field, const char *text, gboolean keeps_newlines)
{
    g_free (*field);
    *field = mfu_text_clean (text, keeps_newlines);
}

static void
take_plan (MfuJobView *view, const MfuJobStatus *status)
{
    set_text (&view->plan_text, status->plan_text, TRUE);
    set_text (&view->plan_method, status->plan_method, FALSE);
    set_text (&view->plan_digest, status->plan_digest, FALSE);
    view->has_plan = TRUE;
    view->plan_seconds = status->plan_seconds;
    view->plan_bytes = status->bytes_total;
    g_strfreev (view->plan_warnings);
    g_strfreev (view->plan_steps);
    view->plan_warnings = g_strdupv (status->plan_warnings);
    view->plan_steps = g_strdupv (status->plan_steps);
}

/* "EC25" where the modem still says so; "" in the identities that families share. */
static const char *
model_of (const MfuUsbDevice *device)
{
    const GArray *ids = device->family != NULL ? device->family->normal_ids : NULL;

    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        const MfuUsbId *id = &g_array_index (ids, MfuUsbId, i);

        if (id->vid == device->vid && id->pid == device->pid && id->model != NULL)
            return id->model;
    }
    return "";
}

static MfuJobView *
view_of (const Rescue *rescue, const MfuJobStatus *status)
{
    MfuJobView *view = mfu_job_view_new_empty ();

    view->state = mfu_view_state_from_string (mfu_job_state_to_string (status->state));
    set_text (&view->port, rescue->device->port, FALSE);
    set_text (&view->device, rescue->device->sysfs, FALSE);
    set_text (&view->model, model_of (rescue->device), FALSE);
    set_text (&view->package_name, rescue->package_name, FALSE);
    set_text (&view->modem, status->modem_path, FALSE);
    set_text (&view->step, status->step, FALSE);
    view->step_number = status->step_number;
    view->step_count = status->step_count;
    view->progress = status->progress;
    view->bytes_done = status->bytes_done;
    view->bytes_total = status->bytes_total;
    view->bytes_per_second = status->bytes_per_second;
    view->seconds_left = status->seconds_left;
    view->can_cancel = status->can_cancel;
    set_text (&view->from_version, status->from_version, FALSE);
    set_text (&view->to_version, status->to_version, FALSE);
    set_text (&view->advice, status->advice, FALSE);
    if (status->error != NULL && status->error->domain == MFU_ERROR) {
        set_text (&view->error_name, mfu_error_dbus_name ((MfuError) status->error->code), FALSE);
        set_text (&view->error_message, status->error->message, FALSE);
    }
    if (status->has_plan)
        take_plan (view, status);
    return view;
}

static gboolean
picture_arrived (gpointer user_data)
{
    Picture *picture = user_data;

    mfu_watch_feed (picture->rescue->watch, view_of (picture->rescue, picture->status));
    return G_SOURCE_REMOVE;
}

static void
picture_free (gpointer data)
{
    Picture *picture = data;

    mfu_job_status_unref (picture->status);
    g_free (picture);
}

/* In the job's thread. A source, not g_main_context_invoke (): that would show the picture here while the
 * main thread is not in its loop. */
static void
job_changed (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GSource) source = g_idle_source_new ();
    Picture *picture = g_new0 (Picture, 1);

    picture->rescue = user_data;
    picture->status = mfu_job_status_ref (status);
    g_source_set_priority (source, G_PRIORITY_DEFAULT);
    g_source_set_callback (source, picture_arrived, picture, picture_free);
    g_source_attach (source, NULL);
}

static gpointer
run_job (gpointer user_data)
{
    mfu_job_run (user_data);
    return NULL;
}

static void
start (MfuWatch *watch, gpointer job)
{
    g_autoptr (GError) error = NULL;

    mfu_watch_answered (watch, mfu_job_start (job, &error) ? NULL : error);
}

static void
cancel (MfuWatch *watch, gpointer job)
{
    g_autoptr (GError) error = NULL;

    mfu_watch_answered (watch, mfu_job_cancel (job, &error) ? NULL : error);
}

static const char *
state_dir_of (const MfuArguments *arguments)
{
    return arguments->state_dir != NULL ? arguments->state_dir : MFU_STATE_DIR;
}

static gboolean
find_device (Rescue *rescue, GError **error)
{
    const MfuArguments *arguments = rescue->arguments;
    const char *port = arguments->port != NULL ? arguments->port : arguments->modem;

    if (port == NULL) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("rescue wants the modem's USB port, as --port 1-2; the folder names in "
                                "/sys/bus/usb/devices are ports"));
        return FALSE;
    }
    rescue->families =
        mfu_families_load (arguments->devices_dir != NULL ? arguments->devices_dir : MFU_DEVICES_DIR, error);
    if (rescue->families == NULL)
        return FALSE;
    rescue->world = mfu_world_new (rescue->families);
    rescue->device = rescue->world->klass->look (rescue->world, port, error);
    if (rescue->device == NULL)
        mfu_journal_explain_absence (state_dir_of (arguments), port, error);
    if (rescue->device == NULL || !mfu_usb_device_check_known (rescue->device, NULL, error))
        return FALSE;
    rescue->subject = g_strdup_printf (_ ("Port %s"), rescue->device->port);
    return TRUE;
}

static gboolean
make_job (Rescue *rescue, GError **error)
{
    const MfuArguments *arguments = rescue->arguments;
    MfuJobConfig config = {
        .world = rescue->world,
        .state_dir = state_dir_of (arguments),
        .job_id = JOB_ID,
        .package_fd = rescue->package_fd,
        .package_name = rescue->package_name,
        .device = rescue->device,
        .allow = (const char *const *) arguments->allow,
        .method = arguments->method,
        .starts = !rescue->asks,
        .keeps_package = arguments->keeps_package,
        .caller_uid = getuid (),
        .changed = job_changed,
        .user_data = rescue,
    };

    rescue->job = mfu_job_new (&config, error);
    return rescue->job != NULL;
}

static gboolean
prepare (Rescue *rescue, GError **error)
{
    const MfuArguments *arguments = rescue->arguments;

    rescue->terminal = mfu_terminal_new (arguments->output != MFU_OUTPUT_HUMAN);
    rescue->asks = !arguments->yes && mfu_terminal_can_ask (rescue->terminal);
    rescue->package_fd = mfu_package_file_open (arguments->package, &rescue->package_name, error);
    return rescue->package_fd >= 0 && find_device (rescue, error) && make_job (rescue, error);
}

/* The job's last picture; NULL and an error when it could not be started. */
static MfuJobView *
run (Rescue *rescue, GError **error)
{
    static const MfuWatchJob klass = { start, cancel };
    MfuWatchConfig config = {
        .terminal = rescue->terminal,
        .klass = &klass,
        .job = rescue->job,
        .subject = rescue->subject,
        .how_to_look = "",
        .asks = rescue->asks,
        .dies_with_us = TRUE,
    };
    g_autoptr (MfuJobStatus) status = NULL;
    g_autoptr (MfuJobView) last = NULL;
    GThread *thread;
    gboolean ok;

    rescue->watch = mfu_watch_new (&config);
    thread = g_thread_new ("job", run_job, rescue->job);
    ok = mfu_watch_run (rescue->watch, &last, error);
    if (!ok) {
        /* Ignored because: the watch's error is the one to tell, and the job is waited for in either case. */
        g_autoptr (GError) ignored = NULL;

        if (!mfu_job_cancel (rescue->job, &ignored))
            g_debug ("cancel: %s", ignored->message);
    }
    g_thread_join (thread);
    if (!ok)
        return NULL;
    status = mfu_job_get_status (rescue->job);
    return view_of (rescue, status);
}

int
mfu_verb_rescue (const MfuArguments *arguments)
{
    g_auto (Rescue) rescue = { .arguments = arguments, .package_fd = -1 };
    g_autofree char *subject =
        g_strdup_printf (_ ("Port %s"), arguments->port != NULL ? arguments->port : "");
    g_autoptr (MfuJobView) view = NULL;
    g_autoptr (GError) error = NULL;

    /* A lost terminal must not end a flash: signals are the watch's business, a closed pipe is nobody's. */
    signal (SIGPIPE, SIG_IGN);
    if (!prepare (&rescue, &error))
        return mfu_outcome_error (rescue.terminal, error, NULL);
    view = run (&rescue, &error);
    if (view == NULL)
        return mfu_outcome_error (rescue.terminal, error, NULL);
    if (view->advice[0] == '\0' && g_strcmp0 (view->error_name, mfu_error_dbus_name (MFU_ERROR_BUSY)) == 0)
        set_text (&view->advice,
                  _ ("where ModemManager runs, it is \"mm-firmware update\" that gets along with it"), FALSE);
    return mfu_outcome_print (arguments, rescue.terminal, view, rescue.subject);
}
