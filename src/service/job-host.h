/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a job gets from the service: ModemManager lets go of the modem and takes it back, and the machine
 * stays awake meanwhile. One for each job; used in the job's thread. */

#include "job/job.h"
#include "service/modem-manager.h"

/* All arguments must outlive the host. */
MfuJobHost *mfu_job_host_new (GDBusConnection *connection, MfuModemManager *modem_manager, MfuWorld *world,
                              const char *job_id);

/* Ends what a job might have left: closes the connection that holds the inhibition. */
void mfu_job_host_free (MfuJobHost *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJobHost, mfu_job_host_free)
