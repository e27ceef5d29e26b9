/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Runs a fuzz target over its corpus, and over cheap variations of every file of it: all prefixes of small
 * ones, and flipped bits. This makes the targets ordinary tests, without clang. */

#include "fuzz.h"

#include <glib.h>
#include <string.h>

#define PREFIXES_MAX 2048
#define FLIPS        200

static void
try_prefixes (const guint8 *data, gsize size)
{
    gsize step = size / PREFIXES_MAX + 1;

    for (gsize n = 0; n < size; n += step) {
        /* A copy of just that size, so that tools see a read behind its end. */
        g_autofree guint8 *copy = g_memdup2 (data, n);

        LLVMFuzzerTestOneInput (copy, n);
    }
}

static void
try_flips (const guint8 *data, gsize size)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (1);
    g_autofree guint8 *copy = g_memdup2 (data, size);

    for (guint i = 0; size > 0 && i < FLIPS; i++) {
        gsize at = g_rand_int (random) % size;
        guint8 saved = copy[at];

        copy[at] = (guint8) (i % 4 == 0 ? g_rand_int_range (random, 0, 256) : saved ^ 1 << (i % 8));
        LLVMFuzzerTestOneInput (copy, size);
        if (i % 3 == 0)
            copy[at] = saved;
    }
}

static void
test_file (gconstpointer path)
{
    g_autofree char *content = NULL;
    g_autoptr (GError) error = NULL;
    gsize size;

    g_assert_true (g_file_get_contents (path, &content, &size, &error));
    g_assert_no_error (error);
    g_assert_cmpint (LLVMFuzzerTestOneInput ((const guint8 *) content, size), ==, 0);
    try_prefixes ((const guint8 *) content, size);
    try_flips ((const guint8 *) content, size);
}

static guint
add_file (const char *path)
{
    g_autofree char *base = g_path_get_basename (path);
    g_autofree char *name = g_strconcat ("/replay/", base, NULL);

    g_test_add_data_func_full (name, g_strdup (path), test_file, g_free);
    return 1;
}

static guint
add_folder (const char *path)
{
    g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull (folder);
    while ((name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *file = g_build_filename (path, name, NULL);

        n += add_file (file);
    }
    return n;
}

/* Arguments are files, and folders of files. */
int
main (int argc, char **argv)
{
    guint n = 0;

    g_test_init (&argc, &argv, NULL);
    for (int i = 1; i < argc; i++)
        n += g_file_test (argv[i], G_FILE_TEST_IS_DIR) ? add_folder (argv[i]) : add_file (argv[i]);
    g_assert_cmpuint (n, >, 0);
    return g_test_run ();
}
