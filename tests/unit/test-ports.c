/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Ports, devices and armed waits over a USB tree of our own. */

#include "fake-sysfs.h"

#include "tracker/place.h"
#include "tracker/sysfs.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define SOON_MS  5000
#define SHORT_MS 50

#define NORMAL   (1u << MFU_MODE_NORMAL)
#define EDL      (1u << MFU_MODE_EDL)
#define FASTBOOT (1u << MFU_MODE_FASTBOOT)
#define SBL      (1u << MFU_MODE_SBL_DOWNLOAD)

static const FakeDevice ec25 = { "1-1", 5, 0x2c7c, 0x0125, 0x0318, "EC25" };
static const FakeDevice ec25_again = { "1-1", 7, 0x2c7c, 0x0125, 0x0318, "EC25" };
static const FakeDevice ec25_usb3 = { "2-1", 5, 0x2c7c, 0x0125, 0x0318, "EC25" };
static const FakeDevice edl = { "1-1", 6, 0x05c6, 0x9008, 0x0000, "QHSUSB__BULK" };
static const FakeDevice edl_same_number = { "1-1", 5, 0x05c6, 0x9008, 0x0000, "QHSUSB__BULK" };
static const FakeDevice other_port_edl = { "1-2", 8, 0x05c6, 0x9008, 0x0000, "QHSUSB__BULK" };

typedef struct {
    FakeSysfs *sysfs;
    MfuFamilies *families;
    MfuPorts *ports;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    fixture->sysfs = fake_sysfs_new ();
    fixture->families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    g_assert_no_error (error);
    fixture->ports = fake_sysfs_ports (fixture->sysfs, fixture->families);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    mfu_ports_free (fixture->ports);
    mfu_families_free (fixture->families);
    fake_sysfs_free (fixture->sysfs);
}

/* Plugged, configured and bound, as a modem in normal mode is after a while. */
static void
plug_normal (FakeSysfs *sysfs, gconstpointer data)
{
    static const char *const ttys[] = { "ttyUSB0", "ttyUSB1", "ttyUSB2", "ttyUSB3", NULL };
    const FakeDevice *device = data;

    fake_sysfs_plug (sysfs, device);
    fake_sysfs_configure (sysfs, device->port, 5);
    for (guint i = 0; i < 5; i++) {
        fake_sysfs_add_interface (sysfs, device->port, i);
        fake_sysfs_bind (sysfs, device->port, i, i < 4 ? "option" : "qmi_wwan", ttys[i]);
    }
}

static void
plug_bulk (FakeSysfs *sysfs, gconstpointer data)
{
    const FakeDevice *device = data;

    fake_sysfs_plug (sysfs, device);
    fake_sysfs_configure (sysfs, device->port, 1);
    fake_sysfs_add_interface (sysfs, device->port, 0);
}

static void
plug_bare (FakeSysfs *sysfs, gconstpointer data)
{
    fake_sysfs_plug (sysfs, data);
}

static void
unplug (FakeSysfs *sysfs, gconstpointer data)
{
    fake_sysfs_unplug (sysfs, data);
}

static void
configure_one (FakeSysfs *sysfs, gconstpointer data)
{
    fake_sysfs_configure (sysfs, data, 1);
}

static void
add_interface_0 (FakeSysfs *sysfs, gconstpointer data)
{
    fake_sysfs_add_interface (sysfs, data, 0);
}

static void
unplug_and_plug_edl (FakeSysfs *sysfs, gconstpointer data)
{
    fake_sysfs_unplug (sysfs, data);
    plug_bulk (sysfs, &edl);
}

static gint64
in_ms (guint ms)
{
    return mfu_clock_deadline_us (mfu_clock_system (), ms);
}

static MfuUsbDevice *
wait_next (MfuPortWait *wait, guint modes, gboolean wants_tty, guint ms, GError **error)
{
    return mfu_port_wait_next (wait, modes, wants_tty, mfu_clock_system (), in_ms (ms), NULL, error);
}

static void
test_names (void)
{
    static const char *const good[] = { "1-1", "1-2.3", "12-1.14.3" };
    static const char *const bad[] = { "",     "1",       "-1",    "1-",       "1-1.", "1-.1", "1-1-1", "1.1",
                                       "usb1", "1-1:1.0", "../..", "1-1/../x", "1-1 ", "a-1",  "1-0x1" };

    for (guint i = 0; i < G_N_ELEMENTS (good); i++)
        g_assert_true (mfu_sysfs_is_port (good[i]));
    for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
        g_assert_false (mfu_sysfs_is_port (bad[i]));
    g_assert_false (mfu_sysfs_is_port (NULL));
}

static void
test_look (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) device = NULL;
    g_autoptr (MfuUsbDevice) by_peer = NULL;
    g_autoptr (MfuUsbDevice) by_path = NULL;
    g_autofree char *sysfs_path = NULL;
    g_autofree char *words = NULL;

    g_assert_null (mfu_ports_look (fixture->ports, "1-1", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_clear_error (&error);
    g_assert_null (mfu_ports_look (fixture->ports, "../../etc", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_clear_error (&error);

    plug_normal (fixture->sysfs, &ec25);
    device = mfu_ports_look (fixture->ports, "1-1", &error);
    g_assert_no_error (error);
    sysfs_path = g_strdup_printf ("%s/devices/pci/usb1/1-1", fake_sysfs_root (fixture->sysfs));
    g_assert_cmpstr (device->sysfs, ==, sysfs_path);
    g_assert_cmpstr (device->port, ==, "1-1");
    g_assert_cmpstr (device->peer_port, ==, "2-1");
    g_assert_cmpstr (device->place, ==, "pci+port1");
    g_assert_cmpstr (device->devnode, ==, "/dev/bus/usb/001/005");
    g_assert_cmphex (device->bcd_device, ==, 0x0318);
    g_assert_cmpuint (device->devnum, ==, 5);
    g_assert_cmpint (device->mode, ==, MFU_MODE_NORMAL);
    g_assert_cmpstr (device->family->name, ==, "mdm9x07");
    g_assert_cmpuint (device->interfaces->len, ==, 5);
    g_assert_cmpstr (mfu_usb_device_get_interface (device, 2)->tty, ==, "ttyUSB2");
    g_assert_cmpstr (mfu_usb_device_get_interface (device, 4)->driver, ==, "qmi_wwan");
    g_assert_null (mfu_usb_device_get_interface (device, 4)->tty);
    g_assert_null (mfu_usb_device_get_interface (device, 5));
    g_assert_null (device->serial);
    words = mfu_usb_device_describe (device);
    g_assert_cmpstr (words, ==, "EC25 in normal mode");

    by_peer = mfu_ports_look (fixture->ports, "2-1", &error);
    by_path = mfu_ports_look (fixture->ports, sysfs_path, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (by_peer->port, ==, "1-1");
    g_assert_cmpstr (by_path->port, ==, "1-1");
}

/* Both ports of a socket are one place, even while there is nothing in the slower one. */
static void
test_peer_places (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) device = NULL;
    g_autofree char *link = NULL;

    fake_sysfs_plug (fixture->sysfs, &ec25_usb3);
    device = mfu_ports_look (fixture->ports, "2-1", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (device->port, ==, "2-1");
    g_assert_cmpstr (device->place, ==, "pci+port1");
    g_clear_pointer (&device, mfu_usb_device_unref);

    /* Without one it is not to be mixed up with what has the same number on the other root hub. */
    link =
        g_build_filename (fake_sysfs_root (fixture->sysfs), "devices/pci/usb2/2-0:1.0/usb2-port1/peer", NULL);
    g_assert_cmpint (g_unlink (link), ==, 0);
    device = mfu_ports_look (fixture->ports, "2-1", &error);
    g_assert_no_error (error);
    g_assert_null (device->peer_port);
    g_assert_cmpstr (device->place, ==, "pci+super-port1");
    g_assert_true (mfu_place_is_name (device->place));
}

static void
test_modes (Fixture *fixture, gconstpointer data)
{
    static const struct {
        FakeDevice device;
        guint n_interfaces;
        MfuMode mode;
        gboolean has_family;
    } cases[] = {
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0318, "EC25" }, 5, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0318, "EC25" }, 0, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0318, NULL }, 1, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0000, "QHSUSB__BULK" }, 1, MFU_MODE_SBL_DOWNLOAD, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0000, NULL }, 1, MFU_MODE_SBL_DOWNLOAD, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0125, 0x0000, NULL }, 5, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x2c7c, 0x0306, 0x0310, NULL }, 5, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x05c6, 0x9008, 0x0000, NULL }, 1, MFU_MODE_EDL, FALSE },
        { { "1-2", 2, 0x18d1, 0xd00d, 0x0100, "Android" }, 1, MFU_MODE_FASTBOOT, FALSE },
        { { "1-2", 2, 0x05c6, 0x9215, 0x0000, NULL }, 5, MFU_MODE_NORMAL, TRUE },
        { { "1-2", 2, 0x05c6, 0x9215, 0x0000, NULL }, 1, MFU_MODE_EDL, FALSE },
        { { "1-2", 2, 0x05c6, 0x9215, 0x0002, "Gobi 2000" }, 4, MFU_MODE_UNKNOWN, FALSE },
        { { "1-2", 2, 0x2c7c, 0x0296, 0x0000, NULL }, 4, MFU_MODE_UNKNOWN, FALSE },
        { { "1-2", 2, 0x0bda, 0x8153, 0x3000, NULL }, 1, MFU_MODE_UNKNOWN, FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (MfuUsbDevice) device = NULL;
        g_autoptr (GPtrArray) all = NULL;
        g_autofree char *words = NULL;

        fake_sysfs_plug (fixture->sysfs, &cases[i].device);
        for (guint n = 0; n < cases[i].n_interfaces; n++)
            fake_sysfs_add_interface (fixture->sysfs, "1-2", n);
        device = mfu_ports_look (fixture->ports, "1-2", NULL);
        g_assert_cmpint (device->mode, ==, cases[i].mode);
        g_assert_cmpint (device->family != NULL, ==, cases[i].has_family);
        words = mfu_usb_device_describe (device);
        g_assert_cmpuint (strlen (words), >, 4);
        all = mfu_ports_scan (fixture->ports, NULL);
        g_assert_cmpuint (all->len, ==, cases[i].mode == MFU_MODE_UNKNOWN ? 0 : 1);
        fake_sysfs_unplug (fixture->sysfs, "1-2");
    }
}

/* In a held port nothing is configured; the kernel knows the descriptors all the same. */
static void
test_descriptors (Fixture *fixture, gconstpointer data)
{
    static const FakeDevice ec20 = { "1-2", 2, 0x05c6, 0x9215, 0x0000, NULL };
    static const struct {
        guint8 n_interfaces;
        MfuMode mode;
    } cases[] = { { 5, MFU_MODE_NORMAL }, { 1, MFU_MODE_EDL }, { 4, MFU_MODE_UNKNOWN } };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (MfuUsbDevice) device = NULL;
        g_autofree char *path =
            g_strdup_printf ("%s/devices/pci/usb1/1-2/descriptors", fake_sysfs_root (fixture->sysfs));
        char descriptors[18 + 9] = { 18, 1, [18] = 9, 2, 32, 0, (char) cases[i].n_interfaces, 1 };

        fake_sysfs_plug (fixture->sysfs, &ec20);
        g_assert_true (g_file_set_contents (path, descriptors, sizeof descriptors, NULL));
        device = mfu_ports_look (fixture->ports, "1-2", NULL);
        g_assert_cmpuint (device->interfaces->len, ==, 0);
        g_assert_cmpint (device->mode, ==, cases[i].mode);
        fake_sysfs_unplug (fixture->sysfs, "1-2");
    }
}

/* A serial number that is the name of the chip names the family, any other none. */
static void
test_serial (Fixture *fixture, gconstpointer data)
{
    static const FakeDevice fastboot = { "1-2", 2, 0x18d1, 0xd00d, 0x0100, "Android" };

    for (guint i = 0; i < 2; i++) {
        g_autoptr (MfuUsbDevice) device = NULL;

        fake_sysfs_plug (fixture->sysfs, &fastboot);
        fake_sysfs_write (fixture->sysfs, "1-2", "serial", i == 0 ? "MDM9615\n" : "700a421b\n");
        device = mfu_ports_look (fixture->ports, "1-2", NULL);
        g_assert_cmpint (device->mode, ==, MFU_MODE_FASTBOOT);
        g_assert_cmpstr (device->family != NULL ? device->family->name : NULL, ==, i == 0 ? "mdm9x15" : NULL);
        fake_sysfs_unplug (fixture->sysfs, "1-2");
    }
}

/* Strings of a device are foreign: control characters and broken UTF-8 do not get through. */
static void
test_hostile_strings (Fixture *fixture, gconstpointer data)
{
    static const FakeDevice device = { "1-1", 2, 0x2c7c, 0x0125, 0x0318, "EC\x1b[2J\xff\xfe" };
    g_autoptr (MfuUsbDevice) seen = NULL;

    fake_sysfs_plug (fixture->sysfs, &device);
    seen = mfu_ports_look (fixture->ports, "1-1", NULL);
    g_assert_true (g_utf8_validate (seen->product, -1, NULL));
    g_assert_null (strchr (seen->product, '\x1b'));
    g_assert_true (g_str_has_prefix (seen->product, "EC?[2J"));
}

/* A device that is half gone is not there. */
static void
test_half_gone (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GPtrArray) all = NULL;

    fake_sysfs_plug (fixture->sysfs, &ec25);
    fake_sysfs_write (fixture->sysfs, "1-1", "devnum", "");
    g_assert_null (mfu_ports_look (fixture->ports, "1-1", NULL));
    all = mfu_ports_scan (fixture->ports, NULL);
    g_assert_cmpuint (all->len, ==, 0);
}

static void
test_nested_hub (Fixture *fixture, gconstpointer data)
{
    static const FakeDevice hub = { "1-1", 2, 0x05e3, 0x0610, 0x0100, NULL };
    static const FakeDevice modem = { "1-1.4", 3, 0x2c7c, 0x0125, 0x0318, NULL };
    g_autoptr (GPtrArray) all = NULL;
    g_autofree char *control = NULL;
    g_autofree char *hub_control = NULL;
    g_autofree char *root_control = NULL;
    const MfuUsbDevice *seen;

    fake_sysfs_plug (fixture->sysfs, &hub);
    plug_normal (fixture->sysfs, &modem);
    all = mfu_ports_scan (fixture->ports, NULL);
    g_assert_cmpuint (all->len, ==, 1);
    seen = g_ptr_array_index (all, 0);
    g_assert_cmpstr (seen->port, ==, "1-1.4");
    g_assert_null (seen->peer_port);

    mfu_ports_keep_awake (fixture->ports, seen);
    control = fake_sysfs_read (fixture->sysfs, "1-1.4", "power/control");
    hub_control = fake_sysfs_read (fixture->sysfs, "1-1", "power/control");
    root_control = fake_sysfs_read (fixture->sysfs, "usb1", "power/control");
    g_assert_true (g_str_has_prefix (control, "on"));
    g_assert_true (g_str_has_prefix (hub_control, "on"));
    g_assert_true (g_str_has_prefix (root_control, "on"));
}

static void
test_reenumerate (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) device = NULL;
    g_autofree char *authorized = NULL;

    plug_normal (fixture->sysfs, &ec25);
    device = mfu_ports_look (fixture->ports, "1-1", NULL);
    fake_sysfs_write (fixture->sysfs, "1-1", "authorized", "?\n");
    g_assert_true (mfu_ports_reenumerate (fixture->ports, device, &error));
    g_assert_no_error (error);
    authorized = fake_sysfs_read (fixture->sysfs, "1-1", "authorized");
    g_assert_true (g_str_has_prefix (authorized, "1"));
    fake_sysfs_unplug (fixture->sysfs, "1-1");
    g_assert_false (mfu_ports_reenumerate (fixture->ports, device, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
}

/* Armed before, arrived before the wait begins: it looks first. */
static void
test_looks_first (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) leaving = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = NULL;

    plug_normal (fixture->sysfs, &ec25);
    leaving = mfu_ports_look (fixture->ports, "1-1", NULL);
    wait = mfu_ports_arm (fixture->ports, "1-1", leaving, &error);
    g_assert_no_error (error);
    unplug_and_plug_edl (fixture->sysfs, "1-1");
    g_assert_true (mfu_port_wait_gone (wait, mfu_clock_system (), in_ms (0), NULL, &error));
    next = wait_next (wait, EDL, FALSE, 0, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (next->devnum, ==, 6);
}

/* The one that is leaving does not count, however long it stays; then each stage of the newcomer's arrival.
 */
static void
test_stages (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) leaving = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = NULL;

    plug_normal (fixture->sysfs, &ec25);
    leaving = mfu_ports_look (fixture->ports, "1-1", NULL);
    wait = mfu_ports_arm (fixture->ports, "1-1", leaving, &error);
    fake_sysfs_script (fixture->sysfs, NULL, NULL, NULL);
    fake_sysfs_script (fixture->sysfs, unplug, "1-1", NULL);
    fake_sysfs_script (fixture->sysfs, plug_bulk, &other_port_edl, NULL);
    fake_sysfs_script (fixture->sysfs, plug_bare, &edl, NULL);
    fake_sysfs_script (fixture->sysfs, configure_one, "1-1", NULL);
    fake_sysfs_script (fixture->sysfs, add_interface_0, "1-1", NULL);
    next = wait_next (wait, EDL | NORMAL, TRUE, SOON_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (fake_sysfs_n_scripted (fixture->sysfs), ==, 0);
    g_assert_cmpstr (next->port, ==, "1-1");
    g_assert_cmpint (next->mode, ==, MFU_MODE_EDL);
    g_assert_cmpuint (next->interfaces->len, ==, 1);
}

/* Device numbers are used again after 127 of them: once the old one was seen to be away, its number is free.
 */
static void
test_same_number (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) leaving = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = NULL;

    plug_normal (fixture->sysfs, &ec25);
    leaving = mfu_ports_look (fixture->ports, "1-1", NULL);
    wait = mfu_ports_arm (fixture->ports, "1-1", leaving, &error);
    fake_sysfs_script (fixture->sysfs, unplug, "1-1", NULL);
    fake_sysfs_script (fixture->sysfs, plug_bulk, &edl_same_number, NULL);
    next = wait_next (wait, EDL, FALSE, SOON_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (next->devnum, ==, 5);
}

/* EDL is USB 2 always: a USB 3 modem comes back on the other bus. */
static void
test_peer (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) leaving = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = NULL;

    plug_normal (fixture->sysfs, &ec25_usb3);
    leaving = mfu_ports_look (fixture->ports, "2-1", NULL);
    wait = mfu_ports_arm (fixture->ports, "2-1", leaving, &error);
    fake_sysfs_script (fixture->sysfs, unplug, "2-1", NULL);
    fake_sysfs_script (fixture->sysfs, plug_bulk, &edl_same_number, NULL);
    next = wait_next (wait, EDL, FALSE, SOON_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (next->port, ==, "1-1");
}

/* Of a modem in normal mode nothing is used before its serial ports are there, nodes included. */
static void
test_ttys (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) bare = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, "1-1", NULL, &error);

    fake_sysfs_plug (fixture->sysfs, &ec25_again);
    fake_sysfs_configure (fixture->sysfs, "1-1", 5);
    for (guint i = 0; i < 5; i++)
        fake_sysfs_add_interface (fixture->sysfs, "1-1", i);
    bare = wait_next (wait, NORMAL, FALSE, 0, &error);
    g_assert_no_error (error);
    g_assert_nonnull (bare);

    fake_sysfs_bind (fixture->sysfs, "1-1", 0, "option", "ttyUSB0");
    fake_sysfs_bind (fixture->sysfs, "1-1", 2, "option", "ttyUSB2");
    g_assert_null (wait_next (wait, NORMAL, TRUE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_nonnull (strstr (error->message, "EC25 in normal mode"));
    g_assert_nonnull (strstr (error->message, "serial port"));
    g_clear_error (&error);

    fake_sysfs_bind (fixture->sysfs, "1-1", 3, "option", "ttyUSB3");
    fake_sysfs_remove_node (fixture->sysfs, "ttyUSB3");
    g_assert_null (wait_next (wait, NORMAL, TRUE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);

    fake_sysfs_make_node (fixture->sysfs, "ttyUSB3");
    next = wait_next (wait, NORMAL, TRUE, SHORT_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (mfu_usb_device_get_interface (next, 3)->tty, ==, "ttyUSB3");
}

typedef struct {
    const char *kinds; /* of its interfaces: D DIAG, S serial, Q QMI, M MBIM and its data */
    int diag, at, modem, qmi, mbim;
} Composition;

static void
add_described (FakeSysfs *sysfs, guint number, const char *klass, const char *subclass, const char *protocol,
               const char *n_endpoints)
{
    const struct {
        const char *attribute, *value;
    } attributes[] = { { "bInterfaceClass", klass },
                       { "bInterfaceSubClass", subclass },
                       { "bInterfaceProtocol", protocol },
                       { "bNumEndpoints", n_endpoints } };

    fake_sysfs_add_interface (sysfs, "1-1", number);
    for (gsize i = 0; i < G_N_ELEMENTS (attributes); i++) {
        g_autofree char *name = g_strdup_printf ("1-1:1.%u/%s", number, attributes[i].attribute);

        fake_sysfs_write (sysfs, "1-1", name, attributes[i].value);
    }
}

static guint
add_composition (FakeSysfs *sysfs, const char *kinds)
{
    guint n = 0;

    for (const char *kind = kinds; *kind != '\0'; kind++) {
        switch (*kind) {
        case 'D':
            add_described (sysfs, n++, "ff", "ff", "ff", "02");
            break;
        case 'S':
            add_described (sysfs, n++, "ff", "00", "00", "03");
            break;
        case 'Q':
            add_described (sysfs, n++, "ff", "ff", "ff", "03");
            break;
        default:
            add_described (sysfs, n++, "02", "0e", "00", "01");
            add_described (sysfs, n++, "0a", "00", "02", "00");
        }
    }
    fake_sysfs_configure (sysfs, "1-1", n);
    return n;
}

/* Functions that are taken away renumber the others; the descriptors tell which is which. */
static void
test_functions (Fixture *fixture, gconstpointer data)
{
    static const Composition compositions[] = {
        { "DSSSQ", 0, 2, 3, 4, -1 }, { "DSSSM", 0, 2, 3, -1, 4 }, { "SSSQ", -1, 1, 2, 3, -1 },
        { "DSSQ", 0, 2, 2, 3, -1 },  { "DSQ", 0, 1, -1, 2, -1 },  { "DQ", 0, -1, -1, 1, -1 },
        { "Q", -1, -1, -1, 0, -1 },  { "M", -1, -1, -1, -1, 0 },  { "DSSS", 0, 2, 3, -1, -1 },
        { "SSS", -1, 1, 2, -1, -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (compositions); i++) {
        const Composition *composition = &compositions[i];
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuUsbDevice) device = NULL;

        fake_sysfs_plug (fixture->sysfs, &ec25);
        (void) add_composition (fixture->sysfs, composition->kinds);
        device = mfu_ports_look (fixture->ports, "1-1", &error);
        g_assert_no_error (error);
        g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_DIAG), ==, composition->diag);
        g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_AT), ==, composition->at);
        g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_MODEM), ==, composition->modem);
        g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_QMI), ==, composition->qmi);
        g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_MBIM), ==, composition->mbim);
        fake_sysfs_unplug (fixture->sysfs, "1-1");
    }
}

/* While the kernel has not configured it, the family's numbers are all that is known. */
static void
test_functions_unconfigured (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) device = NULL;

    fake_sysfs_plug (fixture->sysfs, &ec25);
    device = mfu_ports_look (fixture->ports, "1-1", &error);
    g_assert_no_error (error);
    g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_DIAG), ==, 0);
    g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_AT), ==, 2);
    g_assert_cmpint (mfu_usb_device_find_function (device, MFU_FUNCTION_QMI), ==, -1);
}

/* A modem without serial ports is complete without them; its control port is found with its node. */
static void
test_no_ttys (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) next = NULL;
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, "1-1", NULL, &error);

    fake_sysfs_plug (fixture->sysfs, &ec25);
    (void) add_composition (fixture->sysfs, "M");
    fake_sysfs_bind (fixture->sysfs, "1-1", 0, "cdc_mbim", NULL);
    fake_sysfs_write (fixture->sysfs, "1-1", "1-1:1.0/usbmisc/cdc-wdm3/dev", "180:3");
    next = wait_next (wait, NORMAL, TRUE, SHORT_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (mfu_usb_device_get_interface (next, 0)->driver, ==, "cdc_mbim");
    g_assert_cmpstr (mfu_usb_device_get_interface (next, 0)->wdm, ==, "cdc-wdm3");
}

static void
test_timed_out (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuUsbDevice) leaving = NULL;
    g_autoptr (MfuPortWait) wait = NULL;

    plug_normal (fixture->sysfs, &ec25);
    leaving = mfu_ports_look (fixture->ports, "1-1", NULL);
    wait = mfu_ports_arm (fixture->ports, "1-1", leaving, &error);
    g_assert_null (wait_next (wait, EDL | NORMAL, FALSE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    g_assert_false (mfu_port_wait_gone (wait, mfu_clock_system (), in_ms (SHORT_MS), NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    /* Something came, but not what was awaited: the message says what. */
    unplug_and_plug_edl (fixture->sysfs, "1-1");
    g_assert_null (wait_next (wait, NORMAL | FASTBOOT | SBL, FALSE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_nonnull (strstr (error->message, "EDL"));
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, "1-1", NULL, &error);

    g_cancellable_cancel (cancellable);
    g_assert_null (
        mfu_port_wait_next (wait, EDL, FALSE, mfu_clock_system (), in_ms (SOON_MS), cancellable, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
}

static void
count_change (MfuPorts *ports, gpointer user_data)
{
    guint *n = user_data;

    (*n)++;
}

static void
test_watch (Fixture *fixture, gconstpointer data)
{
    static const MfuUevent of_modem = { .is_usb_device = TRUE, .vid = 0x2c7c, .pid = 0x0125 };
    static const MfuUevent of_edl = { .is_usb_device = TRUE, .vid = 0x05c6, .pid = 0x9008 };
    static const MfuUevent of_mouse = { .is_usb_device = TRUE, .vid = 0x046d, .pid = 0xc077 };
    static const MfuUevent of_tty = { .is_usb_device = FALSE };
    static const MfuUevent lost = { .is_lost = TRUE };
    const MfuUevent *script[] = { &of_modem, &of_mouse, &of_tty, &of_edl, &lost };
    g_autoptr (GMainContext) context = g_main_context_new ();
    g_autoptr (GError) error = NULL;
    guint n_changes = 0;

    g_main_context_push_thread_default (context);
    g_assert_true (mfu_ports_watch (fixture->ports, count_change, &n_changes, &error));
    g_assert_no_error (error);
    for (guint i = 0; i < G_N_ELEMENTS (script); i++)
        fake_sysfs_script (fixture->sysfs, NULL, NULL, script[i]);
    while (fake_sysfs_n_scripted (fixture->sysfs) > 0)
        g_main_context_iteration (context, TRUE);
    g_assert_cmpuint (n_changes, ==, 3);
    g_main_context_pop_thread_default (context);
}

/* Plain files cannot be claimed; the claim itself is shown in the virtual machine. */
static void
test_hold_fails (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_ports_hold (fixture->ports, "1-1", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_assert_false (mfu_ports_is_held (fixture->ports, "1-1"));
    g_clear_error (&error);
    fake_sysfs_make_node (fixture->sysfs, "bus/usb/001/001");
    g_assert_null (mfu_ports_hold (fixture->ports, "1-1", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_IO);
    g_assert_false (mfu_ports_is_held (fixture->ports, "1-1"));
}

static void
test_power_manager (Fixture *fixture, gconstpointer data)
{
    g_autofree char *class =
        g_build_filename (fake_sysfs_root (fixture->sysfs), "class", "modem-power", NULL);
    g_autofree char *device = g_build_filename (class, "modem-power", NULL);
    g_autofree char *name = NULL;

    g_assert_null (mfu_ports_find_power_manager (fixture->ports));
    g_assert_cmpint (g_mkdir_with_parents (class, 0700), ==, 0);
    g_assert_null (mfu_ports_find_power_manager (fixture->ports));
    g_assert_cmpint (g_mkdir_with_parents (device, 0700), ==, 0);
    name = mfu_ports_find_power_manager (fixture->ports);
    g_assert_cmpstr (name, ==, "modem-power");
}

/* What the kernel leaves alone in a held port is there for us, but is no modem with ttys. */
static void
test_held (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPortWait) wait = mfu_ports_arm (fixture->ports, "1-1", NULL, &error);
    g_autoptr (MfuUsbDevice) next = NULL;

    fake_sysfs_plug (fixture->sysfs, &edl);
    fake_sysfs_write (fixture->sysfs, "1-1", "bNumInterfaces", "");
    g_assert_null (wait_next (wait, EDL, FALSE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    g_ptr_array_add (fixture->ports->held, g_strdup ("1-1"));
    g_assert_null (wait_next (wait, EDL, FALSE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    /* The kernel's driver for whole devices has had its look. */
    fake_sysfs_write (fixture->sysfs, "1-1", "driver", "");
    next = wait_next (wait, EDL, TRUE, SHORT_MS, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (next->interfaces->len, ==, 0);
    g_clear_pointer (&next, mfu_usb_device_unref);

    fake_sysfs_unplug (fixture->sysfs, "1-1");
    fake_sysfs_plug (fixture->sysfs, &ec25);
    fake_sysfs_write (fixture->sysfs, "1-1", "bNumInterfaces", "");
    fake_sysfs_write (fixture->sysfs, "1-1", "driver", "");
    g_assert_null (wait_next (wait, NORMAL, TRUE, SHORT_MS, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_assert_nonnull (strstr (error->message, "configured"));
    g_clear_error (&error);
    next = wait_next (wait, NORMAL, FALSE, SHORT_MS, &error);
    g_assert_no_error (error);
}

#define ADD(name) g_test_add ("/ports/" #name, Fixture, NULL, set_up, test_##name, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/ports/names", test_names);
    ADD (peer_places);
    ADD (look);
    ADD (modes);
    ADD (descriptors);
    ADD (serial);
    ADD (hostile_strings);
    ADD (half_gone);
    ADD (nested_hub);
    ADD (reenumerate);
    ADD (looks_first);
    ADD (stages);
    ADD (same_number);
    ADD (peer);
    ADD (ttys);
    ADD (functions);
    ADD (functions_unconfigured);
    ADD (no_ttys);
    ADD (timed_out);
    ADD (cancelled);
    ADD (watch);
    ADD (hold_fails);
    ADD (power_manager);
    ADD (held);
    return g_test_run ();
}
