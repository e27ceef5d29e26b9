/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The last words: what became of the modem, and the exit code that says the same. */

#include "cli/arguments.h"
#include "cli/job-view.h"
#include "cli/terminal.h"

/* Prints the result of a job in an end state and returns the exit code. */
int mfu_outcome_print (const MfuArguments *arguments, MfuTerminal *terminal, const MfuJobView *view,
                       const char *subject);

/* Prints `error` and returns its exit code. `advice` may be NULL. */
int mfu_outcome_error (MfuTerminal *terminal, const GError *error, const char *advice);

/* Prints `report`, in the form that was asked for, and returns 0. */
int mfu_outcome_report (const MfuArguments *arguments, const MfuReport *report);
