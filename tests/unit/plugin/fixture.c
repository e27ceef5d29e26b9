/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the tests of the plugin share: the bus with everyone on it, the modem's life, calls of the client. */

#include "fixture.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

static gboolean
set_true (gpointer flag)
{
    *(gboolean *) flag = TRUE;
    return G_SOURCE_REMOVE;
}

void
wait_until (gboolean (*predicate) (gpointer), gpointer user_data)
{
    gboolean is_late = FALSE;
    guint timeout = g_timeout_add_seconds (DEADLINE_S, set_true, &is_late);

    while (!predicate (user_data) && !is_late)
        g_main_context_iteration (NULL, TRUE);
    g_assert_false (is_late);
    g_source_remove (timeout);
}

void
reply_clear (Reply *reply)
{
    g_clear_pointer (&reply->value, g_variant_unref);
    g_clear_error (&reply->error);
}

gboolean
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

void
start_update (Fixture *f, Reply *reply, GUnixFDList *fds, GDBusCallFlags flags, const char *options)
{
    GVariant *parsed = g_variant_new_parsed (options);

    start_call (f, reply, INTERFACE, "Update", g_variant_new ("(h@a{sv})", 0, parsed), fds, flags);
}

GUnixFDList *
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

void
assert_property (Fixture *f, const char *name, const char *expected)
{
    g_autoptr (GVariant) value = get_property (f, name);
    g_autofree char *text = g_variant_print (value, FALSE);

    g_assert_cmpstr (text, ==, expected);
}

MfuFirmwareUpdate *
peek_interface (Fixture *f)
{
    g_autoptr (GDBusInterface) interface = g_dbus_object_get_interface (G_DBUS_OBJECT (f->modem), INTERFACE);

    return (MfuFirmwareUpdate *) interface;
}

gboolean
has_version (gpointer f)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (peek_interface (f));

    return *mfu_dbus_modem_firmware_update_get_version (interface) != '\0';
}

gboolean
has_job (gpointer f)
{
    MfuDBusModemFirmwareUpdate *interface = MFU_DBUS_MODEM_FIRMWARE_UPDATE (peek_interface (f));

    return !g_str_equal (mfu_dbus_modem_firmware_update_get_job (interface), "/");
}

gboolean
has_no_job (gpointer f)
{
    return !has_job (f);
}

gboolean
was_asked (gpointer f)
{
    g_autofree char *commands = fake_modem_get_commands (((Fixture *) f)->modem);

    return *commands != '\0';
}

void
plug (Fixture *f, const char *plugin, guint vid, guint pid)
{
    f->modem = fake_modem_new (plugin, vid, pid, UID);
    fake_modem_set_reply (f->modem, "+QGMR", EXACT);
    fake_modem_set_reply (f->modem, "+CGMR", "EC25EFAR06A05M4G");
}

/* As ModemManager's export_modem (). */
void
export_modem (Fixture *f)
{
    g_object_set (f->modem, "g-object-path", PATH, NULL);
    g_dbus_object_manager_server_export (f->manager, G_DBUS_OBJECT_SKELETON (f->modem));
}

/* As ModemManager's unexport_modem () and clear_modem (). */
void
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

void
plug_ec25 (Fixture *f)
{
    plug (f, "quectel", 0x2c7c, 0x0125);
    fake_modem_finish_initialization (f->modem);
    export_modem (f);
}

void
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

void
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
