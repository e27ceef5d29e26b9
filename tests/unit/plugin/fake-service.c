/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Every expectation about the call itself is here; what the caller wanted is for the tests to judge. */

#include "fake-service.h"

#include <gio/gunixfdlist.h>
#include <sys/stat.h>

#define NAME "org.freedesktop.ModemManager1.FirmwareUpdater"
#define PATH "/org/freedesktop/ModemManager1/FirmwareUpdater"

static void
respond (FakeService *service, GDBusMethodInvocation *invocation)
{
    if (service->error_name != NULL)
        g_dbus_method_invocation_return_dbus_error (invocation, service->error_name, "This one sentence.");
    else
        mfu_dbus_firmware_updater_complete_update (service->interface, invocation, NULL, PATH "/Job/7");
}

static gboolean
handle_update (MfuDBusFirmwareUpdater *interface, GDBusMethodInvocation *invocation, GUnixFDList *fds,
               GVariant *package, const char *device, GVariant *options, gpointer user_data)
{
    FakeService *service = user_data;
    GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);
    const int *descriptors;
    int n_fds = 0;
    struct stat status;

    descriptors = g_unix_fd_list_peek_fds (fds, &n_fds);
    g_assert_cmpint (g_variant_get_handle (package), <, n_fds);
    g_assert_cmpint (fstat (descriptors[g_variant_get_handle (package)], &status), ==, 0);

    service->n_updates++;
    service->n_fds = (guint) n_fds;
    service->inode = status.st_ino;
    g_free (service->device);
    service->device = g_strdup (device);
    g_clear_pointer (&service->options, g_variant_unref);
    service->options = g_variant_ref (options);
    service->is_interactive =
        (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
    if (service->is_silent)
        service->kept = invocation;
    else
        respond (service, invocation);
    return TRUE;
}

void
fake_service_answer (FakeService *service)
{
    respond (service, g_steal_pointer (&service->kept));
}

void
fake_service_set_job (FakeService *service, const char *device, const char *job)
{
    GVariantBuilder builder;

    g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
    g_variant_builder_add_parsed (&builder,
                                  "{'device': <'/sys/devices/other'>, 'job': <objectpath '/other'>}");
    g_variant_builder_add_parsed (&builder, "{'port': <'1-2'>, 'device': <%s>, 'job': <%o>}", device, job);
    mfu_dbus_firmware_updater_set_devices (service->interface, g_variant_builder_end (&builder));
}

FakeService *
fake_service_new (GDBusConnection *connection)
{
    FakeService *service = g_new0 (FakeService, 1);
    g_autoptr (GError) error = NULL;

    service->connection = g_object_ref (connection);
    service->interface = mfu_dbus_firmware_updater_skeleton_new ();
    g_signal_connect (service->interface, "handle-update", G_CALLBACK (handle_update), service);
    g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (service->interface), connection, PATH,
                                      &error);
    g_assert_no_error (error);
    service->name_id =
        g_bus_own_name_on_connection (connection, NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
    return service;
}

void
fake_service_free (FakeService *service)
{
    g_bus_unown_name (service->name_id);
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (service->interface));
    g_clear_object (&service->kept);
    g_clear_pointer (&service->options, g_variant_unref);
    g_object_unref (service->interface);
    g_object_unref (service->connection);
    g_free (service->device);
    g_free (service);
}
