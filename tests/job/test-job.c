/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whole jobs against the simulated modem: the good way, and every way in from a modem that is stuck. */

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

static void
set_up (JobFixture *fixture, SimStart start, const char *quirks)
{
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.start = start;
    config.quirks = quirks;
    config.diag_noise = 20;
    job_fixture_init (fixture, &config);
}

static void
assert_new_firmware (JobFixture *fixture)
{
    const SimVerdict *verdict = job_fixture_verdict (fixture);

    g_assert_cmpstr (verdict->reason, ==, NULL);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, NEW);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
}

static void
test_update (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_no_error (fixture.status->error);
    g_assert_cmpstr (fixture.status->from_version, ==, OLD);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    g_assert_cmpfloat (fixture.status->progress, ==, 1.0);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* SBL is erased first and programmed last; every other program lies between; MIBIB just before SBL. */
static void
test_wire_order (void)
{
    JobFixture fixture;
    SimModem *modem;
    g_autoptr (GPtrArray) erases = g_ptr_array_new ();
    g_autoptr (GPtrArray) programs = g_ptr_array_new ();
    guint sbl, mibib, n;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    modem = job_fixture_modem (&fixture);
    g_assert_true (sim_modem_find_partition (modem, "SBL", &sbl, &n));
    g_assert_true (sim_modem_find_partition (modem, "MIBIB", &mibib, &n));
    for (guint i = 0; i < sim_modem_get_n_ops (modem); i++) {
        const SimOp *op = sim_modem_get_op (modem, i);

        if (op->kind == SIM_OP_ERASE) {
            /* Every erase comes before every program. */
            g_assert_cmpuint (programs->len, ==, 0);
            g_ptr_array_add (erases, (gpointer) op);
        } else if (op->kind == SIM_OP_PROGRAM) {
            g_ptr_array_add (programs, (gpointer) op);
        }
    }
    g_assert_cmpuint (erases->len, >, 8);
    g_assert_cmpuint (programs->len, >, 8);
    g_assert_cmpuint (((const SimOp *) erases->pdata[0])->start, ==, sbl);
    g_assert_cmpuint (((const SimOp *) programs->pdata[programs->len - 1])->start, ==, sbl);
    g_assert_cmpuint (((const SimOp *) programs->pdata[programs->len - 2])->start, ==, mibib);
    job_fixture_clear (&fixture);
}

/* What boots was read back after it was written. */
static void
test_read_back (void)
{
    static const char *const names[] = { "TZ", "RPM", "aboot", "boot", "MIBIB" };
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
        guint start, n;

        g_assert_true (sim_modem_find_partition (job_fixture_modem (&fixture), names[i], &start, &n));
        for (guint page = start; page < start + n; page++) {
            guint flags = sim_modem_get_page_flags (job_fixture_modem (&fixture), page);

            if (flags & SIM_PAGE_PROGRAMMED)
                g_assert_true (flags & SIM_PAGE_READ_BACK);
        }
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

/* A modem that nobody remembers needs the user's word, then it is finished from wherever it stands. */
static void
test_entry (gconstpointer data)
{
    const Entry *entry = data;
    JobFixture fixture;

    set_up (&fixture, entry->start, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "unidentified");
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);

    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *name;
    SimStart start;
    const char *fault;
    const char *sent[3]; /* the documents of a killed run, as far as it came; NULL: one piece of an image */
} Busy;

#define DOCUMENT(text) "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<" text "/>\n</data>\n"

static const Busy busy[] = {
    { "raw", SIM_START_EDL_RAW, "program-data:1", { NULL } },
    { "erase",
      SIM_START_EDL_PROGRAMMER,
      "erase:1",
      { DOCUMENT ("configure MemoryName=\"nand\" MaxPayloadSizeToTargetInBytes=\"8192\" ZlpAwareHost=\"1\" "),
        DOCUMENT ("erase SECTOR_SIZE_IN_BYTES=\"4096\" PAGES_PER_BLOCK=\"64\" start_sector=\"0\" "
                  "num_partition_sectors=\"640\" ") } },
};

static void
send_as_killed (JobFixture *fixture, const void *data, gsize size)
{
    SimModem *modem = job_fixture_modem (fixture);

    g_assert_cmpint (sim_modem_out (modem, sim_world_now_us (fixture->sim), 1, data, size), ==, SIM_OK);
    if (size % 512 == 0)
        g_assert_cmpint (sim_modem_out (modem, sim_world_now_us (fixture->sim), 1, NULL, 0), ==, SIM_OK);
}

/* The chip is at work on what a killed run had sent last, for a time that has nothing to do with our
 * questions: some of them are not taken at all, and the first answer is not ours. */
static void
test_entry_busy (gconstpointer data)
{
    static const guint8 piece[8192];
    const Busy *what = data;

    for (guint ms = 500; ms <= 7000; ms += 250) {
        g_autofree char *fault = g_strdup_printf ("%s=slow:%u", what->fault, ms);
        g_autofree char *why = NULL;
        JobFixture fixture;
        SimModem *modem;
        guint8 heard[4096];
        gsize size;

        set_up (&fixture, what->start, NULL);
        fixture.allow[1] = "unidentified";
        modem = job_fixture_modem (&fixture);
        sim_world_pass_ms (fixture.sim, 2000);
        g_assert_true (sim_modem_add_fault (modem, fault, &why));
        if (what->sent[0] == NULL)
            send_as_killed (&fixture, piece, sizeof piece);
        for (guint i = 0; what->sent[i] != NULL; i++) {
            sim_world_pass_ms (fixture.sim, 100);
            while (sim_modem_in (modem, sim_world_now_us (fixture.sim), 0x81, heard, sizeof heard, &size) ==
                   SIM_OK)
                ;
            send_as_killed (&fixture, what->sent[i], strlen (what->sent[i]));
        }
        sim_modem_lose_track (modem);
        job_fixture_run (&fixture, new_package ());
        g_test_message ("at work for %u ms", ms);
        job_assert_state (&fixture, MFU_JOB_DONE);
        assert_new_firmware (&fixture);
        job_fixture_clear (&fixture);
    }
}

typedef struct {
    const char *name;
    const char *quirks;
} Quirk;

static const Quirk quirks[] = {
    { "nak-payload", "nak-payload" },
    { "no-read", "no-read" },
    { "no-diag-echo", "no-diag-echo" },
    { "in-zlp", "in-zlp" },
    { "no-command-mode", "no-command-mode" },
    { "done-complete", "done-complete" },
    { "merge", "merge" },
    { "fragment", "fragment" },
    { "read-64", "read-64" },
};

static void
test_quirk (gconstpointer data)
{
    const Quirk *quirk = data;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, quirk->quirks);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* A live partition table that differs is caught before the first erase, and the modem runs its old firmware.
 */
static void
test_other_table (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "other-table");
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "table");
    for (guint i = 0; i < sim_modem_get_n_ops (job_fixture_modem (&fixture)); i++)
        g_assert_cmpint (sim_modem_get_op (job_fixture_modem (&fixture), i)->kind, !=, SIM_OP_ERASE);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

/* The engine dies at a random place in the middle; the next run of the same package finishes, with no option.
 */
static gboolean
die_at (SimWorld *sim, guint number, gpointer user_data)
{
    return number < GPOINTER_TO_UINT (user_data);
}

static void
test_killed_and_run_again (void)
{
    JobFixture fixture;
    guint n_events;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    n_events = sim_world_get_n_events (fixture.sim);
    job_fixture_clear (&fixture);
    g_assert_cmpuint (n_events, >, 500);

    for (guint i = 1; i < 20; i++) {
        const SimVerdict *verdict;

        set_up (&fixture, SIM_START_NORMAL, NULL);
        sim_world_set_hook (fixture.sim, die_at, GUINT_TO_POINTER (n_events * i / 20));
        job_fixture_run (&fixture, new_package ());
        g_assert_cmpint (fixture.status->state, !=, MFU_JOB_DONE);
        sim_world_set_hook (fixture.sim, NULL, NULL);
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        fixture.allow[1] = "reinstall";
        job_fixture_run (&fixture, new_package ());
        if (fixture.status->state != MFU_JOB_DONE)
            g_error ("killed at event %u of %u: %s: %s", n_events * i / 20, n_events,
                     mfu_job_state_to_string (fixture.status->state), fixture.status->error->message);
        verdict = job_fixture_verdict (&fixture);
        g_assert_true (verdict->boots);
        g_assert_cmpstr (verdict->version, ==, NEW);
        g_assert_false (verdict->is_bricked);
        job_fixture_clear (&fixture);
    }
}

static void
cancel_in_step (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GError) error = NULL;

    if (strstr (status->step, user_data) == NULL || mfu_job_state_is_end (status->state))
        return;
    if (status->can_cancel) {
        g_assert_true (mfu_job_cancel (job, &error));
        g_assert_no_error (error);
    } else {
        g_assert_false (mfu_job_cancel (job, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_NEEDS_RECOVERY);
    }
}

static void
test_cancel_before_erase (gconstpointer step)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.changed = cancel_in_step;
    fixture.user_data = (gpointer) step;
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    sim_world_pass_ms (fixture.sim, 60 * 1000);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, OLD);
    g_assert_true (job_fixture_verdict (&fixture)->boots);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *fault;
    const char *quirks;
} LateSwitch;

/* The engine waits 3 s for the echo, and the simulated modem leaves 20 ms after it. */
static const LateSwitch late_switches[] = {
    { "diag:1=slow:2900", NULL },
    { "diag:1=slow:2990", NULL },
    { "diag:1=slow:3000", NULL },
    { "diag:1=slow:3050", NULL },
    { "diag:1=slow:3000", "no-diag-echo" },
    { "diag:1=slow:3200", NULL },
    { "diag:1=slow:6100", NULL },
    { "diag:1=deaf", NULL },
    { "diag:1+=slow:9700", "no-diag-echo" },
    { "diag:1+=slow:30000", "no-diag-echo" },
};

/* A modem that obeys when it is just being asked again obeys all the same. */
static void
test_late_switch (gconstpointer data)
{
    const LateSwitch *late = data;
    g_autofree char *why = NULL;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, late->quirks);
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), late->fault, &why));
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* One that is given up, and then obeys after all, is put back all the same. */
static void
test_very_late_switch (gconstpointer data)
{
    g_autofree char *why = NULL;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "no-diag-echo");
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), data, &why));
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    sim_world_pass_ms (fixture.sim, 60 * 1000);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, OLD);
    job_fixture_clear (&fixture);
}

static void
test_cancel_after_erase (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.changed = cancel_in_step;
    fixture.user_data = (gpointer) "writing modem";
    job_fixture_run (&fixture, new_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    static const char *const early_steps[] = { "let go", "switching", "loading", "checking" };
    static const char *const very_late_switches[] = { "diag:1+=slow:45000", "diag:1+=deaf" };
    int result;

    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/job/update", test_update);
    g_test_add_func ("/job/wire-order", test_wire_order);
    g_test_add_func ("/job/read-back", test_read_back);
    g_test_add_func ("/job/other-table", test_other_table);
    g_test_add_func ("/job/killed-and-run-again", test_killed_and_run_again);
    g_test_add_func ("/job/cancel-after-erase", test_cancel_after_erase);
    for (gsize i = 0; i < G_N_ELEMENTS (early_steps); i++) {
        g_autofree char *path = g_strdup_printf ("/job/cancel/%s", early_steps[i]);

        g_test_add_data_func (path, early_steps[i], test_cancel_before_erase);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (late_switches); i++) {
        g_autofree char *path = g_strdup_printf ("/job/late-switch/%s%s", late_switches[i].fault,
                                                 late_switches[i].quirks != NULL ? "-mute" : "");

        g_test_add_data_func (path, &late_switches[i], test_late_switch);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (very_late_switches); i++) {
        g_autofree char *path = g_strdup_printf ("/job/very-late-switch/%s", very_late_switches[i]);

        g_test_add_data_func (path, very_late_switches[i], test_very_late_switch);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
        g_autofree char *path = g_strdup_printf ("/job/entry/%s", entries[i].name);

        g_test_add_data_func (path, &entries[i], test_entry);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (busy); i++) {
        g_autofree char *path = g_strdup_printf ("/job/entry/busy/%s", busy[i].name);

        g_test_add_data_func (path, &busy[i], test_entry_busy);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (quirks); i++) {
        g_autofree char *path = g_strdup_printf ("/job/quirk/%s", quirks[i].name);

        g_test_add_data_func (path, &quirks[i], test_quirk);
    }
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
