/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firehose documents: <?xml ...?><data><command attribute="value" .../></data>, with GLib's parser. */

#include "sim/fhxml.h"

typedef struct {
    GPtrArray *commands;
    guint depth;
} Parse;

static void
command_free (gpointer data)
{
    SimXmlCommand *command = data;

    g_free (command->name);
    g_hash_table_unref (command->attributes);
    g_free (command);
}

static void
start_element (GMarkupParseContext *context, const char *name, const char **names, const char **values,
               gpointer user_data, GError **error)
{
    Parse *parse = user_data;
    SimXmlCommand *command;

    parse->depth++;
    if (parse->depth == 1) {
        if (!g_str_equal (name, "data"))
            g_set_error (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "root is <%s>", name);
        return;
    }
    command = g_new0 (SimXmlCommand, 1);
    command->name = g_strdup (name);
    command->attributes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    for (guint i = 0; names[i]; i++)
        g_hash_table_insert (command->attributes, g_ascii_strdown (names[i], -1), g_strdup (values[i]));
    g_ptr_array_add (parse->commands, command);
}

static void
end_element (GMarkupParseContext *context, const char *name, gpointer user_data, GError **error)
{
    ((Parse *) user_data)->depth--;
}

GPtrArray *
sim_xml_parse (const char *text, gsize size, char **why)
{
    const GMarkupParser parser = { .start_element = start_element, .end_element = end_element };
    g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func (command_free);
    Parse parse = { commands, 0 };
    g_autoptr (GMarkupParseContext) context = g_markup_parse_context_new (&parser, 0, &parse, NULL);
    g_autoptr (GError) error = NULL;

    if (size < 5 || !g_str_has_prefix (text, "<?xml")) {
        *why = g_strdup ("no XML declaration");
        return NULL;
    }
    if (!g_markup_parse_context_parse (context, text, (gssize) size, &error) ||
        !g_markup_parse_context_end_parse (context, &error)) {
        *why = g_strdup (error->message);
        return NULL;
    }
    return g_steal_pointer (&commands);
}

const char *
sim_xml_get (const SimXmlCommand *command, const char *attribute)
{
    g_autofree char *lower = g_ascii_strdown (attribute, -1);

    return g_hash_table_lookup (command->attributes, lower);
}

gboolean
sim_xml_get_number (const SimXmlCommand *command, const char *attribute, guint64 *value)
{
    const char *text = sim_xml_get (command, attribute);

    return text && g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, value, NULL);
}
