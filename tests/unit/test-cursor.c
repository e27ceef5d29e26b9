/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The byte cursor: values in both byte orders, and an end that nothing passes. */

#include "util/cursor.h"

static const guint8 bytes[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09 };

static void
test_values (void)
{
    MfuCursor cursor = MFU_CURSOR_INIT (bytes, sizeof bytes);

    g_assert_cmphex (mfu_cursor_u8 (&cursor), ==, 0x01);
    g_assert_cmphex (mfu_cursor_u16le (&cursor), ==, 0x0302);
    g_assert_cmphex (mfu_cursor_u32le (&cursor), ==, 0x07060504);
    g_assert_cmpuint (mfu_cursor_left (&cursor), ==, 2);
    cursor.position = 0;
    g_assert_cmphex (mfu_cursor_u32be (&cursor), ==, 0x01020304);
    cursor.position = 1;
    g_assert_cmphex (mfu_cursor_u64le (&cursor), ==, G_GUINT64_CONSTANT (0x0908070605040302));
    g_assert_cmpuint (mfu_cursor_left (&cursor), ==, 0);
    g_assert_false (cursor.failed);
}

static void
test_end (void)
{
    MfuCursor cursor = MFU_CURSOR_INIT (bytes, 3);

    /* A read that would cross the end takes nothing, gives zero, and spoils all that follow. */
    g_assert_cmphex (mfu_cursor_u32le (&cursor), ==, 0);
    g_assert_true (cursor.failed);
    g_assert_cmpuint (mfu_cursor_left (&cursor), ==, 0);
    g_assert_cmphex (mfu_cursor_u8 (&cursor), ==, 0);
    g_assert_null (mfu_cursor_bytes (&cursor, 1));
}

static void
test_bytes (void)
{
    MfuCursor cursor = MFU_CURSOR_INIT (bytes, sizeof bytes);

    mfu_cursor_skip (&cursor, 2);
    g_assert_true (mfu_cursor_bytes (&cursor, 3) == bytes + 2);
    g_assert_nonnull (mfu_cursor_bytes (&cursor, 0));
    g_assert_null (mfu_cursor_bytes (&cursor, G_MAXSIZE));
    g_assert_true (cursor.failed);
}

static void
test_skip_too_far (void)
{
    MfuCursor cursor = MFU_CURSOR_INIT (bytes, sizeof bytes);

    mfu_cursor_skip (&cursor, sizeof bytes);
    g_assert_false (cursor.failed);
    mfu_cursor_skip (&cursor, 1);
    g_assert_true (cursor.failed);
}

static void
test_empty (void)
{
    MfuCursor cursor = MFU_CURSOR_INIT (NULL, 0);

    g_assert_cmpuint (mfu_cursor_left (&cursor), ==, 0);
    g_assert_cmphex (mfu_cursor_u64le (&cursor), ==, 0);
    g_assert_true (cursor.failed);
}

static void
test_string (void)
{
    static const struct {
        const char *field;
        gsize size;
        gsize n;
        const char *expected;
        gboolean failed;
    } cases[] = {
        { "0:SBL\0xx", 8, 8, "0:SBL", FALSE },
        { "unended!", 8, 8, "unended!", FALSE },
        { "a\x01\xff\n", 4, 4, "a???", FALSE },
        { "", 0, 0, "", FALSE },
        { "short", 5, 6, "", TRUE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        MfuCursor cursor = MFU_CURSOR_INIT (cases[i].field, cases[i].size);
        g_autofree char *string = mfu_cursor_string (&cursor, cases[i].n);

        g_assert_cmpstr (string, ==, cases[i].expected);
        g_assert_cmpint (cursor.failed, ==, cases[i].failed);
    }
}

static void
test_put (void)
{
    static const guint8 expected[] = { 0x01, 0x03, 0x02, 0x04, 0x05, 0x09, 0x08,
                                       0x07, 0x06, 0x0a, 0x0b, 0x0c, 0x0d };
    g_autoptr (GByteArray) out = g_byte_array_new ();

    mfu_put_u8 (out, 0x01);
    mfu_put_u16le (out, 0x0203);
    mfu_put_u16be (out, 0x0405);
    mfu_put_u32le (out, 0x06070809);
    mfu_put_u32be (out, 0x0a0b0c0d);
    g_assert_cmpmem (out->data, out->len, expected, sizeof expected);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/cursor/values", test_values);
    g_test_add_func ("/cursor/end", test_end);
    g_test_add_func ("/cursor/bytes", test_bytes);
    g_test_add_func ("/cursor/skip-too-far", test_skip_too_far);
    g_test_add_func ("/cursor/empty", test_empty);
    g_test_add_func ("/cursor/string", test_string);
    g_test_add_func ("/cursor/put", test_put);
    return g_test_run ();
}
