/* SPDX-License-Identifier: GPL-2.0-or-later */

/* md5.txt: every entry that comes out has a harmless path and a whole sum. */

#include "fuzz.h"

#include "package/manifest.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) entries = mfu_manifest_parse ("md5.txt", bytes, &error);

    g_assert_true ((entries == NULL) == (error != NULL));
    for (guint i = 0; entries != NULL && i < entries->len; i++) {
        const MfuManifestEntry *entry = entries->pdata[i];

        g_assert_cmpuint (strlen (entry->md5), ==, MFU_MD5_HEX_LENGTH);
        g_assert_true (g_utf8_validate (entry->path, -1, NULL));
        g_assert_true (entry->path[0] != (char) 47 && strchr (entry->path, 92) == NULL);
        g_assert_false (g_str_has_prefix (entry->path, "../") || strstr (entry->path, "/../") != NULL);
    }
    return 0;
}
