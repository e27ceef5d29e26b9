/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Whose command line is it: ours or the real mmcli's? Reads arguments exactly as mmcli's own parser does, so
 * that a text which only looks like one of our options (a value, or anything after "--") is left alone. */

#include <glib.h>

typedef enum {
    MFU_SCAN_REAL, /* none of ours: the real mmcli gets every argument */
    MFU_SCAN_OURS, /* at least one option of ours */
    MFU_SCAN_HELP, /* the real mmcli prints help; ours follows it */
} MfuScanResult;

typedef struct {
    MfuScanResult result;
    int help; /* HELP, and REAL with `only_help`: index of the help option */
    gboolean
        only_help; /* options of ours stand beside it: the real mmcli must be given the help option alone */
} MfuScan;

MfuScan mfu_scan (int argc, char *const *argv);
