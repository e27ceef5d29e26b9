/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The USB channel against the real kernel and a device that misbehaves. */

#include "fixture.h"

#include "transport/usb.h"
#include "util/error.h"

#define MANY_BLOCKS 64 /* more than a channel keeps in flight */
#define MANY        (8 * 1024 * 1024)

static void
test_arrival (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) arrived = NULL;
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, HS_PORT, NULL, &error);
    gint64 start_us, arrived_us, open_us;

    start_us = g_get_monotonic_time ();
    fixture->gadget = gadget_plug (0, &edl);
    arrived = mfu_port_wait_next (wait, EDL, FALSE, fixture->clock, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    arrived_us = g_get_monotonic_time ();
    fixture->device = g_steal_pointer (&arrived);
    g_assert_cmpstr (fixture->device->peer_port, ==, SS_PORT);
    g_assert_cmpstr (fixture->device->product, ==, "QHSUSB__BULK");
    open_channel (fixture);
    open_us = g_get_monotonic_time ();
    expect_works (fixture);
    g_test_message ("attach to arrival %u ms, opening %u ms, first echo %u ms",
                    (guint) ((arrived_us - start_us) / 1000), (guint) ((open_us - arrived_us) / 1000),
                    (guint) ((g_get_monotonic_time () - open_us) / 1000));
}

/* qcserial takes 05c6:9008; we take it away from it. */
static void
test_detach (Fixture *fixture, gconstpointer data)
{
    g_autofree char *driver = NULL;
    gint64 start_us;

    plug (fixture, &edl, EDL, FALSE);
    g_assert_true (has_driver_soon (fixture, 0, "qcserial"));
    start_us = g_get_monotonic_time ();
    open_channel (fixture);
    g_test_message ("opening with a driver to detach: %u ms",
                    (guint) ((g_get_monotonic_time () - start_us) / 1000));
    driver = driver_of (fixture, 0);
    g_assert_cmpstr (driver, ==, "usbfs");
    expect_works (fixture);
}

/* Zero packets, and how a send is cut. */
static void
test_zlp (Fixture *fixture, gconstpointer data)
{
    g_autofree guint8 *many = g_malloc0 (3 * TRANSFER);
    static const struct {
        gsize size;
        gboolean wants_zlp;
        guint n_out, n_flags;
    } cases[] = {
        { 8192, TRUE, 1, 1 },   { 8192, FALSE, 1, 0 },        { 8191, TRUE, 1, 0 },
        { PACKET, TRUE, 1, 1 }, { 3 * TRANSFER, TRUE, 3, 1 }, { TRANSFER + 1, TRUE, 2, 0 },
        { 0, FALSE, 1, 0 },
    };
    GadgetCounts before = gadget_get_counts (fixture->gadget);

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        GadgetCounts after;

        send_ok (fixture, many, cases[i].size, cases[i].wants_zlp);
        after = gadget_get_counts (fixture->gadget);
        g_assert_cmpuint (after.n_out - before.n_out, ==, cases[i].n_out);
        g_assert_cmpuint (after.n_zero_flags - before.n_zero_flags, ==, cases[i].n_flags);
        before = after;
    }
    g_assert_cmpuint (before.longest_out, ==, TRANSFER);
    g_assert_cmpuint (before.n_zero_length, ==, 1);
}

/* A timeout takes nothing away: what comes later is there for the next call, also piece by piece. */
static void
test_late_answer (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    char buffer[8];
    gint64 start_us = g_get_monotonic_time ();

    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SHORT_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    g_assert_cmpint (g_get_monotonic_time () - start_us, >=, SHORT_MS * 1000);
    gadget_say (fixture->gadget, "late answer", 11);
    g_assert_cmpint (receive (fixture, buffer, 4, SOON_MS, &error), ==, 4);
    g_assert_cmpmem (buffer, 4, "late", 4);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, 7);
    g_assert_cmpmem (buffer, 7, " answer", 7);
    g_assert_no_error (error);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_unlinked, ==, 0);
}

/* Sends are reported by the next call, cleaned up, and the channel works again where the device does. */
static void
test_bad_manners (Fixture *fixture, gconstpointer data)
{
    static const struct {
        GadgetManner manner;
        MfuError code;
    } cases[] = {
        { GADGET_STALL, MFU_ERROR_PROTOCOL },   { GADGET_BROKEN, MFU_ERROR_IO },
        { GADGET_SHORT, MFU_ERROR_IO },         { GADGET_NOTHING, MFU_ERROR_IO },
        { GADGET_SILENT, MFU_ERROR_TIMED_OUT },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GError) error = NULL;
        guint8 block[8192] = { 0 };
        guint wait_ms = cases[i].manner == GADGET_SILENT ? SHORT_MS : SOON_MS;

        gadget_set_out (fixture->gadget, cases[i].manner);
        g_assert_true (
            mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (wait_ms), NULL, &error));
        g_assert_false (mfu_channel_flush (fixture->channel, in_ms (wait_ms), NULL, &error));
        g_test_message ("%s", error->message);
        g_assert_error (error, MFU_ERROR, (gint) cases[i].code);
        gadget_set_out (fixture->gadget, GADGET_FINE);
        expect_works (fixture);
    }
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_clear_halt, ==, 1);
}

static void
test_bad_manners_in (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    char buffer[8];

    gadget_set_in (fixture->gadget, GADGET_STALL);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL);
    g_clear_error (&error);
    gadget_set_in (fixture->gadget, GADGET_FINE);
    expect_works (fixture);
}

/* Blocks to a modem that takes none: the first one that waits for a buffer runs out of time; afterwards
 * nothing of them is left to arrive late. */
static void
test_stuck (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    guint8 block[8192] = { 0 };
    guint n_sent = 0;

    gadget_set_out (fixture->gadget, GADGET_SILENT);
    while (n_sent < MANY_BLOCKS &&
           mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SHORT_MS), NULL, &error))
        n_sent++;
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_cmpuint (n_sent, >, 1);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_unlinked, ==, n_sent);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_pending, ==, 0);
    gadget_set_out (fixture->gadget, GADGET_FINE);
    expect_works (fixture);
}

/* A refusal that comes while the modem has stopped taking data is heard. */
static void
test_nak_while_stuck (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    guint8 block[8192] = { 0 };
    char buffer[8];

    gadget_set_out (fixture->gadget, GADGET_SILENT);
    g_assert_true (
        mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SHORT_MS), NULL, &error));
    gadget_say (fixture->gadget, "NAK", 3);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, 3);
    g_assert_no_error (error);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SHORT_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_unlinked, ==, 1);
}

/* Everything sent is echoed at once; nobody reads until the end of 512 KiB: no deadlock, nothing lost. */
static void
test_talks_meanwhile (Fixture *fixture, gconstpointer data)
{
    g_autofree guint8 *sent = g_malloc (512 * 1024);
    g_autofree guint8 *got = g_malloc (512 * 1024);
    gsize n_got = 0;

    for (guint i = 0; i < 512 * 1024; i++)
        sent[i] = (guint8) (i * 7 + (i >> 9));
    send_ok (fixture, sent, 512 * 1024, FALSE);
    while (n_got < 512 * 1024) {
        g_autoptr (GError) error = NULL;
        gssize n = receive (fixture, got + n_got, 512 * 1024 - n_got, SOON_MS, &error);

        g_assert_no_error (error);
        n_got += (gsize) n;
    }
    g_assert_cmpmem (sent, 512 * 1024, got, n_got);
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    char buffer[8];
    gint64 start_us = g_get_monotonic_time ();

    gadget_leave_after (fixture->gadget, 100);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    g_clear_error (&error);
    g_test_message ("leaving noticed %u ms after the call",
                    (guint) ((g_get_monotonic_time () - start_us) / 1000));
    g_assert_cmpint (g_get_monotonic_time () - start_us, <, 8000000);
    g_assert_false (
        mfu_channel_send (fixture->channel, (const guint8 *) "x", 1, FALSE, in_ms (SOON_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    g_clear_error (&error);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    g_clear_error (&error);
    g_assert_false (mfu_channel_reset (fixture->channel, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    g_clear_error (&error);
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    g_assert_null (mfu_usb_channel_open (fixture->device->devnode, 0, 0, fixture->clock, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

/* Transfer errors right before the unplugging are the unplugging. */
static void
test_gone_by_errors (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    char buffer[8];

    gadget_set_in (fixture->gadget, GADGET_BROKEN);
    gadget_leave_after (fixture->gadget, 50);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

static void
test_gone_in_mid_send (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    guint8 block[8192] = { 0 };

    gadget_set_out (fixture->gadget, GADGET_SILENT);
    gadget_leave_after (fixture->gadget, 100);
    g_assert_true (
        mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SOON_MS), NULL, &error));
    g_assert_false (mfu_channel_flush (fixture->channel, in_ms (SOON_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

static gpointer
cancel_soon (gpointer data)
{
    let_pass (100);
    g_cancellable_cancel (data);
    return NULL;
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
    guint8 buffer[8];

    g_assert_cmpint (
        mfu_channel_receive (fixture->channel, buffer, sizeof buffer, in_ms (60000), cancellable, &error), ==,
        -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
    g_thread_join (thread);
    expect_works (fixture);
}

static gpointer
close_soon (gpointer data)
{
    let_pass (1000);
    mfu_channel_close (data);
    return NULL;
}

/* Somebody else has the interface: for a second, which is waited for; for longer, which is an error. */
static void
test_busy (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    gint64 start_us = g_get_monotonic_time ();
    GThread *thread = g_thread_new ("close", close_soon, g_steal_pointer (&fixture->channel));

    open_channel (fixture);
    g_thread_join (thread);
    g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 900000);
    expect_works (fixture);
    g_assert_null (mfu_usb_channel_open (fixture->device->devnode, 0, 0, fixture->clock, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_test_message ("%s", error->message);
    g_assert_cmpint (g_get_monotonic_time () - start_us, >=, 5000000);
    expect_works (fixture);
}

static void
test_no_such_interface (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_usb_channel_open (fixture->device->devnode, 3, 0, fixture->clock, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

static void
test_reset (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    guint n_before;
    char buffer[8];

    gadget_say (fixture->gadget, "stale", 5);
    g_assert_cmpint (receive (fixture, buffer, 1, SOON_MS, &error), ==, 1);
    n_before = gadget_get_counts (fixture->gadget).n_device_descriptor;
    g_assert_true (mfu_channel_reset (fixture->channel, &error));
    g_assert_no_error (error);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_device_descriptor, >, n_before);
    expect_works (fixture);
}

static void
test_throughput (Fixture *fixture, gconstpointer data)
{
    g_autofree guint8 *many = g_malloc0 (MANY);
    g_autoptr (GError) error = NULL;
    gint64 start_us;

    gadget_set_out (fixture->gadget, GADGET_FINE);
    for (guint size = 8192; size <= 65536; size *= 8) {
        /* The echo is not read: at 1 MiB of it the device is left alone, which costs nothing. */
        start_us = g_get_monotonic_time ();
        for (gsize n = 0; n < MANY; n += size)
            g_assert_true (
                mfu_channel_send (fixture->channel, many + n, size, TRUE, in_ms (SOON_MS), NULL, &error));
        g_assert_true (mfu_channel_flush (fixture->channel, in_ms (SOON_MS), NULL, &error));
        g_test_message ("%u bytes at a time: %.1f MB/s", size,
                        (double) MANY / (double) (g_get_monotonic_time () - start_us));
    }
    g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
    start (&argc, &argv);
    ADD (arrival);
    ADD (detach);
    ADD_EDL (zlp);
    ADD_EDL (late_answer);
    ADD_EDL (bad_manners);
    ADD_EDL (bad_manners_in);
    ADD_EDL (stuck);
    ADD_EDL (nak_while_stuck);
    ADD_EDL (talks_meanwhile);
    ADD_EDL (gone);
    ADD_EDL (gone_by_errors);
    ADD_EDL (gone_in_mid_send);
    ADD_EDL (cancelled);
    ADD_EDL (busy);
    ADD_EDL (no_such_interface);
    ADD_EDL (reset);
    ADD_EDL (throughput);
    return g_test_run ();
}
