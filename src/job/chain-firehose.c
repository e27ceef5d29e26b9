/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The steps from normal mode to new firmware by Firehose:
 *
 *     take      ModemManager lets go
 *     switch    DIAG: reboot to the boot ROM            05c6:9008
 *     load      Sahara: identify, load the programmer   (an earlier run's programmer is taken over)
 *     check     configure, geometry, live partition table, anti-misflash tags
 *     ------    from here on the firmware is incomplete
 *     erase     SBL first: a power cut now ends in the boot ROM
 *     write     all but MIBIB and SBL
 *     seal      read back what boots, write MIBIB, then SBL
 *     ------    from here on it is complete
 *     restart   reset, back to normal mode
 *     verify    ModemManager has it again and tells the new version */

#include "job/chain.h"

#include "config.h"
#include "job/edl.h"
#include "job/loader.h"
#include "protocol/diag.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

#define LOAD_TRIES 4

#define BLOCKS_PER_SECOND 500.0
#define BYTES_PER_SECOND  (4.0 * 1000 * 1000)

static gboolean
run_switch (MfuRun *run, GError **error)
{
    const MfuChainSwitch to = {
        .name = N_ ("download mode"),
        .engine = run->plan->is_switched_by_mbim ? NULL : mfu_diag_switch_to_edl_new,
        .function = MFU_FUNCTION_DIAG,
        .mode = MFU_MODE_EDL,
        .may_return = run->plan->is_switched_by_mbim,
        .timeout_ms = run->family->switch_ms,
    };

    return mfu_chain_switch (run, &to, error);
}

/* Ending somebody else's Sahara session restarts the modem: into the boot ROM again, or, where the old boot
 * loader is whole, into normal mode. The chain is entered where it comes up. */
static gboolean
follow_restart (MfuRun *run, gpointer wait, GError **error)
{
    MfuUsbDevice *arrived = run->world->klass->wait_next (
        run->world, wait, 1u << MFU_MODE_NORMAL | 1u << MFU_MODE_EDL | 1u << MFU_MODE_FASTBOOT,
        run->hold == NULL, mfu_clock_deadline_us (run->world->clock, run->family->return_ms), NULL, error);

    mfu_run_close (run);
    if (arrived == NULL)
        return FALSE;
    g_clear_pointer (&run->device, mfu_usb_device_unref);
    run->device = arrived;
    if (arrived->mode == MFU_MODE_EDL)
        return TRUE;
    if (arrived->mode == MFU_MODE_NORMAL && arrived->family != run->family) {
        g_autofree char *name = mfu_usb_device_describe (arrived);

        run->is_foreign = TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("What was in its download mode in port %s came up as %s, which the package is not "
                        "for; nothing was written."),
                     run->port, name);
        return FALSE;
    }
    if (arrived->mode == MFU_MODE_FASTBOOT) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_PROTOCOL,
            _ ("The boot ROM had to start anew, and the modem came up in fastboot mode, where an "
               "interrupted update keeps it; run the same command again, which goes on from there."));
        return FALSE;
    }
    run->was_normal = TRUE;
    return mfu_run_let_drivers_in (run, error) && mfu_chain_take (run, error) && run_switch (run, error);
}

/* A ROM that was in the middle of something leaves by itself; one that does not like to be asked who it is
 * stays in its error state until it is reset, and is not asked again. */
static gboolean
is_worth_a_restart (MfuRun *run, const GError *failure)
{
    g_autoptr (GError) error = NULL;

    if (g_error_matches (failure, MFU_ERROR, MFU_ERROR_GONE))
        return TRUE;
    if (!g_error_matches (failure, MFU_ERROR, MFU_ERROR_REJECTED) || run->skips_identity || run->is_automatic)
        return FALSE;
    run->skips_identity = TRUE;
    if (mfu_edl_reset (run, &error))
        return TRUE;
    mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "resetting the boot ROM: %s", error->message);
    return FALSE;
}

/* A transfer that failed on the bus, as one does behind a stall that a killed run has left. */
static gboolean
is_worth_another_look (const GError *failure)
{
    return g_error_matches (failure, MFU_ERROR, MFU_ERROR_IO) ||
           g_error_matches (failure, MFU_ERROR, MFU_ERROR_PROTOCOL);
}

static gboolean
run_load (MfuRun *run, GError **error)
{
    mfu_run_hold (run);
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;
        gpointer wait = run->world->klass->arm (run->world, run->port, run->device, error);
        gboolean is_open;

        if (wait == NULL)
            return FALSE;
        is_open = mfu_edl_open (run, &local);
        if (!is_open && i == 1 && is_worth_another_look (local)) {
            mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s; once more", local->message);
            run->world->klass->disarm (run->world, wait);
            mfu_run_close (run);
            continue;
        }
        if (!is_open && i < LOAD_TRIES && is_worth_a_restart (run, local)) {
            g_clear_error (&local);
            if (follow_restart (run, wait, &local)) {
                run->world->klass->disarm (run->world, wait);
                continue;
            }
        }
        run->world->klass->disarm (run->world, wait);
        if (!is_open)
            g_propagate_error (error, g_steal_pointer (&local));
        return is_open;
    }
}

static gboolean
check_table (MfuRun *run, GError **error)
{
    const MfuFirehoseStorage *storage = mfu_firehose_get_storage (run->firehose);
    g_autoptr (GArray) live = NULL;
    gboolean was_checked = run->memory != NULL && run->memory->is_table_checked && !run->was_normal &&
                           strcmp (run->memory->package_digest, mfu_package_get_digest (run->package)) == 0;

    if (mfu_edl_can_read (run) && !mfu_edl_read_table (run, &live, error))
        return FALSE;
    /* An interrupted run of this very package has erased the table that it had checked. */
    if (live == NULL && was_checked)
        live = g_array_ref (mfu_package_get_partitions (run->package));
    if (!mfu_plan_check_live (run->plan, storage->is_known ? storage->page_size : 0,
                              storage->is_known ? storage->block_size : 0, live, error))
        return FALSE;
    return mfu_journal_note (run->journal, "table-checked", "yes", error);
}

static gboolean
run_check (MfuRun *run, GError **error)
{
    if (!mfu_edl_configure (run, error) || !check_table (run, error))
        return FALSE;
    for (guint i = 0; i < run->plan->vendor_tags->len; i++)
        if (!mfu_edl_vendor (run, g_array_index (run->plan->vendor_tags, MfuPlanEntry, i).action, error))
            return FALSE;
    return TRUE;
}

static gboolean
run_erase (MfuRun *run, GError **error)
{
    for (guint i = 0; i < run->plan->erases->len; i++) {
        const MfuPlanEntry *entry = &g_array_index (run->plan->erases, MfuPlanEntry, i);
        g_autofree char *title = g_strdup_printf (_ ("erasing %s"), entry->name);

        mfu_job_report_title (run->job, title);
        if (!mfu_edl_erase (run, entry->action, error)) {
            g_prefix_error (error, _ ("Erasing %s: "), entry->name);
            return FALSE;
        }
        run->blocks_done += entry->action->num_sectors / run->plan->pages_per_block;
        mfu_job_report_fraction (run->job, (double) run->blocks_done / MAX (run->plan->n_erase_blocks, 1));
    }
    return TRUE;
}

static gboolean
is_sealing (const MfuPlanEntry *entry)
{
    return strcmp (entry->name, "mibib") == 0 || strcmp (entry->name, "sbl") == 0;
}

/* How many entries from `first` on write the same image. */
static guint
count_same_image (GArray *programs, guint first)
{
    const MfuImage *image = g_array_index (programs, MfuPlanEntry, first).action->image;
    guint n = 1;

    while (first + n < programs->len &&
           g_array_index (programs, MfuPlanEntry, first + n).action->image == image)
        n++;
    return n;
}

static gboolean
write_entry (MfuRun *run, const MfuPlanEntry *entry, guint n_uses, gboolean counts, GError **error)
{
    g_autofree char *title = g_strdup_printf (_ ("writing %s"), entry->name);
    g_autoptr (MfuImageReader) reader = NULL;

    mfu_job_report_title (run->job, title);
    reader = mfu_image_open (entry->action->image, n_uses, error);
    if (reader == NULL || !mfu_edl_program (run, entry->action, reader, counts, error)) {
        g_prefix_error (error, _ ("Writing %s: "), entry->name);
        return FALSE;
    }
    return TRUE;
}

static gboolean
run_write (MfuRun *run, GError **error)
{
    GArray *programs = run->plan->programs;

    for (guint i = 0; i < programs->len; i++) {
        const MfuPlanEntry *entry = &g_array_index (programs, MfuPlanEntry, i);

        if (!is_sealing (entry) && !write_entry (run, entry, count_same_image (programs, i), TRUE, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
erase_again (MfuRun *run, const MfuPlanEntry *entry, GError **error)
{
    for (guint i = 0; i < run->plan->erases->len; i++) {
        const MfuPlanEntry *erase = &g_array_index (run->plan->erases, MfuPlanEntry, i);

        if (strcmp (erase->name, entry->name) == 0 && !mfu_edl_erase (run, erase->action, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
verify_entry (MfuRun *run, const MfuPlanEntry *entry, GError **error)
{
    g_autofree char *title = g_strdup_printf (_ ("reading back %s"), entry->name);
    gboolean is_same = FALSE;

    if (!mfu_edl_can_read (run))
        return TRUE;
    mfu_job_report_title (run->job, title);
    if (!mfu_edl_verify (run, entry->action, &is_same, error))
        return FALSE;
    if (is_same)
        return TRUE;
    mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "%s reads back differently; writing it once more",
             entry->name);
    if (!erase_again (run, entry, error) || !write_entry (run, entry, 1, FALSE, error) ||
        !mfu_edl_verify (run, entry->action, &is_same, error))
        return FALSE;
    if (is_same)
        return TRUE;
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_IO,
        _ ("What was written to %s reads back differently, twice; the modem's flash may be worn out."),
        entry->name);
    return FALSE;
}

static gboolean
run_seal (MfuRun *run, GError **error)
{
    GArray *programs = run->plan->programs;

    for (guint i = 0; i < programs->len; i++) {
        const MfuPlanEntry *entry = &g_array_index (programs, MfuPlanEntry, i);

        if (entry->is_verified && !is_sealing (entry) && !verify_entry (run, entry, error))
            return FALSE;
    }
    for (guint i = 0; i < programs->len; i++) {
        const MfuPlanEntry *entry = &g_array_index (programs, MfuPlanEntry, i);

        if (is_sealing (entry) &&
            (!write_entry (run, entry, 1, TRUE, error) || !verify_entry (run, entry, error)))
            return FALSE;
    }
    run->has_written = TRUE;
    return TRUE;
}

static gboolean
run_restart (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (mfu_chain_restart (run, mfu_edl_reset, &local))
        return TRUE;
    /* An interrupted run by fastboot has left its note, which only the loader takes away; now everything is
     * whole. */
    if (run->device != NULL && run->device->mode == MFU_MODE_FASTBOOT) {
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s It is told to start.", local->message);
        return mfu_chain_restart (run, mfu_loader_reboot, error);
    }
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static double
seconds_switch (const MfuRun *run)
{
    return 5;
}

static double
seconds_erase (const MfuRun *run)
{
    return 1 + run->plan->n_erase_blocks / BLOCKS_PER_SECOND;
}

static double
seconds_write (const MfuRun *run)
{
    return 1 + (double) run->plan->bytes_total / BYTES_PER_SECOND;
}

static const MfuStep steps[] = {
    { "take", N_ ("asking ModemManager to let go"), MFU_STEP_NEEDS_NORMAL, mfu_chain_seconds_short,
      mfu_chain_take },
    { "switch", N_ ("switching to download mode"), MFU_STEP_NEEDS_NORMAL, seconds_switch, run_switch },
    { "load", N_ ("loading the programmer"), 0, mfu_chain_seconds_short, run_load },
    { "check", N_ ("checking the flash"), 0, mfu_chain_seconds_short, run_check },
    { "erase", N_ ("erasing"), MFU_STEP_NO_RETURN, seconds_erase, run_erase },
    { "write", N_ ("writing"), MFU_STEP_NO_RETURN, seconds_write, run_write },
    { "seal", N_ ("writing the boot loader"), MFU_STEP_NO_RETURN, mfu_chain_seconds_short, run_seal },
    { "restart", N_ ("restarting the modem"), MFU_STEP_NO_RETURN, mfu_chain_seconds_restart, run_restart },
    { "verify", N_ ("waiting for the modem"), MFU_STEP_NO_RETURN | MFU_STEP_RUNS, mfu_chain_seconds_verify,
      mfu_chain_verify },
};

const MfuStep *
mfu_chain_firehose (guint *n)
{
    *n = G_N_ELEMENTS (steps);
    return steps;
}
