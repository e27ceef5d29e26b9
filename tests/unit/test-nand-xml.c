/* SPDX-License-Identifier: GPL-2.0-or-later */

/* partition_nand.xml: what is read out of a good one, and why bad ones are refused. */

#include "package/nand-xml.h"

#include <string.h>

#include "util/error.h"

#define HEAD                                                                                                 \
    "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<nandboot>\r\n<magic_numbers>"                \
    "<usr_part_magic1>0xAA7D1B9A</usr_part_magic1><usr_part_magic2>0x1F7D48BC</usr_part_magic2></"           \
    "magic_numbers>\r\n"                                                                                     \
    "<partition_version length=\"4\">0x4</partition_version>\r\n<partitions>\r\n"
#define TAIL           "</partitions>\r\n</nandboot>\r\n"
#define NAME(name)     "<name length=\"16\" type=\"string\">" name "</name>"
#define KIB(size, pad) "<size_kb length=\"4\">" size "</size_kb><pad_kb length=\"4\">" pad "</pad_kb>"
#define BLOCKS(size, pad)                                                                                    \
    "<size_blks length=\"4\">" size "</size_blks><pad_blks length=\"4\">" pad "</pad_blks>"
#define FLAGS "<flags length=\"4\">0xFFFFFFFF</flags><flags length=\"4\">0xFFFF</flags>"
#define ATTRIBUTES                                                                                           \
    "<which_flash>0</which_flash><attr>0xFF</attr><attr>0x01</attr><attr>0x00</attr><attr>0xFF</attr>"
#define IMAGE(file)     "<img_name type=\"string\">" file "</img_name>"
#define PARTITION(body) "<partition>" body ATTRIBUTES "</partition>\r\n"
#define MODEM           PARTITION (NAME ("0:modem") KIB ("1024", "256") IMAGE ("NON-HLOS.ubi"))

typedef struct {
    const char *name;
    const char *body; /* between <partitions> and </partitions> */
    const char *needle;
} Refused;

static const Refused refused[] = {
    { "nothing", "", "nothing" },
    { "no-image", PARTITION (NAME ("0:EFS2") KIB ("16384", "1024")), "nothing" },
    { "unknown-element", PARTITION (NAME ("0:modem") KIB ("8", "0") IMAGE ("a") "<erase>1</erase>"),
      "<erase>" },
    { "unknown-place", "<img_name>a</img_name>", "<img_name>" },
    { "partition-in-partition", "<partition><partition></partition></partition>", "<partition>" },
    { "unknown-attribute", "<partition run=\"1\"></partition>", "run" },
    { "no-name", PARTITION (KIB ("8", "0") IMAGE ("a")), "no name" },
    { "empty-name", PARTITION (NAME ("0:") KIB ("8", "0") IMAGE ("a")), "no name of" },
    { "long-name", PARTITION (NAME ("0:aaaaaaaaaaaaaaaaa") KIB ("8", "0") IMAGE ("a")), "no name of" },
    { "name-with-blank", PARTITION (NAME ("0:efs 2") KIB ("8", "0") IMAGE ("a")), "no name of" },
    { "name-with-command", PARTITION (NAME ("0:boot;reboot") KIB ("8", "0") IMAGE ("a")), "no name of" },
    { "name-with-path", PARTITION (NAME ("../boot") KIB ("8", "0") IMAGE ("a")), "no name of" },
    { "name-twice", PARTITION (NAME ("0:a") NAME ("0:b") KIB ("8", "0") IMAGE ("a")), "twice" },
    { "partition-twice", MODEM MODEM, "described twice" },
    { "partition-twice-in-capitals", MODEM PARTITION (NAME ("0:MODEM") KIB ("8", "0")), "described twice" },
    { "partition-twice-bare", MODEM PARTITION (NAME ("modem") KIB ("8", "0")), "described twice" },
    { "image-twice", PARTITION (NAME ("0:modem") KIB ("8", "0") IMAGE ("a") IMAGE ("b")), "twice" },
    { "no-size", PARTITION (NAME ("0:modem") IMAGE ("a")), "size" },
    { "two-sizes", PARTITION (NAME ("0:modem") KIB ("8", "0") BLOCKS ("1", "0") IMAGE ("a")), "two ways" },
    { "size-and-flags", PARTITION (NAME ("0:modem") KIB ("8", "0") FLAGS IMAGE ("a")), "two ways" },
    { "pad-alone", PARTITION (NAME ("0:modem") FLAGS "<pad_kb>8</pad_kb>" IMAGE ("a")), "two ways" },
    { "zero-size", PARTITION (NAME ("0:modem") KIB ("0", "256") IMAGE ("a")), "size" },
    { "huge-size", PARTITION (NAME ("0:modem") KIB ("4194305", "0") IMAGE ("a")), "instead of a number" },
    { "negative-size", PARTITION (NAME ("0:modem") KIB ("-8", "0") IMAGE ("a")), "instead of a number" },
    { "word-as-size", PARTITION (NAME ("0:modem") KIB ("big", "0") IMAGE ("a")), "instead of a number" },
    { "other-flash", "<partition>" NAME ("0:modem") KIB ("8", "0") "<which_flash>1</which_flash></partition>",
      "second flash" },
    { "attribute-too-large", "<partition>" NAME ("0:modem") KIB ("8", "0") "<attr>0x100</attr></partition>",
      "instead of a number" },
    { "dotdot", PARTITION (NAME ("0:modem") KIB ("8", "0") IMAGE ("..\\..\\evil")), "leads out" },
    { "absolute", PARTITION (NAME ("0:modem") KIB ("8", "0") IMAGE ("/etc/passwd")), "absolute" },
    { "drive", PARTITION (NAME ("0:modem") KIB ("8", "0") IMAGE ("C:\\evil")), "absolute" },
    { "text", MODEM "text", "text" },
    { "cut-off", "<partition>", "well-formed" },
};

static GPtrArray *
parse (const char *text, GError **error)
{
    g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

    return mfu_nand_xml_parse ("partition_nand.xml", "update", bytes, error);
}

static void
test_refused (gconstpointer data)
{
    const Refused *item = data;
    g_autofree char *text = g_strconcat (HEAD, item->body, TAIL, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (parse (text, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    if (strstr (error->message, item->needle) == NULL)
        g_error ("\"%s\" does not say \"%s\"", error->message, item->needle);
}

static void
test_other_roots (void)
{
    static const char *const texts[] = { "", "<data></data>", "<nandboot><run/></nandboot>", "no XML",
                                         "<nandboot></nandboot><nandboot></nandboot>" };

    for (gsize i = 0; i < G_N_ELEMENTS (texts); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (parse (texts[i], &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    }
}

static void
assert_flash (GPtrArray *flashes, guint index, const char *name, guint size, guint pad, gboolean is_in_blocks,
              const char *filename)
{
    const MfuFlash *flash = g_ptr_array_index (flashes, index);

    g_assert_cmpstr (flash->name, ==, name);
    g_assert_cmpuint (flash->size, ==, size);
    g_assert_cmpuint (flash->pad, ==, pad);
    g_assert_cmpint (flash->is_in_blocks, ==, is_in_blocks);
    g_assert_cmpstr (flash->filename, ==, filename);
    g_assert_null (flash->image);
}

static void
test_good (void)
{
    static const char text[] = HEAD PARTITION (NAME ("0:SBL") BLOCKS ("0x8", "0x2") IMAGE ("sbl1.mbn"))
        PARTITION (NAME ("0:EFS2") KIB ("16384", "1024"))
            PARTITION (NAME ("0:usr_data") KIB ("60928", "512") IMAGE ("sub\\usrdata.ubi"))
                PARTITION (NAME ("0:system") FLAGS IMAGE ("../mdm9607-sysfs.ubi")) TAIL;
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) flashes = parse (text, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (flashes->len, ==, 4);
    assert_flash (flashes, 0, "sbl", 8, 2, TRUE, "update/sbl1.mbn");
    assert_flash (flashes, 1, "efs2", 16384, 1024, FALSE, NULL);
    assert_flash (flashes, 2, "usr_data", 60928, 512, FALSE, "update/sub/usrdata.ubi");
    assert_flash (flashes, 3, "system", 0, 0, FALSE, "mdm9607-sysfs.ubi");
}

static void
test_too_many (void)
{
    g_autoptr (GString) text = g_string_new (HEAD MODEM);
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < 64; i++)
        g_string_append_printf (text, PARTITION (NAME ("0:p%u") KIB ("8", "0")), i);
    g_string_append (text, TAIL);
    g_assert_null (parse (text->str, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
        g_autofree char *path = g_strdup_printf ("/nand-xml/refused/%s", refused[i].name);

        g_test_add_data_func (path, &refused[i], test_refused);
    }
    g_test_add_func ("/nand-xml/other-roots", test_other_roots);
    g_test_add_func ("/nand-xml/good", test_good);
    g_test_add_func ("/nand-xml/too-many", test_too_many);
    return g_test_run ();
}
