/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A serial port in raw mode, exclusively. */

#include "transport/channel.h"

/* Opens `devnode` raw, 115200, without waiting for carrier, with TIOCEXCL; BUSY names the programs that hold
 * it. HUPCL is cleared so that closing drops no line. */
MfuChannel *mfu_tty_channel_open (const char *devnode, MfuClock *clock, GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
