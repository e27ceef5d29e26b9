/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The second look at a modem's version, for a modem that ModemManager held while the plan was made. */

#include "job/run.h"

/* After take: asks the modem itself and compares again, with what is known now; the journal learns it too. A
 * modem that does not answer is taken by what was known before. Does nothing where the first look was as good
 * as this one. WRONG_PACKAGE, NOTHING_TO_DO: the refusal; BUSY: another program has the AT port. */
gboolean mfu_run_identify (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
