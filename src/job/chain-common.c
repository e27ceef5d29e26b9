/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Taking the modem, switching it, and getting it back: the ends of every chain. */

#include "job/chain.h"

#include "config.h"
#include "job/ask.h"
#include "job/identify.h"
#include "job/pump.h"
#include "job/streamer.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

#define TAKE_TRIES    2 /* further ones, of a modem whose ports turn out to be in use */
#define SWITCH_TRIES  3 /* of a modem that does not answer */
#define BARE_RETRY_MS 2000
#define CONTROL_MS    10000

/* Source: ModemManager exports an EC25 5 to 15 s after its arrival, 35 s where a port stays mute. */
#define VERIFY_MS (180 * 1000)

/* How long the modem itself is asked before ModemManager is looked for again. */
#define ASK_SLICE_MS (15 * 1000)
#define ASK_AGAIN_MS 2000

/* Again and again, also where a port turns out to be in use: a ModemManager that was started meanwhile has
 * not been told. */
static gboolean
take (MfuRun *run, GError **error)
{
    if (run->host == NULL || run->host->klass->take == NULL)
        return TRUE;
    if (!run->host->klass->take (run->host, run->device, run->cancellable, error))
        return FALSE;
    run->has_taken = TRUE;
    return TRUE;
}

gboolean
mfu_chain_take (MfuRun *run, GError **error)
{
    for (guint n_busy = 0;; n_busy++) {
        g_autoptr (GError) local = NULL;

        if (!take (run, error))
            return FALSE;
        if (!run->has_taken || mfu_run_identify (run, &local))
            return TRUE;
        if (n_busy < TAKE_TRIES && g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY))
            continue;
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
}

/* The interface of the tty on which `to` is said; -1 with NOT_FOUND where the modem does not offer it. */
static int
find_port (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    int number = mfu_usb_device_find_function (run->device, to->function);

    if (number < 0)
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("the modem in port %s does not offer the port on which it could be told"), run->port);
    return number;
}

static gboolean
is_refusal (const GError *error)
{
    return g_error_matches (error, MFU_ERROR, MFU_ERROR_REJECTED) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_PROTOCOL) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_BUSY);
}

/* A modem that does not answer may obey all the same, and leave while it is being asked again: FALSE is a
 * refusal, or a port that could not be asked even once. Whether it obeys is for the wait to find out. */
static gboolean
ask_by_tty (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    int number = find_port (run, to, error);
    guint n_mute = 0;
    guint n_busy = 0;

    if (number < 0)
        return FALSE;
    while (n_mute < SWITCH_TRIES) {
        g_autoptr (GError) local = NULL;
        g_autoptr (MfuEngine) engine = to->engine ();
        g_autoptr (MfuChannel) channel =
            run->world->klass->open_tty (run->world, run->device, (guint) number, NULL, &local);
        MfuPump pump = { .channel = channel, .clock = run->world->clock, .port = run->port };

        if (channel != NULL && mfu_pump_run (&pump, engine, &local))
            return TRUE;
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "switch: %s", local->message);
        if (channel != NULL && g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT)) {
            n_mute++;
        } else if (g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY) && n_busy++ < TAKE_TRIES) {
            if (!take (run, error))
                return FALSE;
        } else if (n_mute > 0 && !is_refusal (local)) {
            return TRUE;
        } else {
            g_propagate_prefixed_error (error, g_steal_pointer (&local), _ ("Switching to %s: "),
                                        _ (to->name));
            return FALSE;
        }
    }
    return TRUE;
}

/* Said once: what obeys may be gone before it has answered, which the wait finds out, and one that does not
 * know the order says so. */
static gboolean
ask_by_control (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (run->world->klass->order_control (run->world, run->device, MFU_CONTROL_TO_EDL,
                                          mfu_clock_deadline_us (run->world->clock, CONTROL_MS), &local))
        return TRUE;
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "switch: %s", local->message);
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT) ||
        g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE))
        return TRUE;
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED))
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
            _ ("The modem in port %s has MBIM alone and refuses Quectel's command to enter its download "
               "mode (%s), so it cannot be flashed over USB; nothing was changed."),
            run->port, local->message);
    else
        g_propagate_prefixed_error (error, g_steal_pointer (&local), _ ("Switching to %s: "), _ (to->name));
    return FALSE;
}

static gboolean
ask_for_switch (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    if (!take (run, error))
        return FALSE;
    mfu_run_hold (run);
    return to->engine != NULL ? ask_by_tty (run, to, error) : ask_by_control (run, to, error);
}

gboolean
mfu_chain_switch (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    gpointer wait;
    MfuUsbDevice *arrived;

    run->world->klass->keep_awake (run->world, run->device);
    wait = run->world->klass->arm (run->world, run->port, run->device, error);
    if (wait == NULL)
        return FALSE;
    if (!ask_for_switch (run, to, error)) {
        run->world->klass->disarm (run->world, wait);
        return FALSE;
    }
    arrived = run->world->klass->wait_next (
        run->world, wait, 1u << to->mode | (to->may_return ? 1u << MFU_MODE_NORMAL : 0), FALSE,
        mfu_clock_deadline_us (run->world->clock, to->timeout_ms), NULL, error);
    run->world->klass->disarm (run->world, wait);
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    if (arrived == NULL) {
        g_prefix_error (error, _ ("The modem was told to enter %s and did not come up there: "),
                        _ (to->name));
        return FALSE;
    }
    if (arrived->mode != to->mode && to->engine == NULL) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
            _ ("The modem offers no DIAG port, and Quectel's MBIM command to enter the download mode "
               "only restarted it, so it cannot be flashed over USB; nothing was changed."));
        return FALSE;
    }
    if (arrived->mode != to->mode) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_PROTOCOL,
            _ ("The modem was told to enter %s and came back in normal mode; if a power manager or a udev "
               "rule switches modems off and on whose ttys vanish, stop it and try again."),
            _ (to->name));
        return FALSE;
    }
    run->world->klass->keep_awake (run->world, arrived);
    return TRUE;
}

/* One that has just come up does not hear at once. */
static gboolean
ask_bare (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    gint64 deadline_us = mfu_clock_deadline_us (run->world->clock, run->family->settle_ms);
    int number = find_port (run, to, error);

    if (number < 0)
        return FALSE;
    for (;;) {
        g_autoptr (GError) local = NULL;
        g_autoptr (MfuEngine) engine = to->engine ();
        g_autoptr (MfuChannel) channel =
            run->world->klass->open_usb (run->world, run->device, (guint) number, NULL, &local);
        MfuPump pump = { .channel = channel, .clock = run->world->clock, .port = run->port };
        gint64 next_us = mfu_clock_deadline_us (run->world->clock, BARE_RETRY_MS);

        if (channel != NULL && mfu_pump_run (&pump, engine, &local))
            return TRUE;
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "switch: %s", local->message);
        /* It leaves: that is what was wanted. */
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE))
            return TRUE;
        if (next_us >= deadline_us ||
            !run->world->clock->sleep_until (run->world->clock, next_us, NULL, NULL)) {
            g_propagate_prefixed_error (error, g_steal_pointer (&local), _ ("Switching to %s: "),
                                        _ (to->name));
            return FALSE;
        }
    }
}

gboolean
mfu_chain_switch_bare (MfuRun *run, const MfuChainSwitch *to, GError **error)
{
    gpointer wait = run->world->klass->arm (run->world, run->port, run->device, error);
    MfuUsbDevice *arrived = NULL;

    if (wait == NULL)
        return FALSE;
    if (ask_bare (run, to, error))
        arrived = run->world->klass->wait_next (run->world, wait, 1u << to->mode, FALSE,
                                                mfu_clock_deadline_us (run->world->clock, to->timeout_ms),
                                                NULL, error);
    run->world->klass->disarm (run->world, wait);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    return TRUE;
}

/* Where the modem comes up, at the end of `wait` or before. Its firmware runs, whatever the kernel here has
 * no driver for: then without its serial ports. */
static MfuUsbDevice *
meet (MfuRun *run, gpointer wait, gint64 deadline_us, GError **error)
{
    const MfuWorldClass *klass = run->world->klass;
    g_autoptr (GError) local = NULL;
    MfuUsbDevice *arrived =
        klass->wait_next (run->world, wait, MFU_STANDING_MODES, TRUE, deadline_us, NULL, &local);

    if (arrived == NULL)
        arrived = klass->wait_next (run->world, wait, 1u << MFU_MODE_NORMAL, FALSE,
                                    mfu_clock_now_us (run->world->clock), NULL, NULL);
    if (arrived == NULL)
        g_propagate_error (error, g_steal_pointer (&local));
    return arrived;
}

static gboolean
restart (MfuRun *run, gboolean (*reset) (MfuRun *run, GError **error), GError **error)
{
    gpointer wait = run->world->klass->arm (run->world, run->port, run->device, error);
    MfuUsbDevice *arrived = NULL;

    if (wait == NULL)
        return FALSE;
    mfu_run_release (run);
    if (reset (run, error)) {
        mfu_run_close (run);
        arrived = meet (run, wait, mfu_clock_deadline_us (run->world->clock, run->family->return_ms), error);
    }
    run->world->klass->disarm (run->world, wait);
    if (arrived == NULL) {
        g_prefix_error (error, _ ("The firmware is written, but the modem did not come back: "));
        return FALSE;
    }
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    return TRUE;
}

gboolean
mfu_chain_restart (MfuRun *run, gboolean (*reset) (MfuRun *run, GError **error), GError **error)
{
    if (!restart (run, reset, error))
        return FALSE;
    /* An earlier run by the streaming loader was cut short: its flag outlives whatever was written since, and
     * only the loader takes it away. */
    if (run->device->mode == MFU_MODE_SBL_DOWNLOAD && mfu_package_get_nprg (run->package) != NULL &&
        (!mfu_streamer_open (run, FALSE, error) || !restart (run, mfu_streamer_reset, error)))
        return FALSE;
    if (run->device->mode == MFU_MODE_NORMAL)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                 _ ("The firmware is written, but the modem came back in %s mode instead of normal mode."),
                 mfu_mode_to_string (run->device->mode));
    return FALSE;
}

static gboolean
is_normal (const MfuRun *run)
{
    return run->device != NULL && run->device->mode == MFU_MODE_NORMAL;
}

/* It has left its port: the new firmware starts once more by itself. `run->device` is what comes of that. */
static void
meet_anew (MfuRun *run)
{
    gint64 deadline_us = mfu_clock_deadline_us (run->world->clock, run->family->return_ms);
    g_autoptr (GError) local = NULL;
    gpointer wait = run->world->klass->arm (run->world, run->port, NULL, &local);
    MfuUsbDevice *arrived = NULL;

    if (wait != NULL) {
        arrived = meet (run, wait, deadline_us, &local);
        run->world->klass->disarm (run->world, wait);
    }
    if (arrived == NULL)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "it left while it was asked: %s", local->message);
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
}

/* The same, if it may have happened while nobody looked. */
static gboolean
has_come_back (MfuRun *run)
{
    if (mfu_run_look_again (run))
        return TRUE;
    meet_anew (run);
    return is_normal (run);
}

/* After an answer that need not be the last one: whether the modem can be asked again. */
static gboolean
may_ask_again (MfuRun *run, const GError *why)
{
    MfuClock *clock = run->world->clock;

    if (g_error_matches (why, MFU_ERROR, MFU_ERROR_BUSY) ||
        g_error_matches (why, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        return TRUE;
    if (g_error_matches (why, MFU_ERROR, MFU_ERROR_GONE))
        meet_anew (run);
    else if (!g_error_matches (why, MFU_ERROR, MFU_ERROR_REJECTED))
        return FALSE;
    /* Its firmware is up before all that answers commands is. */
    return is_normal (run) &&
           clock->sleep_until (clock, mfu_clock_deadline_us (clock, ASK_AGAIN_MS), NULL, NULL);
}

/* ModemManager's word, or where it does not run, the modem's own; in turns, because one that is started just
 * then takes the AT port for itself. One that runs and has not found the modem by the end may have been told
 * to ignore it: then the modem is asked, once. */
static char *
new_version (MfuRun *run, GError **error)
{
    MfuClock *clock = run->world->clock;
    gint64 deadline_us = mfu_clock_deadline_us (clock, VERIFY_MS);
    gboolean has_host = run->host != NULL && run->host->klass->wait_version != NULL;

    for (;;) {
        g_autoptr (GError) local = NULL;
        g_autoptr (GError) own = NULL;
        gboolean is_absent = !has_host;
        gboolean is_last = FALSE;
        gint64 slice_us;
        char *version = NULL;

        if (has_host) {
            version = run->host->klass->wait_version (run->host, run->device, deadline_us, &run->modem_path,
                                                      NULL, &local);
            is_absent = g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND);
            is_last = g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT);
        }
        if (version != NULL)
            return version;
        slice_us = mfu_clock_deadline_us (clock, ASK_SLICE_MS);
        if (!is_last)
            slice_us = MIN (deadline_us, slice_us);
        if (is_absent || (is_last && has_come_back (run)))
            version = mfu_ask_version (run->world, run->device, slice_us, NULL, &own);
        if (version != NULL)
            return version;
        if (is_absent && slice_us < deadline_us && may_ask_again (run, own))
            continue;
        g_propagate_error (error, is_absent ? g_steal_pointer (&own) : g_steal_pointer (&local));
        return NULL;
    }
}

static gboolean
is_version_of_package (const MfuRun *run)
{
    const MfuVersionName *wanted = mfu_package_get_version (run->package);
    MfuVersionName got;

    mfu_version_name_parse (&got, run->version);
    return !wanted->is_known || (got.is_known && g_ascii_strcasecmp (got.model, wanted->model) == 0 &&
                                 g_ascii_strcasecmp (got.region, wanted->region) == 0 &&
                                 g_ascii_strcasecmp (got.hardware, wanted->hardware) == 0 &&
                                 got.baseline == wanted->baseline && got.release == wanted->release);
}

gboolean
mfu_chain_verify (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    mfu_run_give_back (run);
    run->version = new_version (run, &local);
    if (run->version == NULL && !is_normal (run)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                     _ ("The firmware is written, but the modem left normal mode again (%s)."),
                     run->device != NULL ? mfu_mode_to_string (run->device->mode) : local->message);
        return FALSE;
    }
    if (run->version == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_FLASHED_UNVERIFIED,
                     _ ("The firmware is written and the modem is back, but it could not be asked for its "
                        "version: %s"),
                     local->message);
        return FALSE;
    }
    if (is_version_of_package (run))
        return TRUE;
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_FLASHED_UNVERIFIED,
        _ ("The firmware is written and the modem is back, but it says that it runs %s instead of %s."),
        run->version, run->plan->to);
    return FALSE;
}

double
mfu_chain_seconds_short (const MfuRun *run)
{
    return 1;
}

double
mfu_chain_seconds_restart (const MfuRun *run)
{
    return 9;
}

double
mfu_chain_seconds_verify (const MfuRun *run)
{
    return 15;
}
