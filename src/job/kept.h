/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A copy of the package beside the journal, from which an interrupted job can be finished without anybody
 * bringing the package again. STATE_DIR/PLACE.package; what it is tells the journal, by its digest. */

#include "package/package.h"

/* Copies the package behind `fd`, and returns a descriptor of the copy (the caller's), which nobody else sees
 * yet: the job reads the copy from then on. -1 with CANCELLED, or where there is no room, or the disk fails.
 */
int mfu_kept_store (const char *directory, const char *place, int fd, const MfuPackageOptions *options,
                    GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Puts what was stored in the place of what was kept before, or throws it away. */
gboolean mfu_kept_confirm (const char *directory, const char *place,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_kept_discard (const char *directory, const char *place);

gboolean mfu_kept_exists (const char *directory, const char *place);

/* NOT_FOUND if there is none. */
int mfu_kept_open (const char *directory, const char *place, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_kept_remove (const char *directory, const char *place);

/* Removes the copies whose place has no journal: a job that died before it began has left them. */
void mfu_kept_clean_up (const char *directory);
