/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The parts of a package that no XML names: loaders and tables for the streaming protocol, and all of a 9x15
 * package. */

#include "package/opening.h"

/* Fills in what the layout's methods promise; a package that has other methods may lose STREAMING. */
gboolean mfu_legacy_describe (MfuOpening *opening, GError **error) G_GNUC_WARN_UNUSED_RESULT;
