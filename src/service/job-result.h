/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A stored result back on the bus. */

#include "firmware-updater-dbus.h"

/* Sets what `properties` (a{sv}, from a file) has; a job that died with the service gets the end that the
 * journal in `state_dir` tells. FALSE when it makes no sense. Blocks for a file: before the main loop runs.
 */
gboolean mfu_job_result_show (MfuDBusFirmwareUpdaterJob *skeleton, GVariant *properties,
                              const char *state_dir);
