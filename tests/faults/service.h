/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the service does without being asked when it starts, and when it is asked for a recovery without a
 * package: by its own code, but for the main loop and the kernel's list of ports. */

#include "job/job-fixture.h"

/* Looks after drivers, leftovers and the journal, and takes up what was interrupted; again where that may
 * help, after a pause and after `paused` (may be NULL). Returns how many jobs it has run. */
guint service_start (JobFixture *fixture, void (*paused) (gpointer user_data), gpointer user_data);

/* The first thing of that alone, which whoever types a command has the service do by starting it: a modem
 * that runs and has no drivers is enumerated anew if its journal is there. */
void service_tidy (JobFixture *fixture);

/* FALSE with the error when there is nothing to do it with. */
gboolean service_recover (JobFixture *fixture, GError **error);
