/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Only the ports that a job itself talks to: DIAG for the switch, AT for the version and for fastboot. Who
 * reads positions from another one loses it as when the modem is unplugged. */

#include "service/port-users.h"

#include "config.h"

#include "transport/holders.h"
#include "util/error.h"

#include <ModemManager.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define BUS_TIMEOUT_MS 5000

/* 0: it does not run. */
static guint
pid_of_modem_manager (GDBusConnection *connection)
{
    guint32 pid = 0;
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
        "GetConnectionUnixProcessID", g_variant_new ("(s)", MM_DBUS_SERVICE), G_VARIANT_TYPE ("(u)"),
        G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT_MS, NULL, NULL);

    /* Ignored because a ModemManager that is not there has no port open either. */
    if (reply != NULL)
        g_variant_get (reply, "(u)", &pid);
    return pid;
}

gboolean
mfu_port_users_check (const MfuUsbDevice *device, GDBusConnection *connection, const char *dev_dir,
                      GError **error)
{
    const int needed[] = { mfu_usb_device_find_function (device, MFU_FUNCTION_DIAG),
                           mfu_usb_device_find_function (device, MFU_FUNCTION_AT) };
    guint manager_pid = pid_of_modem_manager (connection);

    for (gsize i = 0; i < G_N_ELEMENTS (needed); i++) {
        const MfuUsbInterface *interface =
            needed[i] >= 0 ? mfu_usb_device_get_interface (device, (guint) needed[i]) : NULL;
        g_autofree char *devnode = NULL;
        g_autofree char *holders = NULL;

        if (interface == NULL || interface->tty == NULL)
            continue;
        devnode = g_build_filename (dev_dir, interface->tty, NULL);
        holders = mfu_holders_of (devnode, manager_pid);
        if (holders == NULL)
            continue;
        g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY,
                     _ ("The modem's port %s is in use by %s; end that program and try again."), devnode,
                     holders);
        return FALSE;
    }
    return TRUE;
}
