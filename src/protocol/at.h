/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One AT command and its answer. */

#include "protocol/engine.h"

/* `command` without "AT" and without CR, as in "+CGMR"; only printable ASCII without ';' outside of quotes,
 * else the engine starts in FAILED (INVALID_ARGS). `gone_is_done`: the port may vanish instead of answering
 * (AT+QFASTBOOT, AT+CFUN=1,1). Echo, unsolicited lines before the answer and CR LF variants are tolerated.
 * FAILED with REJECTED for ERROR, +CME ERROR, NO CARRIER and friends; TIMED_OUT; PROTOCOL past 4 KiB. */
MfuEngine *mfu_at_new (const char *command, guint timeout_ms, gboolean gone_is_done);

/* After DONE: the information lines without echo and final result, "" if there are none; owned by the engine.
 * A "+CMD: " prefix of the asked command is stripped from the first line. */
const char *mfu_at_get_text (MfuEngine *engine);
