/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The name of a socket that outlives a reboot. Bus numbers are given in the order in which host controllers
 * are found; where a controller sits, and which way leads from it to a socket, stays. */

#include <glib.h>

/* "pci0000:00+0000:00:14.0+port2.3" for what sysfs (mounted at `root`) shows at `sysfs`; fit to be a file's
 * name. A socket has two ports, one of each speed, and the place is that of the slower one, which is always
 * there: `peer_port` ("1-2.3", or NULL) is the other port of the device's socket. NULL when `sysfs` is no USB
 * device below a root hub. */
char *mfu_place_of (const char *root, const char *sysfs, const char *peer_port);

/* Whether a place can have this name. */
gboolean mfu_place_is_name (const char *name);
