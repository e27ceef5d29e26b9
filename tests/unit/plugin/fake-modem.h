/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* As much of ModemManager's MMBaseModem as the plugin can see: type name, property names, two functions. The
 * object skeleton below it is the real one of libmm-glib. */

#include <libmm-glib.h>

#define FAKE_TYPE_MODEM (fake_modem_get_type ())
GType fake_modem_get_type (void);

typedef struct _FakeModem FakeModem;

/* `plugin` and `device` as ModemManager's properties of the same name. */
FakeModem *fake_modem_new (const char *plugin, guint vid, guint pid, const char *device);

/* What the modem answers to `command` from now on; NULL: ERROR. A command that was never mentioned is not
 * answered at all until fake_modem_fail_pending (). */
void fake_modem_set_reply (FakeModem *modem, const char *command, const char *reply);
/* As ModemManager does when it disposes of a modem. */
void fake_modem_fail_pending (FakeModem *modem);
/* All commands so far, joined by blanks; newly allocated. */
char *fake_modem_get_commands (FakeModem *modem);

/* Adds ModemManager's Modem interface, as the end of the modem's initialization does. */
void fake_modem_finish_initialization (FakeModem *modem);

/* What ModemManager's functions of these names do. */
void mm_base_modem_at_command (GObject *modem, const char *command, guint timeout_s, gboolean allow_cached,
                               GAsyncReadyCallback callback, gpointer user_data);
const char *mm_base_modem_at_command_finish (GObject *modem, GAsyncResult *result, GError **error);
