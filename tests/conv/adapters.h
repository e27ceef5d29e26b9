/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the scripts call the engines, their operations and their results. */

#include "protocol/engine.h"
#include "script.h"

/* A new engine after the script's configuration lines; an unknown one ends the program. */
MfuEngine *adapter_new (const Script *script);

/* `begin` and `check` lines. */
void adapter_begin (const Script *script, MfuEngine *engine, char **words);
void adapter_check (const Script *script, MfuEngine *engine, char **words);
