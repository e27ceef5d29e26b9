/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The entry point that libFuzzer and replay.c call alike; one file of fuzz-*.c defines it. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
