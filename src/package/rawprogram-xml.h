/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* rawprogram*.xml and patch*.xml of a Firehose package. Known tags and attributes become typed values,
 * anything else is refused: nothing of the text itself ever reaches a modem. */

#include "package/package.h"

typedef struct {
    GPtrArray *actions; /* MfuAction *, in document order, `image` unset */
    guint page_size;
    guint pages_per_block; /* 0: not told */
    gboolean erases_all;   /* an erase from 0 takes more than the first partition */
} MfuRawprogram;

/* `folder` is where the file lies, normalized: file names are relative to it. CORRUPT_PACKAGE. */
MfuRawprogram *mfu_rawprogram_parse (const char *file, const char *folder, GBytes *bytes,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_rawprogram_free (MfuRawprogram *rawprogram);

/* Accepts a patch file that asks for nothing to be done on the modem: patches of .mbn files on disk. One for
 * the modem's own memory is UNSUPPORTED. */
gboolean mfu_patch_xml_check (const char *file, GBytes *bytes, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuRawprogram, mfu_rawprogram_free)
