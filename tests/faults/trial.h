/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One modem, one job, one fault (or two), the recovery that a user gets, and the judgement. */

#include "fault-world.h"

typedef struct {
    const char *name;
    const char *family, *from, *to;
    SimStart start;
    const char *half_flashed, *quirks; /* of the modem; NULL: untouched, none */
    const char *package[12];           /* arguments of make-package */
    const char *method;
    const char *allow;
    gboolean leaves_boot_chain; /* not all of the package's images are written */
    const char *window; /* begins the sentence of the plan that declares a window; NULL: there is none */
    const char *window_steps[5];
    gboolean keeps; /* the package, so that the service takes up what was interrupted */
    gboolean is_zipped;
    gboolean is_nameless; /* tells no serial number, so that nothing is taken up by itself */
    gboolean is_twin;     /* of the one before it, on another modem */
} Chain;

typedef struct {
    const char *name;
    const char *what;
    guint events; /* bits of EventKind */
    Effect (*strike) (gpointer trial, EventKind kind);
    gboolean costs_power; /* at once, or because nothing else helps */
    gboolean ends_service;
    gboolean is_for_kept; /* only where a package is kept */
} Kind;

/* What the uninterrupted run of a chain was made of. */
typedef struct {
    const Chain *chain;
    const char *package; /* a folder */
    const char *brought; /* what a user brings of it */
    GArray *events;      /* EventKind as guint8 */
    GArray *is_edge;     /* guint8: the first or last event of a step */
    gint64 took_us;      /* virtual */
    guint serial_point;  /* the event before which the journal had the serial number for the first time */
} Recording;

typedef enum {
    OUTCOME_PENDING,
    OUTCOME_RUNNING,    /* what is still so when its process has died has crashed */
    OUTCOME_NOT_STRUCK, /* the job was over before the second fault's turn */
    OUTCOME_SELF,
    OUTCOME_RESUMED, /* the service has taken it up when it was started again */
    OUTCOME_ONE,
    OUTCOME_TWO,
    OUTCOME_WINDOW,
    OUTCOME_BRICKED, /* from here on: failures */
    OUTCOME_LOST,    /* not bricked, but two commands did not bring it back */
    OUTCOME_IDLE,    /* a command was necessary where the service should have taken it up, or it has where it
                        must not */
    OUTCOME_LEFT,    /* a file is left in the state folder that nobody needs */
    OUTCOME_MISUSED, /* the host did what no host may do to a modem */
    OUTCOME_HANG,
    OUTCOME_CRASH,
    N_OUTCOMES,
} Outcome;

typedef struct {
    guint chain, kind, point;
    guint second_kind, second_point; /* during the first command of the recovery; the kind is N_KINDS: none */
} Case;

extern const Chain chains[];
extern const guint n_chains;
extern const Kind kinds[];
extern const guint n_kinds;

/* NULL after saying why, when the uninterrupted run does not succeed. */
Recording *trial_record (const Chain *chain);
void trial_recording_free (Recording *recording);

/* Says what happened on stdout when it is a failure, or when `is_verbose`. */
Outcome trial_run (const Recording *recording, const Case *what, gboolean is_verbose);
