/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The steps in which a streaming loader and fastboot share the work (plan-stream.c says who does what, and
 * why):
 *
 *     take      ModemManager lets go
 *     switch    DIAG 3a, or AT+QFASTBOOT where fastboot comes first
 *     load      DLOAD or Sahara: the loader; the partition table is compared
 *     ------    from here on the firmware is incomplete
 *     open      the opening by the loader, after which the modem comes up in fastboot
 *     check     product, how much it takes at once
 *     write     the images by fastboot
 *     turn      reboot: to DLOAD, or by way of normal mode and DIAG 3a; the port stays held, so nobody else
 *               meets the modem there
 *     close     the boot chain by the loader
 *     ------    from here on it is complete
 *     restart   reset, back to normal mode
 *     verify    ModemManager has it again and tells the new version */

#include "job/chain.h"

#include "config.h"
#include "job/loader.h"
#include "job/streamer.h"
#include "protocol/diag.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define LOAD_TRIES 4

static MfuChainSwitch
to_dload (const MfuRun *run)
{
    return (MfuChainSwitch){
        .name = N_ ("download mode"),
        .engine = mfu_diag_switch_to_dload_new,
        .function = MFU_FUNCTION_DIAG,
        .mode = MFU_MODE_EDL,
        .timeout_ms = run->family->switch_ms,
    };
}

static gboolean
run_switch_to_dload (MfuRun *run, GError **error)
{
    MfuChainSwitch to = to_dload (run);

    return mfu_chain_switch (run, &to, error);
}

/* Ending somebody else's session can make the modem start anew; `run->device` is where it comes up. */
static gboolean
follow_restart (MfuRun *run, gpointer wait, GError **error)
{
    MfuUsbDevice *arrived = run->world->klass->wait_next (
        run->world, wait, MFU_STANDING_MODES, FALSE,
        mfu_clock_deadline_us (run->world->clock, run->family->return_ms), NULL, error);

    mfu_run_close (run);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    if (arrived->mode == (run->plan->chain == MFU_CHAIN_DLOAD ? MFU_MODE_FASTBOOT : MFU_MODE_EDL)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                     _ ("The modem has left its download mode for %s mode by itself; nothing was written, "
                        "start the update again from there."),
                     mfu_mode_to_string (arrived->mode));
        return FALSE;
    }
    if (arrived->mode != MFU_MODE_NORMAL)
        return TRUE;
    /* Its boot chain is whole then, and what the loader was needed for is done. */
    run->was_normal = TRUE;
    return mfu_run_let_drivers_in (run, error) && mfu_chain_take (run, error) &&
           (run->plan->chain == MFU_CHAIN_STREAMING ? mfu_chain_switch_to_fastboot (run, error)
                                                    : run_switch_to_dload (run, error));
}

static gboolean
run_load (MfuRun *run, GError **error)
{
    mfu_run_hold (run);
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;
        gpointer wait = run->world->klass->arm (run->world, run->port, run->device, error);
        gboolean is_open, comes_again = FALSE;

        if (wait == NULL)
            return FALSE;
        is_open = mfu_streamer_open (run, FALSE, &local);
        if (!is_open && i < LOAD_TRIES && g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE)) {
            g_clear_error (&local);
            comes_again = follow_restart (run, wait, &local);
        }
        run->world->klass->disarm (run->world, wait);
        if (comes_again && run->device->mode == MFU_MODE_FASTBOOT)
            return TRUE;
        if (comes_again)
            continue;
        if (!is_open)
            g_propagate_error (error, g_steal_pointer (&local));
        return is_open;
    }
}

/* `leave` makes the modem start; `run->device` is what comes up then, in one of the modes. */
static gboolean
go_on (MfuRun *run, gboolean (*leave) (MfuRun *run, GError **error), guint modes, GError **error)
{
    gpointer wait = run->world->klass->arm (run->world, run->port, run->device, error);
    guint timeout_ms = MAX (run->family->return_ms, run->family->fastboot_ms);
    MfuUsbDevice *arrived = NULL;

    if (wait == NULL)
        return FALSE;
    if (leave (run, error)) {
        mfu_run_close (run);
        arrived =
            run->world->klass->wait_next (run->world, wait, modes, FALSE,
                                          mfu_clock_deadline_us (run->world->clock, timeout_ms), NULL, error);
    }
    run->world->klass->disarm (run->world, wait);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "came up in %s mode", mfu_mode_to_string (arrived->mode));
    return TRUE;
}

static gboolean
run_open (MfuRun *run, GError **error)
{
    const MfuChainSwitch to = {
        .name = N_ ("fastboot mode"),
        .engine = mfu_chain_ask_for_fastboot,
        .function = MFU_FUNCTION_AT,
        .mode = MFU_MODE_FASTBOOT,
        .timeout_ms = run->family->fastboot_ms,
    };

    if (run->device->mode == MFU_MODE_FASTBOOT)
        return TRUE;
    if (!mfu_streamer_write (run, run->plan->opening, error) ||
        !go_on (run, mfu_streamer_reset, 1u << MFU_MODE_FASTBOOT | 1u << MFU_MODE_NORMAL, error))
        return FALSE;
    /* What was there before is whole enough to run with the new boot chain. */
    return run->device->mode == MFU_MODE_FASTBOOT || mfu_chain_switch_bare (run, &to, error);
}

static gboolean
run_write (MfuRun *run, GError **error)
{
    return (!run->plan->erases_boot || mfu_loader_stop_boot (run, error)) &&
           mfu_chain_write_flashes (run, error);
}

static gboolean
run_turn (MfuRun *run, GError **error)
{
    MfuChainSwitch to = to_dload (run);

    if (!go_on (run, mfu_loader_reboot, 1u << MFU_MODE_EDL | 1u << MFU_MODE_NORMAL, error))
        return FALSE;
    return run->device->mode == MFU_MODE_EDL || mfu_chain_switch_bare (run, &to, error);
}

static gboolean
run_close (MfuRun *run, GError **error)
{
    if (!mfu_streamer_open (run, TRUE, error) || !mfu_streamer_write (run, run->plan->closing, error))
        return FALSE;
    run->has_written = TRUE;
    return TRUE;
}

static gboolean
run_restart (MfuRun *run, GError **error)
{
    return mfu_chain_restart (run, mfu_streamer_reset, error);
}

static double
seconds_of_loader (const MfuRun *run)
{
    return 15;
}

#define TAKE                                                                                                 \
    {                                                                                                        \
        "take", N_ ("asking ModemManager to let go"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_short,        \
            mfu_chain_take                                                                                   \
    }
#define CHECK(flags)                                                                                         \
    {                                                                                                        \
        "check", N_ ("asking the boot loader"), flags, mfu_chain_seconds_short, mfu_chain_open_fastboot      \
    }
#define WRITE                                                                                                \
    {                                                                                                        \
        "write", N_ ("writing"), MFU_STEP_NO_RETURN, mfu_chain_seconds_flashes, run_write                    \
    }
#define VERIFY                                                                                               \
    {                                                                                                        \
        "verify", N_ ("waiting for the modem"), MFU_STEP_NO_RETURN | MFU_STEP_RUNS,                          \
            mfu_chain_seconds_verify, mfu_chain_verify                                                       \
    }
#define OPENING                                                                                              \
    { "load", N_ ("loading the loader"), 0, seconds_of_loader, run_load },                                   \
    {                                                                                                        \
        "open", N_ ("writing the boot loader"), MFU_STEP_NO_RETURN, seconds_of_loader, run_open              \
    }
#define CLOSING                                                                                              \
    { "turn", N_ ("switching to download mode"), MFU_STEP_NO_RETURN, mfu_chain_seconds_restart, run_turn },  \
        { "close", N_ ("writing the boot loader"), MFU_STEP_NO_RETURN, seconds_of_loader, run_close },       \
    {                                                                                                        \
        "restart", N_ ("restarting the modem"), MFU_STEP_NO_RETURN, mfu_chain_seconds_restart, run_restart   \
    }

static const MfuStep loader_first[] = {
    TAKE,
    { "switch", N_ ("switching to download mode"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_switch,
      run_switch_to_dload },
    OPENING,
    CHECK (MFU_STEP_NO_RETURN),
    WRITE,
    CLOSING,
    VERIFY,
};

static const MfuStep fastboot_first[] = {
    TAKE,
    { "switch", N_ ("switching to fastboot mode"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_switch,
      mfu_chain_switch_to_fastboot },
    CHECK (0),
    WRITE,
    CLOSING,
    VERIFY,
};

static const MfuStep fastboot_last[] = {
    OPENING,
    CHECK (MFU_STEP_NO_RETURN),
    WRITE,
    { "restart", N_ ("restarting the modem"), MFU_STEP_NO_RETURN, mfu_chain_seconds_restart,
      mfu_chain_restart_by_fastboot },
    VERIFY,
};

const MfuStep *
mfu_chain_stream (const MfuRun *run, guint *n)
{
    if (run->plan->closing->len == 0) {
        *n = G_N_ELEMENTS (fastboot_last);
        return fastboot_last;
    }
    if (run->plan->opening->len == 0) {
        *n = G_N_ELEMENTS (fastboot_first);
        return fastboot_first;
    }
    *n = G_N_ELEMENTS (loader_first);
    return loader_first;
}
