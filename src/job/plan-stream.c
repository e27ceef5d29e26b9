/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What goes through the streaming loader, what through fastboot, and in which order.
 *
 * MDM9x15: its fastboot does not know SBL1, and its loader writes nothing but the boot chain. A package with
 * temporary boot images (sbl2_tmp, appsboot_tmp) makes every start end in fastboot, so that a power cut while
 * fastboot writes is harmless:
 *
 *     opening   SBL1, temporary SBL2, RPM, temporary APPSBL
 *     fastboot  everything, at its end aboot and sbl2, after which the modem comes to fastboot no more
 *     closing   SBL2, by the loader: what fastboot wrote there is not always taken by SBL1
 *
 * Without them the boot chain comes last, behind fastboot, as in Quectel's older tool. A modem that is met in
 * fastboot goes on there, and as nobody knows what it has got, its whole boot chain is written at the end.
 * Whether this lk keeps a note that holds it in fastboot, as later ones do, is not known; without a boot
 * image it cannot leave. So that one is erased first: one that is interrupted with half a system would start
 * and be mute.
 * One that is met in DLOAD without temporary images gets the boot chain first, so that it can come to
 * fastboot at all. Nobody knows whether its system is whole; started with one that is not, it would come up
 * mute, and nothing could be asked of it any more. So zeros for a boot image go ahead of all else. That this
 * loader takes them is not known; one that refuses lets the modem start, and AT+QFASTBOOT is tried.
 *
 * MDM9x07 and 9x40 in Quectel's download mode have a SBL that works, so it is left alone: TZ, RPM and aboot
 * by the loader, zeros for a boot image, whereupon lk stays in fastboot and takes the rest.
 *
 * Source: ingran/balzac, package/utils/quectel-fw-update, and its variant with temporary images (the rounds);
 * pawelkn/qflash, download.cpp (zeros in 0:boot). */

#include "job/plan-stream.h"

#include "config.h"
#include "job/plan-fastboot.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <inttypes.h>
#include <string.h>

/* A packet of 1 KiB and its answer take some milliseconds. */
#define BYTES_PER_SECOND (150 * 1000)

/* Switching, loading the loader, and its reset. Source: the delays of quectel-fw-update. */
#define ROUND_SECONDS 30

#define MAX_STREAMED (4 * 1024 * 1024)

static void
add_stream (GArray *streams, const char *name, MfuImage *image)
{
    MfuPlanStream stream = { .image = image };

    g_strlcpy (stream.name, name, sizeof stream.name);
    g_array_append_val (streams, stream);
}

static void
add_boot_chain (const MfuPlan *plan, GArray *streams, gboolean is_temporary)
{
    MfuPackage *package = plan->package;

    add_stream (streams, "SBL1", mfu_package_get_boot (package, MFU_BOOT_SBL1));
    add_stream (streams, "SBL2",
                mfu_package_get_boot (package, is_temporary ? MFU_BOOT_SBL2_TEMPORARY : MFU_BOOT_SBL2));
    add_stream (streams, "RPM", mfu_package_get_boot (package, MFU_BOOT_RPM));
    add_stream (streams, "APPSBL",
                mfu_package_get_boot (package, is_temporary ? MFU_BOOT_APPSBL_TEMPORARY : MFU_BOOT_APPSBL));
}

/* All but the boot chain and the boot image, or the one that is named. */
static gboolean
add_flashes (MfuPlan *plan, const char *only, GError **error)
{
    GPtrArray *flashes = mfu_package_get_flashes (plan->package);

    for (guint i = 0; i < flashes->len; i++) {
        MfuPlanFlash entry = { .flash = g_ptr_array_index (flashes, i) };

        entry.is_boot_chain =
            g_strv_contains ((const char *const *) plan->family->boot_chain, entry.flash->name);
        if (only != NULL ? strcmp (only, entry.flash->name) != 0
                         : entry.is_boot_chain || strcmp (entry.flash->name, "boot") == 0)
            continue;
        if (!mfu_plan_may_flash (plan->family, entry.flash->name)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                         _ ("The package would write %s to %s: calibration and identity are never touched."),
                         entry.flash->filename, entry.flash->name);
            return FALSE;
        }
        if (!mfu_plan_check_flash_size (plan, entry.flash, error))
            return FALSE;
        g_array_append_val (plan->flashes, entry);
    }
    return TRUE;
}

/* The loader knows the partition as the tables write it, which are the modem's or the job ends. */
static void
add_stop (MfuPlan *plan)
{
    GPtrArray *tables = mfu_package_get_tables (plan->package);
    g_autofree char *name = NULL;

    for (guint i = 0; i < tables->len; i++) {
        g_autofree char *other = mfu_user_table_find (g_ptr_array_index (tables, i), "boot");

        if (other == NULL || (name != NULL && strcmp (name, other) != 0)) {
            g_ptr_array_add (plan->warnings,
                             g_strdup (_ ("The package has neither temporary boot images nor a partition "
                                          "table that tells where the boot image is: a modem whose system "
                                          "is incomplete may start and not answer any more.")));
            return;
        }
        if (name == NULL)
            name = g_steal_pointer (&other);
    }
    if (name != NULL) {
        add_stream (plan->opening, name, NULL);
        g_array_index (plan->opening, MfuPlanStream, plan->opening->len - 1).is_optional = TRUE;
        g_ptr_array_add (
            plan->warnings,
            g_strdup (_ ("The boot image is overwritten with zeros first, so that the modem stays "
                         "in fastboot mode until all is written; if its loader refuses that, a "
                         "modem whose system is incomplete may start and not answer any more.")));
    }
}

gboolean
mfu_plan_add_dload (MfuPlan *plan, MfuMode mode, GError **error)
{
    gboolean has_temporary = mfu_package_get_boot (plan->package, MFU_BOOT_SBL2_TEMPORARY) != NULL;
    gboolean begins_by_loader = mode == MFU_MODE_EDL || (mode == MFU_MODE_NORMAL && has_temporary);

    if (begins_by_loader && !has_temporary)
        add_stop (plan);
    if (begins_by_loader)
        add_boot_chain (plan, plan->opening, has_temporary);
    plan->erases_boot = !begins_by_loader;
    /* As soon as there is a boot image again, a modem that loses its power starts, and is not met in fastboot
     * any more: all else comes before. */
    if (!add_flashes (plan, NULL, error) || !add_flashes (plan, "boot", error))
        return FALSE;
    if ((has_temporary || mode == MFU_MODE_FASTBOOT) &&
        (!add_flashes (plan, "aboot", error) || !add_flashes (plan, "sbl2", error)))
        return FALSE;
    if (!begins_by_loader)
        add_boot_chain (plan, plan->closing, FALSE);
    else if (has_temporary)
        add_stream (plan->closing, "SBL2", mfu_package_get_boot (plan->package, MFU_BOOT_SBL2));
    return TRUE;
}

gboolean
mfu_plan_add_streaming (MfuPlan *plan, guint allowed, GError **error)
{
    GPtrArray *flashes = mfu_package_get_flashes (plan->package);
    const MfuFlash *boot = NULL;

    if (!(mfu_package_get_methods (plan->package) & MFU_PACKAGE_FASTBOOT)) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
            _ ("The package has no partition_nand.xml that fastboot could follow; ask Quectel "
               "for the whole package."));
        return FALSE;
    }
    if (!mfu_plan_add_flashes (plan, allowed, error))
        return FALSE;
    for (guint i = 0; i < flashes->len; i++) {
        const MfuFlash *flash = g_ptr_array_index (flashes, i);

        if (flash->image == NULL || strlen (flash->label) >= sizeof ((MfuPlanStream *) NULL)->name)
            continue;
        if (strcmp (flash->name, "boot") == 0)
            boot = flash;
        if (strcmp (flash->name, "sbl") == 0 ||
            !g_strv_contains ((const char *const *) plan->family->boot_chain, flash->name))
            continue;
        if (!mfu_plan_check_flash_size (plan, flash, error))
            return FALSE;
        if (mfu_image_get_size (flash->image) > MAX_STREAMED) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         _ ("The image %s has %" PRIu64
                            " bytes, which is more than a boot image has; fetch the "
                            "package again."),
                         flash->filename, mfu_image_get_size (flash->image));
            return FALSE;
        }
        add_stream (plan->opening, flash->label, flash->image);
    }
    if (boot != NULL) {
        add_stream (plan->opening, boot->label, NULL);
        return TRUE;
    }
    g_set_error_literal (
        error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
        _ ("The package has no boot image, without which the modem does not start; fetch the "
           "package again."));
    return FALSE;
}

gboolean
mfu_plan_may_stream (const MfuFamily *family, const char *partition)
{
    g_autofree char *lower = g_ascii_strdown (partition, -1);

    if (strcmp (lower, "appsbl") == 0)
        return TRUE;
    return mfu_plan_may_flash (family, lower) &&
           (strcmp (lower, "boot") == 0 || g_strv_contains ((const char *const *) family->boot_chain, lower));
}

static guint64
size_of (const MfuPlanStream *stream)
{
    return stream->image != NULL ? mfu_image_get_size (stream->image) : MFU_PLAN_ZEROS;
}

static guint64
sum (GArray *streams)
{
    guint64 bytes = 0;

    for (guint i = 0; i < streams->len; i++)
        bytes += size_of (&g_array_index (streams, MfuPlanStream, i));
    return bytes;
}

void
mfu_plan_sum_up_streams (MfuPlan *plan)
{
    guint64 bytes = sum (plan->opening) + sum (plan->closing);

    plan->bytes_total += bytes;
    plan->seconds += (guint) (bytes / BYTES_PER_SECOND);
    plan->seconds += ROUND_SECONDS * ((plan->opening->len > 0 ? 1u : 0) + (plan->closing->len > 0 ? 1u : 0));
}

void
mfu_plan_describe_streams (GArray *streams, GString *text)
{
    for (guint i = 0; i < streams->len; i++) {
        const MfuPlanStream *stream = &g_array_index (streams, MfuPlanStream, i);

        g_string_append_printf (text, "  stream  %-12s %s, %" PRIu64 " bytes\n", stream->name,
                                stream->image != NULL ? mfu_image_get_name (stream->image) : "-",
                                size_of (stream));
    }
}

static gboolean
writes (GArray *streams, const char *name)
{
    for (guint i = 0; i < streams->len; i++)
        if (strcmp (g_array_index (streams, MfuPlanStream, i).name, name) == 0)
            return TRUE;
    return FALSE;
}

char *
mfu_plan_way_back_of_streams (const MfuPlan *plan)
{
    GString *text =
        g_string_new (_ ("From the first write to the last the modem cannot run; if it is interrupted "
                         "there, it waits in a download mode or in fastboot mode and the same command "
                         "finishes it.\n"));

    if (writes (plan->opening, "SBL1") || writes (plan->closing, "SBL1"))
        g_string_append (text,
                         _ ("But there is a window without a way back: while SBL1 is written, until SBL2 is "
                            "there again, some seconds in all, a power cut can leave the modem with nothing "
                            "that answers; do not switch it off.\n"));
    return g_string_free (text, FALSE);
}
