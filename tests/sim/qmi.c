/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI on interface 4: as much as ModemManager needs to take the modem for a registered one; everything else
 * is refused with NOT_SUPPORTED.
 *
 *   > SEND_ENCAPSULATED_COMMAND (21 00)   QMUX message
 *   < a1 01 00 00 04 00 00 00             on the interrupt endpoint, one for each answer
 *   > GET_ENCAPSULATED_RESPONSE (a1 01)   < QMUX message
 *
 * QMUX: 01, length LE16 (without the 01), flags, service, client; then flags, transaction (one byte for
 * service 0, two for others), message LE16, length LE16, TLVs. Source: libqmi's service definitions. */

#include "sim/internal.h"

#include <string.h>

#define EP_NOTIFY     9
#define ANSWER_US     1000
#define MESSAGE_MAX   512
#define NOT_SUPPORTED 94
#define NO_FILE       57 /* SIM_FILE_NOT_FOUND */
#define N_SERVICES    256

struct _SimQmi {
    SimModem *modem;
    GQueue answers; /* GByteArray */
    guint8 last_client[N_SERVICES];
};

/* A request, and the TLVs of its answer. */
typedef struct {
    SimQmi *qmi;
    guint8 service, client;
    const guint8 *tlvs;
    gsize n_tlvs;
    GByteArray *out;
} Request;

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

static void
add_tlv (Request *request, guint8 type, const void *data, gsize size)
{
    const guint8 head[] = { type, (guint8) size, (guint8) (size >> 8) };

    g_byte_array_append (request->out, head, sizeof head);
    g_byte_array_append (request->out, data, (guint) size);
}

static void
add_text (Request *request, guint8 type, const char *text)
{
    add_tlv (request, type, text, strlen (text));
}

/* The value of a TLV of at least `size` bytes; NULL when there is none. */
static const guint8 *
find_tlv (const Request *request, guint8 type, gsize size)
{
    gsize at = 0;

    while (at + 3 <= request->n_tlvs) {
        gsize n = request->tlvs[at + 1] | (gsize) request->tlvs[at + 2] << 8;

        if (n > request->n_tlvs - at - 3)
            return NULL;
        if (request->tlvs[at] == type)
            return n >= size ? request->tlvs + at + 3 : NULL;
        at += 3 + n;
    }
    return NULL;
}

/* --- services: each handler returns a QMI error, 0 for success --- */

static guint
get_versions (Request *request)
{
    static const guint8 versions[] = { 6, 0, 1, 0,  5, 0,  1, 1, 0,  67, 0,  2, 1, 0,  14, 0,
                                       3, 1, 0, 25, 0, 11, 1, 0, 46, 0,  26, 1, 0, 16, 0 };

    add_tlv (request, 0x01, versions, sizeof versions);
    return 0;
}

static guint
allocate_client (Request *request)
{
    const guint8 *service = find_tlv (request, 0x01, 1);
    guint8 pair[2];

    if (!service || !memchr ("\1\2\3\13\32", *service, 5))
        return 31; /* INVALID_SERVICE_TYPE */
    pair[0] = *service;
    pair[1] = ++request->qmi->last_client[*service];
    add_tlv (request, 0x01, pair, sizeof pair);
    return 0;
}

static guint
release_client (Request *request)
{
    const guint8 *pair = find_tlv (request, 0x01, 2);

    if (!pair)
        return 1;
    add_tlv (request, 0x01, pair, 2);
    return 0;
}

/* Raw IP, as these modems have it. */
static guint
set_data_format (Request *request)
{
    add_tlv (request, 0x10, "\2\0", 2);
    return 0;
}

static guint
get_wda_format (Request *request)
{
    add_tlv (request, 0x10, "\0", 1);
    add_tlv (request, 0x11, "\2\0\0\0", 4);
    add_tlv (request, 0x12, "\0\0\0\0", 4);
    add_tlv (request, 0x13, "\0\0\0\0", 4);
    return 0;
}

static guint
accept (Request *request)
{
    return 0;
}

static guint
get_capabilities (Request *request)
{
    static const guint8 value[] = { 0x80, 0xf0, 0xfa, 0x02, 0x80, 0xd1, 0xf0, 0x08, 4, 2, 3, 4, 5, 8 };

    add_tlv (request, 0x01, value, sizeof value);
    return 0;
}

static guint
get_manufacturer (Request *request)
{
    add_text (request, 0x01, "QUALCOMM INCORPORATED");
    return 0;
}

static guint
get_model (Request *request)
{
    add_text (request, 0x01, "QUECTEL Mobile Broadband Module");
    return 0;
}

static guint
get_revision (Request *request)
{
    const char *version = request->qmi->modem->boot.version;

    add_tlv (request, 0x01, version, strcspn (version, "_"));
    return 0;
}

static guint
get_ids (Request *request)
{
    add_text (request, 0x10, "0");
    add_text (request, 0x11, sim_imei (request->qmi->modem));
    return 0;
}

static guint
get_operating_mode (Request *request)
{
    add_tlv (request, 0x01, "\0", 1);
    return 0;
}

/* One card, one USIM, ready, PIN disabled. */
static guint
get_card_status (Request *request)
{
    static const guint8 value[] = { 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,  1, 3,    0,
                                    0, 0, 1,    2,    7,    2,    0,    0,    0,  7, 0xa0, 0,
                                    0, 0, 0x87, 0x10, 2,    0,    3,    3,    10, 1, 3,    10 };

    add_tlv (request, 0x10, value, sizeof value);
    return 0;
}

static guint
read_file (Request *request)
{
    static const guint8 iccid[] = { 10, 0, 0x98, 0x88, 0x32, 0x09, 0x00, 0x10, 0x32, 0x54, 0x76, 0x08 };
    static const guint8 imsi[] = { 9, 0, 8, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98 };
    static const guint8 administrative[] = { 4, 0, 0, 0, 0, 2 };
    const guint8 *file = find_tlv (request, 0x02, 3);
    guint id = file ? file[0] | (guint) file[1] << 8 : 0;

    if (id != 0x2fe2 && id != 0x6f07 && id != 0x6fad)
        return NO_FILE;
    add_tlv (request, 0x10, "\x90\0", 2);
    if (id == 0x2fe2)
        add_tlv (request, 0x11, iccid, sizeof iccid);
    else if (id == 0x6f07)
        add_tlv (request, 0x11, imsi, sizeof imsi);
    else
        add_tlv (request, 0x11, administrative, sizeof administrative);
    return 0;
}

/* LTE with service, registered at home in 001-01. */
static guint
get_system_info (Request *request)
{
    static const guint8 status[] = { 2, 2, 1 };
    static const guint8 info[] = { 1, 3, 1, 3, 1, 0,   0,   0,   1,   1,   0,    1, 1, 0, 0,
                                   0, 0, 0, 0, 1, '0', '0', '1', '0', '1', 0xff, 1, 1, 0 };

    add_tlv (request, 0x14, status, sizeof status);
    add_tlv (request, 0x19, info, sizeof info);
    return 0;
}

static const struct {
    guint8 service;
    guint16 message;
    guint (*handle) (Request *request);
} handlers[] = {
    { 0, 0x21, get_versions },
    { 0, 0x22, allocate_client },
    { 0, 0x23, release_client },
    { 0, 0x26, set_data_format },
    { 0, 0x27, accept },
    { 2, 0x20, get_capabilities },
    { 2, 0x21, get_manufacturer },
    { 2, 0x22, get_model },
    { 2, 0x23, get_revision },
    { 2, 0x25, get_ids },
    { 2, 0x2d, get_operating_mode },
    { 2, 0x2e, accept },
    { 3, 0x02, accept },
    { 3, 0x03, accept },
    { 3, 0x4d, get_system_info },
    { 11, 0x20, read_file },
    { 11, 0x2e, accept },
    { 11, 0x2f, get_card_status },
    { 26, 0x20, get_wda_format },
    { 26, 0x21, get_wda_format },
};

static guint
run_request (Request *request, guint16 message)
{
    if (request->qmi->modem->quirks & SIM_QUIRK_NO_QMI)
        return NOT_SUPPORTED;
    for (guint i = 0; i < G_N_ELEMENTS (handlers); i++) {
        if (handlers[i].service == request->service && handlers[i].message == message)
            return handlers[i].handle (request);
    }
    return NOT_SUPPORTED;
}

/* --- messages --- */

static void
put_u16 (GByteArray *out, guint value)
{
    const guint8 bytes[] = { (guint8) value, (guint8) (value >> 8) };

    g_byte_array_append (out, bytes, 2);
}

static void
queue_answer (Request *request, const guint8 *head, gsize n_head, guint error)
{
    static const guint8 notification[] = { 0xa1, 0x01, 0, 0, 4, 0, 0, 0 };
    const guint8 result[] = { 0x02, 4, 0, error ? 1 : 0, 0, (guint8) error, 0 };
    const guint8 outer[] = { 0x80, request->service, request->client };
    GByteArray *out = g_byte_array_new ();
    gsize n_tlvs = sizeof result + (error ? 0 : request->out->len);

    g_byte_array_append (out, (const guint8 *) "\1", 1);
    put_u16 (out, (guint) (2 + sizeof outer + n_head + 2 + n_tlvs));
    g_byte_array_append (out, outer, sizeof outer);
    g_byte_array_append (out, head, (guint) n_head);
    put_u16 (out, (guint) n_tlvs);
    g_byte_array_append (out, result, sizeof result);
    if (!error)
        g_byte_array_append (out, request->out->data, request->out->len);
    g_queue_push_tail (&request->qmi->answers, out);
    sim_emit (request->qmi->modem, EP_NOTIFY, notification, sizeof notification, ANSWER_US);
}

void
sim_qmi_send (SimQmi *qmi, const guint8 *data, gsize size)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    Request request = { qmi, 0, 0, NULL, 0, out };
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
