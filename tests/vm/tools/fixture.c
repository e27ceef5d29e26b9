/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Plugging, opening, sending: with an assertion at each step, so that tests read as what they are about. */

#include "fixture.h"

#include "transport/usb.h"
#include "util/error.h"

#include <stdlib.h>
#include <unistd.h>

#define GUEST_MARK "/etc/mfu-guest"

const GadgetConfig edl = { 0x05c6, 0x9008, 0x0000, "QHSUSB__BULK", 1, FALSE };
const GadgetConfig ec25 = { 0x2c7c, 0x0125, 0x0318, "EC25", 5, FALSE };

gint64
in_ms (guint ms)
{
    return mfu_clock_deadline_us (mfu_clock_system (), ms);
}

void
let_pass (guint ms)
{
    MfuClock *clock = mfu_clock_system ();

    g_assert_true (clock->sleep_until (clock, in_ms (ms), NULL, NULL));
}

void
set_up (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    fixture->clock = mfu_clock_system ();
    fixture->families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_assert_no_error (error);
    fixture->ports = mfu_ports_new ("/sys", fixture->families);
}

void
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

void
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

void
open_channel (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;

    fixture->channel = mfu_usb_channel_open (fixture->device->devnode, 0, 0, fixture->clock, NULL, &error);
    g_assert_no_error (error);
}

void
set_up_edl (Fixture *fixture, gconstpointer data)
{
    set_up (fixture, data);
    plug (fixture, &edl, EDL, FALSE);
    open_channel (fixture);
}

void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_clear_pointer (&fixture->channel, mfu_channel_close);
    if (fixture->gadget != NULL)
        unplug (fixture);
    g_clear_pointer (&fixture->device, mfu_usb_device_unref);
    mfu_ports_free (fixture->ports);
    mfu_families_free (fixture->families);
}

void
send_ok (Fixture *fixture, const void *data, gsize size, gboolean wants_zlp)
{
    g_autoptr (GError) error = NULL;

    g_assert_true (mfu_channel_send (fixture->channel, data, size, wants_zlp, in_ms (SOON_MS), NULL, &error));
    g_assert_no_error (error);
    g_assert_true (mfu_channel_flush (fixture->channel, in_ms (SOON_MS), NULL, &error));
    g_assert_no_error (error);
}

gssize
receive (Fixture *fixture, void *buffer, gsize size, guint ms, GError **error)
{
    return mfu_channel_receive (fixture->channel, buffer, size, in_ms (ms), NULL, error);
}

void
expect_works (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    char buffer[8] = { 0 };

    send_ok (fixture, "hello", 5, FALSE);
    g_assert_cmpint (receive (fixture, buffer, sizeof buffer, SOON_MS, &error), ==, 5);
    g_assert_no_error (error);
    g_assert_cmpmem (buffer, 5, "hello", 5);
}

char *
driver_of (Fixture *fixture, guint number)
{
    g_autoptr (MfuUsbDevice) now = mfu_ports_look (fixture->ports, fixture->device->port, NULL);
    const MfuUsbInterface *interface = now != NULL ? mfu_usb_device_get_interface (now, number) : NULL;

    return interface != NULL ? g_strdup (interface->driver) : NULL;
}

gboolean
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

void
start (int *argc, char ***argv)
{
    if (access (GUEST_MARK, F_OK) != 0) {
        g_printerr ("this runs in the test guest only\n");
        exit (77);
    }
    g_test_init (argc, argv, NULL);
}
