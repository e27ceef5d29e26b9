/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The descriptions of families: those that are installed, and the strictness of their reader. */

#include "tracker/family.h"

#include "util/error.h"

#include <glib/gstdio.h>
#include <string.h>

/* A complete description; each test breaks one thing in it. */
static const char complete[] = "[family]\n"
                               "description=A family\n"
                               "chains=firehose\n"
                               "models=AB1\n"
                               "chips=CHIP\n"
                               "programmers=prog*\n"
                               "msm-ids=0x000480e1\n"
                               "memories=M2G p2K_b128K;M4G p4K_b256K\n"
                               "[usb]\n"
                               "normal=1111:2222 AB1\n"
                               "edl=05c6:9008 EDL\n"
                               "fastboot=\n"
                               "shared-interfaces=0\n"
                               "diag-interface=0\n"
                               "at-interface=2\n"
                               "modem-interface=-1\n"
                               "[partitions]\n"
                               "protected=efs2\n"
                               "raw-images=tz\n"
                               "[sahara]\n"
                               "image-id=13\n"
                               "[firehose]\n"
                               "payload=8192\n"
                               "zlp-aware=true\n"
                               "[fastboot]\n"
                               "products=CHIP\n"
                               "boot-chain=tz;aboot\n"
                               "serials=\n"
                               "max-image=0\n"
                               "[timing]\n"
                               "switch-ms=1\n"
                               "fastboot-ms=4\n"
                               "return-ms=2\n"
                               "settle-ms=3\n";

typedef struct {
    char *directory;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp ("mfu-family-XXXXXX", NULL);
    g_assert_nonnull (fixture->directory);
}

static void
write_file (Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

    g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GDir) dir = g_dir_open (fixture->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (fixture->directory, name, NULL);

        g_assert_cmpint (g_unlink (path), ==, 0);
    }
    g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
    g_free (fixture->directory);
}

/* `complete` with the line that begins with `key` replaced, or dropped where `line` is NULL. */
static char *
with_line (const char *key, const char *line)
{
    g_auto (GStrv) lines = g_strsplit (complete, "\n", -1);
    g_autoptr (GString) text = g_string_new (NULL);
    gboolean is_found = FALSE;

    for (guint i = 0; lines[i] != NULL; i++) {
        gboolean is_it = g_str_has_prefix (lines[i], key);

        is_found |= is_it;
        if (!is_it || line != NULL)
            g_string_append_printf (text, "%s\n", is_it ? line : lines[i]);
    }
    g_assert_true (is_found);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_complete (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = NULL;
    const MfuFamily *family;

    write_file (fixture, "ab.conf", complete);
    write_file (fixture, "README", "not a description");
    families = mfu_families_load (fixture->directory, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (mfu_families_n (families), ==, 1);
    family = mfu_families_by_name (families, "ab");
    g_assert_nonnull (family);
    g_assert_true (family == mfu_families_get (families, 0));
    g_assert_cmpstr (family->description, ==, "A family");
    g_assert_cmpuint (family->chains, ==, MFU_CHAIN_FIREHOSE);
    g_assert_cmpuint (family->normal_ids->len, ==, 1);
    g_assert_cmphex (g_array_index (family->normal_ids, MfuUsbId, 0).vid, ==, 0x1111);
    g_assert_cmphex (g_array_index (family->normal_ids, MfuUsbId, 0).pid, ==, 0x2222);
    g_assert_cmpstr (g_array_index (family->normal_ids, MfuUsbId, 0).model, ==, "AB1");
    g_assert_cmpuint (family->fastboot_ids->len, ==, 0);
    g_assert_cmpint (family->diag_interface, ==, 0);
    g_assert_cmpint (family->modem_interface, ==, -1);
    g_assert_cmphex (g_array_index (family->msm_ids, guint32, 0), ==, 0x000480e1);
    g_assert_cmpuint (family->firehose_payload, ==, 8192);
    g_assert_true (family->firehose_zlp_aware);
    g_assert_cmpuint (family->settle_ms, ==, 3);
    g_assert_cmpuint (family->fastboot_ms, ==, 4);
    g_assert_cmpstr (family->products[0], ==, "CHIP");
    g_assert_cmpstr (family->boot_chain[1], ==, "aboot");
    g_assert_cmpuint (mfu_family_get_memory (family, "m4g")->block_size, ==, 256 * 1024);
    g_assert_cmpuint (mfu_family_get_memory (family, "M2G")->page_size, ==, 2048);
    g_assert_null (mfu_family_get_memory (family, "M1G"));
}

static void
test_broken (Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *key;
        const char *line;
        const char *named; /* in the message */
    } cases[] = {
        { "description=", NULL, "[family] description" },
        { "models=", "models=", "[family] models" },
        { "models=", "models= ; ;", "[family] models" },
        { "chains=", "chains=firehose;magic", "[family] chains" },
        { "msm-ids=", "msm-ids=480e1", "[family] msm-ids" },
        { "msm-ids=", "msm-ids=0x1ffffffff", "[family] msm-ids" },
        { "normal=", "normal=1111:2222", "[usb] normal" },
        { "normal=", "normal=111:2222 X", "[usb] normal" },
        { "normal=", "normal=1111:22g2 X", "[usb] normal" },
        { "normal=", "normal=", "[usb] normal" },
        { "diag-interface=", "diag-interface=-2", "[usb] diag-interface" },
        { "diag-interface=", "diag-interface=0x1", "[usb] diag-interface" },
        { "protected=", NULL, "[partitions] protected" },
        { "protected=", "protected=EFS2", "[partitions] protected" },
        { "protected=", "protected=0:efs2", "[partitions] protected" },
        { "protected=", "protected=", "[partitions] protected" },
        { "payload=", "payload=0", "[firehose] payload" },
        { "payload=", "payload=99999999999999999999", "[firehose] payload" },
        { "zlp-aware=", "zlp-aware=yes", "[firehose] zlp-aware" },
        { "settle-ms=", "settle-ms=0", "[timing] settle-ms" },
        { "products=", "products=", "[fastboot] products" },
        { "boot-chain=", "boot-chain=TZ", "[fastboot] boot-chain" },
        { "serials=", NULL, "[fastboot] serials" },
        { "max-image=", "max-image=-1", "[fastboot] max-image" },
        { "shared-interfaces=", "shared-interfaces=five", "[usb] shared-interfaces" },
        { "shared-interfaces=", NULL, "[usb] shared-interfaces" },
        { "programmers=", NULL, "[family] programmers" },
        { "memories=", "memories=M4G", "[family] memories" },
        { "memories=", "memories=M4G 4K", "[family] memories" },
        { "settle-ms=", "settle-ms=3\nsettel-ms=4", "[timing] settel-ms" },
        { "[sahara]", "[saharah]", "[saharah] image-id" },
        { "[sahara]", "sahara", "ab.conf" },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *text = with_line (cases[i].key, cases[i].line);
        g_autoptr (GError) error = NULL;
        MfuFamilies *families;

        write_file (fixture, "ab.conf", text);
        families = mfu_families_load (fixture->directory, &error);
        g_assert_null (families);
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
        g_test_message ("%s", error->message);
        g_assert_nonnull (strstr (error->message, "ab.conf"));
        g_assert_nonnull (strstr (error->message, cases[i].named));
    }
}

/* A chip before Sahara has no programmer, and nothing to say about one. */
static void
test_without_firehose (Fixture *fixture, gconstpointer data)
{
    static const char *const dropped[] = { "programmers=", "msm-ids=",   "raw-images=", "[sahara]",
                                           "image-id=",    "[firehose]", "payload=",    "zlp-aware=" };
    g_auto (GStrv) lines = g_strsplit (complete, "\n", -1);
    g_autoptr (GString) text = g_string_new (NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = NULL;
    const MfuFamily *family;

    for (guint i = 0; lines[i] != NULL; i++) {
        gboolean is_kept = TRUE;

        for (guint d = 0; d < G_N_ELEMENTS (dropped); d++)
            is_kept = is_kept && !g_str_has_prefix (lines[i], dropped[d]);
        if (is_kept)
            g_string_append_printf (
                text, "%s\n", g_str_has_prefix (lines[i], "chains=") ? "chains=dload;fastboot" : lines[i]);
    }
    write_file (fixture, "ab.conf", text->str);
    families = mfu_families_load (fixture->directory, &error);
    g_assert_no_error (error);
    family = mfu_families_get (families, 0);
    g_assert_cmpuint (family->chains, ==, MFU_CHAIN_DLOAD | MFU_CHAIN_FASTBOOT);
    g_assert_null (family->programmers[0]);
    g_assert_null (family->raw_images[0]);
    g_assert_cmpuint (family->msm_ids->len, ==, 0);
}

static void
test_unique (Fixture *fixture, gconstpointer data)
{
    g_autofree char *other_id = with_line ("models=", "models=CD2");
    g_autofree char *other_model = with_line ("normal=", "normal=1111:3333 X");

    for (guint i = 0; i < 2; i++) {
        g_autoptr (GError) error = NULL;

        write_file (fixture, "ab.conf", complete);
        write_file (fixture, "cd.conf", i == 0 ? other_id : other_model);
        g_assert_null (mfu_families_load (fixture->directory, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
        g_assert_nonnull (strstr (error->message, "belongs to ab"));
    }
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_families_load (fixture->directory, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
    g_clear_error (&error);
    g_assert_null (mfu_families_load ("/nonexistent", &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND);
}

static void
test_installed (void)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuFamilies) families = mfu_families_load (g_getenv ("MFU_TEST_DEVICES"), &error);
    static const char *const protected[] = { "efs2", "sys_rev", "rawdata", "cust_info", "misc", "sec" };
    static const struct {
        const char *version;
        const char *family;
    } cases[] = {
        { "EC25EFAR06A05M4G", "mdm9x07" },
        { "EG25GGBR07A08M2G_30.006.30.006", "mdm9x07" },
        { "EC20CEFAGR06A16M4G", "mdm9x07" },
        { "EC20EQAR02A13E2G", "mdm9x15" },
        { "EC20AQAR02A03E2G", "mdm9x15" },
        { "EP06ELAR03A06M4G", "mdm9x40" },
        { "", NULL },
    };

    g_assert_no_error (error);
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        const MfuFamily *family = mfu_families_by_model (families, cases[i].version);

        g_assert_cmpstr (family != NULL ? family->name : NULL, ==, cases[i].family);
    }
    g_assert_cmpstr (mfu_families_by_usb_id (families, 0x2c7c, 0x0125)->name, ==, "mdm9x07");
    g_assert_cmpstr (mfu_families_by_usb_id (families, 0x2c7c, 0x0306)->name, ==, "mdm9x40");
    g_assert_cmpstr (mfu_families_by_usb_id (families, 0x05c6, 0x9215)->name, ==, "mdm9x15");
    g_assert_null (mfu_families_by_usb_id (families, 0x05c6, 0x9008));
    for (guint i = 0; i < mfu_families_n (families); i++) {
        const MfuFamily *family = mfu_families_get (families, i);

        for (guint p = 0; p < G_N_ELEMENTS (protected); p++)
            g_assert_true (g_strv_contains ((const char *const *) family->protected_names, protected[p]));
    }
}

static void
test_modes (void)
{
    MfuMode mode;

    for (int i = MFU_MODE_UNKNOWN; i <= MFU_MODE_GONE; i++) {
        g_assert_true (mfu_mode_from_string (mfu_mode_to_string ((MfuMode) i), &mode));
        g_assert_cmpint (mode, ==, i);
    }
    g_assert_false (mfu_mode_from_string ("no such mode", &mode));
    g_assert_false (mfu_mode_from_string (NULL, &mode));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add ("/family/complete", Fixture, NULL, set_up, test_complete, tear_down);
    g_test_add ("/family/broken", Fixture, NULL, set_up, test_broken, tear_down);
    g_test_add ("/family/without-firehose", Fixture, NULL, set_up, test_without_firehose, tear_down);
    g_test_add ("/family/unique", Fixture, NULL, set_up, test_unique, tear_down);
    g_test_add ("/family/empty", Fixture, NULL, set_up, test_empty, tear_down);
    g_test_add_func ("/family/installed", test_installed);
    g_test_add_func ("/family/modes", test_modes);
    return g_test_run ();
}
