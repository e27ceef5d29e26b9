/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The functions of the daemon that the plugin calls, looked up at run time. */

#include <gio/gio.h>

/* Both kept their C signature from ModemManager 1.18 to 1.25. Source: ModemManager src/mm-base-modem-at.h at
 * the tags 1.18.12, 1.20.4, 1.22.0, 1.24.2, 1.25.95-dev. */
typedef void (*MfuAtCommandFunc) (GObject *modem, const char *command, guint timeout_s, gboolean allow_cached,
                                  GAsyncReadyCallback callback, gpointer user_data);
/* The reply belongs to the port and is good until the next command: copy it at once. */
typedef const char *(*MfuAtCommandFinishFunc) (GObject *modem, GAsyncResult *result, GError **error);

typedef struct {
    MfuAtCommandFunc at_command;              /* NULL: versions are not read */
    MfuAtCommandFinishFunc at_command_finish; /* NULL if and only if at_command is */
    GType (*plugin_get_type) (void);          /* NULL: we cannot show up in the list of plugins */
} MfuSymbols;

/* Looks everything up in the running program. What is missing is NULL and has one line in the log that says
 * what does not work therefore. */
void mfu_symbols_look_up (MfuSymbols *symbols);

/* The major version that this daemon demands of plugins: as a stock plugin in `directory` (may be NULL) has
 * it, else guessed from what the daemon exports. */
int mfu_symbols_plugin_major_version (const char *directory);
