/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every read goes through mfu_cursor_bytes (), which is the only place that compares with the end. */

#include "util/cursor.h"

gsize
mfu_cursor_left (const MfuCursor *cursor)
{
    return cursor->failed ? 0 : cursor->size - cursor->position;
}

const guint8 *
mfu_cursor_bytes (MfuCursor *cursor, gsize n)
{
    const guint8 *start;

    if (n > mfu_cursor_left (cursor)) {
        cursor->failed = TRUE;
        return NULL;
    }
    start = cursor->data + cursor->position;
    cursor->position += n;
    return start;
}

void
mfu_cursor_skip (MfuCursor *cursor, gsize n)
{
    mfu_cursor_bytes (cursor, n);
}

static guint64
read_le (MfuCursor *cursor, gsize n)
{
    const guint8 *bytes = mfu_cursor_bytes (cursor, n);
    guint64 value = 0;

    for (gsize i = n; bytes != NULL && i > 0; i--)
        value = value << 8 | bytes[i - 1];
    return value;
}

guint8
mfu_cursor_u8 (MfuCursor *cursor)
{
    return (guint8) read_le (cursor, 1);
}

guint16
mfu_cursor_u16le (MfuCursor *cursor)
{
    return (guint16) read_le (cursor, 2);
}

guint32
mfu_cursor_u32le (MfuCursor *cursor)
{
    return (guint32) read_le (cursor, 4);
}

guint32
mfu_cursor_u32be (MfuCursor *cursor)
{
    return GUINT32_SWAP_LE_BE ((guint32) read_le (cursor, 4));
}

guint64
mfu_cursor_u64le (MfuCursor *cursor)
{
    return read_le (cursor, 8);
}

char *
mfu_cursor_string (MfuCursor *cursor, gsize n)
{
    const char *bytes = (const char *) mfu_cursor_bytes (cursor, n);
    char *string;

    if (bytes == NULL)
        return g_strdup ("");
    string = g_strndup (bytes, n);
    for (char *c = string; *c != '\0'; c++)
        if (!g_ascii_isprint (*c))
            *c = '?';
    return string;
}

static void
put (GByteArray *out, guint32 value, gsize n, gboolean is_big_endian)
{
    for (gsize i = 0; i < n; i++) {
        gsize shift = 8 * (is_big_endian ? n - 1 - i : i);
        guint8 byte = (guint8) (value >> shift);

        g_byte_array_append (out, &byte, 1);
    }
}

void
mfu_put_u8 (GByteArray *out, guint8 value)
{
    put (out, value, 1, FALSE);
}

void
mfu_put_u16le (GByteArray *out, guint16 value)
{
    put (out, value, 2, FALSE);
}

void
mfu_put_u16be (GByteArray *out, guint16 value)
{
    put (out, value, 2, TRUE);
}

void
mfu_put_u32le (GByteArray *out, guint32 value)
{
    put (out, value, 4, FALSE);
}

void
mfu_put_u32be (GByteArray *out, guint32 value)
{
    put (out, value, 4, TRUE);
}
