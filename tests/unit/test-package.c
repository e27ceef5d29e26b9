/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whole packages of every form, and every way in which one can be broken or hostile. */

#include "package-maker.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/error.h"

#define ABSENT "Listed in md5.txt, but absent and not needed: upgrade/targetfiles.zip."

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

/* In document order, which goes back and forth in an archive. */
static void
read_all_images (MfuPackage *package)
{
    GPtrArray *actions = mfu_package_get_actions (package);

    for (guint i = 0; i < actions->len; i++) {
        const MfuAction *action = actions->pdata[i];
        g_autoptr (GError) error = NULL;

        if (action->kind != MFU_ACTION_PROGRAM)
            continue;
        g_assert_nonnull (action->image);
        g_assert_true (read_image (action->image, 1, &error));
        g_assert_no_error (error);
    }
}

/* Good packages */

typedef struct {
    const char *name;
    const char *arguments;
    const char *version;
    guint page_size, block_size, n_partitions, n_actions;
    const char *warning; /* the only one */
    gboolean is_factory;
} Good;

static const Good goods[] = {
    { "EC25EFAR06A08M4G", "--form folder", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.zip", "--form zip", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.7z", "--form 7z", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.tar", "--form tar", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.tgz", "--form tar.gz", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.tar.xz", "--form tar.xz", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G.tar.bz2", "--form tar.bz2", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G-n7.zip", "--form nested", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "mail.zip", "--form nested-zip --version EC25EFAR06A08M4G_01.001.01.001",
      "EC25EFAR06A08M4G_01.001.01.001", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "nested-tar.zip", "--form nested-tar.gz", "EC25EFAR06A08M4G", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "EC25EFAR06A08M4G-4k.zip", "--form zip --geometry p4K_b256K", "EC25EFAR06A08M4G", 4096, 262144, 19, 20,
      ABSENT, FALSE },
    { "inner.zip", "--form zip --inner a/EC25EFAR06A08M4G_01.001.01.001", "EC25EFAR06A08M4G_01.001.01.001",
      2048, 131072, 17, 22, ABSENT, FALSE },
    { "inner", "--form folder --inner EC25EFAR06A08M4G_01.001.01.001", "EC25EFAR06A08M4G_01.001.01.001", 2048,
      131072, 17, 22, ABSENT, FALSE },
    { "backslash.zip", "--form zip --backslash", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "old.zip", "--form zip --manifest old", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "bom.zip", "--form zip --manifest bom", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "unix.zip", "--form zip --manifest unix", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "no-md5.zip", "--form zip --no-md5", "", 2048, 131072, 17, 22,
      "The package has no md5.txt, so only its structure could be checked.", FALSE },
    { "vendor.zip", "--form zip --vendor-tag", "", 2048, 131072, 17, 23, ABSENT, FALSE },
    { "remark.zip", "--form zip --remark", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "factory.zip", "--form zip --factory", "", 2048, 131072, 17, 23, ABSENT, TRUE },
    { "erase-all.zip", "--form zip --erase-all", "", 2048, 131072, 17, 23, ABSENT, TRUE },
    { "touch.zip", "--form zip --touch-efs2", "", 2048, 131072, 17, 23, ABSENT, FALSE },
    { "oversize.zip", "--form zip --oversize rpm", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "safe.zip", "--form zip --order safe", "", 2048, 131072, 17, 22, ABSENT, FALSE },
    { "unused.zip", "--form zip --omit ENPRG9x07.mbn", "", 2048, 131072, 17, 22,
      "Listed in md5.txt, but absent and not needed: update/ENPRG9x07.mbn, upgrade/targetfiles.zip.", FALSE },
};

static void
test_good (PackageMaker *maker, gconstpointer data)
{
    const Good *expected = data;
    g_autofree char *path = package_maker_make (maker, expected->name, expected->arguments);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);
    const char *const *warnings;
    g_autoptr (GBytes) programmer = NULL;

    g_assert_no_error (error);
    g_assert_cmpstr (mfu_package_get_version (package)->text, ==, expected->version);
    g_assert_cmpstr (mfu_package_get_chip_id (package), ==, "MDM9607");
    g_assert_cmpuint (mfu_package_get_page_size (package), ==, expected->page_size);
    g_assert_cmpuint (mfu_package_get_block_size (package), ==, expected->block_size);
    g_assert_cmpuint (mfu_package_get_partitions (package)->len, ==, expected->n_partitions);
    g_assert_cmpuint (mfu_package_get_actions (package)->len, ==, expected->n_actions);
    g_assert_true (mfu_package_is_factory (package) == expected->is_factory);
    g_assert_true ((mfu_package_get_methods (package) & MFU_PACKAGE_FIREHOSE) != 0);
    warnings = mfu_package_get_warnings (package);
    g_assert_cmpstr (warnings[0], ==, expected->warning);
    g_assert_null (warnings[1]);
    programmer = mfu_image_get_bytes (mfu_package_get_programmer (package), &error);
    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (programmer), ==, 128376);
    read_all_images (package);
}

/* The same content is the same package, however it is wrapped; another content is another one. */
static void
test_digest (PackageMaker *maker, gconstpointer data)
{
    static const char *const wrappings[] = { "--form folder", "--form zip", "--form 7z --inner deep/inside",
                                             "--form nested", "--form tar.xz --remark" };
    g_autofree char *other_path = package_maker_make (maker, "other", "--version EC25EFAR06A07M4G");
    g_autoptr (MfuPackage) other = package_maker_open (other_path, 0, NULL);
    g_autofree char *digest = NULL;

    for (guint i = 0; i < G_N_ELEMENTS (wrappings); i++) {
        g_autofree char *name = g_strdup_printf ("wrapped-%u", i);
        g_autofree char *path = package_maker_make (maker, name, wrappings[i]);
        g_autoptr (MfuPackage) package = package_maker_open (path, 0, NULL);

        g_assert_nonnull (package);
        if (digest == NULL)
            digest = g_strdup (mfu_package_get_digest (package));
        g_assert_cmpstr (mfu_package_get_digest (package), ==, digest);
    }
    g_assert_nonnull (other);
    g_assert_cmpstr (mfu_package_get_digest (other), !=, digest);
}

/* Bad packages */

typedef struct {
    const char *name;
    const char *arguments;
    int code;
    const char *needle;
} Bad;

static const Bad bads[] = {
    { "changed-image.zip", "--form zip --corrupt tz.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "update/tz.mbn is damaged" },
    { "changed-image", "--corrupt NON-HLOS.ubi", MFU_ERROR_CORRUPT_PACKAGE, "NON-HLOS.ubi is damaged" },
    { "changed-image.7z", "--form 7z --corrupt sbl1.mbn", MFU_ERROR_CORRUPT_PACKAGE, "sbl1.mbn is damaged" },
    { "changed-programmer", "--corrupt prog_nand_firehose_9x07.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "is damaged" },
    { "changed-unused", "--corrupt NPRG9x07.mbn", MFU_ERROR_CORRUPT_PACKAGE, "NPRG9x07.mbn is damaged" },
    { "missing-image", "--omit tz.mbn", MFU_ERROR_CORRUPT_PACKAGE, "update/tz.mbn is missing" },
    { "missing-image.zip", "--form zip --omit NON-HLOS.ubi", MFU_ERROR_CORRUPT_PACKAGE,
      "NON-HLOS.ubi is missing" },
    { "fastboot-missing-image", "--without firehose --omit tz.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "update/tz.mbn is missing" },
    { "fastboot-unlisted", "--without firehose --unlist tz.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "not listed in md5.txt" },
    { "fastboot-bad-xml", "--without firehose --bad-partition-xml", MFU_ERROR_CORRUPT_PACKAGE,
      "well-formed" },
    { "fastboot-escape", "--without firehose --xml-image tz=../../tz.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "refused" },
    { "fastboot-twice", "--without firehose --xml-twice tz", MFU_ERROR_CORRUPT_PACKAGE, "twice" },
    { "missing-xml", "--omit rawprogram_nand_p2K_b128K_update.xml", MFU_ERROR_CORRUPT_PACKAGE,
      "no rawprogram" },
    { "bad-xml.zip", "--form zip --bad-xml", MFU_ERROR_CORRUPT_PACKAGE, "well-formed" },
    { "unknown-tag.zip", "--form zip --unknown-tag", MFU_ERROR_CORRUPT_PACKAGE, "<poke>" },
    { "empty-image.zip", "--form zip --no-md5 --empty rpm.mbn", MFU_ERROR_CORRUPT_PACKAGE,
      "rpm.mbn is empty" },
    { "unlisted.zip", "--form zip --unlist rpm.mbn", MFU_ERROR_CORRUPT_PACKAGE, "not listed" },
    { "wrong-geometry.zip", "--form zip --tag p4K_b256K", MFU_ERROR_CORRUPT_PACKAGE, "p4K_b256K" },
    { "two-xml", "--second-xml rawprogram_nand_p4K_b256K_update.xml", MFU_ERROR_UNSUPPORTED, "remove one" },
    { "EC25AFAR06A08M4G.zip", "--form zip --inner EC25EFAR06A08M4G", MFU_ERROR_CORRUPT_PACKAGE,
      "calls itself" },
    { "EC25EFAR06A07M4G.zip", "--form nested", MFU_ERROR_CORRUPT_PACKAGE, "calls itself" },
    { "dotdot.zip", "--form zip --hostile dotdot", MFU_ERROR_CORRUPT_PACKAGE, "leads out" },
    { "dotdot.7z", "--form 7z --hostile dotdot", MFU_ERROR_CORRUPT_PACKAGE, "leads out" },
    { "dotdot.tar", "--form tar --hostile dotdot", MFU_ERROR_CORRUPT_PACKAGE, "leads out" },
    { "backslash-dotdot.zip", "--form zip --hostile backslash-dotdot", MFU_ERROR_CORRUPT_PACKAGE,
      "leads out" },
    { "absolute.zip", "--form zip --hostile absolute", MFU_ERROR_CORRUPT_PACKAGE, "absolute" },
    { "absolute.tar.gz", "--form tar.gz --hostile absolute", MFU_ERROR_CORRUPT_PACKAGE, "absolute" },
    { "drive.zip", "--form zip --hostile drive", MFU_ERROR_CORRUPT_PACKAGE, "absolute" },
    { "symlink.zip", "--form zip --hostile symlink", MFU_ERROR_CORRUPT_PACKAGE, "link" },
    { "symlink.7z", "--form 7z --hostile symlink", MFU_ERROR_CORRUPT_PACKAGE, "link" },
    { "symlink.tar", "--form tar --hostile symlink", MFU_ERROR_CORRUPT_PACKAGE, "link" },
    { "hardlink.tar", "--form tar --hostile hardlink", MFU_ERROR_CORRUPT_PACKAGE, "link" },
    { "device.tar", "--form tar --hostile device", MFU_ERROR_CORRUPT_PACKAGE, "device" },
    { "duplicate.zip", "--form zip --hostile duplicate", MFU_ERROR_CORRUPT_PACKAGE, "twice" },
    { "long-name.zip", "--form zip --hostile long-name", MFU_ERROR_CORRUPT_PACKAGE, "too long" },
    { "many.tar", "--form tar --hostile many", MFU_ERROR_CORRUPT_PACKAGE, "larger than any" },
    { "inner-dotdot.zip", "--form nested --hostile dotdot", MFU_ERROR_CORRUPT_PACKAGE, "leads out" },
    { "truncated.zip", "--form zip --truncate 90", MFU_ERROR_CORRUPT_PACKAGE, "truncated.zip is no zip" },
    { "truncated.7z", "--form 7z --truncate 90", MFU_ERROR_CORRUPT_PACKAGE, "truncated.7z is" },
    { "truncated.tar.gz", "--form tar.gz --truncate 90", MFU_ERROR_CORRUPT_PACKAGE, "is damaged" },
    { "truncated.tar.xz", "--form tar.xz --truncate 90", MFU_ERROR_CORRUPT_PACKAGE, "is damaged" },
    { "truncated.tar", "--form tar --truncate 50", MFU_ERROR_CORRUPT_PACKAGE, "is damaged" },
    { "empty.zip", "--form zip --truncate 0", MFU_ERROR_CORRUPT_PACKAGE, "empty.zip is no zip" },
    { "huge.tar", "--form tar --hostile huge", MFU_ERROR_CORRUPT_PACKAGE, "larger than any" },
    { "huge-xml.zip", "--form zip --huge-xml", MFU_ERROR_CORRUPT_PACKAGE, "at most" },
};

static void
test_bad (PackageMaker *maker, gconstpointer data)
{
    const Bad *expected = data;
    g_autofree char *path = package_maker_make (maker, expected->name, expected->arguments);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);

    g_assert_null (package);
    g_assert_error (error, MFU_ERROR, expected->code);
    g_test_message ("%s", error->message);
    g_assert_nonnull (strstr (error->message, expected->needle));
    g_assert_null (strchr (error->message, '\n'));
}

/* Things that are no package at all. */
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

static void
test_other_kinds (PackageMaker *maker, gconstpointer data)
{
    write_file (maker, "simcom/ENPRG9x07.mbn", "x");
    write_file (maker, "simcom/appsboot.mbn", "x");
    write_file (maker, "simcom/boot.img", "x");
    write_file (maker, "simcom/modem.img", "x");
    write_file (maker, "simcom/contents.xml", "<contents/>");
    assert_refused (maker, "simcom", MFU_ERROR_WRONG_PACKAGE, "SIMCom");
    write_file (maker, "asr/EC200U.pac", "x");
    assert_refused (maker, "asr", MFU_ERROR_WRONG_PACKAGE, "Unisoc");
    write_file (maker, "holiday/photo.jpg", "x");
    assert_refused (maker, "holiday", MFU_ERROR_NOT_FOUND, "no Quectel firmware");
    write_file (maker, "text.zip", "this is not an archive");
    assert_refused (maker, "text.zip", MFU_ERROR_CORRUPT_PACKAGE, "text.zip is no zip");
    write_file (maker, "package.rar", "Rar!\x1a\x07\x01");
    assert_refused (maker, "package.rar", MFU_ERROR_UNSUPPORTED, "RAR");
}

/* partition_nand.xml beside the firehose folder, or alone */

typedef struct {
    const char *arguments;
    guint methods;
    const char *warning; /* a part of it, NULL: none but ABSENT */
} Methods;

static const Methods methods[] = {
    { "", MFU_PACKAGE_FIREHOSE | MFU_PACKAGE_FASTBOOT | MFU_PACKAGE_STREAMING, NULL },
    { "--without firehose", MFU_PACKAGE_FASTBOOT | MFU_PACKAGE_STREAMING, NULL },
    { "--without firehose --without NPRG9x07.mbn --form zip", MFU_PACKAGE_FASTBOOT, NULL },
    { "--without partition_nand.xml", MFU_PACKAGE_FIREHOSE, NULL },
    { "--bad-partition-xml", MFU_PACKAGE_FIREHOSE | MFU_PACKAGE_STREAMING, "well-formed" },
    { "--xml-image tz=nothing.mbn", MFU_PACKAGE_FIREHOSE | MFU_PACKAGE_STREAMING, "nothing.mbn is missing" },
};

static void
test_methods (PackageMaker *maker, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
        g_autofree char *name = g_strdup_printf ("methods-%u", i);
        g_autofree char *path = package_maker_make (maker, name, methods[i].arguments);
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);
        const char *const *warnings;

        g_assert_no_error (error);
        g_assert_cmphex (mfu_package_get_methods (package), ==, methods[i].methods);
        g_assert_cmpint (mfu_package_get_flashes (package)->len > 0, ==,
                         (methods[i].methods & MFU_PACKAGE_FASTBOOT) != 0);
        warnings = mfu_package_get_warnings (package);
        g_assert_cmpuint (g_strv_length ((char **) warnings), ==, methods[i].warning != NULL ? 2 : 1);
        g_assert_true (methods[i].warning == NULL || strstr (warnings[0], methods[i].warning) != NULL ||
                       strstr (warnings[1], methods[i].warning) != NULL);
    }
}

static void
test_flashes (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *path = package_maker_make (maker, "EC25EFAR06A08M4G", "--without firehose");
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, &error);
    GPtrArray *flashes;
    guint n_images = 0;

    g_assert_no_error (error);
    g_assert_cmpuint (mfu_package_get_page_size (package), ==, 0);
    g_assert_cmpuint (mfu_package_get_actions (package)->len, ==, 0);
    g_assert_null (mfu_package_get_programmer (package));
    flashes = mfu_package_get_flashes (package);
    g_assert_cmpuint (flashes->len, ==, 17);
    for (guint i = 0; i < flashes->len; i++) {
        const MfuFlash *flash = flashes->pdata[i];

        g_assert_true ((flash->filename == NULL) == (flash->image == NULL));
        if (flash->image == NULL)
            continue;
        n_images++;
        g_assert_cmpstr (mfu_image_get_name (flash->image), ==, flash->filename);
        g_assert_true (read_image (flash->image, 1, &error));
        g_assert_no_error (error);
    }
    g_assert_cmpuint (n_images, ==, 11);
}

/* Descriptors */

static void
test_descriptors (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *folder = package_maker_make (maker, "folder", "");
    g_autofree char *file = package_maker_make (maker, "file.zip", "--form zip");
    int fds[] = { open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC), open (file, O_PATH | O_CLOEXEC),
                  open (file, O_WRONLY | O_CLOEXEC), open ("/dev/null", O_RDONLY | O_CLOEXEC), -1 };

    for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
        g_autoptr (GError) error = NULL;

        g_assert_null (mfu_package_open (fds[i], "folder", NULL, NULL, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
        if (fds[i] >= 0)
            close (fds[i]);
    }
}

static void
test_links (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *link = package_maker_make (maker, "link", "--no-md5");
    g_autofree char *fifo = package_maker_make (maker, "fifo", "--no-md5");
    g_autofree char *linked = g_build_filename (link, "update", "tz.mbn", NULL);
    g_autofree char *piped = g_build_filename (fifo, "update", "tz.mbn", NULL);
    g_autofree char *elsewhere = g_build_filename (maker->folder, "elsewhere", NULL);

    g_assert_cmpint (g_rename (linked, elsewhere), ==, 0);
    g_assert_cmpint (symlink (elsewhere, linked), ==, 0);
    assert_refused (maker, "link", MFU_ERROR_CORRUPT_PACKAGE, "neither a file nor a folder");
    g_assert_cmpint (unlink (piped), ==, 0);
    g_assert_cmpint (mkfifo (piped, 0644), ==, 0);
    assert_refused (maker, "fifo", MFU_ERROR_CORRUPT_PACKAGE, "neither a file nor a folder");
}

/* What the caller could not read, the service does not read for them. */
static void
test_owner (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *folder = package_maker_make (maker, "folder", "");
    g_autofree char *file = g_build_filename (folder, "update", "tz.mbn", NULL);
    g_autofree char *update = g_build_filename (folder, "update", NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = NULL;
    uid_t stranger = getuid () + 1;

    g_assert_cmpint (g_chmod (file, 0600), ==, 0);
    package = package_maker_open (folder, stranger, &error);
    g_assert_null (package);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_assert_nonnull (strstr (error->message, "update/tz.mbn"));
    g_clear_error (&error);
    g_assert_cmpint (g_chmod (file, 0644), ==, 0);
    g_assert_cmpint (g_chmod (update, 0750), ==, 0);
    package = package_maker_open (folder, stranger, &error);
    g_assert_null (package);
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED);
    g_clear_error (&error);
    package = package_maker_open (folder, getuid (), &error);
    g_assert_no_error (error);
    g_clear_pointer (&package, mfu_package_free);
    g_assert_cmpint (g_chmod (update, 0755), ==, 0);
    package = package_maker_open (folder, stranger, &error);
    g_assert_no_error (error);
}

/* Changes after opening */

static MfuImage *
image_named (MfuPackage *package, const char *name)
{
    GPtrArray *actions = mfu_package_get_actions (package);

    for (guint i = 0; i < actions->len; i++) {
        const MfuAction *action = actions->pdata[i];

        if (action->kind == MFU_ACTION_PROGRAM && g_str_equal (mfu_image_get_name (action->image), name))
            return action->image;
    }
    g_assert_not_reached ();
}

static void
overwrite (const char *path, off_t offset)
{
    int fd = open (path, O_RDWR | O_CLOEXEC);
    guint8 bytes[64];

    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (pread (fd, bytes, sizeof bytes, offset), ==, sizeof bytes);
    for (guint i = 0; i < sizeof bytes; i++)
        bytes[i] ^= 0xff;
    g_assert_cmpint (pwrite (fd, bytes, sizeof bytes, offset), ==, sizeof bytes);
    close (fd);
}

static void
test_changed_folder (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *folder = package_maker_make (maker, "folder", "");
    g_autofree char *file = g_build_filename (folder, "update", "NON-HLOS.ubi", NULL);
    g_autofree char *other = g_build_filename (folder, "update", "tz.mbn", NULL);
    g_autoptr (MfuPackage) package = package_maker_open (folder, 0, NULL);
    g_autoptr (GError) error = NULL;
    struct stat before;
    struct timespec times[2];

    g_assert_nonnull (package);
    g_assert_cmpint (stat (file, &before), ==, 0);
    overwrite (file, 700000);
    g_assert_false (read_image (image_named (package, "update/NON-HLOS.ubi"), 1, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_clear_error (&error);
    /* The time can be set back, the digest cannot. */
    times[0] = before.st_atim;
    times[1] = before.st_mtim;
    g_assert_cmpint (utimensat (AT_FDCWD, file, times, 0), ==, 0);
    g_assert_false (read_image (image_named (package, "update/NON-HLOS.ubi"), 1, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_clear_error (&error);
    g_assert_cmpint (truncate (other, 1000), ==, 0);
    g_assert_false (read_image (image_named (package, "update/tz.mbn"), 1, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    g_clear_error (&error);
    g_assert_cmpint (unlink (other), ==, 0);
    g_assert_false (read_image (image_named (package, "update/tz.mbn"), 1, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

static void
test_changed_archive (PackageMaker *maker, gconstpointer data)
{
    static const char *const forms[] = { "--form zip", "--form 7z", "--form tar", "--form tar.gz" };

    for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
        g_autofree char *path = package_maker_make (maker, "archive", forms[i]);
        g_autoptr (MfuPackage) package = package_maker_open (path, 0, NULL);
        g_autoptr (GError) error = NULL;
        struct stat status;

        g_assert_nonnull (package);
        g_assert_cmpint (stat (path, &status), ==, 0);
        overwrite (path, status.st_size / 10 * 6); /* this image is there in all forms */
        g_assert_false (read_image (image_named (package, "update/NON-HLOS.ubi"), 1, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
        g_clear_error (&error);
        g_assert_cmpint (truncate (path, 300000), ==, 0);
        g_assert_false (read_image (image_named (package, "update/NON-HLOS.ubi"), 1, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE);
    }
}

/* The spooled copy of an inner archive belongs to us alone. */
static void
test_changed_nested (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *path = package_maker_make (maker, "nested.zip", "--form nested");
    g_autoptr (MfuPackage) package = package_maker_open (path, 0, NULL);

    g_assert_nonnull (package);
    g_assert_cmpint (truncate (path, 0), ==, 0);
    read_all_images (package);
}

/* Wherever one flips a bit, the archive is refused or is the same package. */
static void
test_flipped (PackageMaker *maker, gconstpointer data)
{
    g_autofree char *path = package_maker_make (maker, "archive.zip", "--form zip");
    g_autoptr (MfuPackage) whole = package_maker_open (path, 0, NULL);
    g_autoptr (GRand) random = g_rand_new_with_seed (20240102);
    g_autofree char *content = NULL;
    gsize size;

    g_assert_nonnull (whole);
    g_assert_true (g_file_get_contents (path, &content, &size, NULL));
    for (guint i = 0; i < 40; i++) {
        /* Half of them in the last 3 KiB, where a zip has its table. */
        gsize window = i % 2 == 0 ? size : MIN (size, 3072);
        char flip = (char) (1 << g_rand_int_range (random, 0, 8));
        gsize at = size - 1 - (gsize) g_rand_int_range (random, 0, (gint32) window);
        g_autoptr (MfuPackage) package = NULL;
        g_autoptr (GError) error = NULL;

        content[at] ^= flip;
        g_assert_true (g_file_set_contents (path, content, (gssize) size, NULL));
        content[at] ^= flip;
        package = package_maker_open (path, 0, &error);
        if (package != NULL)
            g_assert_cmpstr (mfu_package_get_digest (package), ==, mfu_package_get_digest (whole));
    }
}

/* Reading */

typedef struct {
    GCancellable *cancellable;
    guint64 stop_at;
    guint64 last, total;
    guint n_calls;
} Progress;

static void
on_progress (guint64 done, guint64 total, gpointer data)
{
    Progress *progress = data;

    g_assert_cmpuint (done, >=, progress->last);
    g_assert_cmpuint (done, <=, total);
    g_assert_cmpuint (total, >=, progress->total);
    progress->last = done;
    progress->total = total;
    progress->n_calls++;
    if (done >= progress->stop_at)
        g_cancellable_cancel (progress->cancellable);
}

static void
test_progress (PackageMaker *maker, gconstpointer data)
{
    static const char *const forms[] = { "--form folder", "--form zip", "--form 7z", "--form nested" };

    for (guint i = 0; i < 2 * G_N_ELEMENTS (forms); i++) {
        gboolean is_cancelled = i % 2 == 1;
        g_autofree char *path = package_maker_make (maker, "package", forms[i / 2]);
        g_autoptr (GCancellable) cancellable = g_cancellable_new ();
        Progress progress = { .cancellable = cancellable, .stop_at = is_cancelled ? 1 : G_MAXUINT64 };
        MfuPackageOptions options = { .progress = on_progress, .user_data = &progress };
        g_autoptr (GError) error = NULL;
        g_autoptr (MfuPackage) package = NULL;
        int fd = open (path, O_RDONLY | O_CLOEXEC);

        package = mfu_package_open (fd, "package", &options, cancellable, &error);
        close (fd);
        if (is_cancelled) {
            g_assert_null (package);
            g_assert_error (error, MFU_ERROR, MFU_ERROR_CANCELLED);
            g_assert_cmpuint (progress.n_calls, ==, 1);
        } else {
            g_assert_no_error (error);
            g_assert_cmpuint (progress.n_calls, >, 2);
            g_assert_cmpuint (progress.last, ==, progress.total);
        }
    }
}

/* Twice in a row, twice at the same time for one that was abandoned, and backwards. */
static void
test_again (PackageMaker *maker, gconstpointer data)
{
    static const char *const forms[] = { "--form folder", "--form zip", "--form 7z", "--form tar.gz" };

    for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
        g_autofree char *path = package_maker_make (maker, "package", forms[i]);
        g_autoptr (MfuPackage) package = package_maker_open (path, 0, NULL);
        MfuImage *large = image_named (package, "update/NON-HLOS.ubi");
        guint8 byte;

        g_assert_cmpuint (mfu_image_get_size (large), >, 1024 * 1024);
        for (guint uses = 2; uses > 0; uses--) {
            g_autoptr (MfuImageReader) abandoned = mfu_image_open (large, uses, NULL);

            g_assert_cmpint (mfu_image_reader_read (abandoned, &byte, 1, NULL), ==, 1);
            g_assert_cmpuint (byte, ==, 'U');
            g_clear_pointer (&abandoned, mfu_image_reader_free);
            g_assert_true (read_image (large, uses, NULL));
        }
        g_assert_true (read_image (image_named (package, "update/usrdata.ubi"), 1, NULL));
        g_assert_true (read_image (large, 1, NULL));
        g_assert_true (read_image (image_named (package, "update/mdm9607-boot.img"), 1, NULL));
    }
}

static void
test_fingerprint (PackageMaker *maker, gconstpointer data)
{
    static const char *const forms[] = { "--form folder", "--form zip" };
    static const char *const changes[] = { "", "--version EC25EFAR06A09M4G", "--touch-efs2", "--no-md5" };

    for (guint i = 0; i < G_N_ELEMENTS (forms); i++) {
        g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

        for (guint j = 0; j < G_N_ELEMENTS (changes); j++) {
            g_autofree char *arguments = g_strconcat (forms[i], " ", changes[j], NULL);
            g_autofree char *path = package_maker_make (maker, "package", arguments);
            g_autoptr (GError) error = NULL;
            g_autofree char *again = NULL;
            int fd = open (path, O_RDONLY | O_CLOEXEC);
            char *fingerprint = mfu_package_fingerprint (fd, "package", &error);

            again = mfu_package_fingerprint (fd, "package", NULL);
            close (fd);
            g_assert_no_error (error);
            g_assert_cmpuint (strlen (fingerprint), ==, 64);
            g_assert_cmpstr (again, ==, fingerprint);
            g_assert_true (g_hash_table_add (seen, fingerprint));
        }
    }
}

static void
test_names (PackageMaker *maker, gconstpointer data)
{
    static const struct {
        const char *name, *shown;
    } names[] = {
        { "EC25EFAR06A08M4G.tar.gz", "EC25EFAR06A08M4G" },
        { "", "package" },
        { ".zip", ".zip" },
        { "/home/user/../EC25EFAR06A08M4G.zip", "EC25EFAR06A08M4G" },
        { "EC25EFAR06A08M4G\x1b[31m.zip", "EC25EFAR06A08M4G?[31m" },
    };
    g_autofree char *path = package_maker_make (maker, "package.zip", "--form zip");

    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autoptr (GError) error = NULL;
        int fd = open (path, O_RDONLY | O_CLOEXEC);
        g_autoptr (MfuPackage) package = mfu_package_open (fd, names[i].name, NULL, NULL, &error);

        close (fd);
        g_assert_no_error (error);
        g_assert_cmpstr (mfu_package_get_name (package), ==, names[i].shown);
    }
}

#define ADD(path, function) g_test_add (path, PackageMaker, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (goods); i++) {
        g_autofree char *path = g_strdup_printf ("/package/good/%s", goods[i].name);

        g_test_add (path, PackageMaker, &goods[i], set_up, test_good, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS (bads); i++) {
        g_autofree char *path = g_strdup_printf ("/package/bad/%s", bads[i].name);

        g_test_add (path, PackageMaker, &bads[i], set_up, test_bad, tear_down);
    }
    ADD ("/package/digest", test_digest);
    ADD ("/package/other-kinds", test_other_kinds);
    ADD ("/package/methods", test_methods);
    ADD ("/package/flashes", test_flashes);
    ADD ("/package/descriptors", test_descriptors);
    ADD ("/package/links", test_links);
    ADD ("/package/owner", test_owner);
    ADD ("/package/changed-folder", test_changed_folder);
    ADD ("/package/changed-archive", test_changed_archive);
    ADD ("/package/changed-nested", test_changed_nested);
    ADD ("/package/flipped", test_flipped);
    ADD ("/package/progress", test_progress);
    ADD ("/package/again", test_again);
    ADD ("/package/fingerprint", test_fingerprint);
    ADD ("/package/names", test_names);
    return package_maker_run ();
}
