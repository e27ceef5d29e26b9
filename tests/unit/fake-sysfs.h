/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A USB tree of our own in a temporary folder, with verbs for what happens to it. A machine with one host
 * controller: root hubs usb1 (high speed) and usb2 (SuperSpeed), two ports each, port N of one being the peer
 * of port N of the other.
 *
 * What is scripted happens when a listener reads its next event, one thing per event: so a test says what
 * happens while the code under test sleeps, without threads and without sleeping. */

#include "tracker/ports-internal.h"

typedef struct _FakeSysfs FakeSysfs;

typedef struct {
    const char *port; /* "1-1" */
    guint devnum;
    guint16 vid, pid, bcd;
    const char *product; /* may be NULL */
} FakeDevice;

typedef void (*FakeAction) (FakeSysfs *sysfs, gconstpointer data);

FakeSysfs *fake_sysfs_new (void);
void fake_sysfs_free (FakeSysfs *sysfs);
MfuPorts *fake_sysfs_ports (FakeSysfs *sysfs, const MfuFamilies *families);
const char *fake_sysfs_root (FakeSysfs *sysfs);

/* A device as the kernel announces it: no interfaces yet. Its node is in place. */
void fake_sysfs_plug (FakeSysfs *sysfs, const FakeDevice *device);
/* The kernel chose a configuration of `n` interfaces. */
void fake_sysfs_configure (FakeSysfs *sysfs, const char *port, guint n);
/* One interface of it, ff/ff/ff; a configuration shows them one after the other. */
void fake_sysfs_add_interface (FakeSysfs *sysfs, const char *port, guint number);
/* A driver took the interface and made a tty of this name, with its node. */
void fake_sysfs_bind (FakeSysfs *sysfs, const char *port, guint number, const char *driver, const char *tty);
void fake_sysfs_unplug (FakeSysfs *sysfs, const char *port);
/* "/1-1/authorized" and the like below the device's folder. */
char *fake_sysfs_read (FakeSysfs *sysfs, const char *port, const char *attribute);
void fake_sysfs_write (FakeSysfs *sysfs, const char *port, const char *attribute, const char *value);
void fake_sysfs_remove_node (FakeSysfs *sysfs, const char *name);
void fake_sysfs_make_node (FakeSysfs *sysfs, const char *name);

/* Appends to the script; `data` must live as long. `event` is what the listener then reads. */
void fake_sysfs_script (FakeSysfs *sysfs, FakeAction action, gconstpointer data, const MfuUevent *event);
/* What is left of the script. */
guint fake_sysfs_n_scripted (FakeSysfs *sysfs);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeSysfs, fake_sysfs_free)
