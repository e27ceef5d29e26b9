/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every fault at every event of every chain, in processes of their own, and the table of what came of it. */

#include "trial.h"

#include "job/job-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PER_PROCESS   100
#define TRIAL_SECONDS 60 /* of wall clock; what takes longer hangs */
#define MAX_JOBS      64

static const char *const outcome_names[N_OUTCOMES] = {
    [OUTCOME_PENDING] = "pending", [OUTCOME_RUNNING] = "running",  [OUTCOME_NOT_STRUCK] = "not struck",
    [OUTCOME_SELF] = "by itself",  [OUTCOME_RESUMED] = "resumed",  [OUTCOME_ONE] = "one command",
    [OUTCOME_TWO] = "two",         [OUTCOME_WINDOW] = "in window", [OUTCOME_BRICKED] = "BRICKED",
    [OUTCOME_LOST] = "lost",       [OUTCOME_IDLE] = "idle",        [OUTCOME_LEFT] = "left",
    [OUTCOME_MISUSED] = "misused", [OUTCOME_HANG] = "hang",        [OUTCOME_CRASH] = "crash",
};

static struct {
    gboolean is_all, is_verbose, logs;
    char *chain, *kind, *second_kind;
    int point, second_point, jobs, every, pairs;
    gint64 seed;
} options = { .point = -1, .jobs = 2, .every = 12, .pairs = -1, .seed = -1 };

static const GOptionEntry entries[] = {
    { "all", 0, 0, G_OPTION_ARG_NONE, &options.is_all, "Every event, and 2000 pairs a chain", NULL },
    { "every", 0, 0, G_OPTION_ARG_INT, &options.every, "Every Nth event, and both ends of each step (12)",
      "N" },
    { "pairs", 0, 0, G_OPTION_ARG_INT, &options.pairs, "How many pairs of faults a chain (60)", "N" },
    { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "Of the pairs", "N" },
    { "chain", 0, 0, G_OPTION_ARG_STRING, &options.chain, "This chain alone", "NAME" },
    { "kind", 0, 0, G_OPTION_ARG_STRING, &options.kind, "This kind of fault alone", "NAME" },
    { "point", 0, 0, G_OPTION_ARG_INT, &options.point, "At this event alone, told in full", "N" },
    { "second-kind", 0, 0, G_OPTION_ARG_STRING, &options.second_kind, "A second fault, in the recovery",
      "NAME" },
    { "second-point", 0, 0, G_OPTION_ARG_INT, &options.second_point, "And its event", "N" },
    { "log", 0, 0, G_OPTION_ARG_NONE, &options.logs,
      "Let the engine log (G_MESSAGES_DEBUG=mm-firmware: each frame)", NULL },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options.jobs, "Processes (2)", "N" },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.is_verbose, "Tell every trial", NULL },
    { NULL }
};

static Recording *recordings[16];
static GArray *cases;            /* Case */
static volatile guint8 *results; /* Outcome by case, shared by all processes */

static GLogWriterOutput
log_errors_only (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return g_log_writer_standard_streams (level, fields, n_fields, NULL);
    return G_LOG_WRITER_HANDLED;
}

static gboolean
is_asked_for (const char *name, const char *wanted)
{
    return wanted == NULL || strcmp (name, wanted) == 0;
}

/* Those that are for kept packages come last. */
static guint
n_kinds_for (const Chain *chain)
{
    guint n = n_kinds;

    while (!chain->keeps && kinds[n - 1].is_for_kept)
        n--;
    return n;
}

static void
add_single (guint chain, guint kind)
{
    const Recording *recording = recordings[chain];
    /* A kept package matters most to a service that starts again; the rest was seen without one. */
    gboolean takes_edges = !chains[chain].is_twin && (!chains[chain].keeps || kinds[kind].ends_service);
    guint seen = 0;

    for (guint point = 0; point < recording->events->len; point++) {
        Case one = { chain, kind, point, n_kinds, 0 };

        if (!(kinds[kind].events & 1u << g_array_index (recording->events, guint8, point)))
            continue;
        if (options.point >= 0 ? point == (guint) options.point
                               : options.is_all || seen % (guint) options.every == 0 ||
                                     (takes_edges && g_array_index (recording->is_edge, guint8, point)))
            g_array_append_val (cases, one);
        seen++;
    }
}

static void
add_pairs (guint chain, GRand *rand)
{
    guint n_events = recordings[chain]->events->len;
    gint32 n_drawn = (gint32) n_kinds_for (&chains[chain]);

    for (int i = 0; i < options.pairs; i++) {
        Case pair = { chain, 0 };

        /* Kinds that do not apply to that event are drawn again. */
        do {
            pair.kind = (guint) g_rand_int_range (rand, 0, n_drawn);
            pair.point = (guint) g_rand_int_range (rand, 0, (gint32) n_events);
        } while (
            !(kinds[pair.kind].events & 1u << g_array_index (recordings[chain]->events, guint8, pair.point)));
        pair.second_kind = (guint) g_rand_int_range (rand, 0, n_drawn);
        pair.second_point = (guint) g_rand_int_range (rand, 0, (gint32) n_events);
        g_array_append_val (cases, pair);
    }
}

static void
collect (void)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) options.seed);

    cases = g_array_new (FALSE, TRUE, sizeof (Case));
    for (guint chain = 0; chain < n_chains; chain++) {
        if (!is_asked_for (chains[chain].name, options.chain))
            continue;
        recordings[chain] = trial_record (&chains[chain]);
        if (recordings[chain] == NULL)
            exit (1);
        for (guint kind = 0; kind < n_kinds_for (&chains[chain]); kind++)
            if (is_asked_for (kinds[kind].name, options.kind))
                add_single (chain, kind);
        if (options.kind == NULL)
            add_pairs (chain, rand);
    }
}

static gboolean
add_asked_for_pair (void)
{
    for (guint kind = 0; options.second_kind != NULL && kind < n_kinds; kind++) {
        if (strcmp (kinds[kind].name, options.second_kind) != 0)
            continue;
        for (guint i = 0; i < cases->len; i++) {
            g_array_index (cases, Case, i).second_kind = kind;
            g_array_index (cases, Case, i).second_point = (guint) options.second_point;
        }
        return TRUE;
    }
    return options.second_kind == NULL;
}

/* In a process of its own: cases `first`, `first` + `step` ... */
G_GNUC_NORETURN
static void
run_cases (guint first, guint step, guint count)
{
    for (guint i = first, n = 0; i < cases->len && n < count; i += step, n++) {
        const Case *what = &g_array_index (cases, Case, i);

        alarm (TRIAL_SECONDS);
        results[i] = OUTCOME_RUNNING;
        results[i] = (guint8) trial_run (recordings[what->chain], what, options.is_verbose);
    }
    fflush (stdout);
    _exit (0);
}

static void
tell_crash (guint i, int status)
{
    const Case *what = &g_array_index (cases, Case, i);
    gboolean is_alarm = WIFSIGNALED (status) && WTERMSIG (status) == SIGALRM;

    results[i] = is_alarm ? OUTCOME_HANG : OUTCOME_CRASH;
    g_print ("FAILED --chain %s --kind %s --point %u", chains[what->chain].name, kinds[what->kind].name,
             what->point);
    if (what->second_kind < n_kinds)
        g_print (" --second-kind %s --second-point %u", kinds[what->second_kind].name, what->second_point);
    g_print (": %s, status %d\n", is_alarm ? "hangs" : "crashes", status);
}

/* Every `step`th case from `first` on; a process that dies takes its case with it and no other. */
static void
work (guint first, guint step)
{
    guint next = first;

    while (next < cases->len) {
        pid_t pid = fork ();
        int status;

        if (pid == 0)
            run_cases (next, step, PER_PROCESS);
        if (pid < 0 || waitpid (pid, &status, 0) < 0)
            g_error ("fork: %s", g_strerror (errno));
        while (next < cases->len && results[next] > OUTCOME_RUNNING)
            next += step;
        if (next < cases->len && results[next] == OUTCOME_RUNNING) {
            tell_crash (next, status);
            next += step;
        }
    }
}

static void
work_in_parallel (void)
{
    guint n = (guint) CLAMP (options.jobs, 1, MAX_JOBS);

    results = mmap (NULL, cases->len + 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true (results != MAP_FAILED);
    fflush (stdout);
    for (guint i = 0; i < n; i++) {
        pid_t pid = fork ();

        if (pid == 0) {
            work (i, n);
            fflush (stdout);
            _exit (0);
        }
        if (pid < 0)
            g_error ("fork: %s", g_strerror (errno));
    }
    for (guint i = 0; i < n; i++)
        wait (NULL);
}

/* One line of the table; `kind` n_kinds: the pairs. Returns how many cases it has. */
static guint
print_line (guint chain, guint kind)
{
    static const Outcome columns[] = { OUTCOME_SELF,   OUTCOME_RESUMED, OUTCOME_ONE,  OUTCOME_TWO,
                                       OUTCOME_WINDOW, OUTCOME_BRICKED, OUTCOME_LOST, OUTCOME_IDLE,
                                       OUTCOME_LEFT,   OUTCOME_MISUSED, OUTCOME_HANG, OUTCOME_CRASH };
    guint counts[N_OUTCOMES] = { 0 };
    guint total = 0;

    for (guint i = 0; i < cases->len; i++) {
        const Case *what = &g_array_index (cases, Case, i);
        gboolean is_pair = what->second_kind < n_kinds;

        if (what->chain != chain || (kind == n_kinds ? !is_pair : is_pair || what->kind != kind))
            continue;
        counts[results[i]]++;
        total += results[i] != OUTCOME_NOT_STRUCK;
    }
    if (total == 0)
        return 0;
    g_print ("%-14s %-13s %6u", chains[chain].name, kind == n_kinds ? "(pairs)" : kinds[kind].name, total);
    for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
        g_print (" %8u", counts[columns[i]]);
    g_print ("\n");
    return total;
}

static gboolean
print_table (void)
{
    guint sums[N_OUTCOMES] = { 0 };
    guint total = 0, n_bad = 0;

    g_print ("\n%-14s %-13s %6s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", "chain", "fault",
             "points", "itself", "resumed", "command", "two", "window", "bricked", "lost", "idle", "left",
             "misused", "hang", "crash");
    for (guint chain = 0; chain < n_chains; chain++)
        for (guint kind = 0; kind <= n_kinds; kind++)
            total += print_line (chain, kind);
    for (guint i = 0; i < cases->len; i++)
        sums[results[i]]++;
    for (guint i = 0; i < N_OUTCOMES; i++)
        n_bad += i >= OUTCOME_BRICKED || i <= OUTCOME_RUNNING ? sums[i] : 0;
    g_print ("\n%u trials in %u chains", total, n_chains);
    for (guint i = OUTCOME_SELF; i < N_OUTCOMES; i++)
        g_print (", %u %s", sums[i], outcome_names[i]);
    g_print ("; seed %" G_GINT64_FORMAT "\n", options.seed);
    return n_bad == 0 && total > 0;
}

static void
print_events (void)
{
    for (guint chain = 0; chain < n_chains; chain++)
        if (recordings[chain] != NULL)
            g_print ("%s: %u events in %.1f s of the modem's time\n", chains[chain].name,
                     recordings[chain]->events->len, (double) recordings[chain]->took_us / G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;
    gboolean is_good;

    g_option_context_add_main_entries (context, entries, NULL);
    if (!g_option_context_parse (context, &argc, &argv, &error)) {
        g_printerr ("%s\n", error->message);
        return 2;
    }
    if (!options.logs)
        g_log_set_writer_func (log_errors_only, NULL, NULL);
    if (options.seed < 0)
        options.seed = g_random_int ();
    if (options.pairs < 0)
        options.pairs = options.is_all ? 2000 : 60;
    if (options.every < 1)
        options.every = 1;
    options.is_verbose |= options.point >= 0;
    collect ();
    if (!add_asked_for_pair () || cases->len == 0) {
        g_printerr ("there is no such chain, kind or event\n");
        return 2;
    }
    print_events ();
    work_in_parallel ();
    is_good = print_table ();
    job_fixture_remove_packages ();
    return is_good ? 0 : 1;
}
