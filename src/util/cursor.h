/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Bounds-checked reading and writing of wire formats; the name of a function tells the byte order. */

#include <glib.h>

/* A reading position in foreign memory. Reading past the end returns zeros and sets `failed`, which sticks:
 * parse everything, then check once. */
typedef struct {
    const guint8 *data;
    gsize size;
    gsize position;
    gboolean failed;
} MfuCursor;

#define MFU_CURSOR_INIT(data_, size_)                                                                        \
    {                                                                                                        \
        .data = (const guint8 *) (data_), .size = (size_)                                                    \
    }

gsize mfu_cursor_left (const MfuCursor *cursor);
guint8 mfu_cursor_u8 (MfuCursor *cursor);
guint16 mfu_cursor_u16le (MfuCursor *cursor);
guint32 mfu_cursor_u32le (MfuCursor *cursor);
guint32 mfu_cursor_u32be (MfuCursor *cursor);
guint64 mfu_cursor_u64le (MfuCursor *cursor);

/* The next `n` bytes in place (valid as long as the memory under the cursor), or NULL. */
const guint8 *mfu_cursor_bytes (MfuCursor *cursor, gsize n);
void mfu_cursor_skip (MfuCursor *cursor, gsize n);

/* A fixed field of `n` bytes holding a string that need not be terminated; non-printable bytes become '?'.
 * Newly allocated, "" when the field is cut short. */
char *mfu_cursor_string (MfuCursor *cursor, gsize n);

void mfu_put_u8 (GByteArray *out, guint8 value);
void mfu_put_u16le (GByteArray *out, guint16 value);
void mfu_put_u16be (GByteArray *out, guint16 value);
void mfu_put_u32le (GByteArray *out, guint32 value);
void mfu_put_u32be (GByteArray *out, guint32 value);
