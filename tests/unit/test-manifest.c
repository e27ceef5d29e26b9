/* SPDX-License-Identifier: GPL-2.0-or-later */

/* md5.txt in every form that is in the field, and forms that are not. */

#include "package/manifest.h"

#include <string.h>

#include "util/error.h"

#define A "A92A41C42221425B2E7FB98CCF5CD9FF"
#define B "9e5c2a27ede41e909152502485df86b8"

typedef struct {
    const char *name;
    const char *text;
    const char *paths; /* separated by blanks; NULL: refused */
    const char *needle;
} Case;

static const Case cases[] = {
    { "new",
      "VERSION:1.0\r\nFILE:START\r\nFILE:\\update\\tz.mbn:" A "\r\nFILE:\\contents.xml:" B "\r\nFILE:END\r\n",
      "update/tz.mbn contents.xml", NULL },
    { "new-without-last-newline", "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:END", "tz.mbn", NULL },
    { "new-slashes", "FILE:START\nFILE:update/tz.mbn:" A "\nFILE:END\n", "update/tz.mbn", NULL },
    { "new-bom", "\xef\xbb\xbfVERSION:1.0\r\nFILE:START\r\nFILE:\\tz.mbn:" A "\r\nFILE:END\r\n", "tz.mbn",
      NULL },
    { "new-blanks", "FILE:START \n\n  FILE:\\tz.mbn: " A " \nFILE:END\n\n", "tz.mbn", NULL },
    { "new-without-frame", "FILE:\\tz.mbn:" A "\n", "tz.mbn", NULL },
    { "old", "File: update/tz.mbn=" A "\r\nFile: update/rpm.mbn=" B "\r\n", "update/tz.mbn update/rpm.mbn",
      NULL },
    { "old-backslashes", "File: update\\firehose\\tz.mbn = " A "\n", "update/firehose/tz.mbn", NULL },
    { "same-twice", "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:/tz.mbn:" A "\nFILE:END\n", "tz.mbn", NULL },
    { "name-with-blank", "FILE:START\nFILE:\\a b=c.mbn:" A "\nFILE:END\n", "a b=c.mbn", NULL },
    { "other-twice", "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:\\tz.mbn:" B "\nFILE:END\n", NULL, "line 3" },
    { "empty", "", NULL, "lists no files" },
    { "frame-only", "VERSION:1.0\nFILE:START\nFILE:END\n", NULL, "lists no files" },
    { "cut-off", "FILE:START\nFILE:\\tz.mbn:" A "\n", NULL, "FILE:END" },
    { "short-sum", "FILE:START\nFILE:\\tz.mbn:A92A41C42221425B\nFILE:END\n", NULL, "line 2" },
    { "no-hex", "FILE:START\nFILE:\\tz.mbn:G92A41C42221425B2E7FB98CCF5CD9FF\nFILE:END\n", NULL, "line 2" },
    { "long-sum", "FILE:START\nFILE:\\tz.mbn:0" A "\nFILE:END\n", NULL, "line 2" },
    { "no-path", "FILE:START\nFILE::" A "\nFILE:END\n", NULL, "line 2" },
    { "dotdot", "FILE:START\nFILE:\\..\\..\\etc\\passwd:" A "\nFILE:END\n", NULL, "leads out" },
    { "drive", "FILE:START\nFILE:C:\\tz.mbn:" A "\nFILE:END\n", NULL, "absolute" },
    { "after-the-end", "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:END\nFILE:\\rpm.mbn:" B "\n", NULL, "line 4" },
    { "start-twice", "FILE:START\nFILE:START\nFILE:\\tz.mbn:" A "\nFILE:END\n", NULL, "line 2" },
    { "html", "<html><body>Not found</body></html>\n", NULL, "line 1" },
    { "md5sum", "a92a41c42221425b2e7fb98ccf5cd9ff  tz.mbn\n", NULL, "line 1" },
};

static void
test_case (gconstpointer data)
{
    const Case *expected = data;
    g_autoptr (GBytes) bytes = g_bytes_new_static (expected->text, strlen (expected->text));
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) entries = mfu_manifest_parse ("md5.txt", bytes, &error);
    g_auto (GStrv) paths = NULL;

    if (expected->paths == NULL) {
        g_assert_null (entries);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
        g_assert_nonnull (strstr (error->message, "md5.txt"));
        g_assert_nonnull (strstr (error->message, expected->needle));
        return;
    }
    g_assert_no_error (error);
    if (g_str_equal (expected->name, "name-with-blank")) {
        g_assert_cmpuint (entries->len, ==, 1);
        g_assert_cmpstr (((MfuManifestEntry *) entries->pdata[0])->path, ==, expected->paths);
        return;
    }
    paths = g_strsplit (expected->paths, " ", -1);
    g_assert_cmpuint (entries->len, ==, g_strv_length (paths));
    for (guint i = 0; i < entries->len; i++)
        g_assert_cmpstr (((MfuManifestEntry *) entries->pdata[i])->path, ==, paths[i]);
}

/* All 32 digits, in lower case whatever the file has. */
static void
test_sum (void)
{
    const char *text = "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:END\n";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, strlen (text));
    g_autoptr (GPtrArray) entries = mfu_manifest_parse ("md5.txt", bytes, NULL);

    g_assert_nonnull (entries);
    g_assert_cmpstr (((MfuManifestEntry *) entries->pdata[0])->md5, ==, "a92a41c42221425b2e7fb98ccf5cd9ff");
}

static void
test_nul (void)
{
    static const char text[] = "FILE:START\nFILE:\\tz.mbn:" A "\nFILE:END\n\0FILE";
    g_autoptr (GBytes) bytes = g_bytes_new_static (text, sizeof text);
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_manifest_parse ("md5.txt", bytes, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
}

static void
test_many (void)
{
    g_autoptr (GString) text = g_string_new ("FILE:START\n");
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < 2000; i++)
        g_string_append_printf (text, "FILE:\\f%u:" A "\n", i);
    g_string_append (text, "FILE:END\n");
    bytes = g_bytes_new (text->str, text->len);
    g_assert_null (mfu_manifest_parse ("md5.txt", bytes, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/manifest/%s", cases[i].name);

        g_test_add_data_func (path, &cases[i], test_case);
    }
    g_test_add_func ("/manifest/sum", test_sum);
    g_test_add_func ("/manifest/nul", test_nul);
    g_test_add_func ("/manifest/many", test_many);
    return g_test_run ();
}
