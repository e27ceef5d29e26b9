/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The transport and tracker rooms against the real kernel, in the virtual machine: each test plugs a device
 * made of a program into a port of vhci-hcd, and looks at what our code makes of it. */

#include "gadget.h"

#include "tracker/ports-internal.h"
#include "transport/tty.h"
#include "transport/usb.h"
#include "util/error.h"

#include <libudev.h>
#include <string.h>
#include <unistd.h>

#define SOON_MS    10000
#define SHORT_MS   300
#define NORMAL     (1u << MFU_MODE_NORMAL)
#define EDL        (1u << MFU_MODE_EDL)
#define PACKET     512
#define TRANSFER   (64 * 1024)
#define MANY       (8 * 1024 * 1024)
#define HS_PORT    "1-1"
#define SS_PORT    "2-1"
#define RULES      "/usr/lib/udev/rules.d/77-mm-quectel-firmware.rules"
#define GUEST_MARK "/etc/mfu-guest"

static const GadgetConfig edl = { 0x05c6, 0x9008, 0x0000, "QHSUSB__BULK", 1, FALSE };
static const GadgetConfig sbl = { 0x2c7c, 0x0125, 0x0000, "QHSUSB__BULK", 1, FALSE };
static const GadgetConfig nameless_sbl = { 0x2c7c, 0x0125, 0x0000, NULL, 1, FALSE };
static const GadgetConfig ec25 = { 0x2c7c, 0x0125, 0x0318, "EC25", 5, FALSE };
static const GadgetConfig ec25_usb3 = { 0x2c7c, 0x0125, 0x0318, "EC25", 5, TRUE };

typedef struct {
    MfuFamilies *families;
    MfuPorts *ports;
    MfuClock *clock;
    Gadget *gadget;
    MfuUsbDevice *device;
    MfuChannel *channel;
} Fixture;

static gint64
in_ms (guint ms)
{
    return mfu_clock_deadline_us (mfu_clock_system (), ms);
}

/* Time in which something else happens, or must not happen. */
static void
let_pass (guint ms)
{
    MfuClock *clock = mfu_clock_system ();

    g_assert_true (clock->sleep_until (clock, in_ms (ms), NULL, NULL));
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    fixture->clock = mfu_clock_system ();
    fixture->families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_assert_no_error (error);
    fixture->ports = mfu_ports_new ("/sys", fixture->families);
}

/* Plugs `config` in and waits until it is there. */
static void
plug (Fixture *fixture, const GadgetConfig *config, guint modes, gboolean wants_tty)
{
    const char *port = config->is_super_speed ? SS_PORT : HS_PORT;
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, port, NULL, &error);

    g_assert_no_error (error);
    fixture->gadget = gadget_plug (0, config);
    g_clear_pointer (&fixture->device, mfu_usb_device_unref);
    fixture->device =
        mfu_port_wait_next (wait, modes, wants_tty, fixture->clock, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (fixture->device->port, ==, port);
}

static void
unplug (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPortWait) wait =
        mfu_ports_arm (fixture->ports, fixture->device->port, fixture->device, &error);

    g_assert_no_error (error);
    gadget_unplug (g_steal_pointer (&fixture->gadget));
    g_assert_true (mfu_port_wait_gone (wait, fixture->clock, in_ms (SOON_MS), NULL, &error));
    g_assert_no_error (error);
}

static void
open_channel (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;

    fixture->channel = mfu_usb_channel_open (fixture->device->devnode, 0, 0, fixture->clock, NULL, &error);
    g_assert_no_error (error);
}

static void
set_up_edl (Fixture *fixture, gconstpointer data)
{
    set_up (fixture, data);
    plug (fixture, &edl, EDL, FALSE);
    open_channel (fixture);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    if (fixture->gadget != NULL)
        unplug (fixture);
    g_clear_pointer (&fixture->device, mfu_usb_device_unref);
    mfu_ports_free (fixture->ports);
    mfu_families_free (fixture->families);
}

static void
send_ok (Fixture *fixture, const void *data, gsize size, gboolean wants_zlp)
{
    g_autoptr (GError) error = NULL;

    g_assert_true (mfu_channel_send (fixture->channel, data, size, wants_zlp, in_ms (SOON_MS), NULL, &error));
    g_assert_no_error (error);
    g_assert_true (mfu_channel_flush (fixture->channel, in_ms (SOON_MS), NULL, &error));
    g_assert_no_error (error);
}

static gssize
receive (Fixture *fixture, void *buffer, gsize size, guint ms, GError **error)
{
    return mfu_channel_receive (fixture->channel, buffer, size, in_ms (ms), NULL, error);
}

/* The channel works: something is echoed. */
static void
expect_works (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    char buffer[8] = { 0 };

    send_ok (fixture, "hello", 5, FALSE);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, 5);
    g_assert_no_error (error);
    g_assert_cmpmem (buffer, 5, "hello", 5);
}

static char *
driver_of (Fixture *fixture, guint number)
{
    g_autoptr (MfuUsbDevice) now = mfu_ports_look (fixture->ports, fixture->device->port, NULL);
    const MfuUsbInterface *interface = now != NULL ? mfu_usb_device_get_interface (now, number) : NULL;

    return interface != NULL ? g_strdup (interface->driver) : NULL;
}

/* udev loads drivers when it has heard of the device. */
static gboolean
has_driver_soon (Fixture *fixture, guint number, const char *driver)
{
    gint64 end_us = in_ms (SOON_MS);

    while (mfu_clock_now_us (fixture->clock) < end_us) {
        g_autofree char *now = driver_of (fixture, number);

        if (g_strcmp0 (now, driver) == 0)
            return TRUE;
        let_pass (10);
    }
    return FALSE;
}

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

        gadget_set_out (fixture->gadget, cases[i].manner);
        g_assert_true (
            mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SHORT_MS), NULL, &error));
        g_assert_false (mfu_channel_flush (fixture->channel, in_ms (SHORT_MS), NULL, &error));
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

/* Five blocks to a modem that takes none: the fifth waits for a buffer and runs out of time; afterwards
 * nothing of them is left to arrive late. */
static void
test_stuck (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    guint8 block[8192] = { 0 };

    gadget_set_out (fixture->gadget, GADGET_SILENT);
    for (guint i = 0; i < 4; i++)
        g_assert_true (
            mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SHORT_MS), NULL, &error));
    g_assert_false (
        mfu_channel_send (fixture->channel, block, sizeof block, FALSE, in_ms (SHORT_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_cmpuint (gadget_get_counts (fixture->gadget).n_unlinked, ==, 4);
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
    g_assert_cmpint (g_get_monotonic_time () - start_us, <, 2000000);
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
    gadget_leave_after (fixture->gadget, 150);
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
    GThread *thread = g_thread_new ("close", close_soon, g_steal_pointer (&fixture->channel));
    gint64 start_us = g_get_monotonic_time ();

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

/* In normal mode the wait ends when option has made all ttys, and they can be opened. */
static void
test_ttys (Fixture *fixture, gconstpointer data)
{
    static const guint numbers[] = { 0, 2, 3 };

    plug (fixture, &ec25, NORMAL, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
        const MfuUsbInterface *interface = mfu_usb_device_get_interface (fixture->device, numbers[i]);
        g_autofree char *devnode = g_build_filename ("/dev", interface->tty, NULL);
        g_autoptr (GError) error = NULL;
        MfuChannel *channel = mfu_tty_channel_open (devnode, fixture->clock, NULL, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (interface->driver, ==, "option");
        mfu_channel_close (channel);
    }
}

static void
test_tty_echo_and_gone (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *devnode = NULL;
    char buffer[8];

    plug (fixture, &ec25, NORMAL, TRUE);
    devnode = g_build_filename ("/dev", mfu_usb_device_get_interface (fixture->device, 0)->tty, NULL);
    fixture->channel = mfu_tty_channel_open (devnode, fixture->clock, NULL, &error);
    g_assert_no_error (error);
    expect_works (fixture);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SHORT_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    gadget_leave_after (fixture->gadget, 100);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, -1);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

/* A tty whose modem takes nothing: the send ends at its deadline, and closing takes no half a minute. */
static void
test_tty_stuck (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree guint8 *many = g_malloc0 (TRANSFER);
    g_autofree char *devnode = NULL;
    gint64 start_us = g_get_monotonic_time ();

    plug (fixture, &ec25, NORMAL, TRUE);
    gadget_set_out (fixture->gadget, GADGET_SILENT);
    devnode = g_build_filename ("/dev", mfu_usb_device_get_interface (fixture->device, 0)->tty, NULL);
    fixture->channel = mfu_tty_channel_open (devnode, fixture->clock, NULL, &error);
    g_assert_no_error (error);
    start_us = g_get_monotonic_time ();
    g_assert_true (mfu_channel_send (fixture->channel, many, 7, FALSE, in_ms (SHORT_MS), NULL, &error));
    g_assert_false (mfu_channel_flush (fixture->channel, in_ms (SHORT_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    g_assert_false (
        mfu_channel_send (fixture->channel, many, TRANSFER, FALSE, in_ms (SHORT_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    g_test_message ("two timeouts and closing: %u ms", (guint) ((g_get_monotonic_time () - start_us) / 1000));
    g_assert_cmpint (g_get_monotonic_time () - start_us, <, 5000000);
}

/* A USB 3 modem whose bootloader is USB 2: it leaves 2-1 and arrives in 1-1. */
static void
test_peer (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPortWait) wait = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;

    plug (fixture, &ec25_usb3, NORMAL, FALSE);
    g_assert_cmpstr (fixture->device->peer_port, ==, HS_PORT);
    wait = mfu_ports_arm (fixture->ports, SS_PORT, fixture->device, &error);
    g_assert_no_error (error);
    gadget_unplug (fixture->gadget);
    fixture->gadget = gadget_plug (0, &edl);
    next = mfu_port_wait_next (wait, EDL, FALSE, fixture->clock, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (next->port, ==, HS_PORT);
    mfu_usb_device_unref (fixture->device);
    fixture->device = g_steal_pointer (&next);
}

/* No driver comes near a port that is held; we configure and use the device ourselves; afterwards they do. */
static void
test_hold (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPortHold) hold = mfu_ports_hold (fixture->ports, HS_PORT, &error);
    g_autoptr (MfuUsbDevice) now = NULL;
    MfuPortHold *second;

    g_assert_no_error (error);
    g_assert_true (mfu_ports_is_held (fixture->ports, HS_PORT));
    g_assert_true (mfu_ports_is_held (fixture->ports, SS_PORT));
    second = mfu_ports_hold (fixture->ports, HS_PORT, &error);
    g_assert_null (second);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_clear_error (&error);

    plug (fixture, &edl, EDL, FALSE);
    let_pass (2000);
    now = mfu_ports_look (fixture->ports, HS_PORT, &error);
    g_assert_cmpuint (now->interfaces->len, ==, 0);
    open_channel (fixture);
    expect_works (fixture);
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    unplug (fixture);

    g_clear_pointer (&hold, mfu_port_hold_free);
    plug (fixture, &edl, EDL, FALSE);
    g_assert_true (has_driver_soon (fixture, 0, "qcserial"));
}

static void
test_reenumerate (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = NULL;
    g_autofree char *control = NULL;
    g_autofree char *path = NULL;

    plug (fixture, &ec25, NORMAL, TRUE);
    mfu_ports_keep_awake (fixture->ports, fixture->device);
    path = g_build_filename (fixture->device->sysfs, "power", "control", NULL);
    g_assert_true (g_file_get_contents (path, &control, NULL, NULL));
    g_assert_cmpstr (control, ==, "on\n");
    wait = mfu_ports_arm (fixture->ports, HS_PORT, NULL, &error);
    g_assert_true (mfu_ports_reenumerate (fixture->ports, fixture->device, &error));
    g_assert_no_error (error);
    next = mfu_port_wait_next (wait, NORMAL, TRUE, fixture->clock, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (next->devnum, ==, fixture->device->devnum);
}

/* The word that tells ModemManager to leave the first interface's tty alone, as udev knows it. */
static char *
udev_ignore_of (Fixture *fixture, const char *driver)
{
    g_autoptr (MfuUsbDevice) now = NULL;
    struct udev *udev = udev_new ();
    struct udev_device *device;
    char *value = NULL;

    g_assert_true (has_driver_soon (fixture, 0, driver));
    g_assert_true (g_spawn_command_line_sync ("udevadm settle --timeout=10", NULL, NULL, NULL, NULL));
    now = mfu_ports_look (fixture->ports, HS_PORT, NULL);
    device = udev_device_new_from_subsystem_sysname (udev, "tty", mfu_usb_device_get_interface (now, 0)->tty);
    g_assert_nonnull (device);
    value = g_strdup (udev_device_get_property_value (device, "ID_MM_DEVICE_IGNORE"));
    udev_device_unref (device);
    udev_unref (udev);
    return value;
}

/* Our rules keep ModemManager off the download identities, and off nothing else. */
static void
test_udev_rules (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const GadgetConfig *config;
        guint modes;
        const char *driver;
        const char *ignore;
    } cases[] = {
        { &edl, EDL, "qcserial", "1" },
        { &sbl, 1u << MFU_MODE_SBL_DOWNLOAD, "option", "1" },
        { &nameless_sbl, 1u << MFU_MODE_SBL_DOWNLOAD, "option", "1" },
        { &ec25, NORMAL, "option", NULL },
    };

    if (access (RULES, F_OK) != 0) {
        g_test_skip ("our udev rules are not installed");
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *ignore = NULL;

        plug (fixture, cases[i].config, cases[i].modes, FALSE);
        ignore = udev_ignore_of (fixture, cases[i].driver);
        g_assert_cmpstr (ignore, ==, cases[i].ignore);
        unplug (fixture);
    }
}

static void
count_change (MfuPorts *ports, gpointer user_data)
{
    guint *n = user_data;

    (*n)++;
}

static gboolean
stop_waiting (gpointer user_data)
{
    gboolean *is_over = user_data;

    *is_over = TRUE;
    return G_SOURCE_REMOVE;
}

/* The arrival and the departure are heard, and how the list looks then. */
static void
test_watch (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) during = NULL;
    g_autoptr (GPtrArray) after = NULL;
    gboolean is_over = FALSE;
    guint n_changes = 0, n_arrival;

    g_assert_true (mfu_ports_watch (fixture->ports, count_change, &n_changes, &error));
    plug (fixture, &edl, EDL, FALSE);
    g_timeout_add (500, stop_waiting, &is_over);
    while (!is_over)
        g_main_context_iteration (NULL, TRUE);
    n_arrival = n_changes;
    g_assert_cmpuint (n_arrival, >=, 1);
    during = mfu_ports_scan (fixture->ports, &error);
    g_assert_cmpuint (during->len, ==, 1);
    unplug (fixture);
    while (n_changes == n_arrival)
        g_main_context_iteration (NULL, TRUE);
    after = mfu_ports_scan (fixture->ports, &error);
    g_assert_cmpuint (after->len, ==, 0);
}

#define ADD(name)     g_test_add ("/usb/" #name, Fixture, NULL, set_up, test_##name, tear_down)
#define ADD_EDL(name) g_test_add ("/usb/" #name, Fixture, NULL, set_up_edl, test_##name, tear_down)

int
main (int argc, char **argv)
{
    if (access (GUEST_MARK, F_OK) != 0) {
        g_printerr ("this runs in the test guest only\n");
        return 77;
    }
    g_test_init (&argc, &argv, NULL);
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
    ADD (ttys);
    ADD (tty_echo_and_gone);
    ADD (tty_stuck);
    ADD (peer);
    ADD (hold);
    ADD (reenumerate);
    ADD (watch);
    ADD (udev_rules);
    return g_test_run ();
}
