/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The bus is a dbus-daemon of our own, because GTestDBus lets no second user in. */

#include "service-fixture.h"

#include "service/service.h"

#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_S  30
#define TICK_MS     200
#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define MM_NAME     "org.freedesktop.ModemManager1"
#define MM_PATH     "/org/freedesktop/ModemManager1"

static const char bus_config[] =
    "<!DOCTYPE busconfig PUBLIC '-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN'"
    " 'http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd'>"
    "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
    "<policy context='default'><allow user='*'/><allow own='*'/><allow send_type='method_call'/>"
    "<allow send_type='signal'/><allow send_type='method_return'/><allow send_type='error'/>"
    "<allow receive_type='*'/></policy></busconfig>";

static const char polkit_xml[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'><method name='CheckAuthorization'>"
    "<arg type='(sa{sv})' direction='in'/><arg type='s' direction='in'/><arg type='a{ss}' direction='in'/>"
    "<arg type='u' direction='in'/><arg type='s' direction='in'/><arg type='(bba{ss})' direction='out'/>"
    "</method></interface></node>";

static gboolean
on_too_late (gpointer user_data)
{
    g_error ("waited %d s for nothing", PATIENCE_S);
    return G_SOURCE_REMOVE;
}

static gboolean
on_tick (gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

/* Looks now and then as well: what happened before a signal was subscribed to wakes nobody. */
void
fixture_wait (gboolean (*done) (gpointer data), gpointer data)
{
    guint timeout = g_timeout_add_seconds (PATIENCE_S, on_too_late, NULL);
    guint tick = g_timeout_add (TICK_MS, on_tick, NULL);

    while (!done (data))
        g_main_context_iteration (NULL, TRUE);
    g_source_remove (timeout);
    g_source_remove (tick);
}

typedef struct {
    GVariant *reply;
    GError *error;
    gboolean is_done;
} Answer;

static void
on_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
    Answer *answer = user_data;

    answer->reply = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), NULL, result,
                                                                     &answer->error);
    answer->is_done = TRUE;
}

static gboolean
is_answered (gpointer data)
{
    return ((Answer *) data)->is_done;
}

GVariant *
fixture_call (GDBusConnection *caller, const char *path, const char *interface, const char *method,
              GVariant *arguments, int fd, GError **error)
{
    g_autoptr (GUnixFDList) fds = g_unix_fd_list_new ();
    Answer answer = { 0 };

    if (fd >= 0)
        g_assert_cmpint (g_unix_fd_list_append (fds, fd, NULL), ==, 0);
    g_dbus_connection_call_with_unix_fd_list (caller, SERVICE_NAME, path, interface, method, arguments, NULL,
                                              G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, fds, NULL, on_answer,
                                              &answer);
    fixture_wait (is_answered, &answer);
    if (answer.error != NULL) {
        g_dbus_error_strip_remote_error (answer.error);
        g_propagate_error (error, answer.error);
    }
    return answer.reply;
}

char *
fixture_update (GDBusConnection *caller, const char *device, const char *name, const char *extra,
                GError **error)
{
    int fd = open ("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    g_autoptr (GVariant) more =
        g_variant_parse (G_VARIANT_TYPE_VARDICT, extra != NULL ? extra : "{}", NULL, NULL, NULL);
    g_autoptr (GVariant) reply = NULL;
    GVariantDict options;
    char *path = NULL;

    g_assert_cmpint (fd, >=, 0);
    g_assert_nonnull (more);
    g_variant_dict_init (&options, more);
    g_variant_dict_insert (&options, "name", "s", name);
    reply = fixture_call (caller, SERVICE_PATH, SERVICE_NAME, "Update",
                          g_variant_new ("(hs@a{sv})", 0, device, g_variant_dict_end (&options)), fd, error);
    close (fd);
    if (reply != NULL)
        g_variant_get (reply, "(o)", &path);
    return path;
}

GVariant *
fixture_get (Fixture *fixture, const char *path, const char *interface, const char *property)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GVariant) reply = fixture_call (fixture->root, path, "org.freedesktop.DBus.Properties", "Get",
                                               g_variant_new ("(ss)", interface, property), -1, &error);
    GVariant *value = NULL;

    g_assert_no_error (error);
    g_variant_get (reply, "(v)", &value);
    return value;
}

char *
fixture_get_string (Fixture *fixture, const char *path, const char *property)
{
    g_autoptr (GVariant) value = fixture_get (fixture, path, JOB_INTERFACE, property);

    return g_variant_dup_string (value, NULL);
}

typedef struct {
    GDBusProxy *proxy;
    const char *property;
    const char *expected;
} Wish;

static gboolean
has_value (gpointer data)
{
    Wish *wish = data;
    g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (wish->proxy, wish->property);

    return value != NULL && strcmp (g_variant_get_string (value, NULL), wish->expected) == 0;
}

void
fixture_wait_string (Fixture *fixture, const char *path, const char *property, const char *expected)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (GDBusProxy) proxy =
        g_dbus_proxy_new_sync (fixture->root, G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL, SERVICE_NAME, path,
                               JOB_INTERFACE, NULL, &error);
    Wish wish = { proxy, property, expected };

    g_assert_no_error (error);
    fixture_wait (has_value, &wish);
}

void
fixture_wait_state (Fixture *fixture, const char *path, const char *state)
{
    fixture_wait_string (fixture, path, "State", state);
}

void
fixture_set_ports (Fixture *fixture, const char *lines)
{
    g_assert_true (g_file_set_contents_full (fixture->ports_file, lines, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                             0600, NULL));
}

void
fixture_open_gate (Fixture *fixture, const char *path)
{
    g_autofree char *gate = g_build_filename (fixture->state_dir, "gate", NULL);
    int fd;

    if (path != NULL)
        fixture_wait_string (fixture, path, "Step", "writing");
    fd = open (gate, O_WRONLY | O_CLOEXEC); /* blocks for the moment until the job is there */
    g_assert_cmpint (fd, >=, 0);
    close (fd);
}

GDBusConnection *
fixture_connect (Fixture *fixture)
{
    g_autoptr (GError) error = NULL;
    GDBusConnection *connection = g_dbus_connection_new_for_address_sync (
        fixture->address,
        G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION, NULL,
        NULL, &error);

    g_assert_no_error (error);
    return connection;
}

static void
export_modem (Fixture *fixture)
{
    g_autoptr (GDBusObjectSkeleton) object = NULL;
    MmGdbusModem *modem = mm_gdbus_modem_skeleton_new ();
    GVariantBuilder ports;

    g_variant_builder_init (&ports, G_VARIANT_TYPE ("a(su)"));
    g_variant_builder_add (&ports, "(su)", "ttyUSB2", MM_MODEM_PORT_TYPE_AT);
    mm_gdbus_modem_set_device (modem, MODEM_UID);
    mm_gdbus_modem_set_manufacturer (modem, "Quectel");
    mm_gdbus_modem_set_model (modem, "EC25");
    mm_gdbus_modem_set_revision (modem, fixture->mm_revision);
    mm_gdbus_modem_set_ports (modem, g_variant_builder_end (&ports));
    fixture->mm_modem_path = g_strdup_printf (MM_PATH "/Modem/%u", fixture->mm_next_index++);
    object = g_dbus_object_skeleton_new (fixture->mm_modem_path);
    g_dbus_object_skeleton_add_interface (object, G_DBUS_INTERFACE_SKELETON (modem));
    if (fixture->mm_plugin != NULL)
        g_dbus_object_skeleton_add_interface (object, G_DBUS_INTERFACE_SKELETON (fixture->mm_plugin));
    g_dbus_object_manager_server_export (fixture->mm_server, object);
    g_object_unref (modem);
}

void
fixture_unexport_modem (Fixture *fixture)
{
    if (fixture->mm_modem_path != NULL)
        g_dbus_object_manager_server_unexport (fixture->mm_server, fixture->mm_modem_path);
    g_clear_pointer (&fixture->mm_modem_path, g_free);
}

static void
release_modem (Fixture *fixture)
{
    if (fixture->mm_holder_watch != 0)
        g_bus_unwatch_name (fixture->mm_holder_watch);
    fixture->mm_holder_watch = 0;
    g_clear_pointer (&fixture->mm_holder, g_free);
    if (fixture->mm_server != NULL)
        export_modem (fixture);
}

static void
on_holder_vanished (GDBusConnection *connection, const char *name, gpointer user_data)
{
    release_modem (user_data);
}

static gboolean
end_mm (gpointer user_data)
{
    fixture_stop_mm (user_data);
    return G_SOURCE_REMOVE;
}

static gboolean
on_inhibit (MmGdbusOrgFreedesktopModemManager1 *manager, GDBusMethodInvocation *invocation, const char *uid,
            gboolean inhibits, gpointer user_data)
{
    Fixture *fixture = user_data;
    const char *sender = g_dbus_method_invocation_get_sender (invocation);

    if (fixture->mm_is_ending) {
        g_timeout_add_seconds (1, end_mm, fixture);
        g_dbus_method_invocation_return_dbus_error (invocation, MM_NAME ".Error.Core.Cancelled",
                                                    "Operation was cancelled");
    } else if (fixture->mm_n_wrong_states > 0) {
        fixture->mm_n_wrong_states--;
        if (fixture->mm_exports_late && fixture->mm_n_wrong_states == 0)
            export_modem (fixture);
        g_dbus_method_invocation_return_dbus_error (invocation, MM_NAME ".Error.Core.WrongState",
                                                    "Modem not exported in the bus");
    } else if (fixture->mm_afterwards != NULL) {
        g_dbus_method_invocation_return_dbus_error (invocation, fixture->mm_afterwards, "no such uid");
    } else if (strcmp (uid, MODEM_UID) != 0 || (!inhibits && g_strcmp0 (sender, fixture->mm_holder) != 0)) {
        g_dbus_method_invocation_return_dbus_error (invocation, MM_NAME ".Error.Core.NotFound",
                                                    "no such uid");
    } else if (inhibits && (fixture->mm_holder != NULL || fixture->mm_is_held_by_others)) {
        g_dbus_method_invocation_return_dbus_error (invocation, MM_NAME ".Error.Core.InProgress", "held");
    } else if (inhibits) {
        fixture->mm_n_inhibited++;
        fixture->mm_holder = g_strdup (sender);
        fixture_unexport_modem (fixture);
        mm_gdbus_org_freedesktop_modem_manager1_complete_inhibit_device (manager, invocation);
        fixture->mm_holder_watch =
            g_bus_watch_name_on_connection (fixture->mm_connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                            NULL, on_holder_vanished, fixture, NULL);
    } else {
        fixture->mm_n_released++;
        mm_gdbus_org_freedesktop_modem_manager1_complete_inhibit_device (manager, invocation);
        release_modem (fixture);
    }
    return TRUE;
}

static void
on_mm_named (GDBusConnection *connection, const char *name, gpointer user_data)
{
    ((Fixture *) user_data)->mm_is_named = TRUE;
}

static gboolean
mm_is_named (gpointer data)
{
    return ((Fixture *) data)->mm_is_named;
}

void
fixture_start_mm (Fixture *fixture)
{
    fixture->mm_server = g_dbus_object_manager_server_new (MM_PATH);
    fixture->mm_manager = mm_gdbus_org_freedesktop_modem_manager1_skeleton_new ();
    g_signal_connect (fixture->mm_manager, "handle-inhibit-device", G_CALLBACK (on_inhibit), fixture);
    g_assert_true (g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (fixture->mm_manager),
                                                     fixture->mm_connection, MM_PATH, NULL));
    g_dbus_object_manager_server_set_connection (fixture->mm_server, fixture->mm_connection);
    export_modem (fixture);
    fixture->mm_is_named = FALSE;
    fixture->mm_name_id = g_bus_own_name_on_connection (
        fixture->mm_connection, MM_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, on_mm_named, NULL, fixture, NULL);
    fixture_wait (mm_is_named, fixture);
}

void
fixture_stop_mm (Fixture *fixture)
{
    if (fixture->mm_name_id == 0)
        return;
    g_bus_unown_name (fixture->mm_name_id);
    fixture->mm_name_id = 0;
    fixture_unexport_modem (fixture);
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (fixture->mm_manager));
    g_clear_object (&fixture->mm_manager);
    g_clear_object (&fixture->mm_server);
    if (fixture->mm_holder != NULL)
        release_modem (fixture);
}

static void
on_polkit_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *arguments, GDBusMethodInvocation *invocation,
                gpointer user_data)
{
    Fixture *fixture = user_data;
    g_autoptr (GVariant) subject = NULL;
    const char *kind;
    const char *action;

    g_variant_get (arguments, "((&s@a{sv})&sa{ss}us)", &kind, &subject, &action, NULL, NULL, NULL);
    g_assert_cmpstr (kind, ==, "system-bus-name");
    g_assert_cmpstr (action, ==, "org.freedesktop.ModemManager1.FirmwareUpdate");
    g_free (fixture->polkit_subject);
    fixture->polkit_subject = NULL;
    g_variant_lookup (subject, "name", "s", &fixture->polkit_subject);
    fixture->polkit_n_asked++;
    if (fixture->polkit_is_silent) {
        g_object_unref (invocation);
        return;
    }
    g_dbus_method_invocation_return_value (
        invocation, g_variant_new ("((bba{ss}))", fixture->polkit_allows, FALSE, NULL));
}

void
fixture_start_polkit (Fixture *fixture)
{
    static const GDBusInterfaceVTable table = { .method_call = on_polkit_call };
    g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (polkit_xml, NULL);

    fixture->polkit_object_id =
        g_dbus_connection_register_object (fixture->mm_connection, "/org/freedesktop/PolicyKit1/Authority",
                                           node->interfaces[0], &table, fixture, NULL, NULL);
    fixture->polkit_name_id = g_bus_own_name_on_connection (
        fixture->mm_connection, POLKIT_NAME, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
}

/* A test that fails leaves nothing behind. */
static void
die_with_parent (gpointer user_data)
{
    prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
on_appeared (GDBusConnection *connection, const char *name, const char *owner, gpointer user_data)
{
    *(gboolean *) user_data = TRUE;
}

static gboolean
is_true (gpointer data)
{
    return *(gboolean *) data;
}

void
fixture_start_service (Fixture *fixture, guint idle_seconds)
{
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
    g_autofree char *idle = g_strdup_printf ("%u", idle_seconds);
    g_autoptr (GError) error = NULL;
    gboolean has_appeared = FALSE;
    guint watch;

    g_subprocess_launcher_setenv (launcher, "DBUS_SYSTEM_BUS_ADDRESS", fixture->address, TRUE);
    g_subprocess_launcher_setenv (launcher, "MFU_TEST_PORTS", fixture->ports_file, TRUE);
    g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
    g_clear_object (&fixture->service);
    fixture->service = g_subprocess_launcher_spawn (launcher, &error, "/proc/self/exe", "--service",
                                                    fixture->state_dir, idle, NULL);
    g_assert_no_error (error);
    /* Once is enough: on a busy machine one that leaves when it is idle may be gone before we look. */
    watch = g_bus_watch_name_on_connection (fixture->root, SERVICE_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                                            on_appeared, NULL, &has_appeared, NULL);
    fixture_wait (is_true, &has_appeared);
    g_bus_unwatch_name (watch);
}

static void
on_process_exit (GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(gboolean *) user_data = TRUE;
}

int
fixture_wait_exit (Fixture *fixture)
{
    gboolean is_over = FALSE;

    g_subprocess_wait_async (fixture->service, NULL, on_process_exit, &is_over);
    fixture_wait (is_true, &is_over);
    return g_subprocess_get_if_exited (fixture->service) ? g_subprocess_get_exit_status (fixture->service)
                                                         : -1;
}

static void
start_bus (Fixture *fixture)
{
    g_autofree char *config = g_strdup_printf (bus_config, fixture->folder);
    g_autofree char *config_file = g_build_filename (fixture->folder, "bus.conf", NULL);
    g_autofree char *option = g_strconcat ("--config-file=", config_file, NULL);
    g_autoptr (GError) error = NULL;
    g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE);
    g_autoptr (GDataInputStream) output = NULL;

    g_assert_true (g_file_set_contents (config_file, config, -1, NULL));
    g_subprocess_launcher_set_child_setup (launcher, die_with_parent, NULL, NULL);
    fixture->bus = g_subprocess_launcher_spawn (launcher, &error, "dbus-daemon", option, "--nofork",
                                                "--print-address", NULL);
    g_assert_no_error (error);
    output = g_data_input_stream_new (g_subprocess_get_stdout_pipe (fixture->bus));
    g_free (g_data_input_stream_read_line (output, NULL, NULL, &error));
    g_assert_no_error (error);
    /* Not as it was printed: the next bus at this address has another guid. */
    g_free (fixture->address);
    fixture->address = g_strdup_printf ("unix:path=%s/bus", fixture->folder);
}

static void
connect_all (Fixture *fixture)
{
    fixture->root = fixture_connect (fixture);
    fixture->mm_connection = fixture_connect (fixture);
    g_assert_cmpint (setresuid (NOBODY_UID, NOBODY_UID, 0), ==, 0);
    fixture->nobody = fixture_connect (fixture);
    g_assert_cmpint (setresuid (0, 0, 0), ==, 0);
    fixture_start_mm (fixture);
}

void
fixture_restart_bus (Fixture *fixture)
{
    fixture_stop_mm (fixture);
    g_subprocess_force_exit (fixture->bus);
    g_subprocess_wait (fixture->bus, NULL, NULL);
    g_clear_object (&fixture->bus);
    g_clear_object (&fixture->root);
    g_clear_object (&fixture->nobody);
    g_clear_object (&fixture->mm_connection);
    start_bus (fixture);
    connect_all (fixture);
}

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
    g_autofree char *gate = NULL;

    fixture->folder = g_dir_make_tmp ("mfu-service-XXXXXX", NULL);
    fixture->state_dir = g_build_filename (fixture->folder, "state", NULL);
    fixture->ports_file = g_build_filename (fixture->folder, "ports", NULL);
    gate = g_build_filename (fixture->state_dir, "gate", NULL);
    g_assert_cmpint (g_chmod (fixture->folder, 0755), ==, 0);
    g_assert_cmpint (g_mkdir (fixture->state_dir, 0700), ==, 0);
    g_assert_cmpint (mkfifo (gate, 0600), ==, 0);
    fixture_set_ports (fixture, "1-2 " MODEM_UID " normal 2c7c 0125 ttyUSB2\n");
    start_bus (fixture);
    fixture->mm_revision = g_strdup ("EC25EFAR06A05M4G");
    connect_all (fixture);
}

static void
remove_folder (const char *path)
{
    g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name (folder)) != NULL) {
        g_autofree char *child = g_build_filename (path, name, NULL);

        if (g_file_test (child, G_FILE_TEST_IS_DIR))
            remove_folder (child);
        else
            g_unlink (child);
    }
    g_rmdir (path);
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
    if (fixture->service != NULL && g_subprocess_get_identifier (fixture->service) != NULL) {
        g_subprocess_send_signal (fixture->service, SIGTERM);
        g_assert_cmpint (fixture_wait_exit (fixture), ==, 0);
    }
    g_clear_object (&fixture->service);
    fixture_stop_mm (fixture);
    if (fixture->polkit_name_id != 0)
        g_bus_unown_name (fixture->polkit_name_id);
    if (fixture->polkit_object_id != 0)
        g_dbus_connection_unregister_object (fixture->mm_connection, fixture->polkit_object_id);
    g_object_unref (fixture->root);
    g_object_unref (fixture->nobody);
    g_object_unref (fixture->mm_connection);
    g_subprocess_force_exit (fixture->bus);
    g_subprocess_wait (fixture->bus, NULL, NULL);
    g_object_unref (fixture->bus);
    remove_folder (fixture->folder);
    g_free (fixture->folder);
    g_free (fixture->state_dir);
    g_free (fixture->ports_file);
    g_free (fixture->address);
    g_free (fixture->mm_revision);
    g_clear_object (&fixture->mm_plugin);
    g_free (fixture->polkit_subject);
}

void
fixture_call_job (GDBusConnection *caller, const char *path, const char *method, GError **error)
{
    g_autoptr (GVariant) reply = fixture_call (caller, path, JOB_INTERFACE, method, NULL, -1, error);

    g_assert_true ((reply != NULL) == (*error == NULL));
}

void
fixture_assert_string (Fixture *fixture, const char *path, const char *property, const char *expected)
{
    g_autofree char *value = fixture_get_string (fixture, path, property);

    g_assert_cmpstr (value, ==, expected);
}

void
fixture_assert_error (Fixture *fixture, const char *path, MfuError code)
{
    g_autoptr (GVariant) value = fixture_get (fixture, path, JOB_INTERFACE, "Error");
    const char *name;
    const char *message;

    g_variant_get (value, "(&s&s)", &name, &message);
    g_assert_cmpstr (name, ==, mfu_error_dbus_name (code));
    g_assert_cmpstr (message, !=, "");
}

gboolean
fixture_is_released (gpointer data)
{
    return ((Fixture *) data)->mm_holder == NULL;
}

MfuJournal *
fixture_begin_journal (Fixture *fixture)
{
    MfuJournalRecord record = {
        .place = (char *) MODEM_PLACE,
        .port = (char *) "1-2",
        .family = (char *) "mdm9x07",
        .serial = (char *) "",
        .from = (char *) "EC25EFAR06A05M4G",
        .to = (char *) "EC25EFAR06A08M4G",
        .package_name = (char *) "EC25EFAR06A08M4G",
        .package_digest = (char *) "abcd",
        .plan_digest = (char *) "ef",
        .step = (char *) "",
    };
    g_autoptr (GError) error = NULL;
    MfuJournal *journal = mfu_journal_begin (fixture->state_dir, &record, TRUE, &error);

    g_assert_no_error (error);
    return journal;
}

/* The entry of the only device. */
static GVariantDict *
only_device (Fixture *fixture)
{
    g_autoptr (GVariant) devices = fixture_get (fixture, SERVICE_PATH, SERVICE_NAME, "Devices");
    g_autoptr (GVariant) entry = NULL;

    g_assert_cmpuint (g_variant_n_children (devices), ==, 1);
    entry = g_variant_get_child_value (devices, 0);
    return g_variant_dict_new (entry);
}

void
fixture_assert_device (Fixture *fixture, const char *key, const char *expected)
{
    g_autoptr (GVariantDict) entry = only_device (fixture);
    g_autoptr (GVariant) value = g_variant_dict_lookup_value (entry, key, NULL);

    g_assert_nonnull (value);
    g_assert_cmpstr (g_variant_get_string (value, NULL), ==, expected);
}

int
fixture_be_service (const char *state_dir, const char *idle_seconds)
{
    MfuServiceConfig config = { state_dir, g_getenv ("MFU_TEST_DEVICES"),
                                (guint) g_ascii_strtoull (idle_seconds, NULL, 10), 1, FALSE };
    g_autoptr (GError) error = NULL;

    if (mfu_service_run (&config, &error))
        return 0;
    g_printerr ("service: %s\n", error->message);
    return 1;
}
