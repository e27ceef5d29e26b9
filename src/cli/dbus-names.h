/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Names on the bus; config.h holds their common beginning and comes before this file. */

#define MFU_DBUS_MODEM_MANAGER      MFU_DBUS_PREFIX
#define MFU_DBUS_MODEM_MANAGER_PATH MFU_DBUS_PATH_PREFIX
#define MFU_DBUS_MODEM_PATH_PREFIX  MFU_DBUS_PATH_PREFIX "/Modem/"
#define MFU_DBUS_MODEM_INTERFACE    MFU_DBUS_PREFIX ".Modem.FirmwareUpdate"
#define MFU_DBUS_SERVICE            MFU_DBUS_PREFIX ".FirmwareUpdater"
#define MFU_DBUS_SERVICE_INTERFACE  MFU_DBUS_PREFIX ".FirmwareUpdater"
#define MFU_DBUS_SERVICE_PATH       MFU_DBUS_PATH_PREFIX "/FirmwareUpdater"
#define MFU_DBUS_JOB_INTERFACE      MFU_DBUS_PREFIX ".FirmwareUpdater.Job"
