/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A world that ends in the simulated modem, with a clock that jumps: a whole flash takes milliseconds. The
 * only place where the product's interfaces and the simulator's meet. */

#include "job/world.h"

#include "sim/modem.h"

typedef struct _SimWorld SimWorld;

/* What the files of the modem's socket are called, however its bus is numbered. */
#define SIM_PLACE "sim+port2"

/* Takes the modem. `families` must outlive the world. */
SimWorld *sim_world_new (SimModem *modem, const MfuFamilies *families);
void sim_world_free (SimWorld *sim);

MfuWorld *sim_world_get (SimWorld *sim);
SimModem *sim_world_modem (SimWorld *sim);

/* The virtual time, in microseconds. */
gint64 sim_world_now_us (SimWorld *sim);

/* Lets virtual time pass, as when nobody does anything. */
void sim_world_pass_ms (SimWorld *sim, guint ms);

/* Unplugs the modem, and plugs it in again after `ms` of virtual time. */
void sim_world_replug (SimWorld *sim, guint ms);

/* As a reboot may that counts the controllers otherwise: port "1-2" is called "BUS-2" from now on. */
void sim_world_number_bus (SimWorld *sim, guint bus);

/* The kernel's name of the modem's port, newly allocated. */
char *sim_world_port (SimWorld *sim);

/* Called before every transfer and every wait, with their running number; it may do things to the modem, or
 * end the engine's life by making every later call fail with GONE (returning FALSE). */
typedef gboolean (*SimWorldHook) (SimWorld *sim, guint number, gpointer user_data);
void sim_world_set_hook (SimWorld *sim, SimWorldHook hook, gpointer user_data);
guint sim_world_get_n_events (SimWorld *sim);

/* The MfuError that every opening of a tty or usbfs node ends in; -1: none. */
void sim_world_set_open_error (SimWorld *sim, int code);

/* What /sys/class/modem-power would have; a static string, NULL: nothing. */
void sim_world_set_power_manager (SimWorld *sim, const char *name);

/* Whether ports can be held (at first they can), whether this one is. */
void sim_world_set_can_hold (SimWorld *sim, gboolean can_hold);
gboolean sim_world_is_held (SimWorld *sim);

/* Whether a modem can be enumerated anew (at first it can). */
void sim_world_set_can_reenumerate (SimWorld *sim, gboolean can_reenumerate);

/* Whether the kernel has no driver for serial ports; at first it has. */
void sim_world_set_lacks_serial (SimWorld *sim, gboolean lacks_serial);

/* Whether the kernel's drivers have taken what is plugged in now, as they do unless the port was held when it
 * came; and how often they have taken a modem in EDL so far. */
gboolean sim_world_has_drivers (SimWorld *sim);
guint sim_world_get_n_drivers_in_edl (SimWorld *sim);

/* How often the control port (QMI, MBIM) was used. */
guint sim_world_get_n_control_uses (SimWorld *sim);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimWorld, sim_world_free)
