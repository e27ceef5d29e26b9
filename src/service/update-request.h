/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The arguments of one Update call, read strictly and owned. */

#include "tracker/device.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

typedef struct {
    int package_fd; /* owned, close-on-exec; -1 until the kept copy is opened */
    char *device;   /* as the caller gave it */
    char *name;     /* the package's base name, never with a '/' */
    gboolean starts;
    gboolean is_recovery;
    gboolean keeps_package;
    gboolean uses_kept;    /* the package is the copy beside the journal */
    gboolean is_automatic; /* nobody has asked */
    char *kept_digest;     /* with uses_kept: what the journal says of it, as the next */
    char *kept_fingerprint;
    char **allow;  /* NULL: nothing */
    char *method;  /* NULL: choose */
    char *caller;  /* for whom ModemManager calls; NULL: for the sender */
    char *version; /* as ModemManager's port told it; NULL: not told */
} MfuUpdateRequest;

/* Takes its own copies of everything. INVALID_ARGS names the option that is wrong. Does not touch the
 * descriptor beyond fcntl (), so that a file system that hangs cannot hold up the main thread.
 * `keeps_package`: unless the options say otherwise. */
MfuUpdateRequest *mfu_update_request_new (GUnixFDList *fds, gint32 handle, const char *device,
                                          GVariant *options, gboolean keeps_package,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for Resume, which brings no package. */
MfuUpdateRequest *mfu_update_request_new_resume (const char *device, GVariant *options,
                                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the service itself, for the modem in `port`. */
MfuUpdateRequest *mfu_update_request_new_automatic (const char *port);

/* Takes package, name and allowances from what the interrupted job of `device` has left in `state_dir`.
 * NOT_FOUND says which package is needed. Blocks: worker threads only. */
gboolean mfu_update_request_use_kept (MfuUpdateRequest *request, const char *state_dir,
                                      const MfuUsbDevice *device, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mfu_update_request_free (MfuUpdateRequest *request);

/* Only ModemManager itself may speak for somebody else, or for a modem. */
gboolean mfu_update_request_needs_modem_manager (const MfuUpdateRequest *request);

/* Whether the descriptor is a folder, or a regular file that can be read anywhere in it. Blocks as long as
 * the file system of the package does: worker threads only. */
gboolean mfu_update_request_check_package (const MfuUpdateRequest *request,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuUpdateRequest, mfu_update_request_free)
