/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bulk endpoints of one interface of one USB device, through libusb. */

#include "transport/channel.h"

/* Opens the device node `devnode` (/dev/bus/usb/BBB/DDD), detaches a kernel driver from interface `number`,
 * claims it and takes its first bulk pair. A busy interface is retried for up to 5 s (fwupd opens every
 * fastboot device it sees); BUSY then names the holders. Sends of any size are cut into transfers of at most
 * `transfer_size` bytes (a multiple of the packet size, 0 for the default) of which at most sixteen are in
 * flight. */
MfuChannel *mfu_usb_channel_open (const char *devnode, guint number, gsize transfer_size, MfuClock *clock,
                                  GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
