/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Two forms are in the field:
 *
 *   VERSION:1.0                         File: update/tz.mbn=A92A41C4...
 *   FILE:START                          File: update/rpm.mbn=9E5C2A27...
 *   FILE:\update\tz.mbn:A92A41C4...
 *   FILE:END
 *
 * with either line end, perhaps with a byte order mark. Anything else is an error with its line: a manifest
 * that is half understood checks half of the files.
 *
 * Source: md5.txt of EG25GGBR07A08M2G_30.006.30.006 (github.com/Biktorgj/quectel_eg25_recovery); the form on
 * the right as in BG96 packages, read by md5.c of github.com/nippynetworks/qfirehose. */

#include "package/manifest.h"

#include <string.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define ENTRIES_MAX 1024
#define BOM         "\xef\xbb\xbf"

typedef struct {
    const char *file;
    guint line;
    gboolean is_open; /* between FILE:START and FILE:END */
    gboolean is_closed;
    GPtrArray *entries;
    GHashTable *by_path;
} Parser;

static void
entry_free (gpointer data)
{
    MfuManifestEntry *entry = data;

    g_free (entry->path);
    g_free (entry);
}

static gboolean
is_md5 (const char *text)
{
    gsize n = 0;

    while (g_ascii_isxdigit (text[n]))
        n++;
    return n == MFU_MD5_HEX_LENGTH && text[n] == '\0';
}

static gboolean
fail_line (Parser *parser, const char *text, GError **error)
{
    g_autofree char *printable = mfu_path_printable (text);

    g_set_error (
        error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
        _ ("%s, line %u: found \"%s\" where \"FILE:path:MD5\" was expected; fetch the package again"),
        parser->file, parser->line, printable);
    return FALSE;
}

static gboolean
add_entry (Parser *parser, char *path_text, const char *md5, GError **error)
{
    g_autofree MfuManifestEntry *entry = g_new0 (MfuManifestEntry, 1);
    const char *problem = NULL;
    MfuManifestEntry *twin;

    path_text = g_strstrip (path_text);
    while (*path_text == '/' || *path_text == '\\')
        path_text++;
    entry->path = mfu_path_normalize (path_text, &problem);
    if (entry->path == NULL) {
        g_autofree char *printable = mfu_path_printable (path_text);

        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s, line %u: the path \"%s\" is refused: %s"), parser->file, parser->line, printable,
                     problem);
        return FALSE;
    }
    for (guint i = 0; i < MFU_MD5_HEX_LENGTH; i++)
        entry->md5[i] = g_ascii_tolower (md5[i]);
    twin = g_hash_table_lookup (parser->by_path, entry->path);
    if (twin != NULL || parser->entries->len >= ENTRIES_MAX) {
        gboolean is_same = twin != NULL && g_str_equal (twin->md5, entry->md5);

        if (!is_same)
            g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                         twin != NULL ? _ ("%s, line %u: %s is listed twice with different sums")
                                      : _ ("%s, line %u: too many files (%s is one more than allowed)"),
                         parser->file, parser->line, entry->path);
        g_free (entry->path);
        return is_same;
    }
    g_hash_table_insert (parser->by_path, entry->path, entry);
    g_ptr_array_add (parser->entries, g_steal_pointer (&entry));
    return TRUE;
}

/* FALSE without an error for a line that is no mark of the frame. */
static gboolean
parse_frame (Parser *parser, const char *line)
{
    if (g_ascii_strcasecmp (line, "FILE:START") == 0 && !parser->is_open && !parser->is_closed) {
        parser->is_open = TRUE;
        return TRUE;
    }
    if (g_ascii_strcasecmp (line, "FILE:END") == 0 && parser->is_open) {
        parser->is_open = FALSE;
        parser->is_closed = TRUE;
        return TRUE;
    }
    return g_ascii_strncasecmp (line, "VERSION:", 8) == 0 && parser->entries->len == 0;
}

static gboolean
parse_line (Parser *parser, char *line, GError **error)
{
    char *path, *mark;
    gsize length;

    line = g_strstrip (line);
    if (*line == '\0' || parse_frame (parser, line))
        return TRUE;
    length = strlen (line);
    if (parser->is_closed || g_ascii_strncasecmp (line, "FILE:", 5) != 0 ||
        length < 5 + 2 + MFU_MD5_HEX_LENGTH)
        return fail_line (parser, line, error);
    path = line + 5;
    mark = line + length - MFU_MD5_HEX_LENGTH;
    if (!is_md5 (mark))
        return fail_line (parser, line, error);
    mark--;
    while (mark > path && g_ascii_isspace (*mark))
        mark--;
    if (*mark != ':' && *mark != '=')
        return fail_line (parser, line, error);
    *mark = '\0';
    return add_entry (parser, path, line + length - MFU_MD5_HEX_LENGTH, error);
}

static gboolean
parse_text (Parser *parser, const char *text, GError **error)
{
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        parser->line = i + 1;
        if (!parse_line (parser, lines[i], error))
            return FALSE;
    }
    if (parser->is_open || parser->entries->len == 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     parser->is_open ? _ ("%s ends before FILE:END; fetch the package again")
                                     : _ ("%s lists no files; fetch the package again"),
                     parser->file);
        return FALSE;
    }
    return TRUE;
}

GPtrArray *
mfu_manifest_parse (const char *file, GBytes *bytes, GError **error)
{
    g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (entry_free);
    g_autoptr (GHashTable) by_path = g_hash_table_new (g_str_hash, g_str_equal);
    Parser parser = { .file = file, .entries = entries, .by_path = by_path };
    gsize size;
    const char *data = g_bytes_get_data (bytes, &size);
    g_autofree char *text = size > 0 ? g_strndup (data, size) : g_strdup ("");

    if (strlen (text) != size) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s is not a text file; fetch the package again"), file);
        return NULL;
    }
    if (!parse_text (&parser, g_str_has_prefix (text, BOM) ? text + strlen (BOM) : text, error))
        return NULL;
    return g_steal_pointer (&entries);
}
