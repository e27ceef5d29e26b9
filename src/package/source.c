/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What folders and archives have in common: the list of members, and hashing through a stream. */

#include "package/source.h"

#include "package/source-private.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define REPORT_EVERY (1024 * 1024)

gboolean
mfu_pass_advance (MfuPass *pass, guint64 n, GError **error)
{
    if (g_cancellable_is_cancelled (pass->cancellable)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("reading the package was cancelled"));
        return FALSE;
    }
    pass->done += n;
    if (pass->progress == NULL || pass->total == 0 || n == 0)
        return TRUE;
    if (pass->done - pass->reported >= REPORT_EVERY || pass->done >= pass->total) {
        pass->reported = pass->done;
        pass->progress (MIN (pass->done, pass->total), pass->total, pass->user_data);
    }
    return TRUE;
}

static void
member_free (gpointer data)
{
    MfuMember *member = data;

    g_free (member->path);
    g_clear_pointer (&member->kept, g_bytes_unref);
    g_free (member);
}

void
mfu_source_init (MfuSource *source)
{
    source->members = g_ptr_array_new_with_free_func (member_free);
    source->inner_fd = -1;
}

MfuMember *
mfu_source_add (MfuSource *source, char *path, guint64 size, GError **error)
{
    MfuMember *member = g_new0 (MfuMember, 1);
    guint64 total = size;

    member->path = path;
    member->size = size;
    for (guint i = 0; i < source->members->len; i++) {
        const MfuMember *other = g_ptr_array_index (source->members, i);

        total += MIN (other->size, MFU_TOTAL_SIZE_MAX);
        if (g_str_equal (other->path, path)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         _ ("the package holds %s twice; fetch it again"), path);
            member_free (member);
            return NULL;
        }
    }
    g_ptr_array_add (source->members, member);
    if (source->members->len > MFU_MEMBERS_MAX || size > MFU_TOTAL_SIZE_MAX || total > MFU_TOTAL_SIZE_MAX) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("this is larger than any firmware package (more than %d files or 4 GiB)"),
                     MFU_MEMBERS_MAX);
        return NULL;
    }
    return member;
}

GPtrArray *
mfu_source_get_members (MfuSource *source)
{
    return source->members;
}

MfuMember *
mfu_source_find (MfuSource *source, const char *path)
{
    MfuMember *found = NULL;
    guint n_found = 0;

    for (guint i = 0; i < source->members->len; i++) {
        MfuMember *member = g_ptr_array_index (source->members, i);

        if (g_str_equal (member->path, path))
            return member;
        if (g_ascii_strcasecmp (member->path, path) == 0) {
            found = member;
            n_found++;
        }
    }
    return n_found == 1 ? found : NULL;
}

int
mfu_source_steal_inner (MfuSource *source, const char **name, guint *n_found)
{
    int fd = source->inner_fd;

    source->inner_fd = -1;
    *name = source->inner_name;
    *n_found = source->n_inner;
    return fd;
}

void
mfu_source_free (MfuSource *source)
{
    if (source == NULL)
        return;
    if (source->inner_fd >= 0)
        close (source->inner_fd);
    g_free (source->inner_name);
    g_clear_pointer (&source->members, g_ptr_array_unref);
    source->destroy (source);
}

void
mfu_digests_init (MfuDigests *digests)
{
    digests->md5 = g_checksum_new (G_CHECKSUM_MD5);
    digests->sha256 = g_checksum_new (G_CHECKSUM_SHA256);
}

void
mfu_digests_clear (MfuDigests *digests)
{
    g_clear_pointer (&digests->md5, g_checksum_free);
    g_clear_pointer (&digests->sha256, g_checksum_free);
}

void
mfu_digests_update (MfuDigests *digests, const guint8 *data, gsize size)
{
    g_checksum_update (digests->md5, data, (gssize) size);
    g_checksum_update (digests->sha256, data, (gssize) size);
}

void
mfu_digests_finish (MfuDigests *digests, MfuMember *member)
{
    g_strlcpy (member->md5, g_checksum_get_string (digests->md5), sizeof member->md5);
    g_strlcpy (member->sha256, g_checksum_get_string (digests->sha256), sizeof member->sha256);
    member->is_hashed = TRUE;
}

MfuStream *
mfu_stream_open (MfuSource *source, MfuMember *member, GError **error)
{
    g_autoptr (MfuStream) stream = g_new0 (MfuStream, 1);

    stream->source = source;
    stream->member = member;
    stream->fd = -1;
    if (!source->start (source, stream, error))
        return NULL;
    return g_steal_pointer (&stream);
}

gssize
mfu_stream_read (MfuStream *stream, guint8 *buffer, gsize size, GError **error)
{
    guint64 left = stream->member->size - stream->position;
    gssize n;

    if (left == 0 || size == 0)
        return 0;
    n = stream->source->read (stream->source, stream, buffer, (gsize) MIN (size, left), error);
    if (n == 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s ended early: the package was changed while it was in use"), stream->member->path);
        return -1;
    }
    if (n > 0)
        stream->position += (guint64) n;
    return n;
}

void
mfu_stream_free (MfuStream *stream)
{
    if (stream == NULL)
        return;
    if (stream->fd >= 0)
        close (stream->fd);
    g_free (stream);
}

/* Reads all of the member; the bytes go to `keep` as well, if it is not NULL. */
static gboolean
digest_stream (MfuSource *source, MfuMember *member, GByteArray *keep, MfuPass *pass, GError **error)
{
    g_auto (MfuDigests) digests = { 0 };
    g_autofree guint8 *buffer = g_malloc (MFU_BUFFER_SIZE);
    g_autoptr (MfuStream) stream = mfu_stream_open (source, member, error);
    gssize n;

    if (stream == NULL)
        return FALSE;
    mfu_digests_init (&digests);
    while ((n = mfu_stream_read (stream, buffer, MFU_BUFFER_SIZE, error)) > 0) {
        mfu_digests_update (&digests, buffer, (gsize) n);
        if (keep != NULL)
            g_byte_array_append (keep, buffer, (guint) n);
        if (!mfu_pass_advance (pass, (guint64) n, error))
            return FALSE;
    }
    if (n < 0)
        return FALSE;
    mfu_digests_finish (&digests, member);
    return TRUE;
}

gboolean
mfu_source_hash (MfuSource *source, MfuMember *member, MfuPass *pass, GError **error)
{
    return member->is_hashed || digest_stream (source, member, NULL, pass, error);
}

GBytes *
mfu_source_load (MfuSource *source, MfuMember *member, gsize max, MfuPass *pass, GError **error)
{
    g_autoptr (GByteArray) content = NULL;
    char pinned[sizeof member->sha256];

    if (member->size > max) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s has %" PRIu64 " bytes, at most %zu were expected"), member->path, member->size,
                     max);
        return NULL;
    }
    if (member->kept != NULL)
        return g_bytes_ref (member->kept);
    content = g_byte_array_sized_new ((guint) member->size);
    memcpy (pinned, member->sha256, sizeof pinned);
    if (!digest_stream (source, member, content, pass, error))
        return NULL;
    if (pinned[0] != '\0' && !g_str_equal (pinned, member->sha256)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s was changed while it was in use; run the update again"), member->path);
        memcpy (member->sha256, pinned, sizeof pinned);
        return NULL;
    }
    member->kept = g_byte_array_free_to_bytes (g_steal_pointer (&content));
    return g_bytes_ref (member->kept);
}
