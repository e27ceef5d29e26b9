/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* DLOAD, the download protocol of the boot ROM (and of the first boot loader) of chips before Sahara: it
 * takes a program into the modem's memory and starts it. One engine, one operation at a time: each begin
 * function needs the previous operation to be over. After a failure other than REJECTED the session is lost
 * and every operation stays FAILED. */

#include "protocol/engine.h"

typedef enum {
    MFU_DLOAD_READY,     /* DLOAD answers */
    MFU_DLOAD_STREAMING, /* a streaming loader runs here already */
    MFU_DLOAD_DIAG,      /* a running firmware's DIAG: the modem has not left normal mode */
} MfuDloadPeer;

/* Starts with asking who is there, for up to a minute: a boot ROM that has just come up is silent at first.
 * DONE when one of the three answered. */
MfuEngine *mfu_dload_new (void);
MfuDloadPeer mfu_dload_get_peer (MfuEngine *engine);

/* Asks what answers; after DONE the text is in mfu_dload_get_version (), "" when it does not tell. */
void mfu_dload_begin_version (MfuEngine *engine);
const char *mfu_dload_get_version (MfuEngine *engine);

/* Sends a program of at most 4 MiB into the memory from `address` on. INVALID_ARGS if it is empty, larger, or
 * reaches beyond 4 GiB. */
void mfu_dload_begin_load (MfuEngine *engine, guint32 address, GBytes *program);

/* Lets the modem start anew, from its flash. DONE when it agreed, or left its port. */
void mfu_dload_begin_reset (MfuEngine *engine);

/* Starts what was loaded. DONE when it was told to; the session is over, and the port may go away and come
 * back. */
void mfu_dload_begin_go (MfuEngine *engine, guint32 address);
