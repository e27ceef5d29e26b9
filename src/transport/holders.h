/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Who has a device node open. */

#include <glib.h>

/* "ModemManager (pid 123), minicom (pid 4)" from /proc, without ourselves; NULL if none is found. */
char *mfu_holders_of (const char *devnode);
