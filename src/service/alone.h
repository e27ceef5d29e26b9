/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One service a state folder. */

#include <glib.h>

/* Waits until no other one works with `state_dir`, at most as long as the bus waits for a service that it has
 * started; BUSY then. `fd` is the lock, to be closed at the end; -1 where there can be none, which is no
 * error: jobs will find out about a folder that cannot be written. Blocks. */
gboolean mfu_alone_wait (const char *state_dir, int *fd, GError **error) G_GNUC_WARN_UNUSED_RESULT;
