/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Ports, waits and ttys against the real kernel, its drivers and udev. */

#include "fixture.h"

#include "job/world.h"
#include "transport/tty.h"
#include "util/error.h"

#include <libudev.h>
#include <unistd.h>

#define RULES "/usr/lib/udev/rules.d/77-mm-quectel-firmware.rules"

static const GadgetConfig sbl = { 0x2c7c, 0x0125, 0x0000, "QHSUSB__BULK", 1, FALSE };
static const GadgetConfig nameless_sbl = { 0x2c7c, 0x0125, 0x0000, NULL, 1, FALSE };
static const GadgetConfig ec25_usb3 = { 0x2c7c, 0x0125, 0x0318, "EC25", 5, TRUE };

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
    g_assert_cmpint (g_get_monotonic_time () - start_us, <, 15000000);
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

static void
expect_no_tty (Fixture *fixture)
{
    g_autoptr (MfuUsbDevice) now = NULL;

    let_pass (500);
    now = mfu_ports_look (fixture->ports, HS_PORT, NULL);
    g_assert_nonnull (now);
    for (guint i = 0; i < now->interfaces->len; i++)
        g_assert_null (((const MfuUsbInterface *) now->interfaces->pdata[i])->tty);
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
    /* Not even the configuration that we have chosen brings a driver. */
    expect_no_tty (fixture);
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    expect_no_tty (fixture);
    unplug (fixture);

    g_clear_pointer (&hold, mfu_port_hold_free);
    plug (fixture, &edl, EDL, FALSE);
    g_assert_true (has_driver_soon (fixture, 0, "qcserial"));
}

/* As a job does it: a modem that arrives in normal mode while its port is held gets its drivers later. */
static void
test_world_hold (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuWorld) world = mfu_world_new (fixture->families);
    g_autoptr (MfuUsbDevice) now = NULL;
    gpointer hold = world->klass->hold (world, HS_PORT, &error);
    gpointer wait;

    g_assert_no_error (error);
    g_assert_nonnull (hold);
    g_assert_null (world->klass->hold (world, SS_PORT, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_clear_error (&error);

    wait = world->klass->arm (world, HS_PORT, NULL, &error);
    fixture->gadget = gadget_plug (0, &ec25);
    now = world->klass->wait_next (world, wait, NORMAL, FALSE, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (now->interfaces->len, ==, 0);
    g_assert_null (world->klass->open_tty (world, now, 2, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_clear_error (&error);

    world->klass->release (world, hold);
    g_assert_true (world->klass->reenumerate (world, now, &error));
    g_assert_no_error (error);
    g_clear_pointer (&now, mfu_usb_device_unref);
    now = world->klass->wait_next (world, wait, NORMAL, TRUE, in_ms (SOON_MS), NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (now->interfaces->len, ==, 5);
    world->klass->disarm (world, wait);
    fixture->device = g_steal_pointer (&now);
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
        { &sbl, SBL, "option", "1" },
        { &nameless_sbl, SBL, "option", "1" },
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

int
main (int argc, char **argv)
{
    start (&argc, &argv);
    ADD (ttys);
    ADD (tty_echo_and_gone);
    ADD (tty_stuck);
    ADD (peer);
    ADD (hold);
    ADD (world_hold);
    ADD (reenumerate);
    ADD (watch);
    ADD (udev_rules);
    return g_test_run ();
}
