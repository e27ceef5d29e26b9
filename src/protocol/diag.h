/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The little of Qualcomm's DIAG that a flasher needs. */

#include "protocol/engine.h"

/* Drains log noise, then sends "switch to EDL" (4b 65 01 00). DONE when the echo came or the port is gone:
 * both are seen on real modems. FAILED: REJECTED (answer 13, bad command), TIMED_OUT, PROTOCOL. */
MfuEngine *mfu_diag_switch_to_edl_new (void);

/* The same with "download" (3a), after which a MDM9x15 comes up in DLOAD. */
MfuEngine *mfu_diag_switch_to_dload_new (void);

/* Asks the extended build id (7c). DONE with the software revision, FAILED as above. */
MfuEngine *mfu_diag_build_id_new (void);
const char *mfu_diag_build_id_get (MfuEngine *engine);
