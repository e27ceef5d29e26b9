/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where the news about devices comes from. One source makes any number of independent listeners. */

#include <gio/gio.h>

typedef struct _MfuUeventSource MfuUeventSource;
typedef struct _MfuUevents MfuUevents;

typedef struct {
    gboolean is_usb_device; /* DEVTYPE usb_device */
    gboolean is_lost;       /* no event: some were dropped, look at everything again */
    guint16 vid, pid;       /* of a usb_device, 0 if unknown */
} MfuUevent;

struct _MfuUevents {
    int fd; /* readable when receive () has something to say */
    /* FALSE when there is nothing more at the moment. Never blocks. */
    gboolean (*receive) (MfuUevents *events, MfuUevent *event);
    void (*free) (MfuUevents *events);
};

struct _MfuUeventSource {
    /* A listener that hears everything from now on. */
    MfuUevents *(*listen) (MfuUeventSource *source, GError **error);
};

/* The kernel's own events about USB devices and ttys, without udevd; static, never freed. */
MfuUeventSource *mfu_uevent_source_kernel (void);

void mfu_uevents_free (MfuUevents *events);

/* Reads away what has piled up; TRUE if there was anything. */
gboolean mfu_uevents_drain (MfuUevents *events);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuUevents, mfu_uevents_free)
