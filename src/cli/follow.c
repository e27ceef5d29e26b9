/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A proxy keeps the job's properties. Where a state asks for action, all of them are read again at once, so
 * that a plan or an error is complete whatever the order in which the service told its changes.
 */

#include "cli/follow.h"

#include "config.h"

#include "cli/dbus-names.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>

typedef struct {
    MfuClient *client;
    MfuAgent *agent;
    MfuWatch *watch;
    GDBusProxy *proxy;
    GCancellable *cancellable; /* ends what is pending when the follower ends */
    const char *path;
    MfuViewState last_state;
} Follower;

static GVariant *
cached_properties (GDBusProxy *proxy)
{
    g_auto (GStrv) names = g_dbus_proxy_get_cached_property_names (proxy);
    g_auto (GVariantDict) dictionary = G_VARIANT_DICT_INIT (NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autoptr (GVariant) value = g_dbus_proxy_get_cached_property (proxy, names[i]);

        if (value != NULL)
            g_variant_dict_insert_value (&dictionary, names[i], value);
    }
    return g_variant_ref_sink (g_variant_dict_end (&dictionary));
}

static void
feed (Follower *follower)
{
    g_autoptr (GVariant) properties = cached_properties (follower->proxy);
    g_autoptr (MfuJobView) view = mfu_job_view_new (follower->path, properties);

    if (view->state != follower->last_state &&
        (view->state == MFU_VIEW_READY || mfu_view_state_is_end (view->state))) {
        /* Ignored because: what the proxy has is nearly as good. */
        MfuJobView *whole = mfu_client_get_job (follower->client, follower->path, NULL);

        if (whole != NULL) {
            g_clear_pointer (&view, mfu_job_view_free);
            view = whole;
        }
    }
    follower->last_state = view->state;
    mfu_watch_feed (follower->watch, g_steal_pointer (&view));
}

static void
properties_changed (Follower *follower)
{
    g_autofree char *owner = g_dbus_proxy_get_name_owner (follower->proxy);

    if (owner != NULL)
        feed (follower);
}

static void
owner_changed (Follower *follower)
{
    g_autofree char *owner = g_dbus_proxy_get_name_owner (follower->proxy);

    if (owner != NULL) {
        mfu_watch_found (follower->watch);
        feed (follower);
        return;
    }
    mfu_watch_lost (follower->watch);
    /* The bus starts it again if it can; the answer does not matter. */
    g_dbus_connection_call (mfu_client_get_bus (follower->client), MFU_DBUS_SERVICE, MFU_DBUS_SERVICE_PATH,
                            "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL,
                            NULL, NULL);
}

static void
bus_closed (Follower *follower)
{
    mfu_watch_cut_off (follower->watch);
}

static void
answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (GVariant) reply = NULL;
    g_autoptr (GError) error = NULL;
    GError *local = NULL;

    reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &local);
    if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
        /* The follower is gone. */
        g_error_free (local);
        return;
    }
    if (reply == NULL)
        error = mfu_client_convert_error (local);
    mfu_watch_answered (((Follower *) user_data)->watch, error);
}

static void
call (Follower *follower, const char *method)
{
    mfu_agent_ensure (follower->agent);
    g_dbus_connection_call (
        mfu_client_get_bus (follower->client), MFU_DBUS_SERVICE, follower->path, MFU_DBUS_JOB_INTERFACE,
        method, NULL, NULL, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION,
        mfu_client_get_timeout_ms (follower->client), follower->cancellable, answered, follower);
}

static void
start (MfuWatch *watch, gpointer job)
{
    call (job, "Start");
}

static void
cancel (MfuWatch *watch, gpointer job)
{
    call (job, "Cancel");
}

static const MfuWatchJob klass = { start, cancel };

gboolean
mfu_follow (MfuClient *client, MfuAgent *agent, const char *path, MfuWatchConfig *config, MfuJobView **view,
            GError **error)
{
    g_autoptr (MfuWatch) watch = NULL;
    g_autoptr (GDBusProxy) proxy = NULL;
    g_autoptr (GCancellable) cancellable = g_cancellable_new ();
    Follower follower = { .client = client, .agent = agent, .path = path, .cancellable = cancellable };
    GError *local = NULL;
    gulong closed;
    gboolean ok;

    proxy = g_dbus_proxy_new_sync (mfu_client_get_bus (client), G_DBUS_PROXY_FLAGS_DO_NOT_AUTO_START, NULL,
                                   MFU_DBUS_SERVICE, path, MFU_DBUS_JOB_INTERFACE, NULL, &local);
    if (proxy == NULL) {
        g_propagate_error (error, mfu_client_convert_error (local));
        return FALSE;
    }
    config->klass = &klass;
    config->job = &follower;
    follower.proxy = proxy;
    follower.watch = watch = mfu_watch_new (config);
    g_signal_connect_swapped (proxy, "g-properties-changed", G_CALLBACK (properties_changed), &follower);
    g_signal_connect_swapped (proxy, "notify::g-name-owner", G_CALLBACK (owner_changed), &follower);
    closed =
        g_signal_connect_swapped (mfu_client_get_bus (client), "closed", G_CALLBACK (bus_closed), &follower);
    properties_changed (&follower);

    ok = mfu_watch_run (watch, view, error);
    g_signal_handlers_disconnect_by_data (proxy, &follower);
    g_signal_handler_disconnect (mfu_client_get_bus (client), closed);
    g_cancellable_cancel (cancellable);
    return ok;
}
