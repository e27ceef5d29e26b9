/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The operations of a Firehose session: how each begins, and what its answer means. A NAK without a handler
 * is REJECTED.
 *
 * Source: see firehose.c and firehose-commands.c; the negotiation of the payload is that of
 * nippynetworks/qfirehose. */

#include "protocol/firehose-session.h"

#include <inttypes.h>

/* Source: nippynetworks/qfirehose. */
#define VENDOR_MS 6000

static void
send_configure (Firehose *firehose)
{
    mfu_firehose_send_command (
        firehose, mfu_firehose_command_configure (firehose->payload, firehose->config.is_zlp_aware));
}

static gboolean
set_payload (Firehose *firehose, guint64 payload)
{
    if (payload < MFU_FIREHOSE_MIN_PAYLOAD || payload > MFU_FIREHOSE_MAX_PAYLOAD) {
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer wants a payload of %" PRIu64 " bytes"), payload);
        return FALSE;
    }
    /* Whole packets: a short one would end the transfer. */
    firehose->payload = (guint) (payload - payload % MFU_PACKET_SIZE);
    return TRUE;
}

static void
configure_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->max_payload != 0 && !set_payload (firehose, MIN (response->max_payload, firehose->payload)))
        return;
    mfu_firehose_done_acked (firehose, response);
}

static void
configure_nacked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (response->max_payload == 0 || firehose->has_new_payload) {
        mfu_firehose_reject (firehose);
        return;
    }
    firehose->has_new_payload = TRUE;
    if (set_payload (firehose, response->max_payload))
        send_configure (firehose);
}

static void
storage_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    gboolean is_contradictory;

    firehose->storage.is_known = mfu_firehose_info_check_storage (&firehose->storage, &is_contradictory);
    if (is_contradictory)
        mfu_engine_fail (&firehose->engine, MFU_ERROR_PROTOCOL,
                         _ ("the programmer tells an impossible storage: %u blocks of %u, pages of %u bytes"),
                         firehose->storage.total_blocks, firehose->storage.block_size,
                         firehose->storage.page_size);
    else
        mfu_firehose_done_acked (firehose, response);
}

static void
storage_nacked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    mfu_engine_done (&firehose->engine);
}

static void
program_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    if (!response->is_raw) {
        mfu_firehose_fail_raw_mode (firehose);
        return;
    }
    firehose->state = STATE_RAW_OUT;
    mfu_engine_ask_send_image (&firehose->engine, 0, (gsize) firehose->raw_size, firehose->payload,
                               firehose->config.is_zlp_aware, MFU_FIREHOSE_CHUNK_MS);
}

static void
read_acked (Firehose *firehose, const MfuFirehoseResponse *response)
{
    gsize rest = firehose->in->len - firehose->position;
    gsize n = 0;

    if (!response->is_raw) {
        mfu_firehose_fail_raw_mode (firehose);
        return;
    }
    firehose->state = STATE_RAW_IN;
    firehose->raw_left = firehose->raw_size;
    /* A line end behind the document is no data, as data comes in whole sectors. */
    while (n < rest && rest < MFU_PACKET_SIZE &&
           mfu_firehose_is_filler (firehose->in->data[firehose->position + n]))
        n++;
    if (n == rest)
        firehose->position += n;
}

static const Operation op_configure = { "configure", configure_acked, configure_nacked, FALSE, FALSE };
static const Operation op_nop = { "nop", mfu_firehose_done_acked, NULL, TRUE, FALSE };
static const Operation op_leave_raw = { "raw data", NULL, NULL, TRUE, FALSE };
static const Operation op_storage = { "getstorageinfo", storage_acked, storage_nacked, FALSE, FALSE, TRUE };
static const Operation op_erase = { "erase", mfu_firehose_done_acked, NULL, FALSE, FALSE };
static const Operation op_program = { "program", program_acked, NULL, FALSE, FALSE };
static const Operation op_read = { "read", read_acked, NULL, FALSE, FALSE };
static const Operation op_vendor = { "a vendor tag", mfu_firehose_done_acked, NULL, FALSE, FALSE };
static const Operation op_reset = { "power", mfu_firehose_done_acked, NULL, TRUE, TRUE };

void
mfu_firehose_begin_configure (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (!mfu_firehose_begin (firehose, &op_configure, MFU_FIREHOSE_BUDGET))
        return;
    firehose->has_new_payload = FALSE;
    send_configure (firehose);
}

void
mfu_firehose_begin_nop (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (mfu_firehose_begin (firehose, &op_nop, MFU_FIREHOSE_BUDGET))
        mfu_firehose_send_command (firehose, mfu_firehose_command_new ("nop"));
}

void
mfu_firehose_begin_leave_raw_mode (MfuEngine *engine, guint64 max_bytes)
{
    Firehose *firehose = (Firehose *) engine;

    if (!mfu_firehose_begin (firehose, &op_leave_raw,
                             MFU_FIREHOSE_BUDGET + max_bytes / MFU_FIREHOSE_FLOOD_FIRST))
        return;
    firehose->flood_left = max_bytes;
    firehose->flood_piece = MFU_FIREHOSE_FLOOD_FIRST;
    mfu_firehose_send_zeros (firehose);
}

void
mfu_firehose_begin_storage_info (MfuEngine *engine)
{
    Firehose *firehose = (Firehose *) engine;

    if (!mfu_firehose_begin (firehose, &op_storage, MFU_FIREHOSE_BUDGET))
        return;
    firehose->storage = (MfuFirehoseStorage){ 0 };
    if (!mfu_firehose_supports (engine, "getstorageinfo")) {
        mfu_engine_done (engine);
        return;
    }
    mfu_firehose_send_command (firehose, mfu_firehose_command_storage ());
}

/* FALSE: our own plan is wrong, the engine has failed. */
static gboolean
check_range (Firehose *firehose, const MfuFirehoseRange *range)
{
    if (mfu_firehose_range_is_valid (range))
        return TRUE;
    mfu_engine_fail (&firehose->engine, MFU_ERROR_INVALID_ARGS,
                     _ ("%u sectors of %u bytes at %u are no range"), range->num_sectors, range->sector_size,
                     range->start_sector);
    return FALSE;
}

void
mfu_firehose_begin_erase (MfuEngine *engine, const MfuFirehoseRange *range)
{
    Firehose *firehose = (Firehose *) engine;

    if (!mfu_firehose_begin (firehose, &op_erase, MFU_FIREHOSE_BUDGET) || !check_range (firehose, range))
        return;
    firehose->answer_ms = mfu_firehose_erase_ms (range);
    mfu_firehose_send_command (firehose, mfu_firehose_command_range ("erase", range, range->num_sectors));
}

void
mfu_firehose_begin_program (MfuEngine *engine, const MfuFirehoseRange *range, guint64 image_size)
{
    Firehose *firehose = (Firehose *) engine;
    guint64 num_sectors;

    if (!mfu_firehose_begin (firehose, &op_program, MFU_FIREHOSE_BUDGET) || !check_range (firehose, range))
        return;
    num_sectors = image_size / range->sector_size + (image_size % range->sector_size != 0);
    if (num_sectors == 0 || num_sectors > range->num_sectors ||
        num_sectors > G_MAXSIZE / 2 / range->sector_size) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS,
                         _ ("an image of %" PRIu64 " bytes does not fit %u sectors of %u bytes"), image_size,
                         range->num_sectors, range->sector_size);
        return;
    }
    firehose->raw_size = num_sectors * range->sector_size;
    mfu_firehose_send_command (firehose, mfu_firehose_command_range ("program", range, num_sectors));
}

void
mfu_firehose_begin_read (MfuEngine *engine, const MfuFirehoseRange *range)
{
    Firehose *firehose = (Firehose *) engine;
    guint64 size = (guint64) range->num_sectors * range->sector_size;

    if (!mfu_firehose_begin (firehose, &op_read, MFU_FIREHOSE_BUDGET + 2 * size) ||
        !check_range (firehose, range))
        return;
    firehose->raw_size = size;
    mfu_firehose_send_command (firehose, mfu_firehose_command_range ("read", range, range->num_sectors));
}

void
mfu_firehose_begin_vendor (MfuEngine *engine, const MfuFirehoseVendorTag *vendor_tag)
{
    Firehose *firehose = (Firehose *) engine;
    MfuFirehoseCommand *command;

    if (!mfu_firehose_begin (firehose, &op_vendor, MFU_FIREHOSE_BUDGET))
        return;
    command = mfu_firehose_command_vendor (vendor_tag);
    if (command == NULL) {
        mfu_engine_fail (engine, MFU_ERROR_INVALID_ARGS, _ ("not the name of a vendor tag"));
        return;
    }
    firehose->answer_ms = VENDOR_MS;
    mfu_firehose_send_command (firehose, command);
}

void
mfu_firehose_begin_reset (MfuEngine *engine, guint delay_s)
{
    Firehose *firehose = (Firehose *) engine;

    if (mfu_firehose_begin (firehose, &op_reset, MFU_FIREHOSE_BUDGET))
        mfu_firehose_send_command (firehose, mfu_firehose_command_reset (delay_s));
}
