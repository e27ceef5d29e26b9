/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A package that is being opened; for the files that describe one form of it. */

#include "package/layout.h"
#include "package/package-private.h"

/* What is needed while a package is opened, and not any more then. */
typedef struct {
    MfuPackage *package;
    const MfuPackageOptions *options;
    MfuPass pass;
    MfuLayout layout;
    GPtrArray *manifest;  /* NULL: no md5.txt */
    GHashTable *relevant; /* set of MfuMember: listed or needed */
    GHashTable *listed;   /* set of MfuMember */
} MfuOpening;

/* One more remark for the user; takes over `text`. */
void mfu_opening_warn (MfuOpening *opening, char *text);

/* The image of this member: hashed, and compared with md5.txt, when the package has been described. */
MfuImage *mfu_opening_image_for (MfuOpening *opening, MfuMember *member);
