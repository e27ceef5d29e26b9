/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager binds an inhibition to the caller's unique bus name. Each job therefore has a connection of
 * its own: closing it, or dying, gives the modem back, whatever else went wrong.
 *
 *   take          InhibitDevice (uid, true) --> modem object leaves the bus
 *   take again    nothing, unless ModemManager has been started meanwhile: a new one knows of no inhibition
 *   ...           the modem is flashed
 *   give_back     InhibitDevice (uid, false), close
 *   wait_version  --> new modem object, its version */

#include "service/job-host.h"

#include "config.h"

#include "service/inhibitors.h"
#include "service/port-users.h"
#include "util/error.h"
#include "util/log.h"

#include <ModemManager.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <unistd.h>

/* Source: ModemManager disables the modem first and disconnects its bearers; the slowest of those commands
 * has a timeout of 120 s (mm-broadband-bearer.c, disconnect). */
#define INHIBIT_TIMEOUT_MS 120000

/* Source: ModemManager probes a mute port for 35 s; a slow router takes three times that. */
#define PROBE_TIMEOUT_US (120 * G_TIME_SPAN_SECOND)
#define ASK_AGAIN_US     (3 * G_TIME_SPAN_SECOND)

#define UNINHIBIT_TIMEOUT_MS 30000

#define OWNER_TIMEOUT_MS 5000

/* The signals of an object's departure travel another connection than the reply that announces it. */
#define UNEXPORT_TIMEOUT_US (5 * G_TIME_SPAN_SECOND)

/* ModemManager up to 1.20.4 may abort when it gets a modem back; systemd starts it again. */
#define RESTART_PATIENCE_MS 30000

/* How often a ModemManager that ends is looked for. */
#define END_STEP_MS 500

/* Each further try follows an export of the modem, so this only bounds a modem that comes and goes. */
#define MAX_TRIES 5

#define DEV_DIR "/dev"

#define MM_ERROR "org.freedesktop.ModemManager1.Error.Core."

typedef struct {
    MfuJobHost parent;
    GDBusConnection *system;
    MfuModemManager *modem_manager;
    MfuWorld *world;
    char *job_id;

    GDBusConnection *holder; /* owns the inhibition; NULL: nothing is inhibited */
    char *uid;               /* of the inhibited device */
    char *owner;             /* unique name of the ModemManager that was told */
    int awake_fd;
    gboolean has_met; /* ModemManager ran when the modem was taken */
} Host;

typedef enum {
    ANSWER_TAKEN,    /* it is ours */
    ANSWER_NO_OWNER, /* ModemManager has nothing to do with the device, or does not run */
    ANSWER_NOT_YET,  /* it is just being probed */
    ANSWER_OTHERS,   /* somebody else has inhibited it */
    ANSWER_ENDING,   /* ModemManager is being stopped, or was killed over the question */
    ANSWER_FAILED,
} Answer;

static GDBusConnection *
connect_privately (GCancellable *cancellable, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autofree char *address = g_dbus_address_get_for_bus_sync (G_BUS_TYPE_SYSTEM, cancellable, &local);
    GDBusConnection *connection = NULL;

    if (address != NULL)
        connection = g_dbus_connection_new_for_address_sync (
            address,
            G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
            NULL, cancellable, &local);
    if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("cancelled"));
    else if (connection == NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("Cannot reach the system bus: %s"), local->message);
    return connection;
}

static Answer
answer_of_error (const GError *error)
{
    static const struct {
        const char *name;
        Answer answer;
    } known[] = {
        { MM_ERROR "NotFound", ANSWER_NO_OWNER },
        { MM_ERROR "WrongState", ANSWER_NOT_YET },
        { MM_ERROR "InProgress", ANSWER_OTHERS },
        { MM_ERROR "Cancelled", ANSWER_ENDING },
        { "org.freedesktop.DBus.Error.NoReply", ANSWER_ENDING },
        { "org.freedesktop.DBus.Error.UnknownMethod", ANSWER_ENDING },
        { "org.freedesktop.DBus.Error.UnknownObject", ANSWER_ENDING },
        { "org.freedesktop.DBus.Error.ServiceUnknown", ANSWER_NO_OWNER },
        { "org.freedesktop.DBus.Error.NameHasNoOwner", ANSWER_NO_OWNER },
    };
    g_autofree char *name = g_dbus_error_get_remote_error (error);

    for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
        if (g_strcmp0 (name, known[i].name) == 0)
            return known[i].answer;
    return ANSWER_FAILED;
}

/* The unique name of the ModemManager that runs now; NULL: none. Newly allocated. */
static char *
find_owner (GDBusConnection *connection, GCancellable *cancellable)
{
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner",
        g_variant_new ("(s)", MM_DBUS_SERVICE), G_VARIANT_TYPE ("(s)"), G_DBUS_CALL_FLAGS_NONE,
        OWNER_TIMEOUT_MS, cancellable, NULL);
    char *owner = NULL;

    if (reply != NULL)
        g_variant_get (reply, "(s)", &owner);
    return owner;
}

static Answer
call_inhibit (GDBusConnection *holder, const char *owner, const char *uid, gboolean inhibits, int timeout_ms,
              GCancellable *cancellable, GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        holder, owner, MM_DBUS_PATH, MM_DBUS_SERVICE, "InhibitDevice", g_variant_new ("(sb)", uid, inhibits),
        NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, timeout_ms, cancellable, &local);
    Answer answer;

    if (reply != NULL)
        return ANSWER_TAKEN;
    answer = answer_of_error (local);
    g_dbus_error_strip_remote_error (local);
    g_propagate_error (error, g_steal_pointer (&local));
    return answer;
}

/* Converts a failure of ModemManager's into ours; where its disabling failed half-way, makes the device leave
 * and come again, because ModemManager would keep it inhibited for good. */
static gboolean
fail_to_take (Host *self, const MfuUsbDevice *device, const GError *cause, GError **error)
{
    g_autoptr (GError) ignored = NULL;

    if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("cancelled"));
        return FALSE;
    }
    mfu_log (G_LOG_LEVEL_WARNING, device->port, self->job_id, "ModemManager does not let go of the modem: %s",
             cause->message);
    /* Ignored because the first error is the one to tell. */
    if (!self->world->klass->reenumerate (self->world, device, &ignored))
        mfu_log (G_LOG_LEVEL_WARNING, device->port, self->job_id, "%s", ignored->message);
    g_set_error (error, MFU_ERROR,
                 g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
                         g_error_matches (cause, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
                     ? MFU_ERROR_TIMED_OUT
                     : MFU_ERROR_REJECTED,
                 _ ("ModemManager does not let go of the modem: %s"), cause->message);
    return FALSE;
}

/* ModemManager keeps its name for up to 20 s while it ends, and refuses everything. TRUE when the one that
 * was asked has left; what it exported is not taken for the next one's then. */
static gboolean
wait_for_end (Host *self, GDBusConnection *holder, const char *owner, const MfuModem *modem,
              GCancellable *cancellable)
{
    MfuClock *clock = mfu_clock_system ();
    gint64 deadline_us = mfu_clock_deadline_us (clock, RESTART_PATIENCE_MS);

    for (;;) {
        g_autofree char *now = find_owner (holder, cancellable);

        if (g_strcmp0 (now, owner) != 0)
            break;
        if (mfu_clock_now_us (clock) >= deadline_us ||
            !clock->sleep_until (clock, mfu_clock_deadline_us (clock, END_STEP_MS), cancellable, NULL))
            return FALSE;
    }
    if (modem != NULL)
        mfu_modem_manager_wait_unexported (self->modem_manager, modem->path,
                                           g_get_monotonic_time () + UNEXPORT_TIMEOUT_US);
    return TRUE;
}

/* One call of InhibitDevice. FALSE without an error: try again when the modem has been exported. */
static gboolean
try_inhibit (Host *self, GDBusConnection *holder, const MfuUsbDevice *device, GCancellable *cancellable,
             GError **error)
{
    g_autoptr (MfuModem) modem = mfu_modem_manager_find (self->modem_manager, device);
    const char *uid = modem != NULL ? modem->uid : device->sysfs;
    g_autofree char *owner = find_owner (holder, cancellable);
    g_autoptr (GError) local = NULL;
    /* Where none runs, the name's own error tells. */
    Answer answer = call_inhibit (holder, owner != NULL ? owner : MM_DBUS_SERVICE, uid, TRUE,
                                  INHIBIT_TIMEOUT_MS, cancellable, &local);

    /* Nothing that the modem is in but normal mode is ever exported, so there is nothing to wait for. */
    if (answer == ANSWER_NOT_YET && device->mode != MFU_MODE_NORMAL)
        answer = ANSWER_NO_OWNER;
    switch (answer) {
    case ANSWER_TAKEN:
        self->holder = g_object_ref (holder);
        self->uid = g_strdup (uid);
        self->owner = g_steal_pointer (&owner);
        if (modem != NULL)
            mfu_modem_manager_wait_unexported (self->modem_manager, modem->path,
                                               g_get_monotonic_time () + UNEXPORT_TIMEOUT_US);
        mfu_log (G_LOG_LEVEL_INFO, device->port, self->job_id, "ModemManager has let go of the modem");
        return TRUE;
    case ANSWER_NO_OWNER:
        mfu_log (G_LOG_LEVEL_INFO, device->port, self->job_id, "ModemManager has nothing to let go of: %s",
                 local->message);
        return TRUE;
    case ANSWER_NOT_YET:
        return FALSE;
    case ANSWER_OTHERS:
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_BUSY,
                             _ ("Another program has told ModemManager to keep off this modem "
                                "(InhibitDevice): let it finish, or stop it."));
        return FALSE;
    case ANSWER_ENDING:
        if (wait_for_end (self, holder, owner, modem, cancellable) ||
            g_cancellable_is_cancelled (cancellable))
            return FALSE;
        return fail_to_take (self, device, local, error);
    case ANSWER_FAILED:
    default:
        return fail_to_take (self, device, local, error);
    }
}

/* Until the modem is exported, or for a while: one that is being probed may be given up, which no signal
 * tells. NULL without an error: ask ModemManager again. */
static MfuModem *
wait_while_probed (Host *self, const MfuUsbDevice *device, gint64 deadline_us, GCancellable *cancellable,
                   GError **error)
{
    gint64 until_us = g_get_monotonic_time () + ASK_AGAIN_US;
    g_autoptr (GError) local = NULL;
    MfuModem *modem;

    if (!mfu_modem_manager_is_running (self->modem_manager) || until_us > deadline_us)
        until_us = deadline_us;
    modem = mfu_modem_manager_wait_exported (self->modem_manager, device, until_us, RESTART_PATIENCE_MS,
                                             cancellable, &local);
    if (local != NULL &&
        (until_us == deadline_us || !g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT)))
        g_propagate_error (error, g_steal_pointer (&local));
    return modem;
}

static gboolean
inhibit (Host *self, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time () + PROBE_TIMEOUT_US;
    g_autoptr (GDBusConnection) holder = connect_privately (cancellable, error);
    guint n_exports = 0;

    if (holder == NULL)
        return FALSE;
    while (n_exports < MAX_TRIES) {
        g_autoptr (GError) local = NULL;
        g_autoptr (MfuModem) modem = NULL;

        if (try_inhibit (self, holder, device, cancellable, &local))
            return TRUE;
        if (local == NULL)
            modem = wait_while_probed (self, device, deadline_us, cancellable, &local);
        if (modem != NULL)
            n_exports++;
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND))
            return TRUE; /* ModemManager has left */
        if (local != NULL) {
            g_dbus_connection_close_sync (holder, NULL, NULL); /* undoes what may have come too late */
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
    }
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                         _ ("The modem keeps leaving ModemManager and coming back."));
    return FALSE;
}

static void
release_holder (Host *self)
{
    if (self->holder != NULL && !g_dbus_connection_is_closed (self->holder))
        g_dbus_connection_close_sync (self->holder, NULL, NULL);
    g_clear_object (&self->holder);
    g_clear_pointer (&self->uid, g_free);
    g_clear_pointer (&self->owner, g_free);
}

static gboolean
is_still_taken (Host *self)
{
    g_autofree char *owner = NULL;

    if (self->holder == NULL || g_dbus_connection_is_closed (self->holder))
        return FALSE;
    owner = find_owner (self->holder, NULL);
    return owner == NULL || g_strcmp0 (owner, self->owner) == 0;
}

static gboolean
host_take (MfuJobHost *host, const MfuUsbDevice *device, GCancellable *cancellable, GError **error)
{
    Host *self = (Host *) host;

    if (is_still_taken (self))
        return TRUE;
    release_holder (self);
    self->has_met = self->has_met || mfu_modem_manager_is_running (self->modem_manager);
    if (!mfu_port_users_check (device, self->system, DEV_DIR, error))
        return FALSE;
    /* Asked in any case: ModemManager may be just starting. */
    if (!inhibit (self, device, cancellable, error))
        return FALSE;
    self->has_met = self->has_met || self->holder != NULL;
    return TRUE;
}

static void
host_give_back (MfuJobHost *host, const MfuUsbDevice *device)
{
    Host *self = (Host *) host;
    g_autoptr (GError) local = NULL;

    /* Ignored because closing the connection ends the inhibition too; ModemManager may have been started
     * anew and know nothing of it. */
    if (self->holder != NULL && call_inhibit (self->holder, self->owner, self->uid, FALSE,
                                              UNINHIBIT_TIMEOUT_MS, NULL, &local) != ANSWER_TAKEN)
        mfu_log (G_LOG_LEVEL_INFO, device != NULL ? device->port : NULL, self->job_id,
                 "ModemManager on getting the modem back: %s", local->message);
    release_holder (self);
}

static void
host_stay_awake (MfuJobHost *host, gboolean stays)
{
    Host *self = (Host *) host;

    if (self->awake_fd >= 0)
        close (self->awake_fd);
    self->awake_fd = -1;
    if (stays)
        self->awake_fd = mfu_inhibitors_take (self->system, "A modem's firmware is being written.");
}

static char *
host_wait_version (MfuJobHost *host, const MfuUsbDevice *device, gint64 deadline_us, char **modem_path,
                   GCancellable *cancellable, GError **error)
{
    Host *self = (Host *) host;
    g_autoptr (MfuModem) modem =
        mfu_modem_manager_wait_exported (self->modem_manager, device, deadline_us,
                                         self->has_met ? RESTART_PATIENCE_MS : 0, cancellable, error);

    if (modem == NULL)
        return NULL;
    if (modem_path != NULL)
        *modem_path = g_strdup (modem->path);
    return g_strdup (modem->version);
}

MfuJobHost *
mfu_job_host_new (GDBusConnection *connection, MfuModemManager *modem_manager, MfuWorld *world,
                  const char *job_id)
{
    static const MfuJobHostClass klass = { host_take, host_give_back, host_wait_version, host_stay_awake };
    Host *self = g_new0 (Host, 1);

    self->parent.klass = &klass;
    self->system = g_object_ref (connection);
    self->modem_manager = modem_manager;
    self->world = world;
    self->job_id = g_strdup (job_id);
    self->awake_fd = -1;
    return &self->parent;
}

void
mfu_job_host_free (MfuJobHost *host)
{
    Host *self = (Host *) host;

    if (self == NULL)
        return;
    release_holder (self);
    host_stay_awake (host, FALSE);
    g_object_unref (self->system);
    g_free (self->job_id);
    g_free (self);
}
