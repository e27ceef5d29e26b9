/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The log: identities are masked, fields are where a reader of the journal looks for them. */

#include "util/log.h"

#include <string.h>

static void
test_mask (void)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        { "", "" },
        { "no numbers", "no numbers" },
        { "IMEI 866425030000017.", "IMEI 866425*********." },
        { "8949020000012345678F", "894902*************F" },
        { "12345678901234", "123456********" },                 /* 14: the shortest */
        { "1234567890123", "1234567890123" },                   /* 13: not an identity */
        { "1234567890123456789012", "123456****************" }, /* 22: the longest */
        { "12345678901234567890123", "12345678901234567890123" },
        { "866425030000017,866425030000018", "866425*********,866425*********" },
        { "EC25EFAR06A05M4G_30.006.30.006", "EC25EFAR06A05M4G_30.006.30.006" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *masked = mfu_log_mask (cases[i].text);

        g_assert_cmpstr (masked, ==, cases[i].expected);
    }
}

typedef struct {
    GLogLevelFlags level;
    GHashTable *fields;
} Seen;

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    Seen *seen = user_data;

    seen->level = level;
    g_hash_table_remove_all (seen->fields);
    for (gsize i = 0; i < n_fields; i++)
        g_hash_table_insert (seen->fields, g_strdup (fields[i].key), g_strdup (fields[i].value));
    return G_LOG_WRITER_HANDLED;
}

static void
check (const Seen *seen, const char *key, const char *expected)
{
    g_assert_cmpstr (g_hash_table_lookup (seen->fields, key), ==, expected);
}

static void
test_fields (gconstpointer data)
{
    static const struct {
        GLogLevelFlags level;
        const char *priority;
    } levels[] = {
        { G_LOG_LEVEL_CRITICAL, "3" }, { G_LOG_LEVEL_WARNING, "4" }, { G_LOG_LEVEL_MESSAGE, "5" },
        { G_LOG_LEVEL_INFO, "6" },     { G_LOG_LEVEL_DEBUG, "7" },
    };
    const Seen *seen = data;

    g_log_set_always_fatal (G_LOG_FATAL_MASK);
    for (gsize i = 0; i < G_N_ELEMENTS (levels); i++) {
        mfu_log (levels[i].level, "1-2", "7", "step %d", 3);
        g_assert_cmpint (seen->level, ==, levels[i].level);
        check (seen, "PRIORITY", levels[i].priority);
        check (seen, "MESSAGE", "[1-2] step 3");
        check (seen, "PORT", "1-2");
        check (seen, "JOB", "7");
    }
    mfu_log (G_LOG_LEVEL_INFO, NULL, NULL, "%s", "100%s");
    check (seen, "MESSAGE", "100%s");
    check (seen, "PORT", NULL);
    check (seen, "JOB", NULL);
}

int
main (int argc, char **argv)
{
    Seen seen = { .fields = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free) };
    int status;

    g_test_init (&argc, &argv, NULL);
    g_log_set_writer_func (writer, &seen, NULL);
    g_test_add_func ("/log/mask", test_mask);
    g_test_add_data_func ("/log/fields", &seen, test_fields);
    status = g_test_run ();
    g_hash_table_unref (seen.fields);
    return status;
}
