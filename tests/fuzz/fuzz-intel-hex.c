/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Intel HEX: what comes out is not larger than what came in, lies below 4 GiB and begins inside itself. */

#include "fuzz.h"

#include "package/intel-hex.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    g_autoptr (GBytes) text = g_bytes_new (data, size);
    g_autoptr (GError) error = NULL;
    MfuLoader loader = { 0 };
    gsize n;

    g_assert_true (mfu_intel_hex_parse ("NPRG9x15.hex", text, &loader, &error) == (error == NULL));
    g_assert_true ((loader.bytes != NULL) == (error == NULL));
    if (loader.bytes == NULL)
        return 0;
    n = g_bytes_get_size (loader.bytes);
    g_assert_true (n > 0 && n <= MIN (size / 2, MFU_LOADER_MAX));
    g_assert_true (loader.address <= G_MAXUINT32 - n);
    g_assert_true (loader.start >= loader.address && loader.start - loader.address < n);
    g_bytes_unref (loader.bytes);
    return 0;
}
