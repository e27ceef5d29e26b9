/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Reads a script line by line; nothing here knows an engine. */

#include "script.h"

#include <string.h>

#define DOCUMENT_START "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n"
#define DOCUMENT_END   "\n</data>"

static const struct {
    const char *word;
    EventKind kind;
    gboolean has_bytes;
} keywords[] = {
    { ">", EVENT_SEND, TRUE },         { "<", EVENT_RECEIVE, TRUE },      { "timeout", EVENT_TIMEOUT, FALSE },
    { "gone", EVENT_GONE, FALSE },     { "image", EVENT_IMAGE, FALSE },   { "deliver", EVENT_DELIVER, TRUE },
    { "within", EVENT_WITHIN, FALSE }, { "expect", EVENT_EXPECT, FALSE }, { "begin", EVENT_BEGIN, FALSE },
    { "check", EVENT_CHECK, FALSE },
};

static void
event_free (gpointer data)
{
    Event *event = data;

    g_clear_pointer (&event->bytes, g_bytes_unref);
    g_strfreev (event->words);
    g_free (event);
}

guint64
script_number (const char *word)
{
    char *end = NULL;
    guint64 number = word != NULL ? g_ascii_strtoull (word, &end, 0) : 0;

    if (word == NULL || end == word || *end != '\0')
        g_error ("not a number: %s", word);
    return number;
}

/* From the opening quote of "text"; backslash escapes \r \n \t \0 \\ \" \xHH. */
static const char *
take_string (const char *c, GByteArray *out)
{
    for (c++; *c != '"' && *c != '\0'; c++) {
        guint8 byte = (guint8) *c;

        if (*c == '\\' && c[1] == 'x' && g_ascii_isxdigit (c[2]) && g_ascii_isxdigit (c[3])) {
            byte = (guint8) (g_ascii_xdigit_value (c[2]) << 4 | g_ascii_xdigit_value (c[3]));
            c += 3;
        } else if (*c == '\\' && c[1] != '\0') {
            c++;
            byte = (guint8) (*c == 'r' ? '\r' : *c == 'n' ? '\n' : *c == 't' ? '\t' : *c == '0' ? '\0' : *c);
        }
        g_byte_array_append (out, &byte, 1);
    }
    return *c == '"' ? c + 1 : NULL;
}

static const char *
take_document (const char *c, gboolean is_sent, GByteArray *out)
{
    const char *end = strchr (c + 1, '`');

    if (end == NULL)
        return NULL;
    g_byte_array_append (out, (const guint8 *) DOCUMENT_START, strlen (DOCUMENT_START));
    g_byte_array_append (out, (const guint8 *) c + 1, (guint) (end - c - 1));
    g_byte_array_append (out, (const guint8 *) DOCUMENT_END, strlen (DOCUMENT_END));
    if (is_sent)
        g_byte_array_append (out, (const guint8 *) "\n", 1);
    return end + 1;
}

/* u32:N and u64:N, little-endian. */
static const char *
take_integer (const char *c, GByteArray *out)
{
    gsize size = c[1] == '3' ? 4 : 8;
    char *end;
    guint64 value = g_ascii_strtoull (c + 4, &end, 0);

    for (gsize i = 0; i < size; i++) {
        guint8 byte = (guint8) (value >> 8 * i);

        g_byte_array_append (out, &byte, 1);
    }
    return end > c + 4 ? end : NULL;
}

/* HH or HH*N */
static const char *
take_hex (const char *c, GByteArray *out)
{
    guint64 n = 1;
    guint8 byte;

    if (!g_ascii_isxdigit (c[0]) || !g_ascii_isxdigit (c[1]))
        return NULL;
    byte = (guint8) (g_ascii_xdigit_value (c[0]) << 4 | g_ascii_xdigit_value (c[1]));
    c += 2;
    if (*c == '*')
        n = g_ascii_strtoull (c + 1, (char **) &c, 10);
    for (guint64 i = 0; i < n; i++)
        g_byte_array_append (out, &byte, 1);
    return c;
}

GBytes *
script_parse_bytes (const char *text, gboolean is_sent, GError **error)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    for (const char *c = text; *c != '\0';) {
        const char *start = c;

        if (g_ascii_isspace (*c)) {
            c++;
            continue;
        }
        if (*c == '#')
            break;
        if (*c == '"')
            c = take_string (c, out);
        else if (*c == '`')
            c = take_document (c, is_sent, out);
        else if (g_str_has_prefix (c, "u32:") || g_str_has_prefix (c, "u64:"))
            c = take_integer (c, out);
        else
            c = take_hex (c, out);
        if (c == NULL || (*c != '\0' && !g_ascii_isspace (*c))) {
            g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no bytes: %s", start);
            return NULL;
        }
    }
    return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

char **
script_split (const char *text)
{
    g_autoptr (GError) error = NULL;
    char **words = NULL;

    if (!g_shell_parse_argv (text, NULL, &words, &error) &&
        !g_error_matches (error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
        g_error ("%s: %s", text, error->message);
    return words != NULL ? words : g_new0 (char *, 1);
}

static void
take_line (Script *script, guint number, const char *line)
{
    gsize n_word = strcspn (line, " ");
    const char *rest = line + n_word + strspn (line + n_word, " ");
    g_autofree char *word = g_strndup (line, n_word);
    g_autoptr (GError) error = NULL;
    Event *event;

    for (gsize i = 0; i < G_N_ELEMENTS (keywords); i++) {
        if (strcmp (word, keywords[i].word) != 0)
            continue;
        event = g_new0 (Event, 1);
        event->kind = keywords[i].kind;
        event->line = number;
        if (keywords[i].has_bytes)
            event->bytes = script_parse_bytes (rest, event->kind == EVENT_SEND, &error);
        else
            event->words = script_split (rest);
        if (error != NULL)
            g_error ("%s:%u: %s", script->path, number, error->message);
        g_ptr_array_add (script->events, event);
        return;
    }
    if (script->events->len > 0)
        g_error ("%s:%u: no event: %s", script->path, number, line);
    g_hash_table_insert (script->config, g_strdup (word), g_strdup (rest));
}

Script *
script_load (const char *path)
{
    Script *script = g_new0 (Script, 1);
    g_autofree char *base = g_path_get_basename (path);
    g_autofree char *text = NULL;
    g_auto (GStrv) lines = NULL;
    g_autoptr (GError) error = NULL;

    script->path = g_strdup (path);
    script->name = g_strndup (base, strcspn (base, "."));
    script->config = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    script->events = g_ptr_array_new_with_free_func (event_free);
    if (!g_file_get_contents (path, &text, NULL, &error))
        g_error ("%s", error->message);
    lines = g_strsplit (text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip (lines[i]);

        if (*line != '\0' && *line != '#')
            take_line (script, i + 1, line);
    }
    return script;
}

void
script_free (Script *script)
{
    g_free (script->name);
    g_free (script->path);
    g_hash_table_unref (script->config);
    g_ptr_array_unref (script->events);
    g_free (script);
}

const char *
script_get (const Script *script, const char *name)
{
    return g_hash_table_lookup (script->config, name);
}

guint64
script_get_number (const Script *script, const char *name, guint64 fallback)
{
    const char *value = script_get (script, name);

    return value != NULL ? script_number (value) : fallback;
}
