/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Words in ModemManager's log, wherever that goes: file, syslog or journal. */

#include <glib.h>

/* Logs at `level` (one of DEBUG, MESSAGE, WARNING), which ModemManager shows as <debug>, <info>, <warn>.
 * `device` is the modem's uid, or NULL. Main thread only: ModemManager's logging has one buffer. */
void mfu_plugin_log (GLogLevelFlags level, const char *device, const char *format, ...) G_GNUC_PRINTF (3, 4);
