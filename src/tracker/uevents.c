/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kernel's uevents through libudev's "kernel" monitor, which works where no udevd runs. The events only
 * say when to look: what is true is read from sysfs, so a lost event costs a look and nothing else. */

#include "tracker/uevents.h"

#include "util/error.h"

#include <errno.h>
#include <libudev.h>
#include <string.h>

#define RECEIVE_BUFFER_BYTES (1024 * 1024)
#define MAX_EVENTS_AT_ONCE   4096

typedef struct {
    MfuUevents parent;
    struct udev *udev;
    struct udev_monitor *monitor;
} KernelUevents;

/* PRODUCT=2c7c/125/318 */
static void
parse_product (const char *text, MfuUevent *event)
{
    g_auto (GStrv) parts = g_strsplit (text != NULL ? text : "", "/", 4);
    guint64 vid, pid;

    if (g_strv_length (parts) != 3 ||
        !g_ascii_string_to_unsigned (parts[0], 16, 0, G_MAXUINT16, &vid, NULL) ||
        !g_ascii_string_to_unsigned (parts[1], 16, 0, G_MAXUINT16, &pid, NULL))
        return;
    event->vid = (guint16) vid;
    event->pid = (guint16) pid;
}

static gboolean
kernel_receive (MfuUevents *events, MfuUevent *event)
{
    KernelUevents *self = (KernelUevents *) events;
    struct udev_device *device;

    memset (event, 0, sizeof *event);
    errno = 0;
    device = udev_monitor_receive_device (self->monitor);
    if (device == NULL) {
        event->is_lost = errno == ENOBUFS;
        return event->is_lost;
    }
    event->is_usb_device = g_strcmp0 (udev_device_get_subsystem (device), "usb") == 0 &&
                           g_strcmp0 (udev_device_get_devtype (device), "usb_device") == 0;
    if (event->is_usb_device)
        parse_product (udev_device_get_property_value (device, "PRODUCT"), event);
    udev_device_unref (device);
    return TRUE;
}

static void
kernel_free (MfuUevents *events)
{
    KernelUevents *self = (KernelUevents *) events;

    udev_monitor_unref (self->monitor);
    udev_unref (self->udev);
    g_free (self);
}

static MfuUevents *
kernel_listen (MfuUeventSource *source, GError **error)
{
    KernelUevents *self = g_new0 (KernelUevents, 1);
    g_autoptr (MfuUevents) events = &self->parent;
    int result;

    events->receive = kernel_receive;
    events->free = kernel_free;
    self->udev = udev_new ();
    if (self->udev != NULL)
        self->monitor = udev_monitor_new_from_netlink (self->udev, "kernel");
    if (self->monitor == NULL) {
        mfu_error_set_errno (error, errno != 0 ? errno : ENOMEM, "kernel events");
        return NULL;
    }
    /* Ignored because the default size is only more easily overrun, which is noticed. */
    (void) udev_monitor_set_receive_buffer_size (self->monitor, RECEIVE_BUFFER_BYTES);
    result = udev_monitor_filter_add_match_subsystem_devtype (self->monitor, "usb", NULL);
    if (result >= 0)
        result = udev_monitor_filter_add_match_subsystem_devtype (self->monitor, "tty", NULL);
    if (result >= 0)
        result = udev_monitor_enable_receiving (self->monitor);
    if (result < 0) {
        mfu_error_set_errno (error, -result, "kernel events");
        return NULL;
    }
    events->fd = udev_monitor_get_fd (self->monitor);
    return g_steal_pointer (&events);
}

MfuUeventSource *
mfu_uevent_source_kernel (void)
{
    static MfuUeventSource source = { kernel_listen };

    return &source;
}

void
mfu_uevents_free (MfuUevents *events)
{
    if (events != NULL)
        events->free (events);
}

gboolean
mfu_uevents_drain (MfuUevents *events)
{
    MfuUevent event;
    guint n = 0;

    while (n < MAX_EVENTS_AT_ONCE && events->receive (events, &event))
        n++;
    return n > 0;
}
