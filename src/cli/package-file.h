/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The package that the user named, as it travels: a descriptor and a base name. */

#include <glib.h>

/* Opens a folder or a file for reading; `name` receives its base name (newly allocated), which is worked out
 * for
 * "." and the like. Returns -1 and an error (NOT_FOUND, NOT_AUTHORIZED, INVALID_ARGS, IO). The caller closes.
 */
int mfu_package_file_open (const char *path, char **name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
