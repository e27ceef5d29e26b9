/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Devices of others in an identity that they share with our modems, and our own modems with a package for
 * another family. Named by the user, with every allowance, each is asked what it is and refused with what it
 * said: nothing is written to it, started on it, or reset. Without the allowance it is not even asked. */

#include "job-fixture.h"

#include "util/error.h"

#include <string.h>

typedef struct {
    const char *title, *family;
    SimStart start;
    const char *fault;          /* NULL: none */
    const char *package, *kind; /* kind: --family of the package */
    const char *sentence;       /* what it said is part of it */
    gboolean is_sent_a_loader;  /* nothing tells it from ours but that it refuses the loader */
} Case;

#define EC25 "EC25EFAR06A08M4G", "ec25"
#define EP06 "EP06ELAR03A09M4G", "ep06"
#define EC20 "EC20EQAR02A13E2G", "ec20"

static const Case cases[] = {
    { "phone", "phone", SIM_START_FASTBOOT, NULL, EC25, "walleye", FALSE },
    { "phone-ep06", "phone", SIM_START_FASTBOOT, NULL, EP06, "walleye", FALSE },
    { "phone-ec20", "phone", SIM_START_FASTBOOT, NULL, EC20, "walleye", FALSE },
    { "phone-says-nothing", "phone", SIM_START_FASTBOOT, "fastboot-getvar:2=nak", EC25, "does not say",
      FALSE },
    { "phone-says-nothing-ec20", "phone", SIM_START_FASTBOOT, "fastboot-getvar:2=nak", EC20, "does not say",
      FALSE },
    { "sierra", "sierra", SIM_START_EDL, NULL, EC25, "0x009210e1", FALSE },
    { "sierra-ec20", "sierra", SIM_START_EDL, NULL, EC20, "talks sahara", FALSE },
    { "sierra-ep06", "sierra", SIM_START_EDL, NULL, EP06, "0x009210e1", TRUE },
    { "router", "router", SIM_START_EDL, NULL, EC25, "0x009790e1", FALSE },
    { "telit", "telit", SIM_START_EDL, NULL, EC25, "0x000480e1", TRUE },
    { "ec25-as-ep06", "ec25", SIM_START_EDL, NULL, EP06, "0x000480e1", FALSE },
    { "ep06-as-ec25", "ep06", SIM_START_EDL, NULL, EC25, "0x000900e1", FALSE },
    { "ec25-fastboot-as-ep06", "ec25", SIM_START_FASTBOOT, NULL, EP06, "MDM9607", FALSE },
    { "ec20-fastboot-as-ec25", "ec20", SIM_START_FASTBOOT, NULL, EC25, "MDM9215", FALSE },
    { "ec25-fastboot-as-ec20", "ec25", SIM_START_FASTBOOT, NULL, EC20, "MDM9607", FALSE },
    { "ec25-sbl-as-ep06", "ec25", SIM_START_SBL, NULL, EP06, "another chip", FALSE },
    { "ec20-dload-as-ec25", "ec20", SIM_START_DLOAD, NULL, EC25, "dload", FALSE },
};

static const char *
package_of (const Case *one)
{
    return job_fixture_package (one->package, "--family", one->kind, "--version", one->package, NULL);
}

static guint64
bytes_to (JobFixture *fixture)
{
    guint64 n = 0;

    for (guint mode = 0; mode < SIM_N_MODES; mode++)
        n += sim_modem_get_bytes_out (job_fixture_modem (fixture), (SimMode) mode);
    return n;
}

/* It has been told nothing but questions. */
static void
assert_left_alone (JobFixture *fixture, const Case *one, SimMode mode)
{
    SimModem *modem = job_fixture_modem (fixture);

    for (guint i = 0; i < sim_modem_get_n_ops (modem); i++) {
        const SimOp *op = sim_modem_get_op (modem, i);

        if (!g_str_equal (op->text, "sahara reset") &&
            !(one->is_sent_a_loader && g_str_has_prefix (op->text, "sahara refuses")))
            g_error ("%s", op->text);
    }
    if (!one->is_sent_a_loader)
        g_assert_cmpstr (sim_modem_get_failure (modem, 0), ==, NULL);
    /* An EDL that was asked starts anew, and where the firmware is whole it runs. */
    if (mode != SIM_MODE_EDL)
        g_assert_cmpint (sim_modem_get_mode (modem), ==, mode);
}

/* As a modem that waits for its package, which then goes to the port without anybody naming it. */
static gboolean
is_remembered (JobFixture *fixture)
{
    g_autofree char *path = g_build_filename (fixture->state_dir, SIM_PLACE ".journal", NULL);

    return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
test_case (gconstpointer data)
{
    const Case *one = data;
    JobFixture fixture;
    SimConfig config;
    SimMode mode;
    gint64 begin_us;

    sim_config_init (&config);
    config.family = one->family;
    config.start = one->start;
    job_fixture_init (&fixture, &config);
    mode = sim_modem_get_mode (job_fixture_modem (&fixture));

    job_fixture_run (&fixture, package_of (one));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    g_assert_error (fixture.status->error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE);
    g_assert_cmpuint (bytes_to (&fixture), ==, 0);

    fixture.allow[1] = "unidentified";
    if (one->fault != NULL)
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), one->fault, NULL));
    begin_us = sim_world_now_us (fixture.sim);
    job_fixture_run (&fixture, package_of (one));
    g_assert_cmpint (sim_world_now_us (fixture.sim) - begin_us, <, 20 * G_USEC_PER_SEC);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    g_test_message ("%s", fixture.status->error->message);
    if (strstr (fixture.status->error->message, one->sentence) == NULL)
        g_error ("no \"%s\" in \"%s\"", one->sentence, fixture.status->error->message);
    g_assert_cmpstr (fixture.status->advice, ==, "");
    g_assert_false (is_remembered (&fixture));
    sim_world_pass_ms (fixture.sim, 60 * 1000);
    assert_left_alone (&fixture, one, mode);
    job_fixture_clear (&fixture);
}

/* Five interfaces like the EC20's, and another name. */
static void
test_gobi (void)
{
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.family = "gobi5";
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "unidentified";
    fixture.allow[2] = "variant";
    job_fixture_run (&fixture, job_fixture_package ("EC20EQAR02A13E2G", "--family", "ec20", "--version",
                                                    "EC20EQAR02A13E2G", NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "D3200-STSUGN-1575");
    g_assert_cmpstr (sim_modem_get_failure (job_fixture_modem (&fixture), 0), ==, NULL);
    g_assert_cmpuint (sim_modem_get_n_ops (job_fixture_modem (&fixture)), ==, 0);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    int status;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/job-strangers/%s", cases[i].title);

        g_test_add_data_func (path, &cases[i], test_case);
    }
    g_test_add_func ("/job-strangers/gobi", test_gobi);
    status = g_test_run ();
    job_fixture_remove_packages ();
    return status;
}
