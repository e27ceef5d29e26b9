/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Intel HEX, as Quectel's loaders for chips before Sahara come. */

#include "package/package.h"

/* The largest program that is taken. */
#define MFU_LOADER_MAX (2 * 1024 * 1024)

/* `file` is for sentences. One program without gaps, a start address inside it, an end record; anything else
 * is CORRUPT_PACKAGE. `loader->bytes` is the caller's. */
gboolean mfu_intel_hex_parse (const char *file, GBytes *text, MfuLoader *loader,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
