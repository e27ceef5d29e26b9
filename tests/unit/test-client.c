/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mm-firmware against a fake service on a private bus: what it calls, what it prints, how it ends. */

#include "cli/bench.h"
#include "config.h"
#include "package/package.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define HALF "[5/8] writing modem 50%"

static void
assert_has (const char *text, const char *part)
{
    if (strstr (text, part) == NULL)
        g_error ("\"%s\" is not in:\n%s", part, text);
}

static void
assert_has_not (const char *text, const char *part)
{
    if (strstr (text, part) != NULL)
        g_error ("\"%s\" is in:\n%s", part, text);
}

/* Cases that are one call: settings, arguments, exit code, what is in stdout, stderr and the fake's log. */
static const struct {
    const char *name, *settings, *arguments;
    int exit_code;
    const char *out, *err, *log;
} cases[] = {
    { "success", "", "update PACKAGE -m 0", 0,
      "Modem 0 runs EC25EFAR06A08M4G now; it is /org/freedesktop/ModemManager1/Modem/1.\n", "",
      "Update plugin  file {'name': <'EC25EFAR06A08M4G.zip'>, 'start': <true>}\n" },
    { "mmcli-spelling", "", "--as-mmcli --firmware-update=PACKAGE -m 0", 0,
      "Modem 0 runs EC25EFAR06A08M4G now;", "", "Update plugin " },
    { "options", "", "update PACKAGE -m any --allow=downgrade,project --method=firehose -y", 0,
      "Modem 0 runs", "", "'allow': <['downgrade', 'project']>, 'method': <'firehose'>" },
    { "by-uid", "", "update PACKAGE -m /sys/devices/platform/vhci_hcd.0/usb1/1-2", 0, "Modem 0 runs", "",
      "Update plugin " },
    { "by-port", "", "update PACKAGE --port 1-2", 0, "Modem 0 runs", "", "Update plugin " },
    { "by-path", "", "update PACKAGE -m /org/freedesktop/ModemManager1/Modem/0", 0, "Modem 0 runs", "",
      "Update plugin " },
    { "only-one", "", "update PACKAGE", 0, "Modem 0 runs", "", "Update plugin " },
    { "no-plugin", "plugin=0", "update PACKAGE -m 0", 0, "Modem 0 runs EC25EFAR06A08M4G now;", "",
      "Update service /sys/devices/platform/vhci_hcd.0/usb1/1-2 file " },
    { "no-modem-manager", "modem-manager=0", "update PACKAGE -m any", 0,
      "Port 1-2 runs EC25EFAR06A08M4G now;", "",
      "Update service /sys/devices/platform/vhci_hcd.0/usb1/1-2 file " },
    { "unlisted-port", "devices=none", "update PACKAGE --port 1-9", 0, "Port 1-9 runs", "",
      "Update service 1-9 file " },
    { "no-such-modem", "", "update PACKAGE -m 7", 3, "", "error: couldn't find modem\n", "" },
    { "no-modem", "devices=none modem-manager=0", "update PACKAGE", 3, "", "error: couldn't find modem\n",
      "" },
    { "several", "devices=two", "update PACKAGE", 1, "",
      "error: several modems fit, name one: EC25 in port 1-2 (-m 0), edl in port 1-3\n", "" },
    { "update-needs-a-port", "devices=shared", "update PACKAGE", 3, "",
      "if one of these does, name its port: edl in port 1-4\n", "" },
    { "any-needs-a-port", "devices=shared", "update PACKAGE -m any", 3, "",
      "if one of these does, name its port: edl in port 1-4\n", "" },
    { "not-the-unknown-one", "devices=one-and-shared", "update PACKAGE", 0, "Modem 0 runs", "", "" },
    { "no-service", "service=0", "update PACKAGE -m any", 3, "",
      "error: mm-firmware-updater does not run and cannot be started by the bus\n", "" },
    { "no-service-no-plugin", "service=0 plugin=0", "update PACKAGE -m 0", 3, "",
      "error: mm-firmware-updater does not run", "" },
    { "no-package", "", "update /nonexistent/x.zip -m 0", 3, "", "error: /nonexistent/x.zip: No such file",
      "" },
    { "no-regular-package", "", "update /dev/null -m 0", 1, "",
      "error: /dev/null is neither a folder nor a file", "" },
    { "folder", "", "update /usr/share/ -m 0", 0, "Modem 0 runs", "", "folder {'name': <'share'>" },
    { "refused-at-once", "update=NotAuthorized", "update PACKAGE -m 0", 4, "", "error: the fake refuses\n",
      "Update plugin " },
    { "refused-by-bus", "update=org.freedesktop.DBus.Error.AccessDenied", "update PACKAGE -m 0", 4, "",
      "error: not allowed: the fake refuses\n", "Update plugin " },
    { "refused-by-modem-manager", "update=org.freedesktop.ModemManager1.Error.Core.Unauthorized",
      "update PACKAGE -m 0", 4, "", "error: not allowed: the fake refuses\n", "" },
    { "wrong-arguments", "update=InvalidArgs", "update PACKAGE -m 0 --allow=x", 1, "",
      "error: the fake refuses\n", "" },
    { "refused-plan", "early=1 end=failed error=WrongPackage", "update PACKAGE -m 0", 7, "",
      "error: the fake says no\nadvice: try the real one\n", "Update plugin " },
    { "nothing-to-do", "early=1 end=failed error=NothingToDo", "update PACKAGE -m 0", 2, "",
      "error: the fake says no\n", "" },
    { "needs-recovery", "end=needs-recovery error=TimedOut", "update PACKAGE -m 0", 20, HALF,
      "error: the fake says no\nadvice: try the real one\n", "" },
    { "unverified", "end=flashed-unverified error=FlashedUnverified", "update PACKAGE -m 0", 11, "",
      "error: the fake says no\n", "" },
    { "error-in-json", "early=1 end=failed error=WrongPackage", "update PACKAGE -m 0 -J", 7, "",
      "error: the fake says no\n", "" },
    { "json", "", "update PACKAGE -m 0 -J", 0,
      "{\"modem\":{\"firmware-update\":{\"advice\":\"--\",\"bytes-done\":\"102760448\",", "",
      "'start': <true>" },
    { "keyvalue", "", "update PACKAGE -m 0 -K", 0, "modem.firmware-update.state            : done\n", "",
      "'start': <true>" },
    { "other-package", "running=1 fingerprint=other", "update PACKAGE -m 0", 5, "",
      "error: Modem 0 is being updated with another package, running.zip\n", "Update plugin " },
    { "vanishing-service", "vanish=1", "update PACKAGE -m 0", 0, "Modem 0 runs EC25EFAR06A08M4G now;",
      "The service is not on the bus any more; waiting for it.\nThe service is back.\n", "" },
    { "check", "", "check PACKAGE -m 0", 0, "first line\nsecond line\n", "",
      "Update plugin  file {'name': <'EC25EFAR06A08M4G.zip'>, 'start': <false>}\nCancel\n" },
    { "check-json", "", "check PACKAGE -m 0 -J", 0,
      "\"plan\":{\"bytes\":\"102760448\",\"digest\":\"abc\",\"from-version\":\"EC25EFAR06A05M4G\",\"method\":"
      "\"firehose\","
      "\"seconds\":\"40\",\"steps\":[\"reading\",\"writing\"],\"text\":\"first line\\nsecond line\\n\","
      "\"to-version\":\"EC25EFAR06A08M4G\",\"warnings\":[\"no md5.txt\"]}",
      "", "Cancel\n" },
    { "check-keyvalue", "", "check PACKAGE -m 0 -K", 0,
      "modem.firmware-update.plan.warnings.value[1] : no md5.txt\n", "", "Cancel\n" },
    { "check-refused", "early=1 end=failed error=CorruptPackage", "check PACKAGE -m 0", 6, "",
      "error: the fake says no\n", "'start': <false>" },
    { "check-while-running", "running=1", "check PACKAGE -m 0", 5, "", "error: a job runs\n", "" },
    { "status", "ended=1", "status -m 1", 0, "  Firmware update |        state: done\n", "", "" },
    { "status-by-old-index", "ended=1", "status -m 0 -K", 0,
      "modem.firmware-update.modem            : /org/freedesktop/ModemManager1/Modem/1\n", "", "" },
    { "status-while-away", "modem-manager=0 running=1 hold=1", "status -m 0 -K", 0,
      "modem.firmware-update.package          : running.zip\n", "", "" },
    { "busy-while-away", "modem-manager=0 running=1 hold=1", "update PACKAGE -m 0", 5, "",
      "error: Modem 0 is being updated with another package, running.zip\n",
      "Update service /sys/devices/platform" },
    { "status-of-none", "", "status -m 0", 3, "", "error: this modem has no update, running or past\n", "" },
    { "status-any-of-none", "", "status", 3, "", "error: no modem has an update\n", "" },
    { "list", "devices=two", "list", 0,
      "    /org/freedesktop/ModemManager1/Modem/0 [EC25] 1-2: EC25EFAR06A05M4G, normal\n"
      "    -- [--] 1-3: --, edl, needs package EC25X (digest d)\n",
      "", "" },
    { "list-keyvalue", "devices=two", "list -K", 0, "firmware-update-list.length                  : 2\n", "",
      "" },
    { "list-json", "devices=stuck", "list -J", 0,
      "{\"firmware-update-list\":[{\"device\":\"/sys/devices/"
      "stuck\",\"family\":\"--\",\"job\":\"--\",\"mode\":\"edl\"",
      "", "" },
    { "list-of-none", "devices=none", "list", 0, "No modems were found\n", "", "" },
    { "recover", "devices=stuck", "recover PACKAGE", 0, "Port 1-3 runs", "",
      "Update service /sys/devices/stuck file {'name': <'EC25EFAR06A08M4G.zip'>, 'start': <true>, 'recover': "
      "<true>}" },
    { "list-kept", "devices=kept", "list", 0,
      "    -- [--] 1-3: --, edl, needs recovery by package EC25X (digest d), which was kept\n", "", "" },
    { "list-damaged", "devices=damaged", "list", 0, "    -- [--] 1-4: --, edl, needs recovery: line 4\n", "",
      "" },
    { "recover-kept", "devices=kept", "recover", 0, "Port 1-3 runs", "",
      "Resume ('/sys/devices/stuck', {'start': <true>})\n" },
    { "recover-kept-allow", "devices=kept",
      "--as-mmcli --firmware-recover --firmware-update-allow=unidentified", 0, "Port 1-3 runs", "",
      "{'start': <true>, 'allow': <['unidentified']>})\n" },
    { "recover-kept-runs", "devices=kept running=1", "recover", 0, "Port 1-3 runs",
      "This update runs already; joining it.\n", "Resume " },
    { "recover-another-kept", "devices=kept", "recover PACKAGE --keep-package", 0, "Port 1-3 runs", "",
      "'recover': <true>, 'keep-package': <true>}" },
    { "recover-needs-a-port", "devices=shared", "recover PACKAGE", 3, "",
      "if one of these does, name its port: edl in port 1-4\n", "" },
    { "recover-in-port", "devices=shared", "recover PACKAGE --port 1-4", 0, "Port 1-4 runs", "",
      "Update service 1-4 " },
    { "cancel", "running=1 hold=1", "cancel -m 0", 0,
      "successfully cancelled the update; the modem is as it was before\n", "", "Cancel\n" },
    { "cancel-refused", "running=1 hold=1 cancel=0", "cancel -m 0", 5, "", "error: SBL is erased\n",
      "Cancel\n" },
    { "cancel-nothing", "", "cancel -m 0", 3, "", "error: no update of this modem is running\n", "" },
    { "rescue-without-port", "", "rescue PACKAGE", 1, "", "error: rescue wants the modem's USB port", "" },
    { "rescue-in-no-port", "", "rescue PACKAGE --port x --devices-dir=DEVICES", 1, "",
      "error: \"x\" is not the name of a USB port", "" },
    { "no-bus-port", "", "update PACKAGE --port ttyUSB2", 1, "", "error: \"ttyUSB2\" is no USB port", "" },
};

static void
test_case (gconstpointer data)
{
    gsize i = GPOINTER_TO_SIZE (data);
    g_autofree char *log = NULL;
    Bench bench;

    bench_open (&bench, cases[i].settings);
    bench_run (&bench, cases[i].arguments);
    g_assert_cmpint (bench.exit_code, ==, cases[i].exit_code);
    assert_has (bench.out, cases[i].out);
    assert_has (bench.err, cases[i].err);
    log = bench_read_log (&bench);
    assert_has (log, cases[i].log);
    if (cases[i].err[0] == '\0')
        g_assert_cmpstr (bench.err, ==, "");
    if (strstr (cases[i].arguments, "-J") != NULL && cases[i].exit_code != 0)
        g_assert_cmpstr (bench.out, ==, "");
    if (strstr (cases[i].arguments, "-J") != NULL && cases[i].exit_code == 0)
        g_assert_true (g_str_has_prefix (bench.out, "{") && g_str_has_suffix (bench.out, "}\n"));
    bench_close (&bench);
}

static void
test_log_lines (void)
{
    Bench bench;

    bench_open (&bench, "");
    bench_run (&bench, "update PACKAGE -m 0");
    /* One line for each step and each tenth, no more, nothing that only a terminal understands. */
    g_assert_cmpstr (bench.out, ==,
                     "reading the package\n"
                     "[4/8] switching to download mode 5% (5/98 MiB)\n"
                     "[4/8] switching to download mode 10% (10/98 MiB)\n"
                     "[5/8] writing modem 20% (20/98 MiB)\n"
                     "[5/8] writing modem 30% (29/98 MiB)\n"
                     "[5/8] writing modem 40% (39/98 MiB)\n"
                     "[5/8] writing modem 50% (49/98 MiB)\n"
                     "[5/8] writing modem 60% (59/98 MiB)\n"
                     "[5/8] writing modem 70% (69/98 MiB)\n"
                     "[5/8] writing modem 80% (78/98 MiB)\n"
                     "[5/8] writing modem 90% (88/98 MiB)\n"
                     "[5/8] writing modem 100% (98/98 MiB)\n"
                     "Modem 0 runs EC25EFAR06A08M4G now; it is /org/freedesktop/ModemManager1/Modem/1.\n");
    bench_close (&bench);
}

static void
test_attach (void)
{
    g_autofree char *fingerprint = NULL;
    g_autofree char *settings = NULL;
    g_autofree char *log = NULL;
    Bench bench;
    int fd;

    /* The fingerprint is over name and bytes, which are the same in each bench. */
    bench_open (&bench, "");
    fd = open (bench.package, O_RDONLY | O_CLOEXEC);
    fingerprint = mfu_package_fingerprint (fd, "EC25EFAR06A08M4G.zip", NULL);
    g_assert_nonnull (fingerprint);
    close (fd);
    bench_close (&bench);

    settings = g_strdup_printf ("running=1 fingerprint=%s", fingerprint);
    bench_open (&bench, settings);
    bench_run (&bench, "update PACKAGE -m 0");
    g_assert_cmpint (bench.exit_code, ==, 0);
    assert_has (bench.err, "This update runs already; joining it.\n");
    assert_has (bench.out, "Modem 0 runs EC25EFAR06A08M4G now;");
    log = bench_read_log (&bench);
    assert_has_not (log, "Start");
    assert_has_not (log, "Cancel");
    bench_close (&bench);
}

static void
test_interrupt_accepted (void)
{
    g_autofree char *log = NULL;
    Bench bench;

    bench_open (&bench, "hold=1 error=Cancelled");
    bench_run_and_signal (&bench, "update PACKAGE -m 0", HALF, SIGINT, 0);
    g_assert_cmpint (bench.exit_code, ==, 9);
    assert_has (bench.err, "Stopping the update ...\n");
    log = bench_read_log (&bench);
    assert_has (log, "Cancel\n");
    bench_close (&bench);
}

static void
test_interrupt_refused (void)
{
    Bench bench;

    bench_open (&bench, "hold=1 cancel=0");
    bench_run_and_signal (&bench, "update PACKAGE -m 0", HALF, SIGINT, 0);
    g_assert_cmpint (bench.exit_code, ==, 0);
    assert_has (bench.err, "Stopping the update ...\nNot stopped: SBL is erased\n");
    assert_has (bench.out, "Modem 0 runs EC25EFAR06A08M4G now;");
    bench_close (&bench);
}

/* SIGHUP and SIGTERM end the client, as they end any program, and tell the service nothing. */
static void
test_leaving (gconstpointer data)
{
    int signal_number = GPOINTER_TO_INT (data);
    g_autofree char *log = NULL;
    Bench bench;

    bench_open (&bench, "hold=1");
    bench_run_and_signal (&bench, "update PACKAGE -m 0", HALF, signal_number, SIGUSR1);
    g_assert_cmpint (bench.exit_code, ==, 128 + signal_number);
    if (signal_number != SIGKILL)
        assert_has (bench.err,
                    "The update goes on without this program; to see it: mm-firmware status -m 0\n");
    log = bench_read_log (&bench);
    assert_has_not (log, "Cancel");
    bench_close (&bench);
}

static void
test_terminal_yes (void)
{
    static const char *const answers[] = { "Go on? [y/N] ", "y\n", NULL };
    g_autofree char *log = NULL;
    Bench bench;

    bench_open (&bench, "");
    bench_run_on_terminal (&bench, "update PACKAGE -m 0", 119, answers);
    g_assert_cmpint (bench.exit_code, ==, 0);
    assert_has (bench.out,
                "Modem 0: Quectel EC25, EC25EFAR06A05M4G -> EC25EFAR06A08M4G by firehose, about 40 s.\r\n"
                "Note: no md5.txt\r\n"
                "Calibration and identity are kept. The modem is offline meanwhile. Go on? [y/N] ");
    assert_has (bench.out, "\r[5/8] writing modem");
    assert_has (
        bench.out,
        "\r\033[KModem 0 runs EC25EFAR06A08M4G now; it is /org/freedesktop/ModemManager1/Modem/1.\r\n");
    log = bench_read_log (&bench);
    assert_has (log, "'start': <false>}\nStart\n");
    bench_close (&bench);
}

/* Everything but a yes is a no: a no, an empty line, the end of input, Ctrl-C. */
static void
test_terminal_no (void)
{
    static const char *const typed[] = { "n\n", "\n", "\004", "\003", "nay\n", " no, not y\n" };

    for (gsize i = 0; i < G_N_ELEMENTS (typed); i++) {
        const char *const answers[] = { "Go on? [y/N] ", typed[i], NULL };
        g_autofree char *log = NULL;
        Bench bench;

        bench_open (&bench, "");
        bench_run_on_terminal (&bench, "update PACKAGE -m 0", 119, answers);
        g_assert_cmpint (bench.exit_code, ==, 9);
        log = bench_read_log (&bench);
        assert_has (log, "Cancel\n");
        assert_has_not (log, "Start");
        bench_close (&bench);
    }
}

static void
test_terminal_assumed_yes (void)
{
    static const char *const nothing[] = { NULL };
    Bench bench;

    bench_open (&bench, "");
    bench_run_on_terminal (&bench, "update PACKAGE -m 0 --yes", 119, nothing);
    g_assert_cmpint (bench.exit_code, ==, 0);
    assert_has_not (bench.out, "Go on?");
    bench_close (&bench);
}

/* Ctrl-C from the keyboard, past the point of no return, twice. */
static void
test_terminal_interrupt (void)
{
    static const char *const answers[] = {
        "Go on? [y/N] ", "y\n", "[5/8] writing modem", "\003", "Not stopped", "\003", NULL
    };
    Bench bench;

    bench_open (&bench, "hold=1 cancel=0");
    bench_run_on_terminal (&bench, "update PACKAGE -m 0", 119, answers);
    g_assert_cmpint (bench.exit_code, ==, 0);
    assert_has (bench.out, "Not stopped: SBL is erased\r\n");
    assert_has (bench.out, "Modem 0 runs EC25EFAR06A08M4G now;");
    bench_close (&bench);
}

/* A job that waits for an answer is not left behind when the one who could give it is gone; a running one is.
 */
static void
test_terminal_hangup (void)
{
    g_autofree char *waiting = NULL;
    g_autofree char *running = NULL;
    Bench bench;

    bench_open (&bench, "");
    bench_run_and_hang_up (&bench, "update PACKAGE -m 0", "Go on? [y/N] ");
    waiting = bench_read_log (&bench);
    assert_has (waiting, "Cancel\n");
    bench_close (&bench);

    bench_open (&bench, "hold=1");
    bench_run_and_hang_up (&bench, "update PACKAGE -m 0 -y", "[5/8] writing modem");
    g_assert_cmpint (bench.exit_code, ==, 128 + SIGHUP);
    running = bench_read_log (&bench);
    assert_has_not (running, "Cancel");
    bench_close (&bench);
}

/* No drawn line reaches the last column, so that none wraps. */
static void
test_terminal_width (void)
{
    static const char *const nothing[] = { NULL };
    const guint widths[] = { 40, 80 };

    for (gsize i = 0; i < G_N_ELEMENTS (widths); i++) {
        g_auto (GStrv) lines = NULL;
        Bench bench;

        bench_open (&bench, "");
        bench_run_on_terminal (&bench, "update PACKAGE -m 0 --yes", widths[i], nothing);
        lines = g_strsplit (bench.out, "\r", -1);
        for (guint j = 0; lines[j] != NULL; j++) {
            char *end = strstr (lines[j], "\033[K");

            if (lines[j][0] != '[' || end == NULL)
                continue;
            *end = '\0';
            g_assert_cmpint (g_utf8_strlen (lines[j], -1), <, widths[i]);
        }
        bench_close (&bench);
    }
}

int
main (int argc, char **argv)
{
    /* Under nohup it is ignored, and what we start would inherit that. */
    signal (SIGHUP, SIG_DFL);
    setlocale (LC_ALL, "C.UTF-8");
    g_setenv ("LC_ALL", "C.UTF-8", TRUE);
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strconcat ("/client/", cases[i].name, NULL);

        g_test_add_data_func (path, GSIZE_TO_POINTER (i), test_case);
    }
    g_test_add_func ("/client/log-lines", test_log_lines);
    g_test_add_func ("/client/attach", test_attach);
    g_test_add_func ("/client/interrupt/accepted", test_interrupt_accepted);
    g_test_add_func ("/client/interrupt/refused", test_interrupt_refused);
    g_test_add_data_func ("/client/leaving/hup", GINT_TO_POINTER (SIGHUP), test_leaving);
    g_test_add_data_func ("/client/leaving/term", GINT_TO_POINTER (SIGTERM), test_leaving);
    g_test_add_data_func ("/client/leaving/kill", GINT_TO_POINTER (SIGKILL), test_leaving);
    g_test_add_func ("/client/terminal/yes", test_terminal_yes);
    g_test_add_func ("/client/terminal/no", test_terminal_no);
    g_test_add_func ("/client/terminal/assumed-yes", test_terminal_assumed_yes);
    g_test_add_func ("/client/terminal/interrupt", test_terminal_interrupt);
    g_test_add_func ("/client/terminal/hangup", test_terminal_hangup);
    g_test_add_func ("/client/terminal/width", test_terminal_width);
    return g_test_run ();
}
