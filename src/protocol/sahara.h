/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Sahara: identify the chip, load a programmer into its memory, or reset it. */

#include "protocol/engine.h"

typedef enum {
    MFU_SAHARA_LOAD,  /* identify by command mode if asked, then upload the programmer */
    MFU_SAHARA_RESET, /* leave Sahara by RESET: the boot ROM starts the modem again. DONE on RESET_RESP or
                         gone */
} MfuSaharaGoal;

typedef struct {
    MfuSaharaGoal goal;
    gboolean wants_identity; /* enter command mode before the upload; a ROM that refuses it is no failure */
    gboolean is_half_way;    /* its HELLO was consumed by somebody else: get a new one before anything */
    guint64 image_size;      /* the programmer's size: reads beyond it fail */
    guint expected_image_id; /* 13 for a firehose programmer; another id fails */
    GBytes *leftover;        /* what the probe has received already, or NULL; a reference is taken */
} MfuSaharaConfig;

typedef struct {
    guint32 version; /* of the protocol */
    gboolean has_serial;
    guint32 serial;
    gboolean has_hwid;
    guint64 hwid; /* MSM id in the upper, OEM and model id in the lower half, as printed by other tools */
    guint8 pk_hash[32]; /* of the OEM's root key */
    gboolean has_pk_hash;
} MfuSaharaIdentity;

/* SEND_IMAGE requests mean the programmer. After DONE of LOAD the programmer runs, and talks Firehose. */
MfuEngine *mfu_sahara_new (const MfuSaharaConfig *config);

/* What command mode told; valid from DONE or FAILED on. */
const MfuSaharaIdentity *mfu_sahara_get_identity (MfuEngine *engine);

/* With wants_identity: called once when the identity is known and before the first byte of the programmer is
 * sent; FALSE with an error set stops the upload (FAILED with that error). */
typedef gboolean (*MfuSaharaCheck) (const MfuSaharaIdentity *identity, gpointer user_data, GError **error);
void mfu_sahara_set_check (MfuEngine *engine, MfuSaharaCheck check, gpointer user_data);

/* What came behind the end of Sahara and belongs to the programmer's first log; usually empty, never NULL,
 * owned by the engine. */
GBytes *mfu_sahara_get_leftover (MfuEngine *engine);

/* The name of an END_IMAGE status, for messages; static. */
const char *mfu_sahara_status_to_string (guint32 status);
