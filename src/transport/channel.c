/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table behind a channel. */

#include "transport/channel.h"

gboolean
mfu_channel_send (MfuChannel *channel, const guint8 *data, gsize size, gboolean wants_zlp, gint64 deadline_us,
                  GCancellable *cancellable, GError **error)
{
    return channel->klass->send (channel, data, size, wants_zlp, deadline_us, cancellable, error);
}

gboolean
mfu_channel_flush (MfuChannel *channel, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    return channel->klass->flush (channel, deadline_us, cancellable, error);
}

gssize
mfu_channel_receive (MfuChannel *channel, guint8 *buffer, gsize size, gint64 deadline_us,
                     GCancellable *cancellable, GError **error)
{
    return channel->klass->receive (channel, buffer, size, deadline_us, cancellable, error);
}

gboolean
mfu_channel_reset (MfuChannel *channel, GError **error)
{
    return channel->klass->reset (channel, error);
}

void
mfu_channel_close (MfuChannel *channel)
{
    if (channel != NULL)
        channel->klass->close (channel);
}
