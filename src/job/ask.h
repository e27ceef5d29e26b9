/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asking a modem in normal mode for its firmware version: on its own AT port, or, where it has none or that
 * is mute, by QMI or MBIM. */

#include "job/world.h"

/* AT+QGMR, and AT+CGMR where that is not known, on the modem's AT port; without an answer there, DMS Get
 * Revision, or what MBIM has. Tries again until the deadline while nothing answers (a modem that has just
 * started). Newly allocated; TIMED_OUT, BUSY with the holders' names, GONE. Worker thread. */
char *mfu_ask_version (MfuWorld *world, const MfuUsbDevice *device, gint64 deadline_us,
                       GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
