/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Packages whose parts are known by their names: those of the EC20 with MDM9215, and NPRG for Sahara. */

#include "package-maker.h"

#include <glib/gstdio.h>
#include <string.h>

#include "util/error.h"

static void
set_up (PackageMaker *maker, gconstpointer data)
{
    package_maker_set_up (maker);
}

static void
tear_down (PackageMaker *maker, gconstpointer data)
{
    package_maker_tear_down (maker);
}

static gboolean
read_image (MfuImage *image, guint n_uses, GError **error)
{
    g_autoptr (MfuImageReader) reader = mfu_image_open (image, n_uses, error);
    guint8 buffer[50000];
    guint64 size = 0;
    gssize n;

    if (reader == NULL)
        return FALSE;
    while ((n = mfu_image_reader_read (reader, buffer, sizeof buffer, error)) > 0)
        size += (guint64) n;
    if (n == 0)
        g_assert_cmpuint (size, ==, mfu_image_get_size (image));
    return n == 0;
}

static void
write_file (PackageMaker *maker, const char *name, const char *content)
{
    g_autofree char *path = g_build_filename (maker->folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
    g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
assert_refused (PackageMaker *maker, const char *name, int code, const char *needle)
{
    g_autofree char *path = g_build_filename (maker->folder, name, NULL);
    g_autoptr (GError) error = NULL;

    g_assert_null (package_maker_open (path, 0, &error));
    g_assert_error (error, MFU_ERROR, code);
    g_assert_nonnull (strstr (error->message, needle));
}

typedef struct {
    const char *name;
    const char *arguments;
    gboolean is_temporary; /* it has the temporary boot images */
    guint n_flashes, n_tables;
    const char *warning; /* beside the one about md5.txt */
} Legacy;

static const Legacy legacies[] = {
    { "EC20EQAR02A13E2G", "--size small", TRUE, 10, 2, NULL },
    { "EC20EQAR02A13E2G.zip", "--size small --form zip", TRUE, 10, 2, NULL },
    { "EC20EQAR02A13E2G.7z", "--size small --form 7z --inner EC20EQAR02A13E2G", TRUE, 10, 2, NULL },
    { "EC20EQAR02A13E2G-n.zip", "--size small --form nested", TRUE, 10, 2, NULL },
    { "EC20EQAR02A13E2G-plain",
      "--size small --without sbl2_tmp.mbn --without appsboot_tmp.mbn --without ENPRG9x15.hex", FALSE, 10, 2,
      NULL },
    { "EC20EQAR02A13E2G-half", "--size small --without sbl2_tmp.mbn", FALSE, 10, 2, "only one of" },
    { "EC20EQAR02A13E2G-bare",
      "--size tiny --without 9615-cdp-usr-image.usrfs.yaffs2 --without partition2.mbn --without "
      "recovery-boot-oe-msm9615.img --without 9615-cdp-recovery-image-9615-cdp.yaffs2",
      TRUE, 7, 1, NULL },
};

static void
check_loader (const MfuLoader *loader, const char *mark)
{
    gsize size;
    const char *data = g_bytes_get_data (loader->bytes, &size);
    g_autofree char *head = NULL;
    g_autofree char *place = g_strdup_printf ("SIZE=%" G_GSIZE_FORMAT ";ADDRESS=%08x;GO=%08x;", size,
                                              loader->address, loader->start);

    g_assert_cmpuint (size, >, 256);
    head = g_strndup (data + 16, 200);
    g_assert_true (g_str_has_prefix (head, mark));
    g_assert_nonnull (strstr (head, place));
}

static void
test_legacy (PackageMaker *maker, gconstpointer data)
{
    const Legacy *expected = data;
    g_autofree char *arguments = g_strconcat ("--family ec20 ", expected->arguments, NULL);
    g_autofree char *path = package_maker_make (maker, expected->name, arguments);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);
    GPtrArray *flashes;
    const char *const *warnings;

    g_assert_no_error (error);
    g_assert_cmphex (mfu_package_get_methods (package), ==, MFU_PACKAGE_9X15);
    g_assert_cmpstr (mfu_package_get_version (package)->text, ==, "EC20EQAR02A13E2G");
    g_assert_cmpstr (mfu_package_get_version (package)->memory, ==, "E2G");
    g_assert_cmpstr (mfu_package_get_chip_id (package), ==, "MDM9x15");
    g_assert_null (mfu_package_get_programmer (package));
    check_loader (mfu_package_get_loader (package, FALSE), "MFU-SIM-NPRG=9x15;");
    g_assert_cmpint (mfu_package_get_loader (package, TRUE) != NULL, ==,
                     strstr (expected->arguments, "ENPRG") == NULL);
    if (mfu_package_get_loader (package, TRUE) != NULL)
        check_loader (mfu_package_get_loader (package, TRUE), "MFU-SIM-ENPRG=9x15;");
    for (MfuBoot which = 0; which < MFU_N_BOOTS; which++) {
        gboolean is_temporary = which == MFU_BOOT_SBL2_TEMPORARY || which == MFU_BOOT_APPSBL_TEMPORARY;

        g_assert_cmpint (mfu_package_get_boot (package, which) != NULL, ==,
                         !is_temporary || expected->is_temporary);
    }
    g_assert_cmpuint (mfu_package_get_tables (package)->len, ==, expected->n_tables);
    flashes = mfu_package_get_flashes (package);
    g_assert_cmpuint (flashes->len, ==, expected->n_flashes);
    for (guint i = 0; i < flashes->len; i++)
        g_assert_true (read_image (((const MfuFlash *) flashes->pdata[i])->image, 1, &error));
    warnings = mfu_package_get_warnings (package);
    g_assert_nonnull (strstr (warnings[0], "no md5.txt"));
    g_assert_cmpuint (g_strv_length ((char **) warnings), ==, expected->warning != NULL ? 2 : 1);
    g_assert_true (expected->warning == NULL || strstr (warnings[1], expected->warning) != NULL);
}

static const struct {
    const char *arguments;
    const char *needle;
} broken_legacies[] = {
    { "--without sbl1.mbn", "sbl1.mbn is missing" },
    { "--without dsp2.mbn", "dsp2.mbn is missing" },
    { "--without boot-oe-msm9615.img", "boot-oe-*.img is missing" },
    { "--without partition.mbn --without partition2.mbn", "partition.mbn is missing" },
    { "--empty rpm.mbn", "rpm.mbn is empty" },
    { "--md5 --corrupt sbl2.mbn", "sbl2.mbn is damaged" },
};

static void
test_broken_legacy (PackageMaker *maker, gconstpointer data)
{
    for (gsize i = 0; i < G_N_ELEMENTS (broken_legacies); i++) {
        g_autofree char *name = g_strdup_printf ("broken-%" G_GSIZE_FORMAT, i);
        g_autofree char *arguments =
            g_strconcat ("--family ec20 --size tiny ", broken_legacies[i].arguments, NULL);
        g_autofree char *path = package_maker_make (maker, name, arguments);

        assert_refused (maker, name, MFU_ERROR_CORRUPT_PACKAGE, broken_legacies[i].needle);
    }
    write_file (maker, "hex/NPRG9x15.hex", ":00000001FF\n");
    assert_refused (maker, "hex", MFU_ERROR_CORRUPT_PACKAGE, "cut short");
}

/* NPRG for Sahara lies beside partition_nand.xml. */
static void
test_nprg (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *path = package_maker_make (maker, "EC25EFAR06A08M4G", "");
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);
    MfuImage *nprg;

    g_assert_no_error (error);
    nprg = mfu_package_get_nprg (package);
    g_assert_cmpstr (mfu_image_get_name (nprg), ==, "update/NPRG9x07.mbn");
    g_assert_true (read_image (nprg, 1, &error));
    g_assert_cmpuint (mfu_package_get_tables (package)->len, ==, 1);
    g_assert_null (mfu_package_get_loader (package, FALSE));
    g_assert_null (mfu_package_get_boot (package, MFU_BOOT_SBL1));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (legacies); i++) {
        g_autofree char *path = g_strdup_printf ("/package/legacy/%s", legacies[i].name);

        g_test_add (path, PackageMaker, &legacies[i], set_up, test_legacy, tear_down);
    }
    g_test_add ("/package/broken-legacy", PackageMaker, NULL, set_up, test_broken_legacy, tear_down);
    g_test_add ("/package/nprg", PackageMaker, NULL, set_up, test_nprg, tear_down);
    return package_maker_run ();
}
