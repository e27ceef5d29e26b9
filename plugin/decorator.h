/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Adds our interface to the modem objects that deserve it, without ModemManager's help. */

#include "plugin/models.h"
#include "plugin/symbols.h"

typedef struct _MfuDecorator MfuDecorator;

/* Takes `models`. Works on every modem object of this process from now on; there should be one. */
MfuDecorator *mfu_decorator_new (MfuModels *models, const MfuSymbols *symbols);
/* Objects that have our interface keep it, and use `symbols`. */
void mfu_decorator_free (MfuDecorator *decorator);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuDecorator, mfu_decorator_free)
