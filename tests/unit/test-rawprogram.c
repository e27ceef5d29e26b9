/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rawprogram, patch and contents XML: what is read out of good ones, and why bad ones are refused. */

#include "package/rawprogram-xml.h"

#include <string.h>

#include "package/contents-xml.h"
#include "util/error.h"

#define HEAD                "<?xml version=\"1.0\" ?>\n<data>\n"
#define TAIL                "</data>\n"
#define COMMON              "PAGES_PER_BLOCK=\"64\" SECTOR_SIZE_IN_BYTES=\"2048\" physical_partition_number=\"0\" "
#define RANGE(n, s)         "num_partition_sectors=\"" n "\" start_sector=\"" s "\" "
#define ERASE(n, s)         "<erase " COMMON RANGE (n, s) "/>\n"
#define PROGRAM(file, n, s) "<program " COMMON "filename=\"" file "\" " RANGE (n, s) "/>\n"

typedef struct {
    const char *name;
    const char *body; /* between <data> and </data> */
    const char *needle;
} Refused;

static const Refused refused[] = {
    { "unknown-tag", ERASE ("64", "0") "<poke address64=\"1\"/>", "<poke>" },
    { "power", "<power value=\"reset\"/>", "<power>" },
    { "unknown-attribute", "<erase " COMMON RANGE ("64", "0") "AttemptRetry=\"1\"/>", "AttemptRetry" },
    { "nested", "<erase " COMMON RANGE ("64", "0") "><erase " COMMON RANGE ("64", "0") "/></erase>",
      "inside" },
    { "text", "<erase " COMMON RANGE ("64", "0") ">text</erase>", "text" },
    { "no-start", "<erase " COMMON "num_partition_sectors=\"64\"/>", "start_sector" },
    { "no-count", "<erase " COMMON "start_sector=\"64\"/>", "num_partition_sectors" },
    { "no-sector-size", "<erase " RANGE ("64", "0") "/>", "SECTOR_SIZE_IN_BYTES" },
    { "no-filename", "<program " COMMON RANGE ("64", "0") "/>", "filename" },
    { "zero-count", ERASE ("0", "0"), "no range" },
    { "overflow", ERASE ("4294967295", "64"), "no range" },
    { "too-large", ERASE ("64", "4294967296"), "not a number" },
    { "negative", ERASE ("-64", "0"), "not a number" },
    { "expression", ERASE ("NUM_DISK_SECTORS-33.", "0"), "not a number" },
    { "fraction", ERASE ("64.0", "0"), "not a number" },
    { "blank", ERASE (" 64", "0"), "not a number" },
    { "empty-number", ERASE ("", "0"), "not a number" },
    { "last-sector", "<erase " COMMON RANGE ("64", "0") "last_sector=\"64\"/>", "last_sector" },
    { "twice-the-same", "<erase " COMMON COMMON RANGE ("64", "0") "/>", "twice" },
    { "page-size", "<erase SECTOR_SIZE_IN_BYTES=\"2000\" " RANGE ("64", "0") "/>", "page size" },
    { "page-size-changes", ERASE ("64", "0") "<erase SECTOR_SIZE_IN_BYTES=\"4096\" " RANGE ("64", "0") "/>",
      "changes" },
    { "dotdot", PROGRAM ("..\\..\\..\\evil.mbn", "64", "0"), "leads out" },
    { "absolute", PROGRAM ("/etc/passwd", "64", "0"), "absolute" },
    { "drive", PROGRAM ("C:\\evil.mbn", "64", "0"), "absolute" },
    { "sparse", "<program " COMMON "filename=\"a.mbn\" sparse=\"true\" " RANGE ("64", "0") "/>", "sparse" },
    { "part-of-file",
      "<program " COMMON "filename=\"a.mbn\" file_sector_offset=\"1\" " RANGE ("64", "0") "/>", "parts" },
    { "label", "<erase " COMMON RANGE ("64", "0") "label=\"a&quot;/&gt;\"/>", "label" },
    { "vendor-attribute", "<check vendor=\"quectel\" e_more=\"1\"/>", "e_more" },
    { "vendor-value", "<check vendor=\"quectel\" c_project_name=\"a b\"/>", "plain" },
    { "vendor-is-erase", "<erase vendor=\"quectel\"/>", "<erase>" },
    { "vendor-is-power", "<Power vendor=\"quectel\"/>", "<Power>" },
    { "other-vendor", "<check vendor=\"other\"/>", "<check>" },
    { "cut-off", "<erase " COMMON, "well-formed" },
    { "nothing", "", "nothing" },
};

static MfuRawprogram *
parse (const char *text, GError **error)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return mfu_rawprogram_parse ("raw.xml", "update/firehose", bytes, error);
}

static MfuRawprogram *
parse_body (const char *body, GError **error)
{
    g_autofree char *text = g_strconcat (HEAD, body, TAIL, NULL);

    return parse (text, error);
}

static void
test_refused (gconstpointer data)
{
    const Refused *expected = data;
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuRawprogram) rawprogram = parse_body (expected->body, &error);

    g_assert_null (rawprogram);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_test_message ("%s", error->message);
    g_assert_true (g_str_has_prefix (error->message, "raw.xml"));
    g_assert_nonnull (strstr (error->message, expected->needle));
}

static void
test_documents (void)
{
    static const char *const documents[] = {
        "",
        " ",
        "not XML",
        "<data/>",
        "<rawprogram></rawprogram>",
        "\xff\xfe<\0d",
        "<data></data><data></data>",
        "<data>\xff</data>",
        "<!DOCTYPE data [<!ENTITY a \"b\">]><data>&a;</data>",
        "<data",
        "<data><erase/></dato>",
    };

    for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuRawprogram) rawprogram = parse (documents[i], &error);

        g_assert_null (rawprogram);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    }
}

static void
test_accepted (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuRawprogram) rawprogram = parse_body (
        "<!--BlockSize = 128 KB-->" PROGRAM ("..\\sbl1.mbn", "640", "0") PROGRAM (
            "partition_complete_p2K_b128K.mbn", "640",
            "640") "<erase SECTOR_SIZE_IN_BYTES=\"2048\" num_partition_sectors=\"0x40\" "
                   "start_sector=\"1280\" "
                   "last_sector=\"1343\" label=\"boot\"/>"
                   "<erase SECTOR_SIZE_IN_BYTES=\"0\" num_partition_sectors=\"1\" start_sector=\"0\"/>"
                   "<program SECTOR_SIZE_IN_BYTES=\"2048\" filename=\"\" num_partition_sectors=\"0\" "
                   "start_sector=\"0\"/>"
                   "<check vendor=\"quectel\" a_rawdata_start_sector=\"12544\" c_project_name=\"EC25\"/>",
        &error);
    const MfuAction *action;

    g_assert_no_error (error);
    g_assert_cmpuint (rawprogram->actions->len, ==, 4);
    g_assert_cmpuint (rawprogram->page_size, ==, 2048);
    g_assert_cmpuint (rawprogram->pages_per_block, ==, 64);
    g_assert_false (rawprogram->erases_all);
    action = rawprogram->actions->pdata[0];
    g_assert_cmpint (action->kind, ==, MFU_ACTION_PROGRAM);
    g_assert_cmpstr (action->filename, ==, "update/sbl1.mbn");
    g_assert_cmpuint (action->num_sectors, ==, 640);
    action = rawprogram->actions->pdata[1];
    g_assert_cmpstr (action->filename, ==, "update/firehose/partition_complete_p2K_b128K.mbn");
    g_assert_cmpuint (action->start_sector, ==, 640);
    action = rawprogram->actions->pdata[2];
    g_assert_cmpint (action->kind, ==, MFU_ACTION_ERASE);
    g_assert_cmpuint (action->num_sectors, ==, 64);
    g_assert_cmpuint (action->pages_per_block, ==, 0);
    g_assert_cmpstr (action->label, ==, "boot");
    action = rawprogram->actions->pdata[3];
    g_assert_cmpint (action->kind, ==, MFU_ACTION_VENDOR);
    g_assert_cmpstr (action->tag, ==, "check");
    g_assert_cmpstr (action->vendor[0], ==, "12544");
    g_assert_null (action->vendor[1]);
    g_assert_cmpstr (action->vendor[2], ==, "EC25");
}

static void
test_erase_all (void)
{
    g_autoptr (MfuRawprogram) all = parse_body (
        PROGRAM ("..\\a.mbn", "640", "0") PROGRAM ("..\\b.mbn", "640", "640") ERASE ("131072", "0"), NULL);
    g_autoptr (MfuRawprogram) first = parse_body (
        PROGRAM ("..\\a.mbn", "640", "0") PROGRAM ("..\\b.mbn", "640", "640") ERASE ("640", "0"), NULL);

    g_assert_nonnull (all);
    g_assert_true (all->erases_all);
    g_assert_nonnull (first);
    g_assert_false (first->erases_all);
}

static void
test_too_many (void)
{
    g_autoptr (GString) body = g_string_new (NULL);
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < 600; i++)
        g_string_append (body, ERASE ("64", "0"));
    g_assert_null (parse_body (body->str, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
}

typedef struct {
    const char *name, *text;
    int code; /* -1: accepted */
} Patch;

static const Patch patches[] = {
    { "none", "<patches></patches>", -1 },
    { "file",
      "<patches><patch filename=\"partition_complete_p2K_b128K.mbn\" byte_offset=\"484\" "
      "value=\"NUM\"/></patches>",
      -1 },
    { "disk", "<patches><patch filename=\"DISK\" byte_offset=\"484\" value=\"1\"/></patches>",
      MFU_ERROR_UNSUPPORTED },
    { "other", "<patches><patch filename=\"../../etc/passwd\"/></patches>", MFU_ERROR_CORRUPT_PACKAGE },
    { "no-name", "<patches><patch value=\"1\"/></patches>", MFU_ERROR_CORRUPT_PACKAGE },
    { "tag", "<patches><erase/></patches>", MFU_ERROR_CORRUPT_PACKAGE },
    { "root", "<data></data>", MFU_ERROR_CORRUPT_PACKAGE },
    { "broken", "<patches>", MFU_ERROR_CORRUPT_PACKAGE },
};

static void
test_patch (gconstpointer data)
{
    const Patch *expected = data;
    g_autoptr (GBytes) bytes = g_bytes_new_static (expected->text, strlen (expected->text));
    g_autoptr (GError) error = NULL;

    g_assert_true (mfu_patch_xml_check ("patch.xml", bytes, &error) == (expected->code < 0));
    if (expected->code < 0)
        g_assert_no_error (error);
    else
        g_assert_error (error, MFU_ERROR, expected->code);
}

typedef struct {
    const char *name, *text, *chip;
    gboolean is_ok;
} Contents;

static const Contents contents[] = {
    { "chip",
      "\xef\xbb\xbf<contents><product_info><chipid cmm_var=\"A\"> MDM9607 "
      "</chipid></product_info></contents>",
      "MDM9607", TRUE },
    { "no-chip", "<contents><!-- MDM9640 --><builds_flat/></contents>", NULL, TRUE },
    { "same-twice", "<contents><chipid>MDM9607</chipid><chipid>mdm9607</chipid></contents>", "MDM9607",
      TRUE },
    { "two-chips", "<contents><chipid>MDM9607</chipid><chipid>MDM9640</chipid></contents>", NULL, FALSE },
    { "strange-chip", "<contents><chipid>MDM 9607</chipid></contents>", NULL, FALSE },
    { "root", "<data/>", NULL, FALSE },
    { "broken", "<contents><chipid>MDM9607</contents>", NULL, FALSE },
    { "empty", "", NULL, FALSE },
};

static void
test_contents (gconstpointer data)
{
    const Contents *expected = data;
    g_autoptr (GBytes) bytes = g_bytes_new_static (expected->text, strlen (expected->text));
    g_autoptr (GError) error = NULL;
    g_autofree char *chip = NULL;

    g_assert_true (mfu_contents_xml_parse ("contents.xml", bytes, &chip, &error) == expected->is_ok);
    g_assert_cmpstr (chip, ==, expected->chip);
    if (!expected->is_ok)
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
        g_autofree char *path = g_strdup_printf ("/rawprogram/refused/%s", refused[i].name);

        g_test_add_data_func (path, &refused[i], test_refused);
    }
    for (guint i = 0; i < G_N_ELEMENTS (patches); i++) {
        g_autofree char *path = g_strdup_printf ("/patch/%s", patches[i].name);

        g_test_add_data_func (path, &patches[i], test_patch);
    }
    for (guint i = 0; i < G_N_ELEMENTS (contents); i++) {
        g_autofree char *path = g_strdup_printf ("/contents/%s", contents[i].name);

        g_test_add_data_func (path, &contents[i], test_contents);
    }
    g_test_add_func ("/rawprogram/documents", test_documents);
    g_test_add_func ("/rawprogram/accepted", test_accepted);
    g_test_add_func ("/rawprogram/erase-all", test_erase_all);
    g_test_add_func ("/rawprogram/too-many", test_too_many);
    return g_test_run ();
}
