/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The forms are those of mmcli, because scripts read them:
 *
 *   -K   keys padded to the longest, " : ", value escaped as C does; arrays as KEY.length and KEY.value[N],
 *        counted from 1
 *   -J   one line, keys in alphabetical order, dots made objects, every value a text or an array of texts
 *
 * A list of objects, which mmcli does not have, is KEY.length and KEY.value[N].NAME, and
 * {KEY: [{NAME: "..."}]}. */

#include "cli/format.h"

#include "config.h"

#include "cli/text.h"

#include <string.h>

#ifdef HAVE_JSON
#include <json-glib/json-glib.h>
#endif

#define UNKNOWN_VALUE "--"
#define LABEL_WIDTH   60

typedef struct {
    char *section, *name, *key;
    char *value;   /* NULL: unknown, or `values` is meant */
    char **values; /* NULL: not an array */
} Entry;

struct _MfuReport {
    char *heading;
    GPtrArray *entries; /* Entry */
    GPtrArray *objects; /* MfuReport */
};

static void
entry_free (gpointer data)
{
    Entry *entry = data;

    g_free (entry->section);
    g_free (entry->name);
    g_free (entry->key);
    g_free (entry->value);
    g_strfreev (entry->values);
    g_free (entry);
}

MfuReport *
mfu_report_new (void)
{
    MfuReport *report = g_new0 (MfuReport, 1);

    report->entries = g_ptr_array_new_with_free_func (entry_free);
    report->objects = g_ptr_array_new_with_free_func ((GDestroyNotify) mfu_report_free);
    return report;
}

void
mfu_report_free (MfuReport *report)
{
    g_ptr_array_unref (report->entries);
    g_ptr_array_unref (report->objects);
    g_free (report->heading);
    g_free (report);
}

static Entry *
add_entry (MfuReport *report, const char *section, const char *name, const char *key)
{
    Entry *entry = g_new0 (Entry, 1);

    entry->section = g_strdup (section);
    entry->name = g_strdup (name);
    entry->key = g_strdup (key);
    g_ptr_array_add (report->entries, entry);
    return entry;
}

void
mfu_report_add (MfuReport *report, const char *section, const char *name, const char *key, const char *value)
{
    Entry *entry = add_entry (report, section, name, key);

    if (value != NULL && value[0] != '\0')
        entry->value = mfu_text_clean (value, TRUE);
}

void
mfu_report_add_array (MfuReport *report, const char *section, const char *name, const char *key,
                      const char *const *values)
{
    Entry *entry = add_entry (report, section, name, key);
    gsize n = values != NULL ? g_strv_length ((char **) values) : 0;

    entry->values = g_new0 (char *, n + 1);
    for (gsize i = 0; i < n; i++)
        entry->values[i] = mfu_text_clean (values[i], TRUE);
}

MfuReport *
mfu_report_add_object (MfuReport *list, const char *heading)
{
    MfuReport *object = mfu_report_new ();

    object->heading = mfu_text_clean (heading, FALSE);
    g_ptr_array_add (list->objects, object);
    return object;
}

static void
print_padded (GString *text, const char *what, guint columns)
{
    g_string_append (text, what);
    for (guint width = mfu_text_width (what); width < columns; width++)
        g_string_append_c (text, ' ');
}

static void
print_right (GString *text, const char *what, guint columns)
{
    for (guint width = mfu_text_width (what); width < columns; width++)
        g_string_append_c (text, ' ');
    g_string_append (text, what);
}

/* What people see of an entry, line by line; NULL: nothing. */
static char **
human_lines (const Entry *entry)
{
    if (entry->section == NULL)
        return NULL;
    if (entry->values != NULL)
        return entry->values[0] != NULL ? g_strdupv (entry->values) : NULL;
    return entry->value != NULL ? g_strsplit (entry->value, "\n", -1) : NULL;
}

static char *
to_table (const MfuReport *report)
{
    GString *text = g_string_new (NULL);
    guint section_width = 0, name_width = 0;
    const char *section = NULL;

    for (guint i = 0; i < report->entries->len; i++) {
        const Entry *entry = g_ptr_array_index (report->entries, i);
        g_auto (GStrv) lines = human_lines (entry);

        if (lines == NULL)
            continue;
        section_width = MAX (section_width, mfu_text_width (entry->section));
        name_width = MAX (name_width, mfu_text_width (entry->name));
    }
    for (guint i = 0; i < report->entries->len; i++) {
        const Entry *entry = g_ptr_array_index (report->entries, i);
        g_auto (GStrv) lines = human_lines (entry);
        gboolean is_new = lines != NULL && g_strcmp0 (section, entry->section) != 0;

        for (guint j = 0; lines != NULL && lines[j] != NULL; j++) {
            if (is_new && j == 0) {
                g_string_append (text, "  ");
                for (guint k = 0; k < MIN (section_width + name_width + 4, LABEL_WIDTH); k++)
                    g_string_append_c (text, '-');
                g_string_append_c (text, '\n');
                section = entry->section;
            }
            g_string_append (text, "  ");
            print_padded (text, is_new && j == 0 ? entry->section : "", section_width);
            g_string_append (text, " | ");
            print_right (text, j == 0 ? entry->name : "", name_width);
            g_string_append_printf (text, "%s%s\n", j == 0 ? ": " : "  ", lines[j]);
        }
    }
    return g_string_free (text, FALSE);
}

/* Flattens `report` into pairs: key, then value. */
static void
collect_pairs (const MfuReport *report, const char *prefix, GPtrArray *pairs)
{
    for (guint i = 0; i < report->entries->len; i++) {
        const Entry *entry = g_ptr_array_index (report->entries, i);
        g_autofree char *key = g_strconcat (prefix, entry->key, NULL);
        guint n = entry->values != NULL ? g_strv_length (entry->values) : 0;

        if (entry->key == NULL)
            continue;
        if (n == 0) {
            g_ptr_array_add (pairs, g_strdup (key));
            g_ptr_array_add (pairs, entry->value != NULL ? g_strescape (entry->value, NULL)
                                                         : g_strdup (UNKNOWN_VALUE));
            continue;
        }
        g_ptr_array_add (pairs, g_strconcat (key, ".length", NULL));
        g_ptr_array_add (pairs, g_strdup_printf ("%u", n));
        for (guint j = 0; j < n; j++) {
            g_ptr_array_add (pairs, g_strdup_printf ("%s.value[%u]", key, j + 1));
            g_ptr_array_add (pairs, g_strescape (entry->values[j], NULL));
        }
    }
}

static char *
pairs_to_string (GPtrArray *pairs)
{
    GString *text = g_string_new (NULL);
    guint width = 0;

    for (guint i = 0; i < pairs->len; i += 2)
        width = MAX (width, (guint) strlen (g_ptr_array_index (pairs, i)));
    for (guint i = 0; i + 1 < pairs->len; i += 2)
        g_string_append_printf (text, "%-*s : %s\n", (int) width, (char *) g_ptr_array_index (pairs, i),
                                (char *) g_ptr_array_index (pairs, i + 1));
    return g_string_free (text, FALSE);
}

#ifdef HAVE_JSON
static JsonObject *
child_object (JsonObject *parent, const char *name)
{
    if (!json_object_has_member (parent, name))
        json_object_set_object_member (parent, name, json_object_new ());
    return json_object_get_object_member (parent, name);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
    return strcmp ((*(const Entry *const *) a)->key, (*(const Entry *const *) b)->key);
}

static JsonObject *
to_json_object (const MfuReport *report)
{
    g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
    JsonObject *root = json_object_new ();

    for (guint i = 0; i < report->entries->len; i++) {
        Entry *entry = g_ptr_array_index (report->entries, i);

        if (entry->key != NULL)
            g_ptr_array_add (sorted, entry);
    }
    g_ptr_array_sort (sorted, compare_keys);

    for (guint i = 0; i < sorted->len; i++) {
        const Entry *entry = g_ptr_array_index (sorted, i);
        g_auto (GStrv) path = g_strsplit (entry->key, ".", -1);
        guint last = g_strv_length (path) - 1;
        JsonObject *object = root;

        for (guint j = 0; j < last; j++)
            object = child_object (object, path[j]);
        if (entry->values != NULL) {
            JsonArray *array = json_array_new ();

            for (guint j = 0; entry->values[j] != NULL; j++)
                json_array_add_string_element (array, entry->values[j]);
            json_object_set_array_member (object, path[last], array);
        } else {
            json_object_set_string_member (object, path[last],
                                           entry->value != NULL ? entry->value : UNKNOWN_VALUE);
        }
    }
    return root;
}

static char *
object_to_string (JsonObject *object)
{
    g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
    g_autofree char *text = NULL;

    json_node_take_object (node, object);
    text = json_to_string (node, FALSE);
    return g_strconcat (text, "\n", NULL);
}

static char *
list_to_json (const MfuReport *list, const char *key)
{
    JsonObject *root = json_object_new ();
    JsonArray *array = json_array_new ();

    for (guint i = 0; i < list->objects->len; i++)
        json_array_add_object_element (array, to_json_object (g_ptr_array_index (list->objects, i)));
    json_object_set_array_member (root, key, array);
    return object_to_string (root);
}
#endif

char *
mfu_report_to_string (const MfuReport *report, MfuOutput output)
{
    g_autoptr (GPtrArray) pairs = NULL;

    if (output == MFU_OUTPUT_HUMAN)
        return to_table (report);
#ifdef HAVE_JSON
    if (output == MFU_OUTPUT_JSON)
        return object_to_string (to_json_object (report));
#endif
    pairs = g_ptr_array_new_with_free_func (g_free);
    collect_pairs (report, "", pairs);
    return pairs_to_string (pairs);
}

static char *
list_to_human (const MfuReport *list, const char *nothing)
{
    GString *text = g_string_new (NULL);

    if (list->objects->len == 0)
        g_string_append_printf (text, "%s\n", nothing);
    for (guint i = 0; i < list->objects->len; i++) {
        const MfuReport *object = g_ptr_array_index (list->objects, i);

        g_string_append_printf (text, "%s\n", object->heading);
    }
    return g_string_free (text, FALSE);
}

char *
mfu_report_list_to_string (const MfuReport *list, const char *key, MfuOutput output, const char *nothing)
{
    g_autoptr (GPtrArray) pairs = NULL;

    if (output == MFU_OUTPUT_HUMAN)
        return list_to_human (list, nothing);
#ifdef HAVE_JSON
    if (output == MFU_OUTPUT_JSON)
        return list_to_json (list, key);
#endif
    pairs = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (pairs, g_strconcat (key, ".length", NULL));
    g_ptr_array_add (pairs, g_strdup_printf ("%u", list->objects->len));
    for (guint i = 0; i < list->objects->len; i++) {
        g_autofree char *prefix = g_strdup_printf ("%s.value[%u].", key, i + 1);

        collect_pairs (g_ptr_array_index (list->objects, i), prefix, pairs);
    }
    return pairs_to_string (pairs);
}
