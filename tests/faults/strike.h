/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a fault may do to a trial. */

#include "trial.h"

SimWorld *strike_sim (gpointer trial);
FaultWorld *strike_world (gpointer trial);

/* The number of the event. */
guint strike_point (gpointer trial);

/* Does not return: the job is over, and with it everything that its process held. */
void strike_kill (gpointer trial, gboolean reboots_host);
/* The same with the host's power; `keeps_names` as in power_loss_strike (). */
void strike_cut_host (gpointer trial, gboolean keeps_names);
/* The same, and when the service starts next there is another module in the port. */
void strike_swap (gpointer trial);
/* At the next event. */
void strike_kill_next (gpointer trial);
/* The simulator's faults on order are for this job only. */
void strike_clear_faults_later (gpointer trial);
