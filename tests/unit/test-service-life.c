/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The life of the service on a private bus: what it finds when it starts, what is kept, how it ends, or is
 * ended. The same program is the service when it is called with --service. */

#include "service-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

/* Object paths start anew with each ModemManager; an old result must not claim another modem's. */
static void
test_old_paths (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *modem = g_strdup (fixture->mm_modem_path);
    g_autofree char *path = NULL;
    g_autofree char *none = NULL;

    fixture_start_service (fixture, 1);
    path = fixture_update (fixture->root, modem, "take+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "done");
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    fixture_stop_mm (fixture);
    g_object_unref (fixture->mm_connection);
    fixture->mm_connection = fixture_connect (fixture);
    fixture_start_mm (fixture);

    fixture_start_service (fixture, FIXED);
    fixture_assert_string (fixture, path, "State", "done");
    fixture_assert_string (fixture, path, "Modem", "/");
    fixture_assert_string (fixture, path, "OldModem", "/");
    none = fixture_update (fixture->root, modem, "done.zip", NULL, &error);
    g_assert_null (none);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

static void
test_service_dies (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *next = NULL;
    g_autoptr (MfuJournal) journal = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_assert_cmpuint (fixture->mm_n_inhibited, ==, 1);
    journal = fixture_begin_journal (fixture);
    g_assert_true (mfu_journal_begin_step (journal, "write", TRUE, &error));
    g_subprocess_force_exit (fixture->service);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, -1);

    fixture_start_service (fixture, FIXED);
    fixture_assert_string (fixture, path, "State", "needs-recovery");
    fixture_assert_string (fixture, path, "Port", "1-2");
    fixture_assert_error (fixture, path, MFU_ERROR_NEEDS_RECOVERY);
    fixture_assert_device (fixture, "job", path);
    fixture_wait (fixture_is_released, fixture);
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
    fixture_assert_string (fixture, first, "State", "done");
    fixture_assert_string (fixture, first, "ToVersion", "EC25EFAR06A05M4G");
    fixture_assert_string (fixture, first, "Modem", fixture->mm_modem_path);
    fixture_assert_device (fixture, "job", first);
    plan = fixture_get (fixture, first, JOB_INTERFACE, "Plan");
    g_assert_cmpuint (g_variant_n_children (plan), ==, 9);
    fixture_call_job (fixture->root, first, "Cancel", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_clear_error (&error);

    path = fixture_update (fixture->root, "1-2", "done.zip", "{'start': <false>}", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, JOB (2));
    fixture_wait_state (fixture, path, "ready");
    fixture_call_job (fixture->root, first, "Cancel", &error);
    g_assert_error (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD);
    g_clear_error (&error);
    fixture_call_job (fixture->root, path, "Cancel", &error);
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
    fixture_assert_string (fixture, path, "State", "ready");
}

static void
test_leftovers (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *name, *text;
    } files[] = {
        { "fake+port1.result", "" },
        { "fake+port2.result",
          "{'Number': <uint64 7>, 'Port': <'1-2'>, 'Device': <'d'>, 'State': <'dancing'>}" },
        { "fake+port3.result", "{'Number': <uint64 8>, 'Port': <5>, 'Device': <'d'>, 'State': <'done'>}" },
        { "fake+port4.result", "{'Number': <uint64 9>, 'Port': <'1-4'>, 'Device': <'d'>, 'State': <'done'>, "
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
    fixture_assert_string (fixture, JOB (9), "State", "done");
    fixture_assert_string (fixture, JOB (9), "Modem", "/");
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
    fixture_wait (fixture_is_released, fixture);

    fixture_start_service (fixture, FIXED);
    fixture_assert_string (fixture, held, "State", "cancelled");
    written = fixture_update (fixture->root, "1-2", "take+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, written, "Step", "writing");
    g_subprocess_send_signal (fixture->service, SIGTERM);
    /* It still answers, makes no new jobs, and finishes this one. */
    fixture_assert_string (fixture, written, "State", "running");
    fixture_open_gate (fixture, written);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    fixture_start_service (fixture, FIXED);
    fixture_assert_string (fixture, written, "State", "done");
}

static void
test_bus_lost (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *file = g_build_filename (fixture->state_dir, "results", MODEM_PLACE ".result", NULL);
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

static gboolean
open_gate (gpointer user_data)
{
    fixture_open_gate (user_data, NULL);
    return G_SOURCE_REMOVE;
}

/* The bus comes back while a job is being finished: ModemManager's word is heard there; and another service
 * that somebody calls meanwhile waits for the end, instead of taking the job for interrupted. */
static void
test_bus_returns (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GSubprocess) first = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+back+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_free (fixture->mm_revision);
    fixture->mm_revision = g_strdup ("EC25EFAR06A08M4G");
    fixture_restart_bus (fixture);
    first = g_steal_pointer (&fixture->service);
    g_timeout_add (500, open_gate, fixture);
    fixture_start_service (fixture, FIXED);
    g_assert_true (g_subprocess_wait (first, NULL, &error));
    g_assert_cmpint (g_subprocess_get_exit_status (first), ==, 0);
    fixture_assert_string (fixture, path, "State", "done");
    fixture_assert_string (fixture, path, "ToVersion", "EC25EFAR06A08M4G");
    fixture_assert_string (fixture, path, "Modem", fixture->mm_modem_path);
}

/* A modem that came up while its port was claimed has no drivers when the claimer is killed. */
static void
test_without_drivers (Fixture *fixture, gconstpointer data)
{
    static const char unconfigured[] = "1-2 " MODEM_UID " normal 2c7c 0125 none\n"
                                       "1-3 /sys/devices/fake/usb1/1-3 normal 2c7c 0125 none\n";
    g_autoptr (MfuJournal) journal = fixture_begin_journal (fixture);
    g_autoptr (MfuPortLock) lock = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *later = NULL;

    /* A job, as that of `mm-firmware rescue`, still runs; and of port 1-3 nothing is known. */
    lock = mfu_port_lock_take (fixture->state_dir, MODEM_PLACE, "1-2", &error);
    g_assert_no_error (error);
    fixture_set_ports (fixture, unconfigured);
    fixture_start_service (fixture, 1);
    g_assert_true (g_file_get_contents (fixture->ports_file, &text, NULL, NULL));
    g_assert_cmpstr (text, ==, unconfigured);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);

    g_clear_pointer (&lock, mfu_port_lock_free);
    fixture_start_service (fixture, FIXED);
    g_assert_true (g_file_get_contents (fixture->ports_file, &later, NULL, NULL));
    g_assert_true (g_str_has_prefix (later, "1-2 " MODEM_UID " normal 2c7c 0125 -"));
    g_assert_nonnull (strstr (later, "1-3 normal 2c7c 0125 none"));
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
    ADD ("old-paths", test_old_paths);
    ADD ("service-dies", test_service_dies);
    ADD ("idle-exit", test_idle_exit);
    ADD ("ready-is-not-idle", test_ready_is_not_idle);
    ADD ("leftovers", test_leftovers);
    ADD ("sigterm", test_sigterm);
    ADD ("bus-lost", test_bus_lost);
    ADD ("bus-returns", test_bus_returns);
    ADD ("without-drivers", test_without_drivers);
    return g_test_run ();
}
