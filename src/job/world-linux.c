/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The machine that we run on, as a job sees it: /sys, /dev, and the system's clock. */

#include "job/world.h"

#include "config.h"
#include "transport/tty.h"
#include "transport/usb.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

typedef struct {
    MfuWorld parent;
    MfuPorts *ports;
} LinuxWorld;

static MfuPorts *
ports_of (MfuWorld *world)
{
    return ((LinuxWorld *) world)->ports;
}

static MfuUsbDevice *
linux_look (MfuWorld *world, const char *port, GError **error)
{
    return mfu_ports_look (ports_of (world), port, error);
}

static gpointer
linux_arm (MfuWorld *world, const char *port, const MfuUsbDevice *leaving, GError **error)
{
    return mfu_ports_arm (ports_of (world), port, leaving, error);
}

static MfuUsbDevice *
linux_wait_next (MfuWorld *world, gpointer wait, guint modes, gboolean wants_tty, gint64 deadline_us,
                 GCancellable *cancellable, GError **error)
{
    return mfu_port_wait_next (wait, modes, wants_tty, world->clock, deadline_us, cancellable, error);
}

static void
linux_disarm (MfuWorld *world, gpointer wait)
{
    mfu_port_wait_free (wait);
}

static MfuChannel *
linux_open_usb (MfuWorld *world, const MfuUsbDevice *device, guint interface, GCancellable *cancellable,
                GError **error)
{
    return mfu_usb_channel_open (device->devnode, interface, 0, world->clock, cancellable, error);
}

/* The picture may be older than the driver's binding, so it is taken anew; but it must be the same device. */
static MfuUsbDevice *
look_anew (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    g_autoptr (MfuUsbDevice) now = mfu_ports_look (ports_of (world), device->port, NULL);

    if (now != NULL && now->devnum == device->devnum && g_strcmp0 (now->sysfs, device->sysfs) == 0)
        return g_steal_pointer (&now);
    g_set_error (error, MFU_ERROR, MFU_ERROR_GONE, _ ("the modem left USB port %s"), device->port);
    return NULL;
}

static MfuChannel *
linux_open_tty (MfuWorld *world, const MfuUsbDevice *device, guint interface, GCancellable *cancellable,
                GError **error)
{
    g_autoptr (MfuUsbDevice) now = look_anew (world, device, error);
    const MfuUsbInterface *found = NULL;
    g_autofree char *devnode = NULL;

    if (now == NULL)
        return NULL;
    found = mfu_usb_device_get_interface (now, interface);
    if (found == NULL || found->tty == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("the modem in USB port %s has no serial port on its interface %u"), device->port,
                     interface);
        return NULL;
    }
    devnode = g_build_filename ("/dev", found->tty, NULL);
    return mfu_tty_channel_open (devnode, world->clock, cancellable, error);
}

/* The node's name, newly allocated, and what is talked there. */
static char *
find_control (MfuWorld *world, const MfuUsbDevice *device, MfuControlProtocol *protocol, GError **error)
{
    g_autoptr (MfuUsbDevice) now = look_anew (world, device, error);
    int number;

    if (now == NULL)
        return NULL;
    for (guint i = 0; i < now->interfaces->len; i++) {
        const MfuUsbInterface *interface = g_ptr_array_index (now->interfaces, i);

        /* The driver knows best: it has been told which interface is which. */
        if (interface->wdm == NULL || interface->driver == NULL)
            continue;
        *protocol = strcmp (interface->driver, "cdc_mbim") == 0 ? MFU_CONTROL_MBIM : MFU_CONTROL_QMI;
        return g_build_filename ("/dev", interface->wdm, NULL);
    }
    number = mfu_usb_device_find_function (now, MFU_FUNCTION_QMI);
    if (number < 0)
        number = mfu_usb_device_find_function (now, MFU_FUNCTION_MBIM);
    if (number < 0)
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("The modem in port %s has no QMI or MBIM port."), device->port);
    else
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("No driver has taken the QMI or MBIM port of the modem in port %s (interface %d)."),
                     device->port, number);
    return NULL;
}

static char *
linux_ask_control (MfuWorld *world, const MfuUsbDevice *device, gboolean only_shared, gboolean *has_switch,
                   gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    MfuControlProtocol protocol;
    g_autofree char *devnode = find_control (world, device, &protocol, error);
    MfuControlPort port = { devnode, FALSE, world->clock, deadline_us, cancellable };

    if (devnode == NULL || !mfu_control_port_find_way (&port, error))
        return NULL;
    if (only_shared && !port.by_proxy) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY,
                     _ ("ModemManager has the modem, but not through a proxy; its port %s is left alone."),
                     devnode);
        return NULL;
    }
    return mfu_control_get_version (&port, protocol, has_switch, error);
}

static gboolean
linux_order_control (MfuWorld *world, const MfuUsbDevice *device, MfuControlOrder order, gint64 deadline_us,
                     GError **error)
{
    MfuControlProtocol protocol;
    g_autofree char *devnode = find_control (world, device, &protocol, error);
    MfuControlPort port = { devnode, FALSE, world->clock, deadline_us, NULL };

    return devnode != NULL && mfu_control_port_find_way (&port, error) &&
           mfu_control_give_order (&port, protocol, order, error);
}

static gboolean
linux_reenumerate (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    return mfu_ports_reenumerate (ports_of (world), device, error);
}

static gpointer
linux_hold (MfuWorld *world, const char *port, GError **error)
{
    return mfu_ports_hold (ports_of (world), port, error);
}

static void
linux_release (MfuWorld *world, gpointer hold)
{
    mfu_port_hold_free (hold);
}

static void
linux_keep_awake (MfuWorld *world, const MfuUsbDevice *device)
{
    mfu_ports_keep_awake (ports_of (world), device);
}

static char *
linux_find_power_manager (MfuWorld *world)
{
    return mfu_ports_find_power_manager (ports_of (world));
}

static void
linux_free (MfuWorld *world)
{
    mfu_ports_free (ports_of (world));
    g_free (world);
}

static const MfuWorldClass linux_class = {
    .look = linux_look,
    .arm = linux_arm,
    .wait_next = linux_wait_next,
    .disarm = linux_disarm,
    .open_usb = linux_open_usb,
    .open_tty = linux_open_tty,
    .ask_control = linux_ask_control,
    .order_control = linux_order_control,
    .reenumerate = linux_reenumerate,
    .hold = linux_hold,
    .release = linux_release,
    .keep_awake = linux_keep_awake,
    .find_power_manager = linux_find_power_manager,
    .free = linux_free,
};

MfuWorld *
mfu_world_new (const MfuFamilies *families)
{
    LinuxWorld *self = g_new0 (LinuxWorld, 1);

    self->parent.klass = &linux_class;
    self->parent.families = families;
    self->parent.clock = mfu_clock_system ();
    self->ports = mfu_ports_new ("/sys", families);
    return &self->parent;
}

void
mfu_world_free (MfuWorld *world)
{
    if (world != NULL)
        world->klass->free (world);
}
