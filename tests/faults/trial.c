/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A job runs in this thread and process. To kill it is to jump out of it, close what it opened and take back
 * what the kernel would take back; what it allocated is lost, which is why trials are run in processes of
 * their own. */

#include "trial.h"

#include "job/job-fixture.h"
#include "job/journal.h"
#include "job/kept.h"
#include "judge.h"
#include "power-loss.h"
#include "service.h"
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
    STOP_CUT,      /* the host's power */
    STOP_CUT_DATA, /* the same, new names are there */
    STOP_HUNG,
} Stop;

/* Who does something to the modem. */
typedef enum {
    ACTION_UPDATE,       /* the user: what was typed first */
    ACTION_RECOVER,      /* what a job advises, with the package */
    ACTION_RECOVER_KEPT, /* without */
    ACTION_SERVICE,      /* nobody: the service starts */
} Action;

static const char *const action_names[] = { "the same again", "--firmware-recover=PACKAGE",
                                            "--firmware-recover", "the service starts" };

typedef struct {
    const Chain *chain;
    const char *brought;
    JobFixture fixture;
    FaultWorld *fault;
    PowerLoss *loss;
    Judge *judge;
    char *plan_text;
    char *step, *fault_step; /* what the job was doing, and was when it was hit */
    gboolean costs_power;    /* what hit it */
    gboolean is_in_window;   /* a fault has hit it in a step of the window */
    GString *story;

    const Kind *kind; /* that strikes at `point`; NULL: none */
    guint point;
    gboolean is_struck, dies_next, has_faults;
    gboolean is_at_work; /* the modem, on what a killed engine had sent */
    gboolean is_swapped;
    guint n_resumed; /* jobs that nobody has asked for */
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

guint
strike_point (gpointer trial)
{
    return ((Trial *) trial)->point;
}

void
strike_kill (gpointer data, gboolean reboots_host)
{
    Trial *trial = data;

    longjmp (trial->escape, reboots_host ? STOP_REBOOTED : STOP_KILLED);
}

void
strike_cut_host (gpointer data, gboolean keeps_names)
{
    Trial *trial = data;

    longjmp (trial->escape, keeps_names ? STOP_CUT_DATA : STOP_CUT);
}

void
strike_swap (gpointer data)
{
    Trial *trial = data;

    trial->is_swapped = TRUE;
    strike_kill (trial, FALSE);
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

static gboolean
has_serial (const Trial *trial)
{
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (trial->fixture.state_dir, SIM_PLACE, NULL);

    return record != NULL && *record->serial != '\0';
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
        if (trial->recording->serial_point == 0 && has_serial (trial))
            trial->recording->serial_point = number;
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
trial_init (Trial *trial, const Recording *recording)
{
    const Chain *chain = recording->chain;
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
    trial->brought = recording->brought;
    trial->fault = fault_world_new (trial->fixture.sim);
    if (chain->keeps)
        trial->loss = power_loss_new (trial->fixture.state_dir);
    fault_world_set_power_loss (trial->fault, trial->loss);
    trial->judge = judge_new (job_fixture_modem (&trial->fixture), recording->package, &why);
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
    g_clear_pointer (&trial->loss, power_loss_free);
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
    if (stop == STOP_CUT || stop == STOP_CUT_DATA)
        power_loss_strike (trial->loss, stop == STOP_CUT_DATA);
    if (stop != STOP_KILLED && stop != STOP_HUNG)
        sim_modem_reenumerate (job_fixture_modem (&trial->fixture), sim_world_now_us (trial->fixture.sim));
    g_clear_pointer (&trial->fixture.status, mfu_job_status_unref);
    trial->is_at_work =
        trial->dies_next && sim_modem_get_faults_hit (job_fixture_modem (&trial->fixture)) > 0;
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

/* The next job knows nothing of what the last one was kept from ending. */
static void
on_paused (gpointer user_data)
{
    Trial *trial = user_data;

    if (trial->is_struck)
        sim_modem_lose_track (job_fixture_modem (&trial->fixture));
}

static void
act (Trial *trial, Action action)
{
    gboolean is_first = action == ACTION_UPDATE && !says_method (trial);
    g_autoptr (GError) error = NULL;

    trial->fixture.method = is_first ? trial->chain->method : NULL;
    if (action == ACTION_SERVICE) {
        trial->n_resumed += service_start (&trial->fixture, on_paused, trial);
        tell (trial, "%u jobs taken up so far", trial->n_resumed);
        return;
    }
    if (action == ACTION_RECOVER_KEPT) {
        if (!service_recover (&trial->fixture, &error))
            tell (trial, "%s", error->message);
        return;
    }
    /* The service may have been killed in the middle of a job of its own. */
    trial->fixture.is_automatic = FALSE;
    trial->fixture.kept_digest = NULL;
    trial->fixture.keeps_package = trial->chain->keeps;
    trial->fixture.allow[0] = "volatile-journal";
    trial->fixture.allow[1] = is_first ? trial->chain->allow : NULL;
    job_fixture_run (&trial->fixture, trial->brought);
}

static const char *
stop_to_string (Stop stop)
{
    static const char *const names[] = { "",    "killed", "host rebooted", "host cut", "host cut, names kept",
                                         "hung" };

    return names[stop];
}

static Stop
run (Trial *trial, Action action)
{
    volatile Stop stop;

    trial->is_struck = FALSE;
    trial->max_us = sim_world_now_us (trial->fixture.sim) + MAX_VIRTUAL_US;
    fault_world_set_hook (trial->fault, on_event, trial);
    /* Whatever the job opens gets this number or a higher one. */
    trial->first_fd = (guint) dup (STDOUT_FILENO);
    close ((int) trial->first_fd);
    stop = (Stop) setjmp (trial->escape);
    if (stop == STOP_NONE)
        act (trial, action);
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
    if (stop == STOP_NONE && trial->fixture.status != NULL)
        tell (trial, "%s: %s; %s", mfu_job_state_to_string (trial->fixture.status->state),
              trial->fixture.status->error != NULL ? trial->fixture.status->error->message : "no error",
              trial->fixture.status->advice);
    else
        tell (trial, "%s", stop_to_string (stop));
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
 * to. Where the modem was left at work nobody waits until it is done. */
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
    if (!trial->is_at_work)
        sim_world_pass_ms (trial->fixture.sim, SETTLE_MS);
    trial->is_at_work = FALSE;
}

/* What a command that was refused or is impossible leaves to be done: nothing, but that it has started the
 * service. */
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
        return n_commands == 0   ? (trial->n_resumed == 0 ? OUTCOME_SELF : OUTCOME_RESUMED)
               : n_commands == 1 ? OUTCOME_ONE
                                 : OUTCOME_TWO;
    *is_over = FALSE;
    return OUTCOME_LOST;
}

/* Another module is in the port, in the same mode, when the service starts: it is asked who it is, and left
 * alone. FALSE when it was not. */
static gboolean
meet_another (Trial *trial)
{
    static const SimStart starts[SIM_N_MODES] = { [SIM_MODE_EDL] = SIM_START_EDL,
                                                  [SIM_MODE_FASTBOOT] = SIM_START_FASTBOOT,
                                                  [SIM_MODE_SBL] = SIM_START_SBL };
    SimMode mode = sim_modem_get_mode (job_fixture_modem (&trial->fixture));
    JobFixture other;
    SimConfig config;
    char *own_state_dir;
    guint n_changes = 0;

    trial->is_swapped = FALSE;
    if (starts[mode] == SIM_START_NORMAL)
        return TRUE;
    sim_config_init (&config);
    config.family = trial->chain->family;
    config.version = trial->chain->from;
    config.serial = "22222222";
    config.start = starts[mode];
    job_fixture_init (&other, &config);
    other.world = sim_world_get (other.sim);
    own_state_dir = other.state_dir;
    other.state_dir = trial->fixture.state_dir;
    service_start (&other, NULL, NULL);
    if (other.status != NULL)
        tell (trial, "another module: %s", other.status->error != NULL ? other.status->error->message : "");
    for (guint i = 0; i < sim_modem_get_n_ops (job_fixture_modem (&other)); i++) {
        SimOpKind kind = sim_modem_get_op (job_fixture_modem (&other), i)->kind;

        n_changes += kind == SIM_OP_ERASE || kind == SIM_OP_PROGRAM;
    }
    if (n_changes > 0)
        tell (trial, "another module was written to");
    other.state_dir = own_state_dir;
    job_fixture_clear (&other);
    return n_changes == 0;
}

/* What the last job has told its user to type; who is told nothing types again what was typed last. */
static Action
next_action (const Trial *trial, Action last)
{
    const char *advice = trial->fixture.status != NULL ? trial->fixture.status->advice : "";

    if (strstr (advice, "--firmware-recover=") != NULL)
        return ACTION_RECOVER;
    if (strstr (advice, "--firmware-recover") != NULL && last != ACTION_RECOVER_KEPT)
        return ACTION_RECOVER_KEPT;
    return last == ACTION_RECOVER_KEPT ? ACTION_RECOVER : last;
}

/* The recovery by commands. A second fault does not use up one of the two. */
static Outcome
recover (Trial *trial, const Kind *second, guint second_point)
{
    Action action = ACTION_UPDATE;
    guint n_left = MAX_COMMANDS;

    for (guint n = 0;; n++) {
        gboolean is_over;
        Outcome outcome;

        action = next_action (trial, action);
        use_hand (trial, says_power (trial));
        outcome = judge (trial, n, &is_over);
        if (is_over || n_left == 0)
            return outcome;
        if (!can_command (trial, action != ACTION_UPDATE)) {
            service_tidy (&trial->fixture);
            outcome = judge (trial, n + 1, &is_over);
            return is_over ? outcome : OUTCOME_LOST;
        }
        tell (trial, "command: %s", action_names[action]);
        trial->kind = second;
        trial->point = second_point;
        if (run (trial, action) == STOP_HUNG)
            return OUTCOME_HANG;
        if (trial->is_struck)
            second = NULL;
        else
            n_left--;
        if (second != NULL && n == 0)
            return OUTCOME_NOT_STRUCK;
    }
}

/* The recovery by the service, which begins anew if the second fault has hit it. Then, for what it had
 * nothing to do with, it is for the user to go on. */
static Outcome
be_served (Trial *trial, const Kind *second, guint second_point)
{
    do {
        guint n_resumed = trial->n_resumed;
        gboolean is_over;
        Outcome outcome;

        use_hand (trial, FALSE);
        outcome = judge (trial, 0, &is_over);
        if (is_over && outcome != OUTCOME_SELF && outcome != OUTCOME_RESUMED)
            return outcome;
        if (trial->is_swapped && !meet_another (trial))
            return OUTCOME_MISUSED;
        tell (trial, "%s", action_names[ACTION_SERVICE]);
        trial->kind = second;
        trial->point = second_point;
        if (run (trial, ACTION_SERVICE) == STOP_HUNG)
            return OUTCOME_HANG;
        if (second != NULL && !trial->is_struck && (is_over || trial->n_resumed > n_resumed))
            return OUTCOME_NOT_STRUCK;
        if (trial->is_struck)
            second = NULL;
    } while (trial->is_struck);
    return recover (trial, second, second_point);
}

/* What the state folder has of a package when all is over and the service was started once more. */
static gboolean
has_leftovers (Trial *trial)
{
    const char *directory = trial->fixture.state_dir;
    g_autofree char *new_path = mfu_journal_path (directory, SIM_PLACE, ".package.new");
    g_autoptr (MfuJournalRecord) record = NULL;

    run (trial, ACTION_SERVICE);
    record = mfu_journal_load (directory, SIM_PLACE, NULL);
    /* An update that had begun to write, and whose modem runs the old firmware all the same, is not over. */
    if (record != NULL && record->is_past_no_return &&
        g_strcmp0 (job_fixture_verdict (&trial->fixture)->version, record->to) != 0)
        return FALSE;
    if (!mfu_journal_exists (directory, SIM_PLACE) && !mfu_kept_exists (directory, SIM_PLACE) &&
        !g_file_test (new_path, G_FILE_TEST_EXISTS))
        return FALSE;
    tell (trial, "left in the state folder: a journal or a package");
    return TRUE;
}

/* Whether the service has done what it must, and no more. */
static Outcome
check_service (Trial *trial, const Recording *recording, const Case *what, Outcome outcome)
{
    gboolean is_single = what->second_kind >= n_kinds;
    gboolean must_resume = is_single && kinds[what->kind].ends_service && recording->serial_point > 0 &&
                           what->point > recording->serial_point && !trial->chain->is_nameless;

    if (outcome < OUTCOME_SELF || outcome > OUTCOME_TWO)
        return outcome;
    if (trial->chain->is_nameless ? trial->n_resumed > 0
                                  : must_resume && outcome != OUTCOME_SELF && outcome != OUTCOME_RESUMED)
        return OUTCOME_IDLE;
    return has_leftovers (trial) ? OUTCOME_LEFT : outcome;
}

static Outcome
try (Trial *trial, const Recording *recording, const Case *what)
{
    const Kind *second = what->second_kind < n_kinds ? &kinds[what->second_kind] : NULL;

    trial->kind = &kinds[what->kind];
    trial->point = what->point;
    if (run (trial, ACTION_UPDATE) == STOP_HUNG)
        return OUTCOME_HANG;
    if (!trial->chain->keeps)
        return recover (trial, second, what->second_point);
    return check_service (trial, recording, what, be_served (trial, second, what->second_point));
}

Outcome
trial_run (const Recording *recording, const Case *what, gboolean is_verbose)
{
    Outcome outcome;
    Trial trial;

    trial_init (&trial, recording);
    trial.max_events = recording->events->len * 20 + 20000;
    outcome = try (&trial, recording, what);
    if (is_verbose || outcome >= OUTCOME_BRICKED) {
        g_print ("%s --chain %s --kind %s --point %u", outcome >= OUTCOME_BRICKED ? "FAILED" : "fine  ",
                 trial.chain->name, kinds[what->kind].name, what->point);
        if (what->second_kind < n_kinds)
            g_print (" --second-kind %s --second-point %u", kinds[what->second_kind].name,
                     what->second_point);
        g_print (" (%s)\n%s", trial.fault_step != NULL ? trial.fault_step : "", trial.story->str);
    }
    trial_clear (&trial);
    return outcome;
}

static void
make_package (Recording *recording)
{
    const Chain *chain = recording->chain;
    const char *const *a = chain->package;
    g_autofree char *zip = g_strconcat (chain->to, ".zip", NULL);

    g_assert_null (a[10]);
    recording->package =
        job_fixture_package (chain->to, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], NULL);
    recording->brought = chain->is_zipped ? job_fixture_package (zip, "--form", "zip", a[0], a[1], a[2], a[3],
                                                                 a[4], a[5], a[6], a[7], NULL)
                                          : recording->package;
}

Recording *
trial_record (const Chain *chain)
{
    Recording *recording = g_new0 (Recording, 1);
    const char *wrong = NULL;
    Trial trial;

    recording->chain = chain;
    make_package (recording);
    recording->events = g_array_new (FALSE, TRUE, 1);
    recording->is_edge = g_array_new (FALSE, TRUE, 1);
    trial_init (&trial, recording);
    trial.recording = recording;
    recording->took_us = -sim_world_now_us (trial.fixture.sim);
    run (&trial, ACTION_UPDATE);
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
