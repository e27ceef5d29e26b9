/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Our udev rules in the grammar of ModemManager's own parser, which ends the daemon over anything that it
 * does not know: a line is items between commas, all but the last are matches, the last is one assignment.
 *
 * Source: linux-mobile-broadband/ModemManager, src/kerneldevice/mm-kernel-device-generic-rules.c */

#include <glib.h>
#include <string.h>

static const char *const matches[] = { "ACTION", "SUBSYSTEM", "SUBSYSTEMS", "DRIVER",  "DRIVERS",
                                       "KERNEL", "DEVPATH",   "ATTRS{*}",   "ATTR{*}", "ENV{*}" };

/* KEY, operator and "VALUE" of an item. */
static gboolean
split_item (const char *item, char **key, char **operator, char ** value)
{
    g_autoptr (GRegex) regex =
        g_regex_new ("^\\s*([A-Z]+(?:\\{[^}]+\\})?)(==|!=|=)\"([^\"]+)\"\\s*$", 0, 0, NULL);
    g_autoptr (GMatchInfo) info = NULL;

    if (!g_regex_match (regex, item, 0, &info))
        return FALSE;
    *key = g_match_info_fetch (info, 1);
    *operator= g_match_info_fetch (info, 2);
    *value = g_match_info_fetch (info, 3);
    return TRUE;
}

static gboolean
is_match_key (const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS (matches); i++) {
        if (g_pattern_match_simple (matches[i], key))
            return TRUE;
    }
    return FALSE;
}

/* TRUE for a line that the parser takes. A label is noted, a jump is removed from the ones that are open. */
static gboolean
is_line_good (const char *line, GHashTable *open_jumps)
{
    g_auto (GStrv) items = g_strsplit (line, ",", -1);
    guint n = g_strv_length (items);

    for (guint i = 0; i < n; i++) {
        g_autofree char *key = NULL;
        g_autofree char *operator= NULL;
        g_autofree char *value = NULL;

        if (!split_item (items[i], &key, &operator, & value))
            return FALSE;
        if (i + 1 < n) {
            if (g_str_equal (operator, "=") || !is_match_key (key))
                return FALSE;
            continue;
        }
        if (!g_str_equal (operator, "="))
            return FALSE;
        if (g_str_equal (key, "GOTO"))
            g_hash_table_add (open_jumps, g_steal_pointer (&value));
        else if (g_str_equal (key, "LABEL"))
            g_hash_table_remove (open_jumps, value);
        else if (!g_str_has_prefix (key, "ENV{"))
            return FALSE;
    }
    return TRUE;
}

static gboolean
is_name_good (const char *name)
{
    return g_regex_match_simple ("^(77|78|79|80)-mm-.*\\.rules$", name, 0, 0);
}

static void
test_judge (void)
{
    static const struct {
        const char *line;
        gboolean is_good;
    } cases[] = {
        { "ACTION!=\"add\", GOTO=\"end\"", TRUE },
        { "ATTRS{idVendor}==\"05c6\", ENV{X}=\"1\"", TRUE },
        { "ATTRS{idVendor}==\"05c6\", MODE=\"0660\"", FALSE },
        { "ATTRS{idVendor}==\"05c6\", TAG+=\"uaccess\"", FALSE },
        { "ATTRS{idVendor}==\"05c6\", ENV{X}=\"1\", ENV{Y}=\"1\"", FALSE },
        { "ATTRS{idVendor}==\"05c6\"", FALSE },
        { "ATTRS{idVendor}==\"05c6\",", FALSE },
        { "PROGRAM==\"x\", ENV{X}=\"1\"", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autoptr (GHashTable) jumps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

        g_assert_cmpint (is_line_good (cases[i].line, jumps), ==, cases[i].is_good);
    }
    g_assert_true (is_name_good ("77-mm-quectel-firmware.rules"));
    g_assert_false (is_name_good ("70-mm-quectel-firmware.rules"));
}

static void
test_installed (void)
{
    const char *folder = g_getenv ("MFU_TEST_RULES");
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;
    guint n_rules = 0;

    g_assert_nonnull (dir);
    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autoptr (GHashTable) jumps = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
        g_autofree char *path = g_build_filename (folder, name, NULL);
        g_autofree char *text = NULL;
        g_auto (GStrv) lines = NULL;

        if (!g_str_has_suffix (name, ".rules"))
            continue;
        g_assert_true (is_name_good (name));
        g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
        lines = g_strsplit (text, "\n", -1);
        for (guint i = 0; lines[i] != NULL; i++) {
            if (*lines[i] == '#' || *lines[i] == '\0')
                continue;
            g_test_message ("%s", lines[i]);
            g_assert_true (is_line_good (lines[i], jumps));
            n_rules++;
        }
        g_assert_cmpuint (g_hash_table_size (jumps), ==, 0);
    }
    g_assert_cmpuint (n_rules, >, 2);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/udev-rules/judge", test_judge);
    g_test_add_func ("/udev-rules/installed", test_installed);
    return g_test_run ();
}
