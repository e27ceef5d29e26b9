/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The three forms of results, compared with what mmcli prints for results of the same shape. */

#include "cli/format.h"
#include "cli/job-view.h"

#include <gio/gio.h>
#include <locale.h>

static MfuReport *
sample (void)
{
    const char *const warnings[] = { "no md5.txt", "say \"hi\"\\", NULL };
    MfuReport *report = mfu_report_new ();

    mfu_report_add (report, "Firmware update", "state", "modem.firmware-update.state", "done");
    mfu_report_add (report, "Firmware update", "to version", "modem.firmware-update.to-version",
                    "EC25\nE\303\251");
    mfu_report_add (report, "Firmware update", "error", "modem.firmware-update.error.message", NULL);
    mfu_report_add (report, NULL, "", "modem.firmware-update.error.name", "");
    mfu_report_add_array (report, "Plan", "warnings", "modem.firmware-update.warnings", warnings);
    mfu_report_add_array (report, "Plan", "steps", "modem.firmware-update.steps", NULL);
    mfu_report_add (report, "Plan", "for people", NULL, "only");
    return report;
}

static void
test_table (void)
{
    g_autoptr (MfuReport) report = sample ();
    g_autofree char *text = mfu_report_to_string (report, MFU_OUTPUT_HUMAN);

    g_assert_cmpstr (text, ==,
                     "  -----------------------------\n"
                     "  Firmware update |      state: done\n"
                     "                  | to version: EC25\n"
                     "                  |             E\303\251\n"
                     "  -----------------------------\n"
                     "  Plan            |   warnings: no md5.txt\n"
                     "                  |             say \"hi\"\\\n"
                     "                  | for people: only\n");
}

static void
test_keyvalue (void)
{
    g_autoptr (MfuReport) report = sample ();
    g_autofree char *text = mfu_report_to_string (report, MFU_OUTPUT_KEYVALUE);

    g_assert_cmpstr (text, ==,
                     "modem.firmware-update.state             : done\n"
                     "modem.firmware-update.to-version        : EC25\\nE\\303\\251\n"
                     "modem.firmware-update.error.message     : --\n"
                     "modem.firmware-update.error.name        : --\n"
                     "modem.firmware-update.warnings.length   : 2\n"
                     "modem.firmware-update.warnings.value[1] : no md5.txt\n"
                     "modem.firmware-update.warnings.value[2] : say \\\"hi\\\"\\\\\n"
                     "modem.firmware-update.steps             : --\n");
}

static void
test_json (void)
{
    g_autoptr (MfuReport) report = sample ();
    g_autofree char *text = mfu_report_to_string (report, MFU_OUTPUT_JSON);

    g_assert_cmpstr (text, ==,
                     "{\"modem\":{\"firmware-update\":{\"error\":{\"message\":\"--\",\"name\":\"--\"},"
                     "\"state\":\"done\",\"steps\":[],\"to-version\":\"EC25\\nE\303\251\","
                     "\"warnings\":[\"no md5.txt\",\"say \\\"hi\\\"\\\\\"]}}}\n");
}

static MfuReport *
sample_list (guint n)
{
    MfuReport *list = mfu_report_new ();

    for (guint i = 0; i < n; i++) {
        g_autofree char *port = g_strdup_printf ("1-%u", i + 1);
        MfuReport *object = mfu_report_add_object (list, port);

        mfu_report_add (object, NULL, "", "port", port);
        mfu_report_add (object, NULL, "", "needs", i == 1 ? "recovery" : "");
    }
    return list;
}

static void
test_list (void)
{
    g_autoptr (MfuReport) list = sample_list (2);
    g_autofree char *human = mfu_report_list_to_string (list, "l", MFU_OUTPUT_HUMAN, "nothing");
    g_autofree char *keyvalue = mfu_report_list_to_string (list, "l", MFU_OUTPUT_KEYVALUE, "nothing");
    g_autofree char *json = mfu_report_list_to_string (list, "l", MFU_OUTPUT_JSON, "nothing");

    g_assert_cmpstr (human, ==, "1-1\n1-2\n");
    g_assert_cmpstr (keyvalue, ==,
                     "l.length         : 2\n"
                     "l.value[1].port  : 1-1\n"
                     "l.value[1].needs : --\n"
                     "l.value[2].port  : 1-2\n"
                     "l.value[2].needs : recovery\n");
    g_assert_cmpstr (
        json, ==,
        "{\"l\":[{\"needs\":\"--\",\"port\":\"1-1\"},{\"needs\":\"recovery\",\"port\":\"1-2\"}]}\n");
}

static void
test_empty_list (void)
{
    g_autoptr (MfuReport) list = sample_list (0);
    g_autofree char *human = mfu_report_list_to_string (list, "l", MFU_OUTPUT_HUMAN, "nothing");
    g_autofree char *keyvalue = mfu_report_list_to_string (list, "l", MFU_OUTPUT_KEYVALUE, "nothing");
    g_autofree char *json = mfu_report_list_to_string (list, "l", MFU_OUTPUT_JSON, "nothing");

    g_assert_cmpstr (human, ==, "nothing\n");
    g_assert_cmpstr (keyvalue, ==, "l.length : 0\n");
    g_assert_cmpstr (json, ==, "{\"l\":[]}\n");
}

/* Types that the interface does not promise are as if absent, and nothing steers the terminal. */
static void
test_hostile_properties (void)
{
    g_autoptr (GVariant) properties = g_variant_ref_sink (
        g_variant_new_parsed ("{'State': <'failed'>, 'Step': <7>, 'StepNumber': <'x'>, 'Progress': <1>,"
                              " 'Error': <'boom'>, 'Plan': <'p'>, 'Modem': <objectpath '/'>,"
                              " 'Advice': <'\\u001b]0;x\\u0007'>, 'BytesTotal': <int32 -1>}"));
    g_autoptr (MfuJobView) view = mfu_job_view_new ("/j", properties);

    g_assert_cmpint (view->state, ==, MFU_VIEW_FAILED);
    g_assert_cmpstr (view->step, ==, "");
    g_assert_cmpuint (view->step_number, ==, 0);
    g_assert_cmpstr (view->error_name, ==, "");
    g_assert_false (view->has_plan);
    g_assert_cmpstr (view->modem, ==, "");
    g_assert_cmpstr (view->advice, ==, " ]0;x ");
    g_assert_cmpint (mfu_job_view_exit_code (view), ==, 10);
}

static void
test_exit_codes (void)
{
    const struct {
        const char *state, *error;
        int code;
    } cases[] = {
        { "done", "", 0 },
        { "done", "NeedsRecovery", 0 },
        { "running", "", 0 },
        { "cancelled", "Cancelled", 9 },
        { "cancelled", "", 9 },
        { "failed", "NothingToDo", 2 },
        { "failed", "NotFound", 3 },
        { "failed", "NotAuthorized", 4 },
        { "failed", "InProgress", 5 },
        { "failed", "CorruptPackage", 6 },
        { "failed", "WrongPackage", 7 },
        { "failed", "Unsupported", 8 },
        { "failed", "TimedOut", 10 },
        { "failed", "Unheard", 10 },
        { "failed", "NeedsRecovery", 10 }, /* "failed" says that the firmware is whole */
        { "flashed-unverified", "TimedOut", 11 },
        { "needs-recovery", "TimedOut", 20 },
        { "needs-recovery", "", 20 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *name =
            g_strconcat ("org.freedesktop.ModemManager1.FirmwareUpdater.Error.", cases[i].error, NULL);
        g_autoptr (GVariant) properties = g_variant_ref_sink (
            g_variant_new_parsed ("{'State': <%s>, 'Error': <(%s, 'm')>}", cases[i].state, name));
        g_autoptr (MfuJobView) view = mfu_job_view_new ("/j", properties);

        g_test_message ("%s %s", cases[i].state, cases[i].error);
        g_assert_cmpint (mfu_job_view_exit_code (view), ==, cases[i].code);
    }
}

int
main (int argc, char **argv)
{
    setlocale (LC_ALL, "C.UTF-8");
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/format/table", test_table);
    g_test_add_func ("/format/keyvalue", test_keyvalue);
    g_test_add_func ("/format/json", test_json);
    g_test_add_func ("/format/list", test_list);
    g_test_add_func ("/format/empty-list", test_empty_list);
    g_test_add_func ("/format/hostile-properties", test_hostile_properties);
    g_test_add_func ("/format/exit-codes", test_exit_codes);
    return g_test_run ();
}
