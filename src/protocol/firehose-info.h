/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a programmer tells about itself in the text of its logs: its functions, and its storage as JSON. */

#include "protocol/firehose.h"

typedef struct {
    GPtrArray *functions;
    gboolean is_listing;  /* the next logs are names of functions */
    gboolean is_complete; /* the list has ended */
} MfuFirehoseInfo;

void mfu_firehose_info_init (MfuFirehoseInfo *info);
void mfu_firehose_info_clear (MfuFirehoseInfo *info);

/* Looks for the list of functions in one log. */
void mfu_firehose_info_take_log (MfuFirehoseInfo *info, const char *log);

/* TRUE also where no function was named. */
gboolean mfu_firehose_info_supports (const MfuFirehoseInfo *info, const char *function);

/* Looks for members of the storage_info object in one log. They may come in several. */
void mfu_firehose_info_take_storage (const char *log, MfuFirehoseStorage *storage);

/* TRUE if the geometry is complete; FALSE with `is_contradictory` set if it cannot be true. */
gboolean mfu_firehose_info_check_storage (const MfuFirehoseStorage *storage, gboolean *is_contradictory);
