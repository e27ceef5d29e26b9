/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The steps from normal mode to new firmware by fastboot:
 *
 *     take      ModemManager lets go
 *     switch    AT+QFASTBOOT: reboot to the boot loader  18d1:d00d
 *     check     product, serial number, how much it takes at once
 *     ------    from here on the firmware is incomplete, and every start ends in fastboot
 *     write     the images, one by one: download, flash; those of the boot chain last
 *     ------    from here on it is complete
 *     restart   reboot, back to normal mode
 *     verify    ModemManager has it again and tells the new version */

#include "job/chain.h"

#include "config.h"
#include "job/loader.h"
#include "protocol/at.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

/* Source: pawelkn/qflash (15 s for AT+qfastboot; a port that closes meanwhile is its success). */
#define SWITCH_MS 15000

/* Source: the-modem-distro/pinephone_modem_sdk, RECOVERY.md ("fastboot reboot" twice). */
#define RESTART_TRIES 2

#define NAND_BYTES_PER_SECOND     (4.0 * 1000 * 1000)
#define DOWNLOAD_BYTES_PER_SECOND (20.0 * 1000 * 1000)

MfuEngine *
mfu_chain_ask_for_fastboot (void)
{
    return mfu_at_new ("+QFASTBOOT", SWITCH_MS, TRUE);
}

gboolean
mfu_chain_switch_to_fastboot (MfuRun *run, GError **error)
{
    const MfuChainSwitch to = {
        .name = N_ ("fastboot mode"),
        .engine = mfu_chain_ask_for_fastboot,
        .function = MFU_FUNCTION_AT,
        .mode = MFU_MODE_FASTBOOT,
        .timeout_ms = run->family->fastboot_ms,
        .may_return = TRUE,
    };

    return mfu_chain_switch (run, &to, error);
}

gboolean
mfu_chain_open_fastboot (MfuRun *run, GError **error)
{
    mfu_run_hold (run);
    return mfu_loader_open (run, error);
}

/* How many entries from `first` on write the same image. */
static guint
count_same_image (GArray *flashes, guint first)
{
    const MfuImage *image = g_array_index (flashes, MfuPlanFlash, first).flash->image;
    guint n = 1;

    while (first + n < flashes->len && g_array_index (flashes, MfuPlanFlash, first + n).flash->image == image)
        n++;
    return n;
}

gboolean
mfu_chain_write_flashes (MfuRun *run, GError **error)
{
    GArray *flashes = run->plan->flashes;

    for (guint i = 0; i < flashes->len; i++) {
        const MfuPlanFlash *entry = &g_array_index (flashes, MfuPlanFlash, i);
        const MfuFlash *flash = entry->flash;
        g_autofree char *title = g_strdup_printf (_ ("writing %s"), flash->name);
        gboolean is_window = entry->is_boot_chain && run->plan->chain == MFU_CHAIN_FASTBOOT;

        mfu_job_report_title (run->job, title);
        if (is_window)
            mfu_journal_note_window (run->journal, flash->name);
        if (!mfu_loader_flash (run, flash, count_same_image (flashes, i), error)) {
            g_prefix_error (error, _ ("Writing %s: "), flash->name);
            return FALSE;
        }
        if (is_window)
            mfu_journal_note_window (run->journal, "");
    }
    run->has_written = TRUE;
    return TRUE;
}

gboolean
mfu_chain_restart_by_fastboot (MfuRun *run, GError **error)
{
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;

        if (mfu_chain_restart (run, mfu_loader_reboot, &local))
            return TRUE;
        /* It has left before it had taken its note away. */
        if (i < RESTART_TRIES && run->device != NULL && run->device->mode == MFU_MODE_FASTBOOT &&
            run->channel == NULL) {
            mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s Once more.", local->message);
            continue;
        }
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
}

double
mfu_chain_seconds_switch (const MfuRun *run)
{
    return 6;
}

double
mfu_chain_seconds_flashes (const MfuRun *run)
{
    return 1 + (double) run->plan->bytes_total / NAND_BYTES_PER_SECOND +
           (double) run->plan->bytes_total / DOWNLOAD_BYTES_PER_SECOND;
}

static const MfuStep steps[] = {
    { "take", N_ ("asking ModemManager to let go"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_short,
      mfu_chain_take },
    { "switch", N_ ("switching to fastboot mode"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_switch,
      mfu_chain_switch_to_fastboot },
    { "check", N_ ("asking the boot loader"), 0, mfu_chain_seconds_short, mfu_chain_open_fastboot },
    { "write", N_ ("writing"), MFU_STEP_NO_RETURN, mfu_chain_seconds_flashes, mfu_chain_write_flashes },
    { "restart", N_ ("restarting the modem"), MFU_STEP_NO_RETURN, mfu_chain_seconds_restart,
      mfu_chain_restart_by_fastboot },
    { "verify", N_ ("waiting for the modem"), MFU_STEP_NO_RETURN | MFU_STEP_RUNS, mfu_chain_seconds_verify,
      mfu_chain_verify },
};

const MfuStep *
mfu_chain_fastboot (guint *n)
{
    *n = G_N_ELEMENTS (steps);
    return steps;
}
