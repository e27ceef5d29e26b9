/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The system partition table: made here field by field, and then damaged field by field. */

#include "package/package.h"

#include "util/cursor.h"
#include "util/error.h"

#define PAGE  2048
#define ENTRY 28
#define AT(i) (PAGE + 16 + (i) *ENTRY)

static void
add_entry (GByteArray *out, const char *name, guint32 start, guint32 length)
{
    guint8 field[16] = { 0 };

    for (guint i = 0; i < sizeof field && name[i] != '\0'; i++)
        field[i] = (guint8) name[i];
    g_byte_array_append (out, field, sizeof field);
    mfu_put_u32le (out, start);
    mfu_put_u32le (out, length);
    mfu_put_u32le (out, 0x0001ff);
}

static GByteArray *
make_table (guint page_size)
{
    GByteArray *out = g_byte_array_new ();

    mfu_put_u32le (out, 0xfe569fac);
    mfu_put_u32le (out, 0xcd7f127a);
    mfu_put_u32le (out, 4);
    mfu_put_u32le (out, 1);
    while (out->len < page_size)
        mfu_put_u8 (out, 0xff);
    mfu_put_u32le (out, 0x55ee73aa);
    mfu_put_u32le (out, 0xe35ebddb);
    mfu_put_u32le (out, 4);
    mfu_put_u32le (out, 3);
    add_entry (out, "0:SBL", 0, 10);
    add_entry (out, "0:MIBIB", 10, 10);
    add_entry (out, "0:0123456789abcd", 20, 0xffffffff);
    while (out->len < 4 * page_size)
        mfu_put_u8 (out, 0xff);
    return out;
}

static void
set_u32 (GByteArray *table, guint offset, guint32 value)
{
    for (guint i = 0; i < 4; i++)
        table->data[offset + i] = (guint8) (value >> (8 * i));
}

static void
assert_refused (GByteArray *table, guint page_size)
{
    g_autoptr (GError) error = NULL;

    g_assert_null (mfu_partition_table_parse (table->data, table->len, page_size, &error));
    g_assert_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL);
}

static void
test_good (void)
{
    static const guint page_sizes[] = { 2048, 4096 };

    for (guint i = 0; i < G_N_ELEMENTS (page_sizes); i++) {
        g_autoptr (GByteArray) bytes = make_table (page_sizes[i]);
        g_autoptr (GError) error = NULL;
        g_autoptr (GArray) table = mfu_partition_table_parse (bytes->data, bytes->len, page_sizes[i], &error);
        const MfuPartition *last;

        g_assert_no_error (error);
        g_assert_cmpuint (table->len, ==, 3);
        g_assert_cmpstr (g_array_index (table, MfuPartition, 0).name, ==, "0:SBL");
        g_assert_cmpuint (g_array_index (table, MfuPartition, 1).start_block, ==, 10);
        last = &g_array_index (table, MfuPartition, 2);
        g_assert_cmpstr (last->name, ==, "0:0123456789abcd");
        g_assert_cmpuint (last->num_blocks, ==, 0xffffffff);
    }
}

static void
test_wrong_page_size (void)
{
    g_autoptr (GByteArray) table = make_table (PAGE);

    assert_refused (table, 4096);
    assert_refused (table, 0);
    assert_refused (table, 1);
    assert_refused (table, G_MAXUINT);
}

typedef struct {
    const char *name;
    guint offset;
    guint32 value;
} Damage;

static const Damage damages[] = {
    { "header-magic", 0, 0 },
    { "header-magic-2", 4, 0 },
    { "header-version", 8, 0xffffffff },
    { "table-magic", PAGE, 0xffffffff },
    { "table-magic-2", PAGE + 4, 0xffffffff },
    { "table-version", PAGE + 8, 9 },
    { "no-entries", PAGE + 12, 0 },
    { "one-too-many", PAGE + 12, 4 },
    { "many", PAGE + 12, 65 },
    { "all-ones", PAGE + 12, 0xffffffff },
    { "empty-name", AT (0), 0 },
    { "control-in-name", AT (0), 0x01010101 },
    { "same-start", AT (1) + 16, 0 },
    { "overlap", AT (0) + 20, 11 },
    { "no-length", AT (0) + 20, 0 },
    { "first-to-the-end", AT (0) + 20, 0xffffffff },
    { "same-name", AT (1), 0 },
};

static void
test_damage (gconstpointer data)
{
    const Damage *damage = data;
    g_autoptr (GByteArray) table = make_table (PAGE);

    set_u32 (table, damage->offset, damage->value);
    if (g_str_equal (damage->name, "same-name"))
        for (guint i = 0; i < 16; i++)
            table->data[AT (1) + i] = table->data[AT (0) + i];
    assert_refused (table, PAGE);
}

static void
test_cut (void)
{
    g_autoptr (GByteArray) table = make_table (PAGE);

    g_byte_array_set_size (table, AT (3));
    for (guint n = 0; n < AT (3); n++) {
        /* A copy of just that size, so that tools see a read behind its end. */
        g_autofree guint8 *copy = g_memdup2 (table->data, n);
        g_autoptr (GError) error = NULL;

        g_assert_null (mfu_partition_table_parse (copy, n, PAGE, &error));
        g_assert_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL);
    }
}

/* partition.mbn: what the loader calls a partition, in the spelling of the table. */
static void
test_user_table (void)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    g_autoptr (GBytes) table = NULL;
    g_autofree char *boot = NULL;

    mfu_put_u32le (out, 0xaa7d1b9a);
    mfu_put_u32le (out, 0x1f7d48bc);
    mfu_put_u32le (out, 4);
    mfu_put_u32le (out, G_MAXUINT32);
    add_entry (out, "reboot", 1, 0);
    add_entry (out, "0:bootx", 1, 0);
    add_entry (out, "0:Boot", 1, 0);
    table = g_bytes_new (out->data, out->len);
    boot = mfu_user_table_find (table, "boot");
    g_assert_cmpstr (boot, ==, "Boot");
    g_assert_null (mfu_user_table_find (table, "SBL1"));

    for (gsize size = 0; size < out->len; size++) {
        g_autoptr (GBytes) cut = g_bytes_new (out->data, size);

        g_assert_null (mfu_user_table_find (cut, "boot"));
    }
    set_u32 (out, 4, 0x1f7d48bd);
    g_bytes_unref (g_steal_pointer (&table));
    table = g_bytes_new (out->data, out->len);
    g_assert_null (mfu_user_table_find (table, "boot"));
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/partition-table/good", test_good);
    g_test_add_func ("/partition-table/wrong-page-size", test_wrong_page_size);
    for (guint i = 0; i < G_N_ELEMENTS (damages); i++) {
        g_autofree char *path = g_strdup_printf ("/partition-table/damage/%s", damages[i].name);

        g_test_add_data_func (path, &damages[i], test_damage);
    }
    g_test_add_func ("/partition-table/cut", test_cut);
    g_test_add_func ("/partition-table/user", test_user_table);
    return g_test_run ();
}
