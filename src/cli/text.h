/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Foreign text on its way to a terminal. */

#include <glib.h>

/* A copy that cannot steer a terminal: valid UTF-8, control characters (newlines too, unless they are kept)
 * replaced by spaces. NULL gives "". Names of packages and words of modems arrive here unchecked. */
char *mfu_text_clean (const char *text, gboolean keeps_newlines);

/* How many columns `text` takes on a terminal. */
guint mfu_text_width (const char *text);

/* A copy that takes exactly `columns`: padded with spaces, or cut. */
char *mfu_text_fit (const char *text, guint columns);
