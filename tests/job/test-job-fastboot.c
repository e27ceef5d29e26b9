/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whole jobs by fastboot against the simulated modem: the good ways, every fault at every command, and every
 * place at which a run can be cut. */

#include "job-fixture.h"

#include "job/journal.h"
#include "util/error.h"

#include <string.h>

#define OLD "EC25EFAR06A05M4G"
#define NEW "EC25EFAR06A08M4G"

static const char *
both_package (void)
{
    return job_fixture_package (NEW, "--version", NEW, "--geometry", "p4K_b256K", NULL);
}

static const char *
fastboot_package (void)
{
    return job_fixture_package (NEW, "--version", NEW, "--geometry", "p4K_b256K", "--without", "firehose",
                                NULL);
}

static void
set_up (JobFixture *fixture, SimStart start, const char *quirks)
{
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.start = start;
    config.quirks = quirks;
    job_fixture_init (fixture, &config);
}

static void
add_fault (JobFixture *fixture, const char *fault)
{
    g_autofree char *why = NULL;

    if (!sim_modem_add_fault (job_fixture_modem (fixture), fault, &why))
        g_error ("%s: %s", fault, why);
}

/* It runs the new version, nothing keeps it in fastboot, and nothing was done to it that may not be done. */
static void
assert_new_firmware (JobFixture *fixture)
{
    const SimVerdict *verdict = job_fixture_verdict (fixture);

    g_assert_cmpstr (verdict->reason, ==, NULL);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, NEW);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
}

static void
assert_old_firmware (JobFixture *fixture)
{
    const SimVerdict *verdict = job_fixture_verdict (fixture);

    sim_world_pass_ms (fixture->sim, 120 * 1000);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, OLD);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
}

static gboolean
was_written (JobFixture *fixture, const char *partition)
{
    guint start, n;

    g_assert_true (sim_modem_find_partition (job_fixture_modem (fixture), partition, &start, &n));
    for (guint page = start; page < start + n; page++)
        if (sim_modem_get_page_flags (job_fixture_modem (fixture), page) &
            (SIM_PAGE_ERASED | SIM_PAGE_PROGRAMMED))
            return TRUE;
    return FALSE;
}

static void
test_update (gconstpointer quirks)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, quirks);
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_no_error (fixture.status->error);
    g_assert_cmpstr (fixture.status->plan_method, ==, "fastboot");
    g_assert_cmpstr (fixture.status->from_version, ==, OLD);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    g_assert_cmpfloat (fixture.status->progress, ==, 1.0);
    g_assert_cmpuint (fixture.status->bytes_done, ==, fixture.status->bytes_total);
    assert_new_firmware (&fixture);
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    g_assert_true (was_written (&fixture, "system"));
    g_assert_false (was_written (&fixture, "tz"));
    g_assert_false (was_written (&fixture, "aboot"));
    g_assert_false (was_written (&fixture, "sbl"));
    g_assert_false (was_written (&fixture, "mibib"));
    job_fixture_clear (&fixture);
}

static void
test_asked_for (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.method = "fastboot";
    job_fixture_run (&fixture, both_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *family, *from, *to, *method;
} Other;

static const Other others[] = {
    { "ep06", "EP06ELAR03A06M4G", "EP06ELAR03A09M4G", "firehose" },
    { "ep06", "EP06ELAR03A06M4G", "EP06ELAR03A09M4G", "fastboot" },
    { "eg25", "EG25GGBR07A06M2G", "EG25GGBR07A08M2G", "fastboot" },
};

static void
test_other_family (gconstpointer data)
{
    const Other *other = data;
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.family = other->family;
    config.version = other->from;
    job_fixture_init (&fixture, &config);
    fixture.method = other->method;
    job_fixture_run (&fixture, job_fixture_package (other->to, "--family", other->family, NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, other->method);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, other->to);
    g_assert_false (job_fixture_verdict (&fixture)->is_bricked);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    job_fixture_clear (&fixture);
}

/* With the user's word the boot chain is written too: last, aboot behind all. */
static void
test_boot_chain (void)
{
    static const char *const order[] = { "tz", "rpm", "sbl", "aboot" };
    JobFixture fixture;
    SimModem *modem;
    guint at = 0;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.allow[1] = "boot-chain";
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    modem = job_fixture_modem (&fixture);
    for (guint i = 0; i < sim_modem_get_n_ops (modem); i++) {
        const SimOp *op = sim_modem_get_op (modem, i);
        guint start, n;

        if (op->kind != SIM_OP_PROGRAM)
            continue;
        g_assert_true (at == 0 || at < G_N_ELEMENTS (order));
        g_assert_true (sim_modem_find_partition (modem, order[at], &start, &n));
        if (op->start >= start && op->start < start + n)
            at++;
        else
            g_assert_cmpuint (at, ==, 0);
    }
    g_assert_cmpuint (at, ==, G_N_ELEMENTS (order));
    g_assert_false (was_written (&fixture, "mibib"));
    job_fixture_clear (&fixture);
}

/* Where a modem is lost that vanishes while image number `i` is written: the journal's window, or NULL when
 * nothing is lost. FALSE: there are not that many images. */
static gboolean
find_window (guint i, char **window)
{
    static const char begin[] = "was cut off while ", end[] = " was written";
    g_autofree char *fault = g_strdup_printf ("fastboot-flash:%u=vanish", i);
    g_autofree char *why = NULL;
    g_autoptr (GError) error = g_error_new_literal (MFU_ERROR, MFU_ERROR_NOT_FOUND, "nothing");
    JobFixture fixture;
    gboolean is_hit;
    const char *said;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.allow[1] = "boot-chain";
    g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), fault, &why));
    job_fixture_run (&fixture, fastboot_package ());
    is_hit = sim_modem_get_faults_hit (job_fixture_modem (&fixture)) > 0;
    mfu_journal_explain_absence (fixture.state_dir, "1-2", &error);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    said = strstr (error->message, begin);
    *window = said != NULL ? g_strdup (said + strlen (begin)) : NULL;
    if (*window != NULL)
        *strstr (*window, end) = '\0';
    job_fixture_clear (&fixture);
    return is_hit;
}

/* Each image of the boot chain is a window of its own, and what is written before them is none. */
static void
test_window (void)
{
    static const char *const order[] = { "tz", "rpm", "sbl", "aboot" };
    g_autoptr (GPtrArray) windows = g_ptr_array_new_with_free_func (g_free);
    char *window;

    while (find_window (windows->len + 1, &window))
        g_ptr_array_add (windows, window);
    g_assert_null (window);
    g_assert_cmpuint (windows->len, >, G_N_ELEMENTS (order));
    for (guint i = 0; i < windows->len; i++) {
        guint n_left = windows->len - i;

        g_assert_cmpstr (windows->pdata[i], ==,
                         n_left <= G_N_ELEMENTS (order) ? order[G_N_ELEMENTS (order) - n_left] : NULL);
    }
}

typedef struct {
    const char *name;
    SimStart start;
} Entry;

static const Entry entries[] = {
    { "fresh", SIM_START_FASTBOOT },
    { "dead", SIM_START_FASTBOOT_DEAD },
    { "data", SIM_START_FASTBOOT_DATA },
};

/* A modem in fastboot that nobody remembers needs the user's word, then it is finished from wherever it
 * stands. */
static void
test_entry (gconstpointer data)
{
    const Entry *entry = data;
    JobFixture fixture;

    set_up (&fixture, entry->start, NULL);
    job_fixture_run (&fixture, both_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "unidentified");
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_FASTBOOT), ==, 0);

    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, both_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *fault;
    int code; /* -1: the job is done all the same */
    const char *sentence;
} Early;

/* Before the first write: the modem is put back with the firmware that it had. */
static const Early early[] = {
    { "qfastboot=nak", MFU_ERROR_REJECTED, "Switching to fastboot mode" },
    { "qfastboot=deaf", -1, NULL },
    { "qfastboot:1+=deaf", MFU_ERROR_TIMED_OUT, "told to enter fastboot mode" },
    { "qfastboot=silent", -1, NULL },
    { "fastboot-getvar:2=deaf", MFU_ERROR_TIMED_OUT, "getvar" },
    { "fastboot-getvar:1=deaf", -1, NULL },
    { "fastboot-getvar:1=garbage", -1, NULL },
    { "fastboot-getvar:1=double", -1, NULL },
    { "fastboot-getvar:1=flood:10", -1, NULL },
    { "fastboot-getvar:2=garbage", MFU_ERROR_PROTOCOL, "none of fastboot" },
    { "fastboot-getvar:2=short", MFU_ERROR_PROTOCOL, "none of fastboot" },
    { "fastboot-getvar:2=long", MFU_ERROR_PROTOCOL, "none of fastboot" },
    { "fastboot-getvar:2=nak", -1, NULL },
    { "fastboot-getvar:3=nak", -1, NULL },
    { "fastboot-getvar:4=nak", MFU_ERROR_UNSUPPORTED, "takes 0 at once" },
    { "fastboot-getvar:2=vanish", MFU_ERROR_GONE, "left its port" },
};

static void
test_early (gconstpointer data)
{
    const Early *item = data;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    add_fault (&fixture, item->fault);
    job_fixture_run (&fixture, fastboot_package ());
    if (item->code < 0) {
        job_assert_state (&fixture, MFU_JOB_DONE);
        assert_new_firmware (&fixture);
    } else {
        job_assert_state (&fixture, MFU_JOB_FAILED);
        job_assert_message (&fixture, item->code, item->sentence);
        g_assert_cmpstr (fixture.status->advice, ==, "");
        assert_old_firmware (&fixture);
    }
    g_assert_cmpuint (sim_modem_get_faults_hit (job_fixture_modem (&fixture)), >, 0);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *fault;
    gboolean is_survived; /* by the one retry */
} Late;

/* From the first write on. `flash` and `download` number 2 are in the middle. */
static const Late late[] = {
    { "fastboot-download:2=nak", TRUE },
    { "fastboot-download:2+=nak", FALSE },
    { "fastboot-download:2=deaf", TRUE },
    { "fastboot-download:2+=deaf", FALSE },
    { "fastboot-download:2=silent", TRUE },
    { "fastboot-download:2+=silent", FALSE },
    { "fastboot-download:2=garbage", TRUE },
    { "fastboot-download:2+=garbage", FALSE },
    { "fastboot-download:2=huge", TRUE },
    { "fastboot-download:2+=huge", FALSE },
    { "fastboot-download:2=zero", TRUE },
    { "fastboot-download:2+=zero", FALSE },
    { "fastboot-download:2=flood:20", TRUE },
    { "fastboot-download:2+=flood:400", FALSE },
    { "fastboot-download:2=stall", TRUE },
    { "fastboot-download:2=vanish", FALSE },
    { "fastboot-download:2=vanish:off", FALSE },
    { "fastboot-data:90=silent", TRUE },
    { "fastboot-data:90+=silent", FALSE },
    { "fastboot-data:90=vanish", FALSE },
    { "fastboot-data:90=stall", TRUE },
    { "fastboot-flash:2=nak", TRUE },
    { "fastboot-flash:2+=nak", FALSE },
    { "fastboot-flash:2=deaf", TRUE },
    { "fastboot-flash:2+=deaf", FALSE },
    { "fastboot-flash:2=silent", TRUE },
    { "fastboot-flash:2+=silent", FALSE },
    { "fastboot-flash:2=garbage", TRUE },
    { "fastboot-flash:2+=garbage", FALSE },
    { "fastboot-flash:2=double", TRUE },
    { "fastboot-flash:2=slow:20000", TRUE },
    { "fastboot-flash:2=vanish", FALSE },
    { "fastboot-flash:5=vanish", FALSE },
    { "fastboot-flash:2=vanish:off", FALSE },
    { "fastboot-reboot=silent", TRUE },
    { "fastboot-reboot=vanish", TRUE },
    { "fastboot-reboot=deaf", TRUE },
    { "fastboot-reboot=garbage", TRUE },
};

static void
test_late (gconstpointer data)
{
    const Late *item = data;
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    add_fault (&fixture, item->fault);
    job_fixture_run (&fixture, fastboot_package ());
    g_assert_cmpuint (sim_modem_get_faults_hit (job_fixture_modem (&fixture)), >, 0);
    if (!item->is_survived) {
        job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
        job_assert_message (&fixture, MFU_ERROR_NEEDS_RECOVERY, "Writing");
        g_assert_nonnull (strstr (fixture.status->advice, "--firmware-recover="));
        sim_modem_clear_faults (job_fixture_modem (&fixture));
        if (strstr (item->fault, ":off") != NULL)
            sim_modem_power_cycle (job_fixture_modem (&fixture), sim_world_now_us (fixture.sim));
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_FASTBOOT);
        job_fixture_run (&fixture, fastboot_package ());
    }
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* Its power is cut by somebody when its ttys vanish: it comes back as it was. */
static void
test_comes_back (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "qfastboot-back");
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_PROTOCOL, "power manager");
    assert_old_firmware (&fixture);
    job_fixture_clear (&fixture);
}

static void
test_refused (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "qfastboot-error");
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_REJECTED, "AT+QFASTBOOT");
    assert_old_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* More than the loader holds: found before anything is written. One that was found in fastboot stays there.
 */
static void
test_small_memory (void)
{
    static const SimStart starts[] = { SIM_START_NORMAL, SIM_START_FASTBOOT };

    for (gsize i = 0; i < G_N_ELEMENTS (starts); i++) {
        JobFixture fixture;
        SimConfig config;

        sim_config_init (&config);
        config.version = OLD;
        config.max_download = 1024 * 1024;
        config.start = starts[i];
        job_fixture_init (&fixture, &config);
        fixture.allow[1] = "unidentified";
        job_fixture_run (&fixture, fastboot_package ());
        job_assert_state (&fixture, MFU_JOB_FAILED);
        job_assert_message (&fixture, MFU_ERROR_UNSUPPORTED, "takes 1048576 at once");
        g_assert_cmpuint (sim_modem_get_n_ops (job_fixture_modem (&fixture)), <, 20);
        if (starts[i] == SIM_START_NORMAL)
            assert_old_firmware (&fixture);
        else
            g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_FASTBOOT);
        g_assert_false (was_written (&fixture, "modem"));
        job_fixture_clear (&fixture);
    }
}

/* Another module in the port than the one whose update was interrupted. */
static void
test_other_module (void)
{
    JobFixture fixture, other;
    SimConfig config;
    char *state_dir;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    add_fault (&fixture, "fastboot-flash:2+=nak");
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);

    sim_config_init (&config);
    config.version = OLD;
    config.serial = "12345678";
    config.start = SIM_START_FASTBOOT;
    job_fixture_init (&other, &config);
    state_dir = other.state_dir;
    other.state_dir = fixture.state_dir;
    job_fixture_run (&other, fastboot_package ());
    job_assert_state (&other, MFU_JOB_FAILED);
    job_assert_message (&other, MFU_ERROR_WRONG_PACKAGE, "another module");
    g_assert_false (was_written (&other, "modem"));
    other.state_dir = state_dir;
    job_fixture_clear (&other);
    job_fixture_clear (&fixture);
}

static gboolean
die_at (SimWorld *sim, guint number, gpointer user_data)
{
    return number < GPOINTER_TO_UINT (user_data);
}

/* The engine dies at any place; the next run of the same package finishes, with no option. */
static void
test_killed_and_run_again (void)
{
    JobFixture fixture;
    guint n_events;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    job_fixture_run (&fixture, fastboot_package ());
    job_assert_state (&fixture, MFU_JOB_DONE);
    n_events = sim_world_get_n_events (fixture.sim);
    job_fixture_clear (&fixture);
    g_assert_cmpuint (n_events, >, 100);

    for (guint i = 1; i < 40; i++) {
        set_up (&fixture, SIM_START_NORMAL, NULL);
        sim_world_set_hook (fixture.sim, die_at, GUINT_TO_POINTER (n_events * i / 40));
        job_fixture_run (&fixture, fastboot_package ());
        g_assert_cmpint (fixture.status->state, !=, MFU_JOB_DONE);
        sim_world_set_hook (fixture.sim, NULL, NULL);
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        fixture.allow[1] = "reinstall";
        job_fixture_run (&fixture, fastboot_package ());
        if (fixture.status->state != MFU_JOB_DONE)
            g_error ("killed at event %u of %u: %s: %s", n_events * i / 40, n_events,
                     mfu_job_state_to_string (fixture.status->state), fixture.status->error->message);
        assert_new_firmware (&fixture);
        job_fixture_clear (&fixture);
    }
}

static void
cancel_in_step (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    if (strstr (status->step, user_data) == NULL || mfu_job_state_is_end (status->state))
        return;
    g_assert_cmpint (mfu_job_cancel (job, NULL), ==, status->can_cancel);
}

static void
test_cancel (gconstpointer step)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL);
    fixture.changed = cancel_in_step;
    fixture.user_data = (gpointer) step;
    job_fixture_run (&fixture, fastboot_package ());
    if (strstr (step, "writing modem") != NULL) {
        job_assert_state (&fixture, MFU_JOB_DONE);
        assert_new_firmware (&fixture);
    } else {
        job_assert_state (&fixture, MFU_JOB_CANCELLED);
        assert_old_firmware (&fixture);
    }
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    static const char *const steps[] = { "let go", "switching", "asking the boot loader", "writing modem" };
    static const char *const quirks[] = { "none", "qfastboot-ok", "merge", "in-zlp" };
    int result;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (quirks); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/update/%s", quirks[i]);

        g_test_add_data_func (path, i == 0 ? NULL : quirks[i], test_update);
    }
    g_test_add_func ("/fastboot/asked-for", test_asked_for);
    g_test_add_func ("/fastboot/boot-chain", test_boot_chain);
    g_test_add_func ("/fastboot/window", test_window);
    g_test_add_func ("/fastboot/comes-back", test_comes_back);
    g_test_add_func ("/fastboot/refused", test_refused);
    g_test_add_func ("/fastboot/small-memory", test_small_memory);
    g_test_add_func ("/fastboot/other-module", test_other_module);
    g_test_add_func ("/fastboot/killed-and-run-again", test_killed_and_run_again);
    for (gsize i = 0; i < G_N_ELEMENTS (others); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/other/%s-%s", others[i].family, others[i].method);

        g_test_add_data_func (path, &others[i], test_other_family);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (entries); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/entry/%s", entries[i].name);

        g_test_add_data_func (path, &entries[i], test_entry);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (early); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/early/%s", early[i].fault);

        g_test_add_data_func (path, &early[i], test_early);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (late); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/late/%s", late[i].fault);

        g_test_add_data_func (path, &late[i], test_late);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (steps); i++) {
        g_autofree char *path = g_strdup_printf ("/fastboot/cancel/%s", steps[i]);

        g_test_add_data_func (path, steps[i], test_cancel);
    }
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
