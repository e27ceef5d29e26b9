/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fastboot's work on the chip.
 *
 * An image goes to the start of its partition as raw pages, UBI images too. Each block is erased just before
 * it is written, bad ones are skipped, all further blocks of the partition are erased. That an image is too
 * large shows when the partition is full of it.
 *
 * Source: spec sections 4.8, 6.2, 6.3; Biktorgj/quectel_lk e185f663 app/aboot/aboot.c cmd_flash, cmd_erase;
 * platform/msm_shared/qpic_nand.c flash_write (pages with their spare bytes for what is no UBI image in
 * system, recoveryfs, modem; no padding there). */

#include "sim/fbstate.h"

#include <string.h>

/* Real speed, as for Firehose: about 4 MB/s; 590 blocks in 745 ms. */
#define PROGRAM_BYTES_PER_S 4000000
#define ERASE_US_PER_BLOCK  1260

static const SimPart *
find_part (const SimFastboot *fb, const char *name)
{
    for (guint i = 0; i < fb->table.n_parts; i++) {
        if (name[0] && g_str_equal (fb->table.parts[i].name, name))
            return &fb->table.parts[i];
    }
    return NULL;
}

/* What no host may touch, though lk lets it. By name and by place. */
static void
check_protected (SimFastboot *fb, const char *what, const SimPart *part)
{
    const SimLayout *factory = &fb->modem->factory;

    if (g_str_equal (part->name, "mibib"))
        sim_failure (fb->modem, "fastboot: %s of %s", what, part->name);
    for (guint i = 0; i < factory->n_parts; i++) {
        const SimPart *held = &factory->parts[i];

        if (held->flags & SIM_PART_PROTECTED && part->start < held->start + held->n_blocks &&
            held->start < part->start + part->n_blocks)
            sim_failure (fb->modem, "fastboot: %s of the protected %s", what, held->name);
    }
}

static void
erase_block (SimFastboot *fb, guint block)
{
    SimModem *modem = fb->modem;

    if (!modem->nand->is_bad[block])
        sim_nand_erase_block (modem->nand, block);
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, ERASE_US_PER_BLOCK);
}

void
sim_fb_erase (SimFastboot *fb, const char *name, SimHit hit)
{
    const SimPart *part = find_part (fb, name);
    guint per_block = fb->modem->nand->pages_per_block;
    SimOp *op;

    if (!part) {
        sim_op (fb->modem, SIM_OP_OTHER, 0, 0, "erase %s: no such partition", name);
        if (sim_fb_goes_on (fb, hit))
            sim_fb_reply (fb, "FAIL", "unknown partition name", hit);
        return;
    }
    op = sim_op (fb->modem, SIM_OP_ERASE, part->start * per_block, part->n_blocks * per_block,
                 "erase %s %u+%u", part->name, part->start * per_block, part->n_blocks * per_block);
    if (!sim_fb_goes_on (fb, hit))
        return;
    check_protected (fb, "erase", part);
    for (guint i = 0; i < part->n_blocks; i++)
        erase_block (fb, part->start + i);
    op->is_done = TRUE;
    sim_fb_reply (fb, "OKAY", "", hit);
}

typedef struct {
    const SimPart *part;
    const guint8 *data;
    gsize size;
    gsize stride;     /* from one page's bytes to those of the next */
    guint skip;       /* so many pages of the partition stay erased in front */
    guint most_pages; /* the power fails behind so many */
} Image;

/* FALSE when it does not fit, or has half a page left over. */
static gboolean
write_image (SimFastboot *fb, const Image *image)
{
    SimModem *modem = fb->modem;
    SimNand *nand = modem->nand;
    guint page = image->part->start * nand->pages_per_block;
    guint end = page + image->part->n_blocks * nand->pages_per_block;
    guint n_written = 0;

    for (gsize at = 0; at < image->size; at += image->stride) {
        while (page < end && nand->is_bad[page / nand->pages_per_block])
            page += nand->pages_per_block;
        if (image->size - at < image->stride || page >= end || n_written >= image->most_pages)
            return FALSE;
        if (page % nand->pages_per_block == 0) {
            erase_block (fb, page / nand->pages_per_block);
            page += at == 0 ? image->skip : 0;
        }
        sim_nand_program (nand, page++, image->data + at, nand->page_size);
        n_written++;
        if (modem->speed == SIM_SPEED_REAL)
            sim_work (modem, (gint64) nand->page_size * G_USEC_PER_SEC / PROGRAM_BYTES_PER_S);
    }
    for (page += (nand->pages_per_block - page % nand->pages_per_block) % nand->pages_per_block; page < end;
         page += nand->pages_per_block)
        erase_block (fb, page / nand->pages_per_block);
    return TRUE;
}

/* Partitions that can hold pages with spare bytes, and are never padded. */
static gboolean
has_extra (const char *name)
{
    static const char *const names[] = { "system", "userdata", "persist", "recoveryfs", "modem" };

    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
        if (g_str_equal (names[i], name))
            return TRUE;
    }
    return FALSE;
}

static gboolean
begins_with (const GByteArray *data, const char *magic)
{
    return data->len > strlen (magic) && memcmp (data->data, magic, strlen (magic)) == 0;
}

/* Brings the data into shape. The reason when it cannot be flashed there. */
static const char *
prepare (SimFastboot *fb, const SimPart *part, Image *image)
{
    gsize page_size = fb->modem->nand->page_size;
    gsize padded = (fb->data->len + page_size - 1) / page_size * page_size;
    gsize size = fb->data->len;

    image->part = part;
    image->stride = page_size;
    image->most_pages = G_MAXUINT;
    image->skip = fb->modem->quirks & SIM_QUIRK_FASTBOOT_SBL2 && g_str_equal (part->name, "sbl2") ? 1 : 0;
    if ((g_str_equal (part->name, "boot") || g_str_equal (part->name, "recovery")) &&
        !begins_with (fb->data, "ANDROID!"))
        return "Image is not a boot image";
    if (has_extra (part->name)) {
        if (!begins_with (fb->data, "UBI#"))
            image->stride += page_size / 32;
    } else if (padded > fb->max_download && padded > size) {
        return "Buffer size is not aligned to page_size";
    } else {
        g_byte_array_set_size (fb->data, (guint) padded);
        if (padded > size)
            memset (fb->data->data + size, 0, padded - size);
        size = padded;
    }
    image->data = fb->data->data;
    image->size = size;
    return NULL;
}

static void
flash_part (SimFastboot *fb, const SimPart *part, SimHit hit)
{
    guint per_block = fb->modem->nand->pages_per_block;
    gsize page_size = fb->modem->nand->page_size;
    gsize downloaded = fb->data->len;
    guint n_pages = (guint) ((downloaded + page_size - 1) / page_size);
    Image image;
    const char *why;
    SimOp *op = sim_op (fb->modem, SIM_OP_PROGRAM, part->start * per_block, n_pages, "flash %s %u+%u",
                        part->name, part->start * per_block, n_pages);

    check_protected (fb, "flash", part);
    if (downloaded == 0)
        sim_failure (fb->modem, "fastboot: flash of %s without data, which erases it", part->name);
    why = prepare (fb, part, &image);
    if (hit.action == SIM_ACT_FLIP && !why && image.size > 0)
        fb->data->data[image.size / 2] ^= 0x10;
    else if (hit.action == SIM_ACT_DEAF)
        image.most_pages = n_pages / 2;
    if (!why && !write_image (fb, &image))
        why = "flash write failure";
    /* The padding is not what was downloaded; the next flash pads again. */
    g_byte_array_set_size (fb->data, (guint) downloaded);
    op->is_done = !why;
    sim_fb_reply (fb, why ? "FAIL" : "OKAY", why ? why : "", hit);
}

void
sim_fb_flash (SimFastboot *fb, const char *name, SimHit hit)
{
    const SimPart *part = find_part (fb, name);
    gboolean loses_power = hit.action == SIM_ACT_DEAF && fb->modem->leave_how != SIM_RESET_NONE;

    if (!loses_power && !sim_fb_goes_on (fb, hit))
        return;
    if (!(fb->modem->quirks & SIM_QUIRK_NO_STICKY) && !sim_chain_is_forced (fb->modem->nand, &fb->table))
        sim_chain_set_forced (fb->modem->nand, &fb->table, TRUE);
    if (part) {
        flash_part (fb, part, hit);
        return;
    }
    /* Taken for a volume of the UBI image in system, where it is none either. */
    sim_op (fb->modem, SIM_OP_OTHER, 0, 0, "flash %s: no such partition", name);
    sim_fb_reply (fb, "FAIL", "update_ubi_vol failed", hit);
}
