/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A byte pipe to a modem. Everything has a deadline (of the clock given at opening) and can be cancelled;
 * TIMED_OUT and GONE are different answers. One thread at a time. */

#include "util/clock.h"

typedef struct _MfuChannel MfuChannel;
typedef struct _MfuChannelClass MfuChannelClass;

struct _MfuChannelClass {
    const char *name;
    gboolean (*send) (MfuChannel *channel, const guint8 *data, gsize size, gboolean wants_zlp,
                      gint64 deadline_us, GCancellable *cancellable, GError **error);
    gboolean (*flush) (MfuChannel *channel, gint64 deadline_us, GCancellable *cancellable, GError **error);
    gssize (*receive) (MfuChannel *channel, guint8 *buffer, gsize size, gint64 deadline_us,
                       GCancellable *cancellable, GError **error);
    gboolean (*reset) (MfuChannel *channel, GError **error);
    void (*close) (MfuChannel *channel);
};

struct _MfuChannel {
    const MfuChannelClass *klass;
};

/* Sends `data`; the bytes are copied, so `data` may be reused at once. The call may return while several
 * sends are still in flight (a bounded number); what fails later is reported by the next call. With
 * `wants_zlp` a size that is a multiple of the endpoint's packet size is followed by a zero-length packet
 * (USB only). */
gboolean mfu_channel_send (MfuChannel *channel, const guint8 *data, gsize size, gboolean wants_zlp,
                           gint64 deadline_us, GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Waits until everything sent has arrived. receive () waits for that and for an answer at once: an answer
 * that comes while the modem still takes data, or has stopped taking it, is returned. When a deadline passes
 * while something is in flight, that is taken back, so that nothing arrives late. */
gboolean mfu_channel_flush (MfuChannel *channel, gint64 deadline_us, GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The number of bytes received (0 is a zero-length packet), or -1. A receive that times out loses nothing:
 * what comes later is there for the next call. */
gssize mfu_channel_receive (MfuChannel *channel, guint8 *buffer, gsize size, gint64 deadline_us,
                            GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* USB: clears both endpoints after a stall or a broken data phase by a port reset. tty: flushes the queues.
 */
gboolean mfu_channel_reset (MfuChannel *channel, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Closes and frees; kernel drivers that were detached at opening are not attached again. */
void mfu_channel_close (MfuChannel *channel);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuChannel, mfu_channel_close)
