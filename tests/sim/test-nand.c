/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chip and its partition table. */

#include "sim/layout.h"
#include "sim/nand.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_program_once (void)
{
    SimNand *nand = sim_nand_new (2048, 64, 8);
    guint8 data[2048], back[2048];

    memset (data, 0xf0, sizeof data);
    data[5] = 0x0f;
    g_assert_true (sim_nand_program (nand, 70, data, sizeof data));
    sim_nand_read (nand, 70, back);
    g_assert_cmpmem (back, 2048, data, 2048);
    memset (data, 0x3c, sizeof data);
    g_assert_false (sim_nand_program (nand, 70, data, sizeof data));
    sim_nand_read (nand, 70, back);
    g_assert_cmphex (back[0], ==, 0x30);
    g_assert_cmphex (back[5], ==, 0x0c);
    sim_nand_erase_block (nand, 1);
    g_assert_true (sim_nand_is_filled (nand, 70, 0xff));
    g_assert_true (sim_nand_program (nand, 70, data, 10));
    sim_nand_read (nand, 70, back);
    g_assert_cmphex (back[9], ==, 0x3c);
    g_assert_cmphex (back[10], ==, 0xff);
    sim_nand_free (nand);
}

static void
test_skip_bad (void)
{
    SimNand *nand = sim_nand_new (2048, 64, 8);

    nand->is_bad[2] = nand->is_bad[3] = nand->is_bad[7] = 1;
    g_assert_cmpuint (sim_nand_skip_bad (nand, 64, 0), ==, 64);
    g_assert_cmpuint (sim_nand_skip_bad (nand, 64, 63), ==, 127);
    g_assert_cmpuint (sim_nand_skip_bad (nand, 64, 64), ==, 256);
    g_assert_cmpuint (sim_nand_skip_bad (nand, 150, 0), ==, 256);
    g_assert_cmpuint (sim_nand_skip_bad (nand, 256, 192), ==, G_MAXUINT);
    sim_nand_free (nand);
}

static void
test_save (void)
{
    SimNand *nand = sim_nand_new (2048, 64, 8), *other = sim_nand_new (2048, 64, 8);
    g_autofree char *dir = g_dir_make_tmp ("sim-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "state", NULL);
    guint8 data[2048], back[2048];
    g_autoptr (GError) error = NULL;

    for (guint i = 0; i < sizeof data; i++)
        data[i] = (guint8) i;
    nand->is_bad[4] = 1;
    sim_nand_program (nand, 3, data, sizeof data);
    sim_nand_fill (nand, 200, 0x42);
    sim_nand_fill (other, 100, 0x11);
    g_assert_true (sim_nand_save (nand, path, &error));
    g_assert_true (sim_nand_load (other, path, &error));
    sim_nand_read (other, 3, back);
    g_assert_cmpmem (back, 2048, data, 2048);
    g_assert_true (sim_nand_is_filled (other, 200, 0x42));
    g_assert_true (sim_nand_is_filled (other, 100, 0xff));
    g_assert_true (sim_nand_is_bad_page (other, 256));
    g_assert_false (sim_nand_program (other, 200, data, 1));
    g_remove (path);
    g_rmdir (dir);
    sim_nand_free (nand);
    sim_nand_free (other);
}

/* The power goes at each byte of the file's last record: it has happened, or it has not, and what came before
 * has. */
static void
test_keep (void)
{
    g_autofree char *dir = g_dir_make_tmp ("nand-XXXXXX", NULL);
    g_autofree char *path = g_build_filename (dir, "chip", NULL);
    g_autofree char *text = NULL;
    guint8 data[2048], back[2048];
    SimNand *nand = sim_nand_new (2048, 64, 16);
    GError *error = NULL;
    gsize size;

    for (guint i = 0; i < sizeof data; i++)
        data[i] = (guint8) (i * 7);
    sim_nand_fill (nand, 200, 0x42);
    g_assert_true (sim_nand_keep (nand, path, &error));
    sim_nand_program (nand, 3, data, sizeof data);
    sim_nand_erase_block (nand, 200 / 64);
    sim_nand_program (nand, 201, data, sizeof data);
    sim_nand_flush (nand);
    g_assert_true (g_file_get_contents (path, &text, &size, NULL));
    for (gsize cut = 0; cut <= 5 + sizeof data; cut += cut < 16 ? 1 : 509) {
        SimNand *other = sim_nand_new (2048, 64, 16);

        g_assert_true (g_file_set_contents (path, text, (gssize) (size - cut), NULL));
        g_assert_true (sim_nand_load (other, path, &error));
        sim_nand_read (other, 3, back);
        g_assert_cmpmem (back, 2048, data, 2048);
        g_assert_true (sim_nand_is_filled (other, 200, 0xff));
        g_assert_true (sim_nand_program (other, 200, data, 1));
        g_assert_true (sim_nand_is_filled (other, 201, 0xff) == (cut > 0));
        sim_nand_free (other);
    }
    /* What is loaded is kept from then on, too. */
    g_assert_true (g_file_set_contents (path, text, (gssize) size, NULL));
    g_assert_true (sim_nand_load (nand, path, &error));
    sim_nand_program (nand, 5, data, sizeof data);
    sim_nand_flush (nand);
    g_assert_true (sim_nand_load (nand, path, &error));
    g_assert_false (sim_nand_is_filled (nand, 5, 0xff));
    text[size - 5 - sizeof data + 4] = 'x';
    g_assert_true (g_file_set_contents (path, text, (gssize) size, NULL));
    g_assert_false (sim_nand_load (nand, path, &error));
    g_clear_error (&error);
    g_remove (path);
    g_rmdir (dir);
    sim_nand_free (nand);
}

/* The real table of the public package EG25GGBR07A08M2G_30.006 has this CRC over its first 4096 bytes; a
 * table that is built from the layout alone must be the same. */
static void
test_table_real (void)
{
    SimLayout layout, back;
    g_autofree guint8 *data = NULL;
    const char *why = NULL;

    g_assert_true (sim_layout_init (&layout, NULL, "p2K_b128K", 2048));
    data = sim_mibib_build (&layout);
    g_assert_cmphex (sim_mibib_crc (data, 4096), ==, 0xde5d6102);
    back = layout;
    back.n_parts = 0;
    g_assert_true (sim_mibib_parse (&back, data, &why));
    g_assert_cmpuint (back.n_parts, ==, 17);
    g_assert_cmpstr (back.parts[12].name, ==, "misc");
    g_assert_cmpuint (back.parts[12].start * 64, ==, 51648);
    data[2048 + 16 + 17]++;
    g_assert_false (sim_mibib_parse (&back, data, &why));
    g_assert_cmpstr (why, ==, "CRC");
}

/* Against a table that lies outside of the tree. */
static void
test_table_file (void)
{
    const char *path = g_getenv ("MFU_REAL_PARTITION_TABLE");
    g_autofree char *real = NULL;
    g_autofree guint8 *data = NULL;
    SimLayout layout;
    gsize size;

    if (!path) {
        g_test_skip ("MFU_REAL_PARTITION_TABLE is not set");
        return;
    }
    g_assert_true (g_file_get_contents (path, &real, &size, NULL));
    g_assert_true (sim_layout_init (&layout, NULL, "p2K_b128K", 2048));
    data = sim_mibib_build (&layout);
    g_assert_cmpmem (real, size, data, 2048 * SIM_MIBIB_PAGES);
}

/* Starts of partitions in pages (p2K) and bytes (p4K) from the public sources. */
static void
test_layouts (void)
{
    static const struct {
        const char *geometry, *name;
        guint64 start, size;
    } rows[] = {
        { "p2K_b128K", "EFS2", 1280 * 2048, 8704 * 2048 },
        { "p2K_b128K", "TZ", 13184 * 2048, 768 * 2048 },
        { "p2K_b128K", "modem", 24256 * 2048, 27392 * 2048 },
        { "p2K_b128K", "sec", 93056 * 2048, 256 * 2048 },
        { "p2K_b128K", "system", 93312 * 2048, 37760 * 2048 },
        { "p4K_b256K", "efs2", 0x500000, 0x1600000 },
        { "p4K_b256K", "sys_rev", 0x1B00000, 0x500000 },
        { "p4K_b256K", "tz", 0x2300000, 0x140000 },
        { "p4K_b256K", "boot", 0x2700000, 0x900000 },
        { "p4K_b256K", "modem", 0x5DC0000, 0x3E00000 },
        { "p4K_b256K", "recoveryfs", 0x9D00000, 0x1E00000 },
        { "p4K_b256K", "sys_back", 0xF300000, 0x3A00000 },
        { "p4K_b256K", "system", 0x12D00000, 0xD300000 },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        SimLayout layout;
        const SimPart *part;
        guint64 block;

        g_assert_true (sim_layout_init (&layout, NULL, rows[i].geometry, 2048));
        part = sim_layout_find (&layout, rows[i].name);
        g_assert_nonnull (part);
        block = (guint64) layout.page_size * layout.pages_per_block;
        g_assert_cmphex (part->start * block, ==, rows[i].start);
        g_assert_cmphex (part->n_blocks * block, ==, rows[i].size);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/nand/program-once", test_program_once);
    g_test_add_func ("/nand/skip-bad", test_skip_bad);
    g_test_add_func ("/nand/save", test_save);
    g_test_add_func ("/nand/keep", test_keep);
    g_test_add_func ("/table/real", test_table_real);
    g_test_add_func ("/table/file", test_table_file);
    g_test_add_func ("/table/layouts", test_layouts);
    return g_test_run ();
}
