/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's WDS service: the bearer. One IP version a client; the call of a client ends with it.
 *
 *   > SET_IP_FAMILY 4
 *   > START_NETWORK 14 "internet"      < handle
 *   < PACKET_SERVICE_STATUS indication: connected
 *   > GET_CURRENT_SETTINGS             < address, gateway, mask, DNS, MTU
 *   > STOP_NETWORK handle
 *
 * Source: libqmi's qmi-service-wds.json and its enumerations. */

#include "sim/qmistate.h"

#include <string.h>

#define CONNECTED     2
#define DISCONNECTED  1
#define GLOBAL_HANDLE 0xffffffffu /* whatever the call is */
#define FIRST_HANDLE  0xe1000000u
#define ENDED_BY_HOST 2
/* Requested settings. */
#define WANTS_APN     (1u << 3)
#define WANTS_DNS     (1u << 4)
#define WANTS_ADDRESS (1u << 8)
#define WANTS_GATEWAY (1u << 9)
#define WANTS_MTU     (1u << 13)
#define WANTS_FAMILY  (1u << 15)

/* Why there is no call, as the old and the verbose reason: type, reason. By SimCall. */
static const struct {
    guint16 reason, type, verbose;
} call_ends[] = {
    { 0, 0, 0 },
    { 3, 3, 2001 },  /* call manager: no service */
    { 1013, 6, 27 }, /* 3GPP: unknown or missing APN */
};

static void
add_end (SimQmiRequest *request, SimCall call)
{
    const guint8 reason[] = { (guint8) call_ends[call].reason, (guint8) (call_ends[call].reason >> 8) };
    const guint8 verbose[] = { (guint8) call_ends[call].type, 0, (guint8) call_ends[call].verbose,
                               (guint8) (call_ends[call].verbose >> 8) };

    sim_qmi_add_tlv (request, 0x10, reason, sizeof reason);
    sim_qmi_add_tlv (request, 0x11, verbose, sizeof verbose);
}

/* --- indications: `has_call` of a client tells the state that it knows of --- */

static guint
tell_status (SimQmiRequest *request)
{
    gboolean is_up = request->modem->net.is_up[request->self->ip];
    const guint8 status[] = { is_up ? CONNECTED : DISCONNECTED, 0 };
    const guint8 ip = request->self->ip == SIM_IP_4 ? 4 : 6;

    sim_qmi_add_tlv (request, 0x01, status, sizeof status);
    if (!is_up && request->self->has_call)
        add_end (request, SIM_CALL_NO_SERVICE);
    else if (!is_up)
        sim_qmi_add_tlv (request, 0x10, "\2\0", 2);
    sim_qmi_add_tlv (request, 0x12, &ip, 1);
    return SIM_QMI_OK;
}

static guint
tell_4 (SimQmiRequest *request)
{
    return request->self->ip == SIM_IP_4 ? tell_status (request) : SIM_QMI_NO_EFFECT;
}

static guint
tell_6 (SimQmiRequest *request)
{
    return request->self->ip == SIM_IP_6 ? tell_status (request) : SIM_QMI_NO_EFFECT;
}

static void
tell (SimQmi *qmi, SimIp ip)
{
    sim_qmi_indicate (qmi, &sim_qmi_wds, 0, 0x22, ip == SIM_IP_4 ? tell_4 : tell_6);
}

/* --- calls --- */

/* Ends the bearer when nobody has a call on it any more. */
static void
hang_up (SimQmi *qmi, SimIp ip)
{
    for (guint i = 0; i < qmi->clients->len; i++) {
        const SimQmiClient *client = &g_array_index (qmi->clients, SimQmiClient, i);

        if (client->service == SIM_QMI_WDS && client->has_call && client->ip == ip)
            return;
    }
    if (!qmi->modem->net.is_up[ip])
        return;
    sim_net_stop (qmi->modem, ip);
    tell (qmi, ip);
}

void
sim_qmi_wds_release (SimQmi *qmi, SimQmiClient *client)
{
    if (client->has_call)
        hang_up (qmi, client->ip);
}

void
sim_qmi_tell_net (SimQmi *qmi)
{
    for (SimIp ip = SIM_IP_4; ip < SIM_N_IPS; ip++) {
        gboolean had_call = FALSE;

        for (guint i = 0; i < qmi->clients->len; i++) {
            const SimQmiClient *client = &g_array_index (qmi->clients, SimQmiClient, i);

            had_call = had_call || (client->service == SIM_QMI_WDS && client->has_call && client->ip == ip);
        }
        if (had_call)
            tell (qmi, ip);
    }
    for (guint i = 0; i < qmi->clients->len; i++)
        g_array_index (qmi->clients, SimQmiClient, i).has_call = FALSE;
}

static gboolean
set_family (SimQmiClient *client, guint8 family)
{
    if (family != 4 && family != 6)
        return FALSE;
    client->ip = family == 4 ? SIM_IP_4 : SIM_IP_6;
    return TRUE;
}

static guint
set_ip_family (SimQmiRequest *request)
{
    const guint8 *family = sim_qmi_find_tlv (request, 0x01, 1, NULL);

    if (!family)
        return SIM_QMI_MISSING_ARGUMENT;
    if (request->self->has_call)
        return SIM_QMI_NO_EFFECT;
    return set_family (request->self, family[0]) ? SIM_QMI_OK : SIM_QMI_INVALID_IP;
}

static guint
start_network (SimQmiRequest *request)
{
    SimQmi *qmi = request->modem->qmi;
    gsize n = 0;
    const guint8 *name = sim_qmi_find_tlv (request, 0x14, 0, &n);
    const guint8 *family = sim_qmi_find_tlv (request, 0x19, 1, NULL);
    g_autofree char *apn = name ? g_strndup ((const char *) name, MIN (n, 100)) : g_strdup ("");
    SimCall call;

    if (request->self->has_call)
        return SIM_QMI_NO_EFFECT;
    if (family && !set_family (request->self, family[0]))
        return SIM_QMI_INVALID_IP;
    call = sim_net_start (request->modem, request->self->ip, apn);
    if (call != SIM_CALL_OK) {
        add_end (request, call);
        request->is_explained = TRUE;
        return SIM_QMI_CALL_FAILED;
    }
    request->self->has_call = TRUE;
    request->self->handle = FIRST_HANDLE + ++qmi->last_handle;
    sim_qmi_add_u32 (request, 0x01, request->self->handle);
    tell (qmi, request->self->ip);
    return SIM_QMI_OK;
}

static guint
stop_network (SimQmiRequest *request)
{
    const guint8 *handle = sim_qmi_find_tlv (request, 0x01, 4, NULL);

    if (!handle)
        return SIM_QMI_MISSING_ARGUMENT;
    if (!request->self->has_call)
        return SIM_QMI_NO_EFFECT;
    if (sim_get_u32 (handle) != request->self->handle && sim_get_u32 (handle) != GLOBAL_HANDLE)
        return SIM_QMI_INVALID_HANDLE;
    request->self->has_call = FALSE;
    hang_up (request->modem->qmi, request->self->ip);
    return SIM_QMI_OK;
}

static gboolean
is_up (const SimQmiRequest *request)
{
    return request->modem->net.is_up[request->self->ip];
}

static guint
get_status (SimQmiRequest *request)
{
    const guint8 status = is_up (request) ? CONNECTED : DISCONNECTED;

    sim_qmi_add_tlv (request, 0x01, &status, 1);
    return SIM_QMI_OK;
}

/* An IPv4 address is a number, an IPv6 address its bytes. */
static void
add_ip4 (SimQmiRequest *request, guint8 type, const guint8 *address)
{
    const guint8 bytes[] = { address[3], address[2], address[1], address[0] };

    sim_qmi_add_tlv (request, type, bytes, sizeof bytes);
}

static void
add_ip6 (SimQmiRequest *request, guint8 type, const guint8 *address, guint prefix)
{
    guint8 bytes[17];

    memcpy (bytes, address, 16);
    bytes[16] = (guint8) prefix;
    sim_qmi_add_tlv (request, type, bytes, prefix ? 17 : 16);
}

static void
add_addresses (SimQmiRequest *request, guint32 wants)
{
    SimIp ip = request->self->ip;
    SimIpSettings settings;
    guint8 mask[4];

    sim_net_get_settings (request->modem, ip, &settings);
    for (guint i = 0; i < 4; i++)
        mask[i] = (guint8) (0xffffffffu << (32 - settings.prefix % 33) >> (24 - 8 * i));
    if (ip == SIM_IP_4 && wants & WANTS_ADDRESS)
        add_ip4 (request, 0x1e, settings.address);
    if (ip == SIM_IP_4 && wants & WANTS_DNS) {
        add_ip4 (request, 0x15, settings.dns[0]);
        add_ip4 (request, 0x16, settings.dns[1]);
    }
    if (ip == SIM_IP_4 && wants & WANTS_GATEWAY) {
        add_ip4 (request, 0x20, settings.gateway);
        add_ip4 (request, 0x21, mask);
    }
    if (ip == SIM_IP_6 && wants & WANTS_ADDRESS)
        add_ip6 (request, 0x25, settings.address, settings.prefix);
    if (ip == SIM_IP_6 && wants & WANTS_GATEWAY)
        add_ip6 (request, 0x26, settings.gateway, settings.prefix);
    if (ip == SIM_IP_6 && wants & WANTS_DNS) {
        add_ip6 (request, 0x27, settings.dns[0], 0);
        add_ip6 (request, 0x28, settings.dns[1], 0);
    }
}

static guint
get_current_settings (SimQmiRequest *request)
{
    const guint8 *mask = sim_qmi_find_tlv (request, 0x10, 4, NULL);
    guint32 wants = mask ? sim_get_u32 (mask) : 0xffffffffu;
    const guint8 ip = request->self->ip == SIM_IP_4 ? 4 : 6;

    if (!is_up (request))
        return SIM_QMI_OUT_OF_CALL;
    if (wants & WANTS_APN)
        sim_qmi_add_text (request, 0x14, request->modem->net.apn);
    add_addresses (request, wants);
    if (wants & WANTS_MTU)
        sim_qmi_add_u32 (request, 0x29, SIM_NET_MTU);
    if (wants & WANTS_FAMILY)
        sim_qmi_add_tlv (request, 0x2b, &ip, 1);
    return SIM_QMI_OK;
}

/* --- counters and rates --- */

static void
add_u64 (SimQmiRequest *request, guint8 type, guint64 value)
{
    guint8 bytes[8];

    sim_put_u32 (bytes, (guint32) value);
    sim_put_u32 (bytes + 4, (guint32) (value >> 32));
    sim_qmi_add_tlv (request, type, bytes, sizeof bytes);
}

static guint
get_statistics (SimQmiRequest *request)
{
    static const guint8 errors[] = { 0x12, 0x13, 0x14, 0x15 };
    const SimNet *net = &request->modem->net;
    const guint8 *wanted = sim_qmi_find_tlv (request, 0x01, 4, NULL);
    guint32 mask = wanted ? sim_get_u32 (wanted) : 0;

    if (!wanted)
        return SIM_QMI_MISSING_ARGUMENT;
    if (!is_up (request))
        return SIM_QMI_OUT_OF_CALL;
    if (mask & 1)
        sim_qmi_add_u32 (request, 0x10, (guint32) net->n_up);
    if (mask & 2)
        sim_qmi_add_u32 (request, 0x11, (guint32) net->n_down);
    for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
        if (mask & 4u << i)
            sim_qmi_add_u32 (request, errors[i], 0);
    }
    if (mask & 1u << 6)
        add_u64 (request, 0x19, net->bytes_up);
    if (mask & 1u << 7)
        add_u64 (request, 0x1a, net->bytes_down);
    return SIM_QMI_OK;
}

static guint
get_bearer_technology (SimQmiRequest *request)
{
    if (!is_up (request))
        return SIM_QMI_OUT_OF_CALL;
    sim_qmi_add_tlv (request, 0x01, "\x0a", 1); /* LTE */
    return SIM_QMI_OK;
}

static guint
get_current_technology (SimQmiRequest *request)
{
    if (!is_up (request))
        return SIM_QMI_OUT_OF_CALL;
    sim_qmi_add_tlv (request, 0x01, "\2\x20\0\0\0\0\0\0\0", 9); /* 3GPP: LTE */
    return SIM_QMI_OK;
}

/* --- profiles: one, which cannot be changed --- */

static guint
get_profile_settings (SimQmiRequest *request)
{
    const guint8 *id = sim_qmi_find_tlv (request, 0x01, 2, NULL);

    if (!id)
        return SIM_QMI_MISSING_ARGUMENT;
    if (id[0] != 0 || id[1] != 1)
        return SIM_QMI_INVALID_PROFILE;
    sim_qmi_add_text (request, 0x10, "profile1");
    sim_qmi_add_tlv (request, 0x11, "\3", 1); /* IPv4 or IPv6 */
    sim_qmi_add_text (request, 0x14, "internet");
    sim_qmi_add_tlv (request, 0x1d, "\0", 1);
    return SIM_QMI_OK;
}

static guint
get_attach_parameters (SimQmiRequest *request)
{
    if (!sim_card_is_registered (&request->modem->card))
        return SIM_QMI_UNAVAILABLE;
    sim_qmi_add_text (request, 0x10, "internet");
    sim_qmi_add_tlv (request, 0x11, "\2", 1); /* both */
    sim_qmi_add_tlv (request, 0x12, "\1", 1);
    return SIM_QMI_OK;
}

static const SimQmiRow rows[] = {
    SIM_QMI_SAYS (0x00, ""),
    SIM_QMI_SAYS (0x01, ""),
    SIM_QMI_DOES (0x20, start_network),
    SIM_QMI_DOES (0x21, stop_network),
    SIM_QMI_DOES (0x22, get_status),
    SIM_QMI_SAYS (0x23, "\1\20\0\x80\xf0\xfa\2\x80\xd1\xf0\x08\x80\xf0\xfa\2\x80\xd1\xf0\x08"),
    SIM_QMI_DOES (0x24, get_statistics),
    SIM_QMI_SAYS (0x2a, "\1\14\0\1\0\1\x08profile1"),
    SIM_QMI_DOES (0x2b, get_profile_settings),
    SIM_QMI_DOES (0x2d, get_current_settings),
    SIM_QMI_DOES (0x37, get_bearer_technology),
    SIM_QMI_DOES (0x44, get_current_technology),
    SIM_QMI_SAYS (0x49, "\1\1\0\1"),
    SIM_QMI_DOES (0x4d, set_ip_family),
    SIM_QMI_DOES (0x85, get_attach_parameters),
    SIM_QMI_SAYS (0x94, "\x10\3\0\1\1\0\x11\1\0\0"),
    SIM_QMI_REFUSES (0xa2, SIM_QMI_NOT_SUPPORTED), /* multiplexing */
};

const SimQmiService sim_qmi_wds = { SIM_QMI_WDS, 1, 67, rows, G_N_ELEMENTS (rows) };
