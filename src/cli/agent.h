/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* polkit's text agent, for users on a terminal without a desktop: without one they would just be refused. */

#include <glib.h>

typedef struct _MfuAgent MfuAgent;

/* Starts nothing yet. */
MfuAgent *mfu_agent_new (void);
void mfu_agent_free (MfuAgent *agent);

/* Makes sure that an agent runs, if there is use for one: the user is not root, sits at a terminal, and
 * pkttyagent is installed. Waits until it is registered. An agent of the user's desktop is left in place.
 * Call it before each call that polkit may ask about: Ctrl-C reaches the agent too and ends it. */
void mfu_agent_ensure (MfuAgent *agent);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuAgent, mfu_agent_free)
