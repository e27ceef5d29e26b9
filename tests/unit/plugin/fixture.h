/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The plugin between a fake ModemManager, a fake service and a client, each with its own connection to a
 * private bus, all in one main loop. */

#include "fake-modem.h"
#include "fake-service.h"
#include "plugin/decorator.h"
#include "plugin/firmware-update.h"
#include "private-bus.h"

#define ROOT       "/org/freedesktop/ModemManager1"
#define PATH       ROOT "/Modem/0"
#define MODEM      "org.freedesktop.ModemManager1.Modem"
#define INTERFACE  MODEM ".FirmwareUpdate"
#define SERVICE    "org.freedesktop.ModemManager1.FirmwareUpdater"
#define UID        "/sys/devices/pci0000:00/usb1/1-2"
#define EXACT      "EC25EFAR06A05M4G_01.001.01.001"
#define DEADLINE_S 10

typedef struct {
    PrivateBus *bus;
    GDBusConnection *daemon, *service, *client;
    GDBusObjectManagerServer *manager;
    MfuSymbols symbols;
    MfuDecorator *decorator;
    FakeModem *modem; /* of the running test; NULL when it is gone */
} Fixture;

/* Of an asynchronous call. */
typedef struct {
    GVariant *value;
    GError *error;
    gboolean is_done;
} Reply;

/* For g_test_add (); activatable: the bus could start the service (and must not). */
void set_up (Fixture *f, gconstpointer has_activatable_service);
void tear_down (Fixture *f, gconstpointer user_data);

/* Runs the main loop until `predicate` holds; waiting for more than DEADLINE_S fails the test. */
void wait_until (gboolean (*predicate) (gpointer), gpointer user_data);

/* The modem's life. `plug`: ModemManager has made its object; the modem answers both version commands. */
void plug (Fixture *f, const char *plugin, guint vid, guint pid);
void plug_ec25 (Fixture *f); /* up to the export */
void export_modem (Fixture *f);
void unplug (Fixture *f);

/* Our interface of the modem, or NULL; the modem's. */
MfuFirmwareUpdate *peek_interface (Fixture *f);
/* Predicates; their argument is the fixture. */
gboolean has_version (gpointer f);
gboolean has_job (gpointer f);
gboolean has_no_job (gpointer f);
gboolean was_asked (gpointer f); /* at least one command went out */

/* The client's calls. */
void assert_property (Fixture *f, const char *name, const char *expected);
GUnixFDList *open_package (guint64 *inode);
void start_update (Fixture *f, Reply *reply, GUnixFDList *fds, GDBusCallFlags flags, const char *options);
gboolean is_done (gpointer reply);
void reply_clear (Reply *reply);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear)
