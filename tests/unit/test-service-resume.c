/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the service does with journals and kept packages that it finds: takes them up by itself, or when it is
 * asked, or says what it needs, or lets them be. The jobs are doubles that do what the package's name says.
 */

#include "job/journal.h"
#include "service-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define STUCK  "1-2 " MODEM_UID " edl 05c6 9008 -\n"
#define NORMAL "1-2 " MODEM_UID " normal 2c7c 0125 ttyUSB2\n"
#define OLD    "EC25EFAR06A05M4G"
#define NEW    "EC25EFAR06A08M4G"

static char *
state_file (Fixture *fixture, const char *name)
{
    return g_build_filename (fixture->state_dir, name, NULL);
}

static gboolean
has_file (Fixture *fixture, const char *name)
{
    g_autofree char *path = state_file (fixture, name);

    return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* An interrupted job of port 1-2 that wrote `package` ("done.zip"). */
static void
write_journal (Fixture *fixture, const char *package, guint n_attempts, gboolean is_past_no_return)
{
    MfuJournalRecord record = {
        .place = (char *) MODEM_PLACE,
        .port = (char *) "1-2",
        .family = (char *) "mdm9x07",
        .serial = (char *) "0badcafe",
        .from = (char *) OLD,
        .to = (char *) NEW,
        .package_name = (char *) package,
        .package_digest = (char *) "00ff",
        .fingerprint = (char *) "77aa",
        .allow = (char *) "downgrade",
        .n_attempts = n_attempts,
        .step = (char *) "write",
        .is_past_no_return = is_past_no_return,
    };
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuJournal) journal = mfu_journal_begin (fixture->state_dir, &record, TRUE, &error);

    g_assert_no_error (error);
}

static void
keep (Fixture *fixture)
{
    g_autofree char *path = state_file (fixture, MODEM_PLACE ".package");

    g_assert_true (g_file_set_contents (path, "a package", -1, NULL));
}

typedef struct {
    Fixture *fixture;
    const char *key, *expected;
} Wish;

static gboolean
device_has (gpointer data)
{
    Wish *wish = data;
    g_autoptr (GVariant) devices = fixture_get (wish->fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    g_autoptr (GVariant) entry = NULL;
    g_autoptr (GVariant) value = NULL;

    if (g_variant_n_children (devices) != 1)
        return FALSE;
    entry = g_variant_get_child_value (devices, 0);
    value = g_variant_lookup_value (entry, wish->key, NULL);
    return value != NULL && strcmp (g_variant_get_string (value, NULL), wish->expected) == 0;
}

static gboolean
on_tick (gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

static void
wait_for (gboolean (*is_true) (gpointer data), gpointer data)
{
    guint tick = g_timeout_add (50, on_tick, NULL);

    fixture_wait (is_true, data);
    g_source_remove (tick);
}

static void
wait_device (Fixture *fixture, const char *key, const char *expected)
{
    Wish wish = { fixture, key, expected };

    wait_for (device_has, &wish);
}

static char *
resume (Fixture *fixture, GDBusConnection *caller, const char *options, GError **error)
{
    g_autoptr (GVariant) reply =
        fixture_call (caller, SERVICE_PATH, SERVICE_NAME, "Resume",
                      g_variant_new ("(s@a{sv})", "1-2",
                                     g_variant_parse (G_VARIANT_TYPE_VARDICT, options, NULL, NULL, NULL)),
                      -1, error);
    char *path = NULL;

    if (reply != NULL)
        g_variant_get (reply, "(o)", &path);
    return path;
}

static void
assert_next_job (Fixture *fixture, const char *expected)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = fixture_update (fixture->root, "1-2", "done.zip", NULL, &error);

    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, expected);
    fixture_wait_state (fixture, path, "done");
}

/* Without a call, as a job like any other. */
static void
test_by_itself (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "done.zip", 0, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "job", JOB (1));
    fixture_wait_state (fixture, JOB (1), "done");
    fixture_assert_string (fixture, JOB (1), "PackageName", "done.zip");
    fixture_assert_string (fixture, JOB (1), "PackageFingerprint", "77aa");
    fixture_assert_string (fixture, JOB (1), "Port", "1-2");
    assert_next_job (fixture, JOB (2));
}

/* A modem that comes later is found, one that runs meanwhile is not touched. */
static void
test_comes_later (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "done.zip", 0, TRUE);
    keep (fixture);
    fixture_start_service (fixture, FIXED);
    fixture_assert_device (fixture, "job", "/");
    fixture_set_ports (fixture, STUCK);
    wait_device (fixture, "job", JOB (1));
    fixture_wait_state (fixture, JOB (1), "done");
}

/* The numbers of two controllers swapped by a reboot. */
#define SWAPPED                                                                                              \
    "1-2 /sys/devices/other/usb1/1-2 edl 05c6 9008 -\n"                                                      \
    "2-2 /sys/devices/fake/usb2/2-2 edl 05c6 9008 -\n"

static gboolean
has_two_devices (gpointer data)
{
    g_autoptr (GVariant) devices = fixture_get (data, SERVICE_PATH, SERVICE_NAME, "Devices");

    return g_variant_n_children (devices) == 2;
}

/* The modem is known where it is called 2-2 now; what sits in the other's 1-2 is a stranger. */
static void
test_swapped_busses (Fixture *fixture, gconstpointer data)
{
    static const char *const ports[] = { "1-2", "2-2" };
    static const char *const needs[] = { "recovery", "resume" };
    g_autoptr (GVariant) devices = NULL;

    write_journal (fixture, "done.zip", 5, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, SWAPPED);
    fixture_start_service (fixture, FIXED);
    wait_for (has_two_devices, fixture);
    devices = fixture_get (fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    for (gsize i = 0; i < G_N_ELEMENTS (ports); i++) {
        g_autoptr (GVariant) entry = g_variant_get_child_value (devices, i);
        const char *port, *need;

        g_assert_true (g_variant_lookup (entry, "port", "&s", &port));
        g_assert_true (g_variant_lookup (entry, "needs", "&s", &need));
        g_assert_cmpstr (port, ==, ports[i]);
        g_assert_cmpstr (need, ==, needs[i]);
    }
}

static void
test_renumbered (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "done.zip", 0, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, SWAPPED);
    fixture_start_service (fixture, FIXED);
    wait_for (has_two_devices, fixture);
    fixture_wait_state (fixture, JOB (1), "done");
    fixture_assert_string (fixture, JOB (1), "Port", "2-2");
    fixture_assert_string (fixture, JOB (1), "PackageFingerprint", "77aa");
}

/* What became of its last update is told of the modem, not of what is called 1-2 now. */
static void
test_renumbered_result (Fixture *fixture, gconstpointer data)
{
    static const char *const jobs[] = { "/", JOB (1) };
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) devices = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "stuck.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, path, "needs-recovery");
    g_subprocess_send_signal (fixture->service, SIGTERM);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    fixture_set_ports (fixture, SWAPPED);
    fixture_start_service (fixture, FIXED);
    wait_for (has_two_devices, fixture);
    fixture_assert_string (fixture, JOB (1), "Port", "2-2");
    fixture_assert_string (fixture, JOB (1), "Device", "/sys/devices/fake/usb2/2-2");
    devices = fixture_get (fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    for (gsize i = 0; i < G_N_ELEMENTS (jobs); i++) {
        g_autoptr (GVariant) entry = g_variant_get_child_value (devices, i);
        const char *job;

        g_assert_true (g_variant_lookup (entry, "job", "&o", &job));
        g_assert_cmpstr (job, ==, jobs[i]);
    }
}

/* A file that is not named after a place, as one brought by hand, does nothing and stays. */
static void
test_stray_files (Fixture *fixture, gconstpointer data)
{
    g_autofree char *journal = state_file (fixture, "1-2.journal");
    g_autofree char *package = state_file (fixture, "1-2.package");

    g_assert_true (g_file_set_contents (journal, "mm-firmware-journal\t1\tffff\n", -1, NULL));
    g_assert_true (g_file_set_contents (package, "a package", -1, NULL));
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "needs", "recovery");
    fixture_assert_device (fixture, "problem", "");
    fixture_assert_device (fixture, "job", "/");
    g_assert_true (has_file (fixture, "1-2.journal"));
    g_assert_true (has_file (fixture, "1-2.package"));
}

static void
test_tries_again (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "stuck.zip", 0, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "job", JOB (2));
    fixture_wait_state (fixture, JOB (2), "needs-recovery");
}

static gboolean
on_time (gpointer is_over)
{
    *(gboolean *) is_over = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
is_true (gpointer value)
{
    return *(gboolean *) value;
}

/* What the same package cannot cure is not tried again. */
static void
test_gives_up (Fixture *fixture, gconstpointer data)
{
    gboolean is_over = FALSE;

    write_journal (fixture, "fail.zip", 0, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "job", JOB (1));
    fixture_wait_state (fixture, JOB (1), "failed");
    g_timeout_add_seconds (2, on_time, &is_over);
    fixture_wait (is_true, &is_over);
    assert_next_job (fixture, JOB (2));
}

/* Five attempts are enough; who asks is served. */
static void
test_asked (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    write_journal (fixture, "done.zip", 5, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "needs", "resume");
    fixture_assert_device (fixture, "package", "done.zip");
    fixture_assert_device (fixture, "package-digest", "00ff");
    fixture_assert_device (fixture, "job", "/");
    path = resume (fixture, fixture->root, "{'start': <false>}", &error);
    g_assert_no_error (error);
    g_assert_cmpstr (path, ==, JOB (1));
    fixture_wait_state (fixture, path, "ready");
    g_clear_pointer (&path, g_free);
    path = resume (fixture, fixture->root, "{}", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
    g_clear_error (&error);
    fixture_call_job (fixture->root, JOB (1), "Start", &error);
    g_assert_no_error (error);
    fixture_wait_state (fixture, JOB (1), "done");
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
    static const char *const bad[] = { "{'name': <'x.zip'>}", "{'recover': <true>}",
                                       "{'keep-package': <true>}", "{'start': <'yes'>}" };
    g_autoptr (GError) error = NULL;

    write_journal (fixture, "done.zip", 5, TRUE);
    keep (fixture);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    g_assert_null (resume (fixture, fixture->nobody, "{}", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
        g_clear_error (&error);
        g_assert_null (resume (fixture, fixture->root, bad[i], &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    }
    g_clear_error (&error);
    fixture_set_ports (fixture, NORMAL);
    g_assert_null (resume (fixture, fixture->root, "{}", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
}

/* Without a copy the sentence names the package and its digest, and the list shows them. */
static void
test_needs_package (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    write_journal (fixture, "done.zip", 0, TRUE);
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "needs", "package");
    fixture_assert_device (fixture, "package-digest", "00ff");
    g_assert_null (resume (fixture, fixture->root, "{}", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "needs package done.zip (digest 00ff)"));
    assert_next_job (fixture, JOB (1));
}

static void
test_nothing_known (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    keep (fixture); /* the journal of which never came to the disk */
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "needs", "recovery");
    g_assert_false (has_file (fixture, MODEM_PLACE ".package"));
    g_assert_null (resume (fixture, fixture->root, "{}", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_assert_nonnull (strstr (error->message, "--firmware-recover=PACKAGE"));
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = state_file (fixture, MODEM_PLACE ".journal");
    g_autofree char *contents = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) devices = NULL;
    g_autofree char *shown = NULL;
    gsize size;

    write_journal (fixture, "done.zip", 0, TRUE);
    keep (fixture);
    g_assert_true (g_file_get_contents (path, &contents, &size, NULL));
    *strstr (contents, "mdm9x07") = 'M';
    g_assert_true (g_file_set_contents (path, contents, (gssize) size, NULL));
    fixture_set_ports (fixture, STUCK);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "needs", "recovery");
    devices = fixture_get (fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    shown = g_variant_print (devices, FALSE);
    g_assert_nonnull (strstr (shown, "damaged in line 4"));
    fixture_assert_device (fixture, "job", "/");
    g_assert_null (resume (fixture, fixture->root, "{}", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_IO);
    g_assert_true (has_file (fixture, MODEM_PLACE ".journal"));
    g_assert_true (has_file (fixture, MODEM_PLACE ".package"));
}

static gboolean
is_archived (gpointer data)
{
    return has_file (data, MODEM_PLACE ".last") && !has_file (data, MODEM_PLACE ".journal") &&
           !has_file (data, MODEM_PLACE ".package");
}

static void
wait_archived (Fixture *fixture)
{
    guint tick = g_timeout_add (50, on_tick, NULL);

    fixture_wait (is_archived, fixture);
    g_source_remove (tick);
}

/* The modem runs, and nothing had been written. */
static void
test_abandoned (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "done.zip", 0, FALSE);
    keep (fixture);
    fixture_start_service (fixture, FIXED);
    wait_archived (fixture);
    fixture_assert_device (fixture, "job", "/");
}

/* The service was killed when all was written but the result. */
static void
test_was_done (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *path = NULL;

    fixture_start_service (fixture, FIXED);
    path = fixture_update (fixture->root, "1-2", "take+gate+done.zip", NULL, &error);
    g_assert_no_error (error);
    fixture_wait_string (fixture, path, "Step", "writing");
    g_subprocess_force_exit (fixture->service);
    g_assert_cmpint (fixture_wait_exit (fixture), ==, -1);
    write_journal (fixture, "take+gate+done.zip", 0, TRUE);
    keep (fixture);
    fixture_stop_mm (fixture);
    g_free (fixture->mm_revision);
    fixture->mm_revision = g_strdup (NEW "_01.001.01.001");
    fixture_start_mm (fixture);
    fixture_start_service (fixture, FIXED);
    wait_archived (fixture);
    fixture_wait_state (fixture, JOB (1), "done");
    fixture_assert_string (fixture, JOB (1), "Advice", "");
}

/* It runs something else: another module, or one that somebody else has flashed. */
static void
test_runs_another (Fixture *fixture, gconstpointer data)
{
    write_journal (fixture, "done.zip", 0, TRUE);
    keep (fixture);
    fixture_start_service (fixture, FIXED);
    wait_device (fixture, "version", OLD);
    assert_next_job (fixture, JOB (1)); /* there was time to do something about it */
    g_assert_true (has_file (fixture, MODEM_PLACE ".journal"));
    g_assert_true (has_file (fixture, MODEM_PLACE ".package"));
}

int
main (int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run) (Fixture *fixture, gconstpointer data);
    } tests[] = {
        { "by-itself", test_by_itself },
        { "comes-later", test_comes_later },
        { "swapped-busses", test_swapped_busses },
        { "renumbered", test_renumbered },
        { "renumbered-result", test_renumbered_result },
        { "stray-files", test_stray_files },
        { "tries-again", test_tries_again },
        { "gives-up", test_gives_up },
        { "asked", test_asked },
        { "refused", test_refused },
        { "needs-package", test_needs_package },
        { "nothing-known", test_nothing_known },
        { "damaged", test_damaged },
        { "abandoned", test_abandoned },
        { "was-done", test_was_done },
        { "runs-another", test_runs_another },
    };

    if (argc == 4 && strcmp (argv[1], "--service") == 0)
        return fixture_be_service (argv[2], argv[3]);
    if (geteuid () != 0) {
        g_print ("1..0 # SKIP needs two users, and therefore root\n");
        return 0;
    }
    g_test_init (&argc, &argv, NULL);
    mfu_error_quark ();
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++) {
        g_autofree char *path = g_strconcat ("/service-resume/", tests[i].name, NULL);

        g_test_add (path, Fixture, NULL, fixture_set_up, tests[i].run, fixture_tear_down);
    }
    return g_test_run ();
}
