/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What happened to the modem: a text log of every byte, the list of operations, the list of failures. */

#include "sim/modem.h"

#include <stdio.h>

typedef struct {
    FILE *log;           /* may be NULL */
    GPtrArray *ops;      /* SimOp */
    GPtrArray *failures; /* char *, bounded */
    guint n_failures;
    guint64 bytes_out[SIM_N_MODES];
    guint64 bytes_in[SIM_N_MODES];
} SimRecord;

SimRecord *sim_record_new (const char *log_path, char **why);
void sim_record_free (SimRecord *record);

const char *sim_mode_name (SimMode mode);

/* One line: time, mode, text. */
void sim_record_note (SimRecord *record, gint64 now_us, SimMode mode, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* One line for a transfer: direction is '>' from the host, '<' to the host. */
void sim_record_transfer (SimRecord *record, gint64 now_us, SimMode mode, guint8 endpoint, const guint8 *data,
                          gsize size);
/* Something that no host may do; also noted. */
void sim_record_failure (SimRecord *record, gint64 now_us, SimMode mode, const char *format, ...)
    G_GNUC_PRINTF (4, 5);
/* The returned operation belongs to the record; its caller may set is_done later. */
SimOp *sim_record_op (SimRecord *record, gint64 now_us, SimOpKind kind, guint start, guint pages,
                      const char *format, ...) G_GNUC_PRINTF (6, 7);
