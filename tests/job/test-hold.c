/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whoever else is on the machine: a ModemManager that was restarted in the middle has forgotten that it was
 * to keep off, and writes to every tty it sees. A job keeps the ttys away, and gives them back on every way
 * out. */

#include "job-fixture.h"

#include "util/error.h"

#include <string.h>

#define OLD "EC25EFAR06A05M4G"
#define NEW "EC25EFAR06A08M4G"

static const char *
new_package (void)
{
    return job_fixture_package (NEW, "--version", NEW, "--geometry", "p4K_b256K", "--size", "small", NULL);
}

typedef struct {
    guint generation; /* of the device that was probed last */
    guint n_probes;   /* that reached a modem in EDL */
} Stranger;

/* Probes each new modem once, as ModemManager does, if there is a tty to do it through. */
static gboolean
probe (SimWorld *sim, guint number, gpointer user_data)
{
    static const guint8 command[] = "AT\r";
    Stranger *stranger = user_data;
    SimModem *modem = sim_world_modem (sim);

    if (!sim_world_has_drivers (sim) || sim_modem_get_usb (modem) == NULL ||
        sim_modem_get_mode (modem) != SIM_MODE_EDL ||
        sim_modem_get_generation (modem) == stranger->generation)
        return TRUE;
    stranger->generation = sim_modem_get_generation (modem);
    if (sim_modem_out (modem, sim_world_now_us (sim), 0x01, command, sizeof command - 1) == SIM_OK)
        stranger->n_probes++;
    return TRUE;
}

static void
set_up_with (JobFixture *fixture, SimStart start, const char *quirks, Stranger *stranger)
{
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.start = start;
    config.diag_noise = 20;
    config.quirks = quirks;
    job_fixture_init (fixture, &config);
    *stranger = (Stranger){ .generation = sim_modem_get_generation (job_fixture_modem (fixture)) };
    sim_world_set_hook (fixture->sim, probe, stranger);
}

static void
set_up (JobFixture *fixture, SimStart start, Stranger *stranger)
{
    set_up_with (fixture, start, NULL, stranger);
}

/* It runs, with its drivers, and the port is nobody's. */
static void
assert_given_back (JobFixture *fixture, const char *version)
{
    const SimVerdict *verdict;

    g_assert_false (sim_world_is_held (fixture->sim));
    sim_world_pass_ms (fixture->sim, 60 * 1000);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
    g_assert_true (sim_world_has_drivers (fixture->sim));
    verdict = job_fixture_verdict (fixture);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, version);
    g_assert_cmpuint (verdict->n_failures, ==, 0);
}

static void
test_nobody_else (void)
{
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (stranger.n_probes, ==, 0);
    g_assert_cmpuint (sim_world_get_n_drivers_in_edl (fixture.sim), ==, 0);
    assert_given_back (&fixture, NEW);
    job_fixture_clear (&fixture);
}

/* Where the kernel does not let us, the job goes on all the same; and the stranger is one that does write. */
static void
test_impossible (void)
{
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    sim_world_set_can_hold (fixture.sim, FALSE);
    job_fixture_run (&fixture, new_package ());
    g_assert_cmpuint (stranger.n_probes, >, 0);
    g_assert_cmpuint (sim_world_get_n_drivers_in_edl (fixture.sim), >, 0);
    job_fixture_clear (&fixture);

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    sim_world_set_hook (fixture.sim, NULL, NULL);
    sim_world_set_can_hold (fixture.sim, FALSE);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_given_back (&fixture, NEW);
    job_fixture_clear (&fixture);
}

static void
cancel_in_step (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GError) error = NULL;

    if (!mfu_job_state_is_end (status->state) && status->can_cancel &&
        strstr (status->step, user_data) != NULL)
        g_assert_true (mfu_job_cancel (job, &error));
}

static void
test_cancelled (gconstpointer step)
{
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    fixture.changed = cancel_in_step;
    fixture.user_data = (gpointer) step;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    g_assert_cmpuint (stranger.n_probes, ==, 0);
    assert_given_back (&fixture, OLD);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *name;
    const char *fault;
    gboolean is_put_back;
} Failure;

static const Failure failures[] = {
    { "no switch", "diag:1+=nak", TRUE },           { "deaf switch", "diag:1+=deaf", TRUE },
    { "no programmer", "sahara-end:1+=nak", TRUE }, { "no answer", "configure:1+=deaf", TRUE },
    { "no erase", "erase:1+=nak", FALSE },          { "no write", "program-end:3+=nak", FALSE },
};

static void
test_failed (gconstpointer data)
{
    const Failure *failure = data;
    g_autofree char *why = NULL;
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), failure->fault, &why));
    job_fixture_run (&fixture, new_package ());
    g_assert_cmpuint (stranger.n_probes, ==, 0);
    g_assert_false (sim_world_is_held (fixture.sim));
    if (failure->is_put_back) {
        job_assert_state (&fixture, MFU_JOB_FAILED);
        assert_given_back (&fixture, OLD);
    } else {
        job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    }
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *name;
    SimStart start;
} Entry;

static const Entry entries[] = {
    { "fresh", SIM_START_EDL },       { "half-way", SIM_START_EDL_HALF_WAY },
    { "error", SIM_START_EDL_ERROR }, { "programmer", SIM_START_EDL_PROGRAMMER },
    { "raw", SIM_START_EDL_RAW },
};

static const Entry normal = { "normal", SIM_START_NORMAL };

/* The boot ROM that is restarted on the way comes up as what it likes: drivers get at it in normal mode only.
 */
static void
test_stuck (gconstpointer data)
{
    const Entry *entry = data;
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, entry->start, &stranger);
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (stranger.n_probes, ==, 0);
    g_assert_cmpuint (sim_world_get_n_drivers_in_edl (fixture.sim), ==, 1);
    assert_given_back (&fixture, NEW);
    job_fixture_clear (&fixture);
}

typedef struct {
    MfuJobHost host;
    guint n_taken, n_given_back;
    guint n_absent; /* times that ModemManager is not there when it is asked for the version */
    gboolean is_awake;
    guint n_awake, n_asleep;   /* events of the modem's while the machine could not sleep, and could */
    gboolean does_not_find_it; /* ModemManager runs and has no such modem */
    SimWorld *being_found;     /* ModemManager has its ports, and exports it when it is waited for */
    guint n_slow;              /* times that this takes longer than it is waited for */
    gboolean gives_up;         /* and it does not export it, but lets go of its ports */
    MfuJob *cancelled;         /* somebody cancels this job meanwhile */
    SimWorld *starts_again;    /* the modem leaves and comes meanwhile */
} FakeHost;

static gboolean
fake_take (MfuJobHost *host, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    FakeHost *fake = (FakeHost *) host;

    fake->n_taken++;
    if (fake->being_found != NULL)
        sim_world_set_open_error (fake->being_found, -1);
    return TRUE;
}

static void
fake_give_back (MfuJobHost *host, const MfuUsbDevice *device)
{
    ((FakeHost *) host)->n_given_back++;
}

static char *
fake_wait_version (MfuJobHost *host, const MfuUsbDevice *device, gint64 deadline_us, char **modem_path,
                   GCancellable *cancellable, GError **error)
{
    FakeHost *fake = (FakeHost *) host;

    if (fake->starts_again != NULL)
        sim_world_replug (fake->starts_again, 1000);
    if (fake->cancelled != NULL)
        g_assert_true (mfu_job_cancel (fake->cancelled, NULL));
    if (g_cancellable_set_error_if_cancelled (cancellable, NULL)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled");
        return NULL;
    }
    if (fake->n_slow > 0) {
        sim_world_pass_ms (fake->being_found,
                           (guint) ((deadline_us - sim_world_now_us (fake->being_found)) / 1000));
        if (--fake->n_slow == 0 && fake->gives_up)
            sim_world_set_open_error (fake->being_found, -1);
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "not yet");
        return NULL;
    }
    if (fake->does_not_find_it) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "ModemManager has not found the modem");
        return NULL;
    }
    if (fake->n_absent > 0) {
        fake->n_absent--;
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "ModemManager does not run");
        return NULL;
    }
    if (modem_path != NULL)
        *modem_path = g_strdup ("/Modem/7");
    /* It may know less than the modem. */
    if (fake->being_found != NULL && fake->n_taken == 0)
        return g_strndup (OLD, strlen (OLD) - 3);
    return g_strdup (NEW);
}

static void
fake_stay_awake (MfuJobHost *host, gboolean stays)
{
    ((FakeHost *) host)->is_awake = stays;
}

static const MfuJobHostClass fake_host_class = { fake_take, fake_give_back, fake_wait_version,
                                                 fake_stay_awake };

/* ModemManager is asked again right before the modem is told to leave: it may be another one by then. */
static void
test_taken_again (void)
{
    FakeHost fake = { .host = { &fake_host_class } };
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    fixture.host = &fake.host;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (fake.n_taken, >=, 2);
    g_assert_cmpuint (fake.n_given_back, ==, 1);
    g_assert_cmpstr (fixture.status->modem_path, ==, "/Modem/7");
    job_fixture_clear (&fixture);
}

static gboolean
count_sleep (SimWorld *sim, guint number, gpointer user_data)
{
    FakeHost *fake = user_data;

    *(fake->is_awake ? &fake->n_awake : &fake->n_asleep) += 1;
    return TRUE;
}

/* Whatever the modem is in at first, and however it ends, the machine sleeps before and after, not meanwhile.
 */
static void
test_awake (gconstpointer data)
{
    const Entry *entry = data;
    static const char *const faults[] = { NULL, "program:2=vanish:off" };

    for (gsize i = 0; i < G_N_ELEMENTS (faults); i++) {
        FakeHost fake = { .host = { &fake_host_class } };
        g_autofree char *why = NULL;
        JobFixture fixture;
        Stranger stranger;

        set_up (&fixture, entry->start, &stranger);
        sim_world_set_hook (fixture.sim, count_sleep, &fake);
        fixture.host = &fake.host;
        fixture.version = OLD;
        fixture.allow[1] = "unidentified";
        g_assert_true (faults[i] == NULL ||
                       sim_modem_add_fault (job_fixture_modem (&fixture), faults[i], &why));
        job_fixture_run (&fixture, new_package ());
        job_assert_state (&fixture, faults[i] == NULL ? MFU_JOB_DONE : MFU_JOB_NEEDS_RECOVERY);
        g_assert_cmpuint (fake.n_asleep, ==, 0);
        g_assert_cmpuint (fake.n_awake, >, 50);
        g_assert_false (fake.is_awake);
        job_fixture_clear (&fixture);
    }
}

/* Without ModemManager the modem tells its version itself. */
static void
test_absent (void)
{
    FakeHost fake = { .host = { &fake_host_class }, .n_absent = G_MAXUINT };
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    fixture.host = &fake.host;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    g_assert_cmpstr (fixture.status->modem_path, ==, "");
    job_fixture_clear (&fixture);
}

/* One that runs and has been told to ignore the modem, or has given it up, does not keep it from telling. */
static void
test_not_found (gconstpointer fault)
{
    FakeHost fake = { .host = { &fake_host_class }, .does_not_find_it = TRUE };
    g_autofree char *why = NULL;
    JobFixture fixture;
    Stranger stranger;

    set_up_with (&fixture, SIM_START_NORMAL, "no-qmi", &stranger);
    fixture.host = &fake.host;
    fixture.version = OLD;
    if (fault != NULL)
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), fault, &why));
    job_fixture_run (&fixture, new_package ());
    if (fault == NULL) {
        job_assert_state (&fixture, MFU_JOB_DONE);
        g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    } else {
        job_assert_state (&fixture, MFU_JOB_FLASHED_UNVERIFIED);
        job_assert_message (&fixture, MFU_ERROR_FLASHED_UNVERIFIED, "has not found the modem");
    }
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *name;
    guint n_slow;
    gboolean gives_up, is_absent, is_cancelled;
    MfuJobState state;
    int code;
} Finding;

static const Finding findings[] = {
    { "found", .state = MFU_JOB_DONE },
    { "found-late", .n_slow = 3, .state = MFU_JOB_DONE },
    { "given-up", .n_slow = 2, .gives_up = TRUE, .state = MFU_JOB_DONE },
    { "never", .n_slow = 100, .state = MFU_JOB_FAILED, .code = MFU_ERROR_BUSY },
    { "somebody-elses", .is_absent = TRUE, .state = MFU_JOB_FAILED, .code = MFU_ERROR_BUSY },
    { "cancelled", .is_cancelled = TRUE, .state = MFU_JOB_CANCELLED, .code = MFU_ERROR_CANCELLED },
};

static void
hand_over (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    ((FakeHost *) user_data)->cancelled = job;
}

/* A modem whose ports are in use is waited for if it may be ModemManager that is just finding it. */
static void
test_being_found (gconstpointer data)
{
    const Finding *finding = data;
    FakeHost fake = { .host = { &fake_host_class },
                      .n_slow = finding->n_slow,
                      .gives_up = finding->gives_up };
    gint64 began_us;
    JobFixture fixture;
    Stranger stranger;

    set_up (&fixture, SIM_START_NORMAL, &stranger);
    fixture.host = &fake.host;
    fake.being_found = fixture.sim;
    fake.n_absent = finding->is_absent ? 1 : 0;
    if (finding->is_cancelled) {
        fixture.changed = hand_over;
        fixture.user_data = &fake;
    }
    sim_world_set_open_error (fixture.sim, MFU_ERROR_BUSY);
    began_us = sim_world_now_us (fixture.sim);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, finding->state);
    g_assert_cmpuint (fake.n_absent, ==, 0);
    if (finding->state == MFU_JOB_DONE) {
        g_assert_cmpstr (fixture.status->from_version, ==, OLD);
        assert_given_back (&fixture, NEW);
    } else {
        job_assert_message (&fixture, finding->code, "");
        g_assert_cmpuint (fake.n_taken, ==, 0);
        g_assert_cmpint (sim_world_now_us (fixture.sim) - began_us, <, 200 * G_USEC_PER_SEC);
        sim_world_set_open_error (fixture.sim, -1);
        assert_given_back (&fixture, OLD);
    }
    job_fixture_clear (&fixture);
}

/* Another start of the new firmware is met while it is waited for, and the last question is for the modem as
 * it is then. */
static void
test_starts_again (void)
{
    FakeHost fake = { .host = { &fake_host_class }, .does_not_find_it = TRUE };
    JobFixture fixture;
    Stranger stranger;

    set_up_with (&fixture, SIM_START_NORMAL, "no-qmi", &stranger);
    fixture.host = &fake.host;
    fixture.version = OLD;
    fake.starts_again = fixture.sim;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    job_fixture_clear (&fixture);
}

static gboolean
boot_into_edl (SimWorld *sim, guint number, gpointer user_data)
{
    gboolean *is_done = user_data;
    SimModem *modem = sim_world_modem (sim);

    if (*is_done || sim_modem_get_faults_hit (modem) == 0)
        return TRUE;
    *is_done = TRUE;
    sim_modem_usb_boot (modem, sim_world_now_us (sim));
    return TRUE;
}

/* One that ends up elsewhere is no modem that is back: what is known of it stays. */
static void
test_leaves_for_good (void)
{
    FakeHost fake = { .host = { &fake_host_class }, .n_absent = G_MAXUINT };
    gboolean is_done = FALSE;
    JobFixture fixture;
    Stranger stranger;
    g_autofree char *journal = NULL;

    set_up_with (&fixture, SIM_START_NORMAL, "no-qmi", &stranger);
    fixture.host = &fake.host;
    fixture.version = OLD;
    sim_world_set_hook (fixture.sim, boot_into_edl, &is_done);
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), "at:1=vanish", NULL));
    job_fixture_run (&fixture, new_package ());
    g_assert_true (is_done);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    job_assert_message (&fixture, MFU_ERROR_NEEDS_RECOVERY, "left normal mode again (edl)");
    journal = g_build_filename (fixture.state_dir, SIM_PLACE ".journal", NULL);
    g_assert_true (g_file_test (journal, G_FILE_TEST_EXISTS));
    job_fixture_clear (&fixture);
}

/* New firmware may not be ready for commands yet, or start the modem once more by itself: it is asked again.
 */
static void
test_unready (gconstpointer faults)
{
    FakeHost fake = { .host = { &fake_host_class }, .n_absent = G_MAXUINT };
    g_auto (GStrv) list = g_strsplit (faults, " ", -1);
    g_autofree char *why = NULL;
    JobFixture fixture;
    Stranger stranger;

    set_up_with (&fixture, SIM_START_NORMAL, "no-qmi", &stranger);
    fixture.host = &fake.host;
    fixture.version = OLD;
    for (guint i = 0; list[i] != NULL; i++)
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), list[i], &why));
    job_fixture_run (&fixture, new_package ());
    g_assert_cmpuint (sim_modem_get_faults_hit (job_fixture_modem (&fixture)), ==, g_strv_length (list));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    job_fixture_clear (&fixture);
}

/* Where no driver makes its serial ports, the modem is rescued all the same, and asked by QMI if it has that.
 */
static void
test_no_serial (gconstpointer tells)
{
    JobFixture fixture;
    Stranger stranger;

    set_up_with (&fixture, SIM_START_EDL, tells != NULL ? NULL : "no-qmi", &stranger);
    sim_world_set_lacks_serial (fixture.sim, TRUE);
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, new_package ());
    if (tells != NULL) {
        job_assert_state (&fixture, MFU_JOB_DONE);
    } else {
        job_assert_state (&fixture, MFU_JOB_FLASHED_UNVERIFIED);
        job_assert_message (&fixture, MFU_ERROR_FLASHED_UNVERIFIED, "could not be asked");
    }
    g_assert_true (job_fixture_verdict (&fixture)->boots);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, NEW);
    job_fixture_clear (&fixture);
}

/* One that was started just when the modem was asked has its AT port: it is the one to ask then. */
static void
test_started_late (void)
{
    FakeHost fake = { .host = { &fake_host_class }, .n_absent = 1 };
    g_autofree char *why = NULL;
    JobFixture fixture;
    Stranger stranger;

    set_up_with (&fixture, SIM_START_NORMAL, "no-qmi", &stranger);
    fixture.host = &fake.host;
    fixture.version = OLD;
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), "at:1+=deaf", &why));
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (fake.n_absent, ==, 0);
    g_assert_cmpstr (fixture.status->modem_path, ==, "/Modem/7");
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    static const char *const early_steps[] = { "let go", "switching", "loading", "checking" };
    int result;

    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/hold/nobody-else", test_nobody_else);
    g_test_add_func ("/hold/impossible", test_impossible);
    g_test_add_func ("/hold/taken-again", test_taken_again);
    g_test_add_func ("/hold/absent", test_absent);
    g_test_add_func ("/hold/started-late", test_started_late);
    g_test_add_data_func ("/hold/not-found/tells", NULL, test_not_found);
    g_test_add_data_func ("/hold/not-found/mute", "at:1+=deaf", test_not_found);
    for (gsize i = 0; i < G_N_ELEMENTS (findings); i++) {
        g_autofree char *path = g_strdup_printf ("/hold/in-use/%s", findings[i].name);

        g_test_add_data_func (path, &findings[i], test_being_found);
    }
    g_test_add_func ("/hold/starts-again", test_starts_again);
    g_test_add_func ("/hold/leaves-for-good", test_leaves_for_good);
    g_test_add_data_func ("/hold/no-serial/qmi", GINT_TO_POINTER (TRUE), test_no_serial);
    g_test_add_data_func ("/hold/no-serial/mute", NULL, test_no_serial);
    g_test_add_data_func ("/hold/unready/refuses", "at:1=nak at:2=nak", test_unready);
    g_test_add_data_func ("/hold/unready/restarts", "at:1=vanish", test_unready);
    for (gsize i = 0; i < G_N_ELEMENTS (early_steps); i++) {
        g_autofree char *path = g_strdup_printf ("/hold/cancelled/%s", early_steps[i]);

        g_test_add_data_func (path, early_steps[i], test_cancelled);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (failures); i++) {
        g_autofree char *path = g_strdup_printf ("/hold/failed/%s", failures[i].name);

        g_test_add_data_func (path, &failures[i], test_failed);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
        g_autofree char *path = g_strdup_printf ("/hold/stuck/%s", entries[i].name);

        g_test_add_data_func (path, &entries[i], test_stuck);
    }
    g_test_add_data_func ("/hold/awake/normal", &normal, test_awake);
    g_test_add_data_func ("/hold/awake/stuck", &entries[0], test_awake);
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
