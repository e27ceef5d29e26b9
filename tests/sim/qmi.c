/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI on interface 4: as much as ModemManager needs to take the modem for a registered one; everything else
 * is refused with SIM_QMI_NOT_SUPPORTED.
 *
 *   > SEND_ENCAPSULATED_COMMAND (21 00)   QMUX message
 *   < a1 01 00 00 04 00 00 00             on the interrupt endpoint, one for each answer
 *   > GET_ENCAPSULATED_RESPONSE (a1 01)   < QMUX message
 *
 * QMUX: 01, length LE16 (without the 01), flags, service, client; then flags, transaction (one byte for
 * service 0, two for others), message LE16, length LE16, TLVs. Source: libqmi's service definitions. */

#include "sim/qmistate.h"

#include <string.h>

#define EP_NOTIFY   9
#define ANSWER_US   1000
#define RESET_US    50000
#define MESSAGE_MAX 512
#define BROADCAST   0xff
#define SERVICE_DMS 2
#define SERVICE_NAS 3
#define SERVICE_UIM 11
#define N_SERVICES  256

struct _SimQmi {
    SimModem *modem;
    GQueue answers; /* GByteArray */
    guint8 last_client[N_SERVICES];
    gboolean reports_mode; /* a client of DMS wants to hear of the operating mode */
};

SimQmi *
sim_qmi_new (SimModem *modem)
{
    SimQmi *qmi = g_new0 (SimQmi, 1);

    qmi->modem = modem;
    return qmi;
}

void
sim_qmi_free (SimQmi *qmi)
{
    g_queue_clear_full (&qmi->answers, (GDestroyNotify) g_byte_array_unref);
    g_free (qmi);
}

void
sim_qmi_add_tlv (SimQmiRequest *request, guint8 type, const void *data, gsize size)
{
    const guint8 head[] = { type, (guint8) size, (guint8) (size >> 8) };

    g_byte_array_append (request->out, head, sizeof head);
    g_byte_array_append (request->out, data, (guint) size);
}

static void
add_text (SimQmiRequest *request, guint8 type, const char *text)
{
    sim_qmi_add_tlv (request, type, text, strlen (text));
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

/* --- services: each handler returns a QMI error, 0 for success --- */

static guint
get_versions (SimQmiRequest *request)
{
    static const guint8 versions[] = { 6, 0, 1, 0,  5, 0,  1, 1, 0,  67, 0,  2, 1, 0,  14, 0,
                                       3, 1, 0, 25, 0, 11, 1, 0, 46, 0,  26, 1, 0, 16, 0 };

    sim_qmi_add_tlv (request, 0x01, versions, sizeof versions);
    return 0;
}

static guint
allocate_client (SimQmiRequest *request)
{
    const guint8 *service = sim_qmi_find_tlv (request, 0x01, 1, NULL);
    guint8 pair[2];

    if (!service || !memchr ("\1\2\3\13\32", *service, 5))
        return 31; /* INVALID_SERVICE_TYPE */
    pair[0] = *service;
    pair[1] = ++request->modem->qmi->last_client[*service];
    sim_qmi_add_tlv (request, 0x01, pair, sizeof pair);
    return 0;
}

static guint
release_client (SimQmiRequest *request)
{
    const guint8 *pair = sim_qmi_find_tlv (request, 0x01, 2, NULL);

    if (!pair)
        return 1;
    sim_qmi_add_tlv (request, 0x01, pair, 2);
    return 0;
}

/* Raw IP, as these modems have it. */
static guint
set_data_format (SimQmiRequest *request)
{
    sim_qmi_add_tlv (request, 0x10, "\2\0", 2);
    return 0;
}

static guint
get_wda_format (SimQmiRequest *request)
{
    sim_qmi_add_tlv (request, 0x10, "\0", 1);
    sim_qmi_add_tlv (request, 0x11, "\2\0\0\0", 4);
    sim_qmi_add_tlv (request, 0x12, "\0\0\0\0", 4);
    sim_qmi_add_tlv (request, 0x13, "\0\0\0\0", 4);
    return 0;
}

static guint
accept (SimQmiRequest *request)
{
    return 0;
}

static guint
get_capabilities (SimQmiRequest *request)
{
    static const guint8 value[] = { 0x80, 0xf0, 0xfa, 0x02, 0x80, 0xd1, 0xf0, 0x08, 4, 2, 3, 4, 5, 8 };

    sim_qmi_add_tlv (request, 0x01, value, sizeof value);
    return 0;
}

static guint
get_manufacturer (SimQmiRequest *request)
{
    add_text (request, 0x01, "QUALCOMM INCORPORATED");
    return 0;
}

static guint
get_model (SimQmiRequest *request)
{
    add_text (request, 0x01, "QUECTEL Mobile Broadband Module");
    return 0;
}

static guint
get_revision (SimQmiRequest *request)
{
    const char *version = request->modem->boot.version;

    sim_qmi_add_tlv (request, 0x01, version, strcspn (version, "_"));
    return 0;
}

static guint
get_ids (SimQmiRequest *request)
{
    add_text (request, 0x10, "0");
    add_text (request, 0x11, sim_imei (request->modem));
    return 0;
}

static guint
get_operating_mode (SimQmiRequest *request)
{
    /* 0 online, 1 low power; what AT+CFUN=0 is here is not known. */
    sim_qmi_add_tlv (request, 0x01, request->modem->card.function == 1 ? "\0" : "\1", 1);
    return 0;
}

/* What is wanted in an indication, and the indication. */
static guint
set_event_report (SimQmiRequest *request)
{
    const guint8 *mode = sim_qmi_find_tlv (request, 0x14, 1, NULL);

    if (mode)
        request->modem->qmi->reports_mode = mode[0] != 0;
    return 0;
}

static guint
report_mode (SimQmiRequest *request)
{
    sim_qmi_add_tlv (request, 0x14, request->modem->card.function == 1 ? "\0" : "\1", 1);
    return 0;
}

static guint
set_operating_mode (SimQmiRequest *request)
{
    SimModem *modem = request->modem;
    const guint8 *mode = sim_qmi_find_tlv (request, 0x01, 1, NULL);

    switch (mode ? mode[0] : 0xff) {
    case 0: /* online */
        sim_set_function (modem, 1);
        return 0;
    case 1: /* low power */
    case 3: /* offline */
    case 6: /* persistent low power */
        sim_set_function (modem, 4);
        return 0;
    case 4:
        sim_op (modem, SIM_OP_OTHER, 0, 0, "QMI reset")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_BOOT, RESET_US);
        return 0;
    case 5:
        sim_op (modem, SIM_OP_OTHER, 0, 0, "QMI power off")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_OFF, RESET_US);
        return 0;
    default:
        return SIM_QMI_MALFORMED;
    }
}

/* LTE with service, registered at home in 001-01; or no service at all. */
static guint
get_system_info (SimQmiRequest *request)
{
    static const guint8 status[] = { 2, 2, 1 };
    static const guint8 no_status[] = { 0, 0, 1 };
    static const guint8 info[] = { 1, 3, 1, 3, 1, 0,   0,   0,   1,   1,   0,    1, 1, 0, 0,
                                   0, 0, 0, 0, 1, '0', '0', '1', '0', '1', 0xff, 1, 1, 0 };

    if (!sim_card_is_registered (&request->modem->card)) {
        sim_qmi_add_tlv (request, 0x14, no_status, sizeof no_status);
        return 0;
    }
    sim_qmi_add_tlv (request, 0x14, status, sizeof status);
    sim_qmi_add_tlv (request, 0x19, info, sizeof info);
    return 0;
}

static const struct {
    guint8 service;
    guint16 message;
    guint (*handle) (SimQmiRequest *request);
} handlers[] = {
    { 0, 0x21, get_versions },
    { 0, 0x22, allocate_client },
    { 0, 0x23, release_client },
    { 0, 0x26, set_data_format },
    { 0, 0x27, accept },
    { 2, 0x01, set_event_report },
    { 2, 0x20, get_capabilities },
    { 2, 0x21, get_manufacturer },
    { 2, 0x22, get_model },
    { 2, 0x23, get_revision },
    { 2, 0x25, get_ids },
    { 2, 0x2d, get_operating_mode },
    { 2, 0x2e, set_operating_mode },
    { 3, 0x02, accept },
    { 3, 0x03, accept },
    { 3, 0x4d, get_system_info },
    { 11, 0x20, sim_qmi_read_file },
    { 11, 0x25, sim_qmi_protect_pin },
    { 11, 0x26, sim_qmi_verify_pin },
    { 11, 0x27, sim_qmi_unblock_pin },
    { 11, 0x2e, accept },
    { 11, 0x2f, sim_qmi_get_card_status },
    { 26, 0x20, get_wda_format },
    { 26, 0x21, get_wda_format },
};

static guint
run_request (SimQmiRequest *request, guint16 message)
{
    if (request->modem->quirks & SIM_QUIRK_NO_QMI)
        return SIM_QMI_NOT_SUPPORTED;
    for (guint i = 0; i < G_N_ELEMENTS (handlers); i++) {
        if (handlers[i].service == request->service && handlers[i].message == message)
            return handlers[i].handle (request);
    }
    return SIM_QMI_NOT_SUPPORTED;
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
    static const guint8 notification[] = { 0xa1, 0x01, 0, 0, 4, 0, 0, 0 };
    const guint8 outer[] = { 0x80, service, client };
    GByteArray *out = g_byte_array_new ();

    g_byte_array_append (out, (const guint8 *) "\1", 1);
    put_u16 (out, (guint) (2 + sizeof outer + n_head + 2 + tlvs->len));
    g_byte_array_append (out, outer, sizeof outer);
    g_byte_array_append (out, head, (guint) n_head);
    put_u16 (out, tlvs->len);
    g_byte_array_append (out, tlvs->data, tlvs->len);
    g_queue_push_tail (&modem->qmi->answers, out);
    sim_emit (modem, EP_NOTIFY, notification, sizeof notification, ANSWER_US);
}

static void
queue_answer (SimQmiRequest *request, const guint8 *head, gsize n_head, guint error)
{
    const guint8 result[] = { 0x02, 4, 0, error ? 1 : 0, 0, (guint8) error, 0 };
    g_autoptr (GByteArray) tlvs = g_byte_array_new ();

    g_byte_array_append (tlvs, result, sizeof result);
    if (!error)
        g_byte_array_append (tlvs, request->out->data, request->out->len);
    queue_message (request->modem, request->service, request->client, head, n_head, tlvs);
}

/* An indication to all clients of a service, if it has any: what `tell` answers, unasked. */
static void
indicate (SimQmi *qmi, guint8 service, guint16 message, guint (*tell) (SimQmiRequest *request))
{
    const guint8 head[] = { 4, 0, 0, (guint8) message, (guint8) (message >> 8) };
    g_autoptr (GByteArray) out = g_byte_array_new ();
    SimQmiRequest request = { qmi->modem, service, BROADCAST, NULL, 0, out };

    if (qmi->last_client[service] == 0 || qmi->modem->quirks & SIM_QUIRK_NO_QMI || tell (&request) != 0)
        return;
    sim_note (qmi->modem, "QMI service %u indication %04x", service, message);
    queue_message (qmi->modem, service, BROADCAST, head, sizeof head, out);
}

void
sim_qmi_tell_mode (SimQmi *qmi)
{
    if (qmi->reports_mode)
        indicate (qmi, SERVICE_DMS, 0x01, report_mode);
}

void
sim_qmi_tell (SimQmi *qmi, gboolean is_other_card, gboolean is_other_registration)
{
    if (is_other_card)
        indicate (qmi, SERVICE_UIM, 0x32, sim_qmi_get_card_status);
    if (is_other_registration)
        indicate (qmi, SERVICE_NAS, 0x4e, get_system_info);
}

void
sim_qmi_send (SimQmi *qmi, const guint8 *data, gsize size)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    SimQmiRequest request = { qmi->modem, 0, 0, NULL, 0, out };
    guint8 head[5];
    gsize n_head, at = 6;
    guint16 message;
    guint error;

    if (size < 12 || size > MESSAGE_MAX || data[0] != 1)
        return;
    request.service = data[4];
    request.client = data[5];
    /* Flags of an answer: 1 from the control service, 2 from others. */
    n_head = request.service == 0 ? 4 : 5;
    if (size < at + n_head + 2)
        return;
    memcpy (head, data + at, n_head);
    head[0] = request.service == 0 ? 1 : 2;
    message = (guint16) (head[n_head - 2] | head[n_head - 1] << 8);
    request.tlvs = data + at + n_head + 2;
    request.n_tlvs = size - at - n_head - 2;
    error = run_request (&request, message);
    sim_note (qmi->modem, "QMI service %u message %04x: %u", request.service, message, error);
    queue_answer (&request, head, n_head, error);
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
