/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What was seen of one USB device at one moment: immutable, counted, and able to tell its name. */

#include "tracker/device.h"

#include "config.h"

#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define VENDOR_SPECIFIC 0xff /* bInterfaceClass */

MfuUsbDevice *
mfu_usb_device_ref (MfuUsbDevice *device)
{
    g_atomic_ref_count_inc (&device->ref_count);
    return device;
}

void
mfu_usb_device_unref (MfuUsbDevice *device)
{
    if (device == NULL || !g_atomic_ref_count_dec (&device->ref_count))
        return;
    g_free (device->sysfs);
    g_free (device->place);
    g_free (device->port);
    g_free (device->peer_port);
    g_free (device->devnode);
    g_free (device->manufacturer);
    g_free (device->product);
    g_free (device->serial);
    g_clear_pointer (&device->interfaces, g_ptr_array_unref);
    g_free (device);
}

const MfuUsbInterface *
mfu_usb_device_get_interface (const MfuUsbDevice *device, guint number)
{
    for (guint i = 0; i < device->interfaces->len; i++) {
        const MfuUsbInterface *interface = g_ptr_array_index (device->interfaces, i);

        if (interface->number == number)
            return interface;
    }
    return NULL;
}

static int
number_in_family (const MfuFamily *family, MfuFunction function)
{
    if (family == NULL)
        return -1;
    switch (function) {
    case MFU_FUNCTION_DIAG:
        return family->diag_interface;
    case MFU_FUNCTION_AT:
        return family->at_interface;
    case MFU_FUNCTION_MODEM:
        return family->modem_interface;
    case MFU_FUNCTION_QMI:
    case MFU_FUNCTION_MBIM:
    default:
        return -1;
    }
}

static gboolean
has_class (const MfuUsbInterface *interface, guint8 klass, guint8 subclass, guint8 protocol)
{
    return interface->klass == klass && interface->subclass == subclass && interface->protocol == protocol;
}

/* A family whose identity others have too is known by a fixed number of interfaces, each in its place. */
static gboolean
tells_functions (const MfuUsbDevice *device)
{
    if (device->interfaces->len == 0 || device->interfaces->len < device->n_interfaces ||
        (device->family != NULL && device->family->shared_interfaces > 0))
        return FALSE;
    for (guint i = 0; i < device->interfaces->len; i++) {
        const MfuUsbInterface *interface = g_ptr_array_index (device->interfaces, i);

        if (interface->klass == 0 || (interface->klass == VENDOR_SPECIFIC && interface->n_endpoints == 0))
            return FALSE;
    }
    return TRUE;
}

/* Of the serial ports, always in the order NMEA, AT, modem, those that are left: NMEA alone takes no
 * commands. Two are NMEA and one that does, or the other two. */
static int
pick_serial (const int *serials, guint n, MfuFunction function)
{
    if (function == MFU_FUNCTION_AT)
        return n > 0 ? serials[MIN (n - 1, 1)] : -1;
    return n > 1 ? serials[n - 1] : -1;
}

/* Source: torvalds/linux, drivers/usb/serial/option.c (EC21, EC25, EP06: DIAG is ff/ff/ff with two endpoints,
 * the other serial ports are ff/00/00; the EP06's numbers change with its configuration, in the order DIAG,
 * NMEA, AT, PPP, QMI, ADB) and drivers/net/usb/qmi_wwan.c (QMI is ff/ff/ff); USB MBIM 1.0, table 4-1
 * (02/0e/00) */
static int
number_by_descriptors (const MfuUsbDevice *device, MfuFunction function)
{
    int serials[3];
    guint n = 0;

    for (guint i = 0; i < device->interfaces->len; i++) {
        const MfuUsbInterface *interface = g_ptr_array_index (device->interfaces, i);
        gboolean is_diag = has_class (interface, VENDOR_SPECIFIC, 0xff, 0xff) && interface->n_endpoints == 2;
        gboolean is_qmi = has_class (interface, VENDOR_SPECIFIC, 0xff, 0xff) && interface->n_endpoints == 3;

        if ((is_diag && function == MFU_FUNCTION_DIAG) || (is_qmi && function == MFU_FUNCTION_QMI) ||
            (has_class (interface, 0x02, 0x0e, 0x00) && function == MFU_FUNCTION_MBIM))
            return (int) interface->number;
        if (has_class (interface, VENDOR_SPECIFIC, 0x00, 0x00) && n < G_N_ELEMENTS (serials))
            serials[n++] = (int) interface->number;
    }
    if (function == MFU_FUNCTION_AT || function == MFU_FUNCTION_MODEM)
        return pick_serial (serials, n, function);
    return -1;
}

int
mfu_usb_device_find_function (const MfuUsbDevice *device, MfuFunction function)
{
    int number;

    if (tells_functions (device))
        return number_by_descriptors (device, function);
    number = number_in_family (device->family, function);
    if (number >= 0 && device->interfaces->len > 0 &&
        mfu_usb_device_get_interface (device, (guint) number) == NULL)
        return -1;
    return number;
}

static const char *
model_of (const MfuUsbDevice *device)
{
    const GArray *ids = device->family != NULL ? device->family->normal_ids : NULL;

    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        const MfuUsbId *id = &g_array_index (ids, MfuUsbId, i);

        if (id->vid == device->vid && id->pid == device->pid)
            return id->model;
    }
    return NULL;
}

char *
mfu_usb_device_describe (const MfuUsbDevice *device)
{
    const char *model = model_of (device);

    switch (device->mode) {
    case MFU_MODE_NORMAL:
        return g_strdup_printf (_ ("%s in normal mode"), model != NULL ? model : _ ("modem"));
    case MFU_MODE_SBL_DOWNLOAD:
        return g_strdup_printf (_ ("%s in Quectel's download mode"), model != NULL ? model : _ ("modem"));
    case MFU_MODE_EDL:
        return g_strdup (_ ("Qualcomm device in emergency download mode (EDL)"));
    case MFU_MODE_FASTBOOT:
        return g_strdup (_ ("Android bootloader (fastboot)"));
    case MFU_MODE_GONE:
        return g_strdup (_ ("nothing"));
    case MFU_MODE_UNKNOWN:
    default:
        return g_strdup_printf (_ ("USB device %04x:%04x"), device->vid, device->pid);
    }
}

gboolean
mfu_usb_device_check_known (const MfuUsbDevice *device, const char *name, GError **error)
{
    if (device->mode != MFU_MODE_UNKNOWN)
        return TRUE;
    if (name == NULL)
        name = device->product != NULL ? device->product : _ ("The device");
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("%s (%04x:%04x) in port %s is not one of the modems that can be updated."), name,
                 device->vid, device->pid, device->port);
    return FALSE;
}
