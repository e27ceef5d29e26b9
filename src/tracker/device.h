/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A USB device as sysfs shows it, and the physical port it sits in. Looking is passive: only sysfs is read.
 */

#include "tracker/family.h"

typedef struct {
    guint number;
    guint8 klass, subclass, protocol;
    guint n_endpoints; /* of its current setting; 0: none, or not known */
    char *driver;      /* NULL: none bound */
    char *tty;         /* "ttyUSB2", NULL: none */
    char *wdm;         /* "cdc-wdm0", NULL: none */
} MfuUsbInterface;

/* What an interface is for. */
typedef enum {
    MFU_FUNCTION_DIAG,
    MFU_FUNCTION_AT,
    MFU_FUNCTION_MODEM, /* PPP; takes AT commands too */
    MFU_FUNCTION_QMI,
    MFU_FUNCTION_MBIM,
} MfuFunction;

typedef struct {
    gatomicrefcount ref_count;
    char *sysfs;     /* real path of the USB device below /sys/devices, = ModemManager's uid */
    char *place;     /* of the socket, by which it is known after a reboot, see tracker/place.h */
    char *port;      /* "1-2.3": bus and port chain as the kernel names it; the user's name of the port */
    char *peer_port; /* the same socket on the other-speed bus, or NULL */
    char *devnode;   /* /dev/bus/usb/BBB/DDD */
    guint16 vid, pid, bcd_device;
    char *manufacturer, *product, *serial; /* NULL if absent */
    guint devnum;
    GPtrArray *interfaces; /* MfuUsbInterface; empty when nothing is configured */
    guint n_interfaces;    /* that the device has, configured or not; 0: not known */
    MfuMode mode;
    const MfuFamily *family; /* NULL where the identity is shared by families; not owned */
} MfuUsbDevice;

MfuUsbDevice *mfu_usb_device_ref (MfuUsbDevice *device);
void mfu_usb_device_unref (MfuUsbDevice *device);
const MfuUsbInterface *mfu_usb_device_get_interface (const MfuUsbDevice *device, guint number);

/* The number of the interface that has this function in normal mode; -1: the modem offers none. An owner can
 * take functions away (AT+QCFG="usbcfg"), and those that are left are numbered anew: the descriptors tell,
 * and the family's numbers where they do not, as for a device that the kernel has not configured. */
int mfu_usb_device_find_function (const MfuUsbDevice *device, MfuFunction function);

/* "EC25 in normal mode", "Qualcomm EDL device", for messages. Newly allocated, translated. */
char *mfu_usb_device_describe (const MfuUsbDevice *device);

/* FALSE with UNSUPPORTED for a device that no family knows. `name` is what to call it then; NULL: its own. */
gboolean mfu_usb_device_check_known (const MfuUsbDevice *device, const char *name,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuUsbDevice, mfu_usb_device_unref)
