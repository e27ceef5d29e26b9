/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Images that the simulated boot chain can judge. README.md has the form. */

#include "sim/nand.h"

#define SIM_IMAGE_HEADER 512

typedef struct {
    char kind[17];
    gsize size;
    char sha256[65];
    char version[64];
} SimImageInfo;

/* What the first page of an image says. FALSE when there is no such line. */
gboolean sim_image_parse (const guint8 *data, gsize size, SimImageInfo *info);

/* Builds an image with its magic bytes, an even body and its digest. To be freed. */
guint8 *sim_image_build (const char *kind, const char *version, gsize size);

/* Reads the image in `n_pages` from `start` (bad blocks skipped), checks size and digest. NULL when it is
 * good, else the reason. */
const char *sim_image_verify (const SimNand *nand, guint start, guint n_pages, SimImageInfo *info);

/* Hex SHA-256 of bytes [from, to) of a partition, bad blocks skipped; NULL if that does not fit. */
char *sim_image_sha256 (const SimNand *nand, guint start, guint n_pages, gsize from, gsize to);
