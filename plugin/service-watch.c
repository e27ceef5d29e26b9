/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The bus tells when the service comes and goes; while it is there, its property Devices is asked for once
 * and followed. */

#include "plugin/service-watch.h"

#include "config.h"
#include "plugin/log.h"

#define SERVICE_NAME      MFU_DBUS_PREFIX ".FirmwareUpdater"
#define SERVICE_PATH      MFU_DBUS_PATH_PREFIX "/FirmwareUpdater"
#define SERVICE_INTERFACE SERVICE_NAME
#define PROPERTIES        "org.freedesktop.DBus.Properties"
#define DEVICES           "Devices"

#define GET_TIMEOUT_MS 10000

struct _MfuServiceWatch {
    GDBusConnection *connection;
    char *device;
    MfuServiceWatchFunc changed; /* NULL once freed */
    gpointer user_data;
    guint name_id;
    guint signal_id;
    GCancellable *cancellable; /* of the pending Get */
};

static void
watch_clear (gpointer data)
{
    MfuServiceWatch *watch = data;

    g_clear_object (&watch->cancellable);
    g_clear_object (&watch->connection);
    g_free (watch->device);
}

static void
watch_unref (gpointer data)
{
    g_rc_box_release_full (data, watch_clear);
}

static void
report (MfuServiceWatch *watch, const char *job)
{
    if (watch->changed != NULL)
        watch->changed (job, watch->user_data);
}

/* `devices` is of type aa{sv}. */
static void
take_devices (MfuServiceWatch *watch, GVariant *devices)
{
    GVariantIter iter;
    GVariant *entry;
    g_autofree char *found = NULL;

    g_variant_iter_init (&iter, devices);
    while (found == NULL && (entry = g_variant_iter_next_value (&iter)) != NULL) {
        g_autoptr (GVariant) owned = entry;
        const char *device = NULL, *job = NULL;

        if (g_variant_lookup (entry, "device", "&s", &device) && g_str_equal (device, watch->device) &&
            g_variant_lookup (entry, "job", "&o", &job))
            found = g_strdup (job);
    }
    report (watch, found != NULL ? found : "/");
}

static void
get_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
    MfuServiceWatch *watch = user_data;
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
    g_autoptr (GVariant) devices = NULL;

    if (reply != NULL)
        g_variant_get (reply, "(v)", &devices);
    if (devices != NULL && g_variant_is_of_type (devices, G_VARIANT_TYPE ("aa{sv}")))
        take_devices (watch, devices);
    else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        mfu_plugin_log (G_LOG_LEVEL_DEBUG, watch->device, "the service does not tell its devices: %s",
                        error != NULL ? error->message : "wrong type");
    watch_unref (watch);
}

static void
ask (MfuServiceWatch *watch)
{
    g_cancellable_cancel (watch->cancellable);
    g_clear_object (&watch->cancellable);
    watch->cancellable = g_cancellable_new ();
    g_dbus_connection_call (watch->connection, SERVICE_NAME, SERVICE_PATH, PROPERTIES, "Get",
                            g_variant_new ("(ss)", SERVICE_INTERFACE, DEVICES), G_VARIANT_TYPE ("(v)"),
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, GET_TIMEOUT_MS, watch->cancellable, get_ready,
                            g_rc_box_acquire (watch));
}

static void
properties_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                    const char *signal, GVariant *parameters, gpointer user_data)
{
    MfuServiceWatch *watch = user_data;
    g_autoptr (GVariant) values = NULL;
    g_autoptr (GVariant) devices = NULL;
    g_autofree const char **invalidated = NULL;

    if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
        return;
    g_variant_get (parameters, "(&s@a{sv}^a&s)", NULL, &values, &invalidated);
    devices = g_variant_lookup_value (values, DEVICES, G_VARIANT_TYPE ("aa{sv}"));
    if (devices != NULL) {
        /* What is being asked for is older than this. */
        g_cancellable_cancel (watch->cancellable);
        take_devices (watch, devices);
    } else if (g_strv_contains (invalidated, DEVICES)) {
        ask (watch);
    }
}

static void
service_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
    ask (user_data);
}

static void
service_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
    MfuServiceWatch *watch = user_data;

    g_cancellable_cancel (watch->cancellable);
    report (watch, "/");
}

MfuServiceWatch *
mfu_service_watch_new (GDBusConnection *connection, const char *device, MfuServiceWatchFunc changed,
                       gpointer user_data)
{
    MfuServiceWatch *watch = g_rc_box_new0 (MfuServiceWatch);

    watch->connection = g_object_ref (connection);
    watch->device = g_strdup (device);
    watch->changed = changed;
    watch->user_data = user_data;
    watch->signal_id = g_dbus_connection_signal_subscribe (
        connection, SERVICE_NAME, PROPERTIES, "PropertiesChanged", SERVICE_PATH, SERVICE_INTERFACE,
        G_DBUS_SIGNAL_FLAGS_NONE, properties_changed, g_rc_box_acquire (watch), watch_unref);
    watch->name_id = g_bus_watch_name_on_connection (connection, SERVICE_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                                     service_appeared, service_vanished,
                                                     g_rc_box_acquire (watch), watch_unref);
    return watch;
}

void
mfu_service_watch_free (MfuServiceWatch *watch)
{
    watch->changed = NULL;
    g_bus_unwatch_name (watch->name_id);
    g_dbus_connection_signal_unsubscribe (watch->connection, watch->signal_id);
    g_cancellable_cancel (watch->cancellable);
    watch_unref (watch);
}
