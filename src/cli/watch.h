/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Accompanies one job to its end: progress, the question before the start, Ctrl-C. The job itself is
 * somewhere else and does not depend on it. One thread, the main one. */

#include "cli/job-view.h"
#include "cli/terminal.h"

typedef struct _MfuWatch MfuWatch;

/* The job's side. Both return at once; the answer is mfu_watch_answered (). */
typedef struct {
    void (*start) (MfuWatch *watch, gpointer job);
    void (*cancel) (MfuWatch *watch, gpointer job);
} MfuWatchJob;

typedef struct {
    MfuTerminal *terminal; /* must outlive the watch */
    const MfuWatchJob *klass;
    gpointer job;
    const char *subject;     /* "Modem 0", for the question */
    const char *how_to_look; /* command that shows the job again, for a user who leaves */
    gboolean asks;           /* in "ready": ask, and start or cancel after the answer */
    gboolean starts;         /* in "ready": start without asking */
    gboolean only_checks;    /* in "ready": that is all, cancel */
    gboolean dies_with_us;   /* rescue: SIGTERM and SIGHUP cancel, as nobody else goes on */
} MfuWatchConfig;

/* Copies `config`. */
MfuWatch *mfu_watch_new (const MfuWatchConfig *config);
void mfu_watch_free (MfuWatch *watch);

/* A newer picture of the job; takes it over. */
void mfu_watch_feed (MfuWatch *watch, MfuJobView *view);

/* The answer to start or cancel: `error` is NULL when it was done. */
void mfu_watch_answered (MfuWatch *watch, const GError *error);

/* The job is out of sight, and in sight again. After the time that it takes a service to come back, the watch
 * gives up. */
void mfu_watch_lost (MfuWatch *watch);
void mfu_watch_found (MfuWatch *watch);

/* The job will not come in sight again: the bus itself is gone. */
void mfu_watch_cut_off (MfuWatch *watch);

/* Runs until the job has ended (NULL in `error`, TRUE) or cannot be followed any more. `view` receives the
 * last picture; with `only_checks` the one that has the plan. SIGHUP and SIGTERM end the process unless the
 * job would die with it. */
gboolean mfu_watch_run (MfuWatch *watch, MfuJobView **view, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuWatch, mfu_watch_free)
