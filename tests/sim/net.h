/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The bearer: a packet data connection through the simulated network, one address of each IP version. It dies
 * with whatever ends the modem's mode, and with the registration. */

#include "sim/modem.h"

typedef enum {
    SIM_IP_4,
    SIM_IP_6,
} SimIp;
#define SIM_N_IPS (SIM_IP_6 + 1)

typedef struct {
    gboolean is_up[SIM_N_IPS];
    char apn[101];
    guint64 n_up, bytes_up, n_down, bytes_down; /* packets and bytes, since the first of the two came up */
    guint16 sequence;                           /* of the transfer blocks of MBIM */
} SimNet;

typedef enum {
    SIM_CALL_OK,
    SIM_CALL_NO_SERVICE,  /* not registered */
    SIM_CALL_UNKNOWN_APN, /* the network knows no such one */
} SimCall;

/* The APN that the network refuses; it takes any other one, and none at all. */
#define SIM_UNKNOWN_APN "unknown"

typedef struct {
    guint8 address[16], gateway[16], dns[2][16]; /* IPv4: the first four bytes; network order */
    guint prefix;
} SimIpSettings;

SimCall sim_net_start (SimModem *modem, SimIp ip, const char *apn);
void sim_net_stop (SimModem *modem, SimIp ip);
/* The registration has gone: the network has ended what was up, and QMI and MBIM tell so. */
void sim_net_lose (SimModem *modem);
void sim_net_get_settings (const SimModem *modem, SimIp ip, SimIpSettings *settings);
#define SIM_NET_MTU 1500

/* A packet from the host. */
void sim_net_take (SimModem *modem, const guint8 *packet, gsize size);
