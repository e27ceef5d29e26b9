/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A main context that lives for one conversation. The libraries time their own requests in whole seconds; one
 * timer over all of them cancels whatever runs when the deadline has come. */

#include "transport/await.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

/* What is still to be delivered at the end are a few idle callbacks; this only bounds the loop. */
#define MAX_LEFTOVER 1000

struct _MfuAwait {
    MfuControlPort port;
    GMainContext *context;
    GCancellable *cancellable;
    GSource *timer;
    gulong handler;
    GAsyncResult *result;
};

static gboolean
on_deadline (gpointer user_data)
{
    g_cancellable_cancel (((MfuAwait *) user_data)->cancellable);
    return G_SOURCE_REMOVE;
}

/* May come from another thread. */
static void
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
    MfuAwait *await = user_data;

    g_cancellable_cancel (await->cancellable);
    g_main_context_wakeup (await->context);
}

MfuAwait *
mfu_await_new (const MfuControlPort *port)
{
    MfuAwait *await = g_new0 (MfuAwait, 1);

    await->port = *port;
    await->context = g_main_context_new ();
    await->cancellable = g_cancellable_new ();
    await->timer = g_timeout_source_new ((guint) mfu_clock_left_ms (port->clock, port->deadline_us));
    g_source_set_callback (await->timer, on_deadline, await, NULL);
    g_source_attach (await->timer, await->context);
    if (port->cancellable != NULL)
        await->handler = g_cancellable_connect (port->cancellable, G_CALLBACK (on_cancelled), await, NULL);
    g_main_context_push_thread_default (await->context);
    return await;
}

void
mfu_await_free (MfuAwait *await)
{
    if (await == NULL)
        return;
    g_source_destroy (await->timer);
    g_source_unref (await->timer);
    for (guint i = 0; i < MAX_LEFTOVER && g_main_context_iteration (await->context, FALSE); i++)
        ;
    g_cancellable_disconnect (await->port.cancellable, await->handler);
    g_main_context_pop_thread_default (await->context);
    g_main_context_unref (await->context);
    g_clear_object (&await->result);
    g_object_unref (await->cancellable);
    g_free (await);
}

GCancellable *
mfu_await_get_cancellable (MfuAwait *await)
{
    return await->cancellable;
}

guint
mfu_await_get_seconds (MfuAwait *await)
{
    return (guint) mfu_clock_left_ms (await->port.clock, await->port.deadline_us) / 1000 + 1;
}

void
mfu_await_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
    MfuAwait *await = user_data;

    g_set_object (&await->result, result);
}

GAsyncResult *
mfu_await_result (MfuAwait *await)
{
    g_clear_object (&await->result);
    while (await->result == NULL)
        g_main_context_iteration (await->context, TRUE);
    return await->result;
}

void
mfu_await_convert (MfuAwait *await, GError *foreign, int code, GError **error)
{
    const char *devnode = await->port.devnode;

    if (await->port.cancellable != NULL && g_cancellable_is_cancelled (await->port.cancellable))
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, _ ("cancelled"));
    else if (!g_file_test (devnode, G_FILE_TEST_EXISTS))
        g_set_error (error, MFU_ERROR, MFU_ERROR_GONE, _ ("the modem's port %s is no more"), devnode);
    else if (g_cancellable_is_cancelled (await->cancellable))
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, _ ("the modem does not answer on %s"), devnode);
    else
        g_set_error (error, MFU_ERROR, code, "%s: %s", devnode, foreign->message);
    g_error_free (foreign);
}
