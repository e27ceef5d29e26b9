/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a run that was killed may have left in a port. */

#include "tracker/ports.h"

/* Gives each modem in normal mode its drivers that has none because of an unfinished job; leaves all others
 * alone, and those whose job still runs. Blocks for some tenths of a second for each such modem. */
void mfu_tidy_ports (MfuPorts *ports, const char *state_dir);
