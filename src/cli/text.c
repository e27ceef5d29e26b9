/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Columns are counted by characters: two for wide ones, none for combining ones. */

#include "cli/text.h"

char *
mfu_text_clean (const char *text, gboolean keeps_newlines)
{
    g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
    GString *clean = g_string_sized_new (strlen (valid));

    for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c)) {
        gunichar character = g_utf8_get_char (c);

        if (character == '\n' && keeps_newlines)
            g_string_append_c (clean, '\n');
        else if (g_unichar_iscntrl (character) || g_unichar_type (character) == G_UNICODE_FORMAT)
            g_string_append_c (clean, ' ');
        else
            g_string_append_unichar (clean, character);
    }
    return g_string_free (clean, FALSE);
}

static guint
character_width (gunichar character)
{
    if (g_unichar_iszerowidth (character))
        return 0;
    return g_unichar_iswide (character) ? 2 : 1;
}

guint
mfu_text_width (const char *text)
{
    guint width = 0;

    for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
        width += character_width (g_utf8_get_char (c));
    return width;
}

char *
mfu_text_fit (const char *text, guint columns)
{
    GString *fit = g_string_new (NULL);
    guint width = 0;

    for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c)) {
        gunichar character = g_utf8_get_char (c);

        if (width + character_width (character) > columns)
            break;
        width += character_width (character);
        g_string_append_unichar (fit, character);
    }
    for (; width < columns; width++)
        g_string_append_c (fit, ' ');
    return g_string_free (fit, FALSE);
}
