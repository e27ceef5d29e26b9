/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Quectel's version names: EC25EFAR06A08M4G_01.001.01.001 is model EC25, region E, hardware letters FA,
 * baseline R06, release A08, memory M4G, project suffix 01.001.01.001. */

#include <glib.h>

typedef struct {
    gboolean is_known; /* model, region, hardware, baseline and release could be read */
    char text[80];     /* as given, without trailing blanks; "" if unknown */
    char model[8];     /* "EC25" */
    char region[4];    /* "E"; "" where the name has none */
    char hardware[8];  /* "FA" */
    int baseline;      /* 6; -1 unknown */
    int release;       /* 8; -1 unknown */
    char memory[8];    /* "M4G"; "" unknown */
    char suffix[32];   /* "01.001.01.001"; "" unknown */
} MfuVersionName;

/* Finds a version name at the start of `text` (an answer to AT+CGMR or AT+QGMR, a file or folder name). */
void mfu_version_name_parse (MfuVersionName *version, const char *text);
