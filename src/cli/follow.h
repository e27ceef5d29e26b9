/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Feeds a watch from a job in the service. */

#include "cli/agent.h"
#include "cli/client.h"
#include "cli/watch.h"

/* Runs until the job at `path` has ended or cannot be followed any more; `config` lacks only klass and job,
 * which are filled in here. `view` receives the last picture. */
gboolean mfu_follow (MfuClient *client, MfuAgent *agent, const char *path, MfuWatchConfig *config,
                     MfuJobView **view, GError **error) G_GNUC_WARN_UNUSED_RESULT;
