/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The bus name is taken when ModemManager has been asked for its modems, so that the call which starts us
 * finds them. Leaving is the other way round: release the name, wait until the bus has answered, and go only
 * if no call came in before the answer.
 *
 *   STARTING --asked--> SERVING --idle for a minute--> PARTING --nothing came--> gone
 *                          ^-----------something came-----'
 *   SIGTERM, bus lost, name lost --> STOPPING: cancel what can be, finish what cannot --> gone
 *
 * A bus that comes back is not served again: whoever calls on it starts another one of us, which waits until
 * we are gone. But the last job hears from it what ModemManager says. */

#include "service/service.h"

#include "config.h"

#include "job/kept.h"
#include "service/alone.h"
#include "service/manager.h"
#include "service/tidy.h"
#include "util/error.h"
#include "util/log.h"

#include <glib-unix.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <signal.h>
#include <unistd.h>

#define SERVICE_NAME MFU_DBUS_PREFIX ".FirmwareUpdater"

/* D-Bus gives a service 25 s to take its name; a ModemManager that hangs must not use them up. */
#define ASK_TIMEOUT_S 10

/* How often a lost bus is looked for while a job is finished. */
#define RETURN_S 1

typedef enum {
    STATE_STARTING, /* waits for ModemManager's modems and the first look at the ports */
    STATE_SERVING,  /* owns the name */
    STATE_PARTING,  /* has released the name, waits for the bus to say that nothing more comes */
    STATE_STOPPING, /* waits for the last job */
} State;

typedef struct {
    const MfuServiceConfig *config;
    GMainLoop *loop;
    GDBusConnection *connection;
    MfuFamilies *families;
    MfuPorts *ports;
    MfuResults *results;
    MfuAuthorizer *authorizer;
    MfuModemManager *modem_manager;
    MfuManager *manager;
    State state;
    guint name_id;
    guint timer_id; /* STARTING: for ModemManager's answer; SERVING: idle; STOPPING: for a lost bus */
    GDBusConnection *next_bus; /* STOPPING: the one that has come after the lost one */
    int lock_fd;               /* see mfu_alone_wait () */
    gboolean is_new;           /* PARTING: something came in */
    GError *error;
} Service;

/* An interrupted modem may need its time at boot, or its power. */
#define HOPE_S 600

static void serve (Service *self);

static void
set_timer (Service *self, guint seconds, GSourceFunc callback)
{
    if (self->timer_id != 0)
        g_source_remove (self->timer_id);
    self->timer_id = seconds > 0 ? g_timeout_add_seconds (seconds, callback, self) : 0;
}

static void
stop (Service *self)
{
    if (self->state != STATE_STOPPING) {
        mfu_manager_stop (self->manager);
        set_timer (self, 0, NULL);
    }
    self->state = STATE_STOPPING;
    if (!mfu_manager_is_busy (self->manager))
        g_main_loop_quit (self->loop);
}

static void
on_parted (GObject *source, GAsyncResult *result, gpointer user_data)
{
    Service *self = user_data;
    g_autoptr (GError) ignored = NULL;
    g_autoptr (GVariant) reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &ignored);

    /* Ignored because even an error comes after everything that the bus had for us. */
    if (self->state != STATE_PARTING)
        return;
    if (self->is_new || mfu_manager_is_busy (self->manager))
        serve (self);
    else
        g_main_loop_quit (self->loop);
}

static gboolean
on_idle (gpointer user_data)
{
    Service *self = user_data;

    self->timer_id = 0;
    self->state = STATE_PARTING;
    self->is_new = FALSE;
    g_bus_unown_name (self->name_id);
    self->name_id = 0;
    g_dbus_connection_call (self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "GetId", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                            on_parted, self);
    return G_SOURCE_REMOVE;
}

static void
on_name_acquired (GDBusConnection *connection, const char *name, gpointer user_data)
{
    mfu_log (G_LOG_LEVEL_INFO, NULL, NULL, "on the bus as %s", name);
}

static void
on_name_lost (GDBusConnection *connection, const char *name, gpointer user_data)
{
    Service *self = user_data;

    if (connection == NULL || g_dbus_connection_is_closed (connection))
        return; /* on_closed () knows what to do */
    if (self->error == NULL)
        g_set_error (&self->error, MFU_ERROR, MFU_ERROR_BUSY,
                     _ ("Cannot be %s on the bus: another one runs, or the bus policy forbids it."), name);
    stop (self);
}

static void
serve (Service *self)
{
    guint idle_s = self->config->idle_seconds;

    self->state = STATE_SERVING;
    if (self->name_id == 0)
        self->name_id =
            g_bus_own_name_on_connection (self->connection, SERVICE_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
                                          on_name_acquired, on_name_lost, self, NULL);
    mfu_manager_resume (self->manager);
    if (idle_s > 0 && mfu_manager_is_hoping (self->manager))
        idle_s = MAX (idle_s, HOPE_S);
    set_timer (self, mfu_manager_is_busy (self->manager) ? 0 : idle_s, on_idle);
}

static gboolean
on_ask_timeout (gpointer user_data)
{
    Service *self = user_data;

    self->timer_id = 0;
    mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "going on without an answer from ModemManager");
    serve (self);
    return G_SOURCE_REMOVE;
}

/* A call came in, a job ended, a modem came or went. */
static void
on_change (Service *self)
{
    switch (self->state) {
    case STATE_STARTING:
        if (mfu_modem_manager_is_asked (self->modem_manager) && mfu_manager_is_ready (self->manager))
            serve (self);
        break;
    case STATE_SERVING:
        serve (self);
        break;
    case STATE_PARTING:
        self->is_new = TRUE;
        break;
    case STATE_STOPPING:
        stop (self);
        break;
    default:
        g_assert_not_reached ();
    }
}

static void
on_manager_changed (MfuManager *manager, gpointer user_data)
{
    on_change (user_data);
}

static void
on_modems_changed (MfuModemManager *modem_manager, gpointer user_data)
{
    Service *self = user_data;

    mfu_manager_modems_changed (self->manager);
    on_change (self);
}

static void
on_ports_changed (MfuPorts *ports, gpointer user_data)
{
    Service *self = user_data;

    mfu_manager_ports_changed (self->manager);
}

static void on_closed (GDBusConnection *connection, gboolean was_remote, GError *error, gpointer user_data);

static void
drop_next_bus (Service *self)
{
    if (self->next_bus != NULL)
        g_signal_handlers_disconnect_by_data (self->next_bus, self);
    g_clear_object (&self->next_bus);
}

/* Blocks, but only as long as a bus that is there takes to greet; one that is not there refuses at once. */
static gboolean
on_time_to_return (gpointer user_data)
{
    Service *self = user_data;
    g_autoptr (GError) ignored = NULL;
    g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, NULL, &ignored);

    drop_next_bus (self);
    if (address != NULL)
        self->next_bus = g_dbus_connection_new_for_address_sync (
            address,
            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
            NULL, NULL, &ignored);
    /* Ignored because it is tried again. */
    if (self->next_bus == NULL)
        return G_SOURCE_CONTINUE;
    mfu_log (G_LOG_LEVEL_INFO, NULL, NULL, "the bus is back");
    g_signal_connect (self->next_bus, "closed", G_CALLBACK (on_closed), self);
    mfu_modem_manager_move (self->modem_manager, self->next_bus);
    self->timer_id = 0;
    return G_SOURCE_REMOVE;
}

static void
on_closed (GDBusConnection *connection, gboolean was_remote, GError *error, gpointer user_data)
{
    Service *self = user_data;

    mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "lost the bus; jobs are finished first");
    stop (self);
    set_timer (self, RETURN_S, on_time_to_return);
}

static gboolean
on_signal (gpointer user_data)
{
    mfu_log (G_LOG_LEVEL_MESSAGE, NULL, NULL, "asked to stop");
    stop (user_data);
    return G_SOURCE_CONTINUE;
}

static gboolean
connect_bus (Service *self, GError **error)
{
    g_autoptr (GError) local = NULL;

    self->connection = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &local);
    if (self->connection == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("Cannot reach the system bus: %s"), local->message);
        return FALSE;
    }
    g_dbus_connection_set_exit_on_close (self->connection, FALSE);
    g_signal_connect (self->connection, "closed", G_CALLBACK (on_closed), self);
    return TRUE;
}

static gboolean
set_up (Service *self, GError **error)
{
    g_autoptr (GError) local = NULL;

    self->families = mfu_families_load (self->config->devices_dir, error);
    if (self->families == NULL || !mfu_alone_wait (self->config->state_dir, &self->lock_fd, error) ||
        !connect_bus (self, error))
        return FALSE;
    self->ports = mfu_ports_new ("/sys", self->families);
    mfu_tidy_ports (self->ports, self->config->state_dir);
    mfu_kept_clean_up (self->config->state_dir);
    self->results = mfu_results_load (self->config->state_dir);
    self->authorizer = mfu_authorizer_new (self->connection);
    self->modem_manager = mfu_modem_manager_new (self->connection, on_modems_changed, self);
    self->manager = mfu_manager_new (
        &(MfuManagerConfig){
            .connection = self->connection,
            .authorizer = self->authorizer,
            .modem_manager = self->modem_manager,
            .results = self->results,
            .ports = self->ports,
            .families = self->families,
            .state_dir = self->config->state_dir,
            .keeps_packages = self->config->keeps_packages,
            .retry_seconds = self->config->retry_seconds,
            .changed = on_manager_changed,
            .user_data = self,
        },
        &local);
    if (self->manager == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("Cannot serve on the bus: %s"), local->message);
        return FALSE;
    }
    /* Ignored because Devices is then only as fresh as the last change in ModemManager. */
    if (!mfu_ports_watch (self->ports, on_ports_changed, self, &local))
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "cannot watch the ports: %s", local->message);
    return TRUE;
}

static void
tear_down (Service *self)
{
    while (self->manager != NULL && mfu_manager_is_looking (self->manager))
        g_main_context_iteration (NULL, TRUE);
    set_timer (self, 0, NULL);
    if (self->name_id != 0)
        g_bus_unown_name (self->name_id);
    mfu_manager_free (self->manager);
    mfu_modem_manager_free (self->modem_manager);
    mfu_authorizer_free (self->authorizer);
    mfu_results_free (self->results);
    mfu_ports_free (self->ports);
    mfu_families_free (self->families);
    drop_next_bus (self);
    if (self->connection != NULL) {
        g_signal_handlers_disconnect_by_data (self->connection, self);
        /* Ignored because there is nobody left to tell. */
        g_dbus_connection_flush_sync (self->connection, NULL, NULL);
        g_object_unref (self->connection);
    }
    if (self->lock_fd >= 0)
        close (self->lock_fd);
    g_main_loop_unref (self->loop);
}

gboolean
mfu_service_run (const MfuServiceConfig *config, GError **error)
{
    Service self = { .config = config, .loop = g_main_loop_new (NULL, FALSE), .lock_fd = -1 };
    gboolean is_up = set_up (&self, error);

    if (is_up) {
        guint sigterm = g_unix_signal_add (SIGTERM, on_signal, &self);
        guint sigint = g_unix_signal_add (SIGINT, on_signal, &self);

        set_timer (&self, ASK_TIMEOUT_S, on_ask_timeout);
        g_main_loop_run (self.loop);
        g_source_remove (sigterm);
        g_source_remove (sigint);
    }
    tear_down (&self);
    if (self.error != NULL) {
        g_propagate_error (error, self.error);
        return FALSE;
    }
    return is_up;
}
