/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Partition tables, all numbers u32 little-endian: the system's, in the MIBIB partition,
 *
 *   page 0   FE569FAC CD7F127A version age
 *   page 1   55EE73AA E35EBDDB version count, then per partition: name[16] start length attributes[4]
 *   page 3   9D41BEA1 F1DED2EA 1 CRC
 *
 * Page 3 is not checked: what the CRC spans differs by page size, and the vendor's patches are applied or
 * not. And the user's, partition.mbn:
 *
 *   AA7D1B9A 1F7D48BC version count, then per partition: name[16] size padding attributes[4]
 *
 * Source: partition_complete_p2K_b128K.mbn of EG25GGBR07A08M2G_30.006.30.006
 * (github.com/Biktorgj/quectel_eg25_recovery). */

#include "package/package.h"

#include <string.h>

#include "package/i18n.h"
#include "util/cursor.h"
#include "util/error.h"

#define HEADER_MAGIC_1 0xfe569fac
#define HEADER_MAGIC_2 0xcd7f127a
#define TABLE_MAGIC_1  0x55ee73aa
#define TABLE_MAGIC_2  0xe35ebddb
#define USER_MAGIC_1   0xaa7d1b9a
#define USER_MAGIC_2   0x1f7d48bc
#define VERSION_MIN    3
#define VERSION_MAX    4
#define PARTITIONS_MAX 64
#define NAME_SIZE      16
#define TO_THE_END     0xffffffff

static guint64
end_of (const MfuPartition *partition)
{
    return partition->num_blocks == TO_THE_END ? G_MAXUINT64
                                               : (guint64) partition->start_block + partition->num_blocks;
}

static gboolean
is_name (const char *name)
{
    if (name[0] == '\0')
        return FALSE;
    for (const char *c = name; *c != '\0'; c++)
        if (!g_ascii_isalnum (*c) && strchr ("_:-.", *c) == NULL)
            return FALSE;
    return TRUE;
}

static gboolean
collides (const GArray *table, const MfuPartition *partition)
{
    for (guint i = 0; i < table->len; i++) {
        const MfuPartition *other = &g_array_index (table, MfuPartition, i);

        if (g_ascii_strcasecmp (other->name, partition->name) == 0 ||
            (partition->start_block < end_of (other) && other->start_block < end_of (partition)))
            return TRUE;
    }
    return FALSE;
}

static gboolean
check_magic (MfuCursor *cursor, guint32 magic_1, guint32 magic_2)
{
    guint32 first = mfu_cursor_u32le (cursor);
    guint32 second = mfu_cursor_u32le (cursor);
    guint32 version = mfu_cursor_u32le (cursor);

    return first == magic_1 && second == magic_2 && version >= VERSION_MIN && version <= VERSION_MAX;
}

static void
read_entry (MfuCursor *cursor, MfuPartition *partition)
{
    const guint8 *name = mfu_cursor_bytes (cursor, NAME_SIZE);

    memset (partition, 0, sizeof *partition);
    if (name != NULL)
        memcpy (partition->name, name, NAME_SIZE);
    partition->start_block = mfu_cursor_u32le (cursor);
    partition->num_blocks = mfu_cursor_u32le (cursor);
    mfu_cursor_skip (cursor, 4);
}

GArray *
mfu_partition_table_parse (const guint8 *data, gsize size, guint page_size, GError **error)
{
    g_autoptr (GArray) table = g_array_new (FALSE, TRUE, sizeof (MfuPartition));
    MfuCursor header = MFU_CURSOR_INIT (data, size);
    MfuCursor cursor = MFU_CURSOR_INIT (data, MIN (size, (gsize) page_size * 2));
    guint32 count;

    mfu_cursor_skip (&cursor, page_size);
    if (!check_magic (&header, HEADER_MAGIC_1, HEADER_MAGIC_2) ||
        !check_magic (&cursor, TABLE_MAGIC_1, TABLE_MAGIC_2)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                     _ ("found no partition table with pages of %u bytes"), page_size);
        return NULL;
    }
    count = mfu_cursor_u32le (&cursor);
    if (count == 0 || count > PARTITIONS_MAX) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                     _ ("the partition table claims %u partitions, from 1 to %d are possible"), count,
                     PARTITIONS_MAX);
        return NULL;
    }
    for (guint i = 0; i < count; i++) {
        MfuPartition partition;

        read_entry (&cursor, &partition);
        if (cursor.failed || !is_name (partition.name) || partition.num_blocks == 0 ||
            collides (table, &partition)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_PROTOCOL,
                         _ ("entry %u of the partition table is damaged or contradicts another one"), i + 1);
            return NULL;
        }
        g_array_append_val (table, partition);
    }
    return g_steal_pointer (&table);
}

char *
mfu_user_table_find (GBytes *table, const char *name)
{
    gsize size;
    const guint8 *data = g_bytes_get_data (table, &size);
    MfuCursor cursor = MFU_CURSOR_INIT (data, size);
    guint32 count;

    if (!check_magic (&cursor, USER_MAGIC_1, USER_MAGIC_2))
        return NULL;
    count = mfu_cursor_u32le (&cursor);
    for (guint i = 0; i < MIN (count, PARTITIONS_MAX) && !cursor.failed; i++) {
        MfuPartition partition;

        read_entry (&cursor, &partition);
        if (!cursor.failed && is_name (partition.name) && g_str_has_prefix (partition.name, "0:") &&
            g_ascii_strcasecmp (partition.name + 2, name) == 0)
            return g_strdup (partition.name + 2);
    }
    return NULL;
}
