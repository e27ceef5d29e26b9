/* SPDX-License-Identifier: GPL-2.0-or-later */

/* In place of mbim.c where this is built without libmbim. */

#include "transport/control.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

static void
set_unsupported (const MfuControlPort *port, GError **error)
{
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The modem's port %s talks MBIM, which this program was built without."), port->devnode);
}

char *
mfu_mbim_get_version (const MfuControlPort *port, gboolean *has_switch, GError **error)
{
    if (has_switch != NULL)
        *has_switch = FALSE;
    set_unsupported (port, error);
    return NULL;
}

gboolean
mfu_mbim_reboot_to_edl (const MfuControlPort *port, GError **error)
{
    set_unsupported (port, error);
    return FALSE;
}
