/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One simulated modem on one port of vhci-hcd, over USB/IP. */

#include "sim/modem.h"

typedef struct _SimUsbip SimUsbip;

/* `port` is vhci-hcd's number of a port: 0 is "1-1" at high speed and "2-1" at super speed where the
 * controller's buses are 1 and 2. */
SimUsbip *sim_usbip_new (SimModem *modem, guint port);
void sim_usbip_free (SimUsbip *usbip);

/* What to wait for: the descriptor (-1 while nothing is attached) and whether it is to be written to. */
int sim_usbip_get_fd (SimUsbip *usbip);
gboolean sim_usbip_wants_write (SimUsbip *usbip);
/* The kernel has not let go of the port yet: come back soon. */
gboolean sim_usbip_is_waiting_for_port (SimUsbip *usbip);

/* Does all that can be done now without waiting. FALSE when the kernel cannot be used (message printed). */
gboolean sim_usbip_run (SimUsbip *usbip, gint64 now_us);
