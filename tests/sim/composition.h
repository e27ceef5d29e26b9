/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which functions the modem shows in normal mode, and where each of them sits: AT+QCFG="usbcfg" and "usbnet".
 */

#include "sim/modem.h"

typedef enum {
    SIM_PORT_DIAG,
    SIM_PORT_NMEA,
    SIM_PORT_AT,
    SIM_PORT_MODEM,
    SIM_PORT_NET, /* QMI or MBIM, and the data */
} SimPort;
#define SIM_N_PORTS   (SIM_PORT_NET + 1)
#define SIM_ALL_PORTS ((1u << SIM_N_PORTS) - 1)
#define SIM_NET_ALONE (1u << SIM_PORT_NET)

/* What a modem remembers; it holds from the next start on. */
typedef struct {
    guint ports; /* bit: SimPort */
    gboolean is_mbim;
} SimFunctions;

typedef struct {
    guint8 number, interrupt, in, out; /* interface and endpoints; all 0 when it is not there */
} SimPlace;

typedef struct {
    gboolean is_mbim;
    SimPlace places[SIM_N_PORTS];
    SimInterface interfaces[SIM_N_PORTS + 1];
    guint n_interfaces;
} SimComposition;

/* "mbim", "qmi", "no-diag", "no-nmea", "no-at", "no-modem", "no-tty", "no-net", comma separated, applied to
 * `*functions`; FALSE with `*why` (free it). */
gboolean sim_functions_parse (SimFunctions *functions, const char *text, char **why);
void sim_composition_build (SimComposition *composition, const SimFunctions *functions);

/* AT+QCFG="usbcfg" and "usbnet": TRUE when it is one of them; `answer` as in at.c's table. */
gboolean sim_at_config_answer (SimModem *modem, const char *command, GString *answer);
