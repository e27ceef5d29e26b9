/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Runs the generator; a test that has no Python is a failed test. */

#include "package-maker.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

static void
run (const char *const *argv)
{
    g_autoptr (GError) error = NULL;
    int status = -1;

    g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, &error);
    g_assert_no_error (error);
    g_assert_cmpint (status, ==, 0);
}

void
package_maker_set_up (PackageMaker *maker)
{
    g_autoptr (GError) error = NULL;

    maker->folder = g_dir_make_tmp ("mfu-test-XXXXXX", &error);
    g_assert_no_error (error);
    g_assert_cmpint (g_chmod (maker->folder, 0755), ==, 0);
}

void
package_maker_tear_down (PackageMaker *maker)
{
    run ((const char *const[]){ "rm", "-rf", "--", maker->folder, NULL });
    g_clear_pointer (&maker->folder, g_free);
}

/* The generator's output for these arguments, made once for the whole program. */
static char *
make_once (const char *arguments)
{
    const char *cache = g_getenv ("MFU_TEST_CACHE");
    g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, arguments, -1);
    char *path = g_build_filename (cache, sum, NULL);
    g_autofree char *line =
        g_strdup_printf ("'%s' %s -o '%s'", g_getenv ("MFU_MAKE_PACKAGE"), arguments, path);
    g_autofree char *errors = NULL;
    int status = -1;

    if (g_file_test (path, G_FILE_TEST_EXISTS))
        return path;
    g_assert_true (g_spawn_command_line_sync (line, NULL, &errors, &status, NULL));
    if (status != 0)
        g_error ("%s: %s", line, errors);
    return path;
}

char *
package_maker_make (PackageMaker *maker, const char *name, const char *arguments)
{
    g_autofree char *made = make_once (arguments);
    char *path = g_build_filename (maker->folder, name, NULL);

    run ((const char *const[]){ "rm", "-rf", "--", path, NULL });
    run ((const char *const[]){ "cp", "-r", "--sparse=always", "--", made, path, NULL });
    return path;
}

int
package_maker_run (void)
{
    g_autofree char *cache = g_dir_make_tmp ("mfu-cache-XXXXXX", NULL);
    int result;

    g_assert_nonnull (cache);
    g_setenv ("MFU_TEST_CACHE", cache, TRUE);
    result = g_test_run ();
    run ((const char *const[]){ "rm", "-rf", "--", cache, NULL });
    return result;
}

MfuPackage *
package_maker_open (const char *path, uid_t caller_uid, GError **error)
{
    MfuPackageOptions options = { .caller_uid = caller_uid, .spool_dir = g_get_tmp_dir () };
    g_autofree char *name = g_path_get_basename (path);
    int fd = open (path, O_RDONLY | O_CLOEXEC);
    MfuPackage *package;

    g_assert_cmpint (fd, >=, 0);
    package = mfu_package_open (fd, name, &options, NULL, error);
    close (fd);
    g_assert_true ((package == NULL) == (error != NULL && *error != NULL));
    return package;
}
