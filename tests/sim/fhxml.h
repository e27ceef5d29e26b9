/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One Firehose document, parsed. */

#include <glib.h>

typedef struct {
    char *name;
    GHashTable *attributes; /* lower-cased name -> value */
} SimXmlCommand;

/* The commands inside of <data>; NULL with `*why` when it is no such document. */
GPtrArray *sim_xml_parse (const char *text, gsize size, char **why);
const char *sim_xml_get (const SimXmlCommand *command, const char *attribute);
/* FALSE when absent or not a decimal number. */
gboolean sim_xml_get_number (const SimXmlCommand *command, const char *attribute, guint64 *value);
