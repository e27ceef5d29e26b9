/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Reading the kernel's USB tree, of which `root` is "/sys" but in tests. Nothing here sends anything to a
 * device. */

#include "tracker/device.h"

/* TRUE for "1-2", "1-2.3.4": the only strings that become part of a path. */
gboolean mfu_sysfs_is_port (const char *port);

/* An attribute without its line end and without bytes that are not text; NULL if it is absent or empty. */
char *mfu_sysfs_read (const char *directory, const char *attribute);
gboolean mfu_sysfs_write (const char *directory, const char *attribute, const char *value, GError **error);

/* "<root>/bus/usb/devices/<name>" */
char *mfu_sysfs_device_dir (const char *root, const char *name);

/* The hub that `port` is a port of ("usb1", "1-2"), and the port's number there. */
char *mfu_sysfs_hub_of (const char *port, guint *number);

/* The port of the same socket on the bus of the other speed, or NULL. Works for empty ports too. */
char *mfu_sysfs_peer_of (const char *root, const char *port);

/* What the kernel shows in `port`; NULL when it is empty or just being left. */
MfuUsbDevice *mfu_sysfs_read_device (const char *root, const char *port, const MfuFamilies *families);

/* The mode that these facts speak of. `product` may be NULL; `model` receives the name of a device in normal
 * or download mode, not to be freed. */
MfuMode mfu_sysfs_classify (const MfuFamilies *families, const MfuUsbDevice *facts, const MfuFamily **family);
