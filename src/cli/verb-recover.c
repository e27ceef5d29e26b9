/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Writes a package to a modem that does not run any more; the same chain, entered later. */

#include "cli/update.h"
#include "cli/verbs.h"

int
mfu_verb_recover (const MfuArguments *arguments)
{
    return mfu_update_run (arguments, MFU_UPDATE_RECOVER);
}
