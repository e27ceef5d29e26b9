/* SPDX-License-Identifier: GPL-2.0-or-later */

/* partition_nand.xml: what comes out has plain names, each once, and harmless paths. */

#include "fuzz.h"

#include "package/nand-xml.h"

#include <string.h>

static void
check (const MfuFlash *flash)
{
    g_assert_cmpint (flash->name[0], !=, 0);
    g_assert_cmpint (flash->name[16], ==, 0);
    for (const char *c = flash->name; *c != '\0'; c++)
        g_assert_true (g_ascii_islower (*c) || g_ascii_isdigit (*c) || *c == '_');
    g_assert_true (flash->filename == NULL ||
                   (flash->filename[0] != '/' && strstr (flash->filename, "..") != flash->filename));
    g_assert_null (flash->image);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) flashes = mfu_nand_xml_parse ("partition_nand.xml", "update", bytes, &error);

    g_assert_true ((flashes == NULL) == (error != NULL));
    for (guint i = 0; flashes != NULL && i < flashes->len; i++) {
        check (flashes->pdata[i]);
        for (guint j = 0; j < i; j++)
            g_assert_cmpstr (((const MfuFlash *) flashes->pdata[i])->name, !=,
                             ((const MfuFlash *) flashes->pdata[j])->name);
    }
    return 0;
}
