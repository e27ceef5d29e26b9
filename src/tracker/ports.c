/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Looking at ports, and the few switches that sysfs has for them. */

#include "tracker/ports.h"

#include "config.h"
#include "tracker/ports-internal.h"
#include "tracker/sysfs.h"
#include "util/error.h"
#include "util/log.h"

#include <glib-unix.h>
#include <string.h>

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define MAX_DEVICES        1024
#define MAX_HUBS           8 /* USB allows 7 tiers */
#define MAX_EVENTS_AT_ONCE 256

typedef struct {
    MfuPorts *ports;
    MfuUevents *events;
    GSource *source;
    MfuPortsChanged changed;
    gpointer user_data;
} Watch;

static void
watch_free (gpointer data)
{
    Watch *watch = data;

    g_source_destroy (watch->source);
    g_source_unref (watch->source);
    mfu_uevents_free (watch->events);
    g_free (watch);
}

MfuPorts *
mfu_ports_new_with (const char *sysfs_root, const char *dev_root, MfuUeventSource *source,
                    const MfuFamilies *families)
{
    MfuPorts *ports = g_new0 (MfuPorts, 1);

    ports->sysfs_root = g_strdup (sysfs_root);
    ports->dev_root = g_strdup (dev_root);
    ports->source = source;
    ports->families = families;
    g_mutex_init (&ports->lock);
    ports->held = g_ptr_array_new_with_free_func (g_free);
    ports->watches = g_ptr_array_new_with_free_func (watch_free);
    return ports;
}

char *
mfu_ports_name_of (MfuPorts *ports, const char *port, GError **error)
{
    g_autofree char *name = NULL;

    if (port != NULL && *port == '/')
        name = g_path_get_basename (port);
    else
        name = g_strdup (port);
    if (!mfu_sysfs_is_port (name)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("\"%s\" is not the name of a USB port"),
                     port != NULL ? port : "");
        return NULL;
    }
    return g_steal_pointer (&name);
}

MfuPorts *
mfu_ports_new (const char *sysfs_root, const MfuFamilies *families)
{
    return mfu_ports_new_with (sysfs_root, "/dev", mfu_uevent_source_kernel (), families);
}

void
mfu_ports_free (MfuPorts *ports)
{
    if (ports == NULL)
        return;
    g_ptr_array_unref (ports->watches);
    g_ptr_array_unref (ports->held);
    g_mutex_clear (&ports->lock);
    g_free (ports->sysfs_root);
    g_free (ports->dev_root);
    g_free (ports);
}

static gint
compare_ports (gconstpointer a, gconstpointer b)
{
    const MfuUsbDevice *left = *(const MfuUsbDevice *const *) a;
    const MfuUsbDevice *right = *(const MfuUsbDevice *const *) b;

    return strcmp (left->port, right->port);
}

GPtrArray *
mfu_ports_scan (MfuPorts *ports, GError **error)
{
    g_autofree char *path = mfu_sysfs_device_dir (ports->sysfs_root, "");
    g_autoptr (GPtrArray) devices = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_usb_device_unref);
    g_autoptr (GError) local = NULL;
    g_autoptr (GDir) dir = g_dir_open (path, 0, &local);
    const char *name;

    if (dir == NULL) {
        /* A machine without USB in its kernel has no modem, which is not an error. */
        if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_steal_pointer (&devices);
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, "%s", local->message);
        return NULL;
    }
    for (guint i = 0; i < MAX_DEVICES && (name = g_dir_read_name (dir)) != NULL; i++) {
        g_autoptr (MfuUsbDevice) device = NULL;

        if (!mfu_sysfs_is_port (name))
            continue;
        device = mfu_sysfs_read_device (ports->sysfs_root, name, ports->families);
        if (device != NULL && device->mode != MFU_MODE_UNKNOWN)
            g_ptr_array_add (devices, g_steal_pointer (&device));
    }
    g_ptr_array_sort (devices, compare_ports);
    return g_steal_pointer (&devices);
}

MfuUsbDevice *
mfu_ports_look (MfuPorts *ports, const char *port, GError **error)
{
    g_autofree char *name = mfu_ports_name_of (ports, port, error);
    g_autofree char *peer = NULL;
    MfuUsbDevice *device;

    if (name == NULL)
        return NULL;
    device = mfu_sysfs_read_device (ports->sysfs_root, name, ports->families);
    if (device == NULL) {
        peer = mfu_sysfs_peer_of (ports->sysfs_root, name);
        device = peer != NULL ? mfu_sysfs_read_device (ports->sysfs_root, peer, ports->families) : NULL;
    }
    if (device == NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("there is nothing in USB port %s"), name);
    return device;
}

gboolean
mfu_ports_reenumerate (MfuPorts *ports, const MfuUsbDevice *device, GError **error)
{
    /* Both writes return when the kernel is done: all interfaces left, all interfaces back. */
    static const char *const values[] = { "0", "1" };

    for (gsize i = 0; i < G_N_ELEMENTS (values); i++) {
        g_autoptr (GError) local = NULL;

        if (mfu_sysfs_write (device->sysfs, "authorized", values[i], &local))
            continue;
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND))
            local->code = MFU_ERROR_GONE;
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    return TRUE;
}

void
mfu_ports_keep_awake (MfuPorts *ports, const MfuUsbDevice *device)
{
    g_autofree char *path = g_strdup (device->sysfs);

    for (guint i = 0; i < MAX_HUBS; i++) {
        g_autofree char *marker = g_build_filename (path, "idVendor", NULL);
        g_autofree char *parent = NULL;
        g_autoptr (GError) local = NULL;

        if (!g_file_test (marker, G_FILE_TEST_EXISTS))
            return;
        if (!mfu_sysfs_write (path, "power/control", "on", &local))
            mfu_log (G_LOG_LEVEL_INFO, device->port, NULL, "autosuspend stays as it is: %s", local->message);
        parent = g_path_get_dirname (path);
        g_free (path);
        path = g_steal_pointer (&parent);
    }
}

/* Source: fwupd/fwupd, plugins/modem-manager/fu-mm-backend.c (the class of the out-of-tree driver
 * modem-power) and issue 4338 (it switched a modem off in the middle of its update). */
char *
mfu_ports_find_power_manager (MfuPorts *ports)
{
    g_autofree char *path = g_build_filename (ports->sysfs_root, "class", "modem-power", NULL);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    const char *name = dir != NULL ? g_dir_read_name (dir) : NULL;

    return name != NULL ? g_utf8_make_valid (name, -1) : NULL;
}

static gboolean
concerns_family (MfuPorts *ports, const MfuUevent *event)
{
    const MfuFamily *family;
    g_autoptr (GPtrArray) interfaces = NULL;
    MfuUsbDevice facts = { 0 };

    if (event->is_lost)
        return TRUE;
    if (!event->is_usb_device)
        return FALSE;
    interfaces = g_ptr_array_new ();
    facts.vid = event->vid;
    facts.pid = event->pid;
    facts.interfaces = interfaces;
    return event->vid == 0 || mfu_sysfs_classify (ports->families, &facts, &family) != MFU_MODE_UNKNOWN;
}

static gboolean
on_events (gint fd, GIOCondition condition, gpointer user_data)
{
    Watch *watch = user_data;
    MfuUevent event;

    for (guint i = 0; i < MAX_EVENTS_AT_ONCE && watch->events->receive (watch->events, &event); i++) {
        if (concerns_family (watch->ports, &event))
            watch->changed (watch->ports, watch->user_data);
    }
    return G_SOURCE_CONTINUE;
}

gboolean
mfu_ports_watch (MfuPorts *ports, MfuPortsChanged changed, gpointer user_data, GError **error)
{
    g_autoptr (MfuUevents) events = ports->source->listen (ports->source, error);
    Watch *watch;

    if (events == NULL)
        return FALSE;
    watch = g_new0 (Watch, 1);
    watch->ports = ports;
    watch->changed = changed;
    watch->user_data = user_data;
    watch->events = g_steal_pointer (&events);
    watch->source = g_unix_fd_source_new (watch->events->fd, G_IO_IN);
    g_source_set_callback (watch->source, G_SOURCE_FUNC (on_events), watch, NULL);
    g_source_attach (watch->source, g_main_context_get_thread_default ());
    g_ptr_array_add (ports->watches, watch);
    return TRUE;
}
