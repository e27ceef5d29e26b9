/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A modem that comes up in normal mode in a claimed port is not configured, and stays so when the claim ends
 * with its owner; and one that was being enumerated anew may have been left unauthorized. Either is seen by
 * nobody until it is plugged in again. The journal tells such a modem from one that the owner of the machine
 * does not want. */

#include "service/tidy.h"

#include "job/journal.h"
#include "util/log.h"

static gboolean
is_known (const char *state_dir, const char *place)
{
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (state_dir, place, NULL);

    return record != NULL;
}

static void
tidy_port (MfuPorts *ports, const MfuUsbDevice *device, const char *state_dir)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (MfuPortLock) lock = NULL;

    if (device->mode != MFU_MODE_NORMAL || device->interfaces->len > 0 || device->n_interfaces == 0 ||
        !is_known (state_dir, device->place))
        return;
    lock = mfu_port_lock_take (state_dir, device->place, device->port, &local);
    if (lock != NULL && mfu_ports_reenumerate (ports, device, &local))
        mfu_log (G_LOG_LEVEL_MESSAGE, device->port, NULL,
                 "the modem that an interrupted job has left without drivers has them back");
    else
        mfu_log (G_LOG_LEVEL_WARNING, device->port, NULL, "the modem stays without drivers: %s",
                 local->message);
}

void
mfu_tidy_ports (MfuPorts *ports, const char *state_dir)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (GPtrArray) devices = mfu_ports_scan (ports, &local);

    /* Ignored because whoever asks for a modem looks again, and tells. */
    if (devices == NULL)
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "cannot look for modems: %s", local->message);
    for (guint i = 0; devices != NULL && i < devices->len; i++)
        tidy_port (ports, devices->pdata[i], state_dir);
}
