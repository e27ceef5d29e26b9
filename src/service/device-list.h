/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The Devices property: what the kernel shows, joined with what ModemManager and the jobs know. Looking is
 * passive. Main thread. */

#include "service/modem-manager.h"
#include "tracker/ports.h"

typedef struct _MfuDeviceList MfuDeviceList;

/* A job of the device in `port`: its path, NULL if there is none; `is_live` whether it still runs. */
typedef const char *(*MfuDeviceListFindJob) (const char *port, gboolean *is_live, gpointer user_data);

/* The modem in `port` waits to be resumed by what the journal of `place` tells, and has no live job. Called
 * at each join. */
typedef void (*MfuDeviceListResumable) (const char *port, const char *place, gpointer user_data);

/* The modem in `port` runs, and the journal of `place` is of an update that it has no more need of: one that
 * had not begun to write, or (`is_done`) whose version ModemManager now tells. Called at each join. */
typedef void (*MfuDeviceListSettled) (const char *port, const char *place, gboolean is_done,
                                      gpointer user_data);

/* Gives the new aa{sv} to its owner; only when it differs from the one before. */
typedef void (*MfuDeviceListChanged) (GVariant *devices, gpointer user_data);

typedef struct {
    MfuPorts *ports;
    MfuModemManager *modem_manager;
    const char *state_dir;
    MfuDeviceListFindJob find_job;
    MfuDeviceListChanged changed;
    MfuDeviceListResumable resumable;
    MfuDeviceListSettled settled;
    gpointer user_data;
} MfuDeviceListConfig;

/* What is in `config` must outlive the list. */
MfuDeviceList *mfu_device_list_new (const MfuDeviceListConfig *config);
void mfu_device_list_free (MfuDeviceList *list);

/* Looks at the ports again in a thread, because sysfs answers for a device that is just being configured only
 * when that is over. Calls while it looks end in one more look. */
void mfu_device_list_scan (MfuDeviceList *list);

/* Joins anew what the last look showed. */
void mfu_device_list_join (MfuDeviceList *list);

/* Whether the first look is over. */
gboolean mfu_device_list_is_ready (MfuDeviceList *list);

/* Whether a look is under way. Free the list's ports only when not. */
gboolean mfu_device_list_is_looking (MfuDeviceList *list);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuDeviceList, mfu_device_list_free)
