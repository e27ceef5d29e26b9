/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One modem, updated back and forth between two versions in one process, by each chain that begins in normal
 * mode. Nothing may grow: neither memory nor descriptors nor the state folder; and nothing may drift: with
 * each version the whole chip is byte for byte what it was with that version the time before. */

#include "trial.h"

#include "job/job-fixture.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_UP 20 /* updates, after which nothing is made for the first time any more */

/* Beside the simulator's book, which has a line for each operation on the chip, of 93 to 115 bytes. */
#define BYTES_A_LINE    128
#define MAX_HEAP_GROWTH (16 * 1024)
#define MAX_RSS_GROWTH  (256 * 1024)

/* With AddressSanitizer what is freed stays for a while, and LeakSanitizer looks for the rest. */
#ifdef __SANITIZE_ADDRESS__
#define IS_SANITIZED TRUE
#else
#define IS_SANITIZED FALSE
#endif

static struct {
    int updates;
    char *chain;
} options = { .updates = 200 };

static const GOptionEntry entries[] = {
    { "updates", 0, 0, G_OPTION_ARG_INT, &options.updates, "How many, of each chain (200)", "N" },
    { "chain", 0, 0, G_OPTION_ARG_STRING, &options.chain, "This chain alone", "NAME" },
    { NULL }
};

typedef struct {
    gsize rss, heap; /* resident; in use */
    guint n_fds, n_files, n_ops;
} Size;

static guint
count_entries (const char *path)
{
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    guint n = 0;

    while (dir != NULL && g_dir_read_name (dir) != NULL)
        n++;
    return n;
}

static void
measure (JobFixture *fixture, Size *size)
{
    g_autofree char *statm = NULL;
    g_auto (GStrv) words = NULL;

    g_assert_true (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL));
    words = g_strsplit (statm, " ", 3);
    size->rss = (gsize) g_ascii_strtoull (words[1], NULL, 10) * (gsize) sysconf (_SC_PAGESIZE);
    size->heap = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
    size->n_fds = count_entries ("/proc/self/fd");
    size->n_files = count_entries (fixture->state_dir);
    size->n_ops = sim_modem_get_n_ops (job_fixture_modem (fixture));
}

/* Of all that is on the chip. */
static char *
hash_chip (JobFixture *fixture)
{
    g_autofree char *path = g_build_filename (fixture->directory, "chip", NULL);
    g_autofree char *data = NULL;
    g_autoptr (GError) error = NULL;
    gsize size = 0;

    if (!sim_modem_save (job_fixture_modem (fixture), path, &error) ||
        !g_file_get_contents (path, &data, &size, &error))
        g_error ("%s", error->message);
    g_unlink (path);
    return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) data, size);
}

static const char *
package_of (const Chain *chain, const char *version)
{
    const char *a[G_N_ELEMENTS (chain->package)] = { NULL };

    for (guint i = 0; i < G_N_ELEMENTS (a) - 1 && chain->package[i] != NULL; i++)
        a[i] = strcmp (chain->package[i], chain->to) == 0 ? version : chain->package[i];
    return job_fixture_package (version, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], NULL);
}

/* What is wrong after an update to `version`; NULL: nothing. */
static char *
find_fault (JobFixture *fixture, const char *version)
{
    const SimVerdict *verdict = job_fixture_verdict (fixture);

    if (fixture->status->state != MFU_JOB_DONE)
        return g_strdup (fixture->status->error != NULL ? fixture->status->error->message : "not done");
    if (verdict->n_failures > 0)
        return g_strdup (sim_modem_get_failure (job_fixture_modem (fixture), 0));
    if (verdict->is_bricked || !verdict->boots || g_strcmp0 (verdict->version, version) != 0)
        return g_strdup_printf ("runs %s: %s", verdict->version, verdict->reason);
    if (!sim_world_has_drivers (fixture->sim) || sim_world_is_held (fixture->sim))
        return g_strdup ("is kept from its drivers");
    return NULL;
}

static gsize
growth (gsize before, gsize after)
{
    return after > before ? after - before : 0;
}

static gboolean
is_flat (const Size *before, const Size *after)
{
    gsize book = (gsize) (after->n_ops - before->n_ops) * BYTES_A_LINE;
    gsize heap = growth (before->heap, after->heap);
    gsize rss = growth (before->rss, after->rss);

    g_print ("  resident %zu KiB, and %zu KiB more; heap %zu KiB, and %zu KiB more, of which the simulator's "
             "book may have %zu; descriptors %u, %u; files %u, %u\n",
             before->rss / 1024, rss / 1024, before->heap / 1024, heap / 1024, book / 1024, before->n_fds,
             after->n_fds, before->n_files, after->n_files);
    return after->n_fds == before->n_fds && after->n_files == before->n_files &&
           (IS_SANITIZED || (heap <= MAX_HEAP_GROWTH + book && rss <= MAX_RSS_GROWTH + book));
}

static gboolean
endure (const Chain *chain)
{
    const char *const versions[2] = { chain->to, chain->from };
    char *chips[2] = { NULL, NULL };
    JobFixture fixture;
    Size before = { 0 }, after;
    SimConfig config;
    gboolean is_good = TRUE;

    g_print ("%s: %d updates\n", chain->name, options.updates);
    sim_config_init (&config);
    config.family = chain->family;
    config.version = chain->from;
    config.quirks = chain->quirks;
    job_fixture_init (&fixture, &config);
    fixture.method = chain->method;
    fixture.allow[1] = "downgrade";
    fixture.allow[2] = chain->allow;
    for (guint i = 0; is_good && i < (guint) options.updates; i++) {
        g_autofree char *wrong = NULL;
        g_autofree char *chip = NULL;

        job_fixture_run (&fixture, package_of (chain, versions[i % 2]));
        wrong = find_fault (&fixture, versions[i % 2]);
        chip = hash_chip (&fixture);
        if (wrong == NULL && chips[i % 2] != NULL && strcmp (chip, chips[i % 2]) != 0)
            wrong = g_strdup ("the chip is not what it was with this version before");
        if (wrong != NULL)
            g_print ("FAILED: update %u, to %s: %s\n", i + 1, versions[i % 2], wrong);
        is_good = wrong == NULL;
        /* In a first round trip each image takes the factory's place. */
        if (i >= 2 && chips[i % 2] == NULL)
            chips[i % 2] = g_steal_pointer (&chip);
        if (i + 1 == MIN (WARM_UP, (guint) options.updates / 2))
            measure (&fixture, &before);
    }
    measure (&fixture, &after);
    if (is_good && !is_flat (&before, &after)) {
        g_print ("FAILED: it grows\n");
        is_good = FALSE;
    }
    job_fixture_clear (&fixture);
    g_free (chips[0]);
    g_free (chips[1]);
    return is_good;
}

static GLogWriterOutput
log_errors_only (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return g_log_writer_standard_streams (level, fields, n_fields, NULL);
    return G_LOG_WRITER_HANDLED;
}

int
main (int argc, char **argv)
{
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;
    gboolean is_good = TRUE;
    guint n = 0;

    g_option_context_add_main_entries (context, entries, NULL);
    if (!g_option_context_parse (context, &argc, &argv, &error) || options.updates < 4) {
        g_printerr ("%s\n", error != NULL ? error->message : "at least four updates are needed");
        return 2;
    }
    g_log_set_writer_func (log_errors_only, NULL, NULL);
    for (guint i = 0; i < n_chains; i++) {
        if (chains[i].keeps || chains[i].start != SIM_START_NORMAL || chains[i].half_flashed != NULL ||
            (options.chain != NULL && strcmp (options.chain, chains[i].name) != 0))
            continue;
        is_good &= endure (&chains[i]);
        n++;
    }
    job_fixture_remove_packages ();
    g_free (options.chain);
    return n == 0 ? 2 : is_good ? 0 : 1;
}
