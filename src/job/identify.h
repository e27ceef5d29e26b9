/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the modem runs: before the plan, and once more for a modem that ModemManager held meanwhile. */

#include "job/run.h"

/* Before the plan: completes `facts` (mode, family, is_unfinished are set) by the version that was `told`
 * (NULL or "": by nobody), by the modem itself, by a ModemManager that is just finding it, for which it waits
 * up to two minutes, or by what an earlier run wrote down. Sets run->asks_when_taken where ModemManager turns
 * out to have it, and renews run->device. BUSY: another program has its ports; NOT_AUTHORIZED; CANCELLED. */
gboolean mfu_run_know (MfuRun *run, const char *told, MfuDeviceFacts *facts,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* After take: asks the modem itself and compares again, with what is known now; the journal learns it too. A
 * modem that does not answer is taken by what was known before. Does nothing where the first look was as good
 * as this one. WRONG_PACKAGE, NOTHING_TO_DO: the refusal; BUSY: another program has the AT port. */
gboolean mfu_run_identify (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
