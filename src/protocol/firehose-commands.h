/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The commands of a Firehose session, with the attributes that the programmers of these modems are known to
 * take. */

#include "protocol/firehose-xml.h"
#include "protocol/firehose.h"

MfuFirehoseCommand *mfu_firehose_command_configure (guint payload, gboolean is_zlp_aware);
MfuFirehoseCommand *mfu_firehose_command_storage (void);

/* FALSE for a range that is empty or wraps around. */
gboolean mfu_firehose_range_is_valid (const MfuFirehoseRange *range);

/* How long the programmer may take to erase a valid range. */
guint mfu_firehose_erase_ms (const MfuFirehoseRange *range);

/* erase, program and read: `num_sectors` in place of the range's. */
MfuFirehoseCommand *mfu_firehose_command_range (const char *name, const MfuFirehoseRange *range,
                                                guint64 num_sectors);

/* NULL: the tag's name is none. */
MfuFirehoseCommand *mfu_firehose_command_vendor (const MfuFirehoseVendorTag *vendor_tag);
MfuFirehoseCommand *mfu_firehose_command_reset (guint delay_s);
