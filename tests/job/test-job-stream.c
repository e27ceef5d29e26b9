/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whole jobs against the simulated EC20 with MDM9215: from every state in which it can be met, and cut at
 * every kind of place. */

#include "job-fixture.h"

#include "job/journal.h"
#include "util/error.h"

#include <string.h>

#define OLD "EC20EQAR02A04E2G"
#define NEW "EC20EQAR02A13E2G"

static const char *
package_with (gboolean has_temporary)
{
    return has_temporary ? job_fixture_package (NEW, "--family", "ec20", "--version", NEW, NULL)
                         : job_fixture_package (NEW, "--family", "ec20", "--version", NEW, "--without",
                                                "sbl2_tmp.mbn", "--without", "appsboot_tmp.mbn", NULL);
}

static void
set_up (JobFixture *fixture, SimStart start, const char *half_flashed, const char *quirks)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = "ec20";
    config.version = OLD;
    config.start = start;
    config.half_flashed = half_flashed;
    config.quirks = quirks;
    job_fixture_init (fixture, &config);
}

/* It runs the new version, nothing keeps it in a download mode, and nothing was done to it that may not be.
 */
static void
assert_new_firmware (JobFixture *fixture)
{
    const SimVerdict *verdict = job_fixture_verdict (fixture);

    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
    g_assert_cmpstr (verdict->reason, ==, NULL);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, NEW);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
    g_assert_true (sim_world_has_drivers (fixture->sim));
    g_assert_false (sim_world_is_held (fixture->sim));
}

typedef struct {
    const char *name;
    gboolean has_temporary;
    SimStart start;
    const char *half_flashed;
    const char *quirks;
} Case;

static const Case cases[] = {
    { "normal", TRUE, SIM_START_NORMAL, NULL, NULL },
    { "normal-plain", FALSE, SIM_START_NORMAL, NULL, NULL },
    { "normal-9215", TRUE, SIM_START_NORMAL, NULL, "dload-9215" },
    { "normal-plain-9215", FALSE, SIM_START_NORMAL, NULL, "dload-9215" },
    { "normal-sbl2", TRUE, SIM_START_NORMAL, NULL, "fastboot-sbl2-dload" },
    { "normal-logs", TRUE, SIM_START_NORMAL, NULL, "streaming-logs" },
    { "normal-retry", TRUE, SIM_START_NORMAL, NULL, "dload-retry" },
    { "normal-other-table", TRUE, SIM_START_NORMAL, NULL, "other-table" },
    { "boot-missing", TRUE, SIM_START_NORMAL, "boot-missing", NULL },
    { "boot-missing-plain", FALSE, SIM_START_NORMAL, "boot-missing", NULL },
    { "boot-missing-sbl2", TRUE, SIM_START_NORMAL, "boot-missing", "fastboot-sbl2-dload" },
    { "sbl2-missing", TRUE, SIM_START_NORMAL, "sbl2-missing", NULL },
    { "sbl2-missing-plain", FALSE, SIM_START_NORMAL, "sbl2-missing", NULL },
    { "sbl2-missing-9215", TRUE, SIM_START_NORMAL, "sbl2-missing", "dload-9215" },
    { "sbl2-missing-enprg", TRUE, SIM_START_NORMAL, "sbl2-missing", "pbl-enprg" },
    { "round-1", TRUE, SIM_START_NORMAL, "round-1", NULL },
    { "round-1-plain", FALSE, SIM_START_NORMAL, "round-1", NULL },
    { "round-2", TRUE, SIM_START_NORMAL, "round-2", NULL },
    { "round-2-plain", FALSE, SIM_START_NORMAL, "round-2", NULL },
    { "round-3", TRUE, SIM_START_NORMAL, "round-3", NULL },
    { "round-3-plain", FALSE, SIM_START_NORMAL, "round-3", NULL },
    { "fastboot", TRUE, SIM_START_FASTBOOT, NULL, NULL },
    { "fastboot-plain", FALSE, SIM_START_FASTBOOT, NULL, NULL },
    { "dload", TRUE, SIM_START_DLOAD, NULL, NULL },
    { "dload-9215-plain", FALSE, SIM_START_DLOAD, NULL, "dload-9215" },
    { "streaming", TRUE, SIM_START_STREAMING, NULL, NULL },
    { "streaming-plain", FALSE, SIM_START_STREAMING, NULL, NULL },
    { "fastboot-dead", TRUE, SIM_START_FASTBOOT_DEAD, NULL, NULL },
    { "fastboot-data-plain", FALSE, SIM_START_FASTBOOT_DATA, NULL, NULL },
};

static void
run_case (JobFixture *fixture, const Case *one)
{
    set_up (fixture, one->start, one->half_flashed, one->quirks);
    /* What it is cannot be asked in a download mode. */
    if (one->half_flashed != NULL || one->start != SIM_START_NORMAL)
        fixture->allow[1] = "unidentified";
    job_fixture_run (fixture, package_with (one->has_temporary));
}

static void
test_case (gconstpointer data)
{
    JobFixture fixture;

    run_case (&fixture, data);
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, "dload");
    g_assert_cmpuint (fixture.status->bytes_done, ==, fixture.status->bytes_total);
    g_assert_nonnull (strstr (fixture.status->plan_text, "window without a way back"));
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* Quectel's SBL download mode of the later chips: by NPRG and the streaming loader to fastboot. */

typedef struct {
    const char *name, *family, *from, *to;
    SimStart start;
} Sbl;

static const Sbl sbls[] = {
    { "ec25", "ec25", "EC25EFAR06A05M4G", "EC25EFAR06A08M4G", SIM_START_SBL },
    { "ec25-half-way", "ec25", "EC25EFAR06A05M4G", "EC25EFAR06A08M4G", SIM_START_SBL_HALF_WAY },
    { "ec25-streaming", "ec25", "EC25EFAR06A05M4G", "EC25EFAR06A08M4G", SIM_START_STREAMING },
    { "eg25", "eg25", "EG25GGBR07A06M2G", "EG25GGBR07A08M2G", SIM_START_SBL },
    { "ep06", "ep06", "EP06ELAR03A06M4G", "EP06ELAR03A09M4G", SIM_START_SBL },
    { "ep06-half-way", "ep06", "EP06ELAR03A06M4G", "EP06ELAR03A09M4G", SIM_START_SBL_HALF_WAY },
    { "ep06-streaming", "ep06", "EP06ELAR03A06M4G", "EP06ELAR03A09M4G", SIM_START_STREAMING },
};

static void
test_sbl (gconstpointer data)
{
    const Sbl *one = data;
    JobFixture fixture;
    SimConfig config;
    const SimVerdict *verdict;

    sim_config_init (&config);
    config.family = one->family;
    config.version = one->from;
    config.start = one->start;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    job_fixture_run (
        &fixture, job_fixture_package (one->to, "--family", one->family, "--version", one->to, "--geometry",
                                       strstr (one->to, "M4G") != NULL ? "p4K_b256K" : "p2K_b128K", NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, "streaming");
    verdict = job_fixture_verdict (&fixture);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    g_assert_cmpstr (verdict->reason, ==, NULL);
    g_assert_cmpstr (verdict->version, ==, one->to);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

/* Nothing is written to what is not ours, and it is left as it was. */

static void
assert_untouched (JobFixture *fixture, SimMode mode)
{
    sim_world_pass_ms (fixture->sim, 120 * 1000);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (fixture), 0), ==, NULL);
    g_assert_cmpuint (sim_modem_get_n_ops (job_fixture_modem (fixture)), <, 20);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, mode);
    g_assert_cmpstr (job_fixture_verdict (fixture)->version, ==, OLD);
}

/* A modem of Sahara with a package for DLOAD, by an explicit allowance. */
static void
test_sahara (void)
{
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M4G";
    config.start = SIM_START_EDL;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "talks sahara");
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    g_assert_cmpuint (sim_modem_get_n_ops (job_fixture_modem (&fixture)), <, 20);
    job_fixture_clear (&fixture);
}

/* What others may also be has to say that it is ours; nothing lifts that. */
static void
test_mute (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL, "mute-at");
    fixture.allow[1] = "unidentified";
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "does not say that it is");
    assert_untouched (&fixture, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

static void
test_other_packages (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
    job_fixture_run (&fixture, job_fixture_package ("EC20EQAR02A02E2G", "--family", "ec20", "--version",
                                                    "EC20EQAR02A02E2G", NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "downgrade");
    assert_untouched (&fixture, SIM_MODE_NORMAL);
    job_fixture_run (&fixture, job_fixture_package ("EC25EFAR06A08M4G", NULL));
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "is for another chip");
    assert_untouched (&fixture, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

/* A loader that cannot be started, a table that is not the modem's: back to the firmware that it had. */
static const struct {
    const char *fault;
    const char *needle;
} refusals[] = {
    { "dload-write:1+=nak", "refuses" },
    { "streaming-table:1+=nak", "partition table" },
};

static void
test_put_back (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
        JobFixture fixture;
        g_autofree char *why = NULL;

        set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), refusals[i].fault, &why));
        job_fixture_run (&fixture, package_with (TRUE));
        job_assert_state (&fixture, MFU_JOB_FAILED);
        if (strcasestr (fixture.status->error->message, refusals[i].needle) == NULL)
            g_error ("%s: %s", refusals[i].fault, fixture.status->error->message);
        assert_untouched (&fixture, SIM_MODE_NORMAL);
        g_assert_true (sim_world_has_drivers (fixture.sim));
        job_fixture_clear (&fixture);
    }
}

/* Faults in the middle. What is survived ends in the new firmware at once, the rest by the same package
 * again, after the modem's power was cut where it hangs. */
typedef struct {
    const char *fault;
    gboolean is_survived;
} Late;

static const Late lates[] = {
    { "streaming-write:1=nak", TRUE },
    { "streaming-write:40=nak", TRUE },
    { "streaming-write:300=nak", TRUE },
    { "streaming-open:2=nak", TRUE },
    { "streaming-open:5=nak", TRUE },
    { "streaming-close:3=nak", TRUE },
    { "streaming-write:40=deaf", TRUE },
    { "streaming-write:40=silent", TRUE },
    { "streaming-write:40=double", TRUE },
    { "dload-write:3=nak", TRUE },
    { "dload-write:3=silent", TRUE },
    { "dload-write:3=double", TRUE },
    { "streaming:1=silent", TRUE },
    { "streaming-write:40=stall", TRUE },
    { "streaming-open:1=stall", TRUE },
    { "streaming-close:1=stall", TRUE },
    { "streaming-table:1=garbage", TRUE },
    { "streaming-table:1=stall", TRUE },
    { "dload-write:3=stall", TRUE },
    { "streaming-write:40+=nak", FALSE },
    { "dload-go:1=stall", TRUE },
    { "streaming-write:300+=nak", FALSE },
    { "streaming-write:40+=deaf", FALSE },
    { "streaming-write:40=vanish", FALSE },
    { "streaming-write:340=vanish", FALSE },
    { "streaming-close:2=vanish", FALSE },
    { "streaming-open:2=vanish", FALSE },
    { "fastboot-flash:3=vanish", FALSE },
    { "fastboot-flash:9=vanish", FALSE },
    { "fastboot-flash:4+=nak", FALSE },
    { "fastboot-reboot=silent", TRUE },
    { "dload-go:2+=nak", FALSE },
};

static void
test_late (gconstpointer data)
{
    const Late *late = data;
    JobFixture fixture;
    g_autofree char *why = NULL;

    set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
    if (!sim_modem_add_fault (job_fixture_modem (&fixture), late->fault, &why))
        g_error ("%s: %s", late->fault, why);
    job_fixture_run (&fixture, package_with (TRUE));
    g_assert_cmpuint (sim_modem_get_faults_hit (job_fixture_modem (&fixture)), >, 0);
    if (!late->is_survived) {
        job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
        g_assert_nonnull (strstr (fixture.status->advice, "--firmware-recover="));
        sim_modem_clear_faults (job_fixture_modem (&fixture));
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        job_fixture_run (&fixture, package_with (TRUE));
    }
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

static void
add_fault (JobFixture *fixture, const char *fault)
{
    g_autofree char *why = NULL;

    if (!sim_modem_add_fault (job_fixture_modem (fixture), fault, &why))
        g_error ("%s: %s", fault, why);
}

/* Refused five times in a row, as often as a packet is tried: the partition is open, and is begun anew. */
static void
test_refused_write (gconstpointer data)
{
    guint first = GPOINTER_TO_UINT (data);
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
    for (guint i = 0; i < 5; i++) {
        g_autofree char *fault = g_strdup_printf ("streaming-write:%u=nak", first + i);

        add_fault (&fixture, fault);
    }
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

static void
cancel_at_load (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GError) ignored = NULL;

    if (strstr (status->step, "loading") != NULL && !mfu_job_cancel (job, &ignored))
        g_debug ("%s", ignored->message);
}

/* What ends before its first write is put back; but not what an earlier run has left half-written, which a
 * reset would start. */
static void
test_left_in_loader (void)
{
    const char *package = job_fixture_package ("EC25EFAR06A08M4G", "--geometry", "p4K_b256K", NULL);
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M4G";
    config.start = SIM_START_SBL;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    add_fault (&fixture, "streaming-write:3+=nak");
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_modem_clear_faults (job_fixture_modem (&fixture));
    fixture.changed = cancel_at_load;
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    sim_world_pass_ms (fixture.sim, 120 * 1000);
    g_assert_false (job_fixture_verdict (&fixture)->is_bricked);
    fixture.changed = NULL;
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

/* Who is told to keep the power up when nothing else helps would type the command for ever. */
static void
test_silent (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "sbl2-missing", NULL);
    fixture.allow[1] = "unidentified";
    add_fault (&fixture, "dload:1+=deaf");
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_TIMED_OUT, "take its power away");
    g_assert_null (strstr (fixture.status->advice, "Keep the modem powered"));
    g_assert_nonnull (strstr (fixture.status->advice, "--firmware-recover"));
    job_fixture_clear (&fixture);
}

/* The advice does not repeat what was allowed, and need not. */
static void
test_allowed_once (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, "sbl2-missing", NULL);
    fixture.allow[1] = "unidentified";
    add_fault (&fixture, "streaming-write:40=vanish");
    job_fixture_run (&fixture, package_with (FALSE));
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_world_pass_ms (fixture.sim, 120 * 1000);
    fixture.allow[1] = NULL;
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "unidentified");
    job_fixture_run (&fixture, package_with (FALSE));
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* A modem that comes up in normal mode in a held port has no drivers. One that came for a job that fails gets
 * them from it ... */
static void
test_woken_by_loser (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
    add_fault (&fixture, "diag:2=vanish");
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_true (sim_world_has_drivers (fixture.sim));
    job_fixture_clear (&fixture);
}

/* ... and one whose job was killed, from the next. */
static void
test_woken_by_next (void)
{
    JobFixture fixture;
    MfuWorld *world;
    gpointer hold;

    set_up (&fixture, SIM_START_NORMAL, NULL, NULL);
    world = sim_world_get (fixture.sim);
    hold = world->klass->hold (world, "1-2", NULL);
    sim_modem_reenumerate (job_fixture_modem (&fixture), sim_world_now_us (fixture.sim));
    sim_world_pass_ms (fixture.sim, 1000);
    world->klass->release (world, hold);
    g_assert_false (sim_world_has_drivers (fixture.sim));
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* Cut short in the loader, and then met in the boot ROM: the loader's flag outlives Firehose's work. */
static void
test_flag_outlives (void)
{
    const char *package = job_fixture_package ("EC25EFAR06A08M4G", "--geometry", "p4K_b256K", NULL);
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M4G";
    config.start = SIM_START_SBL;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    add_fault (&fixture, "streaming-write:3=vanish");
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_modem_usb_boot (job_fixture_modem (&fixture), sim_world_now_us (fixture.sim));
    sim_world_pass_ms (fixture.sim, 120 * 1000);
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->plan_method, ==, "firehose");
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    job_fixture_clear (&fixture);
}

/* Quectel's download mode is left for the boot ROM, which has asked for its own image: no other question is
 * put to it. */
static gboolean
enter_boot_rom (SimWorld *sim, guint number, gpointer user_data)
{
    if (number == 0)
        sim_modem_usb_boot (sim_world_modem (sim), sim_world_now_us (sim));
    return TRUE;
}

static void
test_sbl_to_edl (void)
{
    const char *package = job_fixture_package ("EC25EFAR06A08M4G", "--geometry", "p4K_b256K", NULL);
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M4G";
    config.start = SIM_START_SBL;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    sim_world_set_hook (fixture.sim, enter_boot_rom, NULL);
    job_fixture_run (&fixture, package);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_PROTOCOL, "edl mode by itself");
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    job_fixture_clear (&fixture);
}

/* Its boot loaders and kernel are good and its system is not: started, it could not be talked to. */
static void
test_mute_behind_dload (gconstpointer data)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_DLOAD, NULL, data);
    fixture.allow[1] = "unidentified";
    g_assert_true (sim_modem_corrupt (job_fixture_modem (&fixture), "system"));
    job_fixture_run (&fixture, package_with (FALSE));
    job_assert_state (&fixture, MFU_JOB_DONE);
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* A loader that knows no boot image, or lets nobody write it, and a modem whose system is whole. */
static void
test_stop_refused (void)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_DLOAD, NULL, NULL);
    fixture.allow[1] = "unidentified";
    /* As often as an image is tried. */
    for (guint i = 1; i <= 4; i++) {
        g_autofree char *fault = g_strdup_printf ("streaming-open:%u=nak", i);

        add_fault (&fixture, fault);
    }
    job_fixture_run (&fixture, package_with (FALSE));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (sim_modem_get_faults_hit (job_fixture_modem (&fixture)), ==, 4);
    g_assert_nonnull (strstr (fixture.status->plan_text, "if its loader refuses that"));
    assert_new_firmware (&fixture);
    job_fixture_clear (&fixture);
}

/* Cut off in the middle of an image by a fastboot that keeps no note of it, with and without a boot image
 * that still starts. */
static void
test_cut_in_fastboot (gconstpointer data)
{
    for (guint i = 1; i <= 10; i++) {
        JobFixture fixture;
        g_autofree char *why = NULL;
        g_autofree char *fault = g_strdup_printf ("fastboot-flash:%u=vanish", i);

        set_up (&fixture, SIM_START_NORMAL, NULL, data);
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), fault, &why));
        job_fixture_run (&fixture, package_with (FALSE));
        if (sim_modem_get_faults_hit (job_fixture_modem (&fixture)) == 0) {
            job_fixture_clear (&fixture);
            break;
        }
        job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        job_fixture_run (&fixture, package_with (FALSE));
        if (fixture.status->state != MFU_JOB_DONE)
            g_error ("%s: %s", fault, fixture.status->error->message);
        assert_new_firmware (&fixture);
        job_fixture_clear (&fixture);
    }
}

/* What is said of the port that a modem has left for good: by the journal of a job that was cut off at
 * `fault`, and of the next one, which is cut off before it writes anything. */
static void
assert_absence (const char *fault, const char *part)
{
    JobFixture fixture;

    set_up (&fixture, SIM_START_NORMAL, NULL, "pbl-silent");
    add_fault (&fixture, fault);
    job_fixture_run (&fixture, package_with (TRUE));
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    for (guint i = 0; i < 2; i++) {
        g_autoptr (GError) error = g_error_new_literal (MFU_ERROR, MFU_ERROR_NOT_FOUND, "nothing");

        mfu_journal_explain_absence (fixture.state_dir, "1-2", &error);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
        if (strstr (error->message, part) == NULL)
            g_error ("%s", error->message);
        sim_modem_clear_faults (job_fixture_modem (&fixture));
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        add_fault (&fixture, "streaming-table:1+=nak");
        job_fixture_run (&fixture, package_with (TRUE));
        g_assert_cmpint (fixture.status->state, ==, MFU_JOB_FAILED);
    }
    job_fixture_clear (&fixture);
}

static void
test_window (void)
{
    assert_absence ("streaming-write:3+=nak", "with " NEW " was cut off while SBL1 was written");
    /* SBL1 is there, what comes behind it is not. */
    assert_absence ("streaming-open:3+=nak", "nothing");
}

/* Ends the engine at its event number `user_data`. */
static gboolean
die (SimWorld *sim, guint number, gpointer user_data)
{
    return number < GPOINTER_TO_UINT (user_data);
}

#define N_KILLS 20

/* Killed anywhere, with the modem left as it is then; or its power is cut at that moment, too. */
static void
test_killed (gconstpointer data)
{
    const Case *one = data;
    guint n_events;
    JobFixture fixture;

    run_case (&fixture, one);
    job_assert_state (&fixture, MFU_JOB_DONE);
    n_events = sim_world_get_n_events (fixture.sim);
    job_fixture_clear (&fixture);

    for (guint i = 0; i < N_KILLS; i++) {
        guint at = n_events * (2 * i + 1) / (2 * N_KILLS);

        set_up (&fixture, one->start, one->half_flashed, one->quirks);
        fixture.allow[1] =
            one->half_flashed != NULL || one->start != SIM_START_NORMAL ? "unidentified" : NULL;
        sim_world_set_hook (fixture.sim, die, GUINT_TO_POINTER (at));
        job_fixture_run (&fixture, package_with (one->has_temporary));
        sim_world_set_hook (fixture.sim, NULL, NULL);
        if (i % 2 == 1)
            sim_modem_power_cycle (job_fixture_modem (&fixture), sim_world_now_us (fixture.sim));
        sim_world_pass_ms (fixture.sim, 120 * 1000);
        g_test_message ("killed at event %u of %u, then in mode %d", at, n_events,
                        sim_modem_get_mode (job_fixture_modem (&fixture)));
        job_fixture_run (&fixture, package_with (one->has_temporary));
        if (fixture.status->state != MFU_JOB_DONE)
            g_error ("killed at event %u of %u%s: %s: %s (the modem: %s)", at, n_events,
                     i % 2 == 1 ? ", power cut" : "", mfu_job_state_to_string (fixture.status->state),
                     fixture.status->error->message, sim_modem_get_failure (job_fixture_modem (&fixture), 0));
        assert_new_firmware (&fixture);
        job_fixture_clear (&fixture);
    }
}

int
main (int argc, char **argv)
{
    int status;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/stream/case/%s", cases[i].name);

        g_test_add_data_func (path, &cases[i], test_case);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/stream/killed/%s", cases[i].name);

        if (strcmp (cases[i].name, "normal") == 0 || strcmp (cases[i].name, "normal-plain") == 0 ||
            strcmp (cases[i].name, "boot-missing") == 0 || strcmp (cases[i].name, "sbl2-missing-plain") == 0)
            g_test_add_data_func (path, &cases[i], test_killed);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (sbls); i++) {
        g_autofree char *path = g_strdup_printf ("/stream/sbl/%s", sbls[i].name);

        g_test_add_data_func (path, &sbls[i], test_sbl);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (lates); i++) {
        g_autofree char *path = g_strdup_printf ("/stream/late/%s", lates[i].fault);

        g_test_add_data_func (path, &lates[i], test_late);
    }
    g_test_add_data_func ("/stream/mute-behind-dload", NULL, test_mute_behind_dload);
    g_test_add_data_func ("/stream/mute-behind-dload-no-sticky", "no-sticky", test_mute_behind_dload);
    g_test_add_data_func ("/stream/cut-in-fastboot", NULL, test_cut_in_fastboot);
    g_test_add_data_func ("/stream/cut-in-fastboot-no-sticky", "no-sticky", test_cut_in_fastboot);
    g_test_add_func ("/stream/stop-refused", test_stop_refused);
    g_test_add_func ("/stream/window", test_window);
    g_test_add_func ("/stream/sahara", test_sahara);
    g_test_add_func ("/stream/mute", test_mute);
    g_test_add_func ("/stream/other-packages", test_other_packages);
    g_test_add_func ("/stream/put-back", test_put_back);
    g_test_add_data_func ("/stream/refused-write/first", GUINT_TO_POINTER (1), test_refused_write);
    g_test_add_data_func ("/stream/refused-write/middle", GUINT_TO_POINTER (40), test_refused_write);
    g_test_add_func ("/stream/left-in-loader", test_left_in_loader);
    g_test_add_func ("/stream/silent", test_silent);
    g_test_add_func ("/stream/allowed-once", test_allowed_once);
    g_test_add_func ("/stream/woken-by-loser", test_woken_by_loser);
    g_test_add_func ("/stream/woken-by-next", test_woken_by_next);
    g_test_add_func ("/stream/flag-outlives", test_flag_outlives);
    g_test_add_func ("/stream/sbl-to-edl", test_sbl_to_edl);
    status = g_test_run ();
    job_fixture_remove_packages ();
    return status;
}
