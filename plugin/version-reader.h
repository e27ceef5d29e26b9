/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asks a modem for its exact firmware version, through ModemManager's own AT port. */

#include "plugin/symbols.h"

/* AT+QGMR, and AT+CGMR if that yields nothing. Ends by itself within 20 s, whatever the modem and
 * ModemManager do. The modem may go away meanwhile; it is not kept alive. Main thread. */
void mfu_version_read_async (const MfuSymbols *symbols, GObject *modem, GAsyncReadyCallback callback,
                             gpointer user_data);

/* The version, or NULL with an error. `try_again` is set when a later reading may know more, also beside a
 * version: a modem that has just started answers with zeros for a while. */
char *mfu_version_read_finish (GAsyncResult *result, gboolean *try_again,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The version in an AT reply (echo, prefixes and blank lines allowed), newly allocated; NULL if none is.
 * `complete` is FALSE for a version with the zeros of a modem that is still starting. */
char *mfu_version_parse (const char *reply, gboolean *complete);
