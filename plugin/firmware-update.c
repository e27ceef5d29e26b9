/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Update is handed on:
 *
 *     client                   ModemManager with us                         service
 *     Update (fd, options) ->  AT+QGMR through ModemManager's port
 *                              Update (fd, device, options + caller
 *                                      and version)                    ->   authorizes `caller`, makes a job
 *     job or error         <-                                          <-   job or error
 *
 * Any number of calls may wait for one reading of the version; nobody is authorized here, and nobody can make
 * the modem busier than one command at a time. */

#include "plugin/firmware-update.h"

#include "config.h"
#include "plugin/log.h"
#include "plugin/service-watch.h"
#include "plugin/version-reader.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>

#define SERVICE_NAME      MFU_DBUS_PREFIX ".FirmwareUpdater"
#define SERVICE_PATH      MFU_DBUS_PATH_PREFIX "/FirmwareUpdater"
#define SERVICE_INTERFACE SERVICE_NAME
#define ERROR_PREFIX      SERVICE_NAME ".Error."

/* A service that asks polkit, which asks a human. */
#define UPDATE_TIMEOUT_MS (5 * 60 * 1000)
/* Update calls waiting for the version; more are refused. */
#define WAITING_MAX 16

/* A modem that has just started may need a minute until it knows all of its version. Each reading that ends
 * in silence counts towards ModemManager's own limit of 10 timeouts in a row, so there are few. */
#define READINGS_MAX       5
#define FIRST_READ_AGAIN_S 2
#define READ_AGAIN_FACTOR  2

/* What gdbus-codegen gives to its own interfaces, and libmm-glib expects of every interface.
 * Source: glib gio/gdbus-2.0/codegen/codegen.py, _ExtendedGDBusInterfaceInfo; stable since GLib 2.30. */
typedef struct {
    GDBusInterfaceInfo parent;
    const char *hyphen_name;
} ExtendedInterfaceInfo;

struct _MfuFirmwareUpdate {
    MfuDBusModemFirmwareUpdateSkeleton parent;

    GWeakRef modem;
    char *device;
    const MfuSymbols *symbols;
    MfuServiceWatch *watch; /* from the first export on */
    GPtrArray *waiting;     /* UpdateCall, until the version is read */
    gboolean reading;
    guint readings;      /* made of our own accord */
    guint read_again_s;  /* pause before the next one */
    guint read_again_id; /* timeout or idle source */
};

G_DEFINE_FINAL_TYPE (MfuFirmwareUpdate, mfu_firmware_update, MFU_DBUS_TYPE_MODEM_FIRMWARE_UPDATE_SKELETON)

typedef struct {
    GDBusMethodInvocation *invocation;
    GUnixFDList *fds; /* the package, and nothing else */
    GVariant *options;
} UpdateCall;

static void
update_call_free (UpdateCall *call)
{
    g_clear_object (&call->fds);
    g_clear_object (&call->invocation);
    g_variant_unref (call->options);
    g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (UpdateCall, update_call_free)

/* Every way to end a call; g_dbus_method_invocation_return_* () take the reference. */
static void
refuse (UpdateCall *call, const char *name, const char *message)
{
    g_dbus_method_invocation_return_dbus_error (g_steal_pointer (&call->invocation), name, message);
}

/* The error of the service, under its own name. */
static void
pass_error (UpdateCall *call, GError *error)
{
    g_autofree char *name = g_dbus_error_get_remote_error (error);

    g_dbus_error_strip_remote_error (error);
    if (name == NULL) {
        g_autofree char *message =
            g_strdup_printf (_ ("The firmware updater did not answer: %s"), error->message);

        refuse (call, ERROR_PREFIX "TimedOut", message);
    } else if (g_str_equal (name, "org.freedesktop.DBus.Error.ServiceUnknown")) {
        g_autofree char *message =
            g_strdup_printf (_ ("The firmware updater is not installed or not running: %s"), error->message);

        refuse (call, name, message);
    } else {
        refuse (call, name, error->message);
    }
}

static void
service_update_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (UpdateCall) call = user_data;
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) reply =
        g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), NULL, result, &error);

    if (reply == NULL)
        pass_error (call, error);
    else
        g_dbus_method_invocation_return_value (g_steal_pointer (&call->invocation), reply);
}

/* The caller's options but for the two that only we may set, and those two. */
static GVariant *
build_options (UpdateCall *call, const char *version)
{
    GVariantBuilder builder;
    GVariantIter iter;
    const char *key;
    GVariant *value;

    g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
    g_variant_iter_init (&iter, call->options);
    while (g_variant_iter_next (&iter, "{&sv}", &key, &value)) {
        if (!g_str_equal (key, "caller") && !g_str_equal (key, "version"))
            g_variant_builder_add (&builder, "{sv}", key, value);
        g_variant_unref (value);
    }
    g_variant_builder_add (&builder, "{sv}", "caller",
                           g_variant_new_string (g_dbus_method_invocation_get_sender (call->invocation)));
    if (version != NULL && *version != '\0')
        g_variant_builder_add (&builder, "{sv}", "version", g_variant_new_string (version));
    return g_variant_builder_end (&builder);
}

/* Takes the call. */
static void
send_to_service (MfuFirmwareUpdate *self, UpdateCall *call)
{
    GDBusMessage *message = g_dbus_method_invocation_get_message (call->invocation);
    GDBusCallFlags flags = G_DBUS_CALL_FLAGS_NONE;
    const char *version = mfu_dbus_modem_firmware_update_get_version (MFU_DBUS_MODEM_FIRMWARE_UPDATE (self));

    if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
        flags |= G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
    g_dbus_connection_call_with_unix_fd_list (
        g_dbus_method_invocation_get_connection (call->invocation), SERVICE_NAME, SERVICE_PATH,
        SERVICE_INTERFACE, "Update",
        g_variant_new ("(hs@a{sv})", 0, self->device, build_options (call, version)), G_VARIANT_TYPE ("(o)"),
        flags, UPDATE_TIMEOUT_MS, call->fds, NULL, service_update_ready, call);
}

/* The modem while it may be talked to, which is while it is exported; else NULL. */
static GObject *
ref_modem (MfuFirmwareUpdate *self)
{
    if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self)) == NULL)
        return NULL;
    return g_weak_ref_get (&self->modem);
}

static void read_version (MfuFirmwareUpdate *self);

static gboolean
read_again (gpointer user_data)
{
    MfuFirmwareUpdate *self = user_data;

    self->read_again_id = 0;
    self->readings++;
    read_version (self);
    return G_SOURCE_REMOVE;
}

static void
schedule_reading (MfuFirmwareUpdate *self)
{
    if (self->read_again_id != 0)
        return;
    if (self->readings >= READINGS_MAX) {
        mfu_plugin_log (G_LOG_LEVEL_MESSAGE, self->device, "the modem does not tell its exact version");
        return;
    }
    self->read_again_id = g_timeout_add_seconds (self->read_again_s, read_again, self);
    self->read_again_s *= READ_AGAIN_FACTOR;
}

static void
version_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (MfuFirmwareUpdate) self = user_data;
    g_autoptr (GPtrArray) waiting = g_steal_pointer (&self->waiting);
    g_autoptr (GObject) modem = ref_modem (self);
    g_autoptr (GError) error = NULL;
    gboolean try_again;
    g_autofree char *version = mfu_version_read_finish (result, &try_again, &error);

    self->waiting = g_ptr_array_new ();
    self->reading = FALSE;
    if (version != NULL)
        mfu_dbus_modem_firmware_update_set_version (MFU_DBUS_MODEM_FIRMWARE_UPDATE (self), version);
    else
        mfu_plugin_log (G_LOG_LEVEL_DEBUG, self->device, "version not read: %s", error->message);
    if (modem != NULL && try_again)
        schedule_reading (self);

    for (guint i = 0; i < waiting->len; i++) {
        g_autoptr (UpdateCall) call = waiting->pdata[i];

        if (modem != NULL)
            send_to_service (self, g_steal_pointer (&call));
        else
            refuse (call, ERROR_PREFIX "Gone", _ ("The modem has left ModemManager."));
    }
}

static void
read_version (MfuFirmwareUpdate *self)
{
    g_autoptr (GObject) modem = ref_modem (self);

    if (self->reading || modem == NULL)
        return;
    self->reading = TRUE;
    mfu_version_read_async (self->symbols, modem, version_ready, g_object_ref (self));
}

static gboolean
handle_update (MfuDBusModemFirmwareUpdate *interface, GDBusMethodInvocation *invocation, GUnixFDList *fds,
               GVariant *package, GVariant *options, gpointer user_data)
{
    MfuFirmwareUpdate *self = MFU_FIRMWARE_UPDATE (interface);
    g_autoptr (UpdateCall) call = g_new0 (UpdateCall, 1);
    g_autoptr (GObject) modem = ref_modem (self);
    int fd = -1;

    call->invocation = invocation;
    call->options = g_variant_ref (options);
    if (fds != NULL)
        fd = g_unix_fd_list_get (fds, g_variant_get_handle (package), NULL);
    if (fd < 0) {
        refuse (call, ERROR_PREFIX "InvalidArgs", _ ("The call brings no file descriptor for the package."));
        return TRUE;
    }
    call->fds = g_unix_fd_list_new_from_array (&fd, 1);
    if (modem == NULL) {
        refuse (call, ERROR_PREFIX "Gone", _ ("The modem has left ModemManager."));
        return TRUE;
    }
    if (self->waiting->len >= WAITING_MAX) {
        refuse (call, "org.freedesktop.DBus.Error.LimitsExceeded", _ ("Too many calls wait for this modem."));
        return TRUE;
    }
    g_ptr_array_add (self->waiting, g_steal_pointer (&call));
    read_version (self);
    return TRUE;
}

static void
job_changed (const char *job, gpointer user_data)
{
    mfu_dbus_modem_firmware_update_set_job (MFU_DBUS_MODEM_FIRMWARE_UPDATE (user_data), job);
}

/* ModemManager sets the path immediately before it exports the object, so the first idle moment comes after
 * the export; nothing that we do there can delay it. */
static gboolean
first_idle (gpointer user_data)
{
    MfuFirmwareUpdate *self = user_data;
    GDBusConnection *connection = g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self));

    self->read_again_id = 0;
    if (connection == NULL)
        return G_SOURCE_REMOVE;
    if (self->watch == NULL)
        self->watch = mfu_service_watch_new (connection, self->device, job_changed, self);
    return read_again (self);
}

static void
path_changed (GObject *modem, GParamSpec *pspec, gpointer user_data)
{
    MfuFirmwareUpdate *self = user_data;

    g_clear_handle_id (&self->read_again_id, g_source_remove);
    self->readings = 0;
    self->read_again_s = FIRST_READ_AGAIN_S;
    self->read_again_id = g_idle_add (first_idle, self);
}

MfuFirmwareUpdate *
mfu_firmware_update_new (GObject *modem, const char *device, const char *const *methods,
                         const MfuSymbols *symbols)
{
    MfuFirmwareUpdate *self = g_object_new (MFU_TYPE_FIRMWARE_UPDATE, NULL);
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (self);

    self->device = g_strdup (device);
    self->symbols = symbols;
    g_weak_ref_set (&self->modem, modem);
    mfu_dbus_modem_firmware_update_set_methods (interface, methods);
    g_signal_connect_object (modem, "notify::g-object-path", G_CALLBACK (path_changed), self, 0);
    return self;
}

static GDBusInterfaceInfo *
get_info (GDBusInterfaceSkeleton *skeleton)
{
    static ExtendedInterfaceInfo info;
    static gsize initialized;

    if (g_once_init_enter (&initialized)) {
        info.parent = *mfu_dbus_modem_firmware_update_interface_info ();
        info.parent.ref_count = -1;
        info.hyphen_name = MFU_FIRMWARE_UPDATE_NOTIFIES;
        g_once_init_leave (&initialized, 1);
    }
    return &info.parent;
}

static void
mfu_firmware_update_finalize (GObject *object)
{
    MfuFirmwareUpdate *self = MFU_FIRMWARE_UPDATE (object);

    g_clear_handle_id (&self->read_again_id, g_source_remove);
    g_clear_pointer (&self->watch, mfu_service_watch_free);
    /* Each waiting call has a reading under way, which has a reference to us: there is none left. */
    g_ptr_array_unref (self->waiting);
    g_weak_ref_clear (&self->modem);
    g_free (self->device);
    G_OBJECT_CLASS (mfu_firmware_update_parent_class)->finalize (object);
}

static void
mfu_firmware_update_init (MfuFirmwareUpdate *self)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (self);

    g_weak_ref_init (&self->modem, NULL);
    self->waiting = g_ptr_array_new ();
    self->read_again_s = FIRST_READ_AGAIN_S;
    mfu_dbus_modem_firmware_update_set_version (interface, "");
    mfu_dbus_modem_firmware_update_set_job (interface, "/");
    g_signal_connect (self, "handle-update", G_CALLBACK (handle_update), NULL);
}

static void
mfu_firmware_update_class_init (MfuFirmwareUpdateClass *klass)
{
    G_OBJECT_CLASS (klass)->finalize = mfu_firmware_update_finalize;
    G_DBUS_INTERFACE_SKELETON_CLASS (klass)->get_info = get_info;
}
