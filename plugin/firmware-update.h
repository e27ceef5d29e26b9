/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The interface org.freedesktop.ModemManager1.Modem.FirmwareUpdate of one modem object. */

#include "plugin-dbus.h"
#include "plugin/symbols.h"

#define MFU_TYPE_FIRMWARE_UPDATE (mfu_firmware_update_get_type ())
G_DECLARE_FINAL_TYPE (MfuFirmwareUpdate, mfu_firmware_update, MFU, FIRMWARE_UPDATE,
                      MfuDBusModemFirmwareUpdateSkeleton)

/* libmm-glib's object skeleton notifies a property of the modem object for each interface that is added; it
 * must exist, and we name the one that the Modem interface itself has. */
#define MFU_FIRMWARE_UPDATE_NOTIFIES "modem"

/* For the modem object `modem`, which is not kept alive. `device` is ModemManager's uid, `methods` the ways
 * to flash it, `symbols` lives as long as the process. Nothing is sent to the modem before it is exported. */
MfuFirmwareUpdate *mfu_firmware_update_new (GObject *modem, const char *device, const char *const *methods,
                                            const MfuSymbols *symbols);
