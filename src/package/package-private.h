/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a package is made of; filled by opening.c, handed out by package.c. */

#include "package/package.h"
#include "package/rawprogram-xml.h"
#include "package/source.h"

struct _MfuPackage {
    MfuSource *source;
    char *name;
    MfuVersionName version;
    char *digest;
    guint methods;
    char *chip_id;
    GPtrArray *warnings; /* char *, NULL at the end */
    GPtrArray *images;   /* MfuImage *, one for each member that is needed */
    MfuImage *programmer;
    MfuRawprogram *rawprogram;
    GPtrArray *actions; /* the rawprogram's, or empty */
    gboolean is_factory;
    GPtrArray *flashes;   /* of partition_nand.xml or by names, or empty */
    MfuLoader loaders[2]; /* the second is for an emergency; `bytes` NULL: there is none */
    MfuImage *boots[MFU_N_BOOTS];
    MfuImage *nprg;
    GPtrArray *tables; /* GBytes */
    guint block_size;
    GArray *partitions;
};

/* Reads, checks and describes what is behind `fd` into the empty `package`. */
gboolean mfu_package_describe (MfuPackage *package, int fd, const char *name,
                               const MfuPackageOptions *options, GCancellable *cancellable,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;
