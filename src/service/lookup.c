/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager is only asked for what the name says; which device that is, and what it is, the kernel tells.
 */

#include "service/lookup.h"

#include "config.h"

#include "job/journal.h"
#include "package/package.h"
#include "util/error.h"
#include "util/log.h"

#include <ModemManager.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <string.h>

#define MODEM_PATHS   MM_DBUS_PATH "/Modem/"
#define SYSFS_DEVICES "/sys/devices/"

void
mfu_lookup_free (MfuLookup *lookup)
{
    if (lookup == NULL)
        return;
    g_clear_pointer (&lookup->device, mfu_usb_device_unref);
    g_clear_pointer (&lookup->modem, mfu_modem_unref);
    g_free (lookup->fingerprint);
    g_free (lookup);
}

gboolean
mfu_lookup_is_modem_path (const char *name)
{
    return g_str_has_prefix (name, MODEM_PATHS);
}

static gboolean
is_sysfs_path (const char *name)
{
    return g_str_has_prefix (name, SYSFS_DEVICES) && strstr (name, "..") == NULL;
}

/* "1-2.3" */
static gboolean
is_port (const char *name)
{
    return g_ascii_isdigit (name[0]) && name[strspn (name, "0123456789-.")] == '\0' &&
           strchr (name, '-') != NULL;
}

/* The device of a modem with a uid that a udev rule made up: the one whose ports ModemManager lists. */
static MfuUsbDevice *
find_by_ports (MfuPorts *ports, MfuModemManager *modem_manager, const MfuModem *modem, GError **error)
{
    g_autoptr (GPtrArray) devices = mfu_ports_scan (ports, error);

    if (devices == NULL)
        return NULL;
    for (guint i = 0; i < devices->len; i++) {
        g_autoptr (MfuModem) other = mfu_modem_manager_find (modem_manager, devices->pdata[i]);

        if (other != NULL && g_str_equal (other->path, modem->path))
            return mfu_usb_device_ref (devices->pdata[i]);
    }
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "no USB device has its ports");
    return NULL;
}

static MfuUsbDevice *
find_of_modem (MfuPorts *ports, MfuModemManager *modem_manager, const MfuModem *modem, GError **error)
{
    const char *sysfs = modem->sysfs != NULL ? modem->sysfs : modem->uid;
    g_autoptr (GError) local = NULL;
    MfuUsbDevice *device;

    if (is_sysfs_path (sysfs))
        device = mfu_ports_look (ports, sysfs, &local);
    else
        device = find_by_ports (ports, modem_manager, modem, &local);
    if (device == NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("%s is no USB modem that can be updated here: %s."),
                     *modem->name != '\0' ? modem->name : modem->path, local->message);
    return device;
}

static MfuUsbDevice *
find_device (MfuPorts *ports, MfuModemManager *modem_manager, const char *name, GError **error)
{
    g_autoptr (MfuModem) modem = NULL;

    if (is_port (name) || is_sysfs_path (name))
        return mfu_ports_look (ports, name, error);
    if (mfu_lookup_is_modem_path (name))
        modem = mfu_modem_manager_find_by_path (modem_manager, name);
    else
        modem = mfu_modem_manager_find_by_uid (modem_manager, name);
    if (modem != NULL)
        return find_of_modem (ports, modem_manager, modem, error);
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("There is no modem '%s'."), name);
    return NULL;
}

static gboolean
check_mode (const MfuLookup *lookup, const MfuUpdateRequest *request, GError **error)
{
    const MfuUsbDevice *device = lookup->device;
    const char *name = NULL;

    if (lookup->modem != NULL && *lookup->modem->name != '\0')
        name = lookup->modem->name;
    if (!mfu_usb_device_check_known (device, name, error))
        return FALSE;
    if (device->mode == MFU_MODE_GONE) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("The modem in port %s is just leaving."),
                     device->port);
        return FALSE;
    }
    if (request->is_recovery && device->mode == MFU_MODE_NORMAL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                     _ ("The modem in port %s runs and needs no recovery."), device->port);
        return FALSE;
    }
    return TRUE;
}

static char *
fingerprint_of (const MfuUpdateRequest *request, const MfuUsbDevice *device)
{
    g_autoptr (GError) local = NULL;
    char *fingerprint;

    /* Of what the caller brought then. */
    if (request->uses_kept)
        return g_strdup (request->kept_fingerprint);
    fingerprint = mfu_package_fingerprint (request->package_fd, request->name, &local);
    /* Ignored because the job reads the whole package next and says better what is wrong with it. */
    if (fingerprint == NULL)
        mfu_log (G_LOG_LEVEL_INFO, device->port, NULL, "no fingerprint: %s", local->message);
    return fingerprint != NULL ? fingerprint : g_strdup ("");
}

MfuLookup *
mfu_lookup_new (MfuPorts *ports, MfuModemManager *modem_manager, const char *state_dir,
                MfuUpdateRequest *request, const char *name, GError **error)
{
    g_autoptr (MfuLookup) lookup = g_new0 (MfuLookup, 1);

    if (!request->uses_kept && !mfu_update_request_check_package (request, error))
        return NULL;
    lookup->device = find_device (ports, modem_manager, name, error);
    if (lookup->device == NULL) {
        if (is_port (name))
            mfu_journal_explain_absence (state_dir, name, error);
        return NULL;
    }
    lookup->modem = mfu_modem_manager_find (modem_manager, lookup->device);
    if (!check_mode (lookup, request, error) ||
        (request->uses_kept && !mfu_update_request_use_kept (request, state_dir, lookup->device, error)))
        return NULL;
    lookup->fingerprint = fingerprint_of (request, lookup->device);
    return g_steal_pointer (&lookup);
}
