/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The control port: libqmi and libmbim themselves, talking to the simulated modem, alone and in whole jobs.
 */

#include "job-fixture.h"
#include "sim-wdm.h"

#include "util/error.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OLD  "EC25EFAR06A05M4G"
#define NEW  "EC25EFAR06A08M4G"
#define FORM "--geometry", "p4K_b256K", "--size", "small"

#define QMI_INTERFACE 4
#define ENOUGH_MS     10000
#define SHORT_MS      200

typedef struct {
    SimModem *modem;
    SimWdm *wdm;
    gint64 now_us;
} Alone;

static void
set_up (Alone *alone, const char *quirks)
{
    g_autofree char *why = NULL;
    SimConfig config;

    /* libqmi warns about a port that is no cdc-wdm. */
    g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    sim_config_init (&config);
    config.version = OLD "_01.001.01.001";
    config.quirks = quirks;
    alone->modem = sim_modem_new (&config, 1, &why);
    g_assert_cmpstr (why, ==, NULL);
    alone->now_us = 60 * G_USEC_PER_SEC;
    sim_modem_advance (alone->modem, alone->now_us);
    alone->wdm = sim_wdm_new (alone->modem, QMI_INTERFACE, FALSE, alone->now_us);
}

static void
tear_down (Alone *alone)
{
    sim_wdm_free (alone->wdm);
    sim_modem_free (alone->modem);
}

static MfuControlPort
port_of (const char *devnode, guint ms)
{
    return (MfuControlPort){
        .devnode = devnode,
        .clock = mfu_clock_system (),
        .deadline_us = mfu_clock_deadline_us (mfu_clock_system (), ms),
    };
}

static void
test_revision (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *version = NULL;
    gboolean has_switch = TRUE;
    MfuControlPort port;
    Alone alone;

    set_up (&alone, NULL);
    port = port_of (sim_wdm_get_devnode (alone.wdm), ENOUGH_MS);
    for (guint i = 0; i < 2; i++) {
        g_clear_pointer (&version, g_free);
        version = mfu_control_get_version (&port, MFU_CONTROL_QMI, &has_switch, &error);
        g_assert_no_error (error);
        g_assert_cmpstr (version, ==, OLD);
        g_assert_false (has_switch);
    }
    tear_down (&alone);
}

static void
test_reset (void)
{
    g_autoptr (GError) error = NULL;
    MfuControlPort port;
    Alone alone;
    guint generation;

    set_up (&alone, NULL);
    generation = sim_modem_get_generation (alone.modem);
    port = port_of (sim_wdm_get_devnode (alone.wdm), ENOUGH_MS);
    g_assert_true (mfu_control_give_order (&port, MFU_CONTROL_QMI, MFU_CONTROL_RESTART, &error));
    g_assert_no_error (error);
    sim_wdm_free (g_steal_pointer (&alone.wdm));
    sim_modem_advance (alone.modem, alone.now_us + 60 * G_USEC_PER_SEC);
    g_assert_cmpuint (sim_modem_get_generation (alone.modem), >, generation);
    g_assert_cmpint (sim_modem_get_mode (alone.modem), ==, SIM_MODE_NORMAL);
    tear_down (&alone);
}

/* A modem that refuses, one that says nothing, a caller who does not want to wait, a port that is none. */
static void
test_errors (void)
{
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    g_autoptr (GError) error = NULL;
    MfuControlPort port;
    Alone alone;

    set_up (&alone, "no-qmi");
    port = port_of (sim_wdm_get_devnode (alone.wdm), ENOUGH_MS);
    g_assert_null (mfu_control_get_version (&port, MFU_CONTROL_QMI, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_REJECTED);
    g_clear_error (&error);
    g_assert_false (mfu_control_give_order (&port, MFU_CONTROL_QMI, MFU_CONTROL_RESTART, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_REJECTED);
    g_clear_error (&error);
    g_assert_false (mfu_control_give_order (&port, MFU_CONTROL_QMI, MFU_CONTROL_TO_EDL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED);
    g_clear_error (&error);

    sim_modem_unplug (alone.modem, alone.now_us);
    port = port_of (sim_wdm_get_devnode (alone.wdm), SHORT_MS);
    g_assert_null (mfu_control_get_version (&port, MFU_CONTROL_QMI, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT);
    g_clear_error (&error);
    port = port_of (sim_wdm_get_devnode (alone.wdm), ENOUGH_MS);
    port.cancellable = cancellable;
    g_cancellable_cancel (cancellable);
    g_assert_null (mfu_control_get_version (&port, MFU_CONTROL_QMI, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
    g_clear_error (&error);

    port = port_of ("/nonexistent/cdc-wdm0", ENOUGH_MS);
    g_assert_null (mfu_control_get_version (&port, MFU_CONTROL_QMI, NULL, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_GONE);
    tear_down (&alone);
}

/* Runs `program` under the name `name` with the port open, until `*pid` is killed. */
static void
hold_open (const char *devnode, const char *name, GPid *pid)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp ("mfu-holder-XXXXXX", &error);
    g_autofree char *path = g_build_filename (directory, name, NULL);
    g_autofree char *sleeper = g_find_program_in_path ("sleep");
    char *argv[] = { path, (char *) "1000", NULL };
    int fd = open (devnode, O_RDWR | O_NOCTTY);

    g_assert_no_error (error);
    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (symlink (sleeper, path), ==, 0);
    g_spawn_async_with_fds (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, pid, fd, -1, -1, &error);
    g_assert_no_error (error);
    close (fd);
    g_assert_cmpint (unlink (path), ==, 0);
    g_assert_cmpint (rmdir (directory), ==, 0);
}

static void
test_way (void)
{
    static const struct {
        const char *name;
        gboolean is_free, by_proxy;
    } holders[] = { { NULL, TRUE, FALSE }, { "qmi-proxy", TRUE, TRUE }, { "dialler", FALSE, FALSE } };
    Alone alone;

    set_up (&alone, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (holders); i++) {
        MfuControlPort port = port_of (sim_wdm_get_devnode (alone.wdm), ENOUGH_MS);
        g_autoptr (GError) error = NULL;
        GPid pid = 0;

        if (holders[i].name != NULL)
            hold_open (port.devnode, holders[i].name, &pid);
        g_assert_cmpint (mfu_control_port_find_way (&port, &error), ==, holders[i].is_free);
        g_assert_cmpint (port.by_proxy, ==, holders[i].by_proxy);
        if (!holders[i].is_free) {
            g_assert_error (error, MFU_ERROR, MFU_ERROR_BUSY);
            g_assert_nonnull (strstr (error->message, holders[i].name));
        }
        if (pid != 0) {
            kill (pid, SIGKILL);
            g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
        }
    }
    tear_down (&alone);
}

/* The AT ports say nothing: the version is asked for by QMI, before and after; DIAG does the rest. */
static void
test_mute_at (void)
{
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    config.quirks = "mute-at";
    job_fixture_init (&fixture, &config);
    job_fixture_run (&fixture, job_fixture_package (NEW, "--version", NEW, FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->from_version, ==, OLD);
    g_assert_cmpstr (fixture.status->to_version, ==, NEW);
    g_assert_cmpuint (sim_world_get_n_control_uses (fixture.sim), ==, 2);
    job_fixture_clear (&fixture);
}

/* A modem whose AT port answers is not asked by QMI. */
static void
test_at_comes_first (void)
{
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    job_fixture_init (&fixture, &config);
    job_fixture_run (&fixture, job_fixture_package (NEW, "--version", NEW, FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (sim_world_get_n_control_uses (fixture.sim), ==, 0);
    job_fixture_clear (&fixture);
}

typedef struct {
    const char *title;
    const char *family; /* NULL: ec25 */
    const char *composition, *quirks;
    const char *without; /* of the package */
    const char *method;  /* that is taken; NULL: it is refused */
    guint n_uses;        /* of the control port */
    const char *refusal; /* part of the sentence */
    gboolean is_told;    /* the refusal comes from the modem, when it is told to switch */
} Composition;

static const Composition compositions[] = {
    { "no-diag", NULL, "no-diag", .method = "fastboot" },
    { "no-diag-no-table", NULL, "no-diag", .without = "partition_nand.xml", .refusal = "no DIAG port" },
    { "no-at", NULL, "no-at", .method = "firehose" },
    { "diag-alone", NULL, "no-at,no-modem,no-nmea", .method = "firehose", .n_uses = 2 },
    { "diag-and-nmea", NULL, "no-at,no-modem", .method = "firehose" },
    { "no-tty", NULL, "no-tty", .refusal = "neither a DIAG nor an AT port", .n_uses = 1 },
    { "mbim", NULL, "mbim", .method = "firehose" },
    { "mbim-mute-at", NULL, "mbim", "mute-at", .method = "firehose", .n_uses = 2 },
    { "mbim-no-tty", NULL, "mbim,no-tty", .refusal = "MBIM alone, without Quectel", .n_uses = 2 },
    /* The version, the services, the switch, the version. */
    { "em06", "em06", .method = "firehose", .n_uses = 4 },
    { "em06-no-qdu", "em06", NULL, "no-qdu", .refusal = "MBIM alone, without Quectel", .n_uses = 2 },
    { "em06-refuses", "em06", NULL, "qdu-no-edl", .refusal = "refuses Quectel's command", .n_uses = 3,
      .is_told = TRUE },
    { "em06-restarts", "em06", NULL, "qdu-back", .refusal = "only restarted it", .n_uses = 3,
      .is_told = TRUE },
};

/* Each composition is flashed by what is left of it, or refused with the reason, and then given back as it
 * was. */
static void
test_composition (gconstpointer data)
{
    const Composition *item = data;
    gboolean is_em06 = item->family != NULL;
    const char *old = is_em06 ? "EM06ELAR03A06M4G" : OLD;
    const char *new = is_em06 ? "EM06ELAR03A08M4G" : NEW;
    const char *path =
        job_fixture_package (new, "--family", is_em06 ? "ep06" : "ec25", "--version", new, FORM,
                             item->without != NULL ? "--without" : NULL, item->without, NULL);
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    if (is_em06)
        config.family = item->family;
    config.version = old;
    config.composition = item->composition;
    config.quirks = item->quirks;
    job_fixture_init (&fixture, &config);
    job_fixture_run (&fixture, path);
    if (item->method != NULL) {
        job_assert_state (&fixture, MFU_JOB_DONE);
        g_assert_cmpstr (fixture.status->plan_method, ==, item->method);
        g_assert_cmpstr (fixture.status->from_version, ==, old);
        g_assert_cmpstr (fixture.status->to_version, ==, new);
    } else {
        job_assert_state (&fixture, MFU_JOB_FAILED);
        job_assert_message (&fixture, MFU_ERROR_UNSUPPORTED, item->refusal);
        g_assert_cmpint (fixture.status->has_plan, ==, item->is_told);
        g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    }
    g_assert_cmpuint (sim_world_get_n_control_uses (fixture.sim), ==, item->n_uses);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, item->method != NULL ? new : old);
    g_assert_cmpuint (job_fixture_verdict (&fixture)->n_failures, ==, 0);
    job_fixture_clear (&fixture);
}

static gboolean
host_take (MfuJobHost *host, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    return TRUE;
}

static void
host_give_back (MfuJobHost *host, const MfuUsbDevice *device)
{
    g_assert_nonnull (device);
    g_assert_cmpint (device->mode, ==, MFU_MODE_NORMAL);
}

/* A modem that the kernel cannot make come up anew is told so by QMI. */
static void
test_stubborn (void)
{
    static const MfuJobHostClass klass = { .take = host_take, .give_back = host_give_back };
    MfuJobHost host = { &klass };
    JobFixture fixture;
    SimConfig config;
    guint generation;

    sim_config_init (&config);
    config.version = NEW;
    job_fixture_init (&fixture, &config);
    generation = sim_modem_get_generation (job_fixture_modem (&fixture));
    sim_world_set_can_reenumerate (fixture.sim, FALSE);
    fixture.host = &host;
    fixture.version = "";
    fixture.asks_when_taken = TRUE;
    /* It says only now that it runs this version already. */
    job_fixture_run (&fixture, job_fixture_package (NEW, "--version", NEW, FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_NOTHING_TO_DO, "nothing to do");
    g_assert_cmpuint (sim_world_get_n_control_uses (fixture.sim), ==, 1);
    g_assert_cmpuint (sim_modem_get_generation (job_fixture_modem (&fixture)), >, generation);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    int result;

    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/control/qmi/revision", test_revision);
    g_test_add_func ("/control/qmi/reset", test_reset);
    g_test_add_func ("/control/qmi/errors", test_errors);
    g_test_add_func ("/control/way", test_way);
    g_test_add_func ("/control/job/mute-at", test_mute_at);
    g_test_add_func ("/control/job/at-comes-first", test_at_comes_first);
    for (gsize i = 0; i < G_N_ELEMENTS (compositions); i++) {
        g_autofree char *path = g_strdup_printf ("/control/composition/%s", compositions[i].title);

        g_test_add_data_func (path, &compositions[i], test_composition);
    }
    g_test_add_func ("/control/job/stubborn", test_stubborn);
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
