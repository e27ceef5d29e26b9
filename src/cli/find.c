/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which modem does the user mean?
 *
 *   ModemManager's objects        knows modems in normal mode, by object path, index and uid
 *   the service's devices         knows supported modems in every mode, by port and uid
 *   the service's jobs            know the object path that a modem had before it left for its update
 *
 * A live object of ModemManager wins over a remembered path, since indices begin anew when it is restarted.
 */

#include "config.h"

#include "cli/client.h"
#include "cli/dbus-names.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

typedef struct {
    GVariant *modems;   /* a{oa{sa{sv}}} of ModemManager; NULL: it does not run */
    GPtrArray *devices; /* MfuClientDevice; NULL: the service does not run */
    GError *error;      /* why it does not */
} Scene;

static void
scene_clear (Scene *scene)
{
    g_clear_pointer (&scene->modems, g_variant_unref);
    g_clear_pointer (&scene->devices, g_ptr_array_unref);
    g_clear_error (&scene->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static GVariant *
managed_objects (MfuClient *client, const char *service, const char *path, GDBusCallFlags flags)
{
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        mfu_client_get_bus (client), service, path, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
        NULL, G_VARIANT_TYPE ("(a{oa{sa{sv}}})"), flags, mfu_client_get_timeout_ms (client), NULL, NULL);

    /* Ignored because: either side may be absent, the other one then knows all there is. */
    return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

static Scene
look_around (MfuClient *client)
{
    Scene scene = { NULL };

    scene.modems = managed_objects (client, MFU_DBUS_MODEM_MANAGER, MFU_DBUS_MODEM_MANAGER_PATH,
                                    G_DBUS_CALL_FLAGS_NO_AUTO_START);
    scene.devices = mfu_client_list (client, &scene.error);
    return scene;
}

static MfuTarget *
target_new (const char *device, const char *modem)
{
    MfuTarget *target = g_new0 (MfuTarget, 1);

    target->device = g_strdup (device);
    target->modem = g_strdup (modem);
    target->port = g_strdup ("");
    target->job = g_strdup ("");
    target->mode = g_strdup ("");
    return target;
}

static MfuTarget *
target_from_device (const MfuClientDevice *device)
{
    MfuTarget *target = target_new (device->device[0] != '\0' ? device->device : device->port, device->modem);

    g_free (target->port);
    g_free (target->job);
    g_free (target->mode);
    target->port = g_strdup (device->port);
    target->job = g_strdup (device->job);
    target->mode = g_strdup (device->mode);
    return target;
}

static char *
interface_text (GVariant *interfaces, const char *interface, const char *property)
{
    g_autoptr (GVariant) properties = g_variant_lookup_value (interfaces, interface, G_VARIANT_TYPE_VARDICT);
    char *text = NULL;

    if (properties != NULL && !g_variant_lookup (properties, property, "s", &text))
        g_variant_lookup (properties, property, "o", &text);
    return text;
}

/* Fills in what ModemManager knows; the service's word on port, mode and job stays. */
static void
complete_from_modem (MfuTarget *target, const char *path, GVariant *interfaces)
{
    g_autoptr (GVariant) ours = g_variant_lookup_value (interfaces, MFU_DBUS_MODEM_INTERFACE, NULL);
    g_autofree char *job = interface_text (interfaces, MFU_DBUS_MODEM_INTERFACE, "Job");

    g_free (target->modem);
    target->modem = g_strdup (path);
    target->has_plugin = ours != NULL;
    if (target->job[0] == '\0' && job != NULL && !g_str_equal (job, "/")) {
        g_free (target->job);
        target->job = g_steal_pointer (&job);
    }
}

static const MfuClientDevice *
device_by_uid (const Scene *scene, const char *uid)
{
    for (guint i = 0; scene->devices != NULL && i < scene->devices->len; i++) {
        const MfuClientDevice *device = g_ptr_array_index (scene->devices, i);

        if (uid[0] != '\0' && g_str_equal (device->device, uid))
            return device;
    }
    return NULL;
}

/* By object path, or by uid (Device) or physical device; NULL matches nothing. */
static MfuTarget *
find_in_modem_manager (const Scene *scene, const char *path, const char *uid)
{
    GVariantIter iter;
    const char *object = NULL;
    GVariant *interfaces = NULL;
    MfuTarget *target = NULL;

    if (scene->modems == NULL)
        return NULL;
    g_variant_iter_init (&iter, scene->modems);
    while (target == NULL && g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &object, &interfaces)) {
        g_autofree char *device = interface_text (interfaces, MFU_DBUS_PREFIX ".Modem", "Device");
        g_autofree char *physdev = interface_text (interfaces, MFU_DBUS_PREFIX ".Modem", "Physdev");

        if (device != NULL && (g_strcmp0 (object, path) == 0 || g_strcmp0 (device, uid) == 0 ||
                               (uid != NULL && g_strcmp0 (physdev, uid) == 0))) {
            const MfuClientDevice *known = device_by_uid (scene, device);

            target = known != NULL ? target_from_device (known) : target_new (device, object);
            complete_from_modem (target, object, interfaces);
        }
        g_variant_unref (interfaces);
    }
    return target;
}

/* The target of a listed device, with what ModemManager adds. */
static MfuTarget *
target_of (const Scene *scene, const MfuClientDevice *device)
{
    MfuTarget *target =
        device->device[0] != '\0' ? find_in_modem_manager (scene, NULL, device->device) : NULL;

    return target != NULL ? target : target_from_device (device);
}

static MfuTarget *
find_in_devices (const Scene *scene, const char *modem, const char *uid, const char *port)
{
    for (guint i = 0; scene->devices != NULL && i < scene->devices->len; i++) {
        const MfuClientDevice *device = g_ptr_array_index (scene->devices, i);

        if ((modem != NULL && g_str_equal (device->modem, modem)) ||
            (uid != NULL && g_str_equal (device->device, uid)) ||
            (port != NULL && g_str_equal (device->port, port)))
            return target_of (scene, device);
    }
    return NULL;
}

/* By the path that a modem had when its job began, or has since. The newest job wins: they are numbered. */
static MfuTarget *
find_in_jobs (MfuClient *client, const Scene *scene, const char *modem)
{
    g_autoptr (GVariant) jobs =
        managed_objects (client, MFU_DBUS_SERVICE, MFU_DBUS_SERVICE_PATH, G_DBUS_CALL_FLAGS_NONE);
    GVariantIter iter;
    const char *path = NULL;
    GVariant *interfaces = NULL;
    MfuTarget *target = NULL;
    guint64 newest = 0;

    if (jobs == NULL)
        return NULL;
    g_variant_iter_init (&iter, jobs);
    while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
        g_autofree char *old = interface_text (interfaces, MFU_DBUS_JOB_INTERFACE, "OldModem");
        g_autofree char *now = interface_text (interfaces, MFU_DBUS_JOB_INTERFACE, "Modem");
        g_autofree char *device = interface_text (interfaces, MFU_DBUS_JOB_INTERFACE, "Device");
        g_autofree char *port = interface_text (interfaces, MFU_DBUS_JOB_INTERFACE, "Port");
        const char *number = strrchr (path, '/');
        guint64 age = number != NULL ? g_ascii_strtoull (number + 1, NULL, 10) : 0;

        g_variant_unref (interfaces);
        if ((g_strcmp0 (old, modem) != 0 && g_strcmp0 (now, modem) != 0) || (target != NULL && age < newest))
            continue;
        newest = age;
        g_clear_pointer (&target, mfu_target_free);
        target = find_in_devices (scene, NULL, device, port);
        if (target == NULL)
            target = target_new (device != NULL && device[0] != '\0' ? device : port != NULL ? port : "", "");
        g_free (target->job);
        target->job = g_strdup (path);
        if (target->modem[0] == '\0') {
            g_free (target->modem);
            target->modem = g_strdup (modem);
        }
    }
    return target;
}

static gboolean
is_port_name (const char *text)
{
    return g_regex_match_simple ("^[0-9]+-[0-9]+(\\.[0-9]+)*$", text, 0, 0);
}

static gboolean
is_any (const char *text)
{
    /* mmcli takes each beginning of "any". */
    return text[0] != '\0' && g_ascii_strncasecmp (text, "any", strlen (text)) == 0;
}

/* What only looks like a stuck modem, and may be somebody's telephone, is taken by its name alone. */
static gboolean
is_candidate (const MfuClientDevice *device, MfuFindKind kind)
{
    switch (kind) {
    case MFU_FIND_STUCK:
        return g_str_equal (device->needs, "package") || g_str_equal (device->needs, "resume");
    case MFU_FIND_WITH_JOB:
        return device->job[0] != '\0';
    case MFU_FIND_ANY:
    default:
        return !g_str_equal (device->needs, "recovery");
    }
}

static char *
list_names (GPtrArray *devices)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < devices->len; i++) {
        const MfuClientDevice *device = g_ptr_array_index (devices, i);
        const char *modem = g_str_has_prefix (device->modem, MFU_DBUS_MODEM_PATH_PREFIX)
                                ? device->modem + strlen (MFU_DBUS_MODEM_PATH_PREFIX)
                                : NULL;

        g_string_append (text, i > 0 ? ", " : "");
        g_string_append_printf (text, _ ("%s in port %s"),
                                device->model[0] != '\0' ? device->model : device->mode, device->port);
        if (modem != NULL)
            g_string_append_printf (text, " (-m %s)", modem);
    }
    return g_string_free (text, FALSE);
}

static MfuTarget *
find_only (const Scene *scene, MfuFindKind kind, GError **error)
{
    g_autoptr (GPtrArray) candidates = g_ptr_array_new ();
    g_autofree char *names = NULL;

    if (scene->devices == NULL) {
        g_propagate_error (error, g_error_copy (scene->error));
        return NULL;
    }
    for (guint i = 0; i < scene->devices->len; i++) {
        MfuClientDevice *device = g_ptr_array_index (scene->devices, i);

        if (is_candidate (device, kind))
            g_ptr_array_add (candidates, device);
    }
    if (candidates->len == 1)
        return target_of (scene, g_ptr_array_index (candidates, 0));

    if (candidates->len > 1) {
        names = list_names (candidates);
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("several modems fit, name one: %s"), names);
    } else if (scene->devices->len > 0 && kind != MFU_FIND_WITH_JOB) {
        names = list_names (scene->devices);
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("no modem is known to need recovery; if one of these does, name its port: %s"),
                     names);
    } else {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                             kind == MFU_FIND_WITH_JOB ? _ ("no modem has an update")
                                                       : _ ("couldn't find modem"));
    }
    return NULL;
}

static MfuTarget *
find_named (MfuClient *client, const Scene *scene, const char *name)
{
    g_autofree char *path = NULL;
    MfuTarget *target;

    if (is_port_name (name)) {
        target = find_in_devices (scene, NULL, NULL, name);
        if (target != NULL)
            return target;
        /* The service may find there what it does not list. */
        target = target_new (name, "");
        g_free (target->port);
        target->port = g_strdup (name);
        return target;
    }
    if (strspn (name, "0123456789") == strlen (name))
        path = g_strconcat (MFU_DBUS_MODEM_PATH_PREFIX, name, NULL);
    else if (g_str_has_prefix (name, MFU_DBUS_MODEM_PATH_PREFIX))
        path = g_strdup (name);

    target = find_in_modem_manager (scene, path, path == NULL ? name : NULL);
    if (target == NULL)
        target = find_in_devices (scene, path, path == NULL ? name : NULL, NULL);
    if (target == NULL && path != NULL)
        target = find_in_jobs (client, scene, path);
    return target;
}

MfuTarget *
mfu_client_find (MfuClient *client, const char *modem, const char *port, MfuFindKind kind, GError **error)
{
    g_auto (Scene) scene = look_around (client);
    const char *name = port != NULL ? port : modem;
    MfuTarget *target;

    if (port != NULL && !is_port_name (port)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                     _ ("\"%s\" is no USB port; they look like 1-2 or 1-2.3"), port);
        return NULL;
    }
    if (name != NULL && name[0] == '\0') {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("no modem was specified"));
        return NULL;
    }
    if (name == NULL || is_any (name))
        return find_only (&scene, kind, error);

    target = find_named (client, &scene, name);
    if (target == NULL && scene.devices == NULL)
        g_propagate_error (error, g_error_copy (scene.error));
    else if (target == NULL)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("couldn't find modem"));
    return target;
}
