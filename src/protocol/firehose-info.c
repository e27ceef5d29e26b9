/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Two forms of the list of functions are known:
 *
 *     Supported Functions: program configure power ...
 *     Supported Functions (8):   and then one log for each name, and   End of supported functions 8
 *
 * and one of the storage's geometry: {"storage_info": {"total_blocks":2048, "block_size":131072, ...}}.
 *
 * Source: bkerler/edl firehose.py (both lists, the JSON and its member names). */

#include "protocol/firehose-info.h"

#include <string.h>

#define MAX_FUNCTIONS     64
#define MAX_FUNCTION_NAME 40

/* The geometry of any NAND that such a modem may have. Source: data sheets of raw NAND parts; 512 bytes to 16
 * KiB pages. */
#define MIN_PAGE_SIZE 512
#define MAX_PAGE_SIZE 16384
#define MAX_BLOCKS    (1 << 20)

void
mfu_firehose_info_init (MfuFirehoseInfo *info)
{
    *info = (MfuFirehoseInfo){ .functions = g_ptr_array_new_with_free_func (g_free) };
}

void
mfu_firehose_info_clear (MfuFirehoseInfo *info)
{
    g_clear_pointer (&info->functions, g_ptr_array_unref);
}

static void
add_functions (MfuFirehoseInfo *info, const char *names)
{
    g_auto (GStrv) words = g_strsplit_set (names, " ,\t'", -1);

    for (char **word = words; *word != NULL && info->functions->len < MAX_FUNCTIONS; word++)
        if (**word != '\0' && strlen (*word) <= MAX_FUNCTION_NAME)
            g_ptr_array_add (info->functions, g_ascii_strdown (*word, -1));
}

/* A bare list: some programmers leave the heading out. */
static gboolean
is_bare_list (const char *text)
{
    return strstr (text, "program ") != NULL && strstr (text, "configure ") != NULL &&
           text[strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789_ ")] == '\0';
}

void
mfu_firehose_info_take_log (MfuFirehoseInfo *info, const char *log)
{
    g_autofree char *text = g_ascii_strdown (log, -1);
    const char *heading = strstr (text, "supported functions");
    const char *colon;

    if (info->is_complete)
        return;
    if (strstr (text, "end of supported functions") != NULL) {
        info->is_listing = FALSE;
        info->is_complete = TRUE;
    } else if (heading != NULL) {
        colon = strchr (heading, ':');
        info->is_complete = colon != NULL && colon[1 + strspn (colon + 1, " ")] != '\0';
        info->is_listing = !info->is_complete;
        if (info->is_complete)
            add_functions (info, colon + 1);
    } else if (info->is_listing) {
        add_functions (info, text);
    } else if (is_bare_list (text)) {
        add_functions (info, text);
        info->is_complete = TRUE;
    }
}

gboolean
mfu_firehose_info_supports (const MfuFirehoseInfo *info, const char *function)
{
    for (guint i = 0; i < info->functions->len; i++)
        if (g_ascii_strcasecmp (info->functions->pdata[i], function) == 0)
            return TRUE;
    return info->functions->len == 0;
}

/* The value behind `"key" :`, or NULL. */
static const char *
find_value (const char *text, const char *key)
{
    g_autofree char *quoted = g_strdup_printf ("\"%s\"", key);
    const char *value = strstr (text, quoted);

    if (value == NULL)
        return NULL;
    value += strlen (quoted);
    value += strspn (value, " \t");
    if (*value != ':')
        return NULL;
    value++;
    return value + strspn (value, " \t");
}

static void
take_number (const char *text, const char *key, guint *number)
{
    const char *value = find_value (text, key);
    guint64 parsed = 0;

    if (value == NULL || !g_ascii_isdigit (*value))
        return;
    for (; g_ascii_isdigit (*value) && parsed <= G_MAXUINT; value++)
        parsed = parsed * 10 + (guint64) (*value - '0');
    *number = parsed <= G_MAXUINT ? (guint) parsed : G_MAXUINT;
}

static void
take_text (const char *text, const char *key, char *field, gsize size)
{
    const char *value = find_value (text, key);
    gsize n = 0;

    if (value == NULL || *value != '"')
        return;
    for (value++; *value != '"' && *value != '\0' && n + 1 < size; value++)
        field[n++] = g_ascii_isprint (*value) ? *value : '?';
    field[n] = '\0';
}

void
mfu_firehose_info_take_storage (const char *log, MfuFirehoseStorage *storage)
{
    take_number (log, "total_blocks", &storage->total_blocks);
    take_number (log, "block_size", &storage->block_size);
    take_number (log, "page_size", &storage->page_size);
    take_text (log, "mem_type", storage->mem_type, sizeof storage->mem_type);
    take_text (log, "prod_name", storage->prod_name, sizeof storage->prod_name);
}

gboolean
mfu_firehose_info_check_storage (const MfuFirehoseStorage *storage, gboolean *is_contradictory)
{
    guint page = storage->page_size;

    *is_contradictory = FALSE;
    if (storage->total_blocks == 0 || storage->block_size == 0 || page == 0)
        return FALSE;
    *is_contradictory = page < MIN_PAGE_SIZE || page > MAX_PAGE_SIZE || storage->block_size % page != 0 ||
                        storage->total_blocks > MAX_BLOCKS;
    return !*is_contradictory;
}
