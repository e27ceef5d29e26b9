/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The main thread owns libmm-glib's objects and turns them, after each change that matters, into a new list
 * of records; threads that wait sleep on a condition that each new list signals. libmm-glib's manager asks
 * the bus synchronously when ModemManager comes back, so each owner of the name gets a manager of its own,
 * made asynchronously. */

#include "service/modem-manager.h"

#include "config.h"

#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <libmm-glib.h>

#define SYSFS            "/sys/"
#define PLUGIN_INTERFACE MFU_DBUS_PREFIX ".Modem.FirmwareUpdate"

/* Our plugin asks the modem right after its export; an AT command may take that long on a busy modem. */
#define VERSION_PATIENCE_US (30 * G_TIME_SPAN_SECOND)

struct _MfuModemManager {
    GDBusConnection *connection;
    guint watch_id;
    GCancellable *asking; /* of the manager that is being made */
    MMManager *manager;
    char *session; /* of the name's owner; NULL: there is none */
    gboolean is_asked;
    MfuModemManagerChanged changed;
    gpointer user_data;

    GMutex mutex;
    GCond cond; /* signalled whenever something below changes */
    gboolean is_running;
    gint64 left_us;    /* when ModemManager was last seen to be absent */
    GPtrArray *modems; /* MfuModem; replaced as a whole */
};

MfuModem *
mfu_modem_ref (MfuModem *modem)
{
    g_atomic_ref_count_inc (&modem->ref_count);
    return modem;
}

void
mfu_modem_unref (MfuModem *modem)
{
    if (modem == NULL || !g_atomic_ref_count_dec (&modem->ref_count))
        return;
    g_free (modem->path);
    g_free (modem->uid);
    g_free (modem->sysfs);
    g_free (modem->name);
    g_free (modem->version);
    g_strfreev (modem->ports);
    g_free (modem);
}

static char *
cached_string (GDBusProxy *proxy, const char *property)
{
    g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, property);

    if (value == NULL || !g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        return NULL;
    return g_variant_dup_string (value, NULL);
}

static char **
port_names (MMModem *modem)
{
    GVariant *ports = mm_gdbus_modem_get_ports (MM_GDBUS_MODEM (modem));
    g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
    GVariantIter iter;
    const char *name;

    if (ports != NULL) {
        g_variant_iter_init (&iter, ports);
        while (g_variant_iter_next (&iter, "(&su)", &name, NULL))
            g_strv_builder_add (names, name);
    }
    return g_strv_builder_end (names);
}

static const char *
best_version (MMObject *object, MMModem *mm_modem, const char *from_plugin)
{
    MMModemFirmware *firmware = mm_object_peek_modem_firmware (object);
    MMFirmwareUpdateSettings *settings = NULL;
    const char *version;

    if (from_plugin != NULL && *from_plugin != '\0')
        return from_plugin;
    if (firmware != NULL)
        settings = mm_modem_firmware_peek_update_settings (firmware);
    version = settings != NULL ? mm_firmware_update_settings_get_version (settings) : NULL;
    return version != NULL && *version != '\0' ? version : mm_modem_get_revision (mm_modem);
}

static char *
never_null (const char *text)
{
    return g_strdup (text != NULL ? text : "");
}

static MfuModem *
modem_new (MMObject *object)
{
    MMModem *mm_modem = mm_object_peek_modem (object);
    g_autoptr (GDBusInterface) plugin = NULL;
    g_autofree char *from_plugin = NULL;
    const char *manufacturer;
    const char *model;
    MfuModem *modem;

    if (mm_modem == NULL || mm_modem_get_device (mm_modem) == NULL)
        return NULL;
    plugin = g_dbus_object_get_interface (G_DBUS_OBJECT (object), PLUGIN_INTERFACE);
    if (plugin != NULL)
        from_plugin = cached_string (G_DBUS_PROXY (plugin), "Version");
    manufacturer = mm_modem_get_manufacturer (mm_modem);
    model = mm_modem_get_model (mm_modem);

    modem = g_new0 (MfuModem, 1);
    g_atomic_ref_count_init (&modem->ref_count);
    modem->path = g_strdup (mm_object_get_path (object));
    modem->uid = g_strdup (mm_modem_get_device (mm_modem));
    modem->sysfs = cached_string (G_DBUS_PROXY (mm_modem), "Physdev");
    modem->name = g_strstrip (
        g_strjoin (" ", manufacturer != NULL ? manufacturer : "", model != NULL ? model : "", NULL));
    modem->version = g_strstrip (never_null (best_version (object, mm_modem, from_plugin)));
    modem->ports = port_names (mm_modem);
    modem->is_settled = from_plugin == NULL || *from_plugin != '\0';
    return modem;
}

static gboolean
modem_equal (gconstpointer one, gconstpointer other)
{
    const MfuModem *a = one;
    const MfuModem *b = other;

    return g_str_equal (a->path, b->path) && g_str_equal (a->uid, b->uid) &&
           g_strcmp0 (a->sysfs, b->sysfs) == 0 && g_str_equal (a->name, b->name) &&
           g_str_equal (a->version, b->version) && a->is_settled == b->is_settled &&
           g_strv_equal ((const char *const *) a->ports, (const char *const *) b->ports);
}

static gboolean
lists_equal (GPtrArray *a, GPtrArray *b)
{
    if (a->len != b->len)
        return FALSE;
    for (guint i = 0; i < a->len; i++)
        if (!modem_equal (a->pdata[i], b->pdata[i]))
            return FALSE;
    return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
    const MfuModem *const *one = a;
    const MfuModem *const *other = b;

    return strcmp ((*one)->path, (*other)->path);
}

static GPtrArray *
list_modems (MMManager *mm_manager)
{
    GPtrArray *modems = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_modem_unref);
    GList *objects =
        mm_manager != NULL ? g_dbus_object_manager_get_objects (G_DBUS_OBJECT_MANAGER (mm_manager)) : NULL;

    for (GList *l = objects; l != NULL; l = l->next) {
        MfuModem *modem = MM_IS_OBJECT (l->data) ? modem_new (MM_OBJECT (l->data)) : NULL;

        if (modem != NULL)
            g_ptr_array_add (modems, modem);
    }
    g_list_free_full (objects, g_object_unref);
    g_ptr_array_sort (modems, compare_paths);
    return modems;
}

/* Makes a new list; tells waiting threads and the owner if it differs from the old one. */
static void
look_again (MfuModemManager *manager)
{
    g_autoptr (GPtrArray) modems = list_modems (manager->manager);
    gboolean is_running = manager->manager != NULL;
    gboolean has_changed;

    g_mutex_lock (&manager->mutex);
    has_changed = is_running != manager->is_running || !lists_equal (modems, manager->modems);
    if (manager->is_running && !is_running)
        manager->left_us = g_get_monotonic_time ();
    if (has_changed) {
        GPtrArray *old = manager->modems;

        manager->is_running = is_running;
        manager->modems = g_steal_pointer (&modems);
        modems = old;
        g_cond_broadcast (&manager->cond);
    }
    g_mutex_unlock (&manager->mutex);

    if (has_changed || !manager->is_asked) {
        manager->is_asked = TRUE;
        manager->changed (manager, manager->user_data);
    }
}

static void
on_object (GDBusObjectManager *source, GDBusObject *object, gpointer user_data)
{
    look_again (user_data);
}

static void
on_interface (GDBusObjectManager *source, GDBusObject *object, GDBusInterface *interface, gpointer user_data)
{
    look_again (user_data);
}

static void
on_properties (GDBusObjectManagerClient *source, GDBusObjectProxy *object, GDBusProxy *interface,
               GVariant *changed, const char *const *invalidated, gpointer user_data)
{
    static const char *const names[] = {
        "Device", "Physdev", "Ports", "Revision", "UpdateSettings", "Version"
    };
    g_autoptr (GVariant) value = NULL;

    /* Signal quality and the like change all the time and are none of our business. */
    for (gsize i = 0; i < G_N_ELEMENTS (names) && value == NULL; i++)
        value = g_variant_lookup_value (changed, names[i], NULL);
    if (value != NULL)
        look_again (user_data);
}

static void
drop_manager (MfuModemManager *manager)
{
    if (manager->asking != NULL)
        g_cancellable_cancel (manager->asking);
    g_clear_object (&manager->asking);
    if (manager->manager != NULL)
        g_signal_handlers_disconnect_by_data (manager->manager, manager);
    g_clear_object (&manager->manager);
    g_clear_pointer (&manager->session, g_free);
}

static void
on_manager (GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (GError) local = NULL;
    MMManager *mm_manager = mm_manager_new_finish (result, &local);
    MfuModemManager *manager = user_data;

    if (mm_manager == NULL && g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* and `manager` may be gone */
    g_clear_object (&manager->asking);
    if (mm_manager == NULL) {
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "ModemManager does not tell its modems: %s",
                 local->message);
    } else {
        manager->manager = mm_manager;
        g_signal_connect (mm_manager, "object-added", G_CALLBACK (on_object), manager);
        g_signal_connect (mm_manager, "object-removed", G_CALLBACK (on_object), manager);
        g_signal_connect (mm_manager, "interface-added", G_CALLBACK (on_interface), manager);
        g_signal_connect (mm_manager, "interface-removed", G_CALLBACK (on_interface), manager);
        g_signal_connect (mm_manager, "interface-proxy-properties-changed", G_CALLBACK (on_properties),
                          manager);
    }
    look_again (manager);
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
    MfuModemManager *manager = user_data;

    drop_manager (manager);
    /* Unique names are not used twice on a bus, and each bus has an id of its own. */
    manager->session = g_strdup_printf ("%s %s", g_dbus_connection_get_guid (connection), owner);
    manager->asking = g_cancellable_new ();
    mm_manager_new (connection, G_DBUS_OBJECT_MANAGER_CLIENT_FLAGS_DO_NOT_AUTO_START, manager->asking,
                    on_manager, manager);
}

static void
on_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
    MfuModemManager *manager = user_data;

    drop_manager (manager);
    look_again (manager);
}

static void
watch_name (MfuModemManager *manager)
{
    manager->watch_id =
        g_bus_watch_name_on_connection (manager->connection, MM_DBUS_SERVICE, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                        on_appeared, on_vanished, manager, NULL);
}

MfuModemManager *
mfu_modem_manager_new (GDBusConnection *connection, MfuModemManagerChanged changed, gpointer user_data)
{
    MfuModemManager *manager = g_new0 (MfuModemManager, 1);

    manager->connection = g_object_ref (connection);
    manager->changed = changed;
    manager->user_data = user_data;
    g_mutex_init (&manager->mutex);
    g_cond_init (&manager->cond);
    manager->modems = list_modems (NULL);
    manager->left_us = g_get_monotonic_time ();
    watch_name (manager);
    return manager;
}

void
mfu_modem_manager_move (MfuModemManager *manager, GDBusConnection *connection)
{
    g_bus_unwatch_name (manager->watch_id);
    drop_manager (manager);
    g_set_object (&manager->connection, connection);
    look_again (manager);
    watch_name (manager);
}

void
mfu_modem_manager_free (MfuModemManager *manager)
{
    if (manager == NULL)
        return;
    g_bus_unwatch_name (manager->watch_id);
    drop_manager (manager);
    g_object_unref (manager->connection);
    g_ptr_array_unref (manager->modems);
    g_mutex_clear (&manager->mutex);
    g_cond_clear (&manager->cond);
    g_free (manager);
}

gboolean
mfu_modem_manager_is_asked (MfuModemManager *manager)
{
    return manager->is_asked;
}

const char *
mfu_modem_manager_get_session (MfuModemManager *manager)
{
    return manager->session;
}

gboolean
mfu_modem_manager_is_running (MfuModemManager *manager)
{
    g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&manager->mutex);

    return manager->is_running;
}

static gboolean
is_of_device (const MfuModem *modem, const MfuUsbDevice *device)
{
    if (g_str_equal (modem->uid, device->sysfs) || g_strcmp0 (modem->sysfs, device->sysfs) == 0)
        return TRUE;
    /* Not by its ports: those of a modem that has just left may be another one's by now. */
    if (g_str_has_prefix (modem->uid, SYSFS) || modem->sysfs != NULL)
        return FALSE;
    /* A udev rule may have given the modem a uid of its own. */
    for (guint i = 0; i < device->interfaces->len; i++) {
        const MfuUsbInterface *interface = device->interfaces->pdata[i];

        if (interface->tty != NULL && g_strv_contains ((const char *const *) modem->ports, interface->tty))
            return TRUE;
    }
    return FALSE;
}

static MfuModem *
find_locked (MfuModemManager *manager, const MfuUsbDevice *device)
{
    for (guint i = 0; i < manager->modems->len; i++)
        if (is_of_device (manager->modems->pdata[i], device))
            return mfu_modem_ref (manager->modems->pdata[i]);
    return NULL;
}

MfuModem *
mfu_modem_manager_find (MfuModemManager *manager, const MfuUsbDevice *device)
{
    g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&manager->mutex);

    return find_locked (manager, device);
}

static MfuModem *
find_path_locked (MfuModemManager *manager, const char *path)
{
    for (guint i = 0; i < manager->modems->len; i++) {
        MfuModem *modem = manager->modems->pdata[i];

        if (g_str_equal (modem->path, path))
            return mfu_modem_ref (modem);
    }
    return NULL;
}

MfuModem *
mfu_modem_manager_find_by_path (MfuModemManager *manager, const char *path)
{
    g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&manager->mutex);

    return find_path_locked (manager, path);
}

MfuModem *
mfu_modem_manager_find_by_uid (MfuModemManager *manager, const char *uid)
{
    g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&manager->mutex);

    for (guint i = 0; i < manager->modems->len; i++) {
        MfuModem *modem = manager->modems->pdata[i];

        if (g_str_equal (modem->uid, uid))
            return mfu_modem_ref (modem);
    }
    return NULL;
}

static void
wake_waiters (GCancellable *cancellable, gpointer user_data)
{
    MfuModemManager *manager = user_data;

    g_mutex_lock (&manager->mutex);
    g_cond_broadcast (&manager->cond);
    g_mutex_unlock (&manager->mutex);
}

/* The moment at which waiting for `device` ends without it. */
static gint64
give_up_us (MfuModemManager *manager, gint64 deadline_us, guint patience_ms)
{
    if (manager->is_running)
        return deadline_us;
    return MIN (deadline_us, manager->left_us + (gint64) patience_ms * 1000);
}

static MfuModem *
wait_exported_locked (MfuModemManager *manager, const MfuUsbDevice *device, gint64 deadline_us,
                      guint patience_ms, GCancellable *cancellable, GError **error)
{
    gint64 settle_us = 0; /* until when a version may settle; set when the modem is there */

    while (!g_cancellable_is_cancelled (cancellable)) {
        g_autoptr (MfuModem) modem = find_locked (manager, device);
        gint64 until_us = give_up_us (manager, deadline_us, patience_ms);

        if (modem != NULL && settle_us == 0)
            settle_us = MIN (deadline_us, g_get_monotonic_time () + VERSION_PATIENCE_US);
        if (modem != NULL && (modem->is_settled || g_get_monotonic_time () >= settle_us))
            return g_steal_pointer (&modem);
        if (modem != NULL)
            until_us = MIN (until_us, settle_us);
        if (g_cond_wait_until (&manager->cond, &manager->mutex, until_us) || modem != NULL)
            continue;
        if (!manager->is_running)
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("ModemManager does not run."));
        else
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                                 _ ("ModemManager has not found the modem in time."));
        return NULL;
    }
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("cancelled"));
    return NULL;
}

MfuModem *
mfu_modem_manager_wait_exported (MfuModemManager *manager, const MfuUsbDevice *device, gint64 deadline_us,
                                 guint patience_ms, GCancellable *cancellable, GError **error)
{
    gulong handler = 0;
    MfuModem *modem;

    if (cancellable != NULL)
        handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_waiters), manager, NULL);

    g_mutex_lock (&manager->mutex);
    modem = wait_exported_locked (manager, device, deadline_us, patience_ms, cancellable, error);
    g_mutex_unlock (&manager->mutex);
    g_cancellable_disconnect (cancellable, handler);
    return modem;
}

gboolean
mfu_modem_manager_wait_unexported (MfuModemManager *manager, const char *path, gint64 deadline_us)
{
    g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&manager->mutex);

    for (;;) {
        g_autoptr (MfuModem) modem = find_path_locked (manager, path);

        if (modem == NULL)
            return TRUE;
        if (!g_cond_wait_until (&manager->cond, &manager->mutex, deadline_us))
            return FALSE;
    }
}
