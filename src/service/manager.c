/* SPDX-License-Identifier: GPL-2.0-or-later */

/* An Update call goes through three rooms, and only the middle one may block:
 *
 *   main thread      read the arguments, ask who the caller is and whether he may
 *   a worker thread  look at the package's descriptor and for the device
 *   main thread      one job a port: answer InProgress, or make the job and answer with its path */

#include "service/manager.h"

#include "config.h"

#include "firmware-updater-dbus.h"
#include "job/journal.h"
#include "service/device-list.h"
#include "service/job-object.h"
#include "service/lookup.h"
#include "service/resume.h"
#include "service/settle.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define ROOT_PATH MFU_DBUS_PATH_PREFIX "/FirmwareUpdater"

/* Calls that wait for an answer of polkit or of a file system; more are refused. */
#define MAX_CALLS 64

struct _MfuManager {
    MfuManagerConfig config;
    MfuJobObjectContext job_context;
    MfuDBusFirmwareUpdater *skeleton;
    GDBusObjectManagerServer *server;
    MfuDeviceList *devices;
    MfuResumes *resumes;
    GHashTable *settling; /* places whose journal is just being archived */
    GPtrArray *jobs;      /* MfuJobObject; at most one a port */
    guint n_calls;
    gboolean is_stopping;
    gboolean is_resuming;
};

typedef struct {
    MfuManager *manager;
    GDBusMethodInvocation *invocation; /* NULL: nobody has asked */
    MfuUpdateRequest *request;
    char *place; /* of the journal; NULL unless nobody has asked */
    char *name;  /* of the device; the request's, or the port that a job remembers for it */
    uid_t caller_uid;
} Call;

static void
call_free (Call *call)
{
    call->manager->n_calls--;
    call->manager->config.changed (call->manager, call->manager->config.user_data);
    mfu_update_request_free (call->request);
    g_free (call->name);
    g_free (call->place);
    g_free (call);
}

/* Takes both. */
static void
fail_call (Call *call, GError *error)
{
    if (call->invocation != NULL) {
        g_dbus_method_invocation_take_error (call->invocation, error);
    } else {
        mfu_log (G_LOG_LEVEL_MESSAGE, call->name, NULL, "not taken up: %s", error->message);
        mfu_resumes_ended (call->manager->resumes, call->place, FALSE);
        g_error_free (error);
    }
    call_free (call);
}

static MfuJobObject *
job_at (MfuManager *self, const char *port)
{
    for (guint i = 0; i < self->jobs->len; i++)
        if (mfu_job_object_is_at (self->jobs->pdata[i], port))
            return self->jobs->pdata[i];
    return NULL;
}

/* A job whose modem is called `name` in any way. Live ones first: an old result may have an object path that
 * ModemManager has since given to another modem. */
static MfuJobObject *
job_of (MfuManager *self, const char *name)
{
    MfuJobObject *found = NULL;

    for (guint i = 0; i < self->jobs->len; i++) {
        MfuJobObject *job = self->jobs->pdata[i];

        if (mfu_job_object_resolve (job, name) != NULL && (found == NULL || mfu_job_object_is_live (job)))
            found = job;
    }
    return found;
}

static GError *
busy_error (MfuJobObject *job)
{
    return g_error_new (MFU_ERROR, MFU_ERROR_BUSY, _ ("This modem has a job already: %s"),
                        mfu_job_object_get_path (job));
}

/* The mode of what is in the job's port; "" if nothing is. */
static const char *
mode_at (GVariant *devices, MfuJobObject *job)
{
    GVariantIter iter;
    GVariant *child;

    g_variant_iter_init (&iter, devices);
    while ((child = g_variant_iter_next_value (&iter)) != NULL) {
        g_autoptr (GVariant) entry = child;
        const char *port = "";
        const char *mode = "";

        if (g_variant_lookup (entry, "port", "&s", &port) && mfu_job_object_is_at (job, port) &&
            g_variant_lookup (entry, "mode", "&s", &mode))
            return mode; /* a string of `devices` */
    }
    return "";
}

static void
show_devices (GVariant *devices, gpointer user_data)
{
    MfuManager *self = user_data;

    for (guint i = 0; i < self->jobs->len; i++)
        mfu_job_object_set_mode (self->jobs->pdata[i], mode_at (devices, self->jobs->pdata[i]));
    mfu_dbus_firmware_updater_set_devices (self->skeleton, devices);
    self->config.changed (self, self->config.user_data);
}

static const char *
find_job_path (const char *port, gboolean *is_live, gpointer user_data)
{
    MfuJobObject *job = job_at (user_data, port);

    if (job == NULL)
        return NULL;
    *is_live = mfu_job_object_is_live (job);
    return mfu_job_object_get_path (job);
}

static void
on_job_ended (MfuJobObject *job, gpointer user_data)
{
    MfuManager *self = user_data;

    /* Of one that somebody has asked for nothing is remembered there. */
    mfu_resumes_ended (self->resumes, mfu_job_object_get_place (job),
                       mfu_job_object_is_worth_another_try (job));
    mfu_device_list_scan (self->devices);
    self->config.changed (self, self->config.user_data);
}

/* The new job's device had another one before. */
static void
drop_result (MfuManager *self, const char *port)
{
    MfuJobObject *job = job_at (self, port);

    if (job == NULL)
        return;
    mfu_job_object_unexport (job);
    g_ptr_array_remove (self->jobs, job);
}

static void
make_job (Call *call, MfuLookup *lookup)
{
    MfuManager *self = call->manager;
    const char *port = lookup->device->port;
    MfuJobObject *job = job_at (self, port);
    GError *error = NULL;

    if (job != NULL && mfu_job_object_is_live (job)) {
        fail_call (call, busy_error (job));
        return;
    }
    if (self->is_stopping) {
        fail_call (call, g_error_new_literal (MFU_ERROR, MFU_ERROR_BUSY,
                                              _ ("The service is being stopped; try again.")));
        return;
    }
    job = mfu_job_object_new (&self->job_context, call->request, lookup->device, lookup->modem,
                              lookup->fingerprint, call->caller_uid, &error);
    if (job == NULL) {
        fail_call (call, error);
        return;
    }
    if (call->invocation != NULL)
        mfu_resumes_ended (self->resumes, lookup->device->place, FALSE);
    if (job_at (self, port) != NULL)
        mfu_job_object_inherit (job, job_at (self, port));
    if (!call->request->starts)
        mfu_job_object_tie_to (job, call->request->caller != NULL
                                        ? call->request->caller
                                        : g_dbus_method_invocation_get_sender (call->invocation));
    drop_result (self, port);
    g_ptr_array_add (self->jobs, job);
    mfu_device_list_join (self->devices);
    if (call->invocation != NULL)
        g_dbus_method_invocation_return_value (call->invocation,
                                               g_variant_new ("(o)", mfu_job_object_get_path (job)));
    call_free (call);
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
    Call *call = user_data;
    GError *error = NULL;
    g_autoptr (MfuLookup) lookup = g_task_propagate_pointer (G_TASK (result), &error);

    if (lookup != NULL)
        make_job (call, lookup);
    else
        fail_call (call, error);
}

static void
look_up (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    const Call *call = task_data;
    const MfuManagerConfig *config = &call->manager->config;
    GError *error = NULL;
    MfuLookup *lookup = mfu_lookup_new (config->ports, config->modem_manager, config->state_dir,
                                        call->request, call->name, &error);

    if (lookup != NULL)
        g_task_return_pointer (task, lookup, (GDestroyNotify) mfu_lookup_free);
    else
        g_task_return_error (task, error);
}

static void
begin_look_up (Call *call)
{
    g_autoptr (GTask) task = g_task_new (NULL, NULL, on_looked_up, call);

    g_task_set_task_data (task, call, NULL);
    g_task_run_in_thread (task, look_up);
}

/* What the caller named may be a modem that is just being flashed and that neither the kernel nor
 * ModemManager has now. */
static char *
resolve_name (MfuManager *self, const char *name, MfuJobObject **job)
{
    g_autoptr (MfuModem) modem = NULL;

    if (mfu_lookup_is_modem_path (name))
        modem = mfu_modem_manager_find_by_path (self->config.modem_manager, name);
    *job = job_of (self, modem != NULL ? modem->uid : name);
    if (*job != NULL && modem == NULL && mfu_lookup_is_modem_path (name))
        return g_strdup (mfu_job_object_resolve (*job, name));
    return g_strdup (name);
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer user_data)
{
    Call *call = user_data;
    GError *error = NULL;
    MfuJobObject *job = NULL;

    if (!mfu_authorizer_check_finish (result, &call->caller_uid, &error)) {
        fail_call (call, error);
        return;
    }
    call->name = resolve_name (call->manager, call->request->device, &job);
    if (job != NULL && mfu_job_object_is_live (job)) {
        fail_call (call, busy_error (job));
        return;
    }
    begin_look_up (call);
}

/* Takes `request`; NULL with the error. */
static void
take_call (MfuManager *self, GDBusMethodInvocation *invocation, MfuUpdateRequest *request, GError *error)
{
    Call *call;

    if (request == NULL) {
        g_dbus_method_invocation_take_error (invocation, error);
        return;
    }
    call = g_new0 (Call, 1);
    call->manager = self;
    call->invocation = invocation;
    call->request = request;
    self->n_calls++;
    mfu_authorizer_check_async (self->config.authorizer, g_dbus_method_invocation_get_sender (invocation),
                                request->caller, mfu_update_request_needs_modem_manager (request),
                                on_authorized, call);
}

static gboolean
has_room (MfuManager *self, GError **error)
{
    self->config.changed (self, self->config.user_data);
    if (self->n_calls < MAX_CALLS)
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_BUSY,
                         _ ("Too many calls wait for an answer; try again later."));
    return FALSE;
}

static gboolean
on_resume (MfuDBusFirmwareUpdater *skeleton, GDBusMethodInvocation *invocation, const char *device,
           GVariant *options, gpointer user_data)
{
    MfuManager *self = user_data;
    GError *error = NULL;
    MfuUpdateRequest *request =
        has_room (self, &error) ? mfu_update_request_new_resume (device, options, &error) : NULL;

    take_call (self, invocation, request, error);
    return TRUE;
}

static gboolean
on_update (MfuDBusFirmwareUpdater *skeleton, GDBusMethodInvocation *invocation, GUnixFDList *fds,
           GVariant *package, const char *device, GVariant *options, gpointer user_data)
{
    MfuManager *self = user_data;
    GError *error = NULL;
    MfuUpdateRequest *request = NULL;

    if (has_room (self, &error))
        request = mfu_update_request_new (fds, g_variant_get_handle (package), device, options,
                                          self->config.keeps_packages, &error);
    take_call (self, invocation, request, error);
    return TRUE;
}

/* The device list found a modem for one of the jobs that are to be taken up. */
static void
resume (const char *port, const char *place, gpointer user_data)
{
    MfuManager *self = user_data;
    Call *call;

    if (!self->is_resuming || self->is_stopping || !mfu_resumes_take (self->resumes, place))
        return;
    call = g_new0 (Call, 1);
    call->manager = self;
    call->request = mfu_update_request_new_automatic (port);
    call->name = g_strdup (port);
    call->place = g_strdup (place);
    self->n_calls++;
    begin_look_up (call);
}

static void
wake (gpointer user_data)
{
    MfuManager *self = user_data;

    mfu_device_list_scan (self->devices);
    self->config.changed (self, self->config.user_data);
}

static void
on_settled (GObject *source, GAsyncResult *result, gpointer user_data)
{
    MfuManager *self = user_data;
    g_autofree char *place = NULL;
    gboolean is_settled = mfu_settle_finish (result, &place);

    g_hash_table_remove (self->settling, place);
    if (is_settled) {
        mfu_resumes_ended (self->resumes, place, FALSE);
        mfu_device_list_scan (self->devices);
    }
    self->config.changed (self, self->config.user_data);
}

static void
settle (const char *port, const char *place, gboolean is_done, gpointer user_data)
{
    MfuManager *self = user_data;
    MfuJobObject *job = job_at (self, port);
    const MfuSettle what = { self->config.ports, self->config.state_dir, port, place, is_done };

    if (!self->is_resuming || self->is_stopping || !g_hash_table_add (self->settling, g_strdup (place)))
        return;
    if (is_done && job != NULL)
        mfu_job_object_show_done (job);
    mfu_settle_async (&what, on_settled, self);
}

/* Whether the result can be told from those of others: the bus number in its port may be another one's now.
 * `device` receives what is in its place. */
static gboolean
find_place (const GPtrArray *devices, const MfuResult *result, const MfuUsbDevice **device)
{
    const char *port = "";
    gboolean is_others = FALSE;

    *device = NULL;
    (void) g_variant_lookup (result->properties, "Port", "&s", &port);
    for (guint i = 0; devices != NULL && i < devices->len; i++) {
        const MfuUsbDevice *candidate = devices->pdata[i];

        if (g_str_equal (candidate->place, result->place))
            *device = candidate;
        else if (g_str_equal (candidate->port, port))
            is_others = TRUE;
    }
    return *device != NULL || !is_others;
}

static void
export_results (MfuManager *self)
{
    GPtrArray *loaded = mfu_results_get_loaded (self->config.results);
    /* Ignored because whoever asks for a modem looks again, and tells. */
    g_autoptr (GPtrArray) devices = mfu_ports_scan (self->config.ports, NULL);

    for (guint i = 0; i < loaded->len; i++) {
        const MfuResult *result = loaded->pdata[i];
        const MfuUsbDevice *device;
        MfuJobObject *job;

        if (!find_place (devices, result, &device))
            continue;
        job = mfu_job_object_new_from_result (&self->job_context, result, device);
        if (job != NULL)
            g_ptr_array_add (self->jobs, job);
        else
            mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "job %" G_GUINT64_FORMAT " left no readable result",
                     result->number);
    }
}

MfuManager *
mfu_manager_new (const MfuManagerConfig *config, GError **error)
{
    g_autoptr (MfuManager) self = g_new0 (MfuManager, 1);

    self->config = *config;
    self->jobs = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_job_object_unref);
    self->skeleton = mfu_dbus_firmware_updater_skeleton_new ();
    mfu_dbus_firmware_updater_set_version (self->skeleton, MFU_VERSION);
    mfu_dbus_firmware_updater_set_devices (self->skeleton, g_variant_new ("aa{sv}", NULL));
    g_signal_connect (self->skeleton, "handle-update", G_CALLBACK (on_update), self);
    g_signal_connect (self->skeleton, "handle-resume", G_CALLBACK (on_resume), self);
    self->server = g_dbus_object_manager_server_new (ROOT_PATH);
    self->job_context = (MfuJobObjectContext){
        .connection = config->connection,
        .server = self->server,
        .authorizer = config->authorizer,
        .modem_manager = config->modem_manager,
        .results = config->results,
        .families = config->families,
        .state_dir = config->state_dir,
        .ended = on_job_ended,
        .user_data = self,
    };
    self->devices = mfu_device_list_new (&(MfuDeviceListConfig){
        .ports = config->ports,
        .modem_manager = config->modem_manager,
        .state_dir = config->state_dir,
        .find_job = find_job_path,
        .changed = show_devices,
        .resumable = resume,
        .settled = settle,
        .user_data = self,
    });
    self->settling = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    self->resumes = mfu_resumes_new (&(MfuResumesConfig){ .state_dir = config->state_dir,
                                                          .retry_seconds = config->retry_seconds,
                                                          .wake = wake,
                                                          .user_data = self });
    export_results (self);
    g_dbus_object_manager_server_set_connection (self->server, config->connection);
    if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), config->connection,
                                           ROOT_PATH, error))
        return NULL;
    mfu_device_list_scan (self->devices);
    return g_steal_pointer (&self);
}

void
mfu_manager_free (MfuManager *manager)
{
    if (manager == NULL)
        return;
    g_signal_handlers_disconnect_by_data (manager->skeleton, manager);
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (manager->skeleton));
    g_object_unref (manager->skeleton);
    g_ptr_array_unref (manager->jobs);
    g_object_unref (manager->server);
    mfu_device_list_free (manager->devices);
    mfu_resumes_free (manager->resumes);
    g_hash_table_unref (manager->settling);
    g_free (manager);
}

void
mfu_manager_ports_changed (MfuManager *manager)
{
    mfu_device_list_scan (manager->devices);
}

void
mfu_manager_modems_changed (MfuManager *manager)
{
    for (guint i = 0; i < manager->jobs->len; i++)
        mfu_job_object_check_session (manager->jobs->pdata[i]);
    mfu_device_list_join (manager->devices);
}

void
mfu_manager_resume (MfuManager *manager)
{
    if (manager->is_resuming)
        return;
    manager->is_resuming = TRUE;
    mfu_device_list_join (manager->devices);
}

gboolean
mfu_manager_is_hoping (MfuManager *manager)
{
    return mfu_resumes_is_hoping (manager->resumes);
}

gboolean
mfu_manager_is_ready (MfuManager *manager)
{
    return mfu_device_list_is_ready (manager->devices);
}

gboolean
mfu_manager_is_busy (MfuManager *manager)
{
    if (manager->n_calls > 0 || g_hash_table_size (manager->settling) > 0 ||
        mfu_resumes_is_waiting (manager->resumes))
        return TRUE;
    for (guint i = 0; i < manager->jobs->len; i++)
        if (mfu_job_object_is_live (manager->jobs->pdata[i]))
            return TRUE;
    return FALSE;
}

gboolean
mfu_manager_is_looking (MfuManager *manager)
{
    return mfu_device_list_is_looking (manager->devices);
}

void
mfu_manager_stop (MfuManager *manager)
{
    manager->is_stopping = TRUE;
    mfu_resumes_stop (manager->resumes);
    for (guint i = 0; i < manager->jobs->len; i++) {
        MfuJobObject *job = manager->jobs->pdata[i];
        g_autoptr (GError) local = NULL;

        /* Ignored because a modem that is being written has to be finished first. */
        if (mfu_job_object_is_live (job) && !mfu_job_object_cancel (job, &local))
            mfu_log (G_LOG_LEVEL_MESSAGE, NULL, NULL, "waiting for %s: %s", mfu_job_object_get_path (job),
                     local->message);
    }
}
