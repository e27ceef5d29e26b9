/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* From what a caller names to the USB device that it means, and what else must be known before there is a
 * job.
 */

#include "service/modem-manager.h"
#include "service/update-request.h"
#include "tracker/ports.h"

typedef struct {
    MfuUsbDevice *device;
    MfuModem *modem;   /* NULL: ModemManager does not export it */
    char *fingerprint; /* of the package; "" where it cannot be told */
} MfuLookup;

/* Looks for `name`: ModemManager's uid, a modem's object path or a USB port. Also checks the package's
 * descriptor, or finds the kept copy in `state_dir` for `request`. NOT_FOUND, UNSUPPORTED for what no family
 * knows, INVALID_ARGS for a recovery of a modem that runs. Blocks: worker threads only. */
MfuLookup *mfu_lookup_new (MfuPorts *ports, MfuModemManager *modem_manager, const char *state_dir,
                           MfuUpdateRequest *request, const char *name,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_lookup_free (MfuLookup *lookup);

/* Whether `name` can only be an object of ModemManager's. */
gboolean mfu_lookup_is_modem_path (const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuLookup, mfu_lookup_free)
