/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Faults on order: "KIND[:N[+]]=ACTION[:ARGUMENT]". */

#include <glib.h>

typedef enum {
    SIM_ACT_NONE,
    SIM_ACT_NAK,     /* refuses: NAK, ERROR, END_IMAGE with a status, bad-command echo */
    SIM_ACT_SILENT,  /* does the work, never answers */
    SIM_ACT_DEAF,    /* neither does nor answers */
    SIM_ACT_GARBAGE, /* answers bytes without sense */
    SIM_ACT_RAWMODE, /* answers ACK with the opposite rawmode */
    SIM_ACT_HUGE,    /* a length far too large */
    SIM_ACT_ZERO,    /* a length of 0 */
    SIM_ACT_OFFSET,  /* an offset behind the end */
    SIM_ACT_SHORT,   /* fewer bytes than promised */
    SIM_ACT_LONG,    /* more bytes than asked for */
    SIM_ACT_FLIP,    /* one bit wrong, in what is written or read */
    SIM_ACT_PAYLOAD, /* ACK with the payload of the argument */
    SIM_ACT_FLOOD,   /* argument (100) log lines before the answer */
    SIM_ACT_DOUBLE,  /* answers twice */
    SIM_ACT_SLOW,    /* answers argument milliseconds later */
    SIM_ACT_STALL,   /* both endpoints stall until CLEAR_FEATURE */
    SIM_ACT_VANISH,  /* leaves the bus at once and boots again; with "off" it stays away */
} SimAction;

typedef struct {
    SimAction action;
    guint64 argument;
} SimHit;

typedef struct _SimFaults SimFaults;

SimFaults *sim_faults_new (void);
void sim_faults_free (SimFaults *faults);
gboolean sim_faults_add (SimFaults *faults, const char *text, char **why);
void sim_faults_clear (SimFaults *faults);
guint sim_faults_get_n_hit (const SimFaults *faults);
/* One more event of `kind` happens: what is to go wrong with it. */
SimHit sim_faults_next (SimFaults *faults, const char *kind);
