/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The life of the service: bus, name, idle exit, and leaving in an orderly way. */

#include <glib.h>

typedef struct {
    const char *state_dir;
    const char *devices_dir;
    guint idle_seconds;      /* without a job or a call; 0: stay for good */
    guint retry_seconds;     /* until an interrupted job is taken up once more */
    gboolean keeps_packages; /* of callers who do not say */
} MfuServiceConfig;

/* Runs until there is nothing to do or a signal says so. Blocks; the main thread. */
gboolean mfu_service_run (const MfuServiceConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
