/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Finds the mmcli that the front stands in for. */

#include <glib.h>

/* The path to execute: `diverted` if it is there, else the next "mmcli" on `path` (as in $PATH) behind the
 * one that is `self`; where `self` is not on the path, the first. `self` itself, under whatever name, never
 * counts. Since each front looks only behind itself, two of them cannot call each other in turn. Newly
 * allocated; NULL when there is none. */
char *mfu_real_mmcli_find (const char *diverted, const char *path, const char *self);
