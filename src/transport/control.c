/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who has a control port open decides how it is reached. */

#include "transport/control.h"

#include "config.h"
#include "transport/holders.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

#define MAX_VERSION 128

/* As mfu_holders_of () names them, when nobody else has the node. */
static gboolean
is_proxy_alone (const char *holders)
{
    return (g_str_has_prefix (holders, "qmi-proxy (") || g_str_has_prefix (holders, "mbim-proxy (")) &&
           strstr (holders, "), ") == NULL;
}

gboolean
mfu_control_port_find_way (MfuControlPort *port, GError **error)
{
    g_autofree char *holders = mfu_holders_of (port->devnode, 0);

    port->by_proxy = holders != NULL && is_proxy_alone (holders);
    if (holders == NULL || port->by_proxy)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY,
                 _ ("The modem's port %s is in use by %s; end that program and try again."), port->devnode,
                 holders);
    return FALSE;
}

/* What a modem says may be anything. Takes `text`. */
static char *
tidy (char *text)
{
    g_autofree char *owned = text;
    char *valid = text != NULL ? g_utf8_make_valid (text, (gssize) strnlen (text, MAX_VERSION)) : NULL;

    for (char *p = valid; p != NULL && *p != '\0'; p++)
        if (g_ascii_iscntrl (*p))
            *p = ' ';
    return valid != NULL ? g_strstrip (valid) : NULL;
}

char *
mfu_control_get_version (const MfuControlPort *port, MfuControlProtocol protocol, gboolean *has_switch,
                         GError **error)
{
    if (protocol == MFU_CONTROL_MBIM)
        return tidy (mfu_mbim_get_version (port, has_switch, error));
    if (has_switch != NULL)
        *has_switch = FALSE;
    return tidy (mfu_qmi_get_revision (port, error));
}

gboolean
mfu_control_give_order (const MfuControlPort *port, MfuControlProtocol protocol, MfuControlOrder order,
                        GError **error)
{
    if (protocol == MFU_CONTROL_QMI && order == MFU_CONTROL_RESTART)
        return mfu_qmi_reset (port, error);
    if (protocol == MFU_CONTROL_MBIM && order == MFU_CONTROL_TO_EDL)
        return mfu_mbim_reboot_to_edl (port, error);
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The modem's port %s talks %s, which has no command for this."), port->devnode,
                 protocol == MFU_CONTROL_QMI ? "QMI" : "MBIM");
    return FALSE;
}
