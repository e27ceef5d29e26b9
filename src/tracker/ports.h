/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What is plugged in where, now and from now on. Any thread; each armed wait has its own uevent socket and is
 * used by one thread. */

#include "tracker/device.h"
#include "util/clock.h"

typedef struct _MfuPorts MfuPorts;
typedef struct _MfuPortWait MfuPortWait;

/* `sysfs_root` is "/sys" but in tests. `families` must outlive the object. */
MfuPorts *mfu_ports_new (const char *sysfs_root, const MfuFamilies *families);
void mfu_ports_free (MfuPorts *ports);

/* Every device that some family knows in some mode, as MfuUsbDevice; those in shared identities included. */
GPtrArray *mfu_ports_scan (MfuPorts *ports, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What is in `port` ("1-2.3", its peer, or a sysfs path) now; NULL with NOT_FOUND when it is empty. Devices
 * that no family knows are returned too, with mode UNKNOWN. */
MfuUsbDevice *mfu_ports_look (MfuPorts *ports, const char *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Arms a wait for the next device in `port` or its peer: create it before causing the change. A device with
 * the devnum of `leaving` (may be NULL) on the same bus does not count. */
MfuPortWait *mfu_ports_arm (MfuPorts *ports, const char *port, const MfuUsbDevice *leaving,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Looks first at what is there already, then waits. Returns the next device in one of the modes of the bit
 * mask `modes` (1 << MfuMode) that is fully there: node present, and in NORMAL mode its interfaces bound or
 * `wants_tty` FALSE. A device in any other mode is skipped, but the TIMED_OUT error tells what was seen. */
MfuUsbDevice *mfu_port_wait_next (MfuPortWait *wait, guint modes, gboolean wants_tty, MfuClock *clock,
                                  gint64 deadline_us, GCancellable *cancellable,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until `leaving` has left. */
gboolean mfu_port_wait_gone (MfuPortWait *wait, MfuClock *clock, gint64 deadline_us,
                             GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_port_wait_free (MfuPortWait *wait);

/* Makes the kernel enumerate the device in place anew (sysfs authorized 0 -> 1). */
gboolean mfu_ports_reenumerate (MfuPorts *ports, const MfuUsbDevice *device,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* power/control=on for the device and the hubs above it; what cannot be written is ignored with a log line.
 */
void mfu_ports_keep_awake (MfuPorts *ports, const MfuUsbDevice *device);

/* A driver of the class modem-power, which powers a modem on and off and has no relation to a USB port that
 * could be read: its name, newly allocated; NULL where there is none. */
char *mfu_ports_find_power_manager (MfuPorts *ports);

/* Keeps every kernel driver off `port` and its peer (USBDEVFS_CLAIM_PORT) until freed or the process ends.
 * The device that is there now keeps its drivers; the next one gets no configuration: we set it ourselves. */
typedef struct _MfuPortHold MfuPortHold;
MfuPortHold *mfu_ports_hold (MfuPorts *ports, const char *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_port_hold_free (MfuPortHold *hold);

/* For the service's list: `changed` is called in the thread-default main context of the caller of this
 * function after any arrival or departure that may concern a family (debounced by the kernel's own order:
 * once per uevent of DEVTYPE usb_device). */
typedef void (*MfuPortsChanged) (MfuPorts *ports, gpointer user_data);
gboolean mfu_ports_watch (MfuPorts *ports, MfuPortsChanged changed, gpointer user_data,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPorts, mfu_ports_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPortWait, mfu_port_wait_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPortHold, mfu_port_hold_free)
