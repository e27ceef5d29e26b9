/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* partition_nand.xml: which image fastboot writes to which partition. Known elements become typed values,
 * anything else is refused. */

#include "package/package.h"

/* `folder` is where the file lies, normalized: image names are relative to it. MfuFlash, in document order,
 * `image` unset; every name once. CORRUPT_PACKAGE. */
GPtrArray *mfu_nand_xml_parse (const char *file, const char *folder, GBytes *bytes,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of one MfuFlash. */
void mfu_flash_free (gpointer data);
