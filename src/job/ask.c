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
#define CONTROL_TIMEOUT_MS 5000
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
ask_at (MfuWorld *world, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    g_autoptr (MfuChannel) channel = NULL;
    g_autoptr (GError) local = NULL;
    MfuPump pump = { .clock = world->clock, .port = device->port };
    int number = mfu_usb_device_find_function (device, MFU_FUNCTION_AT);
    char *version;

    if (number < 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, _ ("The modem in port %s has no AT port."),
                     device->port);
        return NULL;
    }
    channel = world->klass->open_tty (world, device, (guint) number, cancellable, error);
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

/* What will be no other the next time. */
static gboolean
is_final (const GError *error)
{
    return g_error_matches (error, MFU_ERROR, MFU_ERROR_CANCELLED) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_GONE);
}

/* A control port's driver may come late, and nobody waits for it; the serial ports' are waited for. */
static gboolean
is_worth_a_retry (const MfuUsbDevice *device, const GError *error)
{
    return g_error_matches (error, MFU_ERROR, MFU_ERROR_TIMED_OUT) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_BUSY) ||
           (g_error_matches (error, MFU_ERROR, MFU_ERROR_NOT_FOUND) &&
            mfu_usb_device_find_function (device, MFU_FUNCTION_AT) < 0);
}

/* On the AT port, and where there is none or it is mute, on the control port: AT tells more. `is_first`: it
 * may only be slow. A program that holds the AT port is to be named, and not to be got around: it holds up
 * the switch as well. */
static char *
ask_once (MfuWorld *world, const MfuUsbDevice *device, gboolean is_first, gint64 deadline_us,
          GCancellable *cancellable, GError **error)
{
    gboolean has_at = mfu_usb_device_find_function (device, MFU_FUNCTION_AT) >= 0;
    gint64 control_us = MIN (deadline_us, mfu_clock_deadline_us (world->clock, CONTROL_TIMEOUT_MS));
    g_autoptr (GError) at_error = NULL;
    g_autoptr (GError) control_error = NULL;
    char *version = ask_at (world, device, cancellable, &at_error);

    if (version != NULL)
        return version;
    if (!is_final (at_error) && !g_error_matches (at_error, MFU_ERROR, MFU_ERROR_BUSY) &&
        !(is_first && g_error_matches (at_error, MFU_ERROR, MFU_ERROR_TIMED_OUT)))
        version =
            world->klass->ask_control (world, device, FALSE, NULL, control_us, cancellable, &control_error);
    if (version != NULL)
        return version;
    /* A modem with an AT port may have no other; of one without it, or without a driver for it, only the
     * other port's word counts. */
    if (control_error != NULL && (!has_at || is_final (control_error) ||
                                  (g_error_matches (at_error, MFU_ERROR, MFU_ERROR_NOT_FOUND) &&
                                   !g_error_matches (control_error, MFU_ERROR, MFU_ERROR_UNSUPPORTED))))
        g_propagate_error (error, g_steal_pointer (&control_error));
    else
        g_propagate_error (error, g_steal_pointer (&at_error));
    return NULL;
}

char *
mfu_ask_version (MfuWorld *world, const MfuUsbDevice *device, gint64 deadline_us, GCancellable *cancellable,
                 GError **error)
{
    for (gboolean is_first = TRUE;; is_first = FALSE) {
        g_autoptr (GError) local = NULL;
        char *version = ask_once (world, device, is_first, deadline_us, cancellable, &local);
        gint64 next_us = mfu_clock_deadline_us (world->clock, RETRY_MS);

        if (version != NULL)
            return version;
        if (next_us >= deadline_us || !is_worth_a_retry (device, local)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return NULL;
        }
        if (!world->clock->sleep_until (world->clock, next_us, cancellable, error))
            return NULL;
    }
}
