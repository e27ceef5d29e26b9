/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which job the service has for one modem. The service is never started for the sake of this question. */

#include <gio/gio.h>

typedef struct _MfuServiceWatch MfuServiceWatch;

/* `job` is the object path, "/" if the service has none or does not run. */
typedef void (*MfuServiceWatchFunc) (const char *job, gpointer user_data);

/* `device` is ModemManager's uid. `changed` is called in the main context until the watch is freed, and never
 * from within this function. */
MfuServiceWatch *mfu_service_watch_new (GDBusConnection *connection, const char *device,
                                        MfuServiceWatchFunc changed, gpointer user_data);
void mfu_service_watch_free (MfuServiceWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuServiceWatch, mfu_service_watch_free)
