/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The service on a private bus, seen as its callers see it: what jobs and devices show. The same program is
 * the service when it is called with --service; its jobs are doubles that do what the package's name says
 * (service-double.c). */

#include "service-fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    Fixture *fixture;
    const char *key;
    const char *expected;
} DeviceWish;

static gboolean
device_has (gpointer data)
{
    DeviceWish *wish = data;
    g_autoptr (GVariant) devices = fixture_get (wish->fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    g_autoptr (GVariant) entry = NULL;
    const char *value = NULL;

    if (g_variant_n_children (devices) != 1)
        return FALSE;
    entry = g_variant_get_child_value (devices, 0);
    return (g_variant_lookup (entry, wish->key, "&s", &value) ||
            g_variant_lookup (entry, wish->key, "&o", &value)) &&
           strcmp (value, wish->expected) == 0;
}

static void
on_devices_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                    const char *signal, GVariant *arguments, gpointer user_data)
{
    /* only to wake the main context */
}

static void
wait_device (Fixture *fixture, const char *key, const char *expected)
{
    DeviceWish wish = { fixture, key, expected };
    guint id = g_dbus_connection_signal_subscribe (
        fixture->root, SERVICE_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", SERVICE_PATH,
        NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_devices_changed, NULL, NULL);

    fixture_wait (device_has, &wish);
    g_dbus_connection_signal_unsubscribe (fixture->root, id);
}

static void
test_done (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *old_modem = g_strdup (fixture->mm_modem_path);

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, MODEM_UID, "take+progress+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, JOB (1));
    g_free (fixture->mm_revision);
    fixture->mm_revision = g_strdup ("EC25EFAR06A08M4G");
    fixture_open_gate (fixture, path);
    fixture_wait_state (fixture, path, "done");

    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 1);
    g_assert_cmpuint (fixture->mm_n_released, ==, 1);
    fixture_wait (fixture_is_released, fixture);
    fixture_assert_string (fixture, path, "Device", MODEM_UID);
    fixture_assert_string (fixture, path, "Port", "1-2");
    fixture_assert_string (fixture, path, "Model", "EC25");
    fixture_assert_string (fixture, path, "PackageName", "take+progress+gate+back+done.zip");
    fixture_assert_string (fixture, path, "PackageFingerprint",
                           "fingerprint of take+progress+gate+back+done.zip");
    fixture_assert_string (fixture, path, "FromVersion", "EC25EFAR06A05M4G");
    fixture_assert_string (fixture, path, "ToVersion", "EC25EFAR06A08M4G");
    fixture_assert_string (fixture, path, "OldModem", old_modem);
    fixture_assert_string (fixture, path, "Modem", fixture->mm_modem_path);
    g_assert_cmpstr (old_modem, !=, fixture->mm_modem_path);
    fixture_assert_device (fixture, "job", path);
    fixture_assert_device (fixture, "version", "EC25EFAR06A08M4G");
}

static gboolean
tell_version (gpointer user_data)
{
    Fixture *fixture = user_data;

    mfu_dbus_modem_firmware_update_set_version (fixture->mm_plugin, "EC25EFAR06A08M4G_01.001.01.001");
    return G_SOURCE_REMOVE;
}

/* The plugin asks the modem when it is exported; its answer is waited for, and is better than Revision. */
static void
test_plugin_version (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture->mm_plugin = mfu_dbus_modem_firmware_update_skeleton_new ();
    mfu_dbus_modem_firmware_update_set_version (fixture->mm_plugin, "");
    fixture_open_gate (fixture, path);
    wait_device (fixture, "version", "EC25EFAR06A05M4G");
    fixture_assert_string (fixture, path, "State", "running");
    g_timeout_add (100, tell_version, fixture);
    fixture_wait_state (fixture, path, "done");
    fixture_assert_string (fixture, path, "ToVersion", "EC25EFAR06A08M4G_01.001.01.001");
}

static void
count_changes (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
               const char *signal, GVariant *arguments, gpointer user_data)
{
    GPtrArray *seen = user_data;
    g_autoptr (GVariant) changed = g_variant_get_child_value (arguments, 1);
    double progress;

    if (g_variant_lookup (changed, "Progress", "d", &progress))
        g_ptr_array_add (seen, g_memdup2 (&progress, sizeof progress));
}

static gboolean
is_complete (gpointer data)
{
    GPtrArray *seen = data;

    return seen->len > 0 && *(double *) seen->pdata[seen->len - 1] >= 1.0;
}

static void
test_progress (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func (g_free);
    g_autofree char *path = NULL;
    g_autoptr (GVariant) total = NULL;
    guint id = g_dbus_connection_signal_subscribe (
        fixture->root, SERVICE_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", JOB (1), NULL,
        G_DBUS_SIGNAL_FLAGS_NONE, count_changes, seen, NULL);

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "progress+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    fixture_wait (is_complete, seen);
    g_dbus_connection_signal_unsubscribe (fixture->root, id);

    for (guint i = 1; i < seen->len; i++)
        g_assert_cmpfloat (*(double *) seen->pdata[i - 1], <, *(double *) seen->pdata[i]);
    total = fixture_get (fixture, path, JOB_INTERFACE, "BytesTotal");
    g_assert_cmpuint (g_variant_get_uint64 (total), ==, 100);
}

static void
test_failed (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *failed = NULL;
    g_autofree char *stuck = NULL;

    fixture_start_service (fixture, FIXED);
    failed = fixture_update (fixture->root, "1-2", "take+fail.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, failed, "failed");
    fixture_assert_error (fixture, failed, MFU_ERROR_WRONG_PACKAGE);
    fixture_wait (fixture_is_released, fixture);

    stuck = fixture_update (fixture->root, "1-2", "stuck.zip", NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (stuck, ==, JOB (2));
    fixture_wait_state (fixture, stuck, "needs-recovery");
    fixture_assert_error (fixture, stuck, MFU_ERROR_NEEDS_RECOVERY);
    fixture_assert_string (fixture, stuck, "Advice", "do it again");
    fixture_assert_device (fixture, "job", stuck);
}

static void
test_start_later (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autoptr (GVariant) plan = NULL;
    const char *text;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "ready");
    plan = fixture_get (fixture, path, JOB_INTERFACE, "Plan");
    g_assert_true (g_variant_lookup (plan, "text", "&s", &text));
    g_assert_cmpstr (text, ==, "the plan");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 0);

    fixture_call_job (fixture->root, path, "Start", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    fixture_call_job (fixture->root, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_clear_error (&error);
    fixture_call_job (fixture->root, path, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
}

/* The modem is not kept from others by a client that died at its question; a started job outlives its client.
 */
static void
test_client_dies (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GDBusConnection) client = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *asked = NULL;
    g_autofree char *started = NULL;

    fixture_start_service (fixture, FIXED);
    client = fixture_connect (fixture);
    asked = fixture_update (client, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, asked, "ready");
    g_dbus_connection_close_sync (client, NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, asked, "cancelled");

    g_clear_object (&client);
    client = fixture_connect (fixture);
    started = fixture_update (client, "1-2", "gate+done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, started, "ready");
    fixture_call_job (client, started, "Start", &error);
    g_assert_no_error (error);
    g_dbus_connection_close_sync (client, NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, started, "Step", "writing");
    fixture_open_gate (fixture, started);
    fixture_wait_state (fixture, started, "done");
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *ready = NULL;
    g_autofree char *running = NULL;
    g_autofree char *writing = NULL;
    g_autofree char *late = NULL;

    fixture_start_service (fixture, FIXED);
    ready = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_call_job (fixture->root, ready, "Cancel", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, ready, "cancelled");

    running = fixture_update (fixture->root, "1-2", "take+hold.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, running, "Step", "holding");
    fixture_call_job (fixture->root, running, "Cancel", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, running, "cancelled");
    fixture_wait (fixture_is_released, fixture);

    late = fixture_update (fixture->root, "1-2", "late+take+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, late, "Step", "holding");
    fixture_call_job (fixture->root, late, "Cancel", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, late, "cancelled");
    fixture_assert_error (fixture, late, MFU_ERROR_CANCELLED);

    writing = fixture_update (fixture->root, "1-2", "gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, writing, "Step", "writing");
    fixture_call_job (fixture->root, writing, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY);
    fixture_open_gate (fixture, writing);
    fixture_wait_state (fixture, writing, "done");
}

static void
test_one_job (Fixture *fixture, gconstpointer data)
{
    g_autofree char *modem = g_strdup (fixture->mm_modem_path);
    const char *names[] = { "1-2", MODEM_UID, modem };
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, modem, "take+gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_assert_device (fixture, "job", path);
    /* Also when ModemManager has it no more, and the kernel neither. */
    fixture_set_ports (fixture, "");
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *none = fixture_update (fixture->root, names[i], "done.zip", NULL, &error);

        g_assert_null (none);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
        g_assert_true (g_str_has_suffix (error->message, path));
        g_clear_error (&error);
    }
    fixture_open_gate (fixture, path);
    fixture_wait_state (fixture, path, "done");
}

static void
test_two_modems (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    fixture_set_ports (fixture, "1-2 " MODEM_UID " normal 2c7c 0125 ttyUSB2\n"
                                "1-3 /sys/devices/fake/usb1/1-3 normal 2c7c 0125 ttyUSB6\n");
    fixture_start_service (fixture, FIXED);
    first = fixture_update (fixture->root, "1-2", "gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    second = fixture_update (fixture->root, "1-3", "done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, second, "done");
    fixture_open_gate (fixture, first);
    fixture_wait_state (fixture, first, "done");
}

static void
test_devices (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = NULL;

    fixture_start_service (fixture, FIXED);
    fixture_assert_device (fixture, "port", "1-2");
    fixture_assert_device (fixture, "device", MODEM_UID);
    fixture_assert_device (fixture, "mode", "normal");
    fixture_assert_device (fixture, "family", "mdm9x07");
    fixture_assert_device (fixture, "model", "EC25");
    fixture_assert_device (fixture, "version", "EC25EFAR06A05M4G");
    fixture_assert_device (fixture, "modem", fixture->mm_modem_path);
    fixture_assert_device (fixture, "needs", "");

    /* A stranger in EDL, then one that the journal knows. */
    fixture_stop_mm (fixture);
    wait_device (fixture, "modem", "/");
    fixture_set_ports (fixture, "1-2 " MODEM_UID " edl 05c6 9008 ttyUSB0\n");
    wait_device (fixture, "mode", "edl");
    fixture_assert_device (fixture, "needs", "recovery");
    fixture_assert_device (fixture, "family", "");
    journal = fixture_begin_journal (fixture);
    fixture_set_ports (fixture, "1-2 " MODEM_UID " edl 05c6 9008 -\n");
    wait_device (fixture, "needs", "package");
    fixture_assert_device (fixture, "package", "EC25EFAR06A08M4G");
    fixture_assert_device (fixture, "package-digest", "abcd");
    fixture_assert_device (fixture, "family", "mdm9x07");
    fixture_assert_device (fixture, "model", "EC25");
}

/* ModemManager still has the modem in port 1-2, whose tty the one in port 1-3 has got. */
static void
test_second_hand_tty (Fixture *fixture, gconstpointer data)
{
    fixture_set_ports (fixture, "1-3 /sys/devices/fake/usb1/1-3 normal 2c7c 0125 ttyUSB2\n");
    fixture_start_service (fixture, FIXED);
    fixture_assert_device (fixture, "port", "1-3");
    fixture_assert_device (fixture, "modem", "/");
    fixture_assert_device (fixture, "version", "");
}

/* Who follows a job need not follow the list of devices. */
static void
test_mode (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_assert_string (fixture, path, "Mode", "normal");
    fixture_set_ports (fixture, "1-3 /sys/devices/fake/usb1/1-3 fastboot 18d1 d00d -\n");
    fixture_wait_string (fixture, path, "Mode", "");
    fixture_set_ports (fixture, "1-2 " MODEM_UID " edl 05c6 9008 ttyUSB0\n"
                                "1-3 /sys/devices/fake/usb1/1-3 fastboot 18d1 d00d -\n");
    fixture_wait_string (fixture, path, "Mode", "edl");
    fixture_set_ports (fixture, "1-2 " MODEM_UID " normal 2c7c 0125 ttyUSB2\n");
    fixture_wait_string (fixture, path, "Mode", "normal");
    fixture_open_gate (fixture, path);
    fixture_wait_state (fixture, path, "done");
    fixture_assert_string (fixture, path, "Mode", "normal");
}

static void
test_held_by_others (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture->mm_is_held_by_others = TRUE;
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "failed");
    fixture_assert_error (fixture, path, MFU_ERROR_BUSY);
}

/* A program that has the modem's port open is told before ModemManager has to let go of the modem. */
static void
test_port_in_use (Fixture *fixture, gconstpointer data)
{
    g_autofree char *node = g_build_filename (fixture->folder, "ttyUSB0", NULL);
    g_autofree char *line = g_strdup_printf ("1-2 " MODEM_UID " normal 2c7c 0125 ..%s\n", node);
    g_autofree char *expected = NULL;
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
    g_autoptr (GSubprocess) holder = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) shown = NULL;
    g_autofree char *path = NULL;
    const char *message;

    g_assert_true (g_file_set_contents (node, "", 0, NULL));
    g_subprocess_launcher_set_stdin_file_path (launcher, node);
    holder = g_subprocess_launcher_spawn (launcher, &error, "sleep", "60", NULL);
    g_assert_no_error (error);
    expected = g_strdup_printf ("sleep (pid %s)", g_subprocess_get_identifier (holder));
    fixture_set_ports (fixture, line);
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "failed");
    fixture_assert_error (fixture, path, MFU_ERROR_BUSY);
    shown = fixture_get (fixture, path, JOB_INTERFACE, "Error");
    g_variant_get_child (shown, 1, "&s", &message);
    g_assert_nonnull (strstr (message, expected));
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 0);
    g_subprocess_force_exit (holder);
}

static void
test_without_modem_manager (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_stop_mm (fixture);
    fixture_start_service (fixture, FIXED);
    fixture_assert_device (fixture, "modem", "/");
    path = fixture_update (fixture->root, "1-2", "take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "flashed-unverified");
    fixture_assert_error (fixture, path, MFU_ERROR_NOT_FOUND);
}

static void
test_modem_manager_restarts (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    fixture_stop_mm (fixture);
    wait_device (fixture, "modem", "/");
    fixture_open_gate (fixture, path);
    /* The job gives back what the new one never had, and finds the modem there. */
    fixture_start_mm (fixture);
    fixture_wait_state (fixture, path, "done");
    fixture_assert_string (fixture, path, "Modem", fixture->mm_modem_path);
}

/* A modem that ModemManager is just probing is asked for again and again: it may be given up, and then nobody
 * says so. */
static void
test_given_up (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture->mm_n_wrong_states = 2;
    fixture->mm_afterwards = data;
    fixture->mm_exports_late = data == NULL;
    fixture_unexport_modem (fixture);
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpuint (fixture->mm_n_wrong_states, ==, 0);
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, data == NULL ? 1 : 0);
}

static gboolean
mm_has_ended (gpointer data)
{
    return ((Fixture *) data)->mm_name_id == 0;
}

/* One that is just being stopped refuses to let go; the one that is started next is asked in its place. */
static void
test_asked_while_it_ends (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture->mm_is_ending = TRUE;
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait (mm_has_ended, fixture);
    g_object_unref (fixture->mm_connection);
    fixture->mm_connection = fixture_connect (fixture);
    fixture->mm_is_ending = FALSE;
    fixture_start_mm (fixture);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 1);
    g_assert_cmpuint (fixture->mm_n_released, ==, 1);
}

/* One that was started after the modem was taken is asked as well; one that was asked is not asked twice. */
static void
test_taken_again (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *twice = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    twice = fixture_update (fixture->root, "1-2", "take+take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, twice, "done");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 1);

    path = fixture_update (fixture->root, "1-2", "take+gate+take+take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 2);
    fixture_stop_mm (fixture);
    g_object_unref (fixture->mm_connection);
    fixture->mm_connection = fixture_connect (fixture);
    fixture_start_mm (fixture);
    fixture_open_gate (fixture, path);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 3);
    fixture_wait (fixture_is_released, fixture);
    fixture_assert_string (fixture, path, "Modem", fixture->mm_modem_path);
}

#define ADD(path, function)                                                                                  \
    g_test_add ("/service/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
    if (argc == 4 && strcmp (argv[1], "--service") == 0)
        return fixture_be_service (argv[2], argv[3]);
    if (geteuid () != 0) {
        g_print ("1..0 # SKIP needs two users, and therefore root\n");
        return 0;
    }
    g_test_init (&argc, &argv, NULL);
    mfu_error_quark ();
    ADD ("done", test_done);
    ADD ("plugin-version", test_plugin_version);
    ADD ("progress", test_progress);
    ADD ("failed", test_failed);
    ADD ("start-later", test_start_later);
    ADD ("client-dies", test_client_dies);
    ADD ("cancel", test_cancel);
    ADD ("one-job", test_one_job);
    ADD ("two-modems", test_two_modems);
    ADD ("devices", test_devices);
    ADD ("second-hand-tty", test_second_hand_tty);
    ADD ("mode", test_mode);
    ADD ("held-by-others", test_held_by_others);
    ADD ("port-in-use", test_port_in_use);
    ADD ("without-modem-manager", test_without_modem_manager);
    ADD ("modem-manager-restarts", test_modem_manager_restarts);
    ADD ("asked-while-it-ends", test_asked_while_it_ends);
    g_test_add ("/service/given-up/gone", Fixture, "org.freedesktop.ModemManager1.Error.Core.NotFound",
                fixture_set_up, test_given_up, fixture_tear_down);
    g_test_add ("/service/given-up/late", Fixture, NULL, fixture_set_up, test_given_up, fixture_tear_down);
    ADD ("taken-again", test_taken_again);
    return g_test_run ();
}
