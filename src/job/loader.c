/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A session with the boot loader is an engine on an open channel. One that is lost (silence, nonsense) is
 * begun anew behind a reset of the port, which is also what a loader needs that died in the data phase of
 * somebody else's image.
 */

#include "job/loader.h"

#include "config.h"
#include "job/plan-fastboot.h"
#include "job/pump.h"
#include "protocol/fastboot.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

/* The only interface there is. Source: Biktorgj/quectel_lk @e185f663, app/aboot/fastboot.c (one interface,
 * ff/42/03).
 */
#define FASTBOOT_INTERFACE 0

#define TRIES 2

static gboolean
pump (MfuRun *run, MfuImageReader *reader, MfuPumpSent sent, gpointer user_data, GError **error)
{
    MfuPump pump = {
        .channel = run->channel,
        .clock = run->world->clock,
        .port = run->port,
        .reader = reader,
        .sent = sent,
        .user_data = user_data,
    };

    return mfu_pump_run (&pump, run->fastboot, error);
}

/* A refusal, and what the user's side could not deliver, leave the session as it was. */
static gboolean
is_session_lost (const GError *error)
{
    return !g_error_matches (error, MFU_ERROR, MFU_ERROR_REJECTED) &&
           !g_error_matches (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
}

static gboolean
begin_session (MfuRun *run, GError **error)
{
    g_clear_pointer (&run->fastboot, mfu_engine_free);
    run->fastboot = mfu_fastboot_new ();
    if (pump (run, NULL, NULL, NULL, error))
        return TRUE;
    g_clear_pointer (&run->fastboot, mfu_engine_free);
    return FALSE;
}

static gboolean
begin_session_anew (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    g_clear_pointer (&run->fastboot, mfu_engine_free);
    if (!mfu_channel_reset (run->channel, error))
        return FALSE;
    if (begin_session (run, &local))
        return TRUE;
    run->is_silent = g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    if (run->is_silent)
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
            _ ("The modem in port %s is in fastboot mode but answers to nothing (%s); take its power away "
               "for ten seconds, then run the same command again."),
            run->port, local->message);
    else
        g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

/* Afterwards there is a session. */
static gboolean
attach (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (run->channel == NULL) {
        run->channel = run->world->klass->open_usb (run->world, run->device, FASTBOOT_INTERFACE, NULL, error);
        if (run->channel == NULL)
            return FALSE;
        if (begin_session (run, &local))
            return TRUE;
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s; resetting the port", local->message);
    }
    return run->fastboot != NULL || begin_session_anew (run, error);
}

/* Ends a session that is lost, so that the next attach () begins anew; one with a modem that is gone, for
 * good. */
static void
settle (MfuRun *run, const GError *error)
{
    if (is_session_lost (error))
        g_clear_pointer (&run->fastboot, mfu_engine_free);
    if (g_error_matches (error, MFU_ERROR, MFU_ERROR_GONE))
        g_clear_pointer (&run->channel, mfu_channel_close);
}

/* "" for what the loader does not know. Newly allocated. */
static char *
get_variable (MfuRun *run, const char *name, GError **error)
{
    g_autoptr (GError) local = NULL;

    mfu_fastboot_begin_getvar (run->fastboot, name);
    if (pump (run, NULL, NULL, NULL, &local))
        return g_strdup (mfu_fastboot_get_value (run->fastboot));
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED))
        return g_strdup ("");
    settle (run, local);
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
}

static gboolean
parse_serial (const char *text, guint64 *serial)
{
    return g_ascii_string_to_unsigned (text, 16, 0, G_MAXUINT32, serial, NULL);
}

/* The chip's serial number, as Sahara tells it too: is it the module of the journal? */
static gboolean
check_serial (MfuRun *run, const char *serial, GError **error)
{
    guint64 number, remembered;
    g_autofree char *note = NULL;

    if (!parse_serial (serial, &number))
        return !run->is_automatic || mfu_run_refuse_unknown (run, error);
    if (!run->was_normal && run->memory != NULL && parse_serial (run->memory->serial, &remembered) &&
        number != remembered && !(run->allowed & MFU_ALLOW_UNIDENTIFIED)) {
        run->is_stranger = TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("Port %s holds another module (chip %s) than the one whose update was interrupted "
                        "(chip %s), so "
                        "its variant is not known (to insist, allow: unidentified)."),
                     run->port, serial, run->memory->serial);
        return FALSE;
    }
    note = g_strdup_printf ("%08x", (guint) number);
    return mfu_journal_note (run->journal, "serial", note, error);
}

/* One that says nothing is ours if we have brought it there, and a telephone otherwise: Quectel's lk always
 * says it. Source: Biktorgj/quectel_lk @e185f663, app/aboot/fastboot.c (publishes "product") */
static gboolean
check_loader (MfuRun *run, const char *product, const char *max_download, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (*product == '\0' && !run->was_normal)
        g_set_error (&local, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The device in fastboot mode in port %s does not say what it is, a modem for this "
                        "package would say that it is an %s; nothing was written."),
                     run->port, run->family->products[0]);
    else if (mfu_plan_check_loader (run->plan, product, mfu_fastboot_parse_size (max_download), &local))
        return TRUE;
    run->is_foreign = g_error_matches (local, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE);
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

gboolean
mfu_loader_open (MfuRun *run, GError **error)
{
    g_autofree char *product = NULL;
    g_autofree char *serial = NULL;
    g_autofree char *max_download = NULL;

    if (!attach (run, error))
        return FALSE;
    product = get_variable (run, "product", error);
    serial = product != NULL ? get_variable (run, "serialno", error) : NULL;
    max_download = serial != NULL ? get_variable (run, "max-download-size", error) : NULL;
    if (max_download == NULL)
        return FALSE;
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "fastboot: %s, serial %s, takes %s", product, serial,
             max_download);
    return check_loader (run, product, max_download, error) && check_serial (run, serial, error);
}

static void
count_sent (gsize n, gpointer user_data)
{
    MfuRun *run = user_data;

    run->bytes_done += n;
    mfu_job_report_bytes (run->job, run->bytes_done);
}

static gboolean
flash_once (MfuRun *run, const MfuFlash *flash, guint n_uses, GError **error)
{
    guint64 size = mfu_image_get_size (flash->image);
    g_autoptr (MfuImageReader) reader = NULL;

    if (!attach (run, error))
        return FALSE;
    reader = mfu_image_open (flash->image, n_uses, error);
    if (reader == NULL)
        return FALSE;
    mfu_fastboot_begin_download (run->fastboot, size);
    if (!pump (run, reader, count_sent, run, error))
        return FALSE;
    mfu_fastboot_begin_flash (run->fastboot, flash->name, size);
    return pump (run, NULL, NULL, NULL, error);
}

gboolean
mfu_loader_flash (MfuRun *run, const MfuFlash *flash, guint n_uses, GError **error)
{
    guint64 bytes_before = run->bytes_done;

    if (!mfu_plan_may_flash (run->family, flash->name)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The partition %s is never written."),
                     flash->name);
        return FALSE;
    }
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;

        if (flash_once (run, flash, i == 1 ? n_uses : 1, &local))
            return TRUE;
        settle (run, local);
        if (i == TRIES || run->channel == NULL ||
            g_error_matches (local, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "writing %s: %s; once more", flash->name,
                 local->message);
        run->bytes_done = bytes_before;
    }
}

gboolean
mfu_loader_stop_boot (MfuRun *run, GError **error)
{
    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;

        if (attach (run, &local)) {
            mfu_fastboot_begin_erase_boot (run->fastboot);
            if (pump (run, NULL, NULL, NULL, &local))
                return TRUE;
        }
        settle (run, local);
        mfu_log (G_LOG_LEVEL_WARNING, run->port, NULL, "erasing boot: %s", local->message);
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED))
            return TRUE;
        if (i == TRIES || run->channel == NULL) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
    }
}

gboolean
mfu_loader_reboot (MfuRun *run, GError **error)
{
    gboolean was_told = FALSE;

    for (guint i = 1;; i++) {
        g_autoptr (GError) local = NULL;

        if (attach (run, &local)) {
            was_told = TRUE;
            mfu_fastboot_begin_reboot (run->fastboot);
            if (pump (run, NULL, NULL, NULL, &local))
                return TRUE;
        }
        settle (run, local);
        /* It answered nonsense, and went all the same. */
        if (was_told && g_error_matches (local, MFU_ERROR, MFU_ERROR_GONE))
            return TRUE;
        if (i == TRIES || run->channel == NULL || !is_session_lost (local)) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
    }
}
