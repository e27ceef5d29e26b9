/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The front against the real thing: each command line is run twice, once with the real mmcli (a stand-in that
 * tells everything it can see) and once through the front, and every byte and the way of ending must be the
 * same. */

#include "config.h"

#include "cli/front-help.h"
#include "cli/real-mmcli.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_US (20 * G_USEC_PER_SEC)
#define MAX_ARGS    16

typedef struct {
    char *folder;
    char *front;       /* FOLDER/front/mmcli, first on the path */
    char *real;        /* FOLDER/real/mmcli, behind it */
    const char *input; /* NULL: /dev/null */
    gsize input_size;
    const char *marker; /* when stdout has it, `send` is sent */
    int send;
    gboolean ignores_int;
    GString *out, *err;
    int status; /* of waitpid */
} Bench;

static void
link_as (const char *folder, const char *name, const char *target, char **path)
{
    g_autofree char *subfolder = g_build_filename (folder, name, NULL);

    *path = g_build_filename (subfolder, "mmcli", NULL);
    g_assert_cmpint (g_mkdir (subfolder, 0755), ==, 0);
    g_assert_cmpint (symlink (target, *path), ==, 0);
}

static void
bench_init (Bench *bench)
{
    g_autofree char *path = NULL;

    memset (bench, 0, sizeof *bench);
    bench->folder = g_dir_make_tmp ("mfu-front-XXXXXX", NULL);
    link_as (bench->folder, "front", g_getenv ("MFU_TEST_FRONT"), &bench->front);
    link_as (bench->folder, "real", g_getenv ("MFU_TEST_FAKE_MMCLI"), &bench->real);
    path = g_strdup_printf ("%s/front:%s/real:/usr/bin:/bin", bench->folder, bench->folder);
    g_setenv ("PATH", path, TRUE);
    bench->out = g_string_new (NULL);
    bench->err = g_string_new (NULL);
}

static void
bench_clear (Bench *bench)
{
    g_autofree char *front = g_path_get_dirname (bench->front);
    g_autofree char *real = g_path_get_dirname (bench->real);

    g_unlink (bench->front);
    g_unlink (bench->real);
    g_rmdir (front);
    g_rmdir (real);
    g_rmdir (bench->folder);
    g_free (bench->folder);
    g_free (bench->front);
    g_free (bench->real);
    g_string_free (bench->out, TRUE);
    g_string_free (bench->err, TRUE);
}

/* In the child. */
static void
become (const Bench *bench, const char *program, char *const *argv, const int *fds)
{
    if (bench->ignores_int)
        signal (SIGINT, SIG_IGN);
    dup2 (fds[0], 0);
    dup2 (fds[1], 1);
    dup2 (fds[2], 2);
    for (int fd = 3; fd < 64; fd++)
        close (fd);
    execv (program, argv);
    _exit (126);
}

static void
collect (Bench *bench, pid_t child, int out, int err)
{
    int fds[2] = { out, err };
    gint64 deadline = g_get_monotonic_time () + DEADLINE_US;
    gboolean is_sent = bench->marker == NULL;

    while (fds[0] >= 0 || fds[1] >= 0) {
        struct pollfd wait[2] = { { fds[0], POLLIN, 0 }, { fds[1], POLLIN, 0 } };

        g_assert_cmpint (g_get_monotonic_time (), <, deadline);
        poll (wait, 2, 100);
        for (guint i = 0; i < 2; i++) {
            char buffer[4096];
            gssize n;

            if (fds[i] < 0 || wait[i].revents == 0)
                continue;
            n = read (fds[i], buffer, sizeof buffer);
            if (n > 0) {
                g_string_append_len (i == 0 ? bench->out : bench->err, buffer, n);
            } else {
                close (fds[i]);
                fds[i] = -1;
            }
        }
        if (!is_sent && strstr (bench->out->str, bench->marker) != NULL) {
            kill (child, bench->send);
            is_sent = TRUE;
        }
    }
    g_assert_cmpint (waitpid (child, &bench->status, 0), ==, child);
}

/* stdin is a file, so that both runs find the same type of descriptor, and none can block. */
static int
open_input (const Bench *bench)
{
    g_autofree char *name = g_strdup_printf ("%s/input", bench->folder);
    int fd;

    if (bench->input == NULL)
        return open ("/dev/null", O_RDONLY | O_CLOEXEC);
    g_assert_true (g_file_set_contents (name, bench->input, (gssize) bench->input_size, NULL));
    fd = open (name, O_RDONLY | O_CLOEXEC);
    g_unlink (name);
    return fd;
}

static void
run (Bench *bench, const char *program, const char *line)
{
    g_autofree char *whole = g_strconcat ("mmcli", line[0] != '\0' ? " " : "", line, NULL);
    g_auto (GStrv) argv = g_strsplit (whole, " ", -1);
    int out[2], err[2], in = open_input (bench);
    pid_t child;

    g_string_truncate (bench->out, 0);
    g_string_truncate (bench->err, 0);
    g_assert_cmpint (pipe2 (out, O_CLOEXEC), ==, 0);
    g_assert_cmpint (pipe2 (err, O_CLOEXEC), ==, 0);
    child = fork ();
    if (child == 0)
        become (bench, program, argv, (const int[]){ in, out[1], err[1] });
    g_assert_cmpint (child, >, 0);
    close (in);
    close (out[1]);
    close (err[1]);
    collect (bench, child, out[0], err[0]);
}

/* Runs both and compares. */
static void
compare (Bench *bench, const char *line)
{
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    gsize size;
    g_autofree char *printable = g_strescape (line, NULL);
    int status;

    g_test_message ("%s", printable);
    run (bench, bench->real, line);
    size = bench->out->len;
    out = g_memdup2 (bench->out->str, size + 1);
    err = g_strdup (bench->err->str);
    status = bench->status;
    /* The stand-in did run, or there is nothing to compare. */
    g_assert_true (g_str_has_prefix (out, "argv[0]=<mmcli>\n"));

    run (bench, bench->front, line);
    g_assert_cmpint (bench->status, ==, status);
    g_assert_cmpmem (bench->out->str, bench->out->len, out, size);
    g_assert_cmpstr (bench->err->str, ==, err);
}

static const char *const transparent[] = {
    "",
    "-L",
    "-B",
    "-S",
    "-V",
    "--version",
    "-h",
    "--help",
    "-?",
    "--help-modem",
    "--help-manager --help-firmware",
    "-m 0",
    "-m 0 -J",
    "-m 0 -K",
    "-m 0 -K -J",
    "-m any --firmware-status",
    "-m 0 --firmware-list",
    "-m 0 --firmware-select=--firmware-update=x",
    "-m 0 --simple-connect=apn=internet,user=a,password=$b*c",
    "-m 0 --command=AT+QGMR?",
    "-m --firmware-update-status",
    "-m 0 --command --firmware-update=x",
    "-m 0 -- --firmware-update=x",
    "-m 0 --firmware-upd=x",
    "-m 0 --firmware-updated",
    "-m 0 --nonsense",
    "--report-kernel-event=action=add,name=ttyUSB2,subsystem=tty",
    "-G DEBUG",
    "-I /sys/devices/pci0000:00",
    "-i 0 --pin=1234",
    "-s 3 --create-file-with-data=--firmware-update-list",
    "-o 1 --send-dtmf=*#",
    "-b 1 -c",
    "-a -v --timeout=3 -m 0 -e",
    "--exit=1",
    "--exit=2",
    "--exit=127",
    "--exit=255",
    "--kill=6 -L",
    "--kill=15",
    "--flood",
    "one  two   ",
    "\303\244\377\001",
};

static void
test_transparent (void)
{
    Bench bench;

    bench_init (&bench);
    g_setenv ("MFU_STRANGE", "a\nb\377", TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS (transparent); i++)
        compare (&bench, transparent[i]);
    g_unsetenv ("MFU_STRANGE");
    bench_clear (&bench);
}

static void
test_input (void)
{
    static const char bytes[] = "line\n\0\377 no newline at the end";
    Bench bench;

    bench_init (&bench);
    bench.input = bytes;
    bench.input_size = sizeof bytes - 1;
    compare (&bench, "--cat --exit=4");
    g_assert_nonnull (strstr (bench.out->str, "line\n"));
    bench_clear (&bench);
}

/* A long-running -M: the signal reaches the real one itself, whose answer and end are the caller's. */
static void
test_signals (void)
{
    const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGPIPE, SIGKILL };

    for (gsize i = 0; i < G_N_ELEMENTS (signals); i++) {
        Bench bench;

        bench_init (&bench);
        bench.marker = "monitoring\n";
        bench.send = signals[i];
        compare (&bench, "-M");
        g_assert_cmpint (WIFSIGNALED (bench.status), ==, signals[i] == SIGKILL);
        bench_clear (&bench);
    }
}

static void
test_ignored_signals (void)
{
    Bench bench;

    bench_init (&bench);
    bench.ignores_int = TRUE;
    compare (&bench, "-L");
    g_assert_nonnull (strstr (bench.out->str, "signal 2: ignored"));
    bench_clear (&bench);
}

static void
test_help (void)
{
    const char *const lines[] = { "--help-firmware", "--help-all", "-m 0 --help-firmware --exit=0" };
    g_autofree char *ours = mfu_front_help ();

    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++) {
        g_autofree char *expected = NULL;
        g_autofree char *err = NULL;
        Bench bench;

        bench_init (&bench);
        run (&bench, bench.real, lines[i]);
        expected = g_strconcat (bench.out->str, ours, NULL);
        err = g_strdup (bench.err->str);
        run (&bench, bench.front, lines[i]);
        g_assert_cmpstr (bench.out->str, ==, expected);
        g_assert_cmpstr (bench.err->str, ==, err);
        g_assert_cmpint (bench.status, ==, 0);
        bench_clear (&bench);
    }
}

/* No help printed, no block: the real one failed, was killed, or told its version. */
static void
test_no_help (void)
{
    const char *const lines[] = { "--help-all --exit=1", "--help-firmware --kill=15", "-V --help-all",
                                  "--help-modem --help-all", "-m --help-all" };
    Bench bench;

    bench_init (&bench);
    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
        compare (&bench, lines[i]);
    bench_clear (&bench);
}

/* Options of ours beside a help option: the real one would stumble over them, so it does not see them. */
static void
test_help_beside_ours (void)
{
    g_autofree char *expected = NULL;
    Bench bench;

    bench_init (&bench);
    run (&bench, bench.real, "--help-modem");
    expected = g_strdup (bench.out->str);
    run (&bench, bench.front, "-m 0 --firmware-update=x --help-modem");
    g_assert_cmpstr (bench.out->str, ==, expected);
    bench_clear (&bench);
}

/* Ours: the real one is not run at all. */
static void
test_ours (void)
{
    Bench bench;

    bench_init (&bench);
    run (&bench, bench.front, "-m 0 --firmware-update=/nonexistent/x.zip");
    g_assert_cmpstr (bench.out->str, ==, "");
    g_assert_cmpint (WEXITSTATUS (bench.status), ==, 3);
    g_assert_true (g_str_has_prefix (bench.err->str, "error: /nonexistent/x.zip: "));

    run (&bench, bench.front, "-m 0 --firmware-update-status --firmware-status");
    g_assert_cmpstr (bench.out->str, ==, "");
    g_assert_cmpint (WEXITSTATUS (bench.status), ==, 1);
    g_assert_true (g_str_has_prefix (bench.err->str, "error: not a call of firmware update: "));
    bench_clear (&bench);
}

/* A machine with fronts only: each looks behind itself, so the search ends. */
static void
test_no_real (void)
{
    g_autofree char *front_copy = NULL;
    g_autofree char *bytes = NULL;
    gsize size = 0;
    Bench bench;

    bench_init (&bench);
    front_copy = g_build_filename (bench.folder, "copy", NULL);
    g_assert_true (g_file_get_contents (g_getenv ("MFU_TEST_FRONT"), &bytes, &size, NULL));
    g_assert_true (g_file_set_contents (front_copy, bytes, (gssize) size, NULL));
    g_assert_cmpint (g_chmod (front_copy, 0755), ==, 0);
    g_unlink (bench.real);
    g_assert_cmpint (symlink (front_copy, bench.real), ==, 0);

    run (&bench, bench.front, "-L");
    g_assert_cmpint (WEXITSTATUS (bench.status), ==, 127);
    g_assert_cmpstr (bench.out->str, ==, "");
    g_assert_true (g_str_has_prefix (bench.err->str, "error: the mmcli of ModemManager was found neither "));
    g_unlink (front_copy);
    bench_clear (&bench);
}

static void
test_find (void)
{
    g_autofree char *path = NULL;
    g_autofree char *doubled = NULL;
    Bench bench;

    bench_init (&bench);
    path = g_strdup_printf ("/nonexistent::%s/front:%s/real", bench.folder, bench.folder);
    doubled = g_strdup_printf ("%s/front:%s/real:%s/front", bench.folder, bench.folder, bench.folder);
    const struct {
        const char *diverted, *path, *self, *found;
    } cases[] = {
        { "/nonexistent", path, bench.front, bench.real },
        { "/nonexistent", doubled, bench.front, bench.real },
        { "/nonexistent", path, "/nonexistent", bench.front },
        { "/nonexistent", path, bench.real, NULL },
        { "/nonexistent", "/nonexistent", bench.front, NULL },
        { "/nonexistent", "", bench.front, NULL },
        { bench.real, "/nonexistent", bench.front, bench.real },
        { bench.front, path, bench.front, bench.real },  /* "diverted" is a link to ourselves */
        { bench.folder, path, bench.front, bench.real }, /* a folder is no program */
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *found = mfu_real_mmcli_find (cases[i].diverted, cases[i].path, cases[i].self);

        g_assert_cmpstr (found, ==, cases[i].found);
    }
    bench_clear (&bench);
}

int
main (int argc, char **argv)
{
    g_setenv ("LC_ALL", "C.UTF-8", TRUE);
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/front/transparent", test_transparent);
    g_test_add_func ("/front/input", test_input);
    g_test_add_func ("/front/signals", test_signals);
    g_test_add_func ("/front/ignored-signals", test_ignored_signals);
    g_test_add_func ("/front/help", test_help);
    g_test_add_func ("/front/no-help", test_no_help);
    g_test_add_func ("/front/help-beside-ours", test_help_beside_ours);
    g_test_add_func ("/front/ours", test_ours);
    g_test_add_func ("/front/no-real", test_no_real);
    g_test_add_func ("/front/find", test_find);
    return g_test_run ();
}
