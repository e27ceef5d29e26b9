/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a loss of the host's power leaves of the state folder. What a file system may keep beyond that which
 * was synced differs; the two ends are tried. */

#include "fault-world.h"

/* `directory` need not be there yet. */
PowerLoss *power_loss_new (const char *directory);
void power_loss_free (PowerLoss *loss);

/* Told by system-calls.c. A new file has nothing on the disk, whatever its inode was before. */
void power_loss_created (PowerLoss *loss, int fd);
void power_loss_will_write (PowerLoss *loss, int fd);
void power_loss_synced (PowerLoss *loss, int fd);

/* Of each file only what was synced is left. `keeps_names`: the folder itself is as it was, else it is what
 * it was when it was synced last. */
void power_loss_strike (PowerLoss *loss, gboolean keeps_names);
