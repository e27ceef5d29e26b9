/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a chip holds, against what a package has and what the factory left. */

#include "sim/modem.h"

typedef struct _Judge Judge;

/* `package` is a folder; `modem` has its factory's firmware. NULL and `*why` when the package lacks
 * something. */
Judge *judge_new (SimModem *modem, const char *package, char **why);
void judge_free (Judge *judge);

/* Whether each image page of the chip is that of the package; without `is_new`: whether each is the
 * factory's. Unless `is_whole` the boot chain may be either, image by image: releases of a baseline run on
 * each other's. NULL if so, else what is not; static. */
const char *judge_images (const Judge *judge, SimModem *modem, gboolean is_new, gboolean is_whole);
