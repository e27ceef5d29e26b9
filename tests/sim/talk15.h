/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The host of the tests of DLOAD, the streaming loader and the 9x15: frames, loaders, tables, images. */

#include "sim/talk.h"

#include "sim/layout.h"

/* A modem of family ec20. */
void talk15_begin (Talk *talk, SimStart start, const char *quirks, const char *half_flashed);
/* Frames and sends what `hex` says; the answer without its frame as hex, "" when none came within `limit_ms`.
 * Valid until the next call. Texts (0e) are passed over. */
const char *talk15_ask (Talk *talk, const char *hex, guint limit_ms);
const char *talk15_ask_bytes (Talk *talk, const guint8 *data, gsize size, guint limit_ms);
/* The next frame, texts too. */
const char *talk15_receive (Talk *talk, guint limit_ms);

/* A loader as DLOAD takes it; `*address`, `*entry` as its first bytes say. To be freed. */
guint8 *talk15_build_loader (const char *kind, gsize size, guint32 *address, guint32 *entry);
/* Writes it in pieces of `piece` bytes; FALSE when one was not acknowledged. */
gboolean talk15_write_memory (Talk *talk, guint32 address, const guint8 *data, gsize size, gsize piece);
void talk15_go (Talk *talk, guint32 entry);
/* All of it, up to the streaming mode. */
void talk15_load (Talk *talk, const char *kind);

/* The table as partition.mbn has it. */
GByteArray *talk15_build_table (const SimLayout *layout);
const char *talk15_table (Talk *talk, gboolean overrides, const SimLayout *layout);
/* Greeting, security, the table of the chip. */
void talk15_greet (Talk *talk);
/* Opens, writes, closes; FALSE at the first refusal. */
gboolean talk15_stream (Talk *talk, const char *name, const guint8 *data, gsize size);
gboolean talk15_stream_image (Talk *talk, const char *name, const char *kind);

/* Fastboot: the answer; download and flash. */
const char *talk15_fastboot (Talk *talk, const char *command);
const char *talk15_flash (Talk *talk, const char *partition, const guint8 *data, gsize size);
