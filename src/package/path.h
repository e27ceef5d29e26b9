/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Names of members: vendors write backslashes, attackers write "..". */

#include <glib.h>

/* Longest path of a member, in bytes. */
#define MFU_PATH_MAX 255

/* `raw` with '/' as separator and without "." and empty parts. NULL if it is empty, absolute, leads out of
 * where it starts, is too long, or holds control characters; `*problem` (may be NULL) then says which,
 * translated. Bytes that are not UTF-8 are replaced. */
char *mfu_path_normalize (const char *raw, const char **problem) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a reference from a file in `folder` ("" or normalized): ".." may be used, but not above the
 * top. */
char *mfu_path_resolve (const char *folder, const char *raw, const char **problem) G_GNUC_WARN_UNUSED_RESULT;

/* A copy of foreign text for a sentence: valid UTF-8, no control characters, at most 120 bytes. */
char *mfu_path_printable (const char *text);

/* `path` without its last part; "" at the top. */
char *mfu_path_folder (const char *path);

/* The last part, in place. */
const char *mfu_path_base (const char *path);

/* The ending that marks an archive (".zip", ".tar.gz"), in place at the end of `name`; NULL if none. */
const char *mfu_path_archive_ending (const char *name);
