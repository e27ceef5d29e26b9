/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The root object: Update, Devices, and the jobs below it. Main thread. */

#include "service/authorize.h"
#include "service/modem-manager.h"
#include "service/results.h"
#include "tracker/ports.h"

typedef struct _MfuManager MfuManager;

/* Called whenever mfu_manager_is_busy () may answer something else, and at each call from the bus. */
typedef void (*MfuManagerChanged) (MfuManager *manager, gpointer user_data);

typedef struct {
    GDBusConnection *connection;
    MfuAuthorizer *authorizer;
    MfuModemManager *modem_manager;
    MfuResults *results;
    MfuPorts *ports;
    const MfuFamilies *families;
    const char *state_dir;
    gboolean keeps_packages; /* of callers who do not say */
    guint retry_seconds;     /* see MfuResumesConfig */
    MfuManagerChanged changed;
    gpointer user_data;
} MfuManagerConfig;

/* Exports the root object and the results of earlier jobs. What is in `config` must outlive the manager. */
MfuManager *mfu_manager_new (const MfuManagerConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Only when it is not busy. */
void mfu_manager_free (MfuManager *manager);

/* Something was plugged in or out. */
void mfu_manager_ports_changed (MfuManager *manager);

/* ModemManager has something new. */
void mfu_manager_modems_changed (MfuManager *manager);

/* From now on interrupted jobs are taken up: the service is on the bus. */
void mfu_manager_resume (MfuManager *manager);

/* Whether one of them has not been found yet. */
gboolean mfu_manager_is_hoping (MfuManager *manager);

/* Whether Devices has its first value. */
gboolean mfu_manager_is_ready (MfuManager *manager);

/* Whether a call is being answered, a job lives (one that waits in "ready" included), or is to be tried
 * again. */
gboolean mfu_manager_is_busy (MfuManager *manager);

/* Whether a look at the ports is under way, which uses what `config` names. */
gboolean mfu_manager_is_looking (MfuManager *manager);

/* No new jobs from now on; cancels those that can be. The rest ends by itself: wait until it is not busy. */
void mfu_manager_stop (MfuManager *manager);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuManager, mfu_manager_free)
