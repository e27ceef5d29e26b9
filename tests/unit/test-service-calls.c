/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Calls of the service on a private bus: who may, and what is refused. Jobs and ports are doubles
 * (service-double.c). */

#include "service-fixture.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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
    fixture_assert_device (fixture, "job", "/");
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

static void
test_nobody_without_polkit (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    assert_refused (fixture->nobody, "1-2", "done.zip", NULL, MFU_ERROR_NOT_AUTHORIZED);
    fixture_assert_device (fixture, "job", "/");
    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "ready");
    fixture_call_job (fixture->nobody, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_clear_error (&error);
    fixture_call_job (fixture->nobody, path, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    fixture_assert_string (fixture, path, "State", "ready");
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
    fixture_call_job (fixture->nobody, path, "Start", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_clear_error (&error);
    fixture->polkit_allows = TRUE;
    fixture_call_job (fixture->nobody, path, "Start", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpuint (fixture->polkit_n_asked, ==, 4);
}

static gboolean
has_asked_four_times (gpointer data)
{
    return ((Fixture *) data)->polkit_n_asked == 4;
}

/* Calls that wait for a password are bounded, for each user; others are answered meanwhile. */
static void
test_open_questions (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_polkit (fixture);
    fixture->polkit_is_silent = TRUE;
    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    for (guint i = 0; i < 4; i++)
        g_dbus_connection_call (fixture->nobody, SERVICE_NAME, path, JOB_INTERFACE, "Cancel", NULL, NULL,
                                G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
    fixture_wait (has_asked_four_times, fixture);
    fixture_call_job (fixture->nobody, path, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_clear_error (&error);
    g_assert_cmpuint (fixture->polkit_n_asked, ==, 4);
    fixture_call_job (fixture->root, path, "Cancel", &error);
    g_assert_no_error (error);
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
    fixture_assert_string (fixture, path, "FromVersion", "EC25EFAR06A02M4G");
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

#define ADD(path, function)                                                                                  \
    g_test_add ("/service-calls/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

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
    ADD ("arguments", test_arguments);
    ADD ("descriptors", test_descriptors);
    ADD ("unsupported", test_unsupported);
    ADD ("nobody-without-polkit", test_nobody_without_polkit);
    ADD ("polkit", test_polkit);
    ADD ("open-questions", test_open_questions);
    ADD ("caller", test_caller);
    ADD ("false-modem-manager", test_false_modem_manager);
    return g_test_run ();
}
