/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a kind of source implements. */

#include "package/source.h"

struct _MfuStream {
    MfuSource *source;
    MfuMember *member;
    int fd; /* folders; -1 otherwise */
    guint64 position;
};

struct _MfuSource {
    GPtrArray *members;
    int inner_fd;
    char *inner_name;
    guint n_inner;
    gboolean (*start) (MfuSource *source, MfuStream *stream, GError **error);
    gssize (*read) (MfuSource *source, MfuStream *stream, guint8 *buffer, gsize size, GError **error);
    void (*destroy) (MfuSource *source);
};

/* Fills in what all sources have. */
void mfu_source_init (MfuSource *source);

/* Adds a member, or fails for names, sizes and numbers of members that no package has. `path` is taken. */
MfuMember *mfu_source_add (MfuSource *source, char *path, guint64 size,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* MD5 and SHA-256 side by side. */
typedef struct {
    GChecksum *md5;
    GChecksum *sha256;
} MfuDigests;

void mfu_digests_init (MfuDigests *digests);
void mfu_digests_clear (MfuDigests *digests);
void mfu_digests_update (MfuDigests *digests, const guint8 *data, gsize size);

/* Writes the results into the member. */
void mfu_digests_finish (MfuDigests *digests, MfuMember *member);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MfuDigests, mfu_digests_clear)
