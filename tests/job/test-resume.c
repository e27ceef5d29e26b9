/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Jobs that were interrupted and are finished by the package that was kept, with nobody asking; and what
 * keeps them from it. */

#include "job-fixture.h"

#include "job/journal.h"
#include "job/kept.h"
#include "util/error.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OLD   "EC25EFAR06A05M4G"
#define NEW   "EC25EFAR06A08M4G"
#define OTHER "EC25EFAR06A09M4G"

static const char *
folder_of (const char *version)
{
    return job_fixture_package (version, "--version", version, "--geometry", "p4K_b256K", "--size", "mini",
                                NULL);
}

static const char *
zip (void)
{
    return job_fixture_package (NEW ".zip", "--version", NEW, "--geometry", "p4K_b256K", "--size", "mini",
                                "--form", "zip", NULL);
}

static void
set_up (JobFixture *fixture, SimStart start, const char *serial)
{
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.start = start;
    config.serial = serial;
    job_fixture_init (fixture, &config);
}

static void
add_fault (JobFixture *fixture, const char *fault)
{
    g_autofree char *why = NULL;

    if (!sim_modem_add_fault (job_fixture_modem (fixture), fault, &why))
        g_error ("%s: %s", fault, why);
}

/* A power cut of the modem in the middle of the writing. */
static void
interrupt (JobFixture *fixture, const char *package)
{
    add_fault (fixture, "program-data:5=vanish");
    fixture->keeps_package = TRUE;
    job_fixture_run (fixture, package);
    fixture->keeps_package = FALSE;
    sim_modem_clear_faults (job_fixture_modem (fixture));
    job_assert_state (fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_world_pass_ms (fixture->sim, 30 * 1000);
}

static MfuJournalRecord *
load (JobFixture *fixture)
{
    g_autoptr (GError) error = NULL;
    MfuJournalRecord *record = mfu_journal_load (fixture->state_dir, SIM_PLACE, &error);

    g_assert_no_error (error);
    return record;
}

static gboolean
has_file (JobFixture *fixture, const char *name)
{
    g_autofree char *path = g_build_filename (fixture->state_dir, name, NULL);

    return g_file_test (path, G_FILE_TEST_EXISTS);
}

/* What the service does when it finds journal and copy. */
static void
resume (JobFixture *fixture)
{
    g_autofree char *package = g_build_filename (fixture->state_dir, SIM_PLACE ".package", NULL);
    g_autofree char *path = NULL;
    g_autoptr (MfuJournalRecord) record = load (fixture);

    /* The job has the name that the package came with. */
    path = g_build_filename (fixture->directory, record->package_name, NULL);
    g_unlink (path);
    g_assert_cmpint (link (package, path), ==, 0);
    fixture->is_automatic = TRUE;
    fixture->kept_digest = record->package_digest;
    job_fixture_run (fixture, path);
    fixture->is_automatic = FALSE;
    fixture->kept_digest = NULL;
}

static void
assert_runs (JobFixture *fixture, const char *version)
{
    sim_world_pass_ms (fixture->sim, 120 * 1000);
    g_assert_true (job_fixture_verdict (fixture)->boots);
    g_assert_cmpstr (job_fixture_verdict (fixture)->version, ==, version);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
}

static void
assert_settled (JobFixture *fixture)
{
    g_assert_false (has_file (fixture, SIM_PLACE ".journal"));
    g_assert_true (has_file (fixture, SIM_PLACE ".last"));
    g_assert_false (has_file (fixture, SIM_PLACE ".package"));
    g_assert_false (has_file (fixture, SIM_PLACE ".package.new"));
}

static guint
count_erases (JobFixture *fixture)
{
    SimModem *modem = job_fixture_modem (fixture);
    guint n = 0;

    for (guint i = 0; i < sim_modem_get_n_ops (modem); i++)
        n += sim_modem_get_op (modem, i)->kind == SIM_OP_ERASE ? 1 : 0;
    return n;
}

/* An archive is kept as it is, a folder as one that has the same digest. */
static void
test_finishes (gconstpointer is_zip)
{
    g_autoptr (MfuJournalRecord) record = NULL;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, is_zip != NULL ? zip () : folder_of (NEW));
    g_assert_nonnull (strstr (fixture.status->advice, "--firmware-recover --firmware-update-port=1-2"));
    g_assert_true (has_file (&fixture, SIM_PLACE ".package"));
    record = load (&fixture);
    g_assert_true (record->is_past_no_return);
    g_assert_cmpuint (record->n_attempts, ==, 0);

    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

static void
test_nothing_is_left (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.keeps_package = TRUE;
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

static void
cancel_when_ready (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    if (status->state == MFU_JOB_READY)
        g_assert_true (mfu_job_cancel (job, NULL));
}

static void
test_cancelled (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.keeps_package = TRUE;
    fixture.waits_for_start = TRUE;
    fixture.changed = cancel_when_ready;
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    g_assert_false (has_file (&fixture, SIM_PLACE ".package"));
    g_assert_false (has_file (&fixture, SIM_PLACE ".package.new"));
    job_fixture_clear (&fixture);
}

/* Another module in the port, in the same mode: it is asked who it is, and let be. */
static void
test_swapped (void)
{
    JobFixture first, second;
    char *own;

    set_up (&first, SIM_START_NORMAL, "11111111");
    interrupt (&first, zip ());
    set_up (&second, SIM_START_EDL, "22222222");
    own = second.state_dir;
    second.state_dir = first.state_dir;
    second.allow[1] = "unidentified"; /* as if the first command had insisted */
    resume (&second);
    job_assert_state (&second, MFU_JOB_FAILED);
    job_assert_message (&second, MFU_ERROR_WRONG_PACKAGE, "another module");
    g_assert_cmpuint (count_erases (&second), ==, 0);
    g_assert_true (has_file (&first, SIM_PLACE ".journal"));
    g_assert_true (has_file (&first, SIM_PLACE ".package"));
    second.state_dir = own;
    job_fixture_clear (&second);

    resume (&first);
    job_assert_state (&first, MFU_JOB_DONE);
    assert_runs (&first, NEW);
    job_fixture_clear (&first);
}

/* A reboot that numbers the busses otherwise: the journal is found, and what is said names the port of now.
 */
static void
test_renumbered (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, zip ());
    g_assert_nonnull (strstr (fixture.status->advice, "--firmware-update-port=1-2"));
    sim_world_number_bus (fixture.sim, 2);
    add_fault (&fixture, "erase:1=nak");
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    g_assert_nonnull (strstr (fixture.status->advice, "--firmware-update-port=2-2"));
    {
        g_autoptr (MfuJournalRecord) record = load (&fixture);

        g_assert_cmpstr (record->port, ==, "2-2");
        g_assert_cmpstr (record->place, ==, SIM_PLACE);
        g_assert_cmpuint (record->n_attempts, ==, 1);
    }
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    sim_world_number_bus (fixture.sim, 12);
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

/* The attempts are counted on the disk, and come to an end; who asks begins anew. */
static void
test_attempts (void)
{
    JobFixture fixture;
    guint64 n_bytes;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, zip ());
    add_fault (&fixture, "configure:1+=nak");
    for (guint i = 1; i <= 5; i++) {
        g_autoptr (MfuJournalRecord) record = NULL;

        resume (&fixture);
        job_assert_state (&fixture, MFU_JOB_FAILED);
        record = load (&fixture);
        g_assert_cmpuint (record->n_attempts, ==, i);
        g_assert_true (record->is_past_no_return);
    }
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    n_bytes = sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL);
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_UNSUPPORTED, "5 times in vain");
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, n_bytes);

    add_fault (&fixture, "erase:1=nak");
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    g_assert_true (has_file (&fixture, SIM_PLACE ".package"));
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    job_fixture_clear (&fixture);
}

static gboolean
die_in_edl (SimWorld *sim, guint number, gpointer user_data)
{
    return sim_modem_get_mode (sim_world_modem (sim)) != SIM_MODE_EDL;
}

/* Cut between the switch and the first word of the boot ROM: nobody knows which module it is. */
static void
test_no_serial (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    sim_world_set_hook (fixture.sim, die_in_edl, NULL);
    fixture.keeps_package = TRUE;
    job_fixture_run (&fixture, zip ());
    fixture.keeps_package = FALSE;
    sim_world_set_hook (fixture.sim, NULL, NULL);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_UNSUPPORTED, "serial number");
    g_assert_cmpuint (count_erases (&fixture), ==, 0);
    job_fixture_clear (&fixture);
}

/* The copy was damaged on the disk, or belongs to another job. */
static void
test_wrong_copy (gconstpointer is_damaged)
{
    g_autofree char *contents = NULL;
    g_autofree char *package = NULL;
    JobFixture fixture;
    gsize size;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, zip ());
    package = g_build_filename (fixture.state_dir, SIM_PLACE ".package", NULL);
    if (is_damaged != NULL) {
        g_assert_true (g_file_get_contents (package, &contents, &size, NULL));
        contents[size / 2] ^= 1;
        g_assert_true (g_file_set_contents (package, contents, (gssize) size, NULL));
    } else {
        const char *other = job_fixture_package ("x.zip", "--version", NEW, "--geometry", "p4K_b256K",
                                                 "--size", "small", "--form", "zip", NULL);

        g_assert_true (g_file_get_contents (other, &contents, &size, NULL));
        g_assert_true (g_file_set_contents (package, contents, (gssize) size, NULL));
    }
    resume (&fixture);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    g_assert_error (fixture.status->error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

/* The user brings another package: what was begun is told by the archive, and its copy goes. */
static void
test_abandoned (void)
{
    g_autofree char *archive = NULL;
    g_autofree char *contents = NULL;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, zip ());
    add_fault (&fixture, "program-data:5=vanish");
    job_fixture_run (&fixture, folder_of (OTHER));
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    sim_world_pass_ms (fixture.sim, 30 * 1000);
    g_assert_false (has_file (&fixture, SIM_PLACE ".package"));
    archive = g_build_filename (fixture.state_dir, SIM_PLACE ".last", NULL);
    g_assert_true (g_file_get_contents (archive, &contents, NULL, NULL));
    g_assert_nonnull (strstr (contents, NEW));
    g_assert_null (strstr (contents, OTHER));
    job_fixture_run (&fixture, folder_of (OTHER));
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, OTHER);
    assert_settled (&fixture);
    g_assert_true (has_file (&fixture, SIM_PLACE ".last.1"));
    job_fixture_clear (&fixture);
}

/* What stands in a damaged journal is not believed, and not lost. */
static void
test_damaged_journal (void)
{
    g_autofree char *journal = NULL;
    g_autofree char *contents = NULL;
    JobFixture fixture;
    gsize size;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    interrupt (&fixture, zip ());
    journal = g_build_filename (fixture.state_dir, SIM_PLACE ".journal", NULL);
    g_assert_true (g_file_get_contents (journal, &contents, &size, NULL));
    *strstr (contents, "mdm9x07") = 'M';
    g_assert_true (g_file_set_contents (journal, contents, (gssize) size, NULL));
    fixture.is_automatic = TRUE;
    job_fixture_run (&fixture, zip ());
    fixture.is_automatic = FALSE;
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_IO, "damaged in line");
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "unidentified");
    g_assert_true (has_file (&fixture, SIM_PLACE ".journal"));

    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_nonnull (strstr (fixture.status->plan_text, "damaged in line"));
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

/* At the named step the disk takes nothing more. */
static void
fill_disk_at (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    struct rlimit limit;

    if (strcmp (status->step, user_data) != 0)
        return;
    g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = 16;
    g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

static void
empty_disk (void)
{
    struct rlimit limit;

    g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = limit.rlim_max;
    g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

/* Before the first erase: the modem is as it was. */
static void
test_disk_fills (gconstpointer step)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.changed = fill_disk_at;
    fixture.user_data = (gpointer) step;
    job_fixture_run (&fixture, zip ());
    empty_disk ();
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_IO, "journal");
    g_assert_cmpuint (count_erases (&fixture), ==, 0);
    assert_runs (&fixture, OLD);
    g_assert_false (has_file (&fixture, SIM_PLACE ".journal"));
    job_fixture_clear (&fixture);
}

/* Behind it: to stop would be what makes a recovery necessary. */
static void
test_disk_fills_late (gconstpointer step)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.changed = fill_disk_at;
    fixture.user_data = (gpointer) step;
    job_fixture_run (&fixture, zip ());
    empty_disk ();
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

/* A copy that does not fit is done without. */
static void
test_no_room (void)
{
    const char *package = folder_of (NEW);
    struct rlimit limit;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = 64 * 1024;
    g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
    fixture.keeps_package = TRUE;
    job_fixture_run (&fixture, package);
    empty_disk ();
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_nonnull (strstr (fixture.status->plan_text, "is not kept"));
    assert_runs (&fixture, NEW);
    assert_settled (&fixture);
    job_fixture_clear (&fixture);
}

/* Nothing is copied into memory, to be lost there. */
static void
test_in_memory (void)
{
    JobFixture fixture;
    char *own;

    if (!g_file_test ("/dev/shm", G_FILE_TEST_IS_DIR)) {
        g_test_skip ("no /dev/shm here");
        return;
    }
    set_up (&fixture, SIM_START_NORMAL, NULL);
    own = fixture.state_dir;
    fixture.state_dir = g_strdup_printf ("/dev/shm/mfu-test-resume-%d", (int) getpid ());
    fixture.allow[0] = NULL;
    fixture.keeps_package = TRUE;
    job_fixture_run (&fixture, zip ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_UNSUPPORTED, "volatile-journal");
    g_assert_false (has_file (&fixture, SIM_PLACE ".package.new"));
    assert_runs (&fixture, OLD);
    {
        g_autofree char *lock = g_build_filename (fixture.state_dir, SIM_PLACE ".lock", NULL);

        g_unlink (lock);
        g_assert_cmpint (g_rmdir (fixture.state_dir), ==, 0);
    }
    g_free (fixture.state_dir);
    fixture.state_dir = own;
    job_fixture_clear (&fixture);
}

static void
add_disk_tests (void)
{
    static const char *const early[] = { "asking ModemManager to let go", "switching to download mode",
                                         "loading the programmer", "checking the flash" };
    static const char *const late[] = { "erasing", "writing", "writing the boot loader",
                                        "restarting the modem" };

    for (gsize i = 0; i < G_N_ELEMENTS (early); i++) {
        g_autofree char *path = g_strdup_printf ("/resume/disk-fills/%s", early[i]);

        g_test_add_data_func (path, early[i], test_disk_fills);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (late); i++) {
        g_autofree char *path = g_strdup_printf ("/resume/disk-fills-late/%s", late[i]);

        g_test_add_data_func (path, late[i], i == 0 ? test_disk_fills : test_disk_fills_late);
    }
}

int
main (int argc, char **argv)
{
    int result;

    g_test_init (&argc, &argv, NULL);
    signal (SIGXFSZ, SIG_IGN);
    g_test_add_data_func ("/resume/finishes/zip", "zip", test_finishes);
    g_test_add_data_func ("/resume/finishes/folder", NULL, test_finishes);
    g_test_add_func ("/resume/nothing-is-left", test_nothing_is_left);
    g_test_add_func ("/resume/cancelled", test_cancelled);
    g_test_add_func ("/resume/swapped", test_swapped);
    g_test_add_func ("/resume/renumbered", test_renumbered);
    g_test_add_func ("/resume/attempts", test_attempts);
    g_test_add_func ("/resume/no-serial", test_no_serial);
    g_test_add_data_func ("/resume/wrong-copy/damaged", "damaged", test_wrong_copy);
    g_test_add_data_func ("/resume/wrong-copy/other", NULL, test_wrong_copy);
    g_test_add_func ("/resume/abandoned", test_abandoned);
    g_test_add_func ("/resume/damaged-journal", test_damaged_journal);
    g_test_add_func ("/resume/no-room", test_no_room);
    g_test_add_func ("/resume/in-memory", test_in_memory);
    add_disk_tests ();
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
