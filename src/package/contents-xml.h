/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* contents.xml: the vendor's build description, of which only the chip is believed. */

#include <gio/gio.h>

/* `*chip_id` becomes a newly allocated "MDM9607", or NULL if the file does not tell. CORRUPT_PACKAGE. */
gboolean mfu_contents_xml_parse (const char *file, GBytes *bytes, char **chip_id,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;
