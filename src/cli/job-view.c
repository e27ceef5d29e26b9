/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Properties come from another process: each is looked up by name and type, and cleaned. */

#include "cli/job-view.h"

#include "config.h"

#include "cli/progress.h"
#include "cli/text.h"
#include "util/error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

#define KEY "modem.firmware-update."

static const char *const state_names[] = {
    [MFU_VIEW_UNKNOWN] = "unknown",
    [MFU_VIEW_VERIFYING] = "verifying",
    [MFU_VIEW_READY] = "ready",
    [MFU_VIEW_RUNNING] = "running",
    [MFU_VIEW_DONE] = "done",
    [MFU_VIEW_CANCELLED] = "cancelled",
    [MFU_VIEW_FAILED] = "failed",
    [MFU_VIEW_FLASHED_UNVERIFIED] = "flashed-unverified",
    [MFU_VIEW_NEEDS_RECOVERY] = "needs-recovery",
};

MfuViewState
mfu_view_state_from_string (const char *state)
{
    for (guint i = 0; i < G_N_ELEMENTS (state_names); i++) {
        if (g_strcmp0 (state_names[i], state) == 0)
            return (MfuViewState) i;
    }
    return MFU_VIEW_UNKNOWN;
}

const char *
mfu_view_state_to_string (MfuViewState state)
{
    return (guint) state < G_N_ELEMENTS (state_names) ? state_names[state] : state_names[MFU_VIEW_UNKNOWN];
}

gboolean
mfu_view_state_is_end (MfuViewState state)
{
    return state >= MFU_VIEW_DONE;
}

static char *
lookup_text (GVariant *dictionary, const char *key, gboolean keeps_newlines)
{
    g_autoptr (GVariant) value = g_variant_lookup_value (dictionary, key, NULL);

    if (value == NULL || !(g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ||
                           g_variant_is_of_type (value, G_VARIANT_TYPE_OBJECT_PATH)))
        return g_strdup ("");
    return mfu_text_clean (g_variant_get_string (value, NULL), keeps_newlines);
}

/* An object path; "" stands for "/" too, D-Bus's word for "none". */
static char *
lookup_path (GVariant *dictionary, const char *key)
{
    g_autofree char *path = lookup_text (dictionary, key, FALSE);

    return g_strdup (g_str_equal (path, "/") ? "" : path);
}

static char **
lookup_texts (GVariant *dictionary, const char *key)
{
    g_auto (GStrv) values = NULL;
    guint n;
    char **clean;

    if (!g_variant_lookup (dictionary, key, "^as", &values))
        return g_new0 (char *, 1);
    n = g_strv_length (values);
    clean = g_new0 (char *, n + 1);
    for (guint i = 0; i < n; i++)
        clean[i] = mfu_text_clean (values[i], FALSE);
    return clean;
}

static void
take_plan (MfuJobView *view, GVariant *properties)
{
    g_autoptr (GVariant) plan = g_variant_lookup_value (properties, "Plan", G_VARIANT_TYPE_VARDICT);

    view->has_plan = plan != NULL && g_variant_n_children (plan) > 0;
    if (plan == NULL)
        plan = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
    view->plan_text = lookup_text (plan, "text", TRUE);
    view->plan_method = lookup_text (plan, "method", FALSE);
    view->plan_digest = lookup_text (plan, "digest", FALSE);
    view->plan_warnings = lookup_texts (plan, "warnings");
    view->plan_steps = lookup_texts (plan, "steps");
    g_variant_lookup (plan, "seconds", "u", &view->plan_seconds);
    g_variant_lookup (plan, "bytes", "t", &view->plan_bytes);
}

static void
take_numbers (MfuJobView *view, GVariant *properties)
{
    g_variant_lookup (properties, "StepNumber", "u", &view->step_number);
    g_variant_lookup (properties, "StepCount", "u", &view->step_count);
    g_variant_lookup (properties, "Progress", "d", &view->progress);
    g_variant_lookup (properties, "BytesDone", "t", &view->bytes_done);
    g_variant_lookup (properties, "BytesTotal", "t", &view->bytes_total);
    g_variant_lookup (properties, "BytesPerSecond", "t", &view->bytes_per_second);
    g_variant_lookup (properties, "SecondsLeft", "u", &view->seconds_left);
    g_variant_lookup (properties, "CanCancel", "b", &view->can_cancel);
}

MfuJobView *
mfu_job_view_new (const char *path, GVariant *properties)
{
    MfuJobView *view = g_new0 (MfuJobView, 1);
    g_autofree char *state = lookup_text (properties, "State", FALSE);
    const char *error_name = "", *error_message = "";

    view->state = mfu_view_state_from_string (state);
    view->path = g_strdup (path);
    view->device = lookup_text (properties, "Device", FALSE);
    view->port = lookup_text (properties, "Port", FALSE);
    view->mode = lookup_text (properties, "Mode", FALSE);
    view->modem = lookup_path (properties, "Modem");
    view->old_modem = lookup_path (properties, "OldModem");
    view->model = lookup_text (properties, "Model", FALSE);
    view->package_name = lookup_text (properties, "PackageName", FALSE);
    view->fingerprint = lookup_text (properties, "PackageFingerprint", FALSE);
    view->step = lookup_text (properties, "Step", FALSE);
    view->from_version = lookup_text (properties, "FromVersion", FALSE);
    view->to_version = lookup_text (properties, "ToVersion", FALSE);
    view->advice = lookup_text (properties, "Advice", FALSE);
    g_variant_lookup (properties, "Error", "(&s&s)", &error_name, &error_message);
    view->error_name = mfu_text_clean (error_name, FALSE);
    view->error_message = mfu_text_clean (error_message, FALSE);
    take_numbers (view, properties);
    take_plan (view, properties);
    return view;
}

MfuJobView *
mfu_job_view_new_empty (void)
{
    g_autoptr (GVariant) nothing = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));

    return mfu_job_view_new ("", nothing);
}

void
mfu_job_view_free (MfuJobView *view)
{
    g_free (view->path);
    g_free (view->device);
    g_free (view->port);
    g_free (view->mode);
    g_free (view->modem);
    g_free (view->old_modem);
    g_free (view->model);
    g_free (view->package_name);
    g_free (view->fingerprint);
    g_free (view->step);
    g_free (view->from_version);
    g_free (view->to_version);
    g_free (view->error_name);
    g_free (view->error_message);
    g_free (view->advice);
    g_free (view->plan_text);
    g_free (view->plan_method);
    g_free (view->plan_digest);
    g_strfreev (view->plan_warnings);
    g_strfreev (view->plan_steps);
    g_free (view);
}

/* The state alone decides whether the modem is whole; the error's code only refines what is below 20. */
int
mfu_job_view_exit_code (const MfuJobView *view)
{
    MfuError code = MFU_ERROR_IO;
    g_autoptr (GError) error = NULL;
    gboolean is_ours = mfu_error_from_dbus_name (view->error_name, &code);

    switch (view->state) {
    case MFU_VIEW_CANCELLED:
        code = MFU_ERROR_CANCELLED;
        break;
    case MFU_VIEW_FLASHED_UNVERIFIED:
        code = MFU_ERROR_FLASHED_UNVERIFIED;
        break;
    case MFU_VIEW_NEEDS_RECOVERY:
        code = MFU_ERROR_NEEDS_RECOVERY;
        break;
    case MFU_VIEW_FAILED:
        if (!is_ours || code == MFU_ERROR_NEEDS_RECOVERY)
            code = MFU_ERROR_IO;
        break;
    case MFU_VIEW_UNKNOWN:
    case MFU_VIEW_VERIFYING:
    case MFU_VIEW_READY:
    case MFU_VIEW_RUNNING:
    case MFU_VIEW_DONE:
    default:
        return 0;
    }
    error = g_error_new_literal (MFU_ERROR, code, "");
    return mfu_error_exit_code (error);
}

static char *
number (guint64 value, gboolean is_known)
{
    return is_known ? g_strdup_printf ("%" G_GUINT64_FORMAT, value) : NULL;
}

static void
report_progress (const MfuJobView *view, MfuReport *report)
{
    const char *section = _ ("Progress");
    g_autofree char *step = number (view->step_number, view->step_count > 0);
    g_autofree char *steps = number (view->step_count, view->step_count > 0);
    g_autofree char *done = number (view->bytes_done, view->bytes_total > 0);
    g_autofree char *total = number (view->bytes_total, view->bytes_total > 0);
    g_autofree char *rate = number (view->bytes_per_second, view->bytes_per_second > 0);
    g_autofree char *left = number (view->seconds_left, view->seconds_left > 0);
    g_autofree char *percent = g_strdup_printf ("%u", (guint) (CLAMP (view->progress, 0.0, 1.0) * 100.0));
    g_autofree char *human_bytes = mfu_progress_bytes (view->bytes_done, view->bytes_total);
    g_autofree char *human = g_strdup_printf ("%s%% (%s)", percent, human_bytes);
    gboolean is_on_its_way = view->state == MFU_VIEW_RUNNING || view->state == MFU_VIEW_VERIFYING;

    mfu_report_add (report, is_on_its_way ? section : NULL, _ ("step"), KEY "step", view->step);
    mfu_report_add (report, NULL, "", KEY "step-number", step);
    mfu_report_add (report, NULL, "", KEY "step-count", steps);
    mfu_report_add (report, NULL, "", KEY "progress", percent);
    mfu_report_add (report, NULL, "", KEY "bytes-done", done);
    mfu_report_add (report, NULL, "", KEY "bytes-total", total);
    mfu_report_add (report, NULL, "", KEY "bytes-per-second", rate);
    mfu_report_add (report, NULL, "", KEY "seconds-left", left);
    mfu_report_add (report, is_on_its_way ? section : NULL, _ ("can be stopped"), KEY "can-cancel",
                    view->can_cancel ? "yes" : "no");
    if (is_on_its_way && view->bytes_total > 0)
        mfu_report_add (report, section, _ ("written"), NULL, human);
}

void
mfu_job_view_report (const MfuJobView *view, MfuReport *report)
{
    const char *section = _ ("Firmware update");

    mfu_report_add (report, section, _ ("state"), KEY "state", mfu_view_state_to_string (view->state));
    mfu_report_add (report, section, _ ("modem"), KEY "modem", view->modem);
    mfu_report_add (report, section, _ ("device"), KEY "device", view->device);
    mfu_report_add (report, section, _ ("port"), KEY "port", view->port);
    mfu_report_add (report, section, _ ("mode"), KEY "mode", view->mode);
    mfu_report_add (report, section, _ ("model"), KEY "model", view->model);
    mfu_report_add (report, section, _ ("from version"), KEY "from-version", view->from_version);
    mfu_report_add (report, section, _ ("to version"), KEY "to-version", view->to_version);
    mfu_report_add (report, section, _ ("package"), KEY "package", view->package_name);
    mfu_report_add (report, NULL, "", KEY "job", view->path);
    report_progress (view, report);
    mfu_report_add (report, _ ("Problem"), _ ("error"), KEY "error.message", view->error_message);
    mfu_report_add (report, NULL, "", KEY "error.name", view->error_name);
    mfu_report_add (report, _ ("Problem"), _ ("advice"), KEY "advice", view->advice);
}

void
mfu_job_view_report_plan (const MfuJobView *view, MfuReport *report)
{
    g_autofree char *seconds = number (view->plan_seconds, view->plan_seconds > 0);
    g_autofree char *bytes = number (view->plan_bytes, view->plan_bytes > 0);

    mfu_report_add (report, NULL, "", KEY "device", view->device);
    mfu_report_add (report, NULL, "", KEY "port", view->port);
    mfu_report_add (report, NULL, "", KEY "model", view->model);
    mfu_report_add (report, NULL, "", KEY "package", view->package_name);
    mfu_report_add (report, NULL, "", KEY "plan.from-version", view->from_version);
    mfu_report_add (report, NULL, "", KEY "plan.to-version", view->to_version);
    mfu_report_add (report, NULL, "", KEY "plan.method", view->plan_method);
    mfu_report_add (report, NULL, "", KEY "plan.seconds", seconds);
    mfu_report_add (report, NULL, "", KEY "plan.bytes", bytes);
    mfu_report_add (report, NULL, "", KEY "plan.digest", view->plan_digest);
    mfu_report_add_array (report, NULL, "", KEY "plan.steps", (const char *const *) view->plan_steps);
    mfu_report_add_array (report, NULL, "", KEY "plan.warnings", (const char *const *) view->plan_warnings);
    mfu_report_add (report, NULL, "", KEY "plan.text", view->plan_text);
}
