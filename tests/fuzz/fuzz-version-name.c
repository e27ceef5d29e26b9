/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Version names: what is known is complete. */

#include "fuzz.h"

#include "package/version-name.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autofree char *text = size > 0 ? g_strndup ((const char *) data, size) : g_strdup ("");
    MfuVersionName version;

    mfu_version_name_parse (&version, text);
    if (version.is_known) {
        g_assert_true (g_str_has_prefix (text, version.text));
        g_assert_cmpint (version.model[0], !=, 0);
        g_assert_cmpint (version.hardware[0], !=, 0);
        g_assert_true (version.baseline >= 0 && version.baseline <= 99);
        g_assert_true (version.release >= 0 && version.release <= 99);
    } else {
        g_assert_cmpstr (version.text, ==, "");
    }
    return 0;
}
