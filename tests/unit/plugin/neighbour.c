/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stands where ModemManager's generic plugin stands, in a ModemManager of the future. */

#include <glib.h>

extern int mm_plugin_major_version;
int mm_plugin_major_version = 17;
