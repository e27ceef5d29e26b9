/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Keeps the machine awake while a modem has no firmware. */

#include <gio/gio.h>

/* Asks logind to block shutdown, sleep and the keys that cause them. Returns a descriptor that ends the block
 * when it is closed; -1 where there is no logind, or it refused. Blocks at most five seconds: worker threads.
 */
int mfu_inhibitors_take (GDBusConnection *connection, const char *why);
