/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The job's thread only leaves its latest status in a mailbox; one wake-up of the main thread at a time
 * fetches it and sets the properties, so a main thread that is slow sees fewer pictures, never old ones.
 *
 *   job's thread:   on_status () -> mailbox -> wake-up (once)      ... mfu_job_run () returns -> on_ended ()
 *   main thread:    mailbox -> properties -> results               join, properties, results, tell the owner
 */

#include "service/job-object.h"

#include "config.h"

#include "firmware-updater-dbus.h"
#include "service/job-host.h"
#include "service/job-result.h"
#include "service/model.h"
#include "service/resume.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <string.h>

#define JOBS_PATH MFU_DBUS_PATH_PREFIX "/FirmwareUpdater/Job/"
#define NO_OBJECT "/"

struct _MfuJobObject {
    grefcount ref_count;
    const MfuJobObjectContext *context;
    MfuDBusFirmwareUpdaterJob *skeleton;
    guint64 number;
    char *path;
    char *place;
    char *port;
    char *peer_port;
    char *sysfs;
    char *session; /* ModemManager's, in which Modem and OldModem are true; never NULL */
    gboolean is_exported;
    char *stored_state; /* that of the last record, to write only what changes */
    gboolean stored_can_cancel;
    gboolean is_worth_another_try;
    guint owner_watch; /* while the job waits for its start; 0: nobody's life matters */

    /* While the thread runs: */
    MfuJob *job;
    MfuWorld *world;
    MfuJobHost *host;
    GThread *thread;

    GMutex mutex;
    MfuJobStatus *mailbox; /* guarded; NULL: nothing new */
    gboolean is_waking;    /* guarded: a wake-up is on its way */
};

typedef struct {
    MfuJobObject *object;
    GDBusMethodInvocation *invocation;
    gboolean (*act) (MfuJob *job, GError **error);
} Request;

MfuJobObject *
mfu_job_object_ref (MfuJobObject *object)
{
    g_ref_count_inc (&object->ref_count);
    return object;
}

static void
untie (MfuJobObject *self)
{
    if (self->owner_watch != 0)
        g_bus_unwatch_name (self->owner_watch);
    self->owner_watch = 0;
}

void
mfu_job_object_unref (MfuJobObject *object)
{
    if (object == NULL || !g_ref_count_dec (&object->ref_count))
        return;
    g_return_if_fail (object->thread == NULL);
    untie (object);
    g_signal_handlers_disconnect_by_data (object->skeleton, object);
    g_object_unref (object->skeleton);
    g_free (object->path);
    g_free (object->port);
    g_free (object->peer_port);
    g_free (object->sysfs);
    g_free (object->session);
    g_free (object->place);
    g_free (object->stored_state);
    g_clear_pointer (&object->mailbox, mfu_job_status_unref);
    g_mutex_clear (&object->mutex);
    g_free (object);
}

static const char *
object_path_or_none (const char *path)
{
    return path != NULL && g_variant_is_object_path (path) ? path : NO_OBJECT;
}

static GVariant *
strings_to_variant (char **strings)
{
    return g_variant_new_strv ((const char *const *) strings, strings != NULL ? -1 : 0);
}

static GVariant *
plan_to_variant (const MfuJobStatus *status)
{
    GVariantDict dict;

    g_variant_dict_init (&dict, NULL);
    if (status->has_plan) {
        g_variant_dict_insert (&dict, "text", "s", status->plan_text);
        g_variant_dict_insert (&dict, "method", "s", status->plan_method);
        g_variant_dict_insert (&dict, "from-version", "s", status->from_version);
        g_variant_dict_insert (&dict, "to-version", "s", status->to_version);
        g_variant_dict_insert (&dict, "seconds", "u", status->plan_seconds);
        g_variant_dict_insert (&dict, "bytes", "t", status->bytes_total);
        g_variant_dict_insert_value (&dict, "warnings", strings_to_variant (status->plan_warnings));
        g_variant_dict_insert_value (&dict, "steps", strings_to_variant (status->plan_steps));
        g_variant_dict_insert (&dict, "digest", "s", status->plan_digest);
    }
    return g_variant_dict_end (&dict);
}

static GVariant *
error_to_variant (const GError *error)
{
    const char *name = "";

    if (error == NULL)
        return g_variant_new ("(ss)", "", "");
    if (error->domain == MFU_ERROR && error->code >= 0 && error->code < MFU_ERROR_LAST)
        name = mfu_error_dbus_name ((MfuError) error->code);
    else
        name = mfu_error_dbus_name (MFU_ERROR_IO);
    return g_variant_new ("(ss)", name, error->message);
}

static void
show_status (MfuJobObject *self, const MfuJobStatus *status)
{
    MfuDBusFirmwareUpdaterJob *skeleton = self->skeleton;

    mfu_dbus_firmware_updater_job_set_state (skeleton, mfu_job_state_to_string (status->state));
    if (status->has_plan && g_variant_n_children (mfu_dbus_firmware_updater_job_get_plan (skeleton)) == 0)
        mfu_dbus_firmware_updater_job_set_plan (skeleton, plan_to_variant (status));
    mfu_dbus_firmware_updater_job_set_step (skeleton, status->step);
    mfu_dbus_firmware_updater_job_set_step_number (skeleton, status->step_number);
    mfu_dbus_firmware_updater_job_set_step_count (skeleton, status->step_count);
    mfu_dbus_firmware_updater_job_set_progress (skeleton, status->progress);
    mfu_dbus_firmware_updater_job_set_bytes_done (skeleton, status->bytes_done);
    mfu_dbus_firmware_updater_job_set_bytes_total (skeleton, status->bytes_total);
    mfu_dbus_firmware_updater_job_set_bytes_per_second (skeleton, status->bytes_per_second);
    mfu_dbus_firmware_updater_job_set_seconds_left (skeleton, status->seconds_left);
    mfu_dbus_firmware_updater_job_set_can_cancel (skeleton, status->can_cancel);
    mfu_dbus_firmware_updater_job_set_from_version (skeleton, status->from_version);
    mfu_dbus_firmware_updater_job_set_to_version (skeleton, status->to_version);
    mfu_dbus_firmware_updater_job_set_error (skeleton, error_to_variant (status->error));
    mfu_dbus_firmware_updater_job_set_advice (skeleton, status->advice);
    if (*status->modem_path != '\0')
        mfu_dbus_firmware_updater_job_set_modem (skeleton, object_path_or_none (status->modem_path));
}

static void
learn_session (MfuJobObject *self)
{
    const char *session = mfu_modem_manager_get_session (self->context->modem_manager);

    if (session == NULL)
        return;
    g_free (self->session);
    self->session = g_strdup (session);
}

/* Keeps the properties for a later run of the service, if its state or its point of no return changed. */
static void
remember (MfuJobObject *self)
{
    const char *state = mfu_dbus_firmware_updater_job_get_state (self->skeleton);
    gboolean can_cancel = mfu_dbus_firmware_updater_job_get_can_cancel (self->skeleton);
    g_autoptr (GVariant) properties = NULL;

    if (g_strcmp0 (state, self->stored_state) == 0 && can_cancel == self->stored_can_cancel)
        return;
    g_free (self->stored_state);
    self->stored_state = g_strdup (state);
    self->stored_can_cancel = can_cancel;
    properties = g_dbus_interface_skeleton_get_properties (G_DBUS_INTERFACE_SKELETON (self->skeleton));
    mfu_results_store (self->context->results, self->place, self->number, self->session, properties);
}

/* Shows what is in the mailbox; also tells the owner when that changed the state. */
static void
empty_mailbox (MfuJobObject *self)
{
    g_autofree char *old_state = g_strdup (mfu_dbus_firmware_updater_job_get_state (self->skeleton));
    MfuJobStatus *status = NULL;

    g_mutex_lock (&self->mutex);
    /* Who sees a job end may ask for the next one at once: an end is shown when the thread has ended, too. */
    if (self->mailbox != NULL && (self->thread == NULL || !mfu_job_state_is_end (self->mailbox->state)))
        status = g_steal_pointer (&self->mailbox);
    self->is_waking = FALSE;
    g_mutex_unlock (&self->mutex);
    if (status == NULL)
        return;
    show_status (self, status);
    learn_session (self);
    remember (self);
    self->is_worth_another_try = mfu_resumes_is_passing (status->error);
    if (g_strcmp0 (old_state, mfu_job_state_to_string (status->state)) != 0)
        mfu_log (G_LOG_LEVEL_MESSAGE, self->port, strrchr (self->path, '/') + 1, "%s%s%s",
                 mfu_job_state_to_string (status->state), status->error != NULL ? ": " : "",
                 status->error != NULL ? status->error->message : "");
    mfu_job_status_unref (status);
}

static gboolean
on_wake_up (gpointer user_data)
{
    empty_mailbox (user_data);
    return G_SOURCE_REMOVE;
}

/* In the job's thread. */
static void
put_into_mailbox (MfuJobObject *self, MfuJobStatus *status)
{
    gboolean needs_waking;

    g_mutex_lock (&self->mutex);
    g_clear_pointer (&self->mailbox, mfu_job_status_unref);
    self->mailbox = mfu_job_status_ref (status);
    needs_waking = !self->is_waking;
    self->is_waking = TRUE;
    g_mutex_unlock (&self->mutex);
    /* No reference: the thread's end, which comes after this in the same queue, holds one. */
    if (needs_waking)
        g_idle_add_full (G_PRIORITY_DEFAULT, on_wake_up, self, NULL);
}

static void
on_status (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    put_into_mailbox (user_data, status);
}

/* The thread has nothing more to say. */
static gboolean
on_ended (gpointer user_data)
{
    MfuJobObject *self = user_data;

    g_thread_join (g_steal_pointer (&self->thread));
    empty_mailbox (self);
    g_clear_pointer (&self->job, mfu_job_free);
    g_clear_pointer (&self->host, mfu_job_host_free);
    g_clear_pointer (&self->world, mfu_world_free);
    self->context->ended (self, self->context->user_data);
    mfu_job_object_unref (self);
    return G_SOURCE_REMOVE;
}

static gpointer
run_job (gpointer user_data)
{
    MfuJobObject *self = user_data;
    MfuJobStatus *status;

    /* The job exists on the disk before it does anything: its number is not given again, and should we die,
     * the next one of us knows that there was a job. */
    mfu_results_sync (self->context->results);
    mfu_job_run (self->job);
    status = mfu_job_get_status (self->job);
    put_into_mailbox (self, status);
    mfu_job_status_unref (status);
    g_idle_add_full (G_PRIORITY_DEFAULT, on_ended, self, NULL);
    return NULL;
}

static void
request_free (Request *request)
{
    mfu_job_object_unref (request->object);
    g_free (request);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static void
on_request_authorized (GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (Request) request = user_data;
    MfuJobObject *self = request->object;
    g_autoptr (GError) local = NULL;

    if (mfu_authorizer_check_finish (result, NULL, &local)) {
        if (self->job == NULL)
            g_set_error_literal (&local, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The job is over."));
        else if (request->act (self->job, &local)) {
            untie (self);
            empty_mailbox (self);
        }
    }
    if (local != NULL)
        g_dbus_method_invocation_return_gerror (request->invocation, local);
    else
        g_dbus_method_invocation_return_value (request->invocation, NULL);
}

static gboolean
begin_request (MfuJobObject *self, GDBusMethodInvocation *invocation,
               gboolean (*act) (MfuJob *job, GError **error))
{
    Request *request = g_new0 (Request, 1);

    request->object = mfu_job_object_ref (self);
    request->invocation = invocation;
    request->act = act;
    mfu_authorizer_check_async (self->context->authorizer, g_dbus_method_invocation_get_sender (invocation),
                                NULL, FALSE, on_request_authorized, request);
    return TRUE;
}

static gboolean
on_start (MfuDBusFirmwareUpdaterJob *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    return begin_request (user_data, invocation, mfu_job_start);
}

static gboolean
on_cancel (MfuDBusFirmwareUpdaterJob *skeleton, GDBusMethodInvocation *invocation, gpointer user_data)
{
    return begin_request (user_data, invocation, mfu_job_cancel);
}

static MfuJobObject *
object_new (const MfuJobObjectContext *context, guint64 number)
{
    MfuJobObject *self = g_new0 (MfuJobObject, 1);
    MfuDBusFirmwareUpdaterJob *skeleton = mfu_dbus_firmware_updater_job_skeleton_new ();

    g_ref_count_init (&self->ref_count);
    g_mutex_init (&self->mutex);
    self->context = context;
    self->number = number;
    self->session = g_strdup ("");
    self->path = g_strdup_printf (JOBS_PATH "%" G_GUINT64_FORMAT, number);
    self->skeleton = skeleton;
    mfu_dbus_firmware_updater_job_set_modem (skeleton, NO_OBJECT);
    mfu_dbus_firmware_updater_job_set_old_modem (skeleton, NO_OBJECT);
    mfu_dbus_firmware_updater_job_set_plan (skeleton, g_variant_new ("a{sv}", NULL));
    mfu_dbus_firmware_updater_job_set_error (skeleton, g_variant_new ("(ss)", "", ""));
    g_signal_connect (skeleton, "handle-start", G_CALLBACK (on_start), self);
    g_signal_connect (skeleton, "handle-cancel", G_CALLBACK (on_cancel), self);
    return self;
}

static void
object_export (MfuJobObject *self)
{
    g_autoptr (GDBusObjectSkeleton) skeleton = g_dbus_object_skeleton_new (self->path);

    g_dbus_object_skeleton_add_interface (skeleton, G_DBUS_INTERFACE_SKELETON (self->skeleton));
    g_dbus_object_manager_server_export (self->context->server, skeleton);
    self->is_exported = TRUE;
}

static const char *
best_version (const MfuUpdateRequest *request, const MfuModem *modem)
{
    if (request->version != NULL)
        return request->version;
    return modem != NULL ? modem->version : "";
}

static void
describe (MfuJobObject *self, const MfuUpdateRequest *request, const MfuUsbDevice *device,
          const MfuModem *modem, const char *fingerprint)
{
    MfuDBusFirmwareUpdaterJob *skeleton = self->skeleton;
    g_autofree char *model = mfu_model_of (device, best_version (request, modem));

    self->place = g_strdup (device->place);
    self->port = g_strdup (device->port);
    self->peer_port = g_strdup (device->peer_port);
    self->sysfs = g_strdup (device->sysfs);
    mfu_dbus_firmware_updater_job_set_device (skeleton, modem != NULL ? modem->uid : device->sysfs);
    mfu_dbus_firmware_updater_job_set_port (skeleton, device->port);
    mfu_dbus_firmware_updater_job_set_modem (skeleton, modem != NULL ? modem->path : NO_OBJECT);
    mfu_dbus_firmware_updater_job_set_old_modem (skeleton, modem != NULL ? modem->path : NO_OBJECT);
    mfu_dbus_firmware_updater_job_set_mode (skeleton, mfu_mode_to_string (device->mode));
    mfu_dbus_firmware_updater_job_set_model (skeleton, model);
    mfu_dbus_firmware_updater_job_set_package_name (skeleton, request->name);
    mfu_dbus_firmware_updater_job_set_package_fingerprint (skeleton, fingerprint);
}

static MfuJob *
create_job (MfuJobObject *self, const MfuUpdateRequest *request, MfuUsbDevice *device, MfuModem *modem,
            const char *fingerprint, uid_t caller_uid, GError **error)
{
    const char *id = strrchr (self->path, '/') + 1;
    MfuJobConfig config = { 0 };

    self->world = mfu_world_new (self->context->families);
    self->host = mfu_job_host_new (self->context->connection, self->context->modem_manager, self->world, id);
    config.world = self->world;
    config.host = self->host;
    config.state_dir = self->context->state_dir;
    config.job_id = id;
    config.package_fd = request->package_fd;
    config.package_name = request->name;
    config.device = device;
    config.version = best_version (request, modem);
    /* Our plugin's word is the modem's own, just asked for; what ModemManager tells may be less. */
    config.asks_when_taken = modem != NULL && request->version == NULL;
    config.allow = (const char *const *) request->allow;
    config.method = request->method;
    config.fingerprint = fingerprint;
    config.keeps_package = request->keeps_package;
    config.kept_digest = request->kept_digest;
    config.is_automatic = request->is_automatic;
    config.starts = request->starts;
    config.caller_uid = caller_uid;
    config.changed = on_status;
    config.user_data = self;
    return mfu_job_new (&config, error);
}

MfuJobObject *
mfu_job_object_new (const MfuJobObjectContext *context, const MfuUpdateRequest *request, MfuUsbDevice *device,
                    MfuModem *modem, const char *fingerprint, uid_t caller_uid, GError **error)
{
    g_autoptr (MfuJobObject) self = object_new (context, mfu_results_next_number (context->results));
    MfuJobStatus *status;

    describe (self, request, device, modem, fingerprint);
    self->job = create_job (self, request, device, modem, fingerprint, caller_uid, error);
    if (self->job == NULL) {
        g_clear_pointer (&self->host, mfu_job_host_free);
        g_clear_pointer (&self->world, mfu_world_free);
        return NULL;
    }
    status = mfu_job_get_status (self->job);
    show_status (self, status);
    mfu_job_status_unref (status);
    learn_session (self);
    remember (self);
    mfu_log (G_LOG_LEVEL_MESSAGE, self->port, strrchr (self->path, '/') + 1, "job for %s, package %s",
             device->sysfs, request->name);
    object_export (self);
    self->thread = g_thread_new ("job", run_job, mfu_job_object_ref (self));
    return g_steal_pointer (&self);
}

static void
on_owner_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
    MfuJobObject *self = user_data;
    g_autoptr (GError) error = NULL;

    mfu_log (G_LOG_LEVEL_INFO, self->port, NULL, "%s left before it started the job", name);
    /* Ignored because: one that has just ended by itself needs no cancelling. */
    if (self->job != NULL && !mfu_job_cancel (self->job, &error))
        mfu_log (G_LOG_LEVEL_INFO, self->port, NULL, "%s", error->message);
    untie (self);
}

void
mfu_job_object_tie_to (MfuJobObject *self, const char *name)
{
    untie (self);
    self->owner_watch = g_bus_watch_name_on_connection (
        self->context->connection, name, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_owner_vanished, self, NULL);
}

MfuJobObject *
mfu_job_object_new_from_result (const MfuJobObjectContext *context, const MfuResult *result,
                                const MfuUsbDevice *device)
{
    g_autoptr (MfuJobObject) self = object_new (context, result->number);

    if (!mfu_job_result_show (self->skeleton, result, device, context->state_dir))
        return NULL;
    g_free (self->session);
    self->session = g_strdup (result->session);
    self->place = g_strdup (result->place);
    self->port = g_strdup (mfu_dbus_firmware_updater_job_get_port (self->skeleton));
    self->sysfs = g_strdup (mfu_dbus_firmware_updater_job_get_device (self->skeleton));
    object_export (self);
    return g_steal_pointer (&self);
}

const char *
mfu_job_object_get_place (MfuJobObject *object)
{
    return object->place;
}

gboolean
mfu_job_object_is_worth_another_try (MfuJobObject *object)
{
    return object->is_worth_another_try;
}

void
mfu_job_object_inherit (MfuJobObject *object, MfuJobObject *older)
{
    const char *old = mfu_dbus_firmware_updater_job_get_old_modem (older->skeleton);

    if (g_str_equal (object->session, older->session) &&
        g_str_equal (mfu_dbus_firmware_updater_job_get_old_modem (object->skeleton), NO_OBJECT))
        mfu_dbus_firmware_updater_job_set_old_modem (object->skeleton, old);
}

void
mfu_job_object_show_done (MfuJobObject *object)
{
    MfuDBusFirmwareUpdaterJob *skeleton = object->skeleton;

    if (mfu_job_object_is_live (object) || g_strcmp0 (mfu_dbus_firmware_updater_job_get_state (skeleton),
                                                      mfu_job_state_to_string (MFU_JOB_NEEDS_RECOVERY)) != 0)
        return;
    mfu_dbus_firmware_updater_job_set_state (skeleton, mfu_job_state_to_string (MFU_JOB_DONE));
    mfu_dbus_firmware_updater_job_set_error (skeleton, error_to_variant (NULL));
    mfu_dbus_firmware_updater_job_set_advice (skeleton, "");
    remember (object);
}

void
mfu_job_object_set_mode (MfuJobObject *object, const char *mode)
{
    mfu_dbus_firmware_updater_job_set_mode (object->skeleton, mode);
}

void
mfu_job_object_unexport (MfuJobObject *object)
{
    if (object->is_exported)
        g_dbus_object_manager_server_unexport (object->context->server, object->path);
    object->is_exported = FALSE;
}

const char *
mfu_job_object_get_path (MfuJobObject *object)
{
    return object->path;
}

gboolean
mfu_job_object_is_live (MfuJobObject *object)
{
    return object->thread != NULL;
}

gboolean
mfu_job_object_is_at (MfuJobObject *object, const char *port)
{
    return g_str_equal (port, object->port) || g_strcmp0 (port, object->peer_port) == 0;
}

const char *
mfu_job_object_resolve (MfuJobObject *object, const char *name)
{
    MfuDBusFirmwareUpdaterJob *skeleton = object->skeleton;

    if (g_str_equal (name, NO_OBJECT))
        return NULL;
    if (mfu_job_object_is_at (object, name) || g_strcmp0 (name, object->sysfs) == 0 ||
        g_strcmp0 (name, mfu_dbus_firmware_updater_job_get_device (skeleton)) == 0 ||
        g_strcmp0 (name, mfu_dbus_firmware_updater_job_get_old_modem (skeleton)) == 0 ||
        g_strcmp0 (name, mfu_dbus_firmware_updater_job_get_modem (skeleton)) == 0)
        return object->port;
    return NULL;
}

void
mfu_job_object_check_session (MfuJobObject *object)
{
    const char *session = mfu_modem_manager_get_session (object->context->modem_manager);

    if (mfu_job_object_is_live (object) || session == NULL || g_str_equal (session, object->session))
        return;
    mfu_dbus_firmware_updater_job_set_modem (object->skeleton, NO_OBJECT);
    mfu_dbus_firmware_updater_job_set_old_modem (object->skeleton, NO_OBJECT);
}

gboolean
mfu_job_object_cancel (MfuJobObject *object, GError **error)
{
    if (object->job == NULL)
        return TRUE;
    return mfu_job_cancel (object->job, error);
}
