/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is asked of a modem by MBIM, through libmbim:
 *
 *     open           directly (MBIM Open), or through mbim-proxy
 *     Basic Connect  Device Services                is there Quectel's firmware update service, QDU?
 *     QDU            Quectel Read Version           the full name, as AT+QGMR tells it
 *     Basic Connect  Device Caps                    its firmware, in at most 30 characters, without QDU
 *     QDU            Quectel Reboot (EDL)
 *     close
 *
 * Which modules have QDU differs: it is known of laptop modules (EM05, EM120), not of the EC25 and EP06.
 * Source: fwupd/fwupd pull request 4227 and plugins/modem-manager/fu-mm-mbim-device.c; libmbim 1.28, service
 * QDU */

#include "transport/control.h"

#include "transport/await.h"
#include "util/error.h"

#include <libmbim-glib.h>

#define CLOSE_SECONDS 2

/* Of one list; the library bounds what a message can hold, this what we look at. */
#define MAX_SERVICES 256

typedef struct {
    MfuAwait *await;
    MbimDevice *device; /* open; NULL: none */
} Session;

static gboolean
fail (Session *session, GError *foreign, GError **error)
{
    int code = MFU_ERROR_IO;

    if (foreign->domain == MBIM_STATUS_ERROR)
        code = MFU_ERROR_REJECTED;
    else if (g_error_matches (foreign, MBIM_CORE_ERROR, MBIM_CORE_ERROR_TIMEOUT))
        code = MFU_ERROR_TIMED_OUT;
    else if (foreign->domain == MBIM_PROTOCOL_ERROR ||
             g_error_matches (foreign, MBIM_CORE_ERROR, MBIM_CORE_ERROR_INVALID_MESSAGE))
        code = MFU_ERROR_PROTOCOL;
    else if (g_error_matches (foreign, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        code = MFU_ERROR_NOT_FOUND;
    mfu_await_convert (session->await, foreign, code, error);
    return FALSE;
}

static gboolean
session_begin (Session *session, const MfuControlPort *port, GError **error)
{
    MbimDeviceOpenFlags flags = port->by_proxy ? MBIM_DEVICE_OPEN_FLAGS_PROXY : MBIM_DEVICE_OPEN_FLAGS_NONE;
    g_autoptr (GFile) file = g_file_new_for_path (port->devnode);
    g_autoptr (MbimDevice) device = NULL;
    GError *foreign = NULL;

    session->await = mfu_await_new (port);
    mbim_device_new (file, mfu_await_get_cancellable (session->await), mfu_await_done, session->await);
    device = mbim_device_new_finish (mfu_await_result (session->await), &foreign);
    if (device == NULL)
        return fail (session, foreign, error);
    mbim_device_open_full (device, flags, mfu_await_get_seconds (session->await),
                           mfu_await_get_cancellable (session->await), mfu_await_done, session->await);
    if (!mbim_device_open_full_finish (device, mfu_await_result (session->await), &foreign))
        return fail (session, foreign, error);
    session->device = g_steal_pointer (&device);
    return TRUE;
}

/* Ignored is the result, because the answer is there, and a modem that was told to reboot gives none. */
static void
session_end (Session *session)
{
    if (session->device != NULL) {
        mbim_device_close (session->device, CLOSE_SECONDS, NULL, mfu_await_done, session->await);
        (void) mbim_device_close_finish (session->device, mfu_await_result (session->await), NULL);
    }
    g_clear_object (&session->device);
    g_clear_pointer (&session->await, mfu_await_free);
}

/* Takes `request`, which a failure of the library to make it leaves NULL. NULL without a good answer. */
static MbimMessage *
ask (Session *session, MbimMessage *request, GError **foreign)
{
    g_autoptr (MbimMessage) owned = request;
    g_autoptr (MbimMessage) response = NULL;

    if (request == NULL)
        return NULL;
    mbim_device_command (session->device, request, mfu_await_get_seconds (session->await),
                         mfu_await_get_cancellable (session->await), mfu_await_done, session->await);
    response = mbim_device_command_finish (session->device, mfu_await_result (session->await), foreign);
    if (response == NULL ||
        !mbim_message_response_get_result (response, MBIM_MESSAGE_TYPE_COMMAND_DONE, foreign))
        return NULL;
    return g_steal_pointer (&response);
}

/* TRUE also where the modem does not tell its services: then it has to be tried. */
static gboolean
may_have_qdu (Session *session)
{
    g_autoptr (MbimMessage) response = ask (session, mbim_message_device_services_query_new (NULL), NULL);
    g_autoptr (MbimDeviceServiceElementArray) services = NULL;
    guint32 n = 0;

    if (response == NULL ||
        !mbim_message_device_services_response_parse (response, &n, NULL, &services, NULL))
        return TRUE;
    for (guint i = 0; i < MIN (n, MAX_SERVICES) && services[i] != NULL; i++)
        if (mbim_uuid_to_service (&services[i]->device_service_id) == MBIM_SERVICE_QDU)
            return TRUE;
    return FALSE;
}

/* NULL where the modem does not know the question. */
static char *
ask_qdu_version (Session *session)
{
    g_autoptr (MbimMessage) response =
        ask (session,
             mbim_message_qdu_quectel_read_version_set_new (MBIM_QDU_QUECTEL_VERSION_TYPE_FW_BUILD_ID, NULL),
             NULL);
    g_autofree char *version = NULL;

    if (response == NULL ||
        !mbim_message_qdu_quectel_read_version_response_parse (response, NULL, &version, NULL) ||
        version == NULL || *g_strstrip (version) == '\0')
        return NULL;
    return g_steal_pointer (&version);
}

static char *
ask_firmware_info (Session *session, GError **error)
{
    GError *foreign = NULL;
    g_autoptr (MbimMessage) response = ask (session, mbim_message_device_caps_query_new (&foreign), &foreign);
    char *firmware = NULL;

    if (response == NULL ||
        !mbim_message_device_caps_response_parse (response, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                                                  NULL, NULL, &firmware, NULL, &foreign)) {
        (void) fail (session, foreign, error);
        return NULL;
    }
    return g_strstrip (firmware != NULL ? firmware : g_strdup (""));
}

char *
mfu_mbim_get_version (const MfuControlPort *port, gboolean *has_switch, GError **error)
{
    Session session = { NULL };
    gboolean may_have = TRUE;
    char *version = NULL;

    if (session_begin (&session, port, error)) {
        may_have = may_have_qdu (&session);
        version = may_have ? ask_qdu_version (&session) : NULL;
        if (version == NULL)
            version = ask_firmware_info (&session, error);
    }
    session_end (&session);
    if (has_switch != NULL)
        *has_switch = may_have;
    return version;
}

gboolean
mfu_mbim_reboot_to_edl (const MfuControlPort *port, GError **error)
{
    Session session = { NULL };
    gboolean is_done = FALSE;

    if (session_begin (&session, port, error)) {
        GError *foreign = NULL;
        g_autoptr (MbimMessage) response = ask (
            &session, mbim_message_qdu_quectel_reboot_set_new (MBIM_QDU_QUECTEL_REBOOT_TYPE_EDL, &foreign),
            &foreign);

        is_done = response != NULL || fail (&session, foreign, error);
    }
    session_end (&session);
    return is_done;
}
