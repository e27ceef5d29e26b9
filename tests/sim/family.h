/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What makes one kind of modem differ from another: a table. */

#include "sim/composition.h"

typedef struct {
    const char *name;      /* "ec25" */
    const char *version;   /* factory firmware */
    const char *chip;      /* what a programmer must be made for: "9x07" */
    const char *geometry;  /* the only one that there is; NULL: both */
    gboolean has_usb3;     /* in normal mode */
    gboolean is_9x15;      /* no Sahara, no Firehose: DLOAD and the streaming loader */
    gboolean is_mbim_only; /* a laptop's module: no serial port */
    /* None of Quectel's, in this one mode: whatever is written to it or started on it is a failure. `maker`
     * and `model` are what AT tells, `product` what fastboot does; a NULL maker has no AT port. */
    gboolean is_stranger;
    SimStart only_start;
    SimMode only_mode;
    const char *maker, *model, *product;
    const char *build; /* eight characters of DIAG's version answer */
    /* The interfaces of the normal mode: composition.h. Download: DLOAD's identity, or that of Quectel's SBL.
     * The serial of fastboot is the chip's if NULL. */
    SimUsb normal, edl, fastboot, download;
    guint8 hw_id[8];    /* Sahara command 2, as on the wire */
    guint8 pk_hash[32]; /* Sahara command 3 */
} SimFamily;

/* Where all other modes have their endpoints. */
#define SIM_EP_EDL 1

const SimFamily *sim_family_find (const char *name);
