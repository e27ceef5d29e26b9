/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Packages for a test: a temporary folder of its own, and tests/data/make-package. */

#include <glib.h>

#include "package/package.h"

typedef struct {
    char *folder;
} PackageMaker;

void package_maker_set_up (PackageMaker *maker);
void package_maker_tear_down (PackageMaker *maker);

/* Makes a package of that name in the folder; `arguments` as on the command line. Its path, newly allocated.
 */
char *package_maker_make (PackageMaker *maker, const char *name, const char *arguments);

/* Opens the package at `path` as root would, or as `caller_uid`. */
MfuPackage *package_maker_open (const char *path, uid_t caller_uid, GError **error);

/* g_test_run () with a cache for what the generator made. */
int package_maker_run (void);
