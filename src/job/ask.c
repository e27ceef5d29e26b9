/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Source: AT+QGMR tells the full version with the project suffix on MDM9x07 and later and is ERROR on the old
 * EC20, where AT+CGMR tells all there is (forums.quectel.com/t/25138). */

#include "job/ask.h"

#include "config.h"
#include "job/pump.h"
#include "protocol/at.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define COMMAND_TIMEOUT_MS 3000
#define RETRY_MS           500

static char *
ask (MfuPump *pump, const char *command, GError **error)
{
    g_autoptr (MfuEngine) engine = mfu_at_new (command, COMMAND_TIMEOUT_MS, FALSE);

    if (!mfu_pump_run (pump, engine, error))
        return NULL;
    return g_strstrip (g_strdup (mfu_at_get_text (engine)));
}

static char *
ask_once (MfuWorld *world, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    g_autoptr (MfuChannel) channel = NULL;
    g_autoptr (GError) local = NULL;
    MfuPump pump = { .clock = world->clock, .port = device->port };
    char *version;

    channel =
        world->klass->open_tty (world, device, (guint) device->family->at_interface, cancellable, error);
    if (channel == NULL)
        return NULL;
    pump.channel = channel;
    version = ask (&pump, "+QGMR", &local);
    if (version != NULL && *version != '\0')
        return version;
    g_free (version);
    if (local != NULL && !g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return NULL;
    }
    return ask (&pump, "+CGMR", error);
}

char *
mfu_ask_version (MfuWorld *world, const MfuUsbDevice *device, gint64 deadline_us, GCancellable *cancellable,
                 GError **error)
{
    if (device->family == NULL || device->family->at_interface < 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, _ ("The modem in port %s has no AT port."),
                     device->port);
        return NULL;
    }
    for (;;) {
        g_autoptr (GError) local = NULL;
        char *version = ask_once (world, device, cancellable, &local);
        gint64 next_us = mfu_clock_deadline_us (world->clock, RETRY_MS);

        if (version != NULL)
            return version;
        if (next_us >= deadline_us || !(g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT) ||
                                        g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY))) {
            g_propagate_error (error, g_steal_pointer (&local));
            return NULL;
        }
        if (!world->clock->sleep_until (world->clock, next_us, cancellable, error))
            return NULL;
    }
}
