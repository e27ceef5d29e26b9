/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The values that are not ours to choose are QFirehose's; the order of attributes is that of Quectel's XML
 * files.
 *
 * Source: nippynetworks/qfirehose firehose_protocol.c (configure, power, vendor attributes), rawprogram XML
 * of an EG25-G package in Biktorgj/quectel_eg25_recovery. */

#include "protocol/firehose-commands.h"

#include <string.h>

/* Erasing takes time by the block. Source: nippynetworks/qfirehose gives 15 s to any erase, release
 * note 1.4.4; for chips larger than this one it is allowed again and again. */
#define ERASE_MS          15000
#define ERASE_BLOCKS      1024
#define USUAL_BLOCK_PAGES 64

MfuFirehoseCommand *
mfu_firehose_command_configure (guint payload, gboolean is_zlp_aware)
{
    MfuFirehoseCommand *command = mfu_firehose_command_new ("configure");

    mfu_firehose_command_add (command, "MemoryName", "nand");
    mfu_firehose_command_add_uint (command, "Verbose", 0);
    mfu_firehose_command_add_uint (command, "AlwaysValidate", 0);
    mfu_firehose_command_add_uint (command, "MaxDigestTableSizeInBytes", 2048);
    mfu_firehose_command_add_uint (command, "MaxPayloadSizeToTargetInBytes", payload);
    mfu_firehose_command_add_uint (command, "ZlpAwareHost", is_zlp_aware ? 1 : 0);
    mfu_firehose_command_add_uint (command, "SkipStorageInit", 0);
    return command;
}

MfuFirehoseCommand *
mfu_firehose_command_storage (void)
{
    MfuFirehoseCommand *command = mfu_firehose_command_new ("getstorageinfo");

    mfu_firehose_command_add_uint (command, "physical_partition_number", 0);
    return command;
}

gboolean
mfu_firehose_range_is_valid (const MfuFirehoseRange *range)
{
    return range->sector_size != 0 && range->num_sectors != 0 &&
           range->num_sectors <= G_MAXUINT32 - range->start_sector;
}

guint
mfu_firehose_erase_ms (const MfuFirehoseRange *range)
{
    guint64 block_pages = range->pages_per_block != 0 ? range->pages_per_block : USUAL_BLOCK_PAGES;
    guint64 unit = ERASE_BLOCKS * block_pages;

    return (guint) (ERASE_MS * ((range->num_sectors + unit - 1) / unit));
}

MfuFirehoseCommand *
mfu_firehose_command_range (const char *name, const MfuFirehoseRange *range, guint64 num_sectors)
{
    MfuFirehoseCommand *command = mfu_firehose_command_new (name);

    if (range->pages_per_block != 0)
        mfu_firehose_command_add_uint (command, "PAGES_PER_BLOCK", range->pages_per_block);
    mfu_firehose_command_add_uint (command, "SECTOR_SIZE_IN_BYTES", range->sector_size);
    mfu_firehose_command_add (command, "filename", range->filename);
    mfu_firehose_command_add (command, "label", range->label);
    mfu_firehose_command_add_uint (command, "num_partition_sectors", num_sectors);
    mfu_firehose_command_add_uint (command, "physical_partition_number", range->physical_partition);
    mfu_firehose_command_add_uint (command, "start_sector", range->start_sector);
    return command;
}

MfuFirehoseCommand *
mfu_firehose_command_vendor (const MfuFirehoseVendorTag *vendor_tag)
{
    const char *tag = vendor_tag->tag;
    MfuFirehoseCommand *command;

    if (tag == NULL || *tag == '\0' || tag[strspn (tag, "abcdefghijklmnopqrstuvwxyz")] != '\0')
        return NULL;
    command = mfu_firehose_command_new (tag);
    mfu_firehose_command_add (command, "vendor", "quectel");
    mfu_firehose_command_add (command, "a_rawdata_start_sector", vendor_tag->a_rawdata_start_sector);
    mfu_firehose_command_add (command, "b_rawdata_num_sector", vendor_tag->b_rawdata_num_sector);
    mfu_firehose_command_add (command, "c_project_name", vendor_tag->c_project_name);
    mfu_firehose_command_add (command, "d_project_type", vendor_tag->d_project_type);
    return command;
}

MfuFirehoseCommand *
mfu_firehose_command_reset (guint delay_s)
{
    MfuFirehoseCommand *command = mfu_firehose_command_new ("power");

    mfu_firehose_command_add_uint (command, "DelayInSeconds", delay_s);
    mfu_firehose_command_add (command, "value", "reset");
    return command;
}
