/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Structured logging: one call, with the port and the job as fields, so that a log can be filtered by modem.
 * debug = bytes and states, info = steps, message = a job's start and end, warning = we go on degraded. */

#include <glib.h>

#define MFU_LOG_DOMAIN "mm-firmware"

/* Logs `format` at `level` with the fields PORT and JOB where they are not NULL. Any thread. */
void mfu_log (GLogLevelFlags level, const char *port, const char *job, const char *format, ...)
    G_GNUC_PRINTF (4, 5);

/* A copy of `text` with every run of 14 to 22 decimal digits (IMEI, IMSI, ICCID) replaced, but for its first
 * six digits, by '*'. Everything that a modem said passes through here on its way into a log. */
char *mfu_log_mask (const char *text);
