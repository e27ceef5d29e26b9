/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rawprogram and patch XML: every action that comes out is within the limits. */

#include "fuzz.h"

#include "package/rawprogram-xml.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GError) patch_error = NULL;
    g_autoptr (MfuRawprogram) raw = mfu_rawprogram_parse ("raw.xml", "update/firehose", bytes, &error);

    g_assert_true (mfu_patch_xml_check ("patch.xml", bytes, &patch_error) == (patch_error == NULL));
    g_assert_true ((raw == NULL) == (error != NULL));
    for (guint i = 0; raw != NULL && i < raw->actions->len; i++) {
        const MfuAction *action = raw->actions->pdata[i];

        if (action->kind == MFU_ACTION_VENDOR) {
            g_assert_nonnull (action->tag);
            continue;
        }
        g_assert_cmpuint (action->num_sectors, >, 0);
        g_assert_cmpuint ((guint64) action->start_sector + action->num_sectors, <=, G_MAXUINT32);
        g_assert_cmpuint (action->sector_size, ==, raw->page_size);
        g_assert_true ((action->kind == MFU_ACTION_PROGRAM) == (action->filename != NULL));
        g_assert_true (action->filename == NULL || strstr (action->filename, "..") != action->filename);
    }
    return 0;
}
