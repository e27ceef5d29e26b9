/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The table of refusals: every row with both sides known and equal, different, or one unknown. */

#include "job/match.h"

#include "util/error.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *modem, *package;
    guint allowed;
    gboolean is_recovering;
    int code;            /* -1: go on */
    const char *missing; /* names that the refusal says can be allowed */
    guint n_warnings;
} Case;

static const Case cases[] = {
    { "newer", "EC25EFAR06A05M4G", "EC25EFAR06A08M4G", 0, FALSE, -1, NULL, 0 },
    { "newer, same project", "EC25EFAR06A05M4G_01.001", "EC25EFAR06A08M4G_01.001", 0, FALSE, -1, NULL, 0 },
    { "lower case", "ec25efar06a05m4g", "EC25EFAR06A08M4G", 0, FALSE, -1, NULL, 0 },
    { "region", "EC25EFAR06A05M4G", "EC25AFAR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "variant", 0 },
    { "model", "EC25EFAR06A05M4G", "EC21EFAR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "variant", 0 },
    { "hardware", "EC25EFAR06A05M4G", "EC25EFDR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "variant", 0 },
    { "region allowed", "EC25EFAR06A05M4G", "EC25AFAR06A08M4G", MFU_ALLOW_VARIANT, FALSE, -1, NULL, 0 },
    { "another allowed", "EC25EFAR06A05M4G", "EC25AFAR06A08M4G", MFU_ALLOW_DOWNGRADE, FALSE,
      MFU_ERROR_WRONG_PACKAGE, "variant", 0 },
    { "baseline up", "EC25EFAR06A05M4G", "EC25EFAR08A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "baseline",
      0 },
    { "baseline down", "EC25EFAR08A05M4G", "EC25EFAR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "baseline",
      0 },
    { "memory", "EC25EFAR06A05M2G", "EC25EFAR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "geometry", 0 },
    { "memory unknown", "EC25EFAR06A05", "EC25EFAR06A08M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE,
      "unidentified", 0 },
    { "project", "EC25EFAR06A05M4G_01.001", "EC25EFAR06A08M4G_20.200", 0, FALSE, MFU_ERROR_WRONG_PACKAGE,
      "project", 0 },
    { "project unknown", "EC25EFAR06A05M4G", "EC25EFAR06A08M4G_20.200", 0, FALSE, -1, NULL, 1 },
    { "same", "EC25EFAR06A08M4G", "EC25EFAR06A08M4G", 0, FALSE, MFU_ERROR_NOTHING_TO_DO, "reinstall", 0 },
    { "same, recovering", "EC25EFAR06A08M4G", "EC25EFAR06A08M4G", 0, TRUE, -1, NULL, 0 },
    { "same, allowed", "EC25EFAR06A08M4G", "EC25EFAR06A08M4G", MFU_ALLOW_REINSTALL, FALSE, -1, NULL, 0 },
    { "downgrade", "EC25EFAR06A08M4G", "EC25EFAR06A05M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "downgrade",
      0 },
    { "downgrade, allowed", "EC25EFAR06A08M4G", "EC25EFAR06A05M4G", MFU_ALLOW_DOWNGRADE, FALSE, -1, NULL, 0 },
    { "two at once", "EC25EFAR06A08M4G", "EC25AFAR06A05M4G", 0, FALSE, MFU_ERROR_WRONG_PACKAGE,
      "variant,downgrade", 0 },
    { "package unnamed", "EC25EFAR06A08M4G", "firmware", 0, FALSE, MFU_ERROR_WRONG_PACKAGE, "unnamed", 0 },
    { "modem unknown", "", "EC25EFAR06A08M4G", 0, TRUE, MFU_ERROR_WRONG_PACKAGE, "unidentified", 0 },
    { "modem unknown, allowed", "", "EC25EFAR06A08M4G", MFU_ALLOW_UNIDENTIFIED, TRUE, -1, NULL, 0 },
};

static void
test_case (gconstpointer data)
{
    const Case *c = data;
    g_autoptr (GPtrArray) warnings = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GError) error = NULL;
    MfuVersionName modem, package;
    gboolean goes_on;

    mfu_version_name_parse (&modem, c->modem);
    mfu_version_name_parse (&package, c->package);
    goes_on = mfu_match_versions (&modem, &package, c->is_recovering, c->allowed, warnings, &error);
    g_assert_cmpuint (warnings->len, ==, c->n_warnings);
    if (c->code < 0) {
        g_assert_no_error (error);
        g_assert_true (goes_on);
        return;
    }
    g_assert_false (goes_on);
    g_assert_error (error, MFU_ERROR, c->code);
    g_assert_nonnull (strstr (error->message, c->missing));
}

static void
test_allow_names (void)
{
    const char *const good[] = { "downgrade", "volatile-journal", NULL };
    const char *const bad[] = { "downgrade", "force", NULL };
    g_autoptr (GError) error = NULL;
    g_autofree char *text = NULL;
    guint allow = 0;

    g_assert_true (mfu_allow_parse (good, &allow, &error));
    g_assert_cmpuint (allow, ==, MFU_ALLOW_DOWNGRADE | MFU_ALLOW_VOLATILE_JOURNAL);
    text = mfu_allow_to_string (allow);
    g_assert_cmpstr (text, ==, "downgrade,volatile-journal");
    g_assert_true (mfu_allow_parse (NULL, &allow, &error));
    g_assert_cmpuint (allow, ==, 0);
    g_assert_false (mfu_allow_parse (bad, &allow, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS);
    g_assert_nonnull (strstr (error->message, "force"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *path = g_strdup_printf ("/match/%s", cases[i].name);

        g_test_add_data_func (path, &cases[i], test_case);
    }
    g_test_add_func ("/match/allow-names", test_allow_names);
    return g_test_run ();
}
