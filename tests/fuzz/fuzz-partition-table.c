/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The partition table: what comes out has names and does not overlap. */

#include "fuzz.h"

#include "package/package.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const guint page_sizes[] = { 2048, 4096, 16, 0 };

    for (guint i = 0; i < G_N_ELEMENTS (page_sizes); i++) {
        g_autoptr (GError) error = NULL;
        g_autoptr (GArray) table = mfu_partition_table_parse (data, size, page_sizes[i], &error);

        g_assert_true ((table == NULL) == (error != NULL));
        for (guint j = 0; table != NULL && j < table->len; j++) {
            const MfuPartition *partition = &g_array_index (table, MfuPartition, j);

            g_assert_cmpint (partition->name[0], !=, 0);
            g_assert_cmpint (partition->name[16], ==, 0);
            g_assert_cmpuint (partition->num_blocks, >, 0);
        }
    }
    return 0;
}
