/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Everything that is said to a modem in DLOAD, in Quectel's SBL download mode, and to the streaming loader
 * that both take, as blocking calls. Private to the job room, job's thread. */

#include "job/plan-stream.h"
#include "job/run.h"

/* Opens the download identity of `run->device`, finds out who talks there, loads the package's loader unless
 * one runs already, and makes sure that the modem's partition table is one of the package's. Afterwards
 * `run->channel` and `run->streaming` are set. `is_closing`: the loader for an emergency is tried first. */
gboolean mfu_streamer_open (MfuRun *run, gboolean is_closing, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* All of them, in order, as a part of the job's progress. What the loader refuses is tried once more. */
gboolean mfu_streamer_write (MfuRun *run, GArray *streams, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lets the modem start from its flash, whoever talks there now; opens it if need be. */
gboolean mfu_streamer_reset (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
