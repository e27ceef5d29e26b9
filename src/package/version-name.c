/* SPDX-License-Identifier: GPL-2.0-or-later */

/* MODEL LETTERS Rnn Ann [MEMORY] [_SUFFIX]. The letters are the region followed by the hardware; where one
 * ends and the other begins is known from the list of regions.
 *
 * Source: version names in forums.quectel.com threads 5214, 43922, 44652, 12633, 47020 and in
 * github.com/Biktorgj/quectel_eg25_recovery; regions from Quectel's product names (EC25-AU, EG91-NAX ...). */

#include "package/version-name.h"

#include <string.h>

#include "package/path.h"

#define LETTERS_MAX 10

/* A region is followed by at least two letters of hardware; longer regions first. */
static const char *const regions[] = {
    "AFX", "AUT", "AUX", "AUV", "EUX", "NAX", "NAL", "AF", "AS", "AU", "CE", "CN",
    "CS",  "EC",  "EM",  "EU",  "EX",  "GL",  "IN",  "JP", "KL", "LA", "LS", "MX",
    "NA",  "VX",  "A",   "C",   "E",   "G",   "I",   "J",  "L",  "M",  "T",  "V",
};

static gsize
count (const char *text, gboolean (*is_class) (char), gsize max)
{
    gsize n = 0;

    while (n < max && is_class (text[n]))
        n++;
    return n;
}

static gboolean
is_letter (char c)
{
    return g_ascii_isalpha (c);
}

static gboolean
is_digit (char c)
{
    return g_ascii_isdigit (c);
}

static gboolean
is_alnum (char c)
{
    return g_ascii_isalnum (c);
}

static void
copy_upper (char *to, gsize size, const char *from, gsize n)
{
    n = MIN (n, size - 1);
    for (gsize i = 0; i < n; i++)
        to[i] = g_ascii_toupper (from[i]);
    to[n] = '\0';
}

/* "EC25" of "EC25EFA...", "RM500Q" of "RM500QGLAA...": two letters, digits, and one more letter after three
 * digits. */
static gsize
model_length (const char *text)
{
    gsize digits;

    if (count (text, is_letter, 3) != 2)
        return 0;
    digits = count (text + 2, is_digit, 4);
    if (digits == 2)
        return 4;
    if (digits != 3)
        return 0;
    return 5 + (text[5] != '\0' && strchr ("KNQRUVYknqruvy", text[5]) != NULL ? 1 : 0);
}

/* "R06" or "A08"; the number or -1. */
static int
marked_number (const char *text, char mark)
{
    if (g_ascii_toupper (text[0]) != mark || count (text + 1, is_digit, 3) != 2)
        return -1;
    return (text[1] - '0') * 10 + (text[2] - '0');
}

static void
split_letters (MfuVersionName *version, const char *letters, gsize n)
{
    gsize region = 0;

    for (guint i = 0; i < G_N_ELEMENTS (regions) && region == 0; i++) {
        gsize length = strlen (regions[i]);

        if (n >= length + 2 && g_ascii_strncasecmp (letters, regions[i], length) == 0)
            region = length;
    }
    copy_upper (version->region, sizeof version->region, letters, region);
    copy_upper (version->hardware, sizeof version->hardware, letters + region, n - region);
}

/* "M4G", "E2G", "M128": one letter, digits, perhaps a letter, and then nothing that belongs to a word. */
static gsize
memory_length (const char *text)
{
    gsize n = 1;

    if (!is_letter (text[0]))
        return 0;
    n += count (text + 1, is_digit, 3);
    if (n == 1)
        return 0;
    n += is_letter (text[n]) ? 1 : 0;
    return is_alnum (text[n]) ? 0 : n;
}

/* Words of letters and digits, joined by dots and underscores; without an archive's ending. */
static gsize
suffix_length (const char *text)
{
    g_autofree char *word = NULL;
    const char *ending;
    gsize n = 0;

    while (is_alnum (text[n]) || ((text[n] == '.' || text[n] == '_') && is_alnum (text[n + 1])))
        n++;
    word = g_strndup (text, n);
    ending = mfu_path_archive_ending (word);
    return ending != NULL ? (gsize) (ending - word) : n;
}

void
mfu_version_name_parse (MfuVersionName *version, const char *text)
{
    MfuVersionName found = { .baseline = -1, .release = -1 };
    const char *at = text;
    gsize model, letters, n;

    *version = found;
    model = model_length (text);
    if (model == 0)
        return;
    at += model;
    letters = 0;
    while (letters <= LETTERS_MAX && is_letter (at[letters]) && marked_number (at + letters, 'R') < 0)
        letters++;
    found.baseline = marked_number (at + letters, 'R');
    if (letters == 0 || letters > LETTERS_MAX || found.baseline < 0)
        return;
    copy_upper (found.model, sizeof found.model, text, model);
    split_letters (&found, at, letters);
    at += letters + 3;
    found.release = marked_number (at, 'A');
    if (found.release < 0)
        return;
    at += 3;
    n = memory_length (at);
    copy_upper (found.memory, sizeof found.memory, at, n);
    at += n;
    if (is_alnum (*at))
        return;
    n = at[0] == '_' ? suffix_length (at + 1) : 0;
    if (n >= sizeof found.suffix)
        n = 0;
    g_strlcpy (found.suffix, at + (n > 0 ? 1 : 0), n + 1);
    at += n > 0 ? n + 1 : 0;
    g_strlcpy (found.text, text, MIN (sizeof found.text, (gsize) (at - text) + 1));
    found.is_known = TRUE;
    *version = found;
}
