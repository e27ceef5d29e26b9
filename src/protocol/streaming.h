/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The streaming loader: a program (NPRG, ENPRG) that runs in the modem's memory and writes its flash. One
 * engine, one operation at a time: each begin function needs the previous one to be over. REJECTED leaves the
 * session usable, so that the loader can still be told to reset; after any other failure (INVALID_ARGS
 * excepted) it is lost and every operation stays FAILED. */

#include "protocol/engine.h"

/* What the hello says of its speaker. Source: the bytes that Quectel's tools send to the chips named here. */
typedef enum {
    MFU_STREAMING_9X15, /* 03 03 09 */
    MFU_STREAMING_9X07, /* 04 02 00 */
} MfuStreamingVariant;

/* Starts with the hello. */
MfuEngine *mfu_streaming_new (MfuStreamingVariant variant);

/* Security mode: without it nothing can be written. */
void mfu_streaming_begin_security (MfuEngine *engine);

/* Compares the modem's partition table with `table` (a partition.mbn); with `overrides` the modem takes this
 * one from now on. DONE with mfu_streaming_table_fits () TRUE, or FALSE when the modem has another one;
 * REJECTED when it does not know it for a table or could not erase. */
void mfu_streaming_begin_table (MfuEngine *engine, gboolean overrides, GBytes *table);
gboolean mfu_streaming_table_fits (MfuEngine *engine);

/* Quectel's flag that lets a modem come up in download mode until it is cleared. DONE also where the loader
 * does not know it, see mfu_streaming_knows_flag (). */
void mfu_streaming_begin_flag (MfuEngine *engine, gboolean is_set);
gboolean mfu_streaming_knows_flag (MfuEngine *engine);

/* Opens the partition "0:NAME", writes `image` (1 byte to 4 MiB) from its start, and closes it: the flash has
 * it after DONE. INVALID_ARGS for a name that is not 1 to 13 letters, digits and '_'; which partitions may be
 * written is the caller's to know. */
void mfu_streaming_begin_write (MfuEngine *engine, const char *partition, GBytes *image);

/* Closes whatever an earlier write has left open, if there is anything. */
void mfu_streaming_begin_abandon (MfuEngine *engine);

/* DONE when the loader agreed, or left its port. */
void mfu_streaming_begin_reset (MfuEngine *engine);
