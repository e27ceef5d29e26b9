/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What was seen of one USB device at one moment: immutable, counted, and able to tell its name. */

#include "tracker/device.h"

#include "config.h"

#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

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
