/* SPDX-License-Identifier: GPL-2.0-or-later */

/* contents.xml: the chip is a word or nothing. */

#include "fuzz.h"

#include "package/contents-xml.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) bytes = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    g_autofree char *chip = NULL;
    gboolean is_ok = mfu_contents_xml_parse ("contents.xml", bytes, &chip, &error);

    g_assert_true (is_ok == (error == NULL));
    g_assert_true (is_ok || chip == NULL);
    g_assert_true (chip == NULL || (chip[0] != 0 && strlen (chip) < 32 && g_str_is_ascii (chip)));
    return 0;
}
