/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Who has a device node open. */

#include <glib.h>

/* "ModemManager (pid 123), minicom (pid 4)" from /proc, without ourselves and the process `but_pid` (0:
 * nobody else is left out); NULL if none is found. */
char *mfu_holders_of (const char *devnode, guint but_pid);
