/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Most of contents.xml is a template of the chip vendor with the wrong chip in its comments; <chipid> is the
 * one place that the module vendor fills in.
 *
 * Source: contents.xml of EG25GGBR07A08M2G_30.006.30.006 (github.com/Biktorgj/quectel_eg25_recovery). */

#include "package/contents-xml.h"

#include <string.h>

#include "package/i18n.h"
#include "package/xml.h"

#define CHIP_ID_MAX 31

static gboolean
on_start (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error)
{
    if (depth == 0 && !g_str_equal (element, "contents"))
        return mfu_xml_fail (xml, error, _ ("found <%s> where <contents> was expected"), element);
    return TRUE;
}

static gboolean
is_word (const char *text)
{
    gsize n = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= CHIP_ID_MAX && text[n] == '\0';
}

static gboolean
on_text (MfuXml *xml, guint depth, const char *element, const char *text, gpointer data, GError **error)
{
    char **chip_id = data;

    if (!g_str_equal (element, "chipid"))
        return TRUE;
    if (!is_word (text))
        return mfu_xml_fail (xml, error, _ ("<chipid> does not name a chip"));
    if (*chip_id != NULL && g_ascii_strcasecmp (*chip_id, text) != 0)
        return mfu_xml_fail (xml, error, _ ("two chips are named, %s and %s"), *chip_id, text);
    if (*chip_id == NULL)
        *chip_id = g_strdup (text);
    return TRUE;
}

gboolean
mfu_contents_xml_parse (const char *file, GBytes *bytes, char **chip_id, GError **error)
{
    static const MfuXmlHandlers handlers = { .start = on_start, .text = on_text };
    g_autofree char *found = NULL;

    *chip_id = NULL;
    if (!mfu_xml_parse (file, bytes, &handlers, &found, error))
        return FALSE;
    *chip_id = g_steal_pointer (&found);
    return TRUE;
}
