/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Keeping the kernel's drivers off a port: a hub port claimed through usbfs belongs to the claimer, and what
 * is plugged in there is enumerated but not configured. The claim lives as long as the descriptor.
 *
 * Source: torvalds/linux, drivers/usb/core/devio.c (USBDEVFS_CLAIM_PORT), generic.c (usb_device_is_owned) */

#include "tracker/ports-internal.h"

#include "tracker/sysfs.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_SIDES 2 /* the port and its peer */

struct _MfuPortHold {
    MfuPorts *ports;
    char *names[MAX_SIDES];
    int fds[MAX_SIDES];
};

static int
claim (MfuPorts *ports, const char *port, GError **error)
{
    unsigned int number;
    g_autofree char *hub = mfu_sysfs_hub_of (port, &number);
    g_autofree char *hub_dir = mfu_sysfs_device_dir (ports->sysfs_root, hub);
    g_autofree char *bus = mfu_sysfs_read (hub_dir, "busnum");
    g_autofree char *devnum = mfu_sysfs_read (hub_dir, "devnum");
    g_autofree char *node = NULL;
    int fd, saved_errno;

    if (bus == NULL || devnum == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "%s: there is no such hub", hub);
        return -1;
    }
    node = g_strdup_printf ("%s/bus/usb/%03u/%03u", ports->dev_root, (guint) g_ascii_strtoull (bus, NULL, 10),
                            (guint) g_ascii_strtoull (devnum, NULL, 10));
    fd = open (node, O_RDWR | O_CLOEXEC);
    if (fd >= 0 && ioctl (fd, USBDEVFS_CLAIM_PORT, &number) == 0)
        return fd;
    saved_errno = errno;
    if (fd >= 0)
        close (fd);
    mfu_error_set_errno (error, saved_errno, "%s: port %u", node, number);
    return -1;
}

/* Takes `port`, whose name the hold now owns. */
static gboolean
hold_side (MfuPortHold *hold, guint side, char *port, GError **error)
{
    hold->names[side] = port;
    hold->fds[side] = claim (hold->ports, port, error);
    if (hold->fds[side] < 0)
        return FALSE;
    g_mutex_lock (&hold->ports->lock);
    g_ptr_array_add (hold->ports->held, g_strdup (port));
    g_mutex_unlock (&hold->ports->lock);
    return TRUE;
}

gboolean
mfu_ports_is_held (MfuPorts *ports, const char *port)
{
    gboolean is_held = FALSE;

    g_mutex_lock (&ports->lock);
    for (guint i = 0; i < ports->held->len; i++)
        is_held |= g_str_equal (g_ptr_array_index (ports->held, i), port);
    g_mutex_unlock (&ports->lock);
    return is_held;
}

MfuPortHold *
mfu_ports_hold (MfuPorts *ports, const char *port, GError **error)
{
    g_autofree char *name = mfu_ports_name_of (ports, port, error);
    g_autoptr (MfuPortHold) hold = NULL;
    char *peer;

    if (name == NULL)
        return NULL;
    hold = g_new0 (MfuPortHold, 1);
    hold->ports = ports;
    for (guint i = 0; i < MAX_SIDES; i++)
        hold->fds[i] = -1;
    peer = mfu_sysfs_peer_of (ports->sysfs_root, name);
    if (!hold_side (hold, 0, g_steal_pointer (&name), error)) {
        g_free (peer);
        return NULL;
    }
    if (peer != NULL && !hold_side (hold, 1, peer, error))
        return NULL;
    return g_steal_pointer (&hold);
}

void
mfu_port_hold_free (MfuPortHold *hold)
{
    if (hold == NULL)
        return;
    for (guint i = 0; i < MAX_SIDES; i++) {
        guint index;

        if (hold->fds[i] >= 0) {
            g_mutex_lock (&hold->ports->lock);
            if (g_ptr_array_find_with_equal_func (hold->ports->held, hold->names[i], g_str_equal, &index))
                g_ptr_array_remove_index_fast (hold->ports->held, index);
            g_mutex_unlock (&hold->ports->lock);
            close (hold->fds[i]);
        }
        g_free (hold->names[i]);
    }
    g_free (hold);
}
