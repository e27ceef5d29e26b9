/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which modems get the interface, and what it shows of them. */

#include "fixture.h"
#include "plugin/version-reader.h"

#include <glib/gstdio.h>

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
    g_assert_cmpstr (
        text, ==,
        "{'Version': <''>, 'Methods': <['firehose', 'fastboot', 'streaming']>, 'Job': <objectpath '/'>}");

    wait_until (has_version, f);
    assert_property (f, "Version", "'" EXACT "'");
    assert_property (f, "Methods", "['firehose', 'fastboot', 'streaming']");
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
