/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The service on a private bus, seen as its callers see it: who may, what is refused, what jobs show, how it
 * ends. The same program is the service when it is called with --service; its jobs are doubles that do what
 * the package's name says (service-double.c). */

#include "job/journal.h"
#include "service-fixture.h"
#include "service/service.h"
#include "util/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIXED  0 /* idle seconds: stay */
#define JOB(n) SERVICE_PATH "/Job/" #n

static void
call_job (GDBusConnection *caller, const char *path, const char *method, GError **error)
{
    g_autoptr (GVariant) reply = fixture_call (caller, path, JOB_INTERFACE, method, NULL, -1, error);

    g_assert_true ((reply != NULL) == (*error == NULL));
}

static void
assert_string (Fixture *fixture, const char *path, const char *property, const char *expected)
{
    g_autofree char *value = fixture_get_string (fixture, path, property);

    g_assert_cmpstr (value, ==, expected);
}

static void
assert_error_property (Fixture *fixture, const char *path, MfuError code)
{
    g_autoptr (GVariant) value = fixture_get (fixture, path, JOB_INTERFACE, "Error");
    const char *name;
    const char *message;

    g_variant_get (value, "(&s&s)", &name, &message);
    g_assert_cmpstr (name, ==, mfu_error_dbus_name (code));
    g_assert_cmpstr (message, !=, "");
}

/* The entry of the only device. */
static GVariantDict *
only_device (Fixture *fixture)
{
    g_autoptr (GVariant) devices = fixture_get (fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    g_autoptr (GVariant) entry = NULL;

    g_assert_cmpuint (g_variant_n_children (devices), ==, 1);
    entry = g_variant_get_child_value (devices, 0);
    return g_variant_dict_new (entry);
}

static void
assert_device (Fixture *fixture, const char *key, const char *expected)
{
    g_autoptr (GVariantDict) entry = only_device (fixture);
    g_autoptr (GVariant) value = g_variant_dict_lookup_value (entry, key, NULL);

    g_assert_nonnull (value);
    g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected);
}

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

static gboolean
is_released (gpointer data)
{
    return ((Fixture *) data)->mm_holder == NULL;
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
    fixture_wait (is_released, fixture);
    assert_string (fixture, path, "Device", MODEM_UID);
    assert_string (fixture, path, "Port", "1-2");
    assert_string (fixture, path, "Model", "EC25");
    assert_string (fixture, path, "PackageName", "take+progress+gate+back+done.zip");
    assert_string (fixture, path, "PackageFingerprint", "fingerprint of take+progress+gate+back+done.zip");
    assert_string (fixture, path, "FromVersion", "EC25EFAR06A05M4G");
    assert_string (fixture, path, "ToVersion", "EC25EFAR06A08M4G");
    assert_string (fixture, path, "OldModem", old_modem);
    assert_string (fixture, path, "Modem", fixture->mm_modem_path);
    g_assert_cmpstr (old_modem, !=, fixture->mm_modem_path);
    assert_device (fixture, "job", path);
    assert_device (fixture, "version", "EC25EFAR06A08M4G");
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
    assert_error_property (fixture, failed, MFU_ERROR_WRONG_PACKAGE);
    fixture_wait (is_released, fixture);

    stuck = fixture_update (fixture->root, "1-2", "stuck.zip", NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (stuck, ==, JOB (2));
    fixture_wait_state (fixture, stuck, "needs-recovery");
    assert_error_property (fixture, stuck, MFU_ERROR_NEEDS_RECOVERY);
    assert_string (fixture, stuck, "Advice", "do it again");
    assert_device (fixture, "job", stuck);
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

    call_job (fixture->root, path, "Start", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    call_job (fixture->root, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_clear_error (&error);
    call_job (fixture->root, path, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
}

static void
test_cancel (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *ready = NULL;
    g_autofree char *running = NULL;
    g_autofree char *writing = NULL;

    fixture_start_service (fixture, FIXED);
    ready = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    call_job (fixture->root, ready, "Cancel", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, ready, "cancelled");

    running = fixture_update (fixture->root, "1-2", "take+hold.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, running, "Step", "holding");
    call_job (fixture->root, running, "Cancel", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, running, "cancelled");
    fixture_wait (is_released, fixture);

    writing = fixture_update (fixture->root, "1-2", "gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, writing, "Step", "writing");
    call_job (fixture->root, writing, "Cancel", &error);
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
    assert_device (fixture, "job", path);
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
assert_refused (GDBusConnection *caller, const char *device, const char *name, const char *extra,
                MfuError code)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = fixture_update (caller, device, name, extra, &error);

    g_assert_null (path);
    g_assert_error (error, MFU_ERROR, (int) code);
}

static void
test_arguments (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *device, *name, *extra;
        MfuError code;
    } rows[] = {
        { "", "done.zip", NULL, MFU_ERROR_INVALID_ARGS },
        { "1-2", "", NULL, MFU_ERROR_INVALID_ARGS },
        { "1-2", "..", NULL, MFU_ERROR_INVALID_ARGS },
        { "1-2", "a/done.zip", NULL, MFU_ERROR_INVALID_ARGS },
        { "1-2", "done\n.zip", NULL, MFU_ERROR_INVALID_ARGS },
        { "1-2", "done.zip", "{'strat': <false>}", MFU_ERROR_INVALID_ARGS },
        { "1-2", "done.zip", "{'start': <'no'>}", MFU_ERROR_INVALID_ARGS },
        { "1-2", "done.zip", "{'allow': <['nonsense']>}", MFU_ERROR_INVALID_ARGS },
        { "1-2", "done.zip", "{'caller': <'org.example'>}", MFU_ERROR_INVALID_ARGS },
        { "1-2", "done.zip", "{'recover': <true>}", MFU_ERROR_INVALID_ARGS },
        { "1-9", "done.zip", NULL, MFU_ERROR_NOT_FOUND },
        { "/sys/devices/fake/usb1/1-9", "done.zip", NULL, MFU_ERROR_NOT_FOUND },
        { "/sys/devices/../../etc", "done.zip", NULL, MFU_ERROR_NOT_FOUND },
        { "/org/freedesktop/ModemManager1/Modem/99", "done.zip", NULL, MFU_ERROR_NOT_FOUND },
        { "gobi", "done.zip", NULL, MFU_ERROR_NOT_FOUND },
    };

    fixture_start_service (fixture, FIXED);
    for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
        assert_refused (fixture->root, rows[i].device, rows[i].name, rows[i].extra, rows[i].code);
    assert_device (fixture, "job", "/");
}

/* An Update call with this descriptor (-1: none). */
static void
assert_descriptor (Fixture *fixture, int fd, gboolean is_taken)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) reply =
        fixture_call (fixture->root, SERVICE_PATH, SERVICE_NAME, "Update",
                      g_variant_new_parsed ("(handle 0, '1-2', {'name': <'done.zip'>})"), fd, &error);

    if (is_taken)
        g_assert_no_error (error);
    else
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    if (fd >= 0)
        close (fd);
}

static void
test_descriptors (Fixture *fixture, gconstpointer data)
{
    g_autofree char *file = g_build_filename (fixture->folder, "package", NULL);
    int ends[2];

    g_assert_true (g_file_set_contents (file, "x", 1, NULL));
    g_assert_cmpint (pipe (ends), ==, 0);
    fixture_start_service (fixture, FIXED);
    assert_descriptor (fixture, -1, FALSE);
    assert_descriptor (fixture, open (fixture->folder, O_PATH | O_CLOEXEC), FALSE);
    assert_descriptor (fixture, open (file, O_PATH | O_CLOEXEC), FALSE);
    assert_descriptor (fixture, open (file, O_WRONLY | O_CLOEXEC), FALSE);
    assert_descriptor (fixture, ends[0], FALSE);
    assert_descriptor (fixture, open ("/dev/null", O_RDONLY | O_CLOEXEC), FALSE);
    close (ends[1]);
    assert_descriptor (fixture, open (fixture->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), TRUE);
    fixture_wait_state (fixture, JOB (1), "done");
}

static void
test_unsupported (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *not_usb = NULL;

    fixture_set_ports (fixture, "1-2 " MODEM_UID " unknown 1199 9071 ttyUSB2\n");
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, fixture->mm_modem_path, "done.zip", NULL, &error);
    g_assert_null (path);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, "Quectel EC25 (1199:9071) in port 1-2"));
    g_clear_error (&error);

    fixture_set_ports (fixture, "");
    not_usb = fixture_update (fixture->root, fixture->mm_modem_path, "done.zip", NULL, &error);
    g_assert_null (not_usb);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED);
    g_assert_nonnull (strstr (error->message, "Quectel EC25 is no USB modem"));
}

static MfuJournal *
begin_journal (Fixture *fixture)
{
    MfuJournalRecord record = {
        .port = (char *) "1-2",
        .sysfs = (char *) MODEM_UID,
        .family = (char *) "mdm9x07",
        .serial = (char *) "",
        .from = (char *) "EC25EFAR06A05M4G",
        .to = (char *) "EC25EFAR06A08M4G",
        .package_name = (char *) "EC25EFAR06A08M4G",
        .package_digest = (char *) "abcd",
        .plan_digest = (char *) "ef",
        .step = (char *) "",
    };
    g_autoptr (GError) error = NULL;
    MfuJournal *journal = mfu_journal_begin (fixture->state_dir, &record, TRUE, &error);

    g_assert_no_error (error);
    return journal;
}

static void
test_devices (Fixture *fixture, gconstpointer data)
{
    g_autoptr (MfuJournal) journal = NULL;

    fixture_start_service (fixture, FIXED);
    assert_device (fixture, "port", "1-2");
    assert_device (fixture, "device", MODEM_UID);
    assert_device (fixture, "mode", "normal");
    assert_device (fixture, "family", "mdm9x07");
    assert_device (fixture, "model", "EC25");
    assert_device (fixture, "version", "EC25EFAR06A05M4G");
    assert_device (fixture, "modem", fixture->mm_modem_path);
    assert_device (fixture, "needs", "");

    /* A stranger in EDL, then one that the journal knows. */
    fixture_stop_mm (fixture);
    wait_device (fixture, "modem", "/");
    fixture_set_ports (fixture, "1-2 " MODEM_UID " edl 05c6 9008 ttyUSB0\n");
    wait_device (fixture, "mode", "edl");
    assert_device (fixture, "needs", "recovery");
    assert_device (fixture, "family", "");
    journal = begin_journal (fixture);
    fixture_set_ports (fixture, "1-2 " MODEM_UID " edl 05c6 9008 -\n");
    wait_device (fixture, "needs", "package");
    assert_device (fixture, "package", "EC25EFAR06A08M4G");
    assert_device (fixture, "package-digest", "abcd");
    assert_device (fixture, "family", "mdm9x07");
    assert_device (fixture, "model", "EC25");
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
    assert_error_property (fixture, path, MFU_ERROR_BUSY);
}

static void
test_without_modem_manager (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_stop_mm (fixture);
    fixture_start_service (fixture, FIXED);
    assert_device (fixture, "modem", "/");
    path = fixture_update (fixture->root, "1-2", "take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "flashed-unverified");
    assert_error_property (fixture, path, MFU_ERROR_NOT_FOUND);
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
    assert_string (fixture, path, "Modem", fixture->mm_modem_path);
}

static void
test_service_dies (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *next = NULL;
    g_autoptr (MfuJournal) journal = begin_journal (fixture);

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 1);
    g_assert_true (mfu_journal_begin_step (journal, "write", TRUE, &error));
    g_subprocess_force_exit (fixture->service);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, -1);

    fixture_start_service (fixture, FIXED);
    assert_string (fixture, path, "State", "needs-recovery");
    assert_string (fixture, path, "Port", "1-2");
    assert_error_property (fixture, path, MFU_ERROR_NEEDS_RECOVERY);
    assert_device (fixture, "job", path);
    fixture_wait (is_released, fixture);
    g_assert_cmpuint (fixture->mm_n_released, ==, 0);
    next = fixture_update (fixture->root, "1-2", "done.zip", NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (next, ==, JOB (2));
    fixture_wait_state (fixture, next, "done");
}

static void
test_idle_exit (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *first = NULL;
    g_autoptr (GVariant) plan = NULL;

    fixture_start_service (fixture, 1);
    first = fixture_update (fixture->root, fixture->mm_modem_path, "take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, first, "done");
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);

    /* The result is there again, under its path, until the modem's next job. */
    fixture_start_service (fixture, 1);
    assert_string (fixture, first, "State", "done");
    assert_string (fixture, first, "ToVersion", "EC25EFAR06A05M4G");
    assert_string (fixture, first, "Modem", fixture->mm_modem_path);
    assert_device (fixture, "job", first);
    plan = fixture_get (fixture, first, JOB_INTERFACE, "Plan");
    g_assert_cmpuint (g_variant_n_children (plan), ==, 9);
    call_job (fixture->root, first, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_clear_error (&error);

    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, JOB (2));
    fixture_wait_state (fixture, path, "ready");
    call_job (fixture->root, first, "Cancel", &error);
    g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
    g_clear_error (&error);
    call_job (fixture->root, path, "Cancel", &error);
    g_assert_no_error (error);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
}

static gboolean
on_second (gpointer user_data)
{
    *(gboolean *) user_data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
is_set (gpointer data)
{
    return *(gboolean *) data;
}

static void
test_ready_is_not_idle (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    gboolean is_later = FALSE;

    fixture_start_service (fixture, 1);
    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    g_timeout_add_seconds (3, on_second, &is_later);
    fixture_wait (is_set, &is_later);
    assert_string (fixture, path, "State", "ready");
}

static void
test_leftovers (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { "1-1.result", "" },
        { "1-2.result", "{'Number': <uint64 7>, 'Port': <'1-2'>, 'Device': <'d'>, 'State': <'dancing'>}" },
        { "1-3.result", "{'Number': <uint64 8>, 'Port': <5>, 'Device': <'d'>, 'State': <'done'>}" },
        { "1-4.result", "{'Number': <uint64 9>, 'Port': <'1-4'>, 'Device': <'d'>, 'State': <'done'>, "
                        "'Modem': <'no path'>, 'Progress': <'half'>, 'Error': <'none'>}" },
        { "../x.result", NULL },
        { "x;y.result", "{'Number': <uint64 99>}" },
    };
    g_autofree char *folder = g_build_filename (fixture->state_dir, "results", NULL);
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS (files); i++) {
        g_autofree char *file = g_build_filename (folder, files[i].name, NULL);

        if (files[i].text != NULL)
            g_assert_true (g_file_set_contents (file, files[i].text, -1, NULL));
    }
    fixture_start_service (fixture, FIXED);
    assert_string (fixture, JOB (9), "State", "done");
    assert_string (fixture, JOB (9), "Modem", "/");
    path = fixture_update (fixture->root, "1-2", "done.zip", NULL, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, JOB (10));
    fixture_wait_state (fixture, path, "done");
}

static void
test_sigterm (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *held = NULL;
    g_autofree char *written = NULL;

    fixture_start_service (fixture, FIXED);
    held = fixture_update (fixture->root, "1-2", "take+hold.zip", NULL, &error);
    g_assert_no_error (error);
    g_subprocess_send_signal (fixture->service, SIGTERM);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    fixture_wait (is_released, fixture);

    fixture_start_service (fixture, FIXED);
    assert_string (fixture, held, "State", "cancelled");
    written = fixture_update (fixture->root, "1-2", "take+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, written, "Step", "writing");
    g_subprocess_send_signal (fixture->service, SIGTERM);
    /* It still answers, makes no new jobs, and finishes this one. */
    assert_string (fixture, written, "State", "running");
    fixture_open_gate (fixture, written);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    fixture_start_service (fixture, FIXED);
    assert_string (fixture, written, "State", "done");
}

static void
test_bus_lost (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *file = g_build_filename (fixture->state_dir, "results", "1-2.result", NULL);
    g_autofree char *text = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_subprocess_force_exit (fixture->bus);
    fixture_open_gate (fixture, NULL);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    g_assert_true (g_file_get_contents (file, &text, NULL, NULL));
    g_assert_nonnull (strstr (text, "'State': <'done'>"));
}

static void
test_nobody_without_polkit (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    assert_refused (fixture->nobody, "1-2", "done.zip", NULL, MFU_ERROR_NOT_AUTHORIZED);
    assert_device (fixture, "job", "/");
    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "ready");
    call_job (fixture->nobody, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_clear_error (&error);
    call_job (fixture->nobody, path, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    assert_string (fixture, path, "State", "ready");
}

static void
test_polkit (Fixture *fixture, gconstpointer data)
{
    const char *nobody = g_dbus_connection_get_unique_name (fixture->nobody);
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_polkit (fixture);
    fixture_start_service (fixture, FIXED);
    assert_refused (fixture->nobody, "1-2", "done.zip", NULL, MFU_ERROR_NOT_AUTHORIZED);
    g_assert_cmpuint (fixture->polkit_n_asked, ==, 1);
    g_assert_cmpstr (fixture->polkit_subject, ==, nobody);

    fixture->polkit_allows = TRUE;
    path = fixture_update (fixture->nobody, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "ready");
    fixture->polkit_allows = FALSE;
    call_job (fixture->nobody, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_clear_error (&error);
    fixture->polkit_allows = TRUE;
    call_job (fixture->nobody, path, "Start", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpuint (fixture->polkit_n_asked, ==, 4);
}

static char *
caller_option (GDBusConnection *caller)
{
    return g_strdup_printf ("{'caller': <'%s'>, 'version': <'EC25EFAR06A02M4G'>}",
                            g_dbus_connection_get_unique_name (caller));
}

static void
test_caller (Fixture *fixture, gconstpointer data)
{
    g_autofree char *for_root = caller_option (fixture->root);
    g_autofree char *for_nobody = caller_option (fixture->nobody);
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    /* Root is not ModemManager; nobody says that he is root; nobody asks through ModemManager. */
    assert_refused (fixture->root, "1-2", "done.zip", for_root, MFU_ERROR_NOT_AUTHORIZED);
    assert_refused (fixture->root, "1-2", "done.zip", "{'version': <'EC25'>}", MFU_ERROR_NOT_AUTHORIZED);
    assert_refused (fixture->nobody, "1-2", "done.zip", for_root, MFU_ERROR_NOT_AUTHORIZED);
    assert_refused (fixture->mm_connection, "1-2", "done.zip", for_nobody, MFU_ERROR_NOT_AUTHORIZED);
    assert_refused (fixture->mm_connection, "1-2", "done.zip", "{'caller': <':7.7'>}",
                    MFU_ERROR_NOT_AUTHORIZED);

    path = fixture_update (fixture->mm_connection, "1-2", "done.zip", for_root, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    assert_string (fixture, path, "FromVersion", "EC25EFAR06A02M4G");
}

static void
test_false_modem_manager (Fixture *fixture, gconstpointer data)
{
    g_autofree char *for_root = caller_option (fixture->root);
    g_autoptr (GVariant) reply = NULL;

    fixture_stop_mm (fixture);
    reply = g_dbus_connection_call_sync (fixture->nobody, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                         "org.freedesktop.DBus", "RequestName",
                                         g_variant_new ("(su)", "org.freedesktop.ModemManager1", 0), NULL,
                                         G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
    g_assert_nonnull (reply);
    fixture_start_service (fixture, FIXED);
    assert_refused (fixture->nobody, "1-2", "done.zip", for_root, MFU_ERROR_NOT_AUTHORIZED);
}

static int
be_service (const char *state_dir, const char *idle_seconds)
{
    MfuServiceConfig config = { state_dir, g_getenv ("MFU_TEST_DEVICES"), (guint) atoi (idle_seconds) };
    g_autoptr (GError) error = NULL;

    if (mfu_service_run (&config, &error))
        return 0;
    g_printerr ("service: %s\n", error->message);
    return 1;
}

#define ADD(path, function)                                                                                  \
    g_test_add ("/service/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

int
main (int argc, char **argv)
{
    if (argc == 4 && strcmp (argv[1], "--service") == 0)
        return be_service (argv[2], argv[3]);
    if (geteuid () != 0) {
        g_print ("1..0 # SKIP needs two users, and therefore root\n");
        return 0;
    }
    g_test_init (&argc, &argv, NULL);
    mfu_error_quark ();
    ADD ("done", test_done);
    ADD ("progress", test_progress);
    ADD ("failed", test_failed);
    ADD ("start-later", test_start_later);
    ADD ("cancel", test_cancel);
    ADD ("one-job", test_one_job);
    ADD ("two-modems", test_two_modems);
    ADD ("arguments", test_arguments);
    ADD ("descriptors", test_descriptors);
    ADD ("unsupported", test_unsupported);
    ADD ("devices", test_devices);
    ADD ("held-by-others", test_held_by_others);
    ADD ("without-modem-manager", test_without_modem_manager);
    ADD ("modem-manager-restarts", test_modem_manager_restarts);
    ADD ("service-dies", test_service_dies);
    ADD ("idle-exit", test_idle_exit);
    ADD ("ready-is-not-idle", test_ready_is_not_idle);
    ADD ("leftovers", test_leftovers);
    ADD ("sigterm", test_sigterm);
    ADD ("bus-lost", test_bus_lost);
    ADD ("nobody-without-polkit", test_nobody_without_polkit);
    ADD ("polkit", test_polkit);
    ADD ("caller", test_caller);
    ADD ("false-modem-manager", test_false_modem_manager);
    return g_test_run ();
}
