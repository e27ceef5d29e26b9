/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which command lines are ours, and what is read from those that are. */

#include "config.h"

#include "cli/arguments.h"
#include "cli/scan.h"
#include "util/error.h"

#include <string.h>

static const struct {
    const char *line; /* without argv[0], split at spaces */
    MfuScanResult result;
    int help;
    gboolean only_help;
} scans[] = {
    { "", MFU_SCAN_REAL, 0, FALSE },
    { "-L", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-status", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-list", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-select=update", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-update=x.zip", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-update=x.zip -m 0", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --firmware-update x.zip", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --firmware-update", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --firmware-update-check=x", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --firmware-update-status", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-update-list -J", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --firmware-update-cancel", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-recover=x --firmware-update-port=1-2", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-recover", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-recover x --firmware-update-port=1-2", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-recover -h", MFU_SCAN_REAL, 2, TRUE },
    { "-m 0 --firmware-update=x --firmware-update-keep-package", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-update-yes", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-update-yes=1", MFU_SCAN_OURS, 0, FALSE },
    /* Abbreviations and inventions belong to the real one, which says what it thinks of them. */
    { "-m 0 --firmware-upd=x", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-updates", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --firmware-update-statusx", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 -firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "--firmware", MFU_SCAN_REAL, 0, FALSE },
    /* Values are values, whatever they look like. */
    { "-m --firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "--modem --firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "--modem=--firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "--modem= --firmware-update-status", MFU_SCAN_OURS, 0, FALSE },
    { "-vm --firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "-Jvm --firmware-update-status --firmware-update-list", MFU_SCAN_OURS, 0, FALSE },
    { "-m 0 --command --firmware-update=x", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --command=--firmware-update=x", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 --command=AT --firmware-update-status", MFU_SCAN_OURS, 0, FALSE },
    { "-I --firmware-update-list", MFU_SCAN_REAL, 0, FALSE },
    { "-K --firmware-update-list", MFU_SCAN_OURS, 0, FALSE },
    { "-G --firmware-update-list", MFU_SCAN_REAL, 0, FALSE },
    { "-i --firmware-update-list", MFU_SCAN_REAL, 0, FALSE },
    { "-a --firmware-update-list", MFU_SCAN_OURS, 0, FALSE },
    { "--timeout --firmware-update-list", MFU_SCAN_REAL, 0, FALSE },
    { "--timeout 3 --firmware-update-list", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-select --firmware-update-list", MFU_SCAN_REAL, 0, FALSE },
    { "-s 1 --create-file-with-data --firmware-update=x", MFU_SCAN_REAL, 0, FALSE },
    { "--firmware-update --help-firmware", MFU_SCAN_OURS, 0, FALSE },
    { "--firmware-update -- --help-firmware", MFU_SCAN_HELP, 3, TRUE },
    { "-m", MFU_SCAN_REAL, 0, FALSE },
    /* Behind "--" there are no options; "-" and words are none either. */
    { "-- --firmware-update=x", MFU_SCAN_REAL, 0, FALSE },
    { "-m 0 -- --firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    { "-m -- --firmware-update-status", MFU_SCAN_OURS, 0, FALSE },
    { "- --firmware-update-status", MFU_SCAN_OURS, 0, FALSE },
    { "firmware-update-status", MFU_SCAN_REAL, 0, FALSE },
    /* Help. */
    { "--help-firmware", MFU_SCAN_HELP, 1, FALSE },
    { "--help-all", MFU_SCAN_HELP, 1, FALSE },
    { "-m 0 --help-all", MFU_SCAN_HELP, 3, FALSE },
    { "-m --help-all", MFU_SCAN_REAL, 0, FALSE },
    { "-- --help-all", MFU_SCAN_REAL, 0, FALSE },
    { "--help", MFU_SCAN_REAL, 1, FALSE },
    { "-h", MFU_SCAN_REAL, 1, FALSE },
    { "-?", MFU_SCAN_REAL, 1, FALSE },
    { "--help-modem --help-firmware", MFU_SCAN_REAL, 1, FALSE },
    { "--help-firmware --help-modem", MFU_SCAN_HELP, 1, FALSE },
    { "--help-firmwares", MFU_SCAN_REAL, 1, FALSE },
    { "-h --firmware-update-status", MFU_SCAN_REAL, 1, FALSE },
    { "--firmware-update-status -vh", MFU_SCAN_REAL, 2, TRUE },
    { "--firmware-update-status --help-firmware", MFU_SCAN_HELP, 2, TRUE },
    { "--version --help-firmware", MFU_SCAN_REAL, 2, FALSE },
};

static char **
argv_of (const char *line)
{
    g_autofree char *whole = g_strconcat ("mmcli", line[0] != '\0' ? " " : "", line, NULL);

    return g_strsplit (whole, " ", -1);
}

static void
test_scan (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (scans); i++) {
        g_auto (GStrv) argv = argv_of (scans[i].line);
        MfuScan scan = mfu_scan ((int) g_strv_length (argv), argv);

        g_test_message ("%s", scans[i].line);
        g_assert_cmpint (scan.result, ==, scans[i].result);
        g_assert_cmpint (scan.help, ==, scans[i].help);
        g_assert_cmpint (scan.only_help, ==, scans[i].only_help);
    }
}

static int
run_nothing (const MfuArguments *arguments)
{
    return 0;
}

static const MfuVerb verbs[] = {
    { "update", "firmware-update", TRUE, FALSE, "", run_nothing },
    { "status", "firmware-update-status", FALSE, FALSE, "", run_nothing },
    { "recover", "firmware-recover", TRUE, TRUE, "", run_nothing },
    { "rescue", NULL, TRUE, FALSE, "", run_nothing },
    { NULL },
};

static MfuArguments *
parse (const char *line, GError **error)
{
    g_auto (GStrv) argv = argv_of (line);
    guint n = g_strv_length (argv);
    /* The parser takes out of the array what it has understood. */
    g_autofree char **words = g_memdup2 (argv, (n + 1) * sizeof *argv);

    return mfu_arguments_parse (verbs, (int) n, words, error);
}

static void
test_both_spellings (void)
{
    const char *lines[] = {
        "--as-mmcli -m 0 --firmware-update=a/b.zip --firmware-update-allow=downgrade,reinstall "
        "--firmware-update-allow=project --firmware-update-method=firehose --firmware-update-yes -J "
        "--timeout=7 -a",
        "update a/b.zip --modem=0 --allow downgrade,reinstall --allow=project --method=firehose -y "
        "--output-json "
        "--timeout 7",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuArguments) arguments = parse (lines[i], &error);

        g_assert_no_error (error);
        g_assert_cmpstr (arguments->verb->name, ==, "update");
        g_assert_cmpint (arguments->is_mmcli, ==, i == 0);
        g_assert_cmpstr (arguments->package, ==, "a/b.zip");
        g_assert_cmpstr (arguments->modem, ==, "0");
        g_assert_null (arguments->port);
        g_assert_cmpuint (g_strv_length (arguments->allow), ==, 3);
        g_assert_cmpstr (arguments->allow[0], ==, "downgrade");
        g_assert_cmpstr (arguments->allow[2], ==, "project");
        g_assert_cmpstr (arguments->method, ==, "firehose");
        g_assert_true (arguments->yes);
        g_assert_cmpint (arguments->output, ==, MFU_OUTPUT_JSON);
        g_assert_cmpint (arguments->timeout_s, ==, 7);
    }
}

static void
test_defaults (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuArguments) arguments = parse ("status", &error);

    g_assert_no_error (error);
    g_assert_null (arguments->package);
    g_assert_null (arguments->modem);
    g_assert_null (arguments->allow);
    g_assert_false (arguments->yes);
    g_assert_cmpint (arguments->output, ==, MFU_OUTPUT_HUMAN);
    g_assert_cmpint (arguments->timeout_s, ==, 0);
}

/* A package that may be absent takes no next option for one. */
static void
test_lone (void)
{
    const struct {
        const char *line, *package, *port;
    } lines[] = {
        { "recover", NULL, NULL },
        { "recover a/b.zip --port 1-2", "a/b.zip", "1-2" },
        { "recover --port=1-2", NULL, "1-2" },
        { "--as-mmcli --firmware-recover", NULL, NULL },
        { "--as-mmcli --firmware-recover --firmware-update-port=1-2", NULL, "1-2" },
        { "--as-mmcli --firmware-update-port=1-2 --firmware-recover", NULL, "1-2" },
        { "--as-mmcli --firmware-recover=a/b.zip --firmware-update-port=1-2", "a/b.zip", "1-2" },
        { "--as-mmcli --firmware-recover a/b.zip --firmware-update-port=1-2", "a/b.zip", "1-2" },
        /* A variable of a shell that is not set is no wish to do without. */
        { "--as-mmcli --firmware-recover=", "", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuArguments) arguments = parse (lines[i].line, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (arguments->verb->name, ==, "recover");
        g_assert_cmpstr (arguments->package, ==, lines[i].package);
        g_assert_cmpstr (arguments->port, ==, lines[i].port);
        g_assert_false (arguments->keeps_package);
    }
}

static void
test_keep (void)
{
    const char *lines[] = { "update a --keep-package",
                            "--as-mmcli --firmware-update=a --firmware-update-keep-package" };

    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuArguments) arguments = parse (lines[i], &error);

        g_assert_no_error (error);
        g_assert_true (arguments->keeps_package);
    }
}

static void
test_refused (void)
{
    const char *lines[] = {
        "",
        "nonsense",
        "update",
        "update a b",
        "recover a b",
        "--as-mmcli --firmware-recover --firmware-update-status",
        "status a",
        "status --bogus",
        "status -J -K",
        "status -J -v",
        "status -m 0 --port 1-2",
        "status --timeout=-1",
        "status --timeout=soon",
        "--as-mmcli -m 0",
        "--as-mmcli -m 0 --firmware-update",
        "--as-mmcli -m 0 --firmware-update=a --firmware-update-status",
        "--as-mmcli -m 0 --firmware-update=a --firmware-status",
        "--as-mmcli -m 0 --firmware-update-yes",
        "--as-mmcli -m 0 --firmware-update-status word",
        "--as-mmcli -m 0 --firmware-rescue=a",
    };

    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuArguments) arguments = parse (lines[i], &error);

        g_test_message ("%s", lines[i]);
        g_assert_null (arguments);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
        g_assert_cmpint (mfu_error_exit_code (error), ==, 1);
    }
}

static void
test_command (void)
{
    const struct {
        const char *line, *command;
    } cases[] = {
        { "--as-mmcli -m 0 --firmware-update=a", "mmcli -m 0 --firmware-update-status" },
        { "--as-mmcli --firmware-update-port=1-2 --firmware-update=a",
          "mmcli --firmware-update-port=1-2 --firmware-update-status" },
        { "--as-mmcli --firmware-update=a", "mmcli --firmware-update-status" },
        { "update a -m $x", "mm-firmware status -m '$x'" },
        { "update a --port 1-2.3", "mm-firmware status --port 1-2.3" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuArguments) arguments = parse (cases[i].line, &error);
        g_autofree char *command = NULL;

        g_assert_no_error (error);
        command = mfu_arguments_command (arguments, "status");
        g_assert_cmpstr (command, ==, cases[i].command);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/arguments/scan", test_scan);
    g_test_add_func ("/arguments/both-spellings", test_both_spellings);
    g_test_add_func ("/arguments/defaults", test_defaults);
    g_test_add_func ("/arguments/lone", test_lone);
    g_test_add_func ("/arguments/keep", test_keep);
    g_test_add_func ("/arguments/refused", test_refused);
    g_test_add_func ("/arguments/command", test_command);
    return g_test_run ();
}
