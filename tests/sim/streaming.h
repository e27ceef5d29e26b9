/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the two halves of the streaming loader share: streaming.c talks, stnand.c works on the chip. */

#include "sim/internal.h"

#define SIM_ST_DATA_MAX 1024

struct _SimStreaming {
    SimModem *modem;
    SimFrame frame;
    gboolean is_quiet_now; /* leaves the bus and has not come back yet: hears nothing */
    gboolean has_greeted, is_unlocked, has_table, is_dead;

    const SimPart *part; /* that is open */
    SimPart open_part;
    gboolean is_misc;   /* open: only what clears lk's flag goes there */
    gboolean misc_only; /* so far nothing but 0xff was written to it */
    guint page, end;
    guint32 next; /* address of the next write */
    guint32 last; /* of the last one, which may be sent again */
    gsize last_size;
    guint8 *rest; /* of a page */
    gsize n_rest;
    SimOp *op;
};

/* NULL when done, else the reason. */
const char *sim_st_open (SimStreaming *st, const char *name);
const char *sim_st_write (SimStreaming *st, guint32 address, const guint8 *data, gsize size);
const char *sim_st_close (SimStreaming *st);
/* What 1a tells: 0 good, 1 another table is on the chip, 2 not understood. `overrides`: it is written. */
guint8 sim_st_table (SimStreaming *st, gboolean overrides, const guint8 *data, gsize size);
void sim_st_erase_efs (SimStreaming *st);
