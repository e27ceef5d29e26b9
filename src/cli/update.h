/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What update, check and recover have in common. */

#include "cli/arguments.h"

typedef enum {
    MFU_UPDATE_NORMAL,
    MFU_UPDATE_ONLY_CHECK, /* print the plan, touch nothing */
    MFU_UPDATE_RECOVER,    /* the modem is stuck; one that runs is refused by the service */
} MfuUpdateKind;

/* Does it all and returns the exit code. */
int mfu_update_run (const MfuArguments *arguments, MfuUpdateKind kind);
