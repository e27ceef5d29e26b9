/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A descriptor from logind is the block itself, so it cannot outlive this process. */

#include "service/inhibitors.h"

#include "util/log.h"

#include <gio/gunixfdlist.h>

#define LOGIND_NAME       "org.freedesktop.login1"
#define LOGIND_PATH       "/org/freedesktop/login1"
#define LOGIND_INTERFACE  "org.freedesktop.login1.Manager"
#define LOGIND_TIMEOUT_MS 5000

/* Source: systemd's documentation of org.freedesktop.login1, Inhibit(). */
#define WHAT "shutdown:sleep:idle:handle-power-key:handle-suspend-key:handle-hibernate-key:handle-lid-switch"
#define WHO  "mm-firmware-updater"
#define MODE "block"

int
mfu_inhibitors_take (GDBusConnection *connection, const char *why)
{
    g_autoptr (GUnixFDList) fds = NULL;
    g_autoptr (GVariant) reply = NULL;
    g_autoptr (GError) local = NULL;
    gint32 handle = -1;
    int fd = -1;

    reply = g_dbus_connection_call_with_unix_fd_list_sync (
        connection, LOGIND_NAME, LOGIND_PATH, LOGIND_INTERFACE, "Inhibit",
        g_variant_new ("(ssss)", WHAT, WHO, why, MODE), G_VARIANT_TYPE ("(h)"),
        G_DBUS_CALL_FLAGS_NO_AUTO_START, LOGIND_TIMEOUT_MS, NULL, &fds, NULL, &local);
    if (reply != NULL) {
        g_variant_get (reply, "(h)", &handle);
        if (fds != NULL && handle >= 0 && handle < g_unix_fd_list_get_length (fds))
            fd = g_unix_fd_list_get (fds, handle, &local);
    }
    /* Ignored because a router without logind does not go to sleep, and a user who pulls the plug is not
     * stopped by it either. */
    if (fd < 0)
        mfu_log (G_LOG_LEVEL_INFO, NULL, NULL, "shutdown and sleep are not blocked: %s",
                 local != NULL ? local->message : "no descriptor in logind's answer");
    return fd;
}
