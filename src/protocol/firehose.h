/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A session with a Firehose programmer: one engine, one operation at a time. Each begin function needs the
 * previous operation to be over (DONE, or FAILED with REJECTED: a NAK leaves the session usable). After any
 * other failure but GONE only nop, leave_raw_mode and reset can be begun; the others stay FAILED. */

#include "protocol/engine.h"

typedef struct {
    guint max_payload;     /* asked for by configure; the programmer's answer may lower it */
    gboolean is_zlp_aware; /* ZlpAwareHost=1: raw data in multiples of the packet size end by a ZLP */
    /* It was running when we came: it may be at work on what another host has asked for, and answer that
     * first. */
    gboolean is_met;
} MfuFirehoseConfig;

typedef struct {
    guint start_sector;
    guint num_sectors;
    guint sector_size;     /* SECTOR_SIZE_IN_BYTES */
    guint pages_per_block; /* PAGES_PER_BLOCK, 0 to leave it out */
    guint physical_partition;
    const char *filename; /* program only: told to the programmer, may be NULL */
    const char *label;    /* may be NULL */
} MfuFirehoseRange;

typedef struct {
    gboolean is_known;
    guint total_blocks;
    guint block_size; /* bytes */
    guint page_size;  /* bytes */
    char mem_type[16];
    char prod_name[64];
} MfuFirehoseStorage;

/* Starts with the connect operation: waits for the first log of a programmer that has just been loaded and
 * drains what follows, up to the end of its list of functions. `leftover` (may be NULL) is what a probe or
 * Sahara has received already: with it no first log is waited for, only the rest of what it belongs to, and
 * with an empty one nothing at all. With `is_met`, a programmer that has not answered is asked by a nop, and
 * what it says is not over before it is silent. */
MfuEngine *mfu_firehose_new (const MfuFirehoseConfig *config, GBytes *leftover);

void mfu_firehose_begin_configure (MfuEngine *engine);
void mfu_firehose_begin_nop (MfuEngine *engine);

/* For a programmer that a killed run left in raw mode, waiting for data of an unknown amount: feeds it zeros
 * in small amounts (SEND_IMAGE requests without an image) until it answers in XML again; at most `max_bytes`.
 * FAILED with PROTOCOL when what answers is no programmer: a boot ROM that waited for the rest of a block of
 * data. Only before the first erase of a new run. */
void mfu_firehose_begin_leave_raw_mode (MfuEngine *engine, guint64 max_bytes);

/* DONE even where the programmer has no such command: look at `is_known`. */
void mfu_firehose_begin_storage_info (MfuEngine *engine);

/* The erase deadline is 15 s for each started 1024 blocks' worth of pages, at least 15 s. */
void mfu_firehose_begin_erase (MfuEngine *engine, const MfuFirehoseRange *range);

/* `image_size` bytes are announced as ceil (image_size / sector_size) sectors (num_sectors of `range` is the
 * limit and is checked) and requested by SEND_IMAGE, zero-padded to the sector. */
void mfu_firehose_begin_program (MfuEngine *engine, const MfuFirehoseRange *range, guint64 image_size);

/* Sectors come out as DELIVER requests, exactly num_sectors * sector_size bytes in all. */
void mfu_firehose_begin_read (MfuEngine *engine, const MfuFirehoseRange *range);

/* The four known anti-misflash attributes of a `vendor="quectel"` tag; NULL leaves one out. `tag` is the
 * element's name, one of erase, program, configure and the like as the package has it, [a-z]+ only. */
typedef struct {
    const char *tag;
    const char *a_rawdata_start_sector;
    const char *b_rawdata_num_sector;
    const char *c_project_name;
    const char *d_project_type;
} MfuFirehoseVendorTag;
void mfu_firehose_begin_vendor (MfuEngine *engine, const MfuFirehoseVendorTag *vendor_tag);

/* `power value=reset`. DONE on ACK, or when the device is gone after the command was sent. */
void mfu_firehose_begin_reset (MfuEngine *engine, guint delay_s);

const MfuFirehoseStorage *mfu_firehose_get_storage (MfuEngine *engine);

/* TRUE if the programmer has named `function` among its supported functions, or has named none at all. */
gboolean mfu_firehose_supports (MfuEngine *engine, const char *function);

/* The payload size in force (bytes). */
guint mfu_firehose_get_payload (MfuEngine *engine);

/* The operation's last <log> text that says more than that the command was heard, for messages; "" if none;
 * owned by the engine, changes with each answer. */
const char *mfu_firehose_get_last_log (MfuEngine *engine);
