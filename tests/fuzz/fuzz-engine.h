/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Drives an engine by fuzzed answers: each RECEIVE takes a length byte (0xf0 to 0xfe: timed out, 0xff: gone)
 * and that many bytes, each SEND the top bit of one byte (timed out). When the input is over, everything
 * times out. */

#include "fuzz.h"

#include "protocol/engine.h"

typedef struct {
    const uint8_t *data;
    size_t size;
    guint64 image_size; /* SEND_IMAGE stays inside; 0: not checked */
} FuzzInput;

/* The next byte of the input, 0 at its end. */
guint8 fuzz_byte (FuzzInput *input);

/* Until DONE or FAILED, which must come, with an error in FAILED only. */
void fuzz_run (MfuEngine *engine, FuzzInput *input);
