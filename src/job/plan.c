/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The rules that no plan may break, in the order in which they are checked: package, hardware, names, ranges.
 * The document order of Quectel's XML destroys modems (it programs SBL, MIBIB and TZ and erases them at the
 * end), so the plan makes its own: SBL is erased first and written last; from the first erase on, a power cut
 * leaves the modem in its boot ROM, where the same run can be repeated.
 *
 * Source: rawprogram_nand_p2K_b128K_update.xml of EG25GGBR07A08M2G_30.006, public in
 * Biktorgj/quectel_eg25_recovery; the release notes of QFirehose 1.2.4 ("first erase SBL, last program SBL").
 */

#include "job/plan.h"

#include "config.h"
#include "job/plan-fastboot.h"
#include "job/plan-ranges.h"
#include "job/plan-stream.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

/* For the estimate. Source: observed rates of 3.4 to 4 MB/s by several flashers on RM500Q and EG25-G, and of
 * 20 MB/s for fastboot's downloads (pinephone_modem_sdk issue 44); erases take 8 ms to 745 ms for a
 * partition; the modem boots in about 8 s and ModemManager takes it some 15 s later. */
#define NAND_BYTES_PER_SECOND     (4 * 1000 * 1000)
#define ERASE_BLOCKS_PER_SECOND   500
#define DOWNLOAD_BYTES_PER_SECOND (20 * 1000 * 1000)
#define SWITCH_SECONDS            6
#define RETURN_SECONDS            23

/* Which methods there are, and where each can begin. */
static const struct {
    MfuChain chain;
    guint method; /* MfuPackageMethods */
    const char *name;
    guint modes; /* bits 1 << MfuMode from which it can be entered */
} chains[] = {
    { MFU_CHAIN_FIREHOSE, MFU_PACKAGE_FIREHOSE, "firehose", 1u << MFU_MODE_NORMAL | 1u << MFU_MODE_EDL },
    { MFU_CHAIN_FASTBOOT, MFU_PACKAGE_FASTBOOT, "fastboot", 1u << MFU_MODE_NORMAL | 1u << MFU_MODE_FASTBOOT },
    { MFU_CHAIN_DLOAD, MFU_PACKAGE_9X15, "dload",
      1u << MFU_MODE_NORMAL | 1u << MFU_MODE_EDL | 1u << MFU_MODE_FASTBOOT },
    { MFU_CHAIN_STREAMING, MFU_PACKAGE_STREAMING, "streaming", 1u << MFU_MODE_SBL_DOWNLOAD },
};

gboolean
mfu_plan_check_method (const char *method, GError **error)
{
    g_autoptr (GString) names = g_string_new (NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (chains); i++) {
        if (strcmp (method, chains[i].name) == 0)
            return TRUE;
        g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", chains[i].name);
    }
    g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("“%s” is no method; there are: %s."), method,
                 names->str);
    return FALSE;
}

static const char *
what_is_missing (MfuChain chain)
{
    switch (chain) {
    case MFU_CHAIN_FIREHOSE:
        return _ ("The package has no firehose programmer; ask Quectel for the package with the folder "
                  "update/firehose.");
    case MFU_CHAIN_FASTBOOT:
        return _ ("The package has no partition_nand.xml that fastboot could follow; ask Quectel for the "
                  "whole package.");
    case MFU_CHAIN_DLOAD:
        return _ ("The package has no NPRG9x15.hex with the images beside it, which a modem with MDM9x15 "
                  "needs; ask Quectel for the whole package.");
    case MFU_CHAIN_STREAMING:
    default:
        return _ ("The package has no NPRG loader (update/NPRG9x07.mbn), without which a modem in Quectel's "
                  "download mode takes nothing; ask Quectel for the whole package.");
    }
}

static gboolean
is_switched_by_mbim (MfuChain chain, const MfuDeviceFacts *facts)
{
    return chain == MFU_CHAIN_FIREHOSE && facts->mode == MFU_MODE_NORMAL && facts->lacks_diag &&
           facts->has_mbim && !facts->refuses_qdu;
}

/* Why a modem in normal mode cannot be told to enter the mode in which the chain begins; NULL if it can.
 * Source: linux-mobile-broadband/libqmi, DMS (online, low power, offline, reset ..., but no download mode) */
static const char *
what_is_shut (MfuChain chain, const MfuDeviceFacts *facts)
{
    gboolean needs_at = chain == MFU_CHAIN_FASTBOOT;

    if (facts->mode != MFU_MODE_NORMAL || is_switched_by_mbim (chain, facts) ||
        !(needs_at ? facts->lacks_at : facts->lacks_diag))
        return NULL;
    if (facts->lacks_at && facts->lacks_diag && facts->has_mbim && facts->refuses_qdu)
        return _ ("The modem offers MBIM alone, without Quectel's firmware service (QDU), and no other MBIM "
                  "command leads to a mode in which it could be written; start it in its boot ROM (USB_BOOT "
                  "and VDD_EXT joined while it is switched on) and run the same command again with "
                  "its port, or let its maker write it.");
    if (facts->lacks_at && facts->lacks_diag && !facts->has_mbim)
        return _ (
            "The modem offers neither a DIAG nor an AT port, and no QMI command leads to a mode in which "
            "it could be written; give it a DIAG port again (AT+QCFG=\"usbcfg\" on its UART), or start it in "
            "its boot ROM (USB_BOOT and VDD_EXT joined while it is switched on) and run the "
            "same command again with its port.");
    if (needs_at)
        return _ (
            "The modem offers no AT port, on which it could be told to enter fastboot mode; give it one "
            "again (AT+QCFG=\"usbcfg\" on its UART), or name another method, or none.");
    return _ (
        "The modem offers no DIAG port, on which it could be told to enter its download mode; give it one "
        "again with AT+QCFG=\"usbcfg\".");
}

/* Why the package and the modem do not go together by this chain; NULL if they do. */
static char *
obstacle (const MfuPlan *plan, gsize which, const MfuDeviceFacts *facts)
{
    MfuMode mode = facts->mode;

    if (!(chains[which].modes & 1u << mode))
        return g_strdup_printf (
            _ ("The modem is in %s mode, from which it cannot be flashed by %s; name another "
               "method, or none."),
            mfu_mode_to_string (mode), chains[which].name);
    if (!(plan->family->chains & chains[which].chain))
        return g_strdup_printf (_ ("Modems of the family %s are not flashed by %s."), plan->family->name,
                                chains[which].name);
    if (mfu_package_get_methods (plan->package) & chains[which].method)
        return g_strdup (what_is_shut (chains[which].chain, facts));
    if (chains[which].chain == MFU_CHAIN_FIREHOSE && mode == MFU_MODE_EDL)
        return g_strdup (
            _ ("The package has no firehose programmer, without which a modem in its boot ROM cannot be "
               "written; take its power away for ten seconds, which starts a boot loader that is "
               "whole, and run the same command again, or ask Quectel for the package with the folder "
               "update/firehose."));
    return g_strdup (what_is_missing (chains[which].chain));
}

/* Of a modem that does not offer all its ports: what that means for the update. */
static void
note_how (MfuPlan *plan, const MfuDeviceFacts *facts, const char *why_not)
{
    plan->is_switched_by_mbim = is_switched_by_mbim (plan->chain, facts);
    if (plan->is_switched_by_mbim)
        g_ptr_array_add (
            plan->warnings,
            g_strdup (_ (
                "The modem offers no DIAG port; it will be told by MBIM (Quectel's QDU service) to enter its "
                "download mode, which not every module does. One that refuses is given back as it is.")));
    else if (why_not != NULL && facts->mode == MFU_MODE_NORMAL && facts->lacks_diag)
        g_ptr_array_add (plan->warnings, g_strdup_printf (_ ("Not by firehose: %s"), why_not));
    if (facts->mode == MFU_MODE_NORMAL && facts->lacks_at && (facts->has_qmi || facts->has_mbim))
        g_ptr_array_add (
            plan->warnings,
            g_strdup_printf (_ ("The modem offers no AT port; its version is asked for by %s, which "
                                "may tell it without the project."),
                             facts->has_qmi ? "QMI" : "MBIM"));
}

/* What was asked for, else the first that goes. */
static gboolean
choose_chain (MfuPlan *plan, const MfuDeviceFacts *facts, const MfuPlanOptions *options, GError **error)
{
    g_autofree char *why_not = NULL;

    if (options->method != NULL && !mfu_plan_check_method (options->method, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (chains); i++) {
        gboolean is_asked_for = options->method != NULL && strcmp (options->method, chains[i].name) == 0;
        char *reason;

        if (options->method != NULL && !is_asked_for)
            continue;
        plan->chain = chains[i].chain;
        plan->method = chains[i].name;
        reason = obstacle (plan, i, facts);
        if (reason == NULL) {
            note_how (plan, facts, why_not);
            return TRUE;
        }
        /* That a chain cannot begin here is no news to one who did not ask for it. */
        if (why_not == NULL &&
            (is_asked_for || (chains[i].modes & 1u << facts->mode && plan->family->chains & chains[i].chain)))
            why_not = reason;
        else
            g_free (reason);
    }
    if (why_not != NULL)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, why_not);
    else
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
                     _ ("The device in port %s is in %s mode, from which this version cannot flash."),
                     facts->port, mfu_mode_to_string (facts->mode));
    return FALSE;
}

static gboolean
check_rawprogram (MfuPlan *plan, GError **error)
{
    MfuPackage *package = plan->package;

    if (mfu_package_is_factory (package)) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("This is a factory package, which erases calibration and IMEI; ask Quectel for the "
               "update package (rawprogram…_update.xml)."));
        return FALSE;
    }
    if (plan->page_size == 0 || plan->block_size == 0 || mfu_package_get_partitions (package)->len == 0) {
        g_set_error_literal (
            error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
            _ ("The package brings no partition table (partition_complete_….mbn), without which the "
               "calibration cannot be told from the rest; fetch the whole package again."));
        return FALSE;
    }
    if (plan->block_size % plan->page_size != 0) {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
            _ ("The package speaks of blocks of %u bytes and pages of %u, which do not fit each other."),
            plan->block_size, plan->page_size);
        return FALSE;
    }
    plan->pages_per_block = plan->block_size / plan->page_size;
    return TRUE;
}

static gboolean
matches_any (char **patterns, const char *text)
{
    for (gsize i = 0; patterns != NULL && patterns[i] != NULL; i++)
        if (g_pattern_match_simple (patterns[i], text))
            return TRUE;
    return FALSE;
}

static gboolean
check_chip (MfuPackage *package, const MfuFamily *family, GPtrArray *warnings, GError **error)
{
    const char *chip = mfu_package_get_chip_id (package);
    MfuImage *image = mfu_package_get_programmer (package);
    g_autofree char *programmer = image != NULL ? g_path_get_basename (mfu_image_get_name (image)) : NULL;

    if (programmer != NULL && !matches_any (family->programmers, programmer)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The package's programmer is %s, which is for another chip than this modem's %s; "
                        "take a package "
                        "for this modem."),
                     programmer, family->chip_ids[0]);
        return FALSE;
    }
    if (chip == NULL) {
        g_ptr_array_add (warnings, g_strdup (_ ("The package does not tell its chip (contents.xml).")));
        return TRUE;
    }
    for (gsize i = 0; family->chip_ids[i] != NULL; i++)
        if (g_ascii_strcasecmp (family->chip_ids[i], chip) == 0)
            return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                 _ ("The package is for the chip %s, this modem has an %s; take a package for this modem."),
                 chip, family->chip_ids[0]);
    return FALSE;
}

static int
compare_archive_order (gconstpointer a, gconstpointer b)
{
    const MfuPlanEntry *left = a, *right = b;
    guint left_order = mfu_image_get_order (left->action->image);
    guint right_order = mfu_image_get_order (right->action->image);

    if (left_order != right_order)
        return left_order < right_order ? -1 : 1;
    return left->action->start_sector < right->action->start_sector ? -1 : 1;
}

static int
compare_start (gconstpointer a, gconstpointer b)
{
    const MfuPlanEntry *left = a, *right = b;

    /* SBL starts at 0: its erase comes first by itself. */
    return left->action->start_sector < right->action->start_sector ? -1 : 1;
}

/* Moves the entry of the partition `name` to the end. */
static void
move_last (GArray *entries, const char *name)
{
    for (guint i = 0; i < entries->len; i++) {
        MfuPlanEntry entry = g_array_index (entries, MfuPlanEntry, i);

        if (strcmp (entry.name, name) == 0) {
            g_array_remove_index (entries, i);
            g_array_append_val (entries, entry);
            return;
        }
    }
}

static void
put_in_order (MfuPlan *plan)
{
    g_array_sort (plan->erases, compare_start);
    g_array_sort (plan->programs, compare_archive_order);
    move_last (plan->programs, "mibib");
    move_last (plan->programs, "sbl");
}

static void
collect_entries (MfuPlan *plan)
{
    GPtrArray *actions = mfu_package_get_actions (plan->package);

    for (guint i = 0; i < actions->len; i++) {
        MfuPlanEntry entry = { .action = g_ptr_array_index (actions, i) };

        switch (entry.action->kind) {
        case MFU_ACTION_VENDOR:
            g_array_append_val (plan->vendor_tags, entry);
            break;
        case MFU_ACTION_ERASE:
            g_array_append_val (plan->erases, entry);
            break;
        case MFU_ACTION_PROGRAM:
            g_array_append_val (plan->programs, entry);
            break;
        }
    }
}

static void
sum_up (MfuPlan *plan)
{
    for (guint i = 0; i < plan->programs->len; i++)
        plan->bytes_total +=
            mfu_image_get_size (g_array_index (plan->programs, MfuPlanEntry, i).action->image);
    for (guint i = 0; i < plan->erases->len; i++)
        plan->n_erase_blocks +=
            g_array_index (plan->erases, MfuPlanEntry, i).action->num_sectors / plan->pages_per_block;
    for (guint i = 0; i < plan->flashes->len; i++)
        plan->bytes_total += mfu_image_get_size (g_array_index (plan->flashes, MfuPlanFlash, i).flash->image);
    plan->seconds = SWITCH_SECONDS + RETURN_SECONDS + plan->n_erase_blocks / ERASE_BLOCKS_PER_SECOND +
                    (guint) (plan->bytes_total / NAND_BYTES_PER_SECOND);
    /* The image is first sent, then written. */
    if (plan->chain != MFU_CHAIN_FIREHOSE)
        plan->seconds += (guint) (plan->bytes_total / DOWNLOAD_BYTES_PER_SECOND);
    mfu_plan_sum_up_streams (plan);
}

static void
append_commands (GString *text, GArray *entries, const char *verb, guint pages_per_block)
{
    for (guint i = 0; i < entries->len; i++) {
        const MfuPlanEntry *entry = &g_array_index (entries, MfuPlanEntry, i);
        const MfuAction *action = entry->action;

        g_string_append_printf (text, "  %-7s %-12s %u+%u", verb, entry->name,
                                action->start_sector / pages_per_block,
                                action->num_sectors / pages_per_block);
        if (action->kind == MFU_ACTION_PROGRAM)
            g_string_append_printf (text, "  %s, %" G_GUINT64_FORMAT " bytes%s",
                                    mfu_image_get_name (action->image), mfu_image_get_size (action->image),
                                    entry->is_verified ? _ (", read back") : "");
        g_string_append_c (text, '\n');
    }
}

static char *
commands_text (const MfuPlan *plan)
{
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < plan->vendor_tags->len; i++) {
        const MfuAction *action = g_array_index (plan->vendor_tags, MfuPlanEntry, i).action;

        g_string_append_printf (text, "  vendor  %s\n", action->tag);
    }
    mfu_plan_describe_streams (plan->opening, text);
    if (plan->erases_boot)
        g_string_append (text, "  erase   boot\n");
    mfu_plan_describe_flashes (plan, text);
    mfu_plan_describe_streams (plan->closing, text);
    append_commands (text, plan->erases, "erase", plan->pages_per_block);
    append_commands (text, plan->programs, "write", plan->pages_per_block);
    return g_string_free (text, FALSE);
}

static char *
way_back (const MfuPlan *plan)
{
    switch (plan->chain) {
    case MFU_CHAIN_FASTBOOT:
        return mfu_plan_way_back (plan);
    case MFU_CHAIN_DLOAD:
    case MFU_CHAIN_STREAMING:
        return mfu_plan_way_back_of_streams (plan);
    case MFU_CHAIN_FIREHOSE:
    default:
        return g_strdup (
            _ ("From the first erase to the last write the modem cannot run; if it is interrupted there, it "
               "waits in its boot ROM and the same command finishes it.\n"));
    }
}

static void
describe (MfuPlan *plan, const MfuDeviceFacts *facts)
{
    g_autofree char *commands = commands_text (plan);
    g_autofree char *digested = g_strconcat (mfu_package_get_digest (plan->package), "\n", commands, NULL);
    g_autofree char *size = g_format_size_full (plan->bytes_total, G_FORMAT_SIZE_IEC_UNITS);
    g_autofree char *kept = g_strjoinv (", ", plan->family->protected_names);
    gboolean is_firehose = plan->chain == MFU_CHAIN_FIREHOSE;
    g_autofree char *back = way_back (plan);
    GString *text = g_string_new (NULL);

    g_string_append_printf (
        text, _ ("Port %s, %s: %s -> %s by %s, about %u s.\n"), facts->port, plan->family->description,
        *plan->from != '\0' ? plan->from : _ ("unknown firmware"),
        *plan->to != '\0' ? plan->to : mfu_package_get_name (plan->package), plan->method, plan->seconds);
    if (is_firehose)
        g_string_append_printf (
            text, _ ("%s to write, blocks of %u KiB, pages of %u bytes; in this order (block+count):\n"),
            size, plan->block_size / 1024, plan->page_size);
    else
        g_string_append_printf (text, _ ("%s to write; in this order:\n"), size);
    g_string_append (text, commands);
    g_string_append_printf (text, is_firehose ? _ ("Kept: %s.\n") : _ ("Kept: mibib, %s.\n"), kept);
    g_string_append (text, back);
    for (guint i = 0; i < plan->warnings->len; i++)
        g_string_append_printf (text, _ ("Note: %s\n"), (const char *) g_ptr_array_index (plan->warnings, i));

    plan->digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, digested, -1);
    plan->text = g_string_free (text, FALSE);
}

static MfuPlan *
plan_alloc (MfuPackage *package, const MfuDeviceFacts *facts, const char *note)
{
    MfuPlan *plan = g_new0 (MfuPlan, 1);
    const char *const *warnings = mfu_package_get_warnings (package);

    plan->package = package;
    plan->family = facts->family;
    plan->from = g_strdup (facts->version.text);
    plan->to = g_strdup (mfu_package_get_version (package)->text);
    plan->page_size = mfu_package_get_page_size (package);
    plan->block_size = mfu_package_get_block_size (package);
    plan->vendor_tags = g_array_new (FALSE, TRUE, sizeof (MfuPlanEntry));
    plan->erases = g_array_new (FALSE, TRUE, sizeof (MfuPlanEntry));
    plan->programs = g_array_new (FALSE, TRUE, sizeof (MfuPlanEntry));
    plan->opening = g_array_new (FALSE, TRUE, sizeof (MfuPlanStream));
    plan->flashes = g_array_new (FALSE, TRUE, sizeof (MfuPlanFlash));
    plan->closing = g_array_new (FALSE, TRUE, sizeof (MfuPlanStream));
    plan->warnings = g_ptr_array_new_with_free_func (g_free);
    for (gsize i = 0; warnings != NULL && warnings[i] != NULL; i++)
        g_ptr_array_add (plan->warnings, g_strdup (warnings[i]));
    if (note != NULL)
        g_ptr_array_add (plan->warnings, g_strdup (note));
    return plan;
}

/* What the modem will tell of itself is compared then (identify.c); what is known already is compared now. */
static gboolean
check_names (MfuPlan *plan, const MfuDeviceFacts *facts, guint allowed, GError **error)
{
    if (facts->is_asked_later)
        allowed |= MFU_ALLOW_UNIDENTIFIED;
    else if (facts->mode == MFU_MODE_NORMAL &&
             !mfu_match_shared (plan->family, &facts->version, facts->told, error))
        return FALSE;
    if (!mfu_match_versions (&facts->version, mfu_package_get_version (plan->package),
                             facts->mode != MFU_MODE_NORMAL || facts->is_unfinished, allowed, plan->warnings,
                             error))
        return FALSE;
    if (facts->is_asked_later && (!facts->version.is_known || *facts->version.memory == '\0'))
        g_ptr_array_add (plan->warnings,
                         g_strdup (_ ("ModemManager does not know exactly what the modem runs; the modem is "
                                      "asked when ModemManager has let go of it, and if the package does not "
                                      "fit, it is given back as it is.")));
    return TRUE;
}

static gboolean
add_commands (MfuPlan *plan, MfuMode mode, guint allowed, GError **error)
{
    switch (plan->chain) {
    case MFU_CHAIN_FASTBOOT:
        return mfu_plan_add_flashes (plan, allowed, error);
    case MFU_CHAIN_DLOAD:
        return mfu_plan_add_dload (plan, mode, error);
    case MFU_CHAIN_STREAMING:
        return mfu_plan_add_streaming (plan, allowed, error);
    case MFU_CHAIN_FIREHOSE:
    default:
        collect_entries (plan);
        if (!mfu_plan_check_ranges (plan, error))
            return FALSE;
        put_in_order (plan);
        return TRUE;
    }
}

MfuPlan *
mfu_plan_new (MfuPackage *package, const MfuDeviceFacts *facts, const MfuPlanOptions *options, GError **error)
{
    g_autoptr (MfuPlan) plan = plan_alloc (package, facts, options->note);

    if (!check_chip (package, facts->family, plan->warnings, error) ||
        !choose_chain (plan, facts, options, error) ||
        (plan->chain == MFU_CHAIN_FIREHOSE && !check_rawprogram (plan, error)) ||
        !check_names (plan, facts, options->allowed, error) ||
        !add_commands (plan, facts->mode, options->allowed, error))
        return NULL;
    sum_up (plan);
    describe (plan, facts);
    return g_steal_pointer (&plan);
}

void
mfu_plan_free (MfuPlan *plan)
{
    if (plan == NULL)
        return;
    g_free (plan->from);
    g_free (plan->to);
    g_array_unref (plan->vendor_tags);
    g_array_unref (plan->erases);
    g_array_unref (plan->programs);
    g_array_unref (plan->opening);
    g_array_unref (plan->flashes);
    g_array_unref (plan->closing);
    g_ptr_array_unref (plan->warnings);
    g_free (plan->digest);
    g_free (plan->text);
    g_free (plan);
}
