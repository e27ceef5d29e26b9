/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where a package's bytes come from, a folder or an archive: a list of members that can be hashed and read
 * again, and that are noticed when they change in between. */

#include <gio/gio.h>
#include <sys/types.h>
#include <time.h>

#include "package/package.h"

#define MFU_MEMBERS_MAX       1024
#define MFU_METADATA_SIZE_MAX (1024 * 1024)
#define MFU_PROGRAMMER_MAX    (4 * 1024 * 1024)
#define MFU_TOTAL_SIZE_MAX    ((guint64) 4 * 1024 * 1024 * 1024)
#define MFU_BUFFER_SIZE       (64 * 1024)

typedef struct _MfuSource MfuSource;
typedef struct _MfuStream MfuStream;

typedef struct {
    char *path; /* normalized */
    guint64 size;
    guint order;
    gboolean is_hashed;
    char md5[33]; /* lower case hex, as the next */
    char sha256[65];
    GBytes *kept; /* the content, of some small members; NULL otherwise */
    dev_t device; /* the file's identity when it was first seen; folders only */
    ino_t inode;
    struct timespec mtime;
} MfuMember;

/* The long work of opening: what has been read, who wants to know, and who may stop it. */
typedef struct {
    GCancellable *cancellable;
    MfuPackageProgress progress;
    gpointer user_data;
    guint64 done;
    guint64 total;
    guint64 reported;
} MfuPass;

/* Counts `n` more bytes; FALSE with CANCELLED. */
gboolean mfu_pass_advance (MfuPass *pass, guint64 n, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Lists the folder behind `fd`, which stays the caller's. With `caller_uid` other than 0 every file and
 * folder must belong to that user or be readable for all. */
MfuSource *mfu_source_open_folder (int fd, uid_t caller_uid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads and hashes the whole archive behind `fd`, which stays the caller's. `name` is for sentences. An
 * archive inside is copied to an unlinked file in `spool_dir` as long as no programmer was seen. */
MfuSource *mfu_source_open_archive (int fd, const char *name, const char *spool_dir, MfuPass *pass,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_source_free (MfuSource *source);

/* Of MfuMember *, in the order in which reading is cheapest. */
GPtrArray *mfu_source_get_members (MfuSource *source);

/* An exact match, else the only one that differs in case alone, else NULL. */
MfuMember *mfu_source_find (MfuSource *source, const char *path);

/* The one archive inside the archive, the name of which is left in `*name` (owned by the source); -1 if there
 * is none. `*n_found` counts all. The descriptor is the caller's then. */
int mfu_source_steal_inner (MfuSource *source, const char **name, guint *n_found);

/* Computes the digests where they are not known yet. */
gboolean mfu_source_hash (MfuSource *source, MfuMember *member, MfuPass *pass,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The whole content, hashed; CORRUPT_PACKAGE if it is larger than `max`. */
GBytes *mfu_source_load (MfuSource *source, MfuMember *member, gsize max, MfuPass *pass,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reading of one member from its start, without looking at what is read. One stream at a time. */
MfuStream *mfu_stream_open (MfuSource *source, MfuMember *member, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gssize mfu_stream_read (MfuStream *stream, guint8 *buffer, gsize size,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_stream_free (MfuStream *stream);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuSource, mfu_source_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuStream, mfu_stream_free)
