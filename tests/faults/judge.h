/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a chip holds, against what a package has and what the factory left. */

#include "sim/modem.h"

typedef struct _Judge Judge;

/* `package` is a folder; `modem` has its factory's firmware. NULL and `*why` when the package lacks
 * something. */
Judge *judge_new (SimModem *modem, const char *package, char **why);
void judge_free (Judge *judge);

/* Whether each image page of the chip is that of the package; a boot chain that was left as it is (all but
 * `is_whole`) may be the factory's, image by image. Without `is_new`: whether each is the factory's. NULL if
 * so, else what is not; static. */
const char *judge_images (const Judge *judge, SimModem *modem, gboolean is_new, gboolean is_whole);
