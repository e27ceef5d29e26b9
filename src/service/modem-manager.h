/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What ModemManager knows of the modems, copied into records that any thread may read. ModemManager may be
 * absent, come, go and come again; it is never started by us. */

#include <gio/gio.h>

#include "tracker/device.h"

typedef struct _MfuModemManager MfuModemManager;

/* One exported modem. Immutable; strings are never NULL unless said. */
typedef struct {
    gatomicrefcount ref_count;
    char *path;          /* "/org/freedesktop/ModemManager1/Modem/0" */
    char *uid;           /* what InhibitDevice wants; mostly the sysfs path */
    char *sysfs;         /* NULL before ModemManager 1.22 */
    char *name;          /* manufacturer and model, for messages */
    char *version;       /* best known: the plugin's, else that of UpdateSettings, else Revision; may be "" */
    char **ports;        /* "ttyUSB2", "cdc-wdm0" ... */
    gboolean is_settled; /* FALSE while our plugin still asks the modem for its exact version */
} MfuModem;

MfuModem *mfu_modem_ref (MfuModem *modem);
void mfu_modem_unref (MfuModem *modem);

/* Called in the main thread after every change of what the functions below answer, and once when
 * ModemManager has been asked for the first time. */
typedef void (*MfuModemManagerChanged) (MfuModemManager *manager, gpointer user_data);

/* Main thread. `connection` is the system bus. */
MfuModemManager *mfu_modem_manager_new (GDBusConnection *connection, MfuModemManagerChanged changed,
                                        gpointer user_data);

/* Main thread: goes on with another connection, because the old one is closed. */
void mfu_modem_manager_move (MfuModemManager *manager, GDBusConnection *connection);

/* Main thread, after every thread that waits in it has ended. */
void mfu_modem_manager_free (MfuModemManager *manager);

/* Main thread: whether ModemManager has answered, or does not run. */
gboolean mfu_modem_manager_is_asked (MfuModemManager *manager);

/* Main thread: names the ModemManager that runs now among all that ever ran; object paths mean something only
 * together with it. NULL while none runs. Valid until the next change. */
const char *mfu_modem_manager_get_session (MfuModemManager *manager);

/* Any thread, all of the following. Records are new references; NULL: none such is exported now. */
gboolean mfu_modem_manager_is_running (MfuModemManager *manager);
MfuModem *mfu_modem_manager_find (MfuModemManager *manager, const MfuUsbDevice *device);
MfuModem *mfu_modem_manager_find_by_path (MfuModemManager *manager, const char *path);
MfuModem *mfu_modem_manager_find_by_uid (MfuModemManager *manager, const char *uid);

/* Blocks until ModemManager exports `device`, with its version settled if that takes no more than half a
 * minute longer. TIMED_OUT at `deadline_us` (g_get_monotonic_time), CANCELLED, or NOT_FOUND when ModemManager
 * has not been there for `patience_ms`. Worker threads. */
MfuModem *mfu_modem_manager_wait_exported (MfuModemManager *manager, const MfuUsbDevice *device,
                                           gint64 deadline_us, guint patience_ms, GCancellable *cancellable,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Blocks until the object `path` has left, so that nobody takes an old record for a returned modem. FALSE at
 * the deadline. Worker threads. */
gboolean mfu_modem_manager_wait_unexported (MfuModemManager *manager, const char *path, gint64 deadline_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuModem, mfu_modem_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuModemManager, mfu_modem_manager_free)
