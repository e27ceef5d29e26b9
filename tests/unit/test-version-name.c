/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Version names as modems, vendors and browsers write them. */

#include "package/version-name.h"

#include <string.h>

typedef struct {
    const char *text;
    const char *version, *model, *region, *hardware;
    int baseline, release;
    const char *memory, *suffix;
} Case;

static const Case cases[] = {
    { "EC25EFAR06A08M4G", "EC25EFAR06A08M4G", "EC25", "E", "FA", 6, 8, "M4G", "" },
    { "EC25EFAR06A08M4G_01.001.01.001", "EC25EFAR06A08M4G_01.001.01.001", "EC25", "E", "FA", 6, 8, "M4G",
      "01.001.01.001" },
    { "EC25EFAR06A08M4G_01.001.01.001.zip", "EC25EFAR06A08M4G_01.001.01.001", "EC25", "E", "FA", 6, 8, "M4G",
      "01.001.01.001" },
    { "EC25EFAR06A08M4G_01.001.01.001.tar.gz", "EC25EFAR06A08M4G_01.001.01.001", "EC25", "E", "FA", 6, 8,
      "M4G", "01.001.01.001" },
    { "EC25EFAR06A08M4G.7z", "EC25EFAR06A08M4G", "EC25", "E", "FA", 6, 8, "M4G", "" },
    { "EC25EFAR06A08M4G (1).zip", "EC25EFAR06A08M4G", "EC25", "E", "FA", 6, 8, "M4G", "" },
    { "EC25EFAR06A08M4G\r\n\r\nOK\r\n", "EC25EFAR06A08M4G", "EC25", "E", "FA", 6, 8, "M4G", "" },
    { "EG25GGBR07A08M2G_30.006.30.006", "EG25GGBR07A08M2G_30.006.30.006", "EG25", "G", "GB", 7, 8, "M2G",
      "30.006.30.006" },
    { "EC20CEFAGR06A16M4G", "EC20CEFAGR06A16M4G", "EC20", "CE", "FAG", 6, 16, "M4G", "" },
    { "EC20CEFARGR08A03M4G_OCPU", "EC20CEFARGR08A03M4G_OCPU", "EC20", "CE", "FARG", 8, 3, "M4G", "OCPU" },
    { "EC20EQAR02A13E2G", "EC20EQAR02A13E2G", "EC20", "E", "QA", 2, 13, "E2G", "" },
    { "EC25AFAR05A06M4G", "EC25AFAR05A06M4G", "EC25", "A", "FA", 5, 6, "M4G", "" },
    { "EC25AFFAR07A14M4G", "EC25AFFAR07A14M4G", "EC25", "AF", "FA", 7, 14, "M4G", "" },
    { "EC25AUFAR06A10M4G", "EC25AUFAR06A10M4G", "EC25", "AU", "FA", 6, 10, "M4G", "" },
    { "EC25EUGAR06A03M4G", "EC25EUGAR06A03M4G", "EC25", "EU", "GA", 6, 3, "M4G", "" },
    { "EP06ELAR03A08M4G", "EP06ELAR03A08M4G", "EP06", "E", "LA", 3, 8, "M4G", "" },
    { "EP06ALAR02A07M4G", "EP06ALAR02A07M4G", "EP06", "A", "LA", 2, 7, "M4G", "" },
    { "BG96MAR02A07M1G_01.007.01.007", "BG96MAR02A07M1G_01.007.01.007", "BG96", "", "MA", 2, 7, "M1G",
      "01.007.01.007" },
    { "RM500QGLAAR11A03M4G", "RM500QGLAAR11A03M4G", "RM500Q", "GL", "AA", 11, 3, "M4G", "" },
    { "EC25EFAR06A08", "EC25EFAR06A08", "EC25", "E", "FA", 6, 8, "", "" },
    { "ec25efar06a08m4g.zip", "ec25efar06a08m4g", "EC25", "E", "FA", 6, 8, "M4G", "" },
};

/* Nothing is read out of these; half a name is no name. */
static const char *const unknown[] = {
    "",
    "EC25",
    "firmware.zip",
    "EC25EFA",
    "EC25EFAR06",
    "EC25EFAR6A08M4G",
    "C25EFAR06",
    "EC25R06A08",
    "EC25EFAR06A08M4GX5",
    "EC25EFAR06A081M4G",
    "package",
    "ERROR",
    "R06A08M4G",
    "ECE25FAR06A",
    "EC25ABCDEFGHIJKLMNOPQRSTUVWXYZR06A08M4G",
};

static void
test_known (gconstpointer data)
{
    const Case *expected = data;
    MfuVersionName version;

    mfu_version_name_parse (&version, expected->text);
    g_assert_true (version.is_known);
    g_assert_cmpstr (version.text, ==, expected->version);
    g_assert_cmpstr (version.model, ==, expected->model);
    g_assert_cmpstr (version.region, ==, expected->region);
    g_assert_cmpstr (version.hardware, ==, expected->hardware);
    g_assert_cmpint (version.baseline, ==, expected->baseline);
    g_assert_cmpint (version.release, ==, expected->release);
    g_assert_cmpstr (version.memory, ==, expected->memory);
    g_assert_cmpstr (version.suffix, ==, expected->suffix);
}

static void
test_unknown (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (unknown); i++) {
        MfuVersionName version;

        memset (&version, 0xff, sizeof version);
        mfu_version_name_parse (&version, unknown[i]);
        if (version.is_known)
            g_test_message ("took \"%s\" for a version", unknown[i]);
        g_assert_false (version.is_known);
        g_assert_cmpstr (version.text, ==, "");
        g_assert_cmpstr (version.model, ==, "");
        g_assert_cmpint (version.baseline, ==, -1);
        g_assert_cmpint (version.release, ==, -1);
    }
}

/* Every name, cut anywhere, ends inside of its memory and never becomes another model. */
static void
test_cut (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        for (gsize n = 0; n < strlen (cases[i].text); n++) {
            g_autofree char *text = g_strndup (cases[i].text, n);
            MfuVersionName version;

            mfu_version_name_parse (&version, text);
            if (version.is_known)
                g_assert_cmpstr (version.model, ==, cases[i].model);
        }
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/version-name/known/%02u", i);

        g_test_add_data_func (path, &cases[i], test_known);
    }
    g_test_add_func ("/version-name/unknown", test_unknown);
    g_test_add_func ("/version-name/cut", test_cut);
    return g_test_run ();
}
