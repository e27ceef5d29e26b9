/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A USB device made of a program, for the virtual machine: plugged into vhci-hcd by USB/IP, with bulk
 * endpoints that echo what they get, or misbehave as a test wants. It knows no modem protocol; that is what
 * tests/sim is for. */

#include <glib.h>

typedef enum {
    GADGET_FINE,
    GADGET_STALL,   /* -EPIPE */
    GADGET_BROKEN,  /* -EPROTO, as a cable that is being pulled */
    GADGET_SILENT,  /* no answer until cancelled */
    GADGET_SHORT,   /* takes half, and says so */
    GADGET_NOTHING, /* success, with not one byte taken */
} GadgetManner;

typedef struct {
    guint16 vid, pid, bcd;
    const char *product;
    guint n_interfaces; /* each ff/ff/ff with a bulk pair; those from 1 on are never asked anything */
    gboolean is_super_speed;
} GadgetConfig;

typedef struct {
    guint n_out, n_zero_flags, n_zero_length, n_clear_halt, n_device_descriptor, n_unlinked, n_pending;
    guint longest_out;
} GadgetCounts;

typedef struct _Gadget Gadget;

/* Into port `number` (0: "1-1", or "2-1" in super speed). Aborts if the machine has no such port. */
Gadget *gadget_plug (guint number, const GadgetConfig *config);
void gadget_unplug (Gadget *gadget);

void gadget_set_out (Gadget *gadget, GadgetManner manner);
void gadget_set_in (Gadget *gadget, GadgetManner manner);
/* Pulls the cable after `ms`, from the gadget's own thread. gadget_unplug () is still to be called. */
void gadget_leave_after (Gadget *gadget, guint ms);
/* Queues something to say on the first interface's IN endpoint. */
void gadget_say (Gadget *gadget, const void *data, gsize size);
GadgetCounts gadget_get_counts (Gadget *gadget);
