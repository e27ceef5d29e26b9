/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The service as the plugin sees it: it remembers the last Update and answers as it is told. */

#include "plugin-dbus.h"

typedef struct {
    GDBusConnection *connection;
    MfuDBusFirmwareUpdater *interface;
    guint name_id;

    const char *error_name; /* answer with this error instead of a job */
    gboolean is_silent;     /* keep the call, to be answered by fake_service_answer () */
    GDBusMethodInvocation *kept;

    guint n_updates;
    char *device;
    GVariant *options;
    guint64 inode; /* of the package's descriptor */
    guint n_fds;
    gboolean is_interactive;
} FakeService;

/* Owns the service's name on `connection` a moment later. */
FakeService *fake_service_new (GDBusConnection *connection);
void fake_service_free (FakeService *service);
/* Answers the kept call. */
void fake_service_answer (FakeService *service);
/* What the property Devices says: one device with this job. */
void fake_service_set_job (FakeService *service, const char *device, const char *job);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeService, fake_service_free)
