/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Who is talking behind 05c6:9008: listen first, then ask in the one order that harms none of them. */

#include "protocol/engine.h"

typedef enum {
    MFU_EDL_SILENT,          /* no answer to anything */
    MFU_EDL_SAHARA,          /* a fresh HELLO came */
    MFU_EDL_SAHARA_HALF_WAY, /* Sahara answers, but its HELLO is gone: the session must be reset first */
    MFU_EDL_FIREHOSE,        /* a programmer runs */
    MFU_EDL_DLOAD,           /* recognised; served by a later chain */
    MFU_EDL_STREAMING,       /* recognised; served by a later chain */
} MfuEdlState;

/* Always ends in DONE unless the device leaves (FAILED, GONE). */
MfuEngine *mfu_edl_probe_new (void);

MfuEdlState mfu_edl_probe_get_state (MfuEngine *engine);

/* What was received and belongs to the next engine (the HELLO, the programmer's logs); owned by the engine.
 */
GBytes *mfu_edl_probe_get_leftover (MfuEngine *engine);
const char *mfu_edl_state_to_string (MfuEdlState state);
