/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A control port (/dev/cdc-wdm0) of a simulated modem: a pseudo terminal, behind which a thread does what the
 * kernel's cdc-wdm does. So libqmi and libmbim themselves talk to the simulator. The modem must not be
 * touched by anybody else meanwhile, and its time stands still. */

#include "sim/modem.h"

typedef struct _SimWdm SimWdm;

/* `interface`: which one the control requests are for. */
SimWdm *sim_wdm_new (SimModem *modem, guint interface, gboolean is_mbim, gint64 now_us);
void sim_wdm_free (SimWdm *wdm);

/* "/dev/pts/3" */
const char *sim_wdm_get_devnode (SimWdm *wdm);

/* Whole messages that the host has sent. */
guint sim_wdm_get_n_messages (SimWdm *wdm);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimWdm, sim_wdm_free)
