/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network behind the bearer. It answers pings (echo requests, whomever they are sent to), drops packets
 * that do not come from the address that it gave, and does nothing else. Addresses follow from the IMEI, so
 * that two modems have two; they are from the shared address space (RFC 6598) and the documentation's prefix
 * (RFC 3849).
 *
 * Source: RFC 791, 792, 1071, 8200, 4443. */

#include "sim/internal.h"

#include <string.h>

#define ECHO4_REQUEST  8
#define ECHO6_REQUEST  128
#define ECHO6_REPLY    129
#define PROTOCOL_ICMP  1
#define PROTOCOL_ICMP6 58
#define IP4_SIZE       20
#define IP6_SIZE       40
#define PACKET_MAX     2048
#define AIR_US         20000

static guint
line_number (const SimModem *modem)
{
    return (guint) (g_ascii_strtoull (modem->imei + 8, NULL, 10) / 10 % 250) + 1;
}

void
sim_net_get_settings (const SimModem *modem, SimIp ip, SimIpSettings *settings)
{
    guint8 line = (guint8) line_number (modem);
    const guint8 net4[] = { 100, 64, line }, net6[] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64, 0, line };
    guint8 *const addresses[] = { settings->gateway, settings->address, settings->dns[0], settings->dns[1] };

    memset (settings, 0, sizeof *settings);
    settings->prefix = ip == SIM_IP_4 ? 29 : 64;
    for (guint i = 0; i < G_N_ELEMENTS (addresses); i++) {
        memcpy (addresses[i], ip == SIM_IP_4 ? net4 : net6, ip == SIM_IP_4 ? sizeof net4 : sizeof net6);
        addresses[i][ip == SIM_IP_4 ? 3 : 15] = (guint8) (i + 1);
    }
}

/* --- up and down --- */

SimCall
sim_net_start (SimModem *modem, SimIp ip, const char *apn)
{
    SimNet *net = &modem->net;

    if (!sim_card_is_registered (&modem->card))
        return SIM_CALL_NO_SERVICE;
    if (g_ascii_strcasecmp (apn, SIM_UNKNOWN_APN) == 0)
        return SIM_CALL_UNKNOWN_APN;
    if (!net->is_up[SIM_IP_4] && !net->is_up[SIM_IP_6])
        net->n_up = net->n_down = net->bytes_up = net->bytes_down = 0;
    g_strlcpy (net->apn, apn, sizeof net->apn);
    net->is_up[ip] = TRUE;
    sim_note (modem, "bearer up: IPv%u, APN \"%s\"", ip == SIM_IP_4 ? 4 : 6, net->apn);
    return SIM_CALL_OK;
}

void
sim_net_stop (SimModem *modem, SimIp ip)
{
    if (modem->net.is_up[ip])
        sim_note (modem, "bearer down: IPv%u", ip == SIM_IP_4 ? 4 : 6);
    modem->net.is_up[ip] = FALSE;
}

void
sim_net_lose (SimModem *modem)
{
    gboolean was_up = modem->net.is_up[SIM_IP_4] || modem->net.is_up[SIM_IP_6];

    sim_net_stop (modem, SIM_IP_4);
    sim_net_stop (modem, SIM_IP_6);
    if (modem->qmi)
        sim_qmi_tell_net (modem->qmi);
    if (modem->mbim && was_up)
        sim_mbim_tell_net (modem->mbim);
}

/* --- packets --- */

static guint
checksum (const guint8 *data, gsize size, guint32 sum)
{
    for (gsize i = 0; i < size; i++)
        sum += i % 2 ? data[i] : (guint32) data[i] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static void
put_checksum (guint8 *at, guint value)
{
    at[0] = (guint8) (value >> 8);
    at[1] = (guint8) value;
}

static void
swap (guint8 *a, guint8 *b, gsize n)
{
    guint8 keep[16];

    memcpy (keep, a, n);
    memcpy (a, b, n);
    memcpy (b, keep, n);
}

/* Turns an echo request into its reply; FALSE: it is none. The header without options, no fragments. */
static gboolean
answer_echo4 (guint8 *packet, gsize size)
{
    if (size < IP4_SIZE + 8 || packet[0] != 0x45 || packet[9] != PROTOCOL_ICMP ||
        packet[IP4_SIZE] != ECHO4_REQUEST || (packet[6] & 0x3f) != 0 || packet[7] != 0)
        return FALSE;
    swap (packet + 12, packet + 16, 4);
    packet[8] = 64;
    put_checksum (packet + 10, 0);
    put_checksum (packet + 10, checksum (packet, IP4_SIZE, 0));
    packet[IP4_SIZE] = 0;
    put_checksum (packet + IP4_SIZE + 2, 0);
    put_checksum (packet + IP4_SIZE + 2, checksum (packet + IP4_SIZE, size - IP4_SIZE, 0));
    return TRUE;
}

static gboolean
answer_echo6 (guint8 *packet, gsize size)
{
    guint32 pseudo = PROTOCOL_ICMP6 + (guint32) (size - IP6_SIZE);

    if (size < IP6_SIZE + 8 || packet[6] != PROTOCOL_ICMP6 || packet[IP6_SIZE] != ECHO6_REQUEST)
        return FALSE;
    swap (packet + 8, packet + 24, 16);
    packet[7] = 64;
    packet[IP6_SIZE] = ECHO6_REPLY;
    for (guint i = 0; i < 32; i += 2)
        pseudo += (guint32) packet[8 + i] << 8 | packet[9 + i];
    put_checksum (packet + IP6_SIZE + 2, 0);
    put_checksum (packet + IP6_SIZE + 2, checksum (packet + IP6_SIZE, size - IP6_SIZE, pseudo));
    return TRUE;
}

/* Whether the bearer carries it: an address of ours, and as long as it says. */
static gboolean
is_carried (const SimModem *modem, SimIp ip, const guint8 *packet, gsize size)
{
    gsize length = ip == SIM_IP_4 ? packet[2] << 8 | packet[3] : IP6_SIZE + (packet[4] << 8 | packet[5]);
    SimIpSettings settings;

    sim_net_get_settings (modem, ip, &settings);
    if (!modem->net.is_up[ip] || length != size)
        return FALSE;
    return ip == SIM_IP_4 ? memcmp (packet + 12, settings.address, 4) == 0
                          : memcmp (packet + 8, settings.address, 16) == 0;
}

void
sim_net_take (SimModem *modem, const guint8 *packet, gsize size)
{
    const SimPlace *place = sim_place (modem, SIM_PORT_NET);
    SimIp ip = size > 0 && packet[0] >> 4 == 6 ? SIM_IP_6 : SIM_IP_4;
    guint8 answer[PACKET_MAX];

    if (!place || size < (ip == SIM_IP_4 ? IP4_SIZE : IP6_SIZE) || size > sizeof answer ||
        !is_carried (modem, ip, packet, size))
        return;
    modem->net.n_up++;
    modem->net.bytes_up += size;
    memcpy (answer, packet, size);
    if (!(ip == SIM_IP_4 ? answer_echo4 (answer, size) : answer_echo6 (answer, size)))
        return;
    modem->net.n_down++;
    modem->net.bytes_down += size;
    if (modem->composition.is_mbim)
        sim_ncm_emit (modem, place->in, answer, size);
    else
        sim_emit (modem, place->in, answer, size, AIR_US);
}
