/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The method Update on its way from the client to the service, and the property Job. */

#include "fixture.h"

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

typedef void (*FixtureFunc) (Fixture *f, gconstpointer user_data);

static const struct {
    const char *name;
    FixtureFunc run;
    gboolean has_activatable_service;
} tests[] = {
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
    for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].name, Fixture, GINT_TO_POINTER (tests[i].has_activatable_service), set_up,
                    tests[i].run, tear_down);
    return g_test_run ();
}
