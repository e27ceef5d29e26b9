/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A modem that ModemManager holds and does not know exactly: as without our plugin, where its Revision may be
 * short or empty. Nobody but ModemManager uses its ports before it has let go; then the modem itself is
 * asked, and what was not known is compared before anything is switched. One that is started meanwhile knows
 * of no inhibition and uses the ports until it is told. */

#include "job-fixture.h"

#include "job/journal.h"
#include "util/error.h"

#include <string.h>

#define OLD      "EC25EFAR06A05M4G"
#define OLD_FULL OLD "_01.001.01.001"
#define NEW      "EC25EFAR06A08M4G"
#define FORM     "--geometry", "p4K_b256K", "--size", "small"

typedef struct {
    MfuJobHost parent;
    JobFixture *fixture;
    guint n_taken, n_given_back;
    guint newcomer_at;       /* a new ModemManager opens the ports right behind this taking; 0: never */
    gboolean newcomer_stays; /* whatever it is told */
    gboolean has_newcomer;
} Host;

static guint64
bytes_in_normal_mode (JobFixture *fixture)
{
    return sim_modem_get_bytes_out (job_fixture_modem (fixture), SIM_MODE_NORMAL);
}

static void
let_newcomer_in (Host *host)
{
    host->has_newcomer = TRUE;
    sim_world_set_open_error (host->fixture->sim, MFU_ERROR_BUSY);
}

static gboolean
host_take (MfuJobHost *base, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    Host *host = (Host *) base;

    if (host->n_taken == 0)
        g_assert_cmpuint (bytes_in_normal_mode (host->fixture), ==, 0);
    host->n_taken++;
    if (host->has_newcomer && !host->newcomer_stays)
        sim_world_set_open_error (host->fixture->sim, -1);
    if (host->n_taken == host->newcomer_at)
        let_newcomer_in (host);
    return TRUE;
}

static void
host_give_back (MfuJobHost *base, const MfuUsbDevice *device)
{
    ((Host *) base)->n_given_back++;
}

static const MfuJobHostClass host_class = { .take = host_take, .give_back = host_give_back };

/* Runs a job whose modem runs `running` and is `told` by ModemManager. */
static void
run (JobFixture *fixture, Host *host, const char *running, const char *told, const char *path)
{
    SimConfig config;

    sim_config_init (&config);
    config.version = running;
    job_fixture_init (fixture, &config);
    host->parent.klass = &host_class;
    host->fixture = fixture;
    fixture->host = &host->parent;
    fixture->version = told;
    fixture->asks_when_taken = TRUE;
    job_fixture_run (fixture, path);
    g_assert_cmpuint (host->n_given_back, ==, MIN (host->n_taken, 1));
}

static void
assert_untouched (JobFixture *fixture, const char *running)
{
    g_assert_cmpuint (sim_modem_get_bytes_out (job_fixture_modem (fixture), SIM_MODE_EDL), ==, 0);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (fixture)), ==, SIM_MODE_NORMAL);
    g_assert_cmpstr (job_fixture_verdict (fixture)->version, ==, running);
}

static void
test_fits (gconstpointer told)
{
    JobFixture fixture;
    Host host = { 0 };

    run (&fixture, &host, OLD_FULL, told, job_fixture_package (NEW, "--version", NEW, FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpuint (host.n_taken, >=, 1);
    g_assert_cmpstr (fixture.status->from_version, ==, OLD_FULL);
    g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, NEW);
    job_fixture_clear (&fixture);
}

/* What ModemManager does tell is refused before it has to let go. */
static void
test_refused_before (void)
{
    JobFixture fixture;
    Host host = { 0 };

    run (&fixture, &host, OLD, "EC25EFAR06A05",
         job_fixture_package ("EC25AFAR06A08M4G", "--version", "EC25AFAR06A08M4G", FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "variant");
    g_assert_cmpuint (host.n_taken, ==, 0);
    assert_untouched (&fixture, OLD);
    job_fixture_clear (&fixture);
}

static const struct {
    const char *title, *running, *told, *package;
    int code;
    const char *sentence;
} afterwards[] = {
    { "variant", OLD, "", "EC25AFAR06A08M4G", MFU_ERROR_WRONG_PACKAGE, "variant" },
    { "downgrade", OLD, "", "EC25EFAR06A03M4G", MFU_ERROR_WRONG_PACKAGE, "downgrade" },
    { "memory", "EC25EFAR06A05M2G", "EC25EFAR06A05", NEW, MFU_ERROR_WRONG_PACKAGE, "geometry" },
    { "project", OLD_FULL, OLD, NEW "_02.001.01.001", MFU_ERROR_WRONG_PACKAGE, "project" },
    { "nothing-to-do", NEW, "", NEW, MFU_ERROR_NOTHING_TO_DO, "nothing to do" },
};

/* The modem is given back as it was. */
static void
test_refused_afterwards (gconstpointer data)
{
    const char *package = afterwards[GPOINTER_TO_UINT (data)].package;
    const char *running = afterwards[GPOINTER_TO_UINT (data)].running;
    JobFixture fixture;
    Host host = { 0 };

    run (&fixture, &host, running, afterwards[GPOINTER_TO_UINT (data)].told,
         job_fixture_package (package, "--version", package, FORM, NULL));
    job_assert_state (&fixture, MFU_JOB_FAILED);
    job_assert_message (&fixture, afterwards[GPOINTER_TO_UINT (data)].code,
                        afterwards[GPOINTER_TO_UINT (data)].sentence);
    g_assert_cmpuint (host.n_taken, ==, 1);
    assert_untouched (&fixture, running);
    job_fixture_clear (&fixture);
}

/* One that does not answer, by AT nor by QMI, is flashed if ModemManager knew it, and refused if nobody does.
 */
static void
test_mute (void)
{
    const char *path = job_fixture_package (NEW, "--version", NEW, FORM, NULL);
    JobFixture fixture;
    Host host = { 0 };
    SimConfig config;

    for (guint i = 0; i < 2; i++) {
        sim_config_init (&config);
        config.version = OLD;
        config.quirks = "no-qmi";
        job_fixture_init (&fixture, &config);
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), "at:*=deaf", NULL));
        host = (Host){ .parent.klass = &host_class, .fixture = &fixture };
        fixture.host = &host.parent;
        fixture.version = i == 0 ? "" : OLD;
        fixture.asks_when_taken = TRUE;
        job_fixture_run (&fixture, path);
        g_assert_cmpuint (host.n_taken, >=, 1);
        if (i == 0) {
            job_assert_state (&fixture, MFU_JOB_FAILED);
            job_assert_message (&fixture, MFU_ERROR_WRONG_PACKAGE, "unidentified");
            assert_untouched (&fixture, OLD);
        } else {
            /* Nor does it answer afterwards. */
            job_assert_state (&fixture, MFU_JOB_FLASHED_UNVERIFIED);
            g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, NEW);
        }
        job_fixture_clear (&fixture);
    }
}

/* Killed in the download mode: the next run knows from the journal what the modem had told. */
static gboolean
die_in_edl (SimWorld *sim, guint n, gpointer user_data)
{
    return sim_modem_get_mode (sim_world_modem (sim)) == SIM_MODE_NORMAL;
}

static void
test_is_remembered (void)
{
    const char *path = job_fixture_package (NEW, "--version", NEW, FORM, NULL);
    JobFixture fixture;
    Host host = { .parent.klass = &host_class, .fixture = &fixture };
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD_FULL;
    job_fixture_init (&fixture, &config);
    fixture.host = &host.parent;
    fixture.version = "";
    fixture.asks_when_taken = TRUE;
    sim_world_set_hook (fixture.sim, die_in_edl, NULL);
    job_fixture_run (&fixture, path);
    job_assert_state (&fixture, MFU_JOB_NEEDS_RECOVERY);
    sim_world_set_hook (fixture.sim, NULL, NULL);
    sim_world_pass_ms (fixture.sim, 1000);
    g_assert_cmpint (sim_modem_get_mode (job_fixture_modem (&fixture)), ==, SIM_MODE_EDL);
    host.n_taken = 0;
    fixture.asks_when_taken = FALSE;
    fixture.host = NULL;
    job_fixture_run (&fixture, path);
    job_assert_state (&fixture, MFU_JOB_DONE);
    g_assert_cmpstr (fixture.status->from_version, ==, OLD_FULL);
    job_fixture_clear (&fixture);
}

static gboolean
let_newcomer_in_after_fault (SimWorld *sim, guint n, gpointer user_data)
{
    Host *host = user_data;

    if (!host->has_newcomer && sim_modem_get_faults_hit (sim_world_modem (sim)) > 0)
        let_newcomer_in (host);
    return TRUE;
}

static const struct {
    const char *title;
    guint at;
    gboolean asks, stays;
} newcomers[] = {
    { "before-the-version", 1, TRUE, FALSE },      { "before-the-switch", 2, FALSE, FALSE },
    { "after-a-deaf-switch", 0, FALSE, FALSE },    { "stays/before-the-version", 1, TRUE, TRUE },
    { "stays/before-the-switch", 2, FALSE, TRUE }, { "stays/after-a-deaf-switch", 0, FALSE, TRUE },
};

/* It is told, lets go, and the job goes on; one that does not let go is named, and the modem is as it was. */
static void
test_newcomer (gconstpointer data)
{
    const char *path = job_fixture_package (NEW, "--version", NEW, FORM, NULL);
    guint i = GPOINTER_TO_UINT (data);
    JobFixture fixture;
    Host host = { .parent.klass = &host_class, .fixture = &fixture };
    SimConfig config;

    sim_config_init (&config);
    config.version = OLD_FULL;
    job_fixture_init (&fixture, &config);
    fixture.host = &host.parent;
    fixture.version = OLD_FULL;
    fixture.asks_when_taken = newcomers[i].asks;
    host.newcomer_at = newcomers[i].at;
    host.newcomer_stays = newcomers[i].stays;
    if (newcomers[i].at == 0) {
        g_assert_true (sim_modem_add_fault (job_fixture_modem (&fixture), "diag:1=deaf", NULL));
        sim_world_set_hook (fixture.sim, let_newcomer_in_after_fault, &host);
    }
    job_fixture_run (&fixture, path);
    g_assert_true (host.has_newcomer);
    if (newcomers[i].stays) {
        job_assert_state (&fixture, MFU_JOB_FAILED);
        job_assert_message (&fixture, MFU_ERROR_BUSY, "cannot be opened");
        assert_untouched (&fixture, OLD_FULL);
    } else {
        job_assert_state (&fixture, MFU_JOB_DONE);
        g_assert_cmpstr (job_fixture_verdict (&fixture)->version, ==, NEW);
    }
    g_assert_cmpuint (host.n_given_back, ==, 1);
    job_fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
    int result;

    g_test_init (&argc, &argv, NULL);
    g_test_add_data_func ("/identify/fits/unknown", "", test_fits);
    g_test_add_data_func ("/identify/fits/not-a-version", "1.2.3", test_fits);
    g_test_add_data_func ("/identify/fits/short", "EC25EFAR06A05", test_fits);
    g_test_add_data_func ("/identify/fits/no-suffix", OLD, test_fits);
    g_test_add_func ("/identify/refused-before", test_refused_before);
    for (guint i = 0; i < G_N_ELEMENTS (afterwards); i++) {
        g_autofree char *path = g_strdup_printf ("/identify/refused-afterwards/%s", afterwards[i].title);

        g_test_add_data_func (path, GUINT_TO_POINTER (i), test_refused_afterwards);
    }
    g_test_add_func ("/identify/mute", test_mute);
    g_test_add_func ("/identify/is-remembered", test_is_remembered);
    for (guint i = 0; i < G_N_ELEMENTS (newcomers); i++) {
        g_autofree char *path = g_strdup_printf ("/identify/newcomer/%s", newcomers[i].title);

        g_test_add_data_func (path, GUINT_TO_POINTER (i), test_newcomer);
    }
    result = g_test_run ();
    job_fixture_remove_packages ();
    return result;
}
