/* SPDX-License-Identifier: GPL-2.0-or-later */

/* In place of qmi.c where this is built without libqmi. */

#include "transport/control.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

static void
set_unsupported (const MfuControlPort *port, GError **error)
{
    g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                 _ ("The modem's port %s talks QMI, which this program was built without."), port->devnode);
}

char *
mfu_qmi_get_revision (const MfuControlPort *port, GError **error)
{
    set_unsupported (port, error);
    return NULL;
}

gboolean
mfu_qmi_reset (const MfuControlPort *port, GError **error)
{
    set_unsupported (port, error);
    return FALSE;
}
