/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which modems can be updated, and how: as much of data/devices as the plugin needs. */

#include <glib.h>

typedef struct {
    char *name;     /* "EC25" */
    char **methods; /* "firehose", "fastboot" */
} MfuModel;

typedef struct _MfuModels MfuModels;

/* Reads every *.conf of `directory`. A file that cannot be understood is left out, with a line in the log;
 * without any the result is empty, never NULL. */
MfuModels *mfu_models_load (const char *directory);
void mfu_models_free (MfuModels *models);

guint mfu_models_n (const MfuModels *models);
/* By the USB identity in normal mode; NULL if it is none of ours. As long as `models`. */
const MfuModel *mfu_models_find (const MfuModels *models, guint vid, guint pid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuModels, mfu_models_free)
