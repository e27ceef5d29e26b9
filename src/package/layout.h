/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which kind of package a list of members is, and where in it the package begins. */

#include "package/source.h"

typedef struct {
    char *root;     /* path of the folder that holds update/ and md5.txt; "" at the top */
    char *update;   /* path of the folder with the images, from the source's top */
    char *firehose; /* path of the folder with programmer and rawprogram; NULL: no Firehose */
    MfuMember *programmer;
    MfuMember *table; /* partition_nand.xml in `update`; NULL: there is none */
    guint methods;    /* MfuPackageMethods */
} MfuLayout;

/* FALSE with WRONG_PACKAGE for firmware of other vendors, UNSUPPORTED for several packages side by side,
 * NOT_FOUND if nothing looks like firmware. `name` is for sentences. */
gboolean mfu_layout_find (MfuLayout *layout, MfuSource *source, const char *name,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_layout_clear (MfuLayout *layout);

/* The rawprogram XML to follow: the only *_update one; without one the only other; without that a factory or
 * erase-all one, which `*is_factory` tells. Several of a kind: UNSUPPORTED. */
MfuMember *mfu_layout_choose_rawprogram (const MfuLayout *layout, MfuSource *source, gboolean *is_factory,
                                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "p2K_b128K" in a file name: bytes of a page and of a block. FALSE if it has no such part. */
gboolean mfu_layout_geometry_of_name (const char *path, guint *page_size, guint *block_size);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfuLayout, mfu_layout_clear)
