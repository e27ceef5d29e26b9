/* SPDX-License-Identifier: GPL-2.0-or-later */

/* GMarkup checks nesting and encoding; this adds what it lets through: attributes given twice, more than one
 * root, depth without end. */

#include "package/xml.h"

#include <stdarg.h>
#include <string.h>

#include "package/i18n.h"
#include "package/path.h"
#include "util/error.h"

#define BOM       "\xef\xbb\xbf"
#define DEPTH_MAX 16

struct _MfuXml {
    const char *file;
    const MfuXmlHandlers *handlers;
    gpointer data;
    GMarkupParseContext *context;
    guint depth;
    gboolean has_root;
    GString *text;
    const char *element;
    const char **names;
    const char **values;
};

gboolean
mfu_xml_fail (MfuXml *xml, GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;
    int line = 0;

    va_start (args, format);
    what = g_strdup_vprintf (format, args);
    va_end (args);
    g_markup_parse_context_get_position (xml->context, &line, NULL);
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE, _ ("%s, line %d: %s"), xml->file, line, what);
    return FALSE;
}

const char *
mfu_xml_attribute (MfuXml *xml, const char *name)
{
    for (guint i = 0; xml->names[i] != NULL; i++)
        if (g_str_equal (xml->names[i], name))
            return xml->values[i];
    return NULL;
}

gboolean
mfu_xml_only_attributes (MfuXml *xml, const char *const *names, GError **error)
{
    for (guint i = 0; xml->names[i] != NULL; i++) {
        g_autofree char *printable = NULL;

        if (g_strv_contains (names, xml->names[i]))
            continue;
        printable = mfu_path_printable (xml->names[i]);
        return mfu_xml_fail (xml, error, _ ("the attribute %s of <%s> is not known and therefore refused"),
                             printable, xml->element);
    }
    return TRUE;
}

gboolean
mfu_xml_number (MfuXml *xml, const char *name, gboolean is_required, guint *value, GError **error)
{
    const char *text = mfu_xml_attribute (xml, name);
    gboolean is_hex = text != NULL && g_ascii_strncasecmp (text, "0x", 2) == 0;
    g_autofree char *printable = NULL;
    guint64 number = 0;

    if (text == NULL && !is_required)
        return TRUE;
    if (text == NULL)
        return mfu_xml_fail (xml, error, _ ("<%s> has no attribute %s"), xml->element, name);
    if (g_ascii_string_to_unsigned (is_hex ? text + 2 : text, is_hex ? 16 : 10, 0, G_MAXUINT32, &number,
                                    NULL)) {
        *value = (guint) number;
        return TRUE;
    }
    printable = mfu_path_printable (text);
    return mfu_xml_fail (xml, error, _ ("%s=\"%s\" of <%s> is not a number from 0 to 4294967295"), name,
                         printable, xml->element);
}

static gboolean
has_twins (const char **names)
{
    for (guint i = 0; names[i] != NULL; i++)
        for (guint j = 0; j < i; j++)
            if (g_str_equal (names[i], names[j]))
                return TRUE;
    return FALSE;
}

static gboolean
flush_text (MfuXml *xml, const char *element, GError **error)
{
    gboolean is_ok = TRUE;

    g_strstrip (xml->text->str);
    if (xml->text->str[0] != '\0' && xml->depth > 0 && xml->handlers->text != NULL)
        is_ok = xml->handlers->text (xml, xml->depth - 1, element, xml->text->str, xml->data, error);
    g_string_truncate (xml->text, 0);
    return is_ok;
}

static const char *
parent_of (GMarkupParseContext *context, gboolean is_start)
{
    const GSList *stack = g_markup_parse_context_get_element_stack (context);

    if (is_start && stack != NULL)
        stack = stack->next;
    return stack != NULL ? stack->data : "";
}

static void
on_start (GMarkupParseContext *context, const char *element, const char **names, const char **values,
          gpointer data, GError **error)
{
    MfuXml *xml = data;

    if (!flush_text (xml, parent_of (context, TRUE), error))
        return;
    if (xml->depth == 0 && xml->has_root) {
        mfu_xml_fail (xml, error, _ ("there is a second document after the first"));
        return;
    }
    if (xml->depth >= DEPTH_MAX || has_twins (names) || strlen (element) > 64) {
        mfu_xml_fail (xml, error, _ ("elements are nested too deeply, or one has an attribute twice"));
        return;
    }
    xml->has_root = TRUE;
    xml->element = element;
    xml->names = names;
    xml->values = values;
    if (xml->handlers->start (xml, xml->depth, element, xml->data, error))
        xml->depth++;
}

static void
on_end (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
    MfuXml *xml = data;

    if (!flush_text (xml, element, error))
        return;
    xml->depth--;
    if (xml->handlers->end != NULL)
        xml->handlers->end (xml, xml->depth, element, xml->data, error);
}

static void
on_text (GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
    MfuXml *xml = data;

    g_string_append_len (xml->text, text, (gssize) length);
}

/* GMarkup's own errors name a line already, in words of their own. */
static void
convert_error (MfuXml *xml, GError *markup_error, GError **error)
{
    g_autofree char *printable = NULL;

    if (markup_error->domain == MFU_ERROR) {
        g_propagate_error (error, g_error_copy (markup_error));
        return;
    }
    printable = mfu_path_printable (markup_error->message);
    mfu_xml_fail (xml, error, _ ("this is not well-formed XML (%s); fetch the package again"), printable);
}

gboolean
mfu_xml_parse (const char *file, GBytes *bytes, const MfuXmlHandlers *handlers, gpointer data, GError **error)
{
    static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end, .text = on_text };
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GMarkupParseContext) context = NULL;
    g_autoptr (GError) markup_error = NULL;
    MfuXml xml = { .file = file, .handlers = handlers, .data = data, .text = text };
    gsize size;
    const char *start = g_bytes_get_data (bytes, &size);
    gsize skip = size >= strlen (BOM) && memcmp (start, BOM, strlen (BOM)) == 0 ? strlen (BOM) : 0;

    context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &xml, NULL);
    xml.context = context;
    if (size > skip &&
        !g_markup_parse_context_parse (context, start + skip, (gssize) (size - skip), &markup_error)) {
        convert_error (&xml, markup_error, error);
        return FALSE;
    }
    if (!g_markup_parse_context_end_parse (context, &markup_error)) {
        convert_error (&xml, markup_error, error);
        return FALSE;
    }
    return TRUE;
}
