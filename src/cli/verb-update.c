/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Writes a package to a modem that runs, or goes on where an earlier run ended. */

#include "cli/update.h"
#include "cli/verbs.h"

int
mfu_verb_update (const MfuArguments *arguments)
{
    return mfu_update_run (arguments, MFU_UPDATE_NORMAL);
}
