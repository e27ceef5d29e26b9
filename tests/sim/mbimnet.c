/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM Basic Connect: network and connection, and the table of all its commands. One session, number 0.
 *
 *   > CONNECT set 0 activate "internet" IPv4       < activated
 *   > IP_CONFIGURATION query 0                     < address, gateway, DNS, MTU
 *   > CONNECT set 0 deactivate                     < deactivated
 *
 * Source: USB CDC MBIM 1.0, section 10.5. */

#include "sim/mbimstate.h"

#include <string.h>

#define CID_READY    2
#define CID_RADIO    3
#define CID_REGISTER 9
#define CID_PACKET   10
#define CID_SIGNAL   11
#define CID_CONNECT  12
#define CID_IP       15

#define LTE               0x20u
#define GSM               1u
#define PROVIDER          "00101"
#define NETWORK           "Test Network"
#define RSSI              27 /* -59 dBm */
#define UNKNOWN           99
#define UP_BPS            50000000u
#define DOWN_BPS          150000000u
#define ACTIVATED         1u
#define DEACTIVATED       3u
#define ERROR_UNKNOWN_APN 27u
/* IP types: default, IPv4, IPv6, either of both, both. */
#define MAX_IP_TYPE 4u

static const guint8 internet[] = { 0x7e, 0x5e, 0x2a, 0x7e, 0x4e, 0x6f, 0x72, 0x72,
                                   0x73, 0x6b, 0x65, 0x6e, 0x7e, 0x5e, 0x2a, 0x7e };

static gboolean
has_service (const SimMbimRequest *request)
{
    return sim_card_is_registered (&request->modem->card);
}

/* Why the network cannot be asked; 0 when it can. */
static guint
refusal (const SimMbimRequest *request)
{
    static const guint by_card[] = { SIM_MBIM_OK, SIM_MBIM_NO_SIM, SIM_MBIM_PIN_REQUIRED,
                                     SIM_MBIM_PIN_REQUIRED };

    if (request->modem->card.function != 1)
        return SIM_MBIM_RADIO_OFF;
    return by_card[sim_card_get (&request->modem->card)];
}

/* --- providers, registration, signal --- */

/* State: home (1), visible (8), registered (16). */
static GByteArray *
make_provider (guint32 state)
{
    g_autoptr (SimMbimBuffer) provider = sim_mbim_buffer_new ();

    sim_mbim_put_text (provider, PROVIDER);
    sim_mbim_put_u32 (provider, state);
    sim_mbim_put_text (provider, NETWORK);
    sim_mbim_put_u32 (provider, GSM);
    sim_mbim_put_u32 (provider, UNKNOWN);
    sim_mbim_put_u32 (provider, UNKNOWN);
    return sim_mbim_buffer_finish (provider);
}

static guint
query_home_provider (SimMbimRequest *request)
{
    SimCard seen = sim_card_get (&request->modem->card);

    if (seen != SIM_CARD_READY)
        return seen == SIM_CARD_ABSENT ? SIM_MBIM_NO_SIM : SIM_MBIM_PIN_REQUIRED;
    sim_mbim_put_text (request->out, PROVIDER);
    sim_mbim_put_u32 (request->out, 1);
    sim_mbim_put_text (request->out, NETWORK);
    sim_mbim_put_u32 (request->out, GSM);
    sim_mbim_put_u32 (request->out, UNKNOWN);
    sim_mbim_put_u32 (request->out, UNKNOWN);
    return SIM_MBIM_OK;
}

static guint
query_preferred_providers (SimMbimRequest *request)
{
    sim_mbim_put_u32 (request->out, 0);
    return SIM_MBIM_OK;
}

static guint
query_visible_providers (SimMbimRequest *request)
{
    g_autoptr (GByteArray) provider = make_provider (has_service (request) ? 1 | 8 | 16 : 1 | 8);
    guint32 action = 0;

    if (!sim_mbim_get_u32 (request, 0, &action) || action > 1)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (request->modem->card.function != 1)
        return SIM_MBIM_RADIO_OFF;
    if (request->modem->card.network == SIM_NETWORK_NONE)
        return SIM_MBIM_NO_PROVIDERS;
    sim_mbim_put_u32 (request->out, 1);
    sim_mbim_put_ref (request->out, provider->data, provider->len, TRUE);
    return SIM_MBIM_OK;
}

static guint
query_register (SimMbimRequest *request)
{
    gboolean is_home = has_service (request);
    SimMbimBuffer *out = request->out;

    sim_mbim_put_u32 (out, 0);
    /* Home (3), searching (2), deregistered (1). */
    sim_mbim_put_u32 (out, is_home ? 3 : refusal (request) == SIM_MBIM_OK ? 2 : 1);
    sim_mbim_put_u32 (out, 1); /* automatic */
    sim_mbim_put_u32 (out, is_home ? LTE : 0);
    sim_mbim_put_u32 (out, is_home ? GSM : 0);
    sim_mbim_put_text (out, is_home ? PROVIDER : "");
    sim_mbim_put_text (out, is_home ? NETWORK : "");
    sim_mbim_put_text (out, "");
    sim_mbim_put_u32 (out, 0);
    return SIM_MBIM_OK;
}

/* Automatic (0), or manual (1) with the one provider that there is. */
static guint
set_register (SimMbimRequest *request)
{
    g_autofree char *provider = sim_mbim_get_text (request, 0);
    guint32 action = 0;

    if (!provider || !sim_mbim_get_u32 (request, 8, &action) || action > 1)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (refusal (request) != SIM_MBIM_OK)
        return refusal (request);
    if (action == 1 && (!g_str_equal (provider, PROVIDER) || !has_service (request)))
        return SIM_MBIM_NOT_VISIBLE;
    return query_register (request);
}

static guint
query_signal (SimMbimRequest *request)
{
    sim_mbim_put_u32 (request->out, has_service (request) ? RSSI : UNKNOWN);
    sim_mbim_put_u32 (request->out, UNKNOWN);
    sim_mbim_put_u32 (request->out, 5);
    sim_mbim_put_u32 (request->out, 2);
    sim_mbim_put_u32 (request->out, 0);
    return SIM_MBIM_OK;
}

/* Interval and thresholds: of no consequence, the signal does not move. */
static guint
set_signal (SimMbimRequest *request)
{
    return request->n_in >= 12 ? query_signal (request) : SIM_MBIM_INVALID_PARAMETERS;
}

/* --- packet service and connection --- */

static gboolean
is_attached (const SimMbimRequest *request)
{
    return has_service (request) && !request->modem->mbim->is_detached;
}

static guint
query_packet (SimMbimRequest *request)
{
    gboolean is_there = is_attached (request);

    sim_mbim_put_u32 (request->out, 0);
    sim_mbim_put_u32 (request->out, is_there ? 2 : 4);
    sim_mbim_put_u32 (request->out, is_there ? LTE : 0);
    sim_mbim_put_u64 (request->out, is_there ? UP_BPS : 0);
    sim_mbim_put_u64 (request->out, is_there ? DOWN_BPS : 0);
    return SIM_MBIM_OK;
}

/* Attach (0), detach (1). */
static guint
set_packet (SimMbimRequest *request)
{
    guint32 action = 0;

    if (!sim_mbim_get_u32 (request, 0, &action) || action > 1)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (action == 0 && !has_service (request))
        return refusal (request) != SIM_MBIM_OK ? refusal (request) : SIM_MBIM_NOT_REGISTERED;
    request->modem->mbim->is_detached = action == 1;
    if (action == 1)
        sim_net_lose (request->modem);
    return query_packet (request);
}

static gboolean
is_up (const SimModem *modem)
{
    return modem->net.is_up[SIM_IP_4] || modem->net.is_up[SIM_IP_6];
}

/* The first four fields of an answer are those of the question. */
static guint
put_connection (SimMbimRequest *request, guint32 error)
{
    const SimNet *net = &request->modem->net;
    gboolean both = net->is_up[SIM_IP_4] && net->is_up[SIM_IP_6];

    sim_mbim_put_u32 (request->out, 0);
    sim_mbim_put_u32 (request->out, is_up (request->modem) ? ACTIVATED : DEACTIVATED);
    sim_mbim_put_u32 (request->out, 0); /* no voice call */
    sim_mbim_put_u32 (request->out, both ? 3 : net->is_up[SIM_IP_4] ? 1 : net->is_up[SIM_IP_6] ? 2 : 0);
    sim_mbim_put_bytes (request->out, internet, sizeof internet);
    sim_mbim_put_u32 (request->out, error);
    return SIM_MBIM_OK;
}

static guint
tell_connection (SimMbimRequest *request)
{
    return put_connection (request, 0);
}

static guint
query_connect (SimMbimRequest *request)
{
    guint32 session = 0;

    if (!sim_mbim_get_u32 (request, 0, &session))
        return SIM_MBIM_INVALID_PARAMETERS;
    return session == 0 ? put_connection (request, 0) : SIM_MBIM_NOT_ACTIVATED;
}

static guint
activate (SimMbimRequest *request, const char *apn, guint32 ip_type)
{
    gboolean wants[SIM_N_IPS] = { ip_type != 2, ip_type >= 2 };
    SimCall call = SIM_CALL_OK;

    if (refusal (request) != SIM_MBIM_OK)
        return refusal (request);
    if (request->modem->mbim->is_detached)
        return SIM_MBIM_DETACHED;
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS && call == SIM_CALL_OK; ip++) {
        if (wants[ip])
            call = sim_net_start (request->modem, ip, apn);
    }
    put_connection (request, call == SIM_CALL_UNKNOWN_APN ? ERROR_UNKNOWN_APN : 0);
    if (call == SIM_CALL_OK)
        return SIM_MBIM_OK;
    return call == SIM_CALL_UNKNOWN_APN ? SIM_MBIM_INVALID_APN : SIM_MBIM_NOT_REGISTERED;
}

static guint
set_connect (SimMbimRequest *request)
{
    g_autofree char *apn = sim_mbim_get_text (request, 8);
    guint32 session = 0, command = 0, ip_type = 0;

    if (!sim_mbim_get_u32 (request, 0, &session) || !sim_mbim_get_u32 (request, 4, &command) || !apn ||
        !sim_mbim_get_u32 (request, 40, &ip_type) || request->n_in < 60 || command > 1 ||
        ip_type > MAX_IP_TYPE)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (session != 0)
        return command == 1 ? SIM_MBIM_TOO_MANY_CONTEXTS : SIM_MBIM_NOT_ACTIVATED;
    if (memcmp (request->in + 44, internet, sizeof internet) != 0)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (command == 1)
        return is_up (request->modem) ? SIM_MBIM_TOO_MANY_CONTEXTS : activate (request, apn, ip_type);
    if (!is_up (request->modem))
        return SIM_MBIM_NOT_ACTIVATED;
    sim_net_stop (request->modem, SIM_IP_4);
    sim_net_stop (request->modem, SIM_IP_6);
    return put_connection (request, 0);
}

/* Address, gateway, DNS, MTU. */
static guint
query_ip (SimMbimRequest *request)
{
    static const guint sizes[] = { 4, 16 };
    const SimNet *net = &request->modem->net;
    SimMbimBuffer *out = request->out;
    SimIpSettings settings[SIM_N_IPS];
    guint32 session = 0;

    if (!sim_mbim_get_u32 (request, 0, &session))
        return SIM_MBIM_INVALID_PARAMETERS;
    if (session != 0 || !is_up (request->modem))
        return SIM_MBIM_NOT_ACTIVATED;
    sim_mbim_put_u32 (out, 0);
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++) {
        sim_net_get_settings (request->modem, ip, &settings[ip]);
        sim_mbim_put_u32 (out, net->is_up[ip] ? 0x0f : 0);
    }
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++) {
        guint8 element[4 + 16];

        sim_put_u32 (element, settings[ip].prefix);
        memcpy (element + 4, settings[ip].address, 16);
        sim_mbim_put_u32 (out, net->is_up[ip] ? 1 : 0);
        sim_mbim_put_ref (out, element, net->is_up[ip] ? 4 + sizes[ip] : 0, FALSE);
    }
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++)
        sim_mbim_put_ref (out, settings[ip].gateway, net->is_up[ip] ? sizes[ip] : 0, FALSE);
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++) {
        guint8 servers[2 * 16];

        memcpy (servers, settings[ip].dns[0], sizes[ip]);
        memcpy (servers + sizes[ip], settings[ip].dns[1], sizes[ip]);
        sim_mbim_put_u32 (out, net->is_up[ip] ? 2 : 0);
        sim_mbim_put_ref (out, servers, net->is_up[ip] ? 2 * sizes[ip] : 0, FALSE);
    }
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++)
        sim_mbim_put_u32 (out, net->is_up[ip] ? SIM_NET_MTU : 0);
    return SIM_MBIM_OK;
}

static guint
query_contexts (SimMbimRequest *request)
{
    g_autoptr (SimMbimBuffer) context = sim_mbim_buffer_new ();
    g_autoptr (GByteArray) bytes = NULL;

    sim_mbim_put_u32 (context, 1);
    sim_mbim_put_bytes (context, internet, sizeof internet);
    sim_mbim_put_text (context, "internet");
    sim_mbim_put_text (context, "");
    sim_mbim_put_text (context, "");
    sim_mbim_put_u32 (context, 0);
    sim_mbim_put_u32 (context, 0);
    bytes = sim_mbim_buffer_finish (context);
    sim_mbim_put_u32 (request->out, 1);
    sim_mbim_put_ref (request->out, bytes->data, bytes->len, TRUE);
    return SIM_MBIM_OK;
}

static guint
query_statistics (SimMbimRequest *request)
{
    const SimNet *net = &request->modem->net;

    sim_mbim_put_u32 (request->out, 0);
    sim_mbim_put_u32 (request->out, 0);
    sim_mbim_put_u64 (request->out, net->bytes_down);
    sim_mbim_put_u64 (request->out, net->n_down);
    sim_mbim_put_u64 (request->out, net->bytes_up);
    sim_mbim_put_u64 (request->out, net->n_up);
    sim_mbim_put_u32 (request->out, 0);
    sim_mbim_put_u32 (request->out, 0);
    return SIM_MBIM_OK;
}

static const SimMbimRow rows[] = {
    { 1, sim_mbim_query_caps, NULL },
    { CID_READY, sim_mbim_query_ready, NULL },
    { CID_RADIO, sim_mbim_query_radio, sim_mbim_set_radio },
    { 4, sim_mbim_query_pin, sim_mbim_set_pin },
    { 5, sim_mbim_query_pin_list, NULL },
    { 6, query_home_provider, NULL },
    { 7, query_preferred_providers, NULL },
    { 8, query_visible_providers, NULL },
    { CID_REGISTER, query_register, set_register },
    { CID_PACKET, query_packet, set_packet },
    { CID_SIGNAL, query_signal, set_signal },
    { CID_CONNECT, query_connect, set_connect },
    { 13, query_contexts, NULL },
    { CID_IP, query_ip, NULL },
    { 16, sim_mbim_query_services, NULL },
    { 19, NULL, sim_mbim_set_wishes },
    { 20, query_statistics, NULL },
};

const SimMbimService sim_mbim_basic = {
    { 0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f, 0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf },
    rows,
    G_N_ELEMENTS (rows),
};

/* --- what is told unasked --- */

void
sim_mbim_tell (SimMbim *mbim, gboolean is_other_card, gboolean is_other_registration)
{
    if (is_other_card)
        sim_mbim_indicate (mbim, CID_READY, sim_mbim_query_ready);
    if (!is_other_registration)
        return;
    sim_mbim_indicate (mbim, CID_REGISTER, query_register);
    sim_mbim_indicate (mbim, CID_PACKET, query_packet);
    sim_mbim_indicate (mbim, CID_SIGNAL, query_signal);
}

void
sim_mbim_tell_radio (SimMbim *mbim)
{
    sim_mbim_indicate (mbim, CID_RADIO, sim_mbim_query_radio);
}

void
sim_mbim_tell_net (SimMbim *mbim)
{
    sim_mbim_indicate (mbim, CID_CONNECT, tell_connection);
}
