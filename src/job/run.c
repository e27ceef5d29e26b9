/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One loop over the table of steps: journal first, then the step. The first error wins; what cleanup meets is
 * logged. */

#include "job/run.h"

#include "config.h"
#include "job/edl.h"
#include "job/loader.h"
#include "job/streamer.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define PUT_BACK_TRIES 3
#define CONTROL_MS     10000

static gboolean
is_skipped (const MfuRun *run, const MfuStep *step)
{
    return (step->flags & MFU_STEP_NEEDS_NORMAL) && !run->was_normal;
}

static void
set_cancelled (GError **error)
{
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("Cancelled; the firmware is as it was."));
}

static gboolean
begin_step (MfuRun *run, const MfuStep *step, GError **error)
{
    gboolean has_no_return = (step->flags & MFU_STEP_NO_RETURN) != 0;
    g_autoptr (GError) local = NULL;

    if (!has_no_return && g_cancellable_is_cancelled (run->cancellable)) {
        set_cancelled (error);
        return FALSE;
    }
    if (has_no_return && !run->is_past_no_return && !mfu_job_pass_no_return (run->job, error))
        return FALSE;
    if (mfu_journal_begin_step (run->journal, step->id, has_no_return, &local)) {
        run->is_past_no_return |= has_no_return;
        return TRUE;
    }
    /* The journal says all that a recovery needs; to stop now would be what makes one necessary. */
    if (run->is_past_no_return) {
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s; going on without", local->message);
        return TRUE;
    }
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static gboolean
execute (MfuRun *run, const MfuStep *steps, guint n_steps, GError **error)
{
    guint count = 0;
    guint number = 0;
    double total = 0;

    for (guint i = 0; i < n_steps; i++) {
        if (is_skipped (run, &steps[i]))
            continue;
        count++;
        total += steps[i].weight (run);
    }
    mfu_job_report_begin (run->job, total, run->plan->bytes_total);
    for (guint i = 0; i < n_steps; i++) {
        if (is_skipped (run, &steps[i]))
            continue;
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "step %s", steps[i].id);
        mfu_job_report_step (run->job, _ (steps[i].title), ++number, count, steps[i].weight (run));
        if (!begin_step (run, &steps[i], error) || !steps[i].run (run, error))
            return FALSE;
        mfu_job_report_end_step (run->job);
    }
    return TRUE;
}

const MfuStep *
mfu_run_get_steps (const MfuRun *run, guint *n)
{
    switch (run->plan->chain) {
    case MFU_CHAIN_FASTBOOT:
        return mfu_chain_fastboot (n);
    case MFU_CHAIN_DLOAD:
    case MFU_CHAIN_STREAMING:
        return mfu_chain_stream (run, n);
    case MFU_CHAIN_FIREHOSE:
    default:
        return mfu_chain_firehose (n);
    }
}

static void
stay_awake (const MfuRun *run, gboolean stays)
{
    if (run->host != NULL && run->host->klass->stay_awake != NULL)
        run->host->klass->stay_awake (run->host, stays);
}

/* Nobody else will see to what came up in normal mode meanwhile. */
static void
end_hold (MfuRun *run)
{
    gboolean was_held = run->hold != NULL;
    g_autoptr (MfuUsbDevice) device = NULL;
    g_autoptr (MfuUsbDevice) awake = NULL;
    g_autoptr (GError) error = NULL;

    mfu_run_release (run);
    if (was_held)
        device = run->world->klass->look (run->world, run->port, NULL);
    if (device == NULL || device->family == NULL || !mfu_run_is_asleep (device))
        return;
    awake = mfu_run_wake (run->world, device, &error);
    if (awake == NULL)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s", error->message);
}

gboolean
mfu_run_execute (MfuRun *run, GError **error)
{
    guint n_steps;
    const MfuStep *steps = mfu_run_get_steps (run, &n_steps);
    g_autoptr (GError) local = NULL;
    gboolean is_done;

    stay_awake (run, TRUE);
    is_done = execute (run, steps, n_steps, &local);
    if (!is_done && !run->is_past_no_return)
        mfu_run_put_back (run);
    /* Who wanted to stop is not told that something else went wrong meanwhile. */
    if (!is_done && !run->is_past_no_return && g_cancellable_is_cancelled (run->cancellable)) {
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "cancelled; meanwhile: %s", local->message);
        g_clear_error (&local);
        set_cancelled (&local);
    }
    if (!is_done)
        g_propagate_error (error, g_steal_pointer (&local));
    mfu_run_close (run);
    end_hold (run);
    mfu_run_give_back (run);
    stay_awake (run, FALSE);
    return is_done;
}

/* Where the modem is now, after a failure of any kind; one that is between two identities is waited for. */
static gboolean
find_again (MfuRun *run)
{
    const MfuWorldClass *klass = run->world->klass;
    gint64 deadline_us = mfu_clock_deadline_us (run->world->clock, run->family->return_ms);
    g_autoptr (GError) error = NULL;
    gpointer wait = klass->arm (run->world, run->port, NULL, &error);

    g_clear_pointer (&run->device, mfu_usb_device_unref);
    if (wait != NULL) {
        run->device =
            klass->wait_next (run->world, wait, MFU_STANDING_MODES, FALSE, deadline_us, NULL, &error);
        klass->disarm (run->world, wait);
    }
    if (run->device == NULL)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "cannot find the modem: %s", error->message);
    return run->device != NULL;
}

static gboolean
is_by_streaming (const MfuRun *run)
{
    return run->plan->chain == MFU_CHAIN_DLOAD || run->plan->chain == MFU_CHAIN_STREAMING;
}

static gboolean
reset_by_mode (MfuRun *run, GError **error)
{
    if (run->device->mode == MFU_MODE_FASTBOOT)
        return mfu_loader_reboot (run, error);
    return is_by_streaming (run) ? mfu_streamer_reset (run, error) : mfu_edl_reset (run, error);
}

/* Causes the change to normal mode and returns the wait for it; NULL when it could not even be asked for. */
static gpointer
leave (MfuRun *run, GError **error)
{
    gpointer wait;

    if (run->device->mode == MFU_MODE_NORMAL) {
        /* Untouched: ModemManager up to 1.20.4 dies when a device that never went away is uninhibited. What
         * comes back has the device number that it had, and is there when the call returns. */
        mfu_run_release (run);
        if (!run->world->klass->reenumerate (run->world, run->device, error))
            return NULL;
        return run->world->klass->arm (run->world, run->port, NULL, error);
    }
    wait = run->world->klass->arm (run->world, run->port, run->device, error);
    mfu_run_release (run);
    if (wait == NULL || reset_by_mode (run, error))
        return wait;
    run->world->klass->disarm (run->world, wait);
    return NULL;
}

/* One that was stuck before is left at the start of its boot ROM, for the next try, or in the fastboot mode
 * in which an earlier run's note keeps it. */
static gboolean
is_back (const MfuRun *run)
{
    return run->device->mode == MFU_MODE_NORMAL ||
           (!run->was_normal &&
            (run->device->mode == MFU_MODE_EDL || run->device->mode == MFU_MODE_FASTBOOT ||
             run->device->mode == MFU_MODE_SBL_DOWNLOAD));
}

/* The modem itself starts anew, where it can be told so by QMI. */
static gpointer
leave_by_control (MfuRun *run, GError **error)
{
    const MfuWorldClass *klass = run->world->klass;
    gpointer wait = klass->arm (run->world, run->port, run->device, error);

    mfu_run_release (run);
    if (wait == NULL || klass->order_control (run->world, run->device, MFU_CONTROL_RESTART,
                                              mfu_clock_deadline_us (run->world->clock, CONTROL_MS), error))
        return wait;
    klass->disarm (run->world, wait);
    return NULL;
}

/* One restart from wherever it stands, which `causes` it; `run->device` is where it comes up. */
static gboolean
restart (MfuRun *run, gpointer (*causes) (MfuRun *run, GError **error), GError **error)
{
    gpointer wait = causes (run, error);
    MfuUsbDevice *arrived = NULL;

    mfu_run_close (run);
    if (wait == NULL)
        return FALSE;
    arrived = run->world->klass->wait_next (run->world, wait, MFU_STANDING_MODES, TRUE,
                                            mfu_clock_deadline_us (run->world->clock, run->family->return_ms),
                                            NULL, error);
    run->world->klass->disarm (run->world, wait);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    return TRUE;
}

gboolean
mfu_run_look_again (MfuRun *run)
{
    g_autoptr (MfuUsbDevice) device = run->world->klass->look (run->world, run->port, NULL);

    if (device == NULL || device->mode != MFU_MODE_NORMAL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = g_steal_pointer (&device);
    return TRUE;
}

void
mfu_run_close (MfuRun *run)
{
    g_clear_pointer (&run->firehose, mfu_engine_free);
    g_clear_pointer (&run->fastboot, mfu_engine_free);
    g_clear_pointer (&run->streaming, mfu_engine_free);
    g_clear_pointer (&run->channel, mfu_channel_close);
}

void
mfu_run_put_back (MfuRun *run)
{
    g_autoptr (GError) error = NULL;

    /* Nothing has happened to it yet, or it was stuck before. */
    if (!run->has_taken && run->hold == NULL && run->device != NULL && run->device->mode == MFU_MODE_NORMAL)
        return;
    mfu_job_report_title (run->job, _ ("putting the modem back"));
    if ((run->channel == NULL || run->device == NULL) && !find_again (run))
        return;
    /* A reboot takes away the note that keeps a modem in fastboot; what an earlier run may have left
     * half-written would then be started, and could not be reached any more. And who does not even know who
     * answers had better say nothing. */
    if (!run->was_normal &&
        (run->device->mode == MFU_MODE_FASTBOOT || (run->device->mode == MFU_MODE_EDL && run->is_unclear))) {
        mfu_run_close (run);
        return;
    }
    /* What a stranger starts as is not ours to wait for. */
    if (run->is_foreign && !run->was_normal) {
        if (!reset_by_mode (run, &error))
            mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "putting back: %s", error->message);
        mfu_run_close (run);
        return;
    }
    /* The streaming loader takes away its note, too. */
    if (!run->was_normal && is_by_streaming (run)) {
        mfu_run_close (run);
        return;
    }
    /* A switch that was given up may be obeyed late: then it comes up in the boot ROM once more. */
    for (guint i = 0; i < PUT_BACK_TRIES; i++) {
        if (!restart (run, leave, &error)) {
            mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "putting back: %s", error->message);
            break;
        }
        if (is_back (run))
            return;
    }
    if (error == NULL || !find_again (run) || run->device->mode != MFU_MODE_NORMAL)
        return;
    /* One that the kernel could not make come up anew may do so by itself. */
    g_clear_error (&error);
    if (!restart (run, leave_by_control, &error)) {
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "putting back by QMI: %s", error->message);
        find_again (run);
    }
}

void
mfu_run_give_back (MfuRun *run)
{
    if (!run->has_taken)
        return;
    run->has_taken = FALSE;
    if (run->host->klass->give_back != NULL)
        run->host->klass->give_back (run->host, run->device);
}

void
mfu_run_hold (MfuRun *run)
{
    g_autoptr (GError) error = NULL;

    if (run->hold != NULL || run->cannot_hold)
        return;
    run->hold = run->world->klass->hold (run->world, run->port, &error);
    run->cannot_hold = run->hold == NULL;
    if (run->cannot_hold)
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "cannot keep other programs off the port: %s",
                 error->message);
}

void
mfu_run_release (MfuRun *run)
{
    if (run->hold != NULL)
        run->world->klass->release (run->world, run->hold);
    run->hold = NULL;
}

gboolean
mfu_run_is_asleep (const MfuUsbDevice *device)
{
    return device->mode == MFU_MODE_NORMAL && device->interfaces->len == 0;
}

MfuUsbDevice *
mfu_run_wake (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    gpointer wait;
    MfuUsbDevice *arrived = NULL;

    mfu_log (G_LOG_LEVEL_INFO, device->port, NULL, "no driver has taken the modem: it is enumerated anew");
    if (!world->klass->reenumerate (world, device, error))
        return NULL;
    wait = world->klass->arm (world, device->port, NULL, error);
    if (wait == NULL)
        return NULL;
    arrived = world->klass->wait_next (world, wait, 1u << MFU_MODE_NORMAL, TRUE,
                                       mfu_clock_deadline_us (world->clock, device->family->settle_ms), NULL,
                                       error);
    world->klass->disarm (world, wait);
    return arrived;
}

gboolean
mfu_run_let_drivers_in (MfuRun *run, GError **error)
{
    MfuUsbDevice *arrived;

    if (run->hold == NULL)
        return TRUE;
    mfu_run_release (run);
    arrived = mfu_run_wake (run->world, run->device, error);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    return TRUE;
}

gboolean
mfu_run_refuse_unknown (const MfuRun *run, GError **error)
{
    g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                 _ ("The modem in port %s does not tell its serial number, so it may be another one than the "
                    "one whose update was interrupted; it is not taken up without being asked for."),
                 run->port);
    return FALSE;
}

gboolean
mfu_run_refuse_peer (MfuRun *run, const char *peer, GError **error)
{
    run->is_unclear = TRUE;
    run->is_foreign = TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                 _ ("The device in port %s talks %s, which a modem for this package does not; nothing was "
                    "written."),
                 run->port, peer);
    return FALSE;
}

void
mfu_run_explain_silence (MfuRun *run, const GError *why, GError **error)
{
    run->is_silent = TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                 _ ("The modem in port %s is in its download mode but answers to nothing (%s); take its "
                    "power away for ten seconds, then run the same command again."),
                 run->port, why->message);
}

void
mfu_run_clear (MfuRun *run)
{
    mfu_run_close (run);
    mfu_run_release (run);
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    g_clear_pointer (&run->journal, mfu_journal_free);
    g_clear_pointer (&run->memory, mfu_journal_record_free);
    g_clear_pointer (&run->plan, mfu_plan_free);
    g_clear_pointer (&run->package, mfu_package_free);
    g_clear_pointer (&run->version, g_free);
    g_clear_pointer (&run->modem_path, g_free);
}
