/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Reading an image again, with the digest of the first reading in hand. A reader takes its bytes from memory
 * where the image was kept, from the source otherwise; both are hashed alike. */

#include "package/image.h"

#include <string.h>

#include "package/i18n.h"
#include "util/error.h"

/* An image that is needed twice is kept in memory up to this size: the package is read twice, no more. */
#define SPOOL_MAX (16 * 1024 * 1024)

struct _MfuImage {
    MfuSource *source;
    MfuMember *member;
    char *name;
    GBytes *spool; /* dropped by the last announced reader */
};

struct _MfuImageReader {
    MfuImage *image;
    GBytes *bytes; /* NULL: read from `stream` */
    MfuStream *stream;
    GChecksum *checksum;
    guint64 position;
    gboolean is_broken; /* a failure repeats itself */
};

MfuImage *
mfu_image_new (MfuSource *source, MfuMember *member, const char *name)
{
    MfuImage *image = g_new0 (MfuImage, 1);

    image->source = source;
    image->member = member;
    image->name = g_strdup (name);
    return image;
}

void
mfu_image_free (MfuImage *image)
{
    g_clear_pointer (&image->spool, g_bytes_unref);
    g_free (image->name);
    g_free (image);
}

MfuMember *
mfu_image_get_member (const MfuImage *image)
{
    return image->member;
}

const char *
mfu_image_get_name (const MfuImage *image)
{
    return image->name;
}

guint64
mfu_image_get_size (const MfuImage *image)
{
    return image->member->size;
}

const char *
mfu_image_get_sha256 (const MfuImage *image)
{
    return image->member->sha256;
}

guint
mfu_image_get_order (const MfuImage *image)
{
    return image->member->order;
}

static MfuImageReader *
reader_new (MfuImage *image, GBytes *bytes, GError **error)
{
    g_autoptr (MfuImageReader) reader = g_new0 (MfuImageReader, 1);

    reader->image = image;
    reader->checksum = g_checksum_new (G_CHECKSUM_SHA256);
    if (bytes != NULL) {
        reader->bytes = g_bytes_ref (bytes);
        return g_steal_pointer (&reader);
    }
    reader->stream = mfu_stream_open (image->source, image->member, error);
    return reader->stream != NULL ? g_steal_pointer (&reader) : NULL;
}

static GBytes *
read_all (MfuImage *image, GBytes *from, GError **error)
{
    g_autoptr (MfuImageReader) reader = reader_new (image, from, error);
    gsize size = (gsize) image->member->size;
    g_autofree guint8 *data = reader != NULL ? g_try_malloc (MAX (size, 1)) : NULL;
    gsize done = 0;

    if (reader == NULL)
        return NULL;
    if (data == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("there is not enough memory for %s"), image->name);
        return NULL;
    }
    while (done < size) {
        gssize n = mfu_image_reader_read (reader, data + done, MIN (size - done, MFU_BUFFER_SIZE), error);

        if (n < 0)
            return NULL;
        done += (gsize) n;
    }
    return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
mfu_image_get_bytes (MfuImage *image, GError **error)
{
    if (image->member->size > MFU_PROGRAMMER_MAX) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, _ ("%s is too large to be held in memory"),
                     image->name);
        return NULL;
    }
    if (image->member->kept != NULL)
        return g_bytes_ref (image->member->kept);
    return read_all (image, image->spool, error);
}

MfuImageReader *
mfu_image_open (MfuImage *image, guint n_uses, GError **error)
{
    MfuImageReader *reader;

    if (image->member->kept != NULL)
        return reader_new (image, image->member->kept, error);
    if (image->spool == NULL && n_uses > 1 && image->member->size <= SPOOL_MAX) {
        image->spool = read_all (image, NULL, error);
        if (image->spool == NULL)
            return NULL;
    }
    reader = reader_new (image, image->spool, error);
    if (n_uses <= 1)
        g_clear_pointer (&image->spool, g_bytes_unref);
    return reader;
}

static gboolean
check_end (MfuImageReader *reader, GError **error)
{
    if (reader->position < reader->image->member->size)
        return TRUE;
    if (g_str_equal (g_checksum_get_string (reader->checksum), reader->image->member->sha256))
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s is not what it was when the package was checked; run the update again"),
                 reader->image->name);
    return FALSE;
}

gssize
mfu_image_reader_read (MfuImageReader *reader, guint8 *buffer, gsize size, GError **error)
{
    guint64 left = reader->image->member->size - reader->position;
    gssize n = (gssize) MIN (left, size);

    if (reader->is_broken) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE, _ ("%s could not be read before"),
                     reader->image->name);
        return -1;
    }
    if (n == 0)
        return 0;
    if (reader->bytes != NULL)
        memcpy (buffer, (const guint8 *) g_bytes_get_data (reader->bytes, NULL) + reader->position,
                (gsize) n);
    else
        n = mfu_stream_read (reader->stream, buffer, (gsize) n, error);
    if (n > 0) {
        g_checksum_update (reader->checksum, buffer, n);
        reader->position += (guint64) n;
    }
    reader->is_broken = n <= 0 || !check_end (reader, error);
    return reader->is_broken ? -1 : n;
}

void
mfu_image_reader_free (MfuImageReader *reader)
{
    if (reader == NULL)
        return;
    g_clear_pointer (&reader->stream, mfu_stream_free);
    g_clear_pointer (&reader->bytes, g_bytes_unref);
    g_clear_pointer (&reader->checksum, g_checksum_free);
    g_free (reader);
}
