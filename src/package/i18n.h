/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* `_()` for this room: the text domain must be known before GLib's header is read. */

#include "config.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN

#include <glib/gi18n-lib.h>
