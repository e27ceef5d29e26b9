/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Strict reading of the small XML files of a package on GMarkup: every error is one sentence with file and
 * line. */

#include <glib.h>

typedef struct _MfuXml MfuXml;

typedef struct {
    /* `depth` is 0 for the root element. */
    gboolean (*start) (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error);
    /* All text of an element up to its end or its first child, without blanks around it; may be NULL. */
    gboolean (*text) (MfuXml *xml, guint depth, const char *element, const char *text, gpointer data,
                      GError **error);
    /* Behind the element's text; may be NULL. */
    gboolean (*end) (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error);
} MfuXmlHandlers;

/* Reads the document; CORRUPT_PACKAGE. A byte order mark is skipped. */
gboolean mfu_xml_parse (const char *file, GBytes *bytes, const MfuXmlHandlers *handlers, gpointer data,
                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Inside `start`: the value of an attribute, NULL if it is not there. Valid until `start` returns. */
const char *mfu_xml_attribute (MfuXml *xml, const char *name);

/* Inside `start`: fails for attributes that are not in `names` (NULL at the end). */
gboolean mfu_xml_only_attributes (MfuXml *xml, const char *const *names,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Inside `start`: an unsigned number, decimal or 0x. An absent attribute leaves `*value` alone, which is an
 * error if `is_required`. */
gboolean mfu_xml_number (MfuXml *xml, const char *name, gboolean is_required, guint *value,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sets CORRUPT_PACKAGE with file and line in front; returns FALSE. */
gboolean mfu_xml_fail (MfuXml *xml, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);
