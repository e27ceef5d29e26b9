/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Images as the package makes them; what others see of them is in package.h. */

#include "package/source.h"

/* `source` and `member` must outlive the image; `name` is the path inside the package. The member is hashed.
 */
MfuImage *mfu_image_new (MfuSource *source, MfuMember *member, const char *name);
void mfu_image_free (MfuImage *image);
MfuMember *mfu_image_get_member (const MfuImage *image);
