/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the programs can do; one file each. All return the exit code. */

#include "cli/arguments.h"

/* Ends with an entry without name. */
extern const MfuVerb mfu_verbs[];

int mfu_verb_update (const MfuArguments *arguments);
int mfu_verb_check (const MfuArguments *arguments);
int mfu_verb_recover (const MfuArguments *arguments);
int mfu_verb_status (const MfuArguments *arguments);
int mfu_verb_list (const MfuArguments *arguments);
int mfu_verb_cancel (const MfuArguments *arguments);
int mfu_verb_rescue (const MfuArguments *arguments);
