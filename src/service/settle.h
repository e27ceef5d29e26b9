/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A journal of which the modem has no more need: it runs, and nobody finishes anything. */

#include "tracker/ports.h"

#include <gio/gio.h>

typedef struct {
    MfuPorts *ports; /* as long as the task runs */
    const char *state_dir;
    const char *port;  /* where the modem is seen */
    const char *place; /* of its journal */
    gboolean is_done; /* it runs what was written; else only a journal of an update that wrote nothing goes */
} MfuSettle;

/* Archives the journal and removes the kept package in a thread, if the modem still runs there and no other
 * program is at it. */
void mfu_settle_async (const MfuSettle *what, GAsyncReadyCallback callback, gpointer user_data);

/* Whether it did; the place (newly allocated) in any case. */
gboolean mfu_settle_finish (GAsyncResult *result, char **place);
