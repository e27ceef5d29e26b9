/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Everything outside of the process that a job touches, as one table of functions: ports, channels and time.
 * The real one joins the tracker and transport rooms; tests give one that ends in a simulated modem. */

#include "tracker/ports.h"
#include "transport/channel.h"
#include "transport/control.h"

typedef struct _MfuWorld MfuWorld;
typedef struct _MfuWorldClass MfuWorldClass;

struct _MfuWorldClass {
    MfuUsbDevice *(*look) (MfuWorld *world, const char *port, GError **error);
    gpointer (*arm) (MfuWorld *world, const char *port, const MfuUsbDevice *leaving, GError **error);
    MfuUsbDevice *(*wait_next) (MfuWorld *world, gpointer wait, guint modes, gboolean wants_tty,
                                gint64 deadline_us, GCancellable *cancellable, GError **error);
    void (*disarm) (MfuWorld *world, gpointer wait);
    MfuChannel *(*open_usb) (MfuWorld *world, const MfuUsbDevice *device, guint interface,
                             GCancellable *cancellable, GError **error);
    MfuChannel *(*open_tty) (MfuWorld *world, const MfuUsbDevice *device, guint interface,
                             GCancellable *cancellable, GError **error);
    /* What `device` says and does over its control port, see mfu_control_get_version () and
     * mfu_control_give_order (); through the proxy where one has the port open. UNSUPPORTED where the modem
     * has no such port, NOT_FOUND where no driver has taken it yet, BUSY where somebody else has it.
     * `only_shared`: ModemManager may use the port at any time, so without a proxy that has it open nothing
     * is said (BUSY). */
    char *(*ask_control) (MfuWorld *world, const MfuUsbDevice *device, gboolean only_shared,
                          gboolean *has_switch, gint64 deadline_us, GCancellable *cancellable,
                          GError **error);
    gboolean (*order_control) (MfuWorld *world, const MfuUsbDevice *device, MfuControlOrder order,
                               gint64 deadline_us, GError **error);
    gboolean (*reenumerate) (MfuWorld *world, const MfuUsbDevice *device, GError **error);
    /* Keeps every driver of the kernel, and so everybody but us, off what arrives in `port` or its peer until
     * released; what is there now keeps its drivers, and what came meanwhile stays without them until it is
     * enumerated anew. NULL where that is not possible. */
    gpointer (*hold) (MfuWorld *world, const char *port, GError **error);
    void (*release) (MfuWorld *world, gpointer hold);
    void (*keep_awake) (MfuWorld *world, const MfuUsbDevice *device);
    /* The name of what may cut a modem's power by itself, or NULL; newly allocated. */
    char *(*find_power_manager) (MfuWorld *world);
    void (*free) (MfuWorld *world);
};

struct _MfuWorld {
    const MfuWorldClass *klass;
    const MfuFamilies *families;
    MfuClock *clock;
};

/* The machine that we run on. `families` must outlive it. */
MfuWorld *mfu_world_new (const MfuFamilies *families);
void mfu_world_free (MfuWorld *world);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuWorld, mfu_world_free)
