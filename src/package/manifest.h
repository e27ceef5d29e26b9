/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* md5.txt: which files the vendor packed, and their MD5 sums. */

#include <gio/gio.h>

#define MFU_MD5_HEX_LENGTH 32

typedef struct {
    char *path; /* normalized */
    char md5[MFU_MD5_HEX_LENGTH + 1];
} MfuManifestEntry;

/* Reads all forms of md5.txt into an array of MfuManifestEntry *, in the file's order. `file` is for
 * sentences. Errors: CORRUPT_PACKAGE. */
GPtrArray *mfu_manifest_parse (const char *file, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;
