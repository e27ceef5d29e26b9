/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A world around the simulated one, in which every event of a job has a number and can go wrong: each
 * transfer, each opening, wait and re-enumeration, and (system-calls.c) each system call on the journal. */

#include "job/sim-world.h"

typedef enum {
    EVENT_SEND,
    EVENT_RECEIVE,
    EVENT_OPEN,
    EVENT_WAIT,
    EVENT_REENUMERATE,
    EVENT_JOURNAL,
} EventKind;

/* What becomes of an event. */
typedef enum {
    EFFECT_NONE,
    EFFECT_ERROR,      /* fails, and nothing of it was done */
    EFFECT_LATE_ERROR, /* was done, and fails all the same */
    EFFECT_SHORT,      /* half of it is done; an answer ends in the middle, all else fails */
    EFFECT_GARBAGE,    /* an answer is noise */
    EFFECT_REPEAT,     /* an answer comes a second time */
    EFFECT_TORN, /* half of it reaches the disk, and the hook is called again to end the engine's life */
} Effect;

typedef struct _FaultWorld FaultWorld;

/* Called before each event. It may do things to the modem, and need not return: an engine that is killed is
 * left by longjmp (). */
typedef Effect (*FaultHook) (FaultWorld *fault, EventKind kind, guint number, gpointer user_data);

/* `sim` must outlive it. There is one at a time: the system calls have no other way to find it. */
FaultWorld *fault_world_new (SimWorld *sim);
void fault_world_free (FaultWorld *fault);

MfuWorld *fault_world_get (FaultWorld *fault);
/* Numbers events from 0 again. */
void fault_world_set_hook (FaultWorld *fault, FaultHook hook, gpointer user_data);

/* A mute modem takes nothing and says nothing, whatever it does on the bus, until somebody cycles its power.
 */
void fault_world_set_mute (FaultWorld *fault, gboolean is_mute);
gboolean fault_world_is_mute (FaultWorld *fault);

/* A fault that the simulator was told of will hit the bus. Faults that are effects need not say so. */
void fault_world_lose_track (FaultWorld *fault);

/* Failures in the simulator's book that a transfer which was cut short on the bus has caused. */
guint fault_world_get_n_excused (FaultWorld *fault);

/* The process that used it has died: the kernel takes back what it held. */
void fault_world_lose_engine (FaultWorld *fault);

/* For system-calls.c: the next event is one of the journal. */
Effect fault_world_journal_event (void);

/* What would be left of the state folder if the host lost its power now; NULL: nobody cares. It is told of
 * what comes to the disk, and must outlive the fault world. */
typedef struct _PowerLoss PowerLoss;
void fault_world_set_power_loss (FaultWorld *fault, PowerLoss *loss);
PowerLoss *fault_world_get_power_loss (void);
