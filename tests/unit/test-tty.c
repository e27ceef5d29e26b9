/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The tty channel on a pseudo terminal: the test is the modem behind it. */

#include "transport/tty.h"

#include "transport/holders.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SOON_MS 2000
#define MANY    (256 * 1024)

/* The system's clock, but sleeping takes no time. */
typedef struct {
    MfuClock parent;
    gint64 skipped_us;
} JumpingClock;

typedef struct {
    JumpingClock clock;
    int modem; /* the master side */
    char *devnode;
} Fixture;

static gint64
jumping_now_us (MfuClock *clock)
{
    return g_get_monotonic_time () + ((JumpingClock *) clock)->skipped_us;
}

static gboolean
jumping_sleep_until (MfuClock *clock, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    ((JumpingClock *) clock)->skipped_us += MAX (0, deadline_us - clock->now_us (clock));
    if (!g_cancellable_is_cancelled (cancellable))
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled");
    return FALSE;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
    fixture->clock.parent.now_us = jumping_now_us;
    fixture->clock.parent.sleep_until = jumping_sleep_until;
    fixture->modem = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint (fixture->modem, >=, 0);
    g_assert_cmpint (grantpt (fixture->modem), ==, 0);
    g_assert_cmpint (unlockpt (fixture->modem), ==, 0);
    fixture->devnode = g_strdup (ptsname (fixture->modem));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    if (fixture->modem >= 0)
        close (fixture->modem);
    g_free (fixture->devnode);
}

static gint64
in_ms (Fixture *fixture, guint ms)
{
    return mfu_clock_deadline_us (&fixture->clock.parent, ms);
}

static MfuChannel *
open_channel (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    MfuChannel *channel = mfu_tty_channel_open (fixture->devnode, &fixture->clock.parent, NULL, &error);

    g_assert_no_error (error);
    g_assert_nonnull (channel);
    return channel;
}

static void
modem_says (Fixture *fixture, const char *bytes, gsize size)
{
    g_assert_cmpint (write (fixture->modem, bytes, size), ==, (gssize) size);
}

/* Every byte passes unchanged in both directions, and nothing is echoed. */
static void
test_transparent (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    g_autoptr (GError) error = NULL;
    guint8 all[256], got[256];
    gsize n_got = 0;

    for (guint i = 0; i < sizeof all; i++)
        all[i] = (guint8) i;
    modem_says (fixture, (const char *) all, sizeof all);
    while (n_got < sizeof got) {
        gssize n = mfu_channel_receive (channel, got + n_got, sizeof got - n_got, in_ms (fixture, SOON_MS),
                                        NULL, &error);

        g_assert_no_error (error);
        g_assert_cmpint (n, >, 0);
        n_got += (gsize) n;
    }
    g_assert_cmpmem (got, n_got, all, sizeof all);

    g_assert_true (mfu_channel_send (channel, all, sizeof all, TRUE, in_ms (fixture, SOON_MS), NULL, &error));
    g_assert_true (mfu_channel_flush (channel, in_ms (fixture, SOON_MS), NULL, &error));
    g_assert_no_error (error);
    g_assert_cmpint (read (fixture->modem, got, sizeof got), ==, sizeof got);
    g_assert_cmpmem (got, sizeof got, all, sizeof all);
    g_assert_cmpint (fcntl (fixture->modem, F_SETFL, O_NONBLOCK), ==, 0);
    g_assert_cmpint (read (fixture->modem, got, sizeof got), ==, -1);
    g_assert_cmpint (errno, ==, EAGAIN);
}

static void
test_settings (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    struct termios settings;

    g_assert_cmpint (tcgetattr (fixture->modem, &settings), ==, 0);
    g_assert_cmphex (settings.c_lflag & (ECHO | ICANON | ISIG), ==, 0);
    g_assert_cmphex (settings.c_oflag & OPOST, ==, 0);
    g_assert_cmphex (settings.c_cflag & HUPCL, ==, 0);
    g_assert_cmphex (settings.c_cflag & CLOCAL, ==, CLOCAL);
    g_assert_cmpuint (cfgetospeed (&settings), ==, B115200);
}

static void
test_timed_out (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    g_autoptr (GError) error = NULL;
    guint8 got[8];

    g_assert_cmpint (mfu_channel_receive (channel, got, sizeof got, in_ms (fixture, 20), NULL, &error), ==,
                     -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    /* What comes after a timeout is not lost. */
    modem_says (fixture, "OK", 2);
    g_assert_cmpint (mfu_channel_receive (channel, got, sizeof got, in_ms (fixture, SOON_MS), NULL, &error),
                     ==, 2);
    g_assert_no_error (error);
}

/* A modem that takes nothing: the send ends at its deadline, and closing does not hang. */
static void
test_send_timed_out (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    g_autoptr (GError) error = NULL;
    g_autofree guint8 *many = g_malloc0 (MANY);

    g_assert_false (mfu_channel_send (channel, many, MANY, FALSE, in_ms (fixture, 20), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
}

static gpointer
cancel_it (gpointer data)
{
    g_cancellable_cancel (data);
    return NULL;
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread = g_thread_new ("cancel", cancel_it, cancellable);
    guint8 got[8];

    g_assert_cmpint (
        mfu_channel_receive (channel, got, sizeof got, in_ms (fixture, 60000), cancellable, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
    g_thread_join (thread);
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuChannel) channel = open_channel (fixture);
    g_autoptr (GError) error = NULL;
    guint8 got[8] = { 0 };

    close (fixture->modem);
    fixture->modem = -1;
    g_assert_cmpint (mfu_channel_receive (channel, got, sizeof got, in_ms (fixture, SOON_MS), NULL, &error),
                     ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    g_clear_error (&error);
    g_assert_false (
        mfu_channel_send (channel, got, sizeof got, FALSE, in_ms (fixture, SOON_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

static void
test_missing (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_tty_channel_open ("/dev/no-such-tty", &fixture->clock.parent, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

/* A program that keeps the port open, and says so on its standard output. */
static GPid
start_holder (Fixture *fixture, int *its_input)
{
    g_autofree char *script = g_strdup_printf ("exec 3<>%s; echo; read x", fixture->devnode);
    char *argv[] = { (char *) "sh", (char *) "-c", script, NULL };
    g_autoptr (GError) error = NULL;
    int output;
    char ready;
    GPid pid;

    g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL,
                              &pid, its_input, &output, NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpint (read (output, &ready, 1), ==, 1);
    close (output);
    return pid;
}

static void
test_busy (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *holders = NULL;
    g_autofree char *expected = NULL;
    int its_input;
    GPid pid = start_holder (fixture, &its_input);

    expected = g_strdup_printf ("(pid %d)", (int) pid);
    g_assert_null (mfu_holders_of (fixture->devnode, (guint) pid));
    holders = mfu_holders_of (fixture->devnode, 0);
    g_assert_nonnull (holders);
    g_assert_nonnull (strstr (holders, expected));
    g_assert_null (mfu_tty_channel_open (fixture->devnode, &fixture->clock.parent, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_assert_nonnull (strstr (error->message, expected));
    g_assert_nonnull (strstr (error->message, fixture->devnode));
    close (its_input);
    g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

/* While we have it, nobody else gets it; afterwards they do. */
static void
test_exclusive (Fixture *fixture, gconstpointer data)
{
    MfuChannel *channel = open_channel (fixture);
    int second = open (fixture->devnode, O_RDWR | O_NOCTTY);
    int is_exclusive = 0;

    /* Only root gets as far as to see the flag. */
    if (second >= 0) {
        g_assert_cmpint (ioctl (second, TIOCGEXCL, &is_exclusive), ==, 0);
        g_assert_true (is_exclusive);
        close (second);
    } else {
        g_assert_cmpint (errno, ==, EBUSY);
    }
    mfu_channel_close (channel);
    channel = open_channel (fixture);
    mfu_channel_close (channel);
}

#define ADD(name) g_test_add ("/tty/" #name, Fixture, NULL, set_up, test_##name, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    ADD (transparent);
    ADD (settings);
    ADD (timed_out);
    ADD (send_timed_out);
    ADD (cancelled);
    ADD (gone);
    ADD (missing);
    ADD (busy);
    ADD (exclusive);
    return g_test_run ();
}
