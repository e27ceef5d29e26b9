/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Waiting for the asynchronous calls of libqmi and libmbim in a thread of our own, by the deadline of a
 * control port. Private to the transport room.
 *
 *     g_autoptr (MfuAwait) await = mfu_await_new (port);
 *     call_async (..., mfu_await_get_cancellable (await), mfu_await_done, await);
 *     call_finish (..., mfu_await_result (await), &local); */

#include "transport/control.h"

typedef struct _MfuAwait MfuAwait;

/* Until freed, asynchronous calls of this thread are delivered inside of mfu_await_result () alone. */
MfuAwait *mfu_await_new (const MfuControlPort *port);

/* Runs what is left to be delivered, so that nothing stays open, and lets go of the thread. */
void mfu_await_free (MfuAwait *await);

/* Cancelled by the deadline, or by the caller. */
GCancellable *mfu_await_get_cancellable (MfuAwait *await);

/* Whole seconds that are left for a request, at least one. */
guint mfu_await_get_seconds (MfuAwait *await);

/* The GAsyncReadyCallback of every call; its user_data is the MfuAwait. */
void mfu_await_done (GObject *source, GAsyncResult *result, gpointer user_data);

/* Waits for it. Valid until the next call. */
GAsyncResult *mfu_await_result (MfuAwait *await);

/* Converts the error of a call: what the deadline or the caller has cut short is that, a port that is no more
 * is GONE, anything else is `code` (which the caller knows from the library's domains). Takes `foreign`. */
void mfu_await_convert (MfuAwait *await, GError *foreign, int code, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuAwait, mfu_await_free)
