/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Programs besides ModemManager that have a port open which a job needs. */

#include <gio/gio.h>

#include "tracker/device.h"

/* BUSY with their names and process ids. To be asked before ModemManager has to let go of the modem: what is
 * refused here keeps its connection. Looks only, opens nothing; `connection` knows ModemManager's process,
 * which does not count. Blocks. */
gboolean mfu_port_users_check (const MfuUsbDevice *device, GDBusConnection *connection, const char *dev_dir,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
