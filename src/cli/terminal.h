/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Where words and progress go: a terminal, whose last line is rewritten, or a log, which gets whole lines. */

#include "cli/progress.h"

typedef struct _MfuTerminal MfuTerminal;

/* `is_silent`: no progress and no remarks, only what is printed by others (-J, -K). */
MfuTerminal *mfu_terminal_new (gboolean is_silent);
void mfu_terminal_free (MfuTerminal *terminal);

/* Whether somebody sits there who can be asked: input and output are terminals. */
gboolean mfu_terminal_can_ask (const MfuTerminal *terminal);

/* Shows `progress`. On a terminal at most ten times a second: what comes faster waits for the next call or
 * for mfu_terminal_tick (). In a log one line for each step, and one for each tenth of the whole. */
void mfu_terminal_show (MfuTerminal *terminal, const MfuProgress *progress);

/* Draws what waits; call it ten times a second. */
void mfu_terminal_tick (MfuTerminal *terminal);

/* Draws anew, at the width that the window has now. */
void mfu_terminal_redraw (MfuTerminal *terminal);

/* Takes the progress line away. The cursor was never hidden, so a killed process leaves nothing behind. */
void mfu_terminal_clear (MfuTerminal *terminal);

/* A remark on a line of its own, to stderr, also where progress is silent; the progress line is drawn again
 * behind it. */
void mfu_terminal_say (MfuTerminal *terminal, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* "error: ..." and, where there is one, the advice, to stderr. */
void mfu_terminal_error (MfuTerminal *terminal, const char *message, const char *advice);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuTerminal, mfu_terminal_free)
