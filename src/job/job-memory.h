/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a job finds of its predecessor on the disk and leaves to its successor: the journal, and the kept
 * package. Private to the job room. */

#include "job/run.h"

/* Of a job that nobody asked for, with the port's lock held, before anything else is done: counts it, so that
 * one which takes the machine down with it comes to an end. FALSE with the reason when it shall not be. */
gboolean mfu_memory_count_attempt (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Begins `run->journal`; the copy of the package becomes the kept one, and what another package has left
 * goes. */
gboolean mfu_memory_begin (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Only a modem that runs leaves nothing to be remembered. */
void mfu_memory_end (MfuRun *run, MfuJobState state);

/* Whether the package need not be brought again. */
gboolean mfu_memory_has_package (const MfuRun *run);
