/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The XML of Firehose: commands are built by a builder that quotes, answers are read byte by byte. */

#include <glib.h>

/* A command under construction; mfu_firehose_command_finish () consumes it. */
typedef struct _MfuFirehoseCommand MfuFirehoseCommand;

/* `name` is an element name of ours or one that the caller has checked. */
MfuFirehoseCommand *mfu_firehose_command_new (const char *name);

/* NULL leaves the attribute out. */
void mfu_firehose_command_add (MfuFirehoseCommand *command, const char *attribute, const char *value);
void mfu_firehose_command_add_uint (MfuFirehoseCommand *command, const char *attribute, guint64 value);

/* One document. Its size is never a multiple of 512, so that no transfer needs a zero-length packet to end.
 */
GBytes *mfu_firehose_command_finish (MfuFirehoseCommand *command);

/* What the byte just pushed has completed. */
typedef enum {
    MFU_FIREHOSE_NOTHING,
    MFU_FIREHOSE_LOG,      /* mfu_firehose_reader_get_text () */
    MFU_FIREHOSE_RESPONSE, /* a document with a response has ended; mfu_firehose_reader_get_response () */
    MFU_FIREHOSE_GARBAGE,  /* not Firehose; mfu_firehose_reader_get_text (). Reading goes on behind it */
} MfuFirehoseEvent;

typedef struct {
    gboolean is_ack;
    gboolean is_raw;     /* rawmode="true" */
    guint64 max_payload; /* MaxPayloadSizeToTargetInBytes; 0 = not told */
} MfuFirehoseResponse;

typedef struct _MfuFirehoseReader MfuFirehoseReader;

MfuFirehoseReader *mfu_firehose_reader_new (void);
void mfu_firehose_reader_free (MfuFirehoseReader *reader);

/* Forgets what has been read so far. */
void mfu_firehose_reader_reset (MfuFirehoseReader *reader);

MfuFirehoseEvent mfu_firehose_reader_push (MfuFirehoseReader *reader, guint8 byte);

/* Valid until the next push. The text is printable ASCII or UTF-8. */
const char *mfu_firehose_reader_get_text (MfuFirehoseReader *reader);
const MfuFirehoseResponse *mfu_firehose_reader_get_response (MfuFirehoseReader *reader);

/* TRUE if a byte that means nothing between two documents may be dropped: white space and NUL. */
gboolean mfu_firehose_is_filler (guint8 byte);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuFirehoseReader, mfu_firehose_reader_free)
