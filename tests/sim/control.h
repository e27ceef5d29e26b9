/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Commands to a running modemsim, as lines of text over a Unix socket. */

#include "sim/modem.h"

/* Listens; -1 with a message. */
int sim_control_listen (const char *path);
/* Takes one client: reads its line, carries it out, answers, closes. `*quit` is set by "quit". */
void sim_control_serve (int listener, SimModem *modem, gint64 now_us, gboolean *quit);
/* The client's side: exit status. */
int sim_control_send (const char *path, char **words);
