/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Intel HEX: what is read out of good files, and why bad ones are refused. */

#include "package/intel-hex.h"

#include <string.h>

#include "util/error.h"

typedef struct {
    const char *name;
    const char *text;
    guint32 address, start;
    gsize size;
} Good;

static const Good goods[] = {
    { "crlf",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:04801000AAAAAAAAC4\r\n:"
      "040000052A00800449\r\n:00000001FF\r\n",
      0x2a008000, 0x2a008004, 20 },
    { "lf",
      ":020000042A00D0\n:10800000000102030405060708090A0B0C0D0E0FF8\n:04801000AAAAAAAAC4\n:"
      "040000052A00800449\n:00000001FF\n",
      0x2a008000, 0x2a008004, 20 },
    { "no-last-line-end",
      ":020000042A00D0\n:10800000000102030405060708090A0B0C0D0E0FF8\n:040000052A00800449\n:00000001FF",
      0x2a008000, 0x2a008004, 16 },
    { "lower-case",
      ":020000042a00d0\r\n:10800000000102030405060708090a0b0c0d0e0ff8\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n",
      0x2a008000, 0x2a008004, 16 },
    { "border",
      ":020000042A00D0\r\n:08FFF800111111111111111179\r\n:020000042A01CF\r\n:080000002222222222222222E8\r\n:"
      "040000052A010000CC\r\n:00000001FF\r\n",
      0x2a00fff8, 0x2a010000, 16 },
    { "start-first",
      ":040000052A00800449\r\n:020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:"
      "00000001FF\r\n",
      0x2a008000, 0x2a008004, 16 },
    { "no-upper", ":10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000050000800077\r\n:00000001FF\r\n",
      0x00008000, 0x00008000, 16 },
    { "empty-lines",
      ":020000042A00D0\r\n\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n\r\n",
      0x2a008000, 0x2a008004, 16 },
};

typedef struct {
    const char *name;
    const char *text;
    const char *needle;
} Bad;

static const Bad bads[] = {
    { "empty", "", "cut short" },
    { "end-alone", ":00000001FF\r\n", "cut short" },
    { "no-end", ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A00800449\r\n",
      "cut short" },
    { "no-start", ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:00000001FF\r\n",
      "no start address" },
    { "start-before",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A007FFF4F\r\n:"
      "00000001FF\r\n",
      "no start address" },
    { "start-behind",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A0080103D\r\n:"
      "00000001FF\r\n",
      "no start address" },
    { "start-twice",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A00800449\r\n:"
      "040000052A00800449\r\n:00000001FF\r\n",
      "second start" },
    { "gap",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:01801100016D\r\n:"
      "040000052A00800449\r\n:00000001FF\r\n",
      "gap" },
    { "back",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:01800F00016F\r\n:"
      "040000052A00800449\r\n:00000001FF\r\n",
      "gap" },
    { "wrap", ":02000004FFFFFC\r\n:10FFF80001010101010101010101010101010101E9\r\n:00000001FF\r\n",
      "too large" },
    { "sum",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF0\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n",
      "check sum" },
    { "short",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0F\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n",
      "shorter or longer" },
    { "odd",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n",
      "not a record" },
    { "no-colon", "020000042A00D0\r\n", "not a record" },
    { "letters", ":020000042A00D0\r\n:00000001FG\r\n", "not a record" },
    { "kind", ":020000042A00D0\r\n:020000021000EC\r\n", "unknown kind" },
    { "behind",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A00800449\r\n:"
      "00000001FF\r\n:04801000AAAAAAAAC4\r\n",
      "behind the end" },
    { "upper-size", ":0100000401FA\r\n", "another size" },
    { "upper-empty", ":00000004FC\r\n", "another size" },
    { "start-size", ":03000005010203F2\r\n", "another size" },
    { "end-data",
      ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\n:040000052A00800449\r\n:"
      "0100000100FE\r\n",
      "end record has data" },
    { "zero", "\0", "not a record" },
    { "colon", ":", "not a record" },
    { "second-line", ":020000042A00D0\r\n:10800000000102030405060708090A0B0C0D0E0FF8\r\nx\r\n", "line 3" },
};

static void
test_good (gconstpointer data)
{
    const Good *expected = data;
    g_autoptr (GBytes) text = g_bytes_new_static (expected->text, strlen (expected->text));
    g_autoptr (GError) error = NULL;
    MfuLoader loader = { 0 };

    g_assert_true (mfu_intel_hex_parse ("NPRG9x15.hex", text, &loader, &error));
    g_assert_no_error (error);
    g_assert_cmphex (loader.address, ==, expected->address);
    g_assert_cmphex (loader.start, ==, expected->start);
    g_assert_cmpuint (g_bytes_get_size (loader.bytes), ==, expected->size);
    g_bytes_unref (loader.bytes);
}

static void
test_bad (gconstpointer data)
{
    const Bad *expected = data;
    gsize size = MAX (strlen (expected->text), strcmp (expected->name, "zero") == 0 ? 1 : 0);
    g_autoptr (GBytes) text = g_bytes_new_static (expected->text, size);
    g_autoptr (GError) error = NULL;
    MfuLoader loader = { 0 };

    g_assert_false (mfu_intel_hex_parse ("NPRG9x15.hex", text, &loader, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_assert_nonnull (strstr (error->message, expected->needle));
    g_assert_null (loader.bytes);
}

/* Bytes arrive as they are. */
static void
test_bytes (void)
{
    g_autoptr (GBytes) text = g_bytes_new_static (goods[0].text, strlen (goods[0].text));
    g_autoptr (GError) error = NULL;
    MfuLoader loader = { 0 };
    const guint8 *data;

    g_assert_true (mfu_intel_hex_parse ("NPRG9x15.hex", text, &loader, &error));
    data = g_bytes_get_data (loader.bytes, NULL);
    for (guint i = 0; i < 16; i++)
        g_assert_cmphex (data[i], ==, i);
    for (guint i = 16; i < 20; i++)
        g_assert_cmphex (data[i], ==, 0xaa);
    g_bytes_unref (loader.bytes);
}

/* Memory stays bounded, however long the file is. */
static void
test_too_large (void)
{
    g_autoptr (GString) lines = g_string_new (NULL);
    g_autoptr (GBytes) text = NULL;
    g_autoptr (GError) error = NULL;
    MfuLoader loader = { 0 };

    for (guint at = 0; at <= MFU_LOADER_MAX; at += 128) {
        guint8 sum = (guint8) (128 + (at >> 8 & 0xff) + (at & 0xff));

        if ((at & 0xffff) == 0)
            g_string_append_printf (lines, ":02000004%04X%02X\n", at >> 16,
                                    (guint8) - (guint8) (6 + (at >> 16 & 0xff)));
        g_string_append_printf (lines, ":80%04X00%0256d%02X\n", at & 0xffff, 0, (guint8) -sum);
    }
    text = g_bytes_new (lines->str, lines->len);
    g_assert_false (mfu_intel_hex_parse ("NPRG9x15.hex", text, &loader, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_assert_nonnull (strstr (error->message, "too large"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (goods); i++) {
        g_autofree char *path = g_strdup_printf ("/intel-hex/good/%s", goods[i].name);

        g_test_add_data_func (path, &goods[i], test_good);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (bads); i++) {
        g_autofree char *path = g_strdup_printf ("/intel-hex/bad/%s", bads[i].name);

        g_test_add_data_func (path, &bads[i], test_bad);
    }
    g_test_add_func ("/intel-hex/bytes", test_bytes);
    g_test_add_func ("/intel-hex/too-large", test_too_large);
    return g_test_run ();
}
