/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Who may flash a modem: root, and whom polkit allows. Main thread only. */

#include <gio/gio.h>
#include <sys/types.h>

typedef struct _MfuAuthorizer MfuAuthorizer;

MfuAuthorizer *mfu_authorizer_new (GDBusConnection *connection);

/* Checks under way keep what they need; their callbacks still come. */
void mfu_authorizer_free (MfuAuthorizer *authorizer);

/* Asks for `caller`, a unique bus name, or for the sender itself when it is NULL. `must_be_modem_manager`:
 * the sender has to own ModemManager's name and to run as root, because it speaks for somebody else. */
void mfu_authorizer_check_async (MfuAuthorizer *authorizer, const char *sender, const char *caller,
                                 gboolean must_be_modem_manager, GAsyncReadyCallback callback,
                                 gpointer user_data);

/* `uid`: the caller's. NOT_AUTHORIZED, or BUSY when this user leaves too many questions unanswered. */
gboolean mfu_authorizer_check_finish (GAsyncResult *result, uid_t *uid,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuAuthorizer, mfu_authorizer_free)
