/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Paths are taken apart and put together again: what comes out holds no part that was not looked at. */

#include "package/path.h"

#include <string.h>

#include "package/i18n.h"

#define PRINTABLE_MAX 120

static const char *const archive_endings[] = {
    ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst", ".tgz", ".txz", ".tbz2", ".tar", ".zip", ".7z",
};

static void
set_problem (const char **problem, const char *text)
{
    if (problem != NULL)
        *problem = text;
}

static gboolean
has_control (const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if (g_ascii_iscntrl (*c))
            return TRUE;
    return FALSE;
}

/* Appends the parts of `raw` to `parts`; ".." takes one away if `may_climb`. */
static gboolean
add_parts (GPtrArray *parts, const char *raw, gboolean may_climb, const char **problem)
{
    g_auto (GStrv) pieces = g_strsplit_set (raw, "/\\", -1);

    for (guint i = 0; pieces[i] != NULL; i++) {
        if (pieces[i][0] == '\0' || g_str_equal (pieces[i], "."))
            continue;
        if (!g_str_equal (pieces[i], "..")) {
            g_ptr_array_add (parts, g_strdup (pieces[i]));
        } else if (may_climb && parts->len > 0) {
            g_ptr_array_remove_index (parts, parts->len - 1);
        } else {
            set_problem (problem, _ ("it leads out of the package"));
            return FALSE;
        }
    }
    return TRUE;
}

static char *
build (const char *folder, const char *raw, gboolean may_climb, const char **problem)
{
    g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
    g_autofree char *text = NULL;
    g_autofree char *path = NULL;

    if (strlen (raw) > 4 * MFU_PATH_MAX) {
        set_problem (problem, _ ("it is too long"));
        return NULL;
    }
    text = g_utf8_make_valid (raw, -1);
    if (text[0] == '/' || text[0] == '\\' || (g_ascii_isalpha (text[0]) && text[1] == ':')) {
        set_problem (problem, _ ("it is absolute"));
        return NULL;
    }
    if (has_control (text)) {
        set_problem (problem, _ ("it holds control characters"));
        return NULL;
    }
    if (!add_parts (parts, folder, FALSE, problem) || !add_parts (parts, text, may_climb, problem))
        return NULL;
    if (parts->len == 0) {
        set_problem (problem, _ ("it is empty"));
        return NULL;
    }
    g_ptr_array_add (parts, NULL);
    path = g_strjoinv ("/", (char **) parts->pdata);
    if (strlen (path) > MFU_PATH_MAX) {
        set_problem (problem, _ ("it is too long"));
        return NULL;
    }
    return g_steal_pointer (&path);
}

char *
mfu_path_normalize (const char *raw, const char **problem)
{
    return build ("", raw, FALSE, problem);
}

char *
mfu_path_resolve (const char *folder, const char *raw, const char **problem)
{
    return build (folder, raw, TRUE, problem);
}

char *
mfu_path_printable (const char *text)
{
    g_autofree char *start = g_strndup (text, PRINTABLE_MAX);
    char *printable = g_utf8_make_valid (start, -1);

    for (char *c = printable; *c != '\0'; c++)
        if (g_ascii_iscntrl (*c))
            *c = '?';
    return printable;
}

char *
mfu_path_folder (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash == NULL ? g_strdup ("") : g_strndup (path, (gsize) (slash - path));
}

const char *
mfu_path_base (const char *path)
{
    const char *slash = strrchr (path, '/');

    return slash == NULL ? path : slash + 1;
}

const char *
mfu_path_archive_ending (const char *name)
{
    gsize length = strlen (name);

    for (guint i = 0; i < G_N_ELEMENTS (archive_endings); i++) {
        gsize n = strlen (archive_endings[i]);

        if (length > n && g_ascii_strcasecmp (name + length - n, archive_endings[i]) == 0)
            return name + length - n;
    }
    return NULL;
}
