/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A job runs in this thread and process. To kill it is to jump out of it, close what it opened and take back
 * what the kernel would take back; what it allocated is lost, which is why trials are run in processes of
 * their own. */

#include "trial.h"

#include "job/job-fixture.h"
#include "judge.h"
#include "strike.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SETTLE_MS      (120 * 1000)
#define MAX_COMMANDS   2
#define MAX_VIRTUAL_US (4 * 3600 * G_GINT64_CONSTANT (1000000))

typedef enum {
    STOP_NONE,
    STOP_KILLED,
    STOP_REBOOTED,
    STOP_HUNG,
} Stop;

typedef struct {
    const Chain *chain;
    const char *package;
    JobFixture fixture;
    FaultWorld *fault;
    Judge *judge;
    char *plan_text;
    char *step, *fault_step; /* what the job was doing, and was when it was hit */
    gboolean costs_power;    /* what hit it */
    gboolean is_in_window;   /* a fault has hit it in a step of the window */
    GString *story;

    const Kind *kind; /* that strikes at `point`; NULL: none */
    guint point;
    gboolean is_struck, dies_next, has_faults;
    guint max_events;
    gint64 max_us;
    jmp_buf escape;
    guint first_fd;

    Recording *recording; /* while recording */
} Trial;

G_GNUC_PRINTF (2, 3)
static void
tell (Trial *trial, const char *format, ...)
{
    va_list args;

    va_start (args, format);
    g_string_append (trial->story, "    ");
    g_string_append_vprintf (trial->story, format, args);
    g_string_append_c (trial->story, '\n');
    va_end (args);
}

SimWorld *
strike_sim (gpointer trial)
{
    return ((Trial *) trial)->fixture.sim;
}

FaultWorld *
strike_world (gpointer trial)
{
    return ((Trial *) trial)->fault;
}

void
strike_kill (gpointer data, gboolean reboots_host)
{
    Trial *trial = data;

    longjmp (trial->escape, reboots_host ? STOP_REBOOTED : STOP_KILLED);
}

void
strike_kill_next (gpointer trial)
{
    ((Trial *) trial)->dies_next = TRUE;
}

void
strike_clear_faults_later (gpointer trial)
{
    ((Trial *) trial)->has_faults = TRUE;
}

static Effect
on_event (FaultWorld *fault, EventKind kind, guint number, gpointer user_data)
{
    Trial *trial = user_data;

    if (trial->recording != NULL) {
        guint8 byte = (guint8) kind;
        guint8 is_edge = number == 0 || g_strcmp0 (trial->fault_step, trial->step) != 0;

        if (is_edge && number > 0)
            g_array_index (trial->recording->is_edge, guint8, number - 1) = TRUE;
        g_array_append_val (trial->recording->events, byte);
        g_array_append_val (trial->recording->is_edge, is_edge);
        g_free (trial->fault_step);
        trial->fault_step = g_strdup (trial->step);
        return EFFECT_NONE;
    }
    if (trial->dies_next)
        strike_kill (trial, FALSE);
    if (number > trial->max_events || sim_world_now_us (trial->fixture.sim) > trial->max_us)
        longjmp (trial->escape, STOP_HUNG);
    if (trial->kind == NULL || number != trial->point || !(trial->kind->events & 1u << kind))
        return EFFECT_NONE;
    trial->is_struck = TRUE;
    trial->costs_power |= trial->kind->costs_power;
    g_free (trial->fault_step);
    trial->fault_step = g_strdup (trial->step);
    trial->is_in_window |= trial->chain->window != NULL &&
                           g_strv_contains ((const char *const *) trial->chain->window_steps, trial->step);
    return trial->kind->strike (trial, kind);
}

static void
on_changed (MfuJob *job, MfuJobStatus *status, gpointer user_data)
{
    Trial *trial = user_data;

    if (strcmp (trial->step, status->step) != 0) {
        g_free (trial->step);
        trial->step = g_strdup (status->step);
    }
    if (trial->plan_text == NULL && status->has_plan)
        trial->plan_text = g_strdup (status->plan_text);
}

static void
trial_init (Trial *trial, const Chain *chain, const char *package)
{
    g_autofree char *why = NULL;
    SimConfig config;

    memset (trial, 0, sizeof *trial);
    sim_config_init (&config);
    config.family = chain->family;
    config.version = chain->from;
    config.start = chain->start;
    config.half_flashed = chain->half_flashed;
    config.quirks = chain->quirks;
    job_fixture_init (&trial->fixture, &config);
    trial->chain = chain;
    trial->package = package;
    trial->fault = fault_world_new (trial->fixture.sim);
    trial->judge = judge_new (job_fixture_modem (&trial->fixture), package, &why);
    if (trial->judge == NULL)
        g_error ("%s", why);
    trial->fixture.world = fault_world_get (trial->fault);
    trial->fixture.changed = on_changed;
    trial->fixture.user_data = trial;
    trial->step = g_strdup ("");
    trial->story = g_string_new (NULL);
    trial->max_events = 100000;
    fault_world_set_hook (trial->fault, on_event, trial);
}

static void
trial_clear (Trial *trial)
{
    fault_world_free (trial->fault);
    job_fixture_clear (&trial->fixture);
    judge_free (trial->judge);
    g_free (trial->plan_text);
    g_free (trial->step);
    g_free (trial->fault_step);
    g_string_free (trial->story, TRUE);
}

/* The kernel's part of a process's end. */
static void
bury (Trial *trial, Stop stop)
{
    syscall (SYS_close_range, trial->first_fd, ~0U, 0);
    fault_world_lose_engine (trial->fault);
    if (stop == STOP_REBOOTED)
        sim_modem_reenumerate (job_fixture_modem (&trial->fixture), sim_world_now_us (trial->fixture.sim));
    g_clear_pointer (&trial->fixture.status, mfu_job_status_unref);
    trial->dies_next = FALSE;
}

/* What the last job told its user to do. */
static gboolean
says_power (const Trial *trial)
{
    const MfuJobStatus *status = trial->fixture.status;

    return status != NULL && status->error != NULL && strstr (status->error->message, "power away") != NULL;
}

static gboolean
says_method (const Trial *trial)
{
    const MfuJobStatus *status = trial->fixture.status;

    return status != NULL && status->error != NULL &&
           strstr (status->error->message, "name another method, or none") != NULL;
}

/* A user's command: the one that was typed first, or (`is_recovery`) the one that a job advises. */
static Stop
run_command (Trial *trial, gboolean is_recovery)
{
    gboolean is_first = !is_recovery && !says_method (trial);
    volatile Stop stop;

    trial->fixture.method = is_first ? trial->chain->method : NULL;
    trial->fixture.allow[1] = is_first ? trial->chain->allow : NULL;
    trial->is_struck = FALSE;
    trial->max_us = sim_world_now_us (trial->fixture.sim) + MAX_VIRTUAL_US;
    fault_world_set_hook (trial->fault, on_event, trial);
    /* Whatever the job opens gets this number or a higher one. */
    trial->first_fd = (guint) dup (STDOUT_FILENO);
    close ((int) trial->first_fd);
    stop = (Stop) setjmp (trial->escape);
    if (stop == STOP_NONE)
        job_fixture_run (&trial->fixture, trial->package);
    else
        bury (trial, stop);
    /* What comes next is another program, and knows nothing of a transfer that this one was kept from ending.
     */
    if (stop != STOP_NONE || trial->is_struck)
        sim_modem_lose_track (job_fixture_modem (&trial->fixture));
    if (trial->has_faults)
        sim_modem_clear_faults (job_fixture_modem (&trial->fixture));
    trial->has_faults = FALSE;
    trial->kind = NULL;
    if (stop == STOP_NONE)
        tell (trial, "%s: %s; %s", mfu_job_state_to_string (trial->fixture.status->state),
              trial->fixture.status->error != NULL ? trial->fixture.status->error->message : "no error",
              trial->fixture.status->advice);
    else
        tell (trial, "%s", stop == STOP_HUNG ? "hung" : stop == STOP_KILLED ? "killed" : "host rebooted");
    return stop;
}

/* Whether the modem works, with one firmware or the other, whole; else tells why not. */
static gboolean
is_well (Trial *trial, const SimVerdict *verdict)
{
    SimModem *modem = job_fixture_modem (&trial->fixture);
    gboolean is_new = g_strcmp0 (verdict->version, trial->chain->to) == 0;
    const char *wrong;

    if (!verdict->boots || verdict->mode != SIM_MODE_NORMAL) {
        tell (trial, "does not run: %s", verdict->reason != NULL ? verdict->reason : "in a download mode");
        return FALSE;
    }
    if (!sim_world_has_drivers (trial->fixture.sim)) {
        tell (trial, "runs, but no driver has taken it");
        return FALSE;
    }
    wrong = judge_images (trial->judge, modem, is_new, FALSE);
    if (wrong == NULL && (is_new || g_strcmp0 (verdict->version, trial->chain->from) == 0))
        return TRUE;
    tell (trial, "runs %s with a wrong %s", verdict->version, wrong != NULL ? wrong : "version");
    return FALSE;
}

/* What the plan warns of is a power cut. */
static gboolean
is_in_window (const Trial *trial)
{
    return trial->costs_power && trial->is_in_window && trial->plan_text != NULL &&
           strstr (trial->plan_text, trial->chain->window) != NULL;
}

/* The hand at the cable: what was unplugged is plugged in, and the power is cycled where the user was told
 * to. */
static void
use_hand (Trial *trial, gboolean is_told)
{
    SimModem *modem = job_fixture_modem (&trial->fixture);
    gint64 now_us = sim_world_now_us (trial->fixture.sim);

    sim_modem_plug (modem, now_us);
    if (is_told) {
        tell (trial, "power is cycled");
        fault_world_set_mute (trial->fault, FALSE);
        sim_modem_power_cycle (modem, now_us);
    }
    sim_world_pass_ms (trial->fixture.sim, SETTLE_MS);
}

/* What a command that was refused or is impossible leaves to be done: nothing. */
static gboolean
can_command (Trial *trial, gboolean is_recovery)
{
    SimMode mode = sim_modem_get_mode (job_fixture_modem (&trial->fixture));

    if (sim_modem_get_usb (job_fixture_modem (&trial->fixture)) == NULL) {
        tell (trial, "nothing is in the port");
        return FALSE;
    }
    if (is_recovery && mode == SIM_MODE_NORMAL) {
        tell (trial, "the modem runs and needs no recovery");
        return FALSE;
    }
    return TRUE;
}

static Outcome
judge (Trial *trial, guint n_commands, gboolean *is_over)
{
    const SimVerdict *verdict = sim_modem_get_verdict (job_fixture_modem (&trial->fixture));

    *is_over = TRUE;
    if (verdict->n_failures > fault_world_get_n_excused (trial->fault)) {
        tell (trial, "%s",
              sim_modem_get_failure (job_fixture_modem (&trial->fixture), verdict->n_failures - 1));
        return OUTCOME_MISUSED;
    }
    /* In the middle of a window that only power has kept from closing: that is what a user keeps up. */
    if (verdict->is_bricked && trial->chain->window != NULL && verdict->mode != SIM_MODE_OFF &&
        !fault_world_is_mute (trial->fault) && n_commands < MAX_COMMANDS) {
        *is_over = FALSE;
        return OUTCOME_LOST;
    }
    if (verdict->is_bricked) {
        tell (trial, "bricked while %s: %s", trial->fault_step, verdict->brick_reason);
        return is_in_window (trial) ? OUTCOME_WINDOW : OUTCOME_BRICKED;
    }
    /* A hung modem whose firmware is whole wants nothing but its power cycled, as everybody tries. */
    if (fault_world_is_mute (trial->fault) && verdict->boots && verdict->mode == SIM_MODE_NORMAL)
        use_hand (trial, TRUE);
    if (is_well (trial, sim_modem_get_verdict (job_fixture_modem (&trial->fixture))))
        return n_commands == 0 ? OUTCOME_SELF : n_commands == 1 ? OUTCOME_ONE : OUTCOME_TWO;
    *is_over = FALSE;
    return OUTCOME_LOST;
}

/* The recovery that a user gets, from the end of the first job on. */
static Outcome
recover (Trial *trial, const Kind *second, guint second_point)
{
    gboolean is_recovery = FALSE;
    guint n_left = MAX_COMMANDS;

    for (guint n = 0;; n++) {
        const MfuJobStatus *status = trial->fixture.status;
        gboolean is_over;
        Outcome outcome;

        /* Who is told nothing types again what was typed last. */
        if (status != NULL)
            is_recovery = strstr (status->advice, "--firmware-recover") != NULL;

        use_hand (trial, says_power (trial));
        outcome = judge (trial, n, &is_over);
        if (is_over || n_left == 0)
            return outcome;
        if (!can_command (trial, is_recovery))
            return OUTCOME_LOST;
        tell (trial, "command: %s", is_recovery ? "--firmware-recover" : "the same again");
        trial->kind = second;
        trial->point = second_point;
        if (run_command (trial, is_recovery) == STOP_HUNG)
            return OUTCOME_HANG;
        /* A second fault does not use up one of the two commands. */
        if (trial->is_struck)
            second = NULL;
        else
            n_left--;
        if (second != NULL && n == 0)
            return OUTCOME_NOT_STRUCK;
    }
}

Outcome
trial_run (const Recording *recording, const Case *what, gboolean is_verbose)
{
    const Kind *second = what->second_kind < n_kinds ? &kinds[what->second_kind] : NULL;
    Outcome outcome;
    Trial trial;

    trial_init (&trial, recording->chain, recording->package);
    trial.max_events = recording->events->len * 20 + 20000;
    trial.kind = &kinds[what->kind];
    trial.point = what->point;
    outcome = run_command (&trial, FALSE) == STOP_HUNG ? OUTCOME_HANG
                                                       : recover (&trial, second, what->second_point);
    if (is_verbose || outcome >= OUTCOME_BRICKED) {
        g_print ("%s --chain %s --kind %s --point %u", outcome >= OUTCOME_BRICKED ? "FAILED" : "fine  ",
                 trial.chain->name, kinds[what->kind].name, what->point);
        if (second != NULL)
            g_print (" --second-kind %s --second-point %u", second->name, what->second_point);
        g_print (" (%s)\n%s", trial.fault_step != NULL ? trial.fault_step : "", trial.story->str);
    }
    trial_clear (&trial);
    return outcome;
}

Recording *
trial_record (const Chain *chain)
{
    Recording *recording = g_new0 (Recording, 1);
    const char *const *a = chain->package;
    const char *wrong = NULL;
    Trial trial;

    g_assert_null (a[10]);
    recording->chain = chain;
    recording->package =
        job_fixture_package (chain->to, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], NULL);
    recording->events = g_array_new (FALSE, TRUE, 1);
    recording->is_edge = g_array_new (FALSE, TRUE, 1);
    trial_init (&trial, chain, recording->package);
    trial.recording = recording;
    recording->took_us = -sim_world_now_us (trial.fixture.sim);
    run_command (&trial, FALSE);
    recording->took_us += sim_world_now_us (trial.fixture.sim);
    if (trial.fixture.status->state != MFU_JOB_DONE ||
        !is_well (&trial, job_fixture_verdict (&trial.fixture)) ||
        (wrong = judge_images (trial.judge, job_fixture_modem (&trial.fixture), TRUE,
                               !chain->leaves_boot_chain)) != NULL ||
        sim_modem_get_failure (job_fixture_modem (&trial.fixture), 0) != NULL) {
        g_print ("%s fails without a fault (%s)\n%s", chain->name, wrong != NULL ? wrong : "",
                 trial.story->str);
        g_clear_pointer (&recording, trial_recording_free);
    }
    trial_clear (&trial);
    return recording;
}

void
trial_recording_free (Recording *recording)
{
    g_array_unref (recording->events);
    g_array_unref (recording->is_edge);
    g_free (recording);
}
