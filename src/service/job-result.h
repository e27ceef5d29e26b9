/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A stored result back on the bus. */

#include "firmware-updater-dbus.h"
#include "service/results.h"
#include "tracker/device.h"

/* Sets what `result` has; a job that died with the service gets the end that the journal in `state_dir`
 * tells. `device` (may be NULL) is what is in its place now, whose port may have another number. FALSE when
 * it makes no sense. Blocks for a file: before the main loop runs.
 */
gboolean mfu_job_result_show (MfuDBusFirmwareUpdaterJob *skeleton, const MfuResult *result,
                              const MfuUsbDevice *device, const char *state_dir);
