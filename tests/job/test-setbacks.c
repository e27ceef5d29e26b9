/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One thing goes wrong on the bus in the middle of a job, or nothing is said any more: the job ends in a
 * known state, and its sentence says what a user has to do. Each was found by tests/faults. */

#include "job-fixture.h"

#include "util/error.h"

#include <string.h>

#define OLD "EC25EFAR06A05M4G"
#define NEW "EC25EFAR06A08M4G"

static const char *
new_package (void)
{
    return job_fixture_package (NEW, "--version", NEW, "--geometry", "p4K_b256K", "--size", "mini", NULL);
}

static void
set_up (JobFixture *fixture, SimStart start, const char *fault)
{
    g_autofree char *why = NULL;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.start = start;
    job_fixture_init (fixture, &config);
    if (fault != NULL && !sim_modem_add_fault (job_fixture_modem (fixture), fault, &why))
        g_error ("%s: %s", fault, why);
}

static void
assert_version (JobFixture *fixture, const char *version)
{
    sim_world_pass_ms (fixture->sim, 120 * 1000);
    g_assert_true (job_fixture_verdict (fixture)->boots);
    g_assert_cmpstr (job_fixture_verdict (fixture)->version, ==, version);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
}

/* A transfer that fails in the middle of an answer leaves an engine that can still be told to reset. */
static void
test_put_back (gconstpointer fault)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, fault);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    assert_version (&fixture, OLD);
    job_fixture_clear (&fixture);
}

/* The stall that one run has left is not the next one's end. */
static void
test_stall_left_behind (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "erase:2=stall");
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_version (&fixture, NEW);
    job_fixture_clear (&fixture);
}

/* Nobody knows whether boot ROM or programmer answers: the modem is not talked to in the hope that it is one.
 */
static void
test_unclear_is_left_alone (void)
{
    JobFixture fixture;
    guint64 n_bytes;

    set_up (&fixture, SIM_START_EDL_PROGRAMMER, "transfer:1+=stall");
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    n_bytes = sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL);
    /* Two looks, of 256 bytes at most. */
    g_assert_cmpuint (n_bytes, <=, 512);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_version (&fixture, NEW);
    job_fixture_clear (&fixture);
}

static void
cancel_at_load (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GError) ignored = NULL;

    if (strstr (status->step, "loading") != NULL && !mfu_job_cancel (job, &ignored))
        g_debug ("%s", ignored->message);
}

/* The same where nobody has come to ask. */
static void
test_unasked_is_left_alone (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_EDL_PROGRAMMER, NULL);
    fixture.allow[1] = "unidentified";
    fixture.changed = cancel_at_load;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    job_fixture_clear (&fixture);
}

/* What only the hand at the plug can help is said. */
static void
test_says_power (gconstpointer fault)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_FASTBOOT, fault);
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_TIMED_OUT, "take its power away for ten seconds");
    g_assert_null (strstr (fixture.status->advice, "Keep the modem powered"));
    g_assert_nonnull (strstr (fixture.status->advice, "--firmware-recover"));
    job_fixture_clear (&fixture);
}

static void
test_nobody_remembers (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_EDL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "take its power away for ten seconds");
    sim_modem_power_cycle (job_fixture_modem (&fixture), sim_world_now_us (fixture.sim));
    assert_version (&fixture, OLD);
    job_fixture_clear (&fixture);
}

/* A fastboot run was cut in the middle, and the modem then reset to its boot ROM. */
static void
set_up_noted (JobFixture *fixture)
{
    set_up (fixture, SIM_START_NORMAL, "fastboot-flash:2=vanish");
    fixture->method = "fastboot";
    job_fixture_run (fixture, new_package ());
    job_assert_state (fixture, MFU_JOB_NEEDS_RECOVERY);
    fixture->method = NULL;
    sim_modem_usb_boot (job_fixture_modem (fixture), sim_world_now_us (fixture->sim));
    sim_world_pass_ms (fixture->sim, 10 * 1000);
}

/* What keeps it in fastboot mode is not taken away by a Firehose run that has written nothing: it would start
 * what is half-written. */
static void
test_note_is_kept (void)
{
    g_autofree char *why = NULL;
    JobFixture fixture;

    set_up_noted (&fixture);
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), "getstorageinfo:1=stall", &why));
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    sim_world_pass_ms (fixture.sim, 120 * 1000);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_FASTBOOT);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_version (&fixture, NEW);
    job_fixture_clear (&fixture);
}

/* By one that has written everything it is. */
static void
test_note_is_taken_away (void)
{
    JobFixture fixture;

    set_up_noted (&fixture);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, "firehose");
    assert_version (&fixture, NEW);
    job_fixture_clear (&fixture);
}

static gboolean
die_in_sahara (SimWorld *sim, guint number, gpointer user_data)
{
    return number < 12;
}

/* A boot ROM that is half-way has to start anew, and the note then leads elsewhere. */
static void
test_note_leads_away (void)
{
    JobFixture fixture;

    set_up_noted (&fixture);
    sim_world_set_hook (fixture.sim, die_in_sahara, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    sim_world_set_hook (fixture.sim, NULL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_PROTOCOL, "run the same command again");
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, "fastboot");
    assert_version (&fixture, NEW);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    static const char *const stalls[] = { "configure:1=stall", "getstorageinfo:1=stall", "read:1=stall" };
    int result;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (stalls); i++) {
        g_autofree char *path = g_strdup_printf ("/setbacks/put-back/%s", stalls[i]);

        g_test_add_data_func (path, stalls[i], test_put_back);
    }
    g_test_add_func ("/setbacks/stall-left-behind", test_stall_left_behind);
    g_test_add_func ("/setbacks/unclear-is-left-alone", test_unclear_is_left_alone);
    g_test_add_func ("/setbacks/unasked-is-left-alone", test_unasked_is_left_alone);
    g_test_add_data_func ("/setbacks/says-power/fastboot", "fastboot:1+=deaf", test_says_power);
    g_test_add_func ("/setbacks/nobody-remembers", test_nobody_remembers);
    g_test_add_func ("/setbacks/note/kept", test_note_is_kept);
    g_test_add_func ("/setbacks/note/leads-away", test_note_leads_away);
    g_test_add_func ("/setbacks/note/taken-away", test_note_is_taken_away);
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
