/* SPDX-License-Identifier: GPL-2.0-or-later */

/* dbus-daemon with a configuration of the test's own, in a folder that goes with it. */

#include "private-bus.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/prctl.h>

static const char config[] = "<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>"
                             "<servicedir>%s</servicedir><policy context='default'>"
                             "<allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/>"
                             "</policy></busconfig>";

static const char service_file[] =
    "[D-BUS Service]\nName=%s\nExec=/bin/sh -c \"echo started >>%s; exit 1\"\n";

static char *
write_file (PrivateBus *bus, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename (bus->directory, name, NULL);
    g_autoptr (GError) error = NULL;

    g_file_set_contents (path, text, -1, &error);
    g_assert_no_error (error);
    return g_steal_pointer (&path);
}

static void
die_with_parent (gpointer user_data)
{
    prctl (PR_SET_PDEATHSIG, SIGKILL);
}

PrivateBus *
private_bus_new (const char *service)
{
    PrivateBus *bus = g_new0 (PrivateBus, 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_autoptr (GDataInputStream) output = NULL;
    g_autofree char *text = NULL;
    g_autofree char *path = NULL;

    bus->directory = g_dir_make_tmp ("private-bus-XXXXXX", &error);
    g_assert_no_error (error);
    bus->marker = g_build_filename (bus->directory, "activated", NULL);
    if (service != NULL) {
        g_autofree char *name = g_strconcat (service, ".service", NULL);
        g_autofree char *content = g_strdup_printf (service_file, service, bus->marker);
        g_autofree char *file = write_file (bus, name, content);
    }
    text = g_strdup_printf (config, bus->directory);
    path = write_file (bus, "bus.conf", text);

    g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
    bus->process = g_subprocess_launcher_spawn (launcher, &error, "dbus-daemon", "--nofork",
                                                "--print-address", "--config-file", path, NULL);
    g_assert_no_error (error);
    output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (bus->process));
    bus->address = g_data_input_stream_read_line (output, NULL, NULL, &error);
    g_assert_no_error (error);
    g_assert_nonnull (bus->address);
    return bus;
}

void
private_bus_free (PrivateBus *bus)
{
    GDir *directory = g_dir_open (bus->directory, 0, NULL);
    const char *name;

    g_subprocess_force_exit (bus->process);
    g_subprocess_wait (bus->process, NULL, NULL);
    while ((name = g_dir_read_name (directory)) != NULL) {
        g_autofree char *path = g_build_filename (bus->directory, name, NULL);

        g_unlink (path);
    }
    g_dir_close (directory);
    g_rmdir (bus->directory);
    g_object_unref (bus->process);
    g_free (bus->directory);
    g_free (bus->address);
    g_free (bus->marker);
    g_free (bus);
}

GDBusConnection *
private_bus_connect (PrivateBus *bus)
{
    g_autoptr (GError) error = NULL;
    GDBusConnection *connection;

    connection = g_dbus_connection_new_for_address_sync (bus->address,
                                                         G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                             G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                         NULL, NULL, &error);
    g_assert_no_error (error);
    return connection;
}
