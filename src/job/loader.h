/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Everything that is said to a modem in fastboot mode, as blocking calls. Private to the job room, job's
 * thread. */

#include "job/run.h"

/* Opens the fastboot identity of `run->device`, gets in step with the boot loader, and asks whether it is the
 * modem that the plan is for and takes the plan's images. A loader that is dead since the data phase of a
 * program that was here before is woken by a reset of its port. */
gboolean mfu_loader_open (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sends the image and has it written. `n_uses` as for mfu_image_open (). What fails is tried once more, after
 * a reset of the port if the session is lost. */
gboolean mfu_loader_flash (MfuRun *run, const MfuFlash *flash, guint n_uses,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Erases the boot image, so that the modem comes back to fastboot mode whatever happens until it is written
 * again. A loader that refuses is no obstacle. */
gboolean mfu_loader_stop_boot (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* To normal mode; also clears the loader's own note that it is to stay in fastboot. Opens the modem if need
 * be. */
gboolean mfu_loader_reboot (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
