/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A stand-in for ModemManager with our plugin and for the service, on the system bus that the environment
 * names. It exports what the interface XML says, nothing else, plays one job after the words of its command
 * line, and writes each call that it gets to a log:
 *
 *   fake-service XML LOG [KEY=VALUE]...
 *     modem-manager=0   ModemManager is absent          plugin=0     its modem has not our interface
 *     service=0         the service is absent           devices=     one (default), two, none, stuck, shared,
 *                                                      one-and-shared
 *     update=NAME       Update fails with this error    end=         done (default) or another end state
 *     error=NAME        the job's error                 cancel=0     Cancel is refused, and the job goes on
 *     running=1         a job runs already              fingerprint= of that job's package
 *     hold=1            the job stops half-way, until a Cancel or SIGUSR1
 *     vanish=1          the service's name leaves the bus half-way and comes back
 *     early=1           the job ends while it reads the package
 *     ended=1           a job is over already; ModemManager has the modem as Modem/1
 */

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX       "org.freedesktop.ModemManager1"
#define PATH         "/org/freedesktop/ModemManager1"
#define SERVICE      PREFIX ".FirmwareUpdater"
#define SERVICE_PATH PATH "/FirmwareUpdater"
#define JOB_PATH     SERVICE_PATH "/Job/1"
#define JOB          SERVICE ".Job"
#define MODEM        PREFIX ".Modem.FirmwareUpdate"
#define UID          "/sys/devices/platform/vhci_hcd.0/usb1/1-2"
#define MIB          1048576.0
#define TICK_MS      10
#define HALF         10
#define LAST         20

static const char object_manager_xml[] =
    "<node><interface name='org.freedesktop.DBus.ObjectManager'><method name='GetManagedObjects'>"
    "<arg type='a{oa{sa{sv}}}' direction='out'/></method></interface></node>";

typedef struct {
    GDBusConnection *bus;
    GDBusNodeInfo *xml, *object_manager;
    GHashTable *settings;
    FILE *log;
    GHashTable *job; /* property -> GVariant; empty: there is no job */
    guint position;  /* 0: verifying, 1 to LAST: running */
    gboolean starts, is_cancelled, is_released, has_vanished;
    guint name_id;
} Fake;

static const char *
setting (Fake *fake, const char *key, const char *otherwise)
{
    const char *value = g_hash_table_lookup (fake->settings, key);

    return value != NULL ? value : otherwise;
}

static gboolean
is_set (Fake *fake, const char *key, gboolean otherwise)
{
    return g_str_equal (setting (fake, key, otherwise ? "1" : "0"), "1");
}

static void
change (Fake *fake, GVariant *properties)
{
    g_autoptr (GVariant) changes = g_variant_ref_sink (properties);
    GVariantIter iter;
    const char *name;
    GVariant *value;

    g_variant_iter_init (&iter, changes);
    while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
        g_hash_table_insert (fake->job, g_strdup (name), value);
    g_dbus_connection_emit_signal (fake->bus, NULL, JOB_PATH, "org.freedesktop.DBus.Properties",
                                   "PropertiesChanged", g_variant_new ("(s@a{sv}as)", JOB, changes, NULL),
                                   NULL);
}

static void
create_job (Fake *fake, const char *name)
{
    change (fake, g_variant_new_parsed (
                      "{'State': <'verifying'>, 'Device': <%s>, 'Port': <'1-2'>, 'Model': <'EC25'>,"
                      " 'Modem': <objectpath '/org/freedesktop/ModemManager1/Modem/0'>,"
                      " 'OldModem': <objectpath '/org/freedesktop/ModemManager1/Modem/0'>,"
                      " 'Plan': <@a{sv} {}>, 'PackageName': <%s>, 'PackageFingerprint': <%s>, 'Step': <''>,"
                      " 'StepNumber': <uint32 0>, 'StepCount': <uint32 0>, 'Progress': <0.0>,"
                      " 'BytesDone': <uint64 0>, 'BytesTotal': <uint64 0>, 'BytesPerSecond': <uint64 0>,"
                      " 'SecondsLeft': <uint32 0>, 'CanCancel': <true>, 'FromVersion': <'EC25EFAR06A05M4G'>,"
                      " 'ToVersion': <'EC25EFAR06A08M4G'>, 'Error': <('', '')>, 'Advice': <''>}",
                      UID, name, setting (fake, "fingerprint", "none")));
}

static void
finish_job (Fake *fake)
{
    const char *end = fake->is_cancelled ? "cancelled" : setting (fake, "end", "done");
    const char *code = fake->is_cancelled ? "Cancelled" : setting (fake, "error", "");
    g_autofree char *name = code[0] != '\0' ? g_strconcat (SERVICE ".Error.", code, NULL) : g_strdup ("");
    gboolean is_done = g_str_equal (end, "done");

    change (fake,
            g_variant_new_parsed ("{'State': <%s>, 'Error': <(%s, %s)>, 'Advice': <%s>, 'Modem': <%o>}", end,
                                  name, is_done ? "" : "the fake says no", is_done ? "" : "try the real one",
                                  is_done ? PATH "/Modem/1" : PATH "/Modem/0"));
}

static void
make_ready (Fake *fake)
{
    change (
        fake,
        g_variant_new_parsed (
            "{'State': <'ready'>, 'Plan': <{'text': <'first line\\nsecond line\\n'>, 'method': <'firehose'>,"
            " 'from-version': <'EC25EFAR06A05M4G'>, 'to-version': <'EC25EFAR06A08M4G'>,"
            " 'seconds': <uint32 40>, 'bytes': <uint64 102760448>, 'warnings': <['no md5.txt']>,"
            " 'steps': <['reading', 'writing']>, 'digest': <'abc'>}>}"));
}

static void
show_progress (Fake *fake)
{
    double part = (double) fake->position / LAST;

    change (fake, g_variant_new_parsed (
                      "{'State': <'running'>, 'Step': <%s>, 'StepNumber': <%u>, 'StepCount': <uint32 8>,"
                      " 'Progress': <%d>, 'BytesDone': <%t>, 'BytesTotal': <uint64 102760448>,"
                      " 'BytesPerSecond': <uint64 3565158>, 'SecondsLeft': <uint32 17>,"
                      " 'CanCancel': <%b>}",
                      fake->position < 4 ? "switching to download mode" : "writing modem",
                      fake->position < 4 ? 4 : 5, part, (guint64) (part * 98 * MIB),
                      is_set (fake, "cancel", TRUE)));
}

static gboolean come_back (gpointer user_data);

static gboolean
tick (gpointer user_data)
{
    Fake *fake = user_data;

    if (fake->is_cancelled || fake->position >= LAST) {
        finish_job (fake);
        return G_SOURCE_REMOVE;
    }
    if (fake->position == 0 && !g_str_equal (setting (fake, "end", "done"), "done") &&
        is_set (fake, "early", FALSE)) {
        finish_job (fake);
        return G_SOURCE_REMOVE;
    }
    if (fake->position == 0 && !fake->starts) {
        make_ready (fake);
        return G_SOURCE_REMOVE;
    }
    if (fake->position == HALF && is_set (fake, "vanish", FALSE) && !fake->has_vanished) {
        fake->has_vanished = TRUE;
        g_bus_unown_name (fake->name_id);
        g_timeout_add (200, come_back, fake);
        return G_SOURCE_REMOVE;
    }
    if (fake->position == HALF && is_set (fake, "hold", FALSE) && !fake->is_released)
        return G_SOURCE_CONTINUE;
    fake->position++;
    show_progress (fake);
    return G_SOURCE_CONTINUE;
}

static gboolean
come_back (gpointer user_data)
{
    Fake *fake = user_data;

    fake->name_id = g_bus_own_name_on_connection (fake->bus, SERVICE, G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL,
                                                  NULL, NULL);
    g_timeout_add (TICK_MS, tick, fake);
    return G_SOURCE_REMOVE;
}

static gboolean
release (gpointer user_data)
{
    ((Fake *) user_data)->is_released = TRUE;
    return G_SOURCE_CONTINUE;
}

static void
fail (GDBusMethodInvocation *invocation, const char *code, const char *message)
{
    g_autofree char *name =
        strchr (code, '.') != NULL ? g_strdup (code) : g_strconcat (SERVICE ".Error.", code, NULL);

    g_dbus_method_invocation_return_dbus_error (invocation, name, message);
}

static void
log_update (Fake *fake, GDBusMethodInvocation *invocation, const char *interface, GVariant *arguments)
{
    GUnixFDList *fds = g_dbus_message_get_unix_fd_list (g_dbus_method_invocation_get_message (invocation));
    gboolean is_plugin = g_str_equal (interface, MODEM);
    g_autoptr (GVariant) options = g_variant_get_child_value (arguments, is_plugin ? 1 : 2);
    g_autofree char *text = g_variant_print (options, FALSE);
    const char *device = "";
    int handle = -1, fd;
    struct stat st = { 0 };

    g_variant_get_child (arguments, 0, "h", &handle);
    if (!is_plugin)
        g_variant_get_child (arguments, 1, "&s", &device);
    fd = fds != NULL ? g_unix_fd_list_get (fds, handle, NULL) : -1;
    if (fd >= 0 && fstat (fd, &st) == 0)
        fprintf (fake->log, "Update %s %s %s %s\n", is_plugin ? "plugin" : "service", device,
                 S_ISDIR (st.st_mode) ? "folder" : "file", text);
    if (fd >= 0)
        close (fd);
    if (!g_variant_lookup (options, "start", "b", &fake->starts))
        fake->starts = TRUE;
}

static void
update (Fake *fake, GDBusMethodInvocation *invocation, const char *interface, GVariant *arguments)
{
    const char *refusal = setting (fake, "update", "");

    log_update (fake, invocation, interface, arguments);
    if (refusal[0] != '\0') {
        fail (invocation, refusal, "the fake refuses");
    } else if (is_set (fake, "running", FALSE)) {
        fail (invocation, "InProgress", "a job runs");
    } else {
        create_job (fake, "sent.zip");
        g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", JOB_PATH));
        g_timeout_add (TICK_MS, tick, fake);
    }
}

static void
resume (Fake *fake, GDBusMethodInvocation *invocation, GVariant *arguments)
{
    g_autofree char *text = g_variant_print (arguments, FALSE);

    fprintf (fake->log, "Resume %s\n", text);
    if (is_set (fake, "running", FALSE)) {
        fail (invocation, "InProgress", "a job runs");
        return;
    }
    create_job (fake, "kept.zip");
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", JOB_PATH));
    g_timeout_add (TICK_MS, tick, fake);
}

static void
cancel (Fake *fake, GDBusMethodInvocation *invocation)
{
    gboolean is_ready =
        g_str_equal (g_variant_get_string (g_hash_table_lookup (fake->job, "State"), NULL), "ready");

    if (!is_set (fake, "cancel", TRUE)) {
        fake->is_released = TRUE;
        fail (invocation, "NeedsRecovery", "SBL is erased");
        return;
    }
    fake->is_cancelled = TRUE;
    g_dbus_method_invocation_return_value (invocation, NULL);
    if (is_ready)
        g_timeout_add (TICK_MS, tick, fake);
}

static GVariant *
object_of (Fake *fake, gboolean is_service)
{
    GVariantBuilder objects, interfaces;

    g_variant_builder_init (&objects, G_VARIANT_TYPE ("a{oa{sa{sv}}}"));
    g_variant_builder_init (&interfaces, G_VARIANT_TYPE ("a{sa{sv}}"));
    if (is_service) {
        GVariantDict job;
        GHashTableIter iter;
        gpointer name, value;

        g_variant_dict_init (&job, NULL);
        g_hash_table_iter_init (&iter, fake->job);
        while (g_hash_table_iter_next (&iter, &name, &value))
            g_variant_dict_insert_value (&job, name, value);
        g_variant_builder_add (&interfaces, "{s@a{sv}}", JOB, g_variant_dict_end (&job));
        if (g_hash_table_size (fake->job) > 0)
            g_variant_builder_add (&objects, "{o@a{sa{sv}}}", JOB_PATH, g_variant_builder_end (&interfaces));
        else
            g_variant_builder_clear (&interfaces);
    } else {
        g_variant_builder_add (&interfaces, "{s@a{sv}}", PREFIX ".Modem",
                               g_variant_new_parsed ("{'Device': <%s>}", UID));
        if (is_set (fake, "plugin", TRUE))
            g_variant_builder_add (
                &interfaces, "{s@a{sv}}", MODEM,
                g_variant_new_parsed ("{'Version': <'EC25EFAR06A05M4G'>, 'Job': <objectpath '/'>}"));
        g_variant_builder_add (&objects, "{o@a{sa{sv}}}",
                               is_set (fake, "ended", FALSE) ? PATH "/Modem/1" : PATH "/Modem/0",
                               g_variant_builder_end (&interfaces));
    }
    return g_variant_new ("(@a{oa{sa{sv}}})", g_variant_builder_end (&objects));
}

static void
method_call (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
             const char *method, GVariant *arguments, GDBusMethodInvocation *invocation, gpointer user_data)
{
    Fake *fake = user_data;

    if (g_str_equal (method, "GetManagedObjects")) {
        g_dbus_method_invocation_return_value (invocation,
                                               object_of (fake, g_str_equal (path, SERVICE_PATH)));
        return;
    }
    if (g_str_equal (method, "Update")) {
        update (fake, invocation, interface, arguments);
    } else if (g_str_equal (method, "Resume")) {
        resume (fake, invocation, arguments);
    } else if (g_str_equal (method, "Start")) {
        fprintf (fake->log, "Start\n");
        fake->starts = TRUE;
        g_dbus_method_invocation_return_value (invocation, NULL);
        g_timeout_add (TICK_MS, tick, fake);
    } else {
        fprintf (fake->log, "Cancel\n");
        cancel (fake, invocation);
    }
    fflush (fake->log);
}

static GVariant *
devices (Fake *fake)
{
    const char *kind = setting (fake, "devices", "one");
    const char *job = g_hash_table_size (fake->job) > 0 ? JOB_PATH : "/";
    const char *modem = is_set (fake, "ended", FALSE)          ? PATH "/Modem/1"
                        : is_set (fake, "modem-manager", TRUE) ? PATH "/Modem/0"
                                                               : "/";
    GVariantBuilder list;

    g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
    if (g_str_has_prefix (kind, "one") || g_str_equal (kind, "two"))
        g_variant_builder_add_parsed (
            &list,
            "{'device': <%s>, 'port': <'1-2'>, 'mode': <'normal'>, 'family': <'mdm9x07'>,"
            " 'model': <'EC25'>, 'version': <'EC25EFAR06A05M4G'>, 'modem': <%o>,"
            " 'job': <%o>, 'needs': <''>}",
            UID, modem, job);
    if (g_str_equal (kind, "two") || g_str_equal (kind, "stuck"))
        g_variant_builder_add_parsed (&list,
                                      "{'device': <'/sys/devices/stuck'>, 'port': <'1-3'>, 'mode': <'edl'>,"
                                      " 'family': <''>, 'model': <''>, 'modem': <objectpath '/'>,"
                                      " 'job': <objectpath '/'>, 'needs': <'package'>, 'package': <'EC25X'>,"
                                      " 'package-digest': <'d'>}");
    if (g_str_equal (kind, "kept"))
        g_variant_builder_add_parsed (&list,
                                      "{'device': <'/sys/devices/stuck'>, 'port': <'1-3'>, 'mode': <'edl'>,"
                                      " 'job': <%o>, 'needs': <'resume'>, 'package': <'EC25X'>,"
                                      " 'package-digest': <'d'>}",
                                      job);
    if (g_str_equal (kind, "damaged"))
        g_variant_builder_add_parsed (
            &list, "{'port': <'1-4'>, 'mode': <'edl'>, 'needs': <'recovery'>, 'problem': <'line 4'>}");
    /* What nobody knows: it may be somebody's telephone. */
    if (g_str_equal (kind, "shared") || g_str_equal (kind, "one-and-shared"))
        g_variant_builder_add_parsed (&list, "{'port': <'1-4'>, 'mode': <'edl'>, 'needs': <'recovery'>}");
    return g_variant_builder_end (&list);
}

static GVariant *
get_property (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *property, GError **error, gpointer user_data)
{
    Fake *fake = user_data;
    GVariant *value;

    if (g_str_equal (property, "Devices"))
        return devices (fake);
    if (g_str_equal (property, "Methods"))
        return g_variant_new_parsed ("['firehose']");
    if (g_str_equal (interface, MODEM))
        return g_str_equal (property, "Job") ? g_variant_new_object_path ("/")
                                             : g_variant_new_string ("EC25EFAR06A05M4G");
    value = g_hash_table_lookup (fake->job, property);
    if (value == NULL)
        return g_variant_new_string ("");
    return g_variant_ref (value);
}

static const GDBusInterfaceVTable vtable = { method_call, get_property, NULL, { NULL } };

static void export(Fake *fake, const char *path, GDBusNodeInfo *info, const char *interface)
{
    g_autoptr (GError) error = NULL;

    g_dbus_connection_register_object (fake->bus, path, g_dbus_node_info_lookup_interface (info, interface),
                                       &vtable, fake, NULL, &error);
    g_assert_no_error (error);
}

static void
export_all (Fake *fake)
{
    export(fake, PATH, fake->object_manager, "org.freedesktop.DBus.ObjectManager");
    if (is_set (fake, "plugin", TRUE))
        export(fake, PATH "/Modem/0", fake->xml, MODEM);
    export(fake, SERVICE_PATH, fake->object_manager, "org.freedesktop.DBus.ObjectManager");
    export(fake, SERVICE_PATH, fake->xml, SERVICE);
    export(fake, JOB_PATH, fake->xml, JOB);
}

static void
prepare_job (Fake *fake)
{
    if (is_set (fake, "running", FALSE)) {
        create_job (fake, "running.zip");
        fake->starts = TRUE;
        g_timeout_add (TICK_MS, tick, fake);
    }
    if (is_set (fake, "ended", FALSE)) {
        create_job (fake, "ended.zip");
        fake->position = LAST;
        show_progress (fake);
        finish_job (fake);
    }
}

static void
name_acquired (GDBusConnection *bus, const char *name, gpointer user_data)
{
    printf ("%s\n", name);
    fflush (stdout);
}

int
main (int argc, char **argv)
{
    g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
    g_autofree char *text = NULL;
    Fake fake = { NULL };

    /* A failed test must not leave us holding its output open. */
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    g_assert_cmpint (argc, >=, 3);
    g_assert_true (g_file_get_contents (argv[1], &text, NULL, NULL));
    fake.xml = g_dbus_node_info_new_for_xml (text, NULL);
    fake.object_manager = g_dbus_node_info_new_for_xml (object_manager_xml, NULL);
    fake.log = fopen (argv[2], "w");
    fake.settings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    fake.job = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
    for (int i = 3; i < argc; i++) {
        g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);

        g_hash_table_insert (fake.settings, g_strdup (pair[0]), g_strdup (pair[1]));
    }
    fake.bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, NULL);
    g_assert_nonnull (fake.bus);
    export_all (&fake);
    prepare_job (&fake);
    g_unix_signal_add (SIGUSR1, release, &fake);
    if (is_set (&fake, "service", TRUE))
        fake.name_id = g_bus_own_name_on_connection (fake.bus, SERVICE, G_BUS_NAME_OWNER_FLAGS_NONE,
                                                     name_acquired, NULL, NULL, NULL);
    if (is_set (&fake, "modem-manager", TRUE))
        g_bus_own_name_on_connection (fake.bus, PREFIX, G_BUS_NAME_OWNER_FLAGS_NONE, name_acquired, NULL,
                                      NULL, NULL);
    g_main_loop_run (loop);
    return 0;
}
