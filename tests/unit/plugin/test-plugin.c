/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The plugin between a fake ModemManager, a fake service and a client, each with its own connection to a
 * private bus, all in one main loop. */

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "fake-modem.h"
#include "fake-service.h"
#include "plugin/decorator.h"
#include "plugin/firmware-update.h"
#include "plugin/version-reader.h"
#include "private-bus.h"

#define ROOT      "/org/freedesktop/ModemManager1"
#define PATH      ROOT "/Modem/0"
#define MODEM     "org.freedesktop.ModemManager1.Modem"
#define INTERFACE MODEM ".FirmwareUpdate"
#define SERVICE   "org.freedesktop.ModemManager1.FirmwareUpdater"
#define UID       "/sys/devices/pci0000:00/usb1/1-2"
#define EXACT     "EC25EFAR06A05M4G_01.001.01.001"

#define DEADLINE_S 10

typedef struct {
    PrivateBus *bus;
    GDBusConnection *daemon, *service, *client;
    GDBusObjectManagerServer *manager;
    MfuSymbols symbols;
    MfuDecorator *decorator;
    FakeModem *modem; /* of the running test; NULL when it is gone */
} Fixture;

static gboolean
set_true (gpointer flag)
{
    *(gboolean *) flag = TRUE;
    return G_SOURCE_REMOVE;
}

/* Runs the main loop until `predicate` holds. */
static void
wait_until (gboolean (*predicate) (gpointer), gpointer user_data)
{
    gboolean is_late = FALSE;
    guint timeout = g_timeout_add_seconds (DEADLINE_S, set_true, &is_late);

    while (!predicate (user_data) && !is_late)
        g_main_context_iteration (NULL, TRUE);
    g_assert_false (is_late);
    g_source_remove (timeout);
}

typedef struct {
    GVariant *value;
    GError *error;
    gboolean is_done;
} Reply;

static void
reply_clear (Reply *reply)
{
    g_clear_pointer (&reply->value, g_variant_unref);
    g_clear_error (&reply->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reply, reply_clear)

static gboolean
is_done (gpointer reply)
{
    return ((Reply *) reply)->is_done;
}

static void
reply_ready (GObject *source, GAsyncResult *result, gpointer user_data)
{
    Reply *reply = user_data;

    reply->value = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), NULL, result,
                                                                    &reply->error);
    reply->is_done = TRUE;
}

static void
start_call (Fixture *f, Reply *reply, const char *interface, const char *method, GVariant *parameters,
            GUnixFDList *fds, GDBusCallFlags flags)
{
    g_dbus_connection_call_with_unix_fd_list (f->client, g_dbus_connection_get_unique_name (f->daemon), PATH,
                                              interface, method, parameters, NULL, flags, DEADLINE_S * 1000,
                                              fds, NULL, reply_ready, reply);
}

static void
start_update (Fixture *f, Reply *reply, GUnixFDList *fds, GDBusCallFlags flags, const char *options)
{
    GVariant *parsed = g_variant_new_parsed (options);

    start_call (f, reply, INTERFACE, "Update", g_variant_new ("(h@a{sv})", 0, parsed), fds, flags);
}

static GUnixFDList *
open_package (guint64 *inode)
{
    int fd;
    struct stat status;
    g_autofree char *path = NULL;

    fd = g_file_open_tmp ("package-XXXXXX", &path, NULL);
    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (fstat (fd, &status), ==, 0);
    g_unlink (path);
    *inode = status.st_ino;
    return g_unix_fd_list_new_from_array (&fd, 1);
}

static GVariant *
get_property (Fixture *f, const char *name)
{
    g_auto (Reply) reply = { 0 };
    GVariant *value;

    start_call (f, &reply, "org.freedesktop.DBus.Properties", "Get", g_variant_new ("(ss)", INTERFACE, name),
                NULL, G_DBUS_CALL_FLAGS_NONE);
    wait_until (is_done, &reply);
    g_assert_no_error (reply.error);
    g_variant_get (reply.value, "(v)", &value);
    return value;
}

static void
assert_property (Fixture *f, const char *name, const char *expected)
{
    g_autoptr (GVariant) value = get_property (f, name);
    g_autofree char *text = g_variant_print (value, FALSE);

    g_assert_cmpstr (text, ==, expected);
}

static MfuFirmwareUpdate *
peek_interface (Fixture *f)
{
    g_autoptr (GDBusInterface) interface = g_dbus_object_get_interface (G_DBUS_OBJECT (f->modem), INTERFACE);

    return (MfuFirmwareUpdate *) interface;
}

static gboolean
has_version (gpointer f)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (peek_interface (f));

    return *mfu_dbus_modem_firmware_update_get_version (interface) != '\0';
}

static gboolean
has_job (gpointer f)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (peek_interface (f));

    return !g_str_equal (mfu_dbus_modem_firmware_update_get_job (interface), "/");
}

static gboolean
has_no_job (gpointer f)
{
    return !has_job (f);
}

/* At least one command went out. */
static gboolean
was_asked (gpointer f)
{
    g_autofree char *commands = fake_modem_get_commands (((Fixture *) f)->modem);

    return *commands != '\0';
}

static void
plug (Fixture *f, const char *plugin, guint vid, guint pid)
{
    f->modem = fake_modem_new (plugin, vid, pid, UID);
    fake_modem_set_reply (f->modem, "+QGMR", EXACT);
    fake_modem_set_reply (f->modem, "+CGMR", "EC25EFAR06A05M4G");
}

/* As ModemManager's export_modem (). */
static void
export_modem (Fixture *f)
{
    g_object_set (f->modem, "g-object-path", PATH, NULL);
    g_dbus_object_manager_server_export (f->manager, G_DBUS_OBJECT_SKELETON (f->modem));
}

/* As ModemManager's unexport_modem () and clear_modem (). */
static void
unplug (Fixture *f)
{
    if (f->modem == NULL)
        return;
    g_dbus_object_manager_server_unexport (f->manager, PATH);
    g_object_set (f->modem, "g-object-path", NULL, NULL);
    fake_modem_fail_pending (f->modem);
    g_object_run_dispose (G_OBJECT (f->modem));
    g_clear_object (&f->modem);
}

static void
plug_ec25 (Fixture *f)
{
    plug (f, "quectel", 0x2c7c, 0x0125);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
}

static void
set_up (Fixture *f, gconstpointer has_activatable_service)
{
    f->bus = private_bus_new (has_activatable_service != NULL ? SERVICE : NULL);
    f->daemon = private_bus_connect (f->bus);
    f->service = private_bus_connect (f->bus);
    f->client = private_bus_connect (f->bus);
    f->manager = g_dbus_object_manager_server_new (ROOT);
    g_dbus_object_manager_server_set_connection (f->manager, f->daemon);
    f->symbols.at_command = mm_base_modem_at_command;
    f->symbols.at_command_finish = mm_base_modem_at_command_finish;
    f->decorator = mfu_decorator_new (mfu_models_load (g_getenv ("MFU_TEST_DEVICES")), &f->symbols);
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
    unplug (f);
    mfu_decorator_free (f->decorator);
    g_object_unref (f->manager);
    g_object_unref (f->daemon);
    g_object_unref (f->service);
    g_object_unref (f->client);
    private_bus_free (f->bus);
}

/* Signals as the client sees them. */
static void
interfaces_added (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                  const char *signal, GVariant *parameters, gpointer user_data)
{
    g_variant_get (parameters, "(o@*)", NULL, user_data);
}

static gboolean
is_set (gpointer pointer)
{
    return *(gpointer *) pointer != NULL;
}

static void
count (GObject *object, GParamSpec *pspec, gpointer counter)
{
    ++*(guint *) counter;
}

/* Whoever hears of the modem hears of both interfaces at once, with all their properties. */
static void
test_decorated (Fixture *f, gconstpointer user_data)
{
    g_autoptr (GVariant) added = NULL;
    g_autoptr (GVariant) modem = NULL;
    g_autoptr (GVariant) ours = NULL;
    g_autofree char *text = NULL;
    g_autofree char *commands = NULL;
    guint n_notified = 0;

    g_dbus_connection_signal_subscribe (f->client, NULL, "org.freedesktop.DBus.ObjectManager",
                                        "InterfacesAdded", ROOT, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                        interfaces_added, &added, NULL);
    /* The subscription is on its way to the bus before the export is. */
    plug (f, "quectel", 0x2c7c, 0x0125);
    g_signal_connect (f->modem, "notify::modem", G_CALLBACK (count), &n_notified);
    fake_modem_finish_initialization (f->modem);
    /* Ours notifies the property that ModemManager's does: one notification for both. */
    g_assert_cmpuint (n_notified, ==, 1);
    commands = fake_modem_get_commands (f->modem);
    g_assert_cmpstr (commands, ==, "");
    g_dbus_connection_flush_sync (f->client, NULL, NULL);
    export_modem (f);
    wait_until (is_set, &added);

    modem = g_variant_lookup_value (added, MODEM, NULL);
    ours = g_variant_lookup_value (added, INTERFACE, NULL);
    g_assert_nonnull (modem);
    g_assert_nonnull (ours);
    text = g_variant_print (ours, FALSE);
    g_assert_cmpstr (text, ==,
                     "{'Version': <''>, 'Methods': <['firehose', 'fastboot']>, 'Job': <objectpath '/'>}");

    wait_until (has_version, f);
    assert_property (f, "Version", "'" EXACT "'");
    assert_property (f, "Methods", "['firehose', 'fastboot']");
    assert_property (f, "Job", "'/'");
}

static const struct {
    const char *plugin;
    guint vid, pid;
    gboolean is_decorated;
} identities[] = {
    { "quectel", 0x2c7c, 0x0125, TRUE },  { "Quectel", 0x2c7c, 0x0306, TRUE },
    { "generic", 0x2c7c, 0x0125, FALSE }, { "quectel", 0x2c7c, 0x0800, FALSE },
    { "quectel", 0x1199, 0x0125, FALSE }, { NULL, 0x2c7c, 0x0125, FALSE },
};

static void
test_identities (Fixture *f, gconstpointer user_data)
{
    for (gsize i = 0; i < G_N_ELEMENTS (identities); i++) {
        plug (f, identities[i].plugin, identities[i].vid, identities[i].pid);
        fake_modem_finish_initialization (f->modem);
        g_assert_cmpint (peek_interface (f) != NULL, ==, identities[i].is_decorated);
        g_clear_object (&f->modem);
    }
}

/* A second hook, or an interface that is added again, changes nothing. */
static void
test_once (Fixture *f, gconstpointer user_data)
{
    g_autoptr (MfuDecorator) second = NULL;
    MfuFirmwareUpdate *interface;
    GList *interfaces;

    plug (f, "quectel", 0x2c7c, 0x0125);
    fake_modem_finish_initialization (f->modem);
    interface = peek_interface (f);
    second = mfu_decorator_new (mfu_models_load (g_getenv ("MFU_TEST_DEVICES")), &f->symbols);
    fake_modem_finish_initialization (f->modem);
    g_assert_true (peek_interface (f) == interface);
    interfaces = g_dbus_object_get_interfaces (G_DBUS_OBJECT (f->modem));
    g_assert_cmpuint (g_list_length (interfaces), ==, 2);
    g_list_free_full (interfaces, g_object_unref);
}

/* An object that has a Modem interface and is nothing that we know: left alone, with one line. */
static void
test_strange_object (Fixture *f, gconstpointer user_data)
{
    for (guint i = 0; i < 2; i++) {
        g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (PATH);
        g_autoptr (GDBusInterfaceSkeleton) interface =
            G_DBUS_INTERFACE_SKELETON (mm_gdbus_modem_skeleton_new ());
        GList *interfaces;

        if (i == 0)
            g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*GDBusObjectSkeleton, not a MMBaseModem*");
        g_dbus_object_skeleton_add_interface (object, interface);
        g_test_assert_expected_messages ();
        interfaces = g_dbus_object_get_interfaces (G_DBUS_OBJECT (object));
        g_assert_cmpuint (g_list_length (interfaces), ==, 1);
        g_list_free_full (interfaces, g_object_unref);
    }
}

static const struct {
    const char *reply, *version;
    gboolean is_complete;
} replies[] = {
    { EXACT, EXACT, TRUE },
    { "\r\nAT+QGMR\r\r\n" EXACT "\r\n\r\nOK\r\n", EXACT, TRUE },
    { "+QGMR: " EXACT, EXACT, TRUE },
    { "Revision: EP06ELAR04A04M4G", "EP06ELAR04A04M4G", TRUE },
    { "EC25EFAR06A05M4G_01.001.00.000", "EC25EFAR06A05M4G_01.001.00.000", FALSE },
    { "", NULL, FALSE },
    { "OK", NULL, FALSE },
    { "ERROR", NULL, FALSE },
    { "+CME ERROR: 3", NULL, FALSE },
    { "EC25\"; rm -rf /", NULL, FALSE },
    { "EC25EFAR06A05M4GEC25EFAR06A05M4GEC25EFAR06A05M4GEC25EFAR06A05M4GX", NULL, FALSE },
};

static void
test_parse (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (replies); i++) {
        gboolean is_complete = FALSE;
        g_autofree char *version = mfu_version_parse (replies[i].reply, &is_complete);

        g_assert_cmpstr (version, ==, replies[i].version);
        g_assert_cmpint (is_complete, ==, replies[i].is_complete);
    }
}

/* QGMR is an error: CGMR is the answer, and nothing is asked a second time. */
static void
test_version_fallback (Fixture *f, gconstpointer user_data)
{
    g_autofree char *commands = NULL;

    plug (f, "quectel", 0x2c7c, 0x0125);
    fake_modem_set_reply (f->modem, "+QGMR", NULL);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
    wait_until (has_version, f);
    assert_property (f, "Version", "'EC25EFAR06A05M4G'");
    commands = fake_modem_get_commands (f->modem);
    g_assert_cmpstr (commands, ==, "+QGMR +CGMR");
}

static gboolean
has_exact_version (gpointer f)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (peek_interface (f));

    return g_str_equal (mfu_dbus_modem_firmware_update_get_version (interface), EXACT);
}

/* The zeros of a modem that has just started: what is known at once, the rest by itself later. */
static void
test_version_later (Fixture *f, gconstpointer user_data)
{
    plug (f, "quectel", 0x2c7c, 0x0125);
    fake_modem_set_reply (f->modem, "+QGMR", "EC25EFAR06A05M4G_01.001.00.000");
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
    wait_until (has_version, f);
    assert_property (f, "Version", "'EC25EFAR06A05M4G'");
    fake_modem_set_reply (f->modem, "+QGMR", EXACT);
    wait_until (has_exact_version, f);
}

/* A modem without an answer, gone while it is asked. */
static void
test_gone_while_reading (Fixture *f, gconstpointer user_data)
{
    gpointer modem, interface;

    f->modem = fake_modem_new ("quectel", 0x2c7c, 0x0125, UID);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
    wait_until (was_asked, f);
    modem = f->modem;
    interface = peek_interface (f);
    g_object_add_weak_pointer (G_OBJECT (modem), &modem);
    g_object_add_weak_pointer (G_OBJECT (interface), &interface);
    unplug (f);
    while (g_main_context_iteration (NULL, FALSE))
        ;
    g_assert_null (modem);
    g_assert_null (interface);
}

static const char *
lookup (GVariant *options, const char *key)
{
    const char *value = NULL;

    g_variant_lookup (options, key, "&s", &value);
    return value;
}

/* What the caller says about himself is not believed; the package and all else go through. */
static void
test_update (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);
    g_autofree char *text = NULL;
    gboolean start = TRUE;

    plug_ec25 (f);
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE,
                  "{'name': <'EC25EFAR06A08M4G.zip'>, 'start': <false>, 'allow': <['downgrade']>, "
                  "'caller': <':1.1'>, 'version': <'EC25EFAR01A01M4G'>}");
    wait_until (is_done, &reply);
    g_assert_no_error (reply.error);
    text = g_variant_print (reply.value, TRUE);
    g_assert_cmpstr (text, ==, "(objectpath '/org/freedesktop/ModemManager1/FirmwareUpdater/Job/7',)");

    g_assert_cmpuint (service->n_updates, ==, 1);
    g_assert_cmpstr (service->device, ==, UID);
    g_assert_cmpuint (service->n_fds, ==, 1);
    g_assert_cmpuint (service->inode, ==, inode);
    g_assert_false (service->is_interactive);
    g_assert_cmpuint (g_variant_n_children (service->options), ==, 5);
    g_assert_cmpstr (lookup (service->options, "name"), ==, "EC25EFAR06A08M4G.zip");
    g_assert_cmpstr (lookup (service->options, "version"), ==, EXACT);
    g_assert_cmpstr (lookup (service->options, "caller"), ==, g_dbus_connection_get_unique_name (f->client));
    g_assert_true (g_variant_lookup (service->options, "start", "b", &start));
    g_assert_false (start);
}

static void
test_update_interactive (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    plug_ec25 (f);
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION, "@a{sv} {}");
    wait_until (is_done, &reply);
    g_assert_no_error (reply.error);
    g_assert_true (service->is_interactive);
}

/* The version is read at the time of the call. */
static void
test_update_reads_version (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    plug_ec25 (f);
    wait_until (has_version, f);
    fake_modem_set_reply (f->modem, "+QGMR", "EC25EFAR06A08M4G_01.001.01.001");
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_done, &reply);
    g_assert_cmpstr (lookup (service->options, "version"), ==, "EC25EFAR06A08M4G_01.001.01.001");
}

static void
test_service_error (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    g_autofree char *name = NULL;
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    plug_ec25 (f);
    service->error_name = SERVICE ".Error.WrongPackage";
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_done, &reply);
    name = g_dbus_error_get_remote_error (reply.error);
    g_assert_cmpstr (name, ==, SERVICE ".Error.WrongPackage");
    g_dbus_error_strip_remote_error (reply.error);
    g_assert_cmpstr (reply.error->message, ==, "This one sentence.");
}

static void
test_no_service (Fixture *f, gconstpointer user_data)
{
    g_auto (Reply) reply = { 0 };
    g_autofree char *name = NULL;
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    plug_ec25 (f);
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_done, &reply);
    name = g_dbus_error_get_remote_error (reply.error);
    g_assert_cmpstr (name, ==, "org.freedesktop.DBus.Error.ServiceUnknown");
    g_assert_nonnull (strstr (reply.error->message, "The firmware updater is not installed or not running"));
}

static void
test_no_descriptor (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    g_autofree char *name = NULL;

    plug_ec25 (f);
    start_update (f, &reply, NULL, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_done, &reply);
    name = g_dbus_error_get_remote_error (reply.error);
    g_assert_cmpstr (name, ==, SERVICE ".Error.InvalidArgs");
    g_assert_cmpuint (service->n_updates, ==, 0);
}

/* The modem leaves while its version is read for the call: the service is not bothered. */
static void
test_gone_during_update (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    g_autofree char *name = NULL;
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    f->modem = fake_modem_new ("quectel", 0x2c7c, 0x0125, UID);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
    wait_until (was_asked, f);
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    /* The bus keeps the order: when the answer to this is here, the call is there. */
    assert_property (f, "Version", "''");
    unplug (f);
    wait_until (is_done, &reply);
    name = g_dbus_error_get_remote_error (reply.error);
    g_assert_cmpstr (name, ==, SERVICE ".Error.Gone");
    g_assert_cmpuint (service->n_updates, ==, 0);
}

static gboolean
is_kept (gpointer service)
{
    return ((FakeService *) service)->kept != NULL;
}

/* The modem leaves while the service thinks, as it does when the job begins at once: the answer still comes.
 */
static void
test_gone_during_call (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);

    plug_ec25 (f);
    service->is_silent = TRUE;
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_kept, service);
    unplug (f);
    fake_service_answer (service);
    wait_until (is_done, &reply);
    g_assert_no_error (reply.error);
}

/* However many call, the modem is asked one thing at a time, and there is an end to it. */
static void
test_many_calls (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = fake_service_new (f->service);
    Reply calls[18] = { 0 };
    guint n_refused = 0;
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);
    g_autofree char *commands = NULL;

    f->modem = fake_modem_new ("quectel", 0x2c7c, 0x0125, UID);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
    wait_until (was_asked, f);
    for (gsize i = 0; i < G_N_ELEMENTS (calls); i++)
        start_update (f, &calls[i], fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    assert_property (f, "Version", "''");
    commands = fake_modem_get_commands (f->modem);
    g_assert_cmpstr (commands, ==, "+QGMR");
    fake_modem_set_reply (f->modem, "+CGMR", "EC25EFAR06A05M4G");
    fake_modem_fail_pending (f->modem);
    for (gsize i = 0; i < G_N_ELEMENTS (calls); i++) {
        wait_until (is_done, &calls[i]);
        n_refused += calls[i].error != NULL;
        reply_clear (&calls[i]);
    }
    g_assert_cmpuint (n_refused, ==, 2);
    g_assert_cmpuint (service->n_updates, ==, 16);
}

/* A ModemManager without the two functions: no version, everything else. */
static void
test_no_at_functions (Fixture *f, gconstpointer user_data)
{
    static const MfuSymbols none;
    g_autoptr (FakeService) service = fake_service_new (f->service);
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);
    g_autofree char *commands = NULL;

    mfu_decorator_free (f->decorator);
    f->decorator = mfu_decorator_new (mfu_models_load (g_getenv ("MFU_TEST_DEVICES")), &none);
    plug_ec25 (f);
    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "{'version': <'EC25EFAR01A01M4G'>}");
    wait_until (is_done, &reply);
    g_assert_no_error (reply.error);
    g_assert_null (lookup (service->options, "version"));
    g_assert_nonnull (lookup (service->options, "caller"));
    commands = fake_modem_get_commands (f->modem);
    g_assert_cmpstr (commands, ==, "");
}

/* The property follows the service, and nothing that we do starts it; Update does. */
static void
test_job (Fixture *f, gconstpointer user_data)
{
    g_autoptr (FakeService) service = NULL;
    g_auto (Reply) reply = { 0 };
    guint64 inode;
    g_autoptr (GUnixFDList) fds = open_package (&inode);
    g_autofree char *starts = NULL;

    plug_ec25 (f);
    wait_until (has_version, f);
    assert_property (f, "Job", "'/'");

    service = fake_service_new (f->service);
    fake_service_set_job (service, UID, "/org/freedesktop/ModemManager1/FirmwareUpdater/Job/3");
    wait_until (has_job, f);
    assert_property (f, "Job", "'/org/freedesktop/ModemManager1/FirmwareUpdater/Job/3'");
    fake_service_set_job (service, UID, "/");
    wait_until (has_no_job, f);
    fake_service_set_job (service, UID, "/org/freedesktop/ModemManager1/FirmwareUpdater/Job/4");
    wait_until (has_job, f);
    g_clear_pointer (&service, fake_service_free);
    wait_until (has_no_job, f);

    start_update (f, &reply, fds, G_DBUS_CALL_FLAGS_NONE, "@a{sv} {}");
    wait_until (is_done, &reply);
    g_assert_nonnull (reply.error);
    g_assert_true (g_file_get_contents (f->bus->marker, &starts, NULL, NULL));
    g_assert_cmpstr (starts, ==, "started\n");
}

/* A keyfile that cannot be understood costs its own modems, not the others'. */
static void
test_models (void)
{
    g_autoptr (GError) error = NULL;
    g_autofree char *directory = g_dir_make_tmp ("devices-XXXXXX", &error);
    g_autofree char *good = g_build_filename (directory, "good.conf", NULL);
    g_autofree char *bad = g_build_filename (directory, "bad.conf", NULL);
    g_autoptr (MfuModels) models = NULL;
    const MfuModel *model;

    g_assert_no_error (error);
    g_file_set_contents (good, "[family]\nchains=firehose\n[usb]\nnormal=2c7c:0125 EC25;2c7c:0121 EC21\n", -1,
                         NULL);
    g_file_set_contents (bad, "[family]\nchains=firehose\n[usb]\nnormal=2c7c:10125 EC25\n", -1, NULL);
    g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*bad.conf is left out*2c7c:10125 EC25*");
    models = mfu_models_load (directory);
    g_test_assert_expected_messages ();
    g_assert_cmpuint (mfu_models_n (models), ==, 2);
    model = mfu_models_find (models, 0x2c7c, 0x0121);
    g_assert_nonnull (model);
    g_assert_cmpstr (model->name, ==, "EC21");
    g_assert_cmpstr (model->methods[0], ==, "firehose");
    g_assert_null (model->methods[1]);
    g_assert_null (mfu_models_find (models, 0x2c7c, 0x0306));
    g_assert_null (mfu_models_find (models, 0x12c7c, 0x0125));
    g_unlink (good);
    g_unlink (bad);
    g_rmdir (directory);
}

static void
test_no_models (void)
{
    g_autoptr (MfuModels) models = NULL;

    g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*no modem can be updated*");
    models = mfu_models_load ("/nonexistent");
    g_test_assert_expected_messages ();
    g_assert_cmpuint (mfu_models_n (models), ==, 0);
}

/* The real keyfiles. */
static void
test_installed_models (void)
{
    g_autoptr (MfuModels) models = mfu_models_load (g_getenv ("MFU_TEST_DEVICES"));
    const MfuModel *model = mfu_models_find (models, 0x2c7c, 0x0125);

    g_assert_nonnull (model);
    g_assert_cmpstr (model->name, ==, "EC25");
    g_assert_true (g_strv_contains ((const char *const *) model->methods, "firehose"));
}

/* This program has the two functions, and no plugin type. */
static void
test_symbols (void)
{
    MfuSymbols symbols;

    g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*no mm_plugin_get_type*");
    mfu_symbols_look_up (&symbols);
    g_test_assert_expected_messages ();
    g_assert_true (symbols.at_command == mm_base_modem_at_command);
    g_assert_true (symbols.at_command_finish == mm_base_modem_at_command_finish);
    g_assert_null (symbols.plugin_get_type);
}

typedef void (*FixtureFunc) (Fixture *f, gconstpointer user_data);

static const struct {
    const char *name;
    FixtureFunc run;
    gboolean has_activatable_service;
} tests[] = {
    { "/plugin/decorator/decorated", test_decorated },
    { "/plugin/decorator/identities", test_identities },
    { "/plugin/decorator/once", test_once },
    { "/plugin/decorator/strange-object", test_strange_object },
    { "/plugin/version/fallback", test_version_fallback },
    { "/plugin/version/later", test_version_later },
    { "/plugin/version/gone", test_gone_while_reading },
    { "/plugin/update/passed-on", test_update },
    { "/plugin/update/interactive", test_update_interactive },
    { "/plugin/update/reads-version", test_update_reads_version },
    { "/plugin/update/service-error", test_service_error },
    { "/plugin/update/no-service", test_no_service },
    { "/plugin/update/no-descriptor", test_no_descriptor },
    { "/plugin/update/gone-during-reading", test_gone_during_update },
    { "/plugin/update/gone-during-call", test_gone_during_call },
    { "/plugin/update/many-calls", test_many_calls },
    { "/plugin/update/no-at-functions", test_no_at_functions },
    { "/plugin/job", test_job, TRUE },
};

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/plugin/models/keyfiles", test_models);
    g_test_add_func ("/plugin/models/none", test_no_models);
    g_test_add_func ("/plugin/models/installed", test_installed_models);
    g_test_add_func ("/plugin/symbols", test_symbols);
    g_test_add_func ("/plugin/version/parse", test_parse);
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].name, Fixture, GINT_TO_POINTER (tests[i].has_activatable_service), set_up,
                    tests[i].run, tear_down);
    return g_test_run ();
}
