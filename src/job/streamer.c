/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The loader is a program that this file gets into the modem's memory in one of two ways, and then talks to.
 * When it starts, the port goes away and comes back, or does not: the modem is looked for again in any case.
 */

#include "job/streamer.h"

#include "config.h"
#include "job/pump.h"
#include "protocol/dload.h"
#include "protocol/edl-probe.h"
#include "protocol/sahara.h"
#include "protocol/streaming.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

/* The only interface there is. Source: forums.quectel.com/t/35001 (dmesg of SBL download mode);
 * torvalds/linux, drivers/usb/serial/qcserial.c (QDL). */
#define DOWNLOAD_INTERFACE 0

/* Source: bkerler/edl, sahara_defs.py (7: NPRG, as Quectel's SBL asks for it). */
#define NPRG_IMAGE_ID 7

/* Source: ingran/balzac, package/utils/quectel-fw-update (2 to 3 s, then up to ten times). */
#define REOPEN_MS    3000
#define REOPEN_TRIES 10

/* Both directions of a stalled pipe want to be cleared, each at the price of one try. */
#define BUS_TRIES   3
#define WRITE_TRIES 4

static gboolean
pump (MfuRun *run, MfuEngine *engine, GBytes *image, GError **error)
{
    MfuPump pump = { .channel = run->channel, .clock = run->world->clock, .port = run->port, .bytes = image };

    return mfu_pump_run (&pump, engine, error);
}

static gboolean
open_channel (MfuRun *run, GError **error)
{
    if (run->channel != NULL)
        return TRUE;
    run->channel = run->world->klass->open_usb (run->world, run->device, DOWNLOAD_INTERFACE, NULL, error);
    return run->channel != NULL;
}

/* What went wrong on the bus, and nothing that the modem has decided. */
static gboolean
is_passing (const GError *error)
{
    return g_error_matches (error, MFU_ERROR, MFU_ERROR_IO) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_PROTOCOL);
}

static gboolean
is_before_sahara (const MfuRun *run)
{
    return run->plan->chain == MFU_CHAIN_DLOAD;
}

/* Greeting, the right to write, and the question whether the package is for this flash. */

static gboolean
check_table (MfuRun *run, GError **error)
{
    GPtrArray *tables = mfu_package_get_tables (run->package);

    for (guint i = 0; i < tables->len; i++) {
        g_autoptr (GError) local = NULL;

        mfu_streaming_begin_table (run->streaming, FALSE, g_ptr_array_index (tables, i));
        if (pump (run, run->streaming, NULL, &local)) {
            if (mfu_streaming_table_fits (run->streaming))
                return TRUE;
            continue;
        }
        if (!g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "table %u: %s", i, local->message);
    }
    g_set_error_literal (
        error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
        _ ("The modem's partition table is not the one that the package is made for, and writing "
           "another one would lose its calibration; take a package for this modem."));
    return FALSE;
}

static gboolean
greet (MfuRun *run, GError **error)
{
    g_clear_pointer (&run->streaming, mfu_engine_free);
    run->streaming = mfu_streaming_new (is_before_sahara (run) ? MFU_STREAMING_9X15 : MFU_STREAMING_9X07);
    if (pump (run, run->streaming, NULL, error))
        return TRUE;
    g_clear_pointer (&run->streaming, mfu_engine_free);
    return FALSE;
}

static gboolean
prepare (MfuRun *run, GError **error)
{
    mfu_streaming_begin_security (run->streaming);
    if (!pump (run, run->streaming, NULL, error) || !check_table (run, error))
        return FALSE;
    mfu_streaming_begin_flag (run->streaming, TRUE);
    return pump (run, run->streaming, NULL, error);
}

/* After the start of a loader. FALSE: it does not run; with TIMED_OUT the modem may be as it was. */
static gboolean
find_loader (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    for (guint i = 0; i < REOPEN_TRIES; i++) {
        MfuUsbDevice *device;

        mfu_run_close (run);
        if (!run->world->clock->sleep_until (
                run->world->clock, mfu_clock_deadline_us (run->world->clock, REOPEN_MS), NULL, error))
            return FALSE;
        device = run->world->klass->look (run->world, run->port, NULL);
        if (device == NULL)
            continue;
        g_clear_pointer (&run->device, mfu_usb_device_unref);
        run->device = device;
        g_clear_error (&local);
        if (device->mode != MFU_MODE_EDL && device->mode != MFU_MODE_SBL_DOWNLOAD)
            continue;
        if (open_channel (run, &local) && greet (run, &local))
            return TRUE;
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "loader: %s", local->message);
    }
    if (local != NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                     _ ("The loader was started and does not answer: %s."), local->message);
    else
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                             _ ("The loader was started, and the modem has not come back with it."));
    return FALSE;
}

/* DLOAD */

static gboolean
load_one (MfuRun *run, MfuEngine *dload, const MfuLoader *loader, GError **error)
{
    mfu_dload_begin_load (dload, loader->address, loader->bytes);
    if (!pump (run, dload, NULL, error))
        return FALSE;
    mfu_dload_begin_go (dload, loader->start);
    return pump (run, dload, NULL, error);
}

static gboolean
load_by_dload (MfuRun *run, MfuEngine *dload, gboolean is_closing, GError **error)
{
    g_autoptr (GError) first = NULL;

    mfu_dload_begin_version (dload);
    if (!pump (run, dload, NULL, error))
        return FALSE;
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "dload: %s", mfu_dload_get_version (dload));
    for (guint i = 0; i < 2; i++) {
        const MfuLoader *loader = mfu_package_get_loader (run->package, is_closing == (i == 0));
        g_autoptr (GError) local = NULL;

        if (loader == NULL)
            continue;
        if (load_one (run, dload, loader, &local))
            return find_loader (run, error);
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s", local->message);
        if (!g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        if (first == NULL)
            first = g_steal_pointer (&local);
    }
    g_propagate_error (error, g_steal_pointer (&first));
    return FALSE;
}

/* A device that we have not switched ourselves may be anybody's: listen first. */
static gboolean
is_stranger (MfuRun *run, MfuEdlState *state, GBytes **leftover, GError **error)
{
    g_autoptr (MfuEngine) probe = mfu_edl_probe_new ();

    run->is_unclear = TRUE;
    if (!pump (run, probe, NULL, error))
        return TRUE;
    run->is_unclear = FALSE;
    *state = mfu_edl_probe_get_state (probe);
    *leftover = g_bytes_ref (mfu_edl_probe_get_leftover (probe));
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "download mode: %s", mfu_edl_state_to_string (*state));
    return FALSE;
}

static gboolean
open_dload (MfuRun *run, gboolean is_closing, GError **error)
{
    g_autoptr (GBytes) leftover = NULL;
    g_autoptr (MfuEngine) dload = NULL;
    MfuEdlState state = MFU_EDL_SILENT;

    if (!run->was_normal && !run->is_past_no_return && is_stranger (run, &state, &leftover, error))
        return FALSE;
    if (state == MFU_EDL_SAHARA || state == MFU_EDL_SAHARA_HALF_WAY || state == MFU_EDL_FIREHOSE)
        return mfu_run_refuse_peer (run, mfu_edl_state_to_string (state), error);
    dload = mfu_dload_new ();
    if (!pump (run, dload, NULL, error))
        return FALSE;
    if (mfu_dload_get_peer (dload) == MFU_DLOAD_DIAG)
        return mfu_run_refuse_peer (run, "DIAG", error);
    return mfu_dload_get_peer (dload) == MFU_DLOAD_STREAMING ? greet (run, error)
                                                             : load_by_dload (run, dload, is_closing, error);
}

/* Sahara */

static gboolean
open_sbl (MfuRun *run, GError **error)
{
    g_autoptr (GBytes) leftover = NULL;
    g_autoptr (GBytes) nprg = NULL;
    g_autoptr (MfuEngine) sahara = NULL;
    MfuEdlState state = MFU_EDL_SILENT;
    MfuSaharaConfig config = { .goal = MFU_SAHARA_LOAD, .expected_image_id = NPRG_IMAGE_ID };

    if (is_stranger (run, &state, &leftover, error))
        return FALSE;
    if (state == MFU_EDL_STREAMING)
        return greet (run, error);
    if (state == MFU_EDL_FIREHOSE || state == MFU_EDL_DLOAD)
        return mfu_run_refuse_peer (run, mfu_edl_state_to_string (state), error);
    nprg = mfu_image_get_bytes (mfu_package_get_nprg (run->package), error);
    if (nprg == NULL)
        return FALSE;
    config.is_half_way = state != MFU_EDL_SAHARA;
    config.image_size = g_bytes_get_size (nprg);
    config.leftover = leftover;
    sahara = mfu_sahara_new (&config);
    if (!pump (run, sahara, nprg, error))
        return FALSE;
    run->is_unclear = TRUE;
    if (!find_loader (run, error))
        return FALSE;
    run->is_unclear = FALSE;
    return TRUE;
}

static gboolean
open_once (MfuRun *run, gboolean is_closing, GError **error)
{
    if (!open_channel (run, error))
        return FALSE;
    return (is_before_sahara (run) ? open_dload (run, is_closing, error) : open_sbl (run, error)) &&
           prepare (run, error);
}

/* A boot ROM in the middle of its session is not asked again who it is; a loader that was greeted is. */
static gboolean
may_open_again (const MfuRun *run, const GError *error)
{
    if (run->streaming != NULL)
        return is_passing (error) || g_error_matches (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    return is_passing (error) && (is_before_sahara (run) || run->is_unclear);
}

gboolean
mfu_streamer_open (MfuRun *run, gboolean is_closing, GError **error)
{
    g_autoptr (GError) local = NULL;

    for (guint i = 1; !open_once (run, is_closing, &local); i++) {
        if (i < BUS_TRIES && may_open_again (run, local)) {
            mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s; once more", local->message);
            g_clear_error (&local);
            continue;
        }
        /* One that talks keeps its power: without it, what is half-written may never start again. */
        if (run->streaming == NULL && g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT))
            mfu_run_explain_silence (run, local, error);
        else
            g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    return TRUE;
}

/* Writing */

static GBytes *
bytes_of (const MfuPlanStream *stream, GError **error)
{
    if (stream->image != NULL)
        return mfu_image_get_bytes (stream->image, error);
    return g_bytes_new_take (g_malloc0 (MFU_PLAN_ZEROS), MFU_PLAN_ZEROS);
}

/* Behind a write that came to nothing the partition may still be open, and then no other can be opened; a
 * greeting closes it, unless the loader calls a second one an error. */
static gboolean
begin_anew (MfuRun *run, GError **error)
{
    if (!greet (run, error) || !prepare (run, error))
        return FALSE;
    mfu_streaming_begin_abandon (run->streaming);
    return pump (run, run->streaming, NULL, error);
}

/* Nothing is worse than a loader that is left behind with a half-written image: whatever may pass is tried
 * again, from the image's first byte. */
static gboolean
is_worth_another_try (const GError *error)
{
    return is_passing (error) || g_error_matches (error, MFU_ERROR, MFU_ERROR_REJECTED) ||
           g_error_matches (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
}

static gboolean
write_one (MfuRun *run, const MfuPlanStream *stream, GError **error)
{
    g_autoptr (GBytes) bytes = bytes_of (stream, error);

    if (bytes == NULL)
        return FALSE;
    if (!mfu_plan_may_stream (run->family, stream->name)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The partition %s is never written."),
                     stream->name);
        return FALSE;
    }
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;
        gboolean is_ready = i == 1 || begin_anew (run, &local);

        if (is_ready)
            mfu_streaming_begin_write (run->streaming, stream->name, bytes);
        if (is_ready && pump (run, run->streaming, NULL, &local)) {
            run->bytes_done += g_bytes_get_size (bytes);
            mfu_job_report_bytes (run->job, run->bytes_done);
            return TRUE;
        }
        if (i == WRITE_TRIES || !is_worth_another_try (local)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "writing %s: %s; once more", stream->name,
                 local->message);
    }
}

/* From the first byte of SBL1 on; the last one of SBL2 is what ends it. */
static void
note_window (MfuRun *run, const MfuPlanStream *stream, gboolean is_written)
{
    if (!is_written && strcmp (stream->name, "SBL1") == 0)
        mfu_journal_note_window (run->journal, stream->name);
    if (is_written && strcmp (stream->name, "SBL2") == 0)
        mfu_journal_note_window (run->journal, "");
}

gboolean
mfu_streamer_write (MfuRun *run, GArray *streams, GError **error)
{
    for (guint i = 0; i < streams->len; i++) {
        const MfuPlanStream *stream = &g_array_index (streams, MfuPlanStream, i);
        g_autofree char *title = g_strdup_printf (_ ("writing %s"), stream->name);
        g_autoptr (GError) local = NULL;

        mfu_job_report_title (run->job, title);
        note_window (run, stream, FALSE);
        if (write_one (run, stream, &local)) {
            note_window (run, stream, TRUE);
            continue;
        }
        if (!stream->is_optional || !g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED)) {
            g_propagate_prefixed_error (error, g_steal_pointer (&local), _ ("Writing %s: "), stream->name);
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "writing %s: %s; going on without", stream->name,
                 local->message);
        if (!begin_anew (run, error))
            return FALSE;
    }
    return TRUE;
}

/* Leaving */

static gboolean
reset_loader (MfuRun *run, GError **error)
{
    mfu_streaming_begin_flag (run->streaming, FALSE);
    if (!pump (run, run->streaming, NULL, error))
        return FALSE;
    mfu_streaming_begin_reset (run->streaming);
    return pump (run, run->streaming, NULL, error);
}

static gboolean
reset_dload (MfuRun *run, GError **error)
{
    g_autoptr (MfuEngine) dload = mfu_dload_new ();

    if (!pump (run, dload, NULL, error))
        return FALSE;
    if (mfu_dload_get_peer (dload) == MFU_DLOAD_STREAMING)
        return greet (run, error) && reset_loader (run, error);
    mfu_dload_begin_reset (dload);
    return pump (run, dload, NULL, error);
}

static gboolean
reset_sbl (MfuRun *run, GError **error)
{
    MfuSaharaConfig config = { .goal = MFU_SAHARA_RESET };
    g_autoptr (GBytes) leftover = NULL;
    g_autoptr (MfuEngine) sahara = NULL;
    MfuEdlState state = MFU_EDL_SAHARA;

    /* One whose question is known would take another question for the answer. */
    if (run->is_unclear && is_stranger (run, &state, &leftover, error))
        return FALSE;
    if (state == MFU_EDL_STREAMING)
        return greet (run, error) && reset_loader (run, error);
    config.is_half_way = state != MFU_EDL_SAHARA;
    sahara = mfu_sahara_new (&config);
    return pump (run, sahara, NULL, error);
}

static gboolean
reset_once (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (run->streaming != NULL) {
        if (reset_loader (run, &local))
            return TRUE;
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s", local->message);
        g_clear_pointer (&run->streaming, mfu_engine_free);
        run->is_unclear = TRUE;
    }
    if (!open_channel (run, error))
        return FALSE;
    return is_before_sahara (run) ? reset_dload (run, error) : reset_sbl (run, error);
}

gboolean
mfu_streamer_reset (MfuRun *run, GError **error)
{
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;

        if (reset_once (run, &local))
            return TRUE;
        if (i == BUS_TRIES || !is_passing (local)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s; once more", local->message);
    }
}
