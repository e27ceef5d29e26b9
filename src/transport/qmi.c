/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is asked of a modem by QMI, through libqmi:
 *
 *     open           directly, or through qmi-proxy; nothing is set, no client of others is touched
 *     CTL  Allocate CID (DMS)
 *     DMS  Get Revision | Set Operating Mode
 *     CTL  Release CID
 *     close */

#include "transport/control.h"

#include "transport/await.h"
#include "util/error.h"

#include <libqmi-glib.h>

/* For what is said after the answer, which nobody waits for. */
#define CLOSE_SECONDS 2

typedef struct {
    MfuAwait *await;
    QmiDevice *device; /* open; NULL: none */
    QmiClientDms *dms;
} Session;

static gboolean
fail (Session *session, GError *foreign, GError **error)
{
    int code = MFU_ERROR_IO;

    if (foreign->domain == QMI_PROTOCOL_ERROR)
        code = MFU_ERROR_REJECTED;
    else if (g_error_matches (foreign, QMI_CORE_ERROR, QMI_CORE_ERROR_TIMEOUT))
        code = MFU_ERROR_TIMED_OUT;
    else if (g_error_matches (foreign, QMI_CORE_ERROR, QMI_CORE_ERROR_INVALID_MESSAGE))
        code = MFU_ERROR_PROTOCOL;
    else if (g_error_matches (foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        code = MFU_ERROR_NOT_FOUND;
    mfu_await_convert (session->await, foreign, code, error);
    return FALSE;
}

static gboolean
open_device (Session *session, const MfuControlPort *port, GError **error)
{
    QmiDeviceOpenFlags flags = port->by_proxy ? QMI_DEVICE_OPEN_FLAGS_PROXY : QMI_DEVICE_OPEN_FLAGS_NONE;
    g_autoptr (GFile) file = g_file_new_for_path (port->devnode);
    g_autoptr (QmiDevice) device = NULL;
    GCancellable *cancellable = mfu_await_get_cancellable (session->await);
    GError *foreign = NULL;

    qmi_device_new (file, cancellable, mfu_await_done, session->await);
    device = qmi_device_new_finish (mfu_await_result (session->await), &foreign);
    if (device == NULL)
        return fail (session, foreign, error);
    qmi_device_open (device, flags, mfu_await_get_seconds (session->await), cancellable, mfu_await_done,
                     session->await);
    if (!qmi_device_open_finish (device, mfu_await_result (session->await), &foreign))
        return fail (session, foreign, error);
    session->device = g_steal_pointer (&device);
    return TRUE;
}

static gboolean
session_begin (Session *session, const MfuControlPort *port, GError **error)
{
    GError *foreign = NULL;

    session->await = mfu_await_new (port);
    if (!open_device (session, port, error))
        return FALSE;
    qmi_device_allocate_client (session->device, QMI_SERVICE_DMS, QMI_CID_NONE,
                                mfu_await_get_seconds (session->await),
                                mfu_await_get_cancellable (session->await), mfu_await_done, session->await);
    session->dms = (QmiClientDms *) qmi_device_allocate_client_finish (
        session->device, mfu_await_result (session->await), &foreign);
    return session->dms != NULL || fail (session, foreign, error);
}

/* Ignored are the results, because the answer is there, and a modem that was told to reset gives none. */
static void
session_end (Session *session)
{
    if (session->dms != NULL) {
        qmi_device_release_client (session->device, QMI_CLIENT (session->dms),
                                   QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, CLOSE_SECONDS, NULL,
                                   mfu_await_done, session->await);
        (void) qmi_device_release_client_finish (session->device, mfu_await_result (session->await), NULL);
    }
    g_clear_object (&session->dms);
    if (session->device != NULL) {
        qmi_device_close_async (session->device, CLOSE_SECONDS, NULL, mfu_await_done, session->await);
        (void) qmi_device_close_finish (session->device, mfu_await_result (session->await), NULL);
    }
    g_clear_object (&session->device);
    g_clear_pointer (&session->await, mfu_await_free);
}

static char *
ask_revision (Session *session, GError **error)
{
    g_autoptr (QmiMessageDmsGetRevisionOutput) output = NULL;
    const char *revision = NULL;
    GError *foreign = NULL;

    qmi_client_dms_get_revision (session->dms, NULL, mfu_await_get_seconds (session->await),
                                 mfu_await_get_cancellable (session->await), mfu_await_done, session->await);
    output = qmi_client_dms_get_revision_finish (session->dms, mfu_await_result (session->await), &foreign);
    if (output == NULL || !qmi_message_dms_get_revision_output_get_result (output, &foreign) ||
        !qmi_message_dms_get_revision_output_get_revision (output, &revision, &foreign)) {
        (void) fail (session, foreign, error);
        return NULL;
    }
    return g_strstrip (g_strdup (revision));
}

static gboolean
set_operating_mode (Session *session, QmiDmsOperatingMode mode, GError **error)
{
    g_autoptr (QmiMessageDmsSetOperatingModeInput) input = qmi_message_dms_set_operating_mode_input_new ();
    g_autoptr (QmiMessageDmsSetOperatingModeOutput) output = NULL;
    GError *foreign = NULL;

    if (!qmi_message_dms_set_operating_mode_input_set_mode (input, mode, &foreign))
        return fail (session, foreign, error);
    qmi_client_dms_set_operating_mode (session->dms, input, mfu_await_get_seconds (session->await),
                                       mfu_await_get_cancellable (session->await), mfu_await_done,
                                       session->await);
    output =
        qmi_client_dms_set_operating_mode_finish (session->dms, mfu_await_result (session->await), &foreign);
    if (output == NULL || !qmi_message_dms_set_operating_mode_output_get_result (output, &foreign))
        return fail (session, foreign, error);
    return TRUE;
}

char *
mfu_qmi_get_revision (const MfuControlPort *port, GError **error)
{
    Session session = { NULL };
    char *revision = NULL;

    if (session_begin (&session, port, error))
        revision = ask_revision (&session, error);
    session_end (&session);
    return revision;
}

gboolean
mfu_qmi_reset (const MfuControlPort *port, GError **error)
{
    Session session = { NULL };
    g_autoptr (GError) ignored = NULL;
    gboolean is_done = FALSE;

    if (session_begin (&session, port, error)) {
        /* Ignored because it is the reset that counts; many modems take it from offline alone. */
        (void) set_operating_mode (&session, QMI_DMS_OPERATING_MODE_OFFLINE, &ignored);
        is_done = set_operating_mode (&session, QMI_DMS_OPERATING_MODE_RESET, error);
    }
    session_end (&session);
    return is_done;
}
