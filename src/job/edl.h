/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Getting a modem's programmer to talk, and flash operations through it. Private to the job room, job's
 * thread. */

#include "job/run.h"
#include "protocol/firehose.h"

/* Opens the EDL identity of `run->device`, finds out who talks there, loads the package's programmer unless
 * it runs already, and connects to it. Afterwards `run->channel` and `run->firehose` are set. */
gboolean mfu_edl_open (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Back to the boot ROM's start: by Firehose where the programmer runs, by Sahara elsewhere. */
gboolean mfu_edl_reset (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* configure and getstorageinfo. */
gboolean mfu_edl_configure (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_edl_can_read (const MfuRun *run);

/* The live partition table, or NULL where there is none that could be read. An error of the line itself is an
 * error. */
gboolean mfu_edl_read_table (MfuRun *run, GArray **partitions, GError **error) G_GNUC_WARN_UNUSED_RESULT;

gboolean mfu_edl_vendor (MfuRun *run, const MfuAction *action, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_edl_erase (MfuRun *run, const MfuAction *action, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* From the start of `reader`. `counts`: the bytes are part of the job's progress. */
gboolean mfu_edl_program (MfuRun *run, const MfuAction *action, MfuImageReader *reader, gboolean counts,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads back what was written and compares it with the image. `is_same` tells; FALSE returned means that
 * reading failed. */
gboolean mfu_edl_verify (MfuRun *run, const MfuAction *action, gboolean *is_same,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;
