/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the machine of a Firehose session (firehose.c) and its operations (firehose-operations.c) share. */

#include "protocol/engine-private.h"
#include "protocol/firehose-commands.h"
#include "protocol/firehose-info.h"
#include "protocol/firehose-xml.h"

/* Source: nippynetworks/qfirehose: configure, program and power 3 s. */
#define MFU_FIREHOSE_ANSWER_MS 3000

/* Raw data: a chunk waits for the NAND, the last answer for its bad blocks, too.
 * Source: nippynetworks/qfirehose has no limit for chunks and 6 s for the answer; both were too little or too
 * much in users' reports (Biktorgj/quectel_eg25_recovery issue 25). */
#define MFU_FIREHOSE_CHUNK_MS 15000
#define MFU_FIREHOSE_FINAL_MS 30000

/* Source: nippynetworks/qfirehose: 8192 for NAND, at most 1 MiB. */
#define MFU_FIREHOSE_MIN_PAYLOAD 512
#define MFU_FIREHOSE_MAX_PAYLOAD (1024 * 1024)

/* Requests that an operation may make, without those for the bytes of its raw data. */
#define MFU_FIREHOSE_BUDGET (256 * 1024)

/* Zeros for a programmer that waits for raw data: little at first, as too much is taken for a bad command.
 * How much of its current payload it has is not known, so each packet may be the one that completes it and is
 * owed a zero-length packet: they go one by one. Each that comes too late costs three answers, which somebody
 * has to keep until we read again. */
#define MFU_FIREHOSE_FLOOD_FIRST 512
#define MFU_FIREHOSE_FLOOD_MOST  (4 * 1024)

/* What we wait for. */
typedef enum {
    STATE_LISTEN,       /* the first log */
    STATE_DRAIN,        /* silence, or the end of the list of functions, or an answer to a probe */
    STATE_FOREIGN_RAW,  /* whether a killed run has left a read or a program behind */
    STATE_COMMAND,      /* the command is on its way */
    STATE_ANSWER,       /* its response */
    STATE_RAW_OUT,      /* raw data is on its way */
    STATE_STUCK,        /* raw data was not taken: does a NAK say why? */
    STATE_RAW_IN,       /* raw data */
    STATE_DELIVER,      /* the caller takes raw data */
    STATE_FINAL,        /* the response behind raw data */
    STATE_FLOOD,        /* zeros are on their way */
    STATE_FLOOD_LISTEN, /* XML, or silence: more zeros */
    STATE_SYNC,         /* a nop is on its way to a programmer that we have met */
    STATE_SYNC_ANSWER,  /* an answer, to the nop or to what came before it */
    STATE_SETTLE,       /* silence, whatever comes until then */
    N_STATES,
} State;

typedef struct _Firehose Firehose;

typedef struct {
    const char *name; /* for messages */
    void (*acked) (Firehose *firehose, const MfuFirehoseResponse *response);
    void (*nacked) (Firehose *firehose, const MfuFirehoseResponse *response); /* NULL: REJECTED */
    gboolean is_rescue;                                                       /* possible after a failure */
    gboolean gone_is_done;  /* the programmer may leave instead of answering */
    gboolean reads_storage; /* its logs are read for the geometry */
} Operation;

struct _Firehose {
    MfuEngine engine;
    MfuFirehoseConfig config;
    State state;
    const Operation *operation;
    MfuFirehoseReader *reader;
    GByteArray *in; /* received, behind `position` not yet understood */
    gsize position;
    MfuFirehoseInfo info;
    MfuFirehoseStorage storage;
    GString *last_log;
    guint n_logs; /* in this operation */
    guint answer_ms;
    guint payload;
    gboolean has_new_payload;  /* configure was repeated */
    gboolean is_after_failure; /* anything may still be under way */
    guint64 raw_size;
    guint64 raw_left;
    guint64 flood_left;
    gsize flood_piece;
};

/* Begins an operation. FALSE: it cannot be begun; the session stays failed. */
gboolean mfu_firehose_begin (Firehose *firehose, const Operation *operation, guint64 budget);
void mfu_firehose_send_command (Firehose *firehose, MfuFirehoseCommand *command);

/* The next zeros, or TIMED_OUT when all of `flood_left` were sent. */
void mfu_firehose_send_zeros (Firehose *firehose);

/* The ends of an operation. */
void mfu_firehose_done_acked (Firehose *firehose, const MfuFirehoseResponse *response);
void mfu_firehose_reject (Firehose *firehose);
void mfu_firehose_fail_raw_mode (Firehose *firehose);
