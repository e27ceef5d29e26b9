/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Plain GDBus calls: no object is watched here, so no proxies are needed. */

#include "cli/client.h"

#include "config.h"

#include "cli/dbus-names.h"
#include "cli/text.h"
#include "util/error.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>

/* Long enough for a password: polkit asks the user while the call waits. */
#define DEFAULT_TIMEOUT_S 300

struct _MfuClient {
    GDBusConnection *bus;
    int timeout_ms;
};

MfuClient *
mfu_client_new (gboolean session_bus, int timeout_s, GError **error)
{
    g_autoptr (GError) local = NULL;
    GDBusConnection *bus =
        g_bus_get_sync (session_bus ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &local);
    MfuClient *client;

    if (bus == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("the message bus cannot be reached: %s"),
                     local->message);
        return NULL;
    }
    /* The bus may be restarted; that is told in words, not by a signal. */
    g_dbus_connection_set_exit_on_close (bus, FALSE);
    client = g_new0 (MfuClient, 1);
    client->bus = bus;
    client->timeout_ms = (timeout_s > 0 ? MIN (timeout_s, G_MAXINT / 1000) : DEFAULT_TIMEOUT_S) * 1000;
    /* Registers the names of our errors with GDBus. */
    (void) MFU_ERROR;
    return client;
}

void
mfu_client_free (MfuClient *client)
{
    g_object_unref (client->bus);
    g_free (client);
}

GDBusConnection *
mfu_client_get_bus (MfuClient *client)
{
    return client->bus;
}

int
mfu_client_get_timeout_ms (MfuClient *client)
{
    return client->timeout_ms;
}

void
mfu_target_free (MfuTarget *target)
{
    g_free (target->device);
    g_free (target->port);
    g_free (target->modem);
    g_free (target->job);
    g_free (target->mode);
    g_free (target);
}

static gboolean
is_refusal_of_the_bus (const char *name)
{
    static const char *const names[] = {
        "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.AuthFailed",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
        MFU_DBUS_PREFIX ".Error.Core.Unauthorized",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        if (g_strcmp0 (name, names[i]) == 0)
            return TRUE;
    }
    return name != NULL && g_str_has_prefix (name, "org.freedesktop.PolicyKit1.Error.");
}

GError *
mfu_client_convert_error (GError *error)
{
    g_autoptr (GError) foreign = error;
    g_autofree char *name = g_dbus_error_get_remote_error (foreign);
    g_autofree char *text = NULL;
    MfuError code = MFU_ERROR_IO;

    g_dbus_error_strip_remote_error (foreign);
    text = mfu_text_clean (foreign->message, FALSE);
    if (foreign->domain == MFU_ERROR)
        return g_error_new_literal (MFU_ERROR, foreign->code, text);
    if (name != NULL && mfu_error_from_dbus_name (name, &code))
        return g_error_new_literal (MFU_ERROR, code, text);
    if (is_refusal_of_the_bus (name))
        return g_error_new (MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED, _ ("not allowed: %s"), text);
    if (g_error_matches (foreign, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
        g_error_matches (foreign, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
        (name != NULL && g_str_has_prefix (name, "org.freedesktop.DBus.Error.Spawn.")))
        return g_error_new_literal (MFU_ERROR, MFU_ERROR_NOT_FOUND,
                                    _ ("mm-firmware-updater does not run and cannot be started by the bus"));
    if (g_error_matches (foreign, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
        g_error_matches (foreign, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
        g_error_matches (foreign, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return g_error_new_literal (MFU_ERROR, MFU_ERROR_TIMED_OUT, _ ("the service did not answer in time"));
    return g_error_new_literal (MFU_ERROR, MFU_ERROR_IO, text);
}

/* Reads a property or a set of them; returns the reply's only value, unpacked from its variant if it is in
 * one. */
static GVariant *
call_for_value (MfuClient *client, const char *path, const char *interface, const char *method,
                GVariant *arguments, GError **error)
{
    GError *local = NULL;
    g_autoptr (GVariant) reply =
        g_dbus_connection_call_sync (client->bus, MFU_DBUS_SERVICE, path, interface, method, arguments, NULL,
                                     G_DBUS_CALL_FLAGS_NONE, client->timeout_ms, NULL, &local);
    g_autoptr (GVariant) value = NULL;

    if (reply == NULL) {
        g_propagate_error (error, mfu_client_convert_error (local));
        return NULL;
    }
    if (g_variant_n_children (reply) != 1) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_PROTOCOL, _ ("the service's answer makes no sense"));
        return NULL;
    }
    value = g_variant_get_child_value (reply, 0);
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARIANT))
        return g_variant_get_variant (value);
    return g_steal_pointer (&value);
}

static void
device_free (gpointer data)
{
    MfuClientDevice *device = data;

    g_free (device->device);
    g_free (device->port);
    g_free (device->mode);
    g_free (device->family);
    g_free (device->model);
    g_free (device->version);
    g_free (device->modem);
    g_free (device->job);
    g_free (device->needs);
    g_free (device->package);
    g_free (device->package_digest);
    g_free (device->problem);
    g_free (device);
}

static char *
entry_text (GVariant *entry, const char *key)
{
    g_autoptr (GVariant) value = g_variant_lookup_value (entry, key, NULL);
    g_autofree char *text = NULL;

    if (value == NULL || !(g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ||
                           g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)))
        return g_strdup ("");
    text = mfu_text_clean (g_variant_get_string (value, NULL), FALSE);
    return g_strdup (g_str_equal (text, "/") ? "" : text);
}

static MfuClientDevice *
device_new (GVariant *entry)
{
    MfuClientDevice *device = g_new0 (MfuClientDevice, 1);

    device->device = entry_text (entry, "device");
    device->port = entry_text (entry, "port");
    device->mode = entry_text (entry, "mode");
    device->family = entry_text (entry, "family");
    device->model = entry_text (entry, "model");
    device->version = entry_text (entry, "version");
    device->modem = entry_text (entry, "modem");
    device->job = entry_text (entry, "job");
    device->needs = entry_text (entry, "needs");
    device->package = entry_text (entry, "package");
    device->package_digest = entry_text (entry, "package-digest");
    device->problem = entry_text (entry, "problem");
    return device;
}

GPtrArray *
mfu_client_list (MfuClient *client, GError **error)
{
    g_autoptr (GVariant) value = NULL;
    GPtrArray *devices;
    GVariantIter iter;
    GVariant *entry;

    value = call_for_value (client, MFU_DBUS_SERVICE_PATH, "org.freedesktop.DBus.Properties", "Get",
                            g_variant_new ("(ss)", MFU_DBUS_SERVICE_INTERFACE, "Devices"), error);
    if (value == NULL)
        return NULL;
    devices = g_ptr_array_new_with_free_func (device_free);
    if (!g_variant_is_of_type (value, G_VARIANT_TYPE ("aa{sv}")))
        return devices;
    g_variant_iter_init (&iter, value);
    while ((entry = g_variant_iter_next_value (&iter)) != NULL) {
        g_ptr_array_add (devices, device_new (entry));
        g_variant_unref (entry);
    }
    return devices;
}

MfuJobView *
mfu_client_get_job (MfuClient *client, const char *path, GError **error)
{
    g_autoptr (GVariant) value = call_for_value (client, path, "org.freedesktop.DBus.Properties", "GetAll",
                                                 g_variant_new ("(s)", MFU_DBUS_JOB_INTERFACE), error);

    if (value == NULL)
        return NULL;
    if (!g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_PROTOCOL, _ ("the service's answer makes no sense"));
        return NULL;
    }
    return mfu_job_view_new (path, value);
}

gboolean
mfu_client_call_job (MfuClient *client, const char *path, const char *method, GError **error)
{
    GError *local = NULL;
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        client->bus, MFU_DBUS_SERVICE, path, MFU_DBUS_JOB_INTERFACE, method, NULL, NULL,
        G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, client->timeout_ms, NULL, &local);

    if (reply == NULL)
        g_propagate_error (error, mfu_client_convert_error (local));
    return reply != NULL;
}

/* Whether `error` says that the thing called is not there, as when our plugin is not loaded. */
static gboolean
is_missing (const GError *error)
{
    return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD) ||
           g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE) ||
           g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT) ||
           g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
           g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER);
}

static GVariant *
call_update (MfuClient *client, const MfuTarget *target, gboolean through_plugin, int package_fd,
             GVariant *options, GError **error)
{
    g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
    int handle = g_unix_fd_list_append (fds, package_fd, error);
    GVariant *arguments;

    if (handle < 0)
        return NULL;
    arguments = through_plugin ? g_variant_new ("(h@a{sv})", handle, options)
                               : g_variant_new ("(hs@a{sv})", handle, target->device, options);
    return g_dbus_connection_call_with_unix_fd_list_sync (
        client->bus, through_plugin ? MFU_DBUS_MODEM_MANAGER : MFU_DBUS_SERVICE,
        through_plugin ? target->modem : MFU_DBUS_SERVICE_PATH,
        through_plugin ? MFU_DBUS_MODEM_INTERFACE : MFU_DBUS_SERVICE_INTERFACE, "Update", arguments,
        G_VARIANT_TYPE ("(o)"), G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, client->timeout_ms, fds,
        NULL, NULL, error);
}

static char *
find_job_of (MfuClient *client, const MfuTarget *target)
{
    g_autoptr (GPtrArray) devices = mfu_client_list (client, NULL);

    /* Ignored because: "" is an answer, the caller has the error that matters. */
    for (guint i = 0; devices != NULL && i < devices->len; i++) {
        const MfuClientDevice *device = g_ptr_array_index (devices, i);

        if (g_str_equal (device->device, target->device) || g_str_equal (device->port, target->device))
            return g_strdup (device->job);
    }
    return g_strdup (target->job);
}

/* Takes `failure`. */
static char *
take_job (MfuClient *client, const MfuTarget *target, GVariant *reply, GError *failure, char **busy_job,
          GError **error)
{
    g_autoptr (GError) converted = NULL;
    char *job = NULL;

    if (reply != NULL) {
        g_variant_get (reply, "(o)", &job);
        return job;
    }
    converted = mfu_client_convert_error (failure);
    if (g_error_matches (converted, MFU_ERROR, MFU_ERROR_BUSY))
        *busy_job = find_job_of (client, target);
    g_propagate_error (error, g_steal_pointer (&converted));
    return NULL;
}

char *
mfu_client_update (MfuClient *client, const MfuTarget *target, int package_fd, GVariant *options,
                   char **busy_job, GError **error)
{
    g_autoptr (GVariant) kept = g_variant_ref_sink (options);
    g_autoptr (GVariant) reply = NULL;
    g_autoptr (GError) local = NULL;

    if (target->has_plugin)
        reply = call_update (client, target, TRUE, package_fd, kept, &local);
    if (reply == NULL && (local == NULL || is_missing (local))) {
        g_clear_error (&local);
        reply = call_update (client, target, FALSE, package_fd, kept, &local);
    }
    return take_job (client, target, reply, g_steal_pointer (&local), busy_job, error);
}

char *
mfu_client_resume (MfuClient *client, const MfuTarget *target, GVariant *options, char **busy_job,
                   GError **error)
{
    GError *local = NULL;
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        client->bus, MFU_DBUS_SERVICE, MFU_DBUS_SERVICE_PATH, MFU_DBUS_SERVICE_INTERFACE, "Resume",
        g_variant_new ("(s@a{sv})", target->device, options), G_VARIANT_TYPE ("(o)"),
        G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, client->timeout_ms, NULL, &local);

    return take_job (client, target, reply, local, busy_job, error);
}

char *
mfu_client_subject (const char *modem, const char *port, const char *device)
{
    if (g_str_has_prefix (modem, MFU_DBUS_MODEM_PATH_PREFIX))
        return g_strdup_printf (_ ("Modem %s"), modem + strlen (MFU_DBUS_MODEM_PATH_PREFIX));
    if (port[0] != '\0')
        return g_strdup_printf (_ ("Port %s"), port);
    return device[0] != '\0' ? g_strdup (device) : g_strdup (_ ("The modem"));
}
