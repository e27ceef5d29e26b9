/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the two halves of the Firehose programmer share: firehose.c talks, fhnand.c works on the chip. */

#include "sim/fhxml.h"
#include "sim/internal.h"

#define SIM_FH_PACKET              512
#define SIM_FH_PROGRAM_BYTES_PER_S 4000000

typedef enum {
    SIM_FH_XML,
    SIM_FH_PROGRAM,
    SIM_FH_READ,
    SIM_FH_HUNG, /* takes nothing any more */
} SimFhState;

struct _SimFirehose {
    SimModem *modem;
    SimFhState state;
    GByteArray *input; /* the document or raw transfer that is coming in */
    gboolean is_configured, is_zlp_aware, owes_zlp, may_zlp;
    /* Somebody else has left it in raw mode: until its first document, what the host sends is not its fault.
     */
    gboolean is_foreign; /* its raw data are another host's, which erased nothing that we know of */
    gboolean is_inherited;
    guint payload;

    guint page, end;  /* program and read: next page, end of the partition */
    gsize left;       /* bytes to come or to go */
    GByteArray *rest; /* of a page */
    guint n_dirty;
    gboolean has_spilled, is_short;
    SimOp *op;
};

typedef struct {
    const char *value;
    const char *rawmode; /* NULL: not mentioned */
    const char *extra;   /* more attributes, or NULL */
    gint64 delay_us;
} SimFhReply;

/* Answers, as far as the fault lets it. */
void sim_fh_reply (SimFirehose *fh, const SimFhReply *r, const char *kind, SimHit hit);
void sim_fh_say (SimFirehose *fh, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* NAK, and why. */
void sim_fh_refuse (SimFirehose *fh, const char *kind, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* TRUE: the command is to be carried out (and answered with the hit). */
gboolean sim_fh_goes_on (SimFirehose *fh, const char *kind, SimHit *hit);

void sim_fh_erase (SimFirehose *fh, const SimXmlCommand *command);
void sim_fh_program (SimFirehose *fh, const SimXmlCommand *command);
void sim_fh_read (SimFirehose *fh, const SimXmlCommand *command);
/* A transfer while the programmer is in SIM_FH_PROGRAM. */
void sim_fh_feed_raw (SimFirehose *fh, const guint8 *data, gsize size);
