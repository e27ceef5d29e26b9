/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each refusal has its own sentence and code, and reaches nobody: the modem hears AT commands at most. */

#include "job-fixture.h"

#include "util/error.h"

#include <string.h>

#define OLD  "EC25EFAR06A05M4G"
#define NEW  "EC25EFAR06A08M4G"
#define FORM "--geometry", "p4K_b256K", "--size", "small"

typedef struct {
    const char *title;
    const char *name;      /* of the package */
    const char *option[5]; /* of make-package */
    const char *geometry;  /* NULL: p4K_b256K */
    int code;
    const char *sentence; /* part of it */
} Refusal;

static const Refusal refusals[] = {
    { "variant", "EC25AFAR06A08M4G", { NULL }, NULL, MFU_ERROR_WRONG_PACKAGE, "variant" },
    { "baseline", "EC25EFAR08A08M4G", { NULL }, NULL, MFU_ERROR_WRONG_PACKAGE, "baseline" },
    { "downgrade", "EC25EFAR06A03M4G", { NULL }, NULL, MFU_ERROR_WRONG_PACKAGE, "downgrade" },
    { "reinstall", OLD, { NULL }, NULL, MFU_ERROR_NOTHING_TO_DO, "nothing to do" },
    { "memory", "EC25EFAR06A08M2G", { NULL }, "p2K_b128K", MFU_ERROR_WRONG_PACKAGE, "geometry" },
    { "factory", NEW, { "--factory" }, NULL, MFU_ERROR_WRONG_PACKAGE, "factory" },
    { "erase-all", NEW, { "--erase-all" }, NULL, MFU_ERROR_WRONG_PACKAGE, "" },
    { "efs2", NEW, { "--touch-efs2" }, NULL, MFU_ERROR_WRONG_PACKAGE, "EFS2" },
    { "oversize", NEW, { "--oversize", "tz.mbn" }, NULL, MFU_ERROR_CORRUPT_PACKAGE, "tz" },
    { "missing image", NEW, { "--omit", "tz.mbn" }, NULL, MFU_ERROR_CORRUPT_PACKAGE, "tz.mbn" },
    { "changed byte", NEW, { "--corrupt", "tz.mbn" }, NULL, MFU_ERROR_CORRUPT_PACKAGE, "tz.mbn" },
    { "unknown tag", NEW, { "--unknown-tag" }, NULL, MFU_ERROR_CORRUPT_PACKAGE, "" },
    { "bad xml", NEW, { "--bad-xml" }, NULL, MFU_ERROR_CORRUPT_PACKAGE, "xml" },
    { "chip", NEW, { "--chip", "MDM9640" }, NULL, MFU_ERROR_WRONG_PACKAGE, "chip" },
    { "unnamed", "firmware", { NULL }, NULL, MFU_ERROR_WRONG_PACKAGE, "unnamed" },
    { "truncated zip",
      NEW ".zip",
      { "--form", "zip", "--truncate", "60" },
      NULL,
      MFU_ERROR_CORRUPT_PACKAGE,
      "" },
    { "truncated 7z",
      NEW ".7z",
      { "--form", "7z", "--truncate", "60" },
      NULL,
      MFU_ERROR_CORRUPT_PACKAGE,
      "" },
    { "dotdot",
      NEW ".zip",
      { "--form", "zip", "--hostile", "dotdot" },
      NULL,
      MFU_ERROR_CORRUPT_PACKAGE,
      ".." },
    { "absolute",
      NEW ".zip",
      { "--form", "zip", "--hostile", "absolute" },
      NULL,
      MFU_ERROR_CORRUPT_PACKAGE,
      "" },
    { "symlink",
      NEW ".zip",
      { "--form", "zip", "--hostile", "symlink" },
      NULL,
      MFU_ERROR_CORRUPT_PACKAGE,
      "" },
};

static void
test_refusal (gconstpointer data)
{
    const Refusal *refusal = data;
    const char *const *o = refusal->option;
    g_autofree char *version = g_strndup (refusal->name, sizeof NEW - 1);
    const char *path;
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    job_fixture_init (&fixture, &config);
    path = job_fixture_package (
        refusal->name, "--version", g_str_has_prefix (version, "EC25") ? version : NEW, "--geometry",
        refusal->geometry != NULL ? refusal->geometry : "p4K_b256K", "--size", "small", o[0],
        o[0] != NULL ? o[1] : NULL, o[1] != NULL ? o[2] : NULL, o[2] != NULL ? o[3] : NULL, NULL);
    job_fixture_run (&fixture, path);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, refusal->code, refusal->sentence);
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, OLD);
    g_assert_true (job_fixture_verdict (&fixture)->boots);
    job_fixture_clear (&fixture);
}

/* The same package with the refusal lifted by name goes through, a protected range never does. */
static void
test_lifted (void)
{
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    job_fixture_init (&fixture, &config);
    fixture.allow[1] = "downgrade";
    job_fixture_run (&fixture,
                     job_fixture_package ("EC25EFAR06A03M4G", "--version", "EC25EFAR06A03M4G", FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, "EC25EFAR06A03M4G");
    job_fixture_clear (&fixture);

    job_fixture_init (&fixture, &config);
    for (guint i = 0; i < 7; i++)
        fixture.allow[i] = (const char *const[]){ "variant",   "baseline",  "geometry", "unidentified",
                                                  "reinstall", "downgrade", "unnamed" }[i];
    job_fixture_run (&fixture, job_fixture_package (NEW, "--version", NEW, FORM, "--touch-efs2", NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "EFS2");
    job_fixture_clear (&fixture);
}

/* Nothing is sent to a modem whose power may be cut, until somebody says that it will not be. */
static void
test_power_manager (void)
{
    const char *path = job_fixture_package (NEW, "--version", NEW, FORM, NULL);
    JobFixture fixture;
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD;
    job_fixture_init (&fixture, &config);
    fixture.version = OLD;
    sim_world_set_power_manager (fixture.sim, "modem-power");
    job_fixture_run (&fixture, path);
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_BUSY, "/sys/class/modem-power/modem-power");
    job_assert_message (&fixture, MFU_ERROR_BUSY, "allow: power-manager");
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_NORMAL), ==, 0);
    fixture.allow[1] = "power-manager";
    job_fixture_run (&fixture, path);
    job_assert_state (&fixture, MFU_JOB_DONE);
    job_fixture_clear (&fixture);
}

/* A node that may not be opened is told as such, in either mode, and not as an unknown modem. */
static void
test_not_permitted (void)
{
    static const SimStart starts[] = { SIM_START_NORMAL, SIM_START_EDL };
    const char *path = job_fixture_package (NEW, "--version", NEW, FORM, NULL);
    JobFixture fixture;
    SimConfig config;

    for (gsize i = 0; i < G_N_ELEMENTS (starts); i++) {
        sim_config_init (&config);
        config.version = OLD;
        config.start = starts[i];
        job_fixture_init (&fixture, &config);
        fixture.allow[1] = i == 0 ? NULL : "unidentified";
        sim_world_set_open_error (fixture.sim, MFU_ERROR_NOT_AUTHORIZED);
        job_fixture_run (&fixture, path);
        job_assert_state (&fixture, MFU_JOB_FAILED);
        job_assert_message (&fixture, MFU_ERROR_NOT_AUTHORIZED, "cannot be opened");
        job_fixture_clear (&fixture);
    }
}

/* A job that only makes its plan asks one version and says what it would do. */
static void
cancel_when_ready (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    g_autoptr (GError) error = NULL;

    if (status->state != MFU_JOB_READY)
        return;
    g_assert_true (status->has_plan);
    g_assert_cmpstr (status->plan_method, ==, "firehose");
    *(char **) user_data = g_strdup (status->plan_text);
    g_assert_true (mfu_job_cancel (job, &error));
    g_assert_no_error (error);
}

static void
test_check (void)
{
    JobFixture fixture;
    SimConfig config;
    g_autofree char *text = NULL;

    sim_config_init (&config);
    config.version = OLD;
    job_fixture_init (&fixture, &config);
    fixture.waits_for_start = TRUE;
    fixture.changed = cancel_when_ready;
    fixture.user_data = &text;
    job_fixture_run (&fixture, job_fixture_package (NEW, "--version", NEW, FORM, "--no-md5", NULL));
    job_assert_state (&fixture, MFU_JOB_CANCELLED);
    g_assert_nonnull (strstr (text, OLD " -> " NEW));
    g_assert_nonnull (strstr (text, "md5.txt"));
    g_assert_nonnull (strstr (text, "erase   sbl"));
    g_assert_true (strstr (text, "erase   sbl") < strstr (text, "write   tz"));
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (&fixture), SIM_MODE_EDL), ==, 0);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    int result;

    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
        g_autofree char *path = g_strdup_printf ("/refusals/%s", refusals[i].title);

        g_test_add_data_func (path, &refusals[i], test_refusal);
    }
    g_test_add_func ("/refusals/lifted", test_lifted);
    g_test_add_func ("/refusals/check", test_check);
    g_test_add_func ("/refusals/power-manager", test_power_manager);
    g_test_add_func ("/refusals/not-permitted", test_not_permitted);
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
