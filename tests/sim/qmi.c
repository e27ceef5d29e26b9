/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI: messages, clients, and the three services that have little to say: CTL, WDA, WMS. The others are in
 * qmidms.c, qminas.c, qmiuim.c and qmiwds.c. Every request is answered: an unknown message with error 71, a
 * message of a client that was not allocated with 7, one of an unknown service with 31.
 *
 *   > SEND_ENCAPSULATED_COMMAND (21 00)   QMUX message
 *   < a1 01 00 00 04 00 00 00             on the interrupt endpoint, one for each answer
 *   > GET_ENCAPSULATED_RESPONSE (a1 01)   < QMUX message
 *
 * QMUX: 01, length LE16 (without the 01), flags, service, client; then flags, transaction (one byte for
 * service 0, two for others), message LE16, length LE16, TLVs. Source: libqmi's service definitions. */

#include "sim/qmistate.h"

#include <string.h>

#define ANSWER_US              1000
#define MESSAGE_MAX            2048
#define MAX_CLIENTS            48
#define GET_SUPPORTED_MESSAGES 0x1e

SimQmi *
sim_qmi_new (SimModem *modem)
{
    SimQmi *qmi = g_new0 (SimQmi, 1);

    qmi->modem = modem;
    qmi->clients = g_array_new (FALSE, TRUE, sizeof (SimQmiClient));
    qmi->answer_us = ANSWER_US;
    qmi->mode_preference = 0x1c; /* GSM, UMTS, LTE */
    return qmi;
}

void
sim_qmi_free (SimQmi *qmi)
{
    g_queue_clear_full (&qmi->answers, (GDestroyNotify) g_byte_array_unref);
    g_array_unref (qmi->clients);
    g_free (qmi);
}

/* --- TLVs --- */

void
sim_qmi_add_tlv (SimQmiRequest *request, guint8 type, const void *data, gsize size)
{
    const guint8 head[] = { type, (guint8) size, (guint8) (size >> 8) };

    g_byte_array_append (request->out, head, sizeof head);
    g_byte_array_append (request->out, data, (guint) size);
}

void
sim_qmi_add_text (SimQmiRequest *request, guint8 type, const char *text)
{
    sim_qmi_add_tlv (request, type, text, strlen (text));
}

void
sim_qmi_add_u32 (SimQmiRequest *request, guint8 type, guint32 value)
{
    guint8 bytes[4];

    sim_put_u32 (bytes, value);
    sim_qmi_add_tlv (request, type, bytes, sizeof bytes);
}

const guint8 *
sim_qmi_find_tlv (const SimQmiRequest *request, guint8 type, gsize size, gsize *n_found)
{
    gsize at = 0;

    while (at + 3 <= request->n_tlvs) {
        gsize n = request->tlvs[at + 1] | (gsize) request->tlvs[at + 2] << 8;

        if (n > request->n_tlvs - at - 3)
            return NULL;
        if (request->tlvs[at] == type) {
            if (n_found)
                *n_found = n;
            return n >= size ? request->tlvs + at + 3 : NULL;
        }
        at += 3 + n;
    }
    return NULL;
}

/* --- clients --- */

static SimQmiClient *
find_client (SimQmi *qmi, guint8 service, guint8 id)
{
    for (guint i = 0; i < qmi->clients->len; i++) {
        SimQmiClient *client = &g_array_index (qmi->clients, SimQmiClient, i);

        if (client->service == service && client->id == id)
            return client;
    }
    return NULL;
}

static void
release (SimQmi *qmi, guint i)
{
    SimQmiClient client = g_array_index (qmi->clients, SimQmiClient, i);

    g_array_remove_index (qmi->clients, i);
    if (client.service == SIM_QMI_WDS)
        sim_qmi_wds_release (qmi, &client);
}

static void
release_all (SimQmi *qmi)
{
    for (guint n = qmi->clients->len; n > 0; n--)
        release (qmi, n - 1);
}

/* --- CTL, WDA, WMS --- */

static const SimQmiService *const services[];

static guint get_versions (SimQmiRequest *request);
static const SimQmiService *find_service (guint8 id);

static guint
allocate_client (SimQmiRequest *request)
{
    SimQmi *qmi = request->modem->qmi;
    const guint8 *service = sim_qmi_find_tlv (request, 0x01, 1, NULL);
    SimQmiClient client = { 0 };

    if (!service)
        return SIM_QMI_MISSING_ARGUMENT;
    if (*service == SIM_QMI_CTL || !find_service (*service))
        return SIM_QMI_INVALID_SERVICE;
    if (qmi->clients->len >= MAX_CLIENTS)
        return SIM_QMI_NO_MORE_CLIENTS;
    client.service = *service;
    do {
        client.id = ++qmi->last_id[*service];
    } while (client.id == 0 || client.id == 0xff || find_client (qmi, *service, client.id));
    g_array_append_val (qmi->clients, client);
    sim_qmi_add_tlv (request, 0x01, &client.service, 2);
    return SIM_QMI_OK;
}

static guint
release_client (SimQmiRequest *request)
{
    SimQmi *qmi = request->modem->qmi;
    const guint8 *pair = sim_qmi_find_tlv (request, 0x01, 2, NULL);

    if (!pair)
        return SIM_QMI_MISSING_ARGUMENT;
    sim_qmi_add_tlv (request, 0x01, pair, 2);
    for (guint i = 0; i < qmi->clients->len; i++) {
        const SimQmiClient *client = &g_array_index (qmi->clients, SimQmiClient, i);

        if (client->service == pair[0] && client->id == pair[1]) {
            release (qmi, i);
            return SIM_QMI_OK;
        }
    }
    return SIM_QMI_INVALID_CLIENT;
}

/* Whoever says so begins anew. */
static guint
begin_anew (SimQmiRequest *request)
{
    release_all (request->modem->qmi);
    return SIM_QMI_OK;
}

/* Raw IP and nothing else, whatever is asked for. */
#define RAW_IP                                                                                               \
    "\x10\1\0\0"                                                                                             \
    "\x11\4\0\2\0\0\0"                                                                                       \
    "\x12\4\0\0\0\0\0"                                                                                       \
    "\x13\4\0\0\0\0\0"

static const SimQmiRow ctl_rows[] = {
    SIM_QMI_DOES (0x21, get_versions),   SIM_QMI_DOES (0x22, allocate_client),
    SIM_QMI_DOES (0x23, release_client), SIM_QMI_SAYS (0x26, "\x10\2\0\2\0"),
    SIM_QMI_DOES (0x27, begin_anew),
};

static const SimQmiRow wda_rows[] = {
    SIM_QMI_SAYS (0x20, RAW_IP),
    SIM_QMI_SAYS (0x21, RAW_IP),
};

/* Set event report, reset, message protocol (WCDMA), an empty list, routes. */
static const SimQmiRow wms_rows[] = {
    SIM_QMI_SAYS (0x00, ""),         SIM_QMI_SAYS (0x01, ""),
    SIM_QMI_SAYS (0x30, "\1\1\0\1"), SIM_QMI_SAYS (0x31, "\1\4\0\0\0\0\0"),
    SIM_QMI_SAYS (0x32, ""),
};

static const SimQmiService ctl = { SIM_QMI_CTL, 1, 5, ctl_rows, G_N_ELEMENTS (ctl_rows) };
static const SimQmiService wda = { SIM_QMI_WDA, 1, 16, wda_rows, G_N_ELEMENTS (wda_rows) };
static const SimQmiService wms = { SIM_QMI_WMS, 1, 10, wms_rows, G_N_ELEMENTS (wms_rows) };

static const SimQmiService *const services[] = { &ctl, &sim_qmi_wds, &sim_qmi_dms, &sim_qmi_nas,
                                                 &wms, &sim_qmi_uim, &wda };

static const SimQmiService *
find_service (guint8 id)
{
    for (guint i = 0; i < G_N_ELEMENTS (services); i++) {
        if (services[i]->id == id)
            return services[i];
    }
    return NULL;
}

static guint
get_versions (SimQmiRequest *request)
{
    guint8 list[1 + 5 * G_N_ELEMENTS (services)] = { G_N_ELEMENTS (services) };

    for (guint i = 0; i < G_N_ELEMENTS (services); i++) {
        const guint8 entry[] = { services[i]->id, services[i]->major, 0, services[i]->minor, 0 };

        memcpy (list + 1 + 5 * i, entry, sizeof entry);
    }
    sim_qmi_add_tlv (request, 0x01, list, sizeof list);
    return SIM_QMI_OK;
}

/* A bit for each message of the service. */
static guint
get_supported_messages (SimQmiRequest *request, const SimQmiService *service)
{
    guint8 map[2 + 32] = { 0 };
    guint n = 0;

    for (guint i = 0; i < service->n_rows; i++) {
        guint message = service->rows[i].message;

        map[2 + message / 8] |= (guint8) (1u << message % 8);
        n = MAX (n, message / 8 + 1);
    }
    map[0] = (guint8) n;
    sim_qmi_add_tlv (request, 0x10, map, 2 + n);
    return SIM_QMI_OK;
}

static guint
run_request (SimQmiRequest *request, guint16 message)
{
    const SimQmiService *service = find_service (request->service);

    if (request->modem->quirks & SIM_QUIRK_NO_QMI)
        return SIM_QMI_NOT_SUPPORTED;
    if (!service)
        return SIM_QMI_INVALID_SERVICE;
    request->self = find_client (request->modem->qmi, request->service, request->client);
    if (service != &ctl && !request->self)
        return SIM_QMI_INVALID_CLIENT;
    if (service != &ctl && message == GET_SUPPORTED_MESSAGES)
        return get_supported_messages (request, service);
    for (guint i = 0; i < service->n_rows; i++) {
        const SimQmiRow *row = &service->rows[i];

        if (row->message != message)
            continue;
        if (row->handle)
            return row->handle (request);
        if (row->tlvs)
            g_byte_array_append (request->out, (const guint8 *) row->tlvs, (guint) row->n_tlvs);
        return row->refusal;
    }
    return SIM_QMI_INVALID_COMMAND;
}

/* --- messages --- */

static void
put_u16 (GByteArray *out, guint value)
{
    const guint8 bytes[] = { (guint8) value, (guint8) (value >> 8) };

    g_byte_array_append (out, bytes, 2);
}

/* A message for the host: `head` is what stands between the client and the length of the TLVs. */
static void
queue_message (SimModem *modem, guint8 service, guint8 client, const guint8 *head, gsize n_head,
               const GByteArray *tlvs)
{
    const SimPlace *place = sim_place (modem, SIM_PORT_NET);
    const guint8 notification[] = { 0xa1, 0x01, 0, 0, place->number, 0, 0, 0 };
    const guint8 outer[] = { 0x80, service, client };
    GByteArray *out = g_byte_array_new ();

    g_byte_array_append (out, (const guint8 *) "\1", 1);
    put_u16 (out, (guint) (2 + sizeof outer + n_head + 2 + tlvs->len));
    g_byte_array_append (out, outer, sizeof outer);
    g_byte_array_append (out, head, (guint) n_head);
    put_u16 (out, tlvs->len);
    g_byte_array_append (out, tlvs->data, tlvs->len);
    g_queue_push_tail (&modem->qmi->answers, out);
    sim_emit (modem, place->interrupt, notification, sizeof notification, modem->qmi->answer_us);
}

static void
queue_answer (SimQmiRequest *request, const guint8 *head, gsize n_head, guint error)
{
    const guint8 result[] = { 0x02, 4, 0, error ? 1 : 0, 0, (guint8) error, 0 };
    g_autoptr (GByteArray) tlvs = g_byte_array_new ();

    g_byte_array_append (tlvs, result, sizeof result);
    if (!error || request->is_explained)
        g_byte_array_append (tlvs, request->out->data, request->out->len);
    queue_message (request->modem, request->service, request->client, head, n_head, tlvs);
}

void
sim_qmi_indicate (SimQmi *qmi, const SimQmiService *service, guint32 events, guint16 message,
                  guint (*tell) (SimQmiRequest *request))
{
    const guint8 head[] = { 4, 0, 0, (guint8) message, (guint8) (message >> 8) };

    for (guint i = 0; i < qmi->clients->len; i++) {
        SimQmiClient *client = &g_array_index (qmi->clients, SimQmiClient, i);
        g_autoptr (GByteArray) out = g_byte_array_new ();
        SimQmiRequest request = { .modem = qmi->modem, .self = client, .out = out };

        if (client->service != service->id || (events != 0 && (client->events & events) == 0) ||
            tell (&request) != SIM_QMI_OK)
            continue;
        sim_note (qmi->modem, "QMI service %u client %u indication %04x", service->id, client->id, message);
        queue_message (qmi->modem, service->id, client->id, head, sizeof head, out);
    }
}

void
sim_qmi_disconnect (SimQmi *qmi)
{
    release_all (qmi);
    g_queue_clear_full (&qmi->answers, (GDestroyNotify) g_byte_array_unref);
    g_queue_clear_full (&qmi->modem->in[sim_place (qmi->modem, SIM_PORT_NET)->interrupt], g_free);
}

/* What an order spoils of it; TRUE: no answer. */
static gboolean
spoil (SimQmi *qmi, SimHit hit)
{
    const SimPlace *place = sim_place (qmi->modem, SIM_PORT_NET);
    const guint8 notification[] = { 0xa1, 0x01, 0, 0, place->number, 0, 0, 0 };

    if (hit.action == SIM_ACT_GARBAGE) {
        g_queue_push_tail (&qmi->answers,
                           g_byte_array_new_take (g_memdup2 ("\1\xff\xff\x80garbage", 11), 11));
        sim_emit (qmi->modem, place->interrupt, notification, sizeof notification, ANSWER_US);
    }
    return hit.action == SIM_ACT_GARBAGE || hit.action == SIM_ACT_SILENT;
}

void
sim_qmi_send (SimQmi *qmi, const guint8 *data, gsize size)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    SimQmiRequest request = { .modem = qmi->modem, .out = out };
    SimHit hit;
    guint8 head[5];
    gsize n_head, at = 6;
    guint16 message;
    guint error;

    if (size < 12 || size > MESSAGE_MAX || data[0] != 1)
        return;
    request.service = data[4];
    request.client = data[5];
    /* Flags of an answer: 1 from the control service, 2 from others. */
    n_head = request.service == SIM_QMI_CTL ? 4 : 5;
    if (size < at + n_head + 2)
        return;
    hit = sim_hit (qmi->modem, "qmi", sim_place (qmi->modem, SIM_PORT_NET)->interrupt);
    if (hit.action == SIM_ACT_DEAF)
        return;
    memcpy (head, data + at, n_head);
    head[0] = request.service == SIM_QMI_CTL ? 1 : 2;
    message = (guint16) (head[n_head - 2] | head[n_head - 1] << 8);
    request.tlvs = data + at + n_head + 2;
    request.n_tlvs = size - at - n_head - 2;
    error = hit.action == SIM_ACT_NAK ? SIM_QMI_INTERNAL : run_request (&request, message);
    sim_note (qmi->modem, "QMI service %u client %u message %04x: %u", request.service, request.client,
              message, error);
    if (spoil (qmi, hit))
        return;
    if (hit.action == SIM_ACT_SLOW)
        qmi->answer_us += (gint64) hit.argument * 1000;
    queue_answer (&request, head, n_head, error);
    qmi->answer_us = ANSWER_US;
}

gsize
sim_qmi_receive (SimQmi *qmi, guint8 *data, gsize max)
{
    g_autoptr (GByteArray) answer = g_queue_pop_head (&qmi->answers);
    gsize n = answer ? MIN (answer->len, max) : 0;

    if (n > 0)
        memcpy (data, answer->data, n);
    return n;
}
