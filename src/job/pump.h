/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Runs a protocol engine on a channel: the only place where the two meet, where deadlines become time and
 * where frames are logged. */

#include "package/package.h"
#include "protocol/engine.h"
#include "transport/channel.h"

typedef struct _MfuPump MfuPump;

/* `n` more image bytes have been sent. */
typedef void (*MfuPumpSent) (gsize n, gpointer user_data);
/* Content that an operation reads. FALSE with an error set ends the run. */
typedef gboolean (*MfuPumpDeliver) (const guint8 *data, gsize size, gpointer user_data, GError **error);

struct _MfuPump {
    MfuChannel *channel;
    MfuClock *clock;
    const char *port; /* for the log */
    /* What SEND_IMAGE sends: one of the two. `bytes` can be asked for in any order, `reader` from the start
     * on. */
    GBytes *bytes;
    MfuImageReader *reader;
    MfuPumpSent sent;       /* may be NULL */
    MfuPumpDeliver deliver; /* may be NULL */
    gpointer user_data;
    gint64 receive_deadline_us; /* the pump's own */
};

/* Runs until the engine is DONE (TRUE) or FAILED (its error), or the channel or the image fails. Not
 * cancellable: every request has its deadline, and a job stops between operations only. Worker thread. */
gboolean mfu_pump_run (MfuPump *pump, MfuEngine *engine, GError **error) G_GNUC_WARN_UNUSED_RESULT;
