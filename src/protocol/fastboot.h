/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A session with a fastboot boot loader: one engine, one operation at a time. Each begin function needs the
 * previous operation to be over (DONE, or FAILED with REJECTED: a FAIL leaves the session usable). After any
 * other failure the session is lost and every operation stays FAILED: reset the port, then take a new engine.
 * A partition that is written is erased by the loader itself; no name can be given to the only erase there
 * is. */

#include "protocol/engine.h"

/* Starts with getting in step: what was said before is heard and dropped, also the answers to commands of a
 * program that was here before. TIMED_OUT when nobody answers, as after a data phase that broke off. */
MfuEngine *mfu_fastboot_new (void);

/* After DONE the value is in mfu_fastboot_get_value (). A variable that the loader does not know has the
 * value
 * "": it says OKAY and nothing more. */
void mfu_fastboot_begin_getvar (MfuEngine *engine, const char *name);

/* The current image, `size` bytes, into the loader's memory; PROTOCOL when it offers to take another amount.
 * Nothing is written by it. */
void mfu_fastboot_begin_download (MfuEngine *engine, guint64 size);

/* What was downloaded (`size` bytes, for the deadline) to the partition. INVALID_ARGS for a name that is not
 * made of a-z, 0-9 and '_'; which partitions may be written is the caller's to know. */
void mfu_fastboot_begin_flash (MfuEngine *engine, const char *partition, guint64 size);

/* Erases the boot image, so that every start ends in fastboot mode until there is one again. */
void mfu_fastboot_begin_erase_boot (MfuEngine *engine);

/* DONE when the loader agreed, or left its port. */
void mfu_fastboot_begin_reboot (MfuEngine *engine);

/* Of the last getvar: printable, without blanks and TABs around it; owned by the engine. */
const char *mfu_fastboot_get_value (MfuEngine *engine);

/* "\t0x05000000" or "83886080" as a number of bytes; 0 for what is none. */
guint64 mfu_fastboot_parse_size (const char *value);
