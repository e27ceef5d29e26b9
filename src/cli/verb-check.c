/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Has the service read a package and plan the update, prints the plan, and drops the job. */

#include "cli/update.h"
#include "cli/verbs.h"

int
mfu_verb_check (const MfuArguments *arguments)
{
    return mfu_update_run (arguments, MFU_UPDATE_ONLY_CHECK);
}
