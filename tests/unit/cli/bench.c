/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every wait has a deadline: a client that hangs fails its test. */

#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_US (20 * G_USEC_PER_SEC)
#define MAX_OUTPUT  (1 << 20)

static char **
command_of (Bench *bench, const char *program, const char *arguments)
{
    g_auto (GStrv) words = g_strsplit (arguments, " ", -1);
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

    g_strv_builder_add (builder, program);
    for (guint i = 0; words[i] != NULL; i++) {
        g_auto (GStrv) parts = g_strsplit (words[i], "PACKAGE", -1);
        g_autofree char *word = g_strjoinv (bench->package, parts);

        if (g_str_equal (word, "--devices-dir=DEVICES")) {
            g_free (word);
            word = g_strconcat ("--devices-dir=", g_getenv ("MFU_TEST_DEVICES"), NULL);
        }
        if (word[0] != '\0')
            g_strv_builder_add (builder, word);
    }
    return g_strv_builder_end (builder);
}

static void
wait_for_names (Bench *bench, const char *settings)
{
    g_autoptr (GDataInputStream) out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (bench->fake));
    guint names = 2;

    names -= strstr (settings, "modem-manager=0") != NULL;
    names -= strstr (settings, "service=0") != NULL;
    for (guint i = 0; i < names; i++) {
        g_autofree char *line = g_data_input_stream_read_line (out, NULL, NULL, NULL);

        g_assert_nonnull (line);
    }
}

void
bench_open (Bench *bench, const char *settings)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *arguments = NULL;
    g_auto (GStrv) command = NULL;

    memset (bench, 0, sizeof *bench);
    bench->folder = g_dir_make_tmp ("mfu-cli-XXXXXX", &error);
    g_assert_no_error (error);
    bench->package = g_build_filename (bench->folder, "EC25EFAR06A08M4G.zip", NULL);
    bench->log = g_build_filename (bench->folder, "log", NULL);
    g_assert_true (g_file_set_contents (bench->package, "not a real package", -1, NULL));

    bench->bus = g_test_dbus_new (G_TEST_DBUS_NONE);
    g_test_dbus_up (bench->bus);
    g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", g_test_dbus_get_bus_address (bench->bus), TRUE);
    arguments = g_strjoin (" ", g_getenv ("MFU_TEST_XML"), bench->log, settings, NULL);
    command = command_of (bench, g_getenv ("MFU_TEST_FAKE_SERVICE"), arguments);
    bench->fake = g_subprocess_newv ((const char *const *) command, G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error);
    g_assert_no_error (error);
    wait_for_names (bench, settings);
}

void
bench_close (Bench *bench)
{
    g_subprocess_force_exit (bench->fake);
    g_subprocess_wait (bench->fake, NULL, NULL);
    g_clear_object (&bench->fake);
    g_test_dbus_down (bench->bus);
    g_clear_object (&bench->bus);
    g_unlink (bench->log);
    g_unlink (bench->package);
    g_rmdir (bench->folder);
    g_free (bench->log);
    g_free (bench->package);
    g_free (bench->folder);
    g_free (bench->out);
    g_free (bench->err);
}

typedef struct {
    pid_t pid;
    int out, err; /* -1: closed, or none */
} Client;

/* Both pipes are read together, until `marker` is in stdout (FALSE at their end). */
static gboolean
read_until (Client *client, GString *out, GString *err, const char *marker)
{
    gint64 deadline = g_get_monotonic_time () + DEADLINE_US;

    while (client->out >= 0 || client->err >= 0) {
        struct pollfd fds[2] = { { client->out, POLLIN, 0 }, { client->err, POLLIN, 0 } };

        if (marker != NULL && strstr (out->str, marker) != NULL)
            return TRUE;
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);
        g_assert_cmpuint (out->len, <, MAX_OUTPUT);
        poll (fds, 2, 100);
        for (guint i = 0; i < 2; i++) {
            int *fd = i == 0 ? &client->out : &client->err;
            char buffer[4096];
            gssize n;

            if (*fd < 0 || fds[i].revents == 0)
                continue;
            n = read (*fd, buffer, sizeof buffer);
            if (n > 0) {
                g_string_append_len (i == 0 ? out : err, buffer, n);
            } else {
                close (*fd);
                *fd = -1;
            }
        }
    }
    return marker != NULL && strstr (out->str, marker) != NULL;
}

static void
finish (Bench *bench, Client *client, GString *out, GString *err)
{
    int status = 0;

    read_until (client, out, err, NULL);
    g_assert_cmpint (waitpid (client->pid, &status, 0), ==, client->pid);
    bench->exit_code = WIFEXITED (status) ? WEXITSTATUS (status) : 128 + WTERMSIG (status);
    g_free (bench->out);
    g_free (bench->err);
    bench->out = g_string_free (out, FALSE);
    bench->err = g_string_free (err, FALSE);
    g_test_message ("exit %d\n%s%s", bench->exit_code, bench->out, bench->err);
}

static Client
start_client (Bench *bench, const char *arguments)
{
    g_auto (GStrv) command = command_of (bench, g_getenv ("MFU_TEST_MM_FIRMWARE"), arguments);
    g_autoptr (GError) error = NULL;
    Client client = { 0 };

    g_test_message ("%s", arguments);
    g_spawn_async_with_pipes (NULL, command, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CLOEXEC_PIPES, NULL,
                              NULL, &client.pid, NULL, &client.out, &client.err, &error);
    g_assert_no_error (error);
    return client;
}

void
bench_run (Bench *bench, const char *arguments)
{
    Client client = start_client (bench, arguments);

    finish (bench, &client, g_string_new (NULL), g_string_new (NULL));
}

void
bench_run_and_signal (Bench *bench, const char *arguments, const char *marker, int signal_number, int then)
{
    Client client = start_client (bench, arguments);
    GString *out = g_string_new (NULL);
    GString *err = g_string_new (NULL);

    g_assert_true (read_until (&client, out, err, marker));
    kill (client.pid, signal_number);
    if (then != 0)
        g_subprocess_send_signal (bench->fake, then);
    finish (bench, &client, out, err);
}

static Client
start_on_terminal (Bench *bench, const char *arguments, guint columns)
{
    g_auto (GStrv) command = command_of (bench, g_getenv ("MFU_TEST_MM_FIRMWARE"), arguments);
    struct winsize size = { .ws_row = 24, .ws_col = (unsigned short) columns };
    Client client = { .err = -1 };

    g_test_message ("%s", arguments);
    client.pid = forkpty (&client.out, NULL, NULL, &size);
    if (client.pid == 0) {
        setenv ("TERM", "xterm", 1);
        execv (command[0], command);
        _exit (126);
    }
    g_assert_cmpint (client.pid, >, 0);
    return client;
}

void
bench_run_on_terminal (Bench *bench, const char *arguments, guint columns, const char *const *answers)
{
    Client client = start_on_terminal (bench, arguments, columns);
    GString *out = g_string_new (NULL);

    for (guint i = 0; answers[i] != NULL; i += 2) {
        gssize n = (gssize) strlen (answers[i + 1]);

        g_assert_true (read_until (&client, out, NULL, answers[i]));
        g_assert_cmpint (write (client.out, answers[i + 1], (gsize) n), ==, n);
    }
    finish (bench, &client, out, g_string_new (NULL));
}

void
bench_run_and_hang_up (Bench *bench, const char *arguments, const char *marker)
{
    Client client = start_on_terminal (bench, arguments, 80);
    GString *out = g_string_new (NULL);

    g_assert_true (read_until (&client, out, NULL, marker));
    close (client.out);
    client.out = -1;
    finish (bench, &client, out, g_string_new (NULL));
}

char *
bench_read_log (Bench *bench)
{
    char *text = NULL;

    g_assert_true (g_file_get_contents (bench->log, &text, NULL, NULL));
    g_test_message ("log: %s", text);
    return text;
}
