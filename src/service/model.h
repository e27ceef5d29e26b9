/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What to call a modem. */

#include "tracker/device.h"

/* "EC25": from the version, which is exact, else from the USB identity, which several models share; "" if
 * neither tells. Newly allocated. */
char *mfu_model_of (const MfuUsbDevice *device, const char *version);
