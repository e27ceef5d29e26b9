/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Armed waits: the kernel's events say when to look at sysfs, what is seen there decides.
 *
 *   arm      listen; remember who is there and is expected to leave
 *   (cause)  the caller makes the modem leave
 *   wait     look; return what fits; sleep until the next event; look ...
 *
 * Nothing can be missed: the socket is open before the cause, and each look comes after the events before it
 * were read away. */

#include "tracker/ports-internal.h"

#include "config.h"
#include "tracker/sysfs.h"
#include "util/error.h"

#include <string.h>
#include <unistd.h>

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

/* How long to sleep without an event. The first is for what sends none (a device node that something else
 * than devtmpfs makes), the second a net below the events. */
#define ALMOST_THERE_MS 20
#define RE_LOOK_MS      1000

struct _MfuPortWait {
    MfuPorts *ports;
    MfuUevents *events;
    char *port;
    char *peer; /* or NULL */
    /* Who is expected to leave; devnum 0: nobody. */
    char *leaving_port;
    guint leaving_devnum;
    gboolean has_left;
    char *seen; /* the last that was there and did not do, for the message; or NULL */
};

static gboolean
has_node (MfuPorts *ports, const char *name)
{
    g_autofree char *path = g_build_filename (ports->dev_root, name, NULL);

    return access (path, R_OK | W_OK) == 0;
}

static gboolean
is_leaving (MfuPortWait *wait, const MfuUsbDevice *device)
{
    return wait->leaving_devnum != 0 && !wait->has_left && device->devnum == wait->leaving_devnum &&
           g_str_equal (device->port, wait->leaving_port);
}

/* Notices that the old device is away, from when on its number means nothing. */
static void
notice_leaving (MfuPortWait *wait)
{
    g_autoptr (MfuUsbDevice) device = NULL;

    if (wait->leaving_devnum == 0 || wait->has_left)
        return;
    device = mfu_sysfs_read_device (wait->ports->sysfs_root, wait->leaving_port, wait->ports->families);
    wait->has_left = device == NULL || device->devnum != wait->leaving_devnum;
}

/* The newcomer in the port or in its peer, or NULL. */
static MfuUsbDevice *
find_newcomer (MfuPortWait *wait)
{
    const char *names[] = { wait->port, wait->peer };

    notice_leaving (wait);
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (MfuUsbDevice) device = NULL;

        if (names[i] == NULL)
            continue;
        device = mfu_sysfs_read_device (wait->ports->sysfs_root, names[i], wait->ports->families);
        if (device != NULL && !is_leaving (wait, device))
            return g_steal_pointer (&device);
    }
    return NULL;
}

static gboolean
has_tty (MfuPorts *ports, const MfuUsbDevice *device, MfuFunction function)
{
    int number = mfu_usb_device_find_function (device, function);
    const MfuUsbInterface *interface = NULL;

    if (number >= 0)
        interface = mfu_usb_device_get_interface (device, (guint) number);
    /* An interface that the modem was told not to offer (AT+QCFG="usbcfg") will never get one. */
    return interface == NULL || (interface->tty != NULL && has_node (ports, interface->tty));
}

/* While a device is being configured its interfaces appear one after the other. */
static gboolean
has_all_interfaces (const MfuUsbDevice *device)
{
    g_autofree char *text = mfu_sysfs_read (device->sysfs, "bNumInterfaces");
    guint64 n = 1;

    return text != NULL && g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT8, &n, NULL) &&
           device->interfaces->len >= n;
}

/* In a held port the kernel looks at a device once, to leave it unconfigured; were we faster, it would undo
 * our configuration. Source: torvalds/linux, drivers/usb/core/generic.c (usb_choose_configuration is 0 for an
 * owned device) */
static gboolean
is_left_alone (MfuPorts *ports, const MfuUsbDevice *device)
{
    g_autofree char *driver = g_build_filename (device->sysfs, "driver", NULL);

    return mfu_ports_is_held (ports, device->port) && g_file_test (driver, G_FILE_TEST_EXISTS);
}

/* What is still missing before `device` can be used, or NULL. Newly allocated, translated. */
static char *
what_is_missing (MfuPortWait *wait, const MfuUsbDevice *device, gboolean wants_tty)
{
    MfuPorts *ports = wait->ports;

    if (!has_node (ports, device->devnode + strlen ("/dev/")))
        return g_strdup (_ ("its device node is missing"));
    wants_tty = wants_tty && device->mode == MFU_MODE_NORMAL && device->family != NULL;
    if (!has_all_interfaces (device) && (wants_tty || !is_left_alone (ports, device)))
        return g_strdup (_ ("the kernel has not configured it"));
    if (!wants_tty)
        return NULL;
    if (has_tty (ports, device, MFU_FUNCTION_DIAG) && has_tty (ports, device, MFU_FUNCTION_AT) &&
        has_tty (ports, device, MFU_FUNCTION_MODEM))
        return NULL;
    return g_strdup (_ ("a serial port of it is missing: no driver took it"));
}

static gboolean
sleep_until_event (MfuPortWait *wait, MfuClock *clock, guint longest_ms, gint64 deadline_us,
                   GCancellable *cancellable, GError **error)
{
    GPollFD fd = { .fd = wait->events->fd, .events = G_IO_IN };
    gint64 until_us = MIN (deadline_us, mfu_clock_deadline_us (clock, longest_ms));
    g_autoptr (GError) local = NULL;

    if (mfu_clock_poll (clock, &fd, 1, until_us, cancellable, &local)) {
        if ((fd.revents & (G_IO_ERR | G_IO_HUP | G_IO_NVAL)) != 0 && !mfu_uevents_drain (wait->events)) {
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_IO, "kernel events: the socket is broken");
            return FALSE;
        }
        mfu_uevents_drain (wait->events);
        return TRUE;
    }
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT) && mfu_clock_now_us (clock) < deadline_us)
        return TRUE;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static void
explain_timeout (MfuPortWait *wait, GError **error)
{
    if (error == NULL || !g_error_matches (*error, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        return;
    g_clear_error (error);
    if (wait->seen != NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                     _ ("USB port %s: the modem did not come back as expected in time; last seen: %s"),
                     wait->port, wait->seen);
    else
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                     _ ("USB port %s: the modem did not come back in time"), wait->port);
}

static void
remember (MfuPortWait *wait, const MfuUsbDevice *device, const char *missing)
{
    g_autofree char *name = mfu_usb_device_describe (device);

    g_free (wait->seen);
    wait->seen = missing != NULL ? g_strdup_printf ("%s, %s", name, missing) : g_strdup (name);
}

MfuPortWait *
mfu_ports_arm (MfuPorts *ports, const char *port, const MfuUsbDevice *leaving, GError **error)
{
    g_autofree char *name = mfu_ports_name_of (ports, port, error);
    g_autoptr (MfuPortWait) wait = NULL;

    if (name == NULL)
        return NULL;
    wait = g_new0 (MfuPortWait, 1);
    wait->ports = ports;
    wait->peer = mfu_sysfs_peer_of (ports->sysfs_root, name);
    wait->port = g_steal_pointer (&name);
    if (leaving != NULL) {
        wait->leaving_port = g_strdup (leaving->port);
        wait->leaving_devnum = leaving->devnum;
    }
    wait->events = ports->source->listen (ports->source, error);
    return wait->events != NULL ? g_steal_pointer (&wait) : NULL;
}

MfuUsbDevice *
mfu_port_wait_next (MfuPortWait *wait, guint modes, gboolean wants_tty, MfuClock *clock, gint64 deadline_us,
                    GCancellable *cancellable, GError **error)
{
    g_autoptr (GError) local = NULL;

    g_clear_pointer (&wait->seen, g_free);
    do {
        g_autoptr (MfuUsbDevice) device = find_newcomer (wait);
        g_autofree char *missing = NULL;
        gboolean is_wanted = device != NULL && (modes & (1u << device->mode)) != 0;

        if (device != NULL) {
            missing = what_is_missing (wait, device, wants_tty);
            if (is_wanted && missing == NULL)
                return g_steal_pointer (&device);
            remember (wait, device, missing);
        }
        if (!sleep_until_event (wait, clock, is_wanted ? ALMOST_THERE_MS : RE_LOOK_MS, deadline_us,
                                cancellable, &local))
            break;
    } while (TRUE);
    explain_timeout (wait, &local);
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
}

gboolean
mfu_port_wait_gone (MfuPortWait *wait, MfuClock *clock, gint64 deadline_us, GCancellable *cancellable,
                    GError **error)
{
    g_autoptr (GError) local = NULL;

    g_return_val_if_fail (wait->leaving_devnum != 0, FALSE);
    notice_leaving (wait);
    while (!wait->has_left) {
        if (!sleep_until_event (wait, clock, RE_LOOK_MS, deadline_us, cancellable, &local))
            break;
        notice_leaving (wait);
    }
    if (wait->has_left)
        return TRUE;
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                     _ ("USB port %s: the modem did not leave in time"), wait->port);
    else
        g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

void
mfu_port_wait_free (MfuPortWait *wait)
{
    if (wait == NULL)
        return;
    mfu_uevents_free (wait->events);
    g_free (wait->port);
    g_free (wait->peer);
    g_free (wait->leaving_port);
    g_free (wait->seen);
    g_free (wait);
}
