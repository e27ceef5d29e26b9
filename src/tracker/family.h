/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A family of modems: what data/devices/NAME.conf says about it. */

#include <glib.h>

typedef enum {
    MFU_MODE_UNKNOWN, /* nothing that any family knows */
    MFU_MODE_NORMAL,
    MFU_MODE_SBL_DOWNLOAD, /* normal VID:PID, one interface */
    MFU_MODE_EDL,          /* 05c6:9008: Sahara, Firehose, DLOAD or streaming; told apart by probing only */
    MFU_MODE_FASTBOOT,
    MFU_MODE_GONE,
} MfuMode;

const char *mfu_mode_to_string (MfuMode mode);
gboolean mfu_mode_from_string (const char *string, MfuMode *mode);

typedef struct {
    guint16 vid, pid;
    char *model; /* marketing name for messages, "EC25" */
} MfuUsbId;

/* Where a partition lies on a chip of a known geometry, in blocks; the name as in `protected_names`. */
typedef struct {
    char name[17];
    guint start_block, num_blocks;
} MfuLayoutPartition;

/* The protected partitions of one geometry (sizes in bytes). */
typedef struct {
    guint page_size, block_size;
    GArray *partitions; /* MfuLayoutPartition */
} MfuLayout;

/* The geometry that a memory code in a version name stands for ("M4G"), in bytes. */
typedef struct {
    char code[8];
    guint page_size, block_size;
} MfuMemory;

/* Read-only after loading; shared between threads. */
typedef struct {
    char *name;           /* "mdm9x07", the keyfile's name */
    char *description;    /* "Qualcomm MDM9x07: Quectel EC25, EG25, ..." */
    GArray *normal_ids;   /* MfuUsbId */
    GArray *edl_ids;      /* MfuUsbId, shared with strangers */
    GArray *fastboot_ids; /* MfuUsbId, shared with strangers */
    /* Not 0: the normal identity is also that of devices of others. With so many interfaces it may be one of
     * ours, which only its own words can tell; with one it is in a download mode. */
    guint shared_interfaces;
    int diag_interface, at_interface, modem_interface; /* -1: none */
    char **models;          /* what version names of this family start with: "EC25", "EG25", ... */
    char **chip_ids;        /* what contents.xml may say: "MDM9607", "MDM9207" */
    char **programmers;     /* programmer names, globs: "prog_nand_firehose_9x07*" */
    char **protected_names; /* partitions that nothing may touch, lower case without "0:" */
    char **raw_images;      /* partitions that are read back before SBL is written: "tz", "rpm", ... */
    char **boot_chain;      /* what runs before fastboot does, in the order in which it is written */
    char **products;        /* what fastboot calls itself: "MDM9607" */
    char **serials;         /* what it has for a serial number where that names the chip: "MDM9615" */
    guint64 max_image;      /* the largest image that fastboot takes; 0: it has to be asked */
    GArray *memories;       /* MfuMemory */
    GArray *layouts;        /* MfuLayout; for modems whose live partition table cannot be read */
    GArray *msm_ids;        /* guint32, as Sahara tells them; empty: unknown */
    guint sahara_image_id;
    guint firehose_payload;
    gboolean firehose_zlp_aware;
    guint switch_ms;   /* from the switch to the EDL identity's arrival */
    guint fastboot_ms; /* from the switch to the fastboot identity's arrival */
    guint return_ms;   /* from reset to the normal identity's arrival */
    guint settle_ms;   /* from there to an AT port that answers */
    guint8 chains;     /* bits of MfuChain */
} MfuFamily;

typedef enum {
    MFU_CHAIN_FIREHOSE = 1 << 0,
    MFU_CHAIN_FASTBOOT = 1 << 1,
    MFU_CHAIN_DLOAD = 1 << 2,     /* DLOAD, the streaming loader and fastboot, of chips before Sahara */
    MFU_CHAIN_STREAMING = 1 << 3, /* out of Quectel's SBL download mode, then fastboot */
} MfuChain;

typedef struct _MfuFamilies MfuFamilies;

/* Reads every *.conf below `directory`. A file that cannot be read completely is an error that names file,
 * group and key: nothing is flashed on half a description. */
MfuFamilies *mfu_families_load (const char *directory, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_families_free (MfuFamilies *families);

guint mfu_families_n (const MfuFamilies *families);
const MfuFamily *mfu_families_get (const MfuFamilies *families, guint index);
const MfuFamily *mfu_families_by_name (const MfuFamilies *families, const char *name);
/* By normal identity, whoever else may have it. */
const MfuFamily *mfu_families_by_usb_id (const MfuFamilies *families, guint16 vid, guint16 pid);
/* By a version name, as "EC25EFAR06A05M4G". */
const MfuFamily *mfu_families_by_model (const MfuFamilies *families, const char *version);

/* The MfuLayoutPartition of a geometry, NULL if it is not known. Owned by the family. */
GArray *mfu_family_get_layout (const MfuFamily *family, guint page_size, guint block_size);

/* What a memory code stands for; NULL if it is not known. Owned by the family. */
const MfuMemory *mfu_family_get_memory (const MfuFamily *family, const char *code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuFamilies, mfu_families_free)
