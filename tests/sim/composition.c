/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The functions of the normal mode. Interfaces and endpoints are counted through, so what is left out moves
 * all that stands behind it.
 *
 *   > AT+QCFG="usbcfg",0x2C7C,0x0125,1,1,1,1,1,0,0    DIAG, NMEA, AT, modem, network, ADB, UAC
 *   > AT+QCFG="usbnet",2                              0 QMI, 2 MBIM
 *
 * Both hold from the next start on, and outlive the loss of power. ECM (1), RNDIS (3), ADB and UAC are not
 * simulated: ERROR.
 *
 * Source: numbers and endpoints that move: Linux, qmi_wwan.c about QMI_QUIRK_QUECTEL_DYNCFG, and the dump of
 * an EC25 with "usbnet" 3 in forum.gl-inet.com topic 28294; the full composition: descriptor dumps of a
 * 2c7c:0125. MBIM: USB CDC MBIM 1.0, section 6. That its function takes the place of QMI's is taken from
 * Linux lsusb listings of Quectel modules. */

#include "sim/composition.h"

#include "sim/internal.h"

#include <string.h>

#define BULK      2
#define INTERRUPT 3
#define BULK_MAX  512
/* Notification endpoints. */
#define SERIAL_MAX 10
#define QMI_MAX    8
#define MBIM_MAX   64

static const struct {
    const char *word;
    guint without; /* bit: SimPort */
} removals[] = {
    { "no-diag", 1u << SIM_PORT_DIAG },
    { "no-nmea", 1u << SIM_PORT_NMEA },
    { "no-at", 1u << SIM_PORT_AT },
    { "no-modem", 1u << SIM_PORT_MODEM },
    { "no-tty", SIM_ALL_PORTS & ~SIM_NET_ALONE },
    { "no-net", SIM_NET_ALONE },
};

static gboolean
apply_word (SimFunctions *functions, const char *word)
{
    for (guint i = 0; i < G_N_ELEMENTS (removals); i++) {
        if (g_str_equal (word, removals[i].word)) {
            functions->ports &= ~removals[i].without;
            return TRUE;
        }
    }
    if (!g_str_equal (word, "mbim") && !g_str_equal (word, "qmi"))
        return FALSE;
    functions->is_mbim = word[0] == 'm';
    return TRUE;
}

gboolean
sim_functions_parse (SimFunctions *functions, const char *text, char **why)
{
    g_auto (GStrv) words = g_strsplit (text ? text : "", ",", -1);

    for (guint i = 0; words[i]; i++) {
        if (words[i][0] && !apply_word (functions, words[i])) {
            *why = g_strdup_printf ("unknown word \"%s\" of a composition", words[i]);
            return FALSE;
        }
    }
    if (functions->ports != 0)
        return TRUE;
    *why = g_strdup ("a composition without any function");
    return FALSE;
}

static SimInterface *
add_interface (SimComposition *composition, guint8 klass, guint8 subclass, guint8 protocol)
{
    SimInterface *interface = &composition->interfaces[composition->n_interfaces];

    *interface = (SimInterface){ .number = (guint8) composition->n_interfaces,
                                 .klass = klass,
                                 .subclass = subclass,
                                 .protocol = protocol };
    composition->n_interfaces++;
    return interface;
}

static void
add_endpoint (SimInterface *interface, guint8 address, guint8 type, guint16 max_packet)
{
    interface->endpoints[interface->n_endpoints++] = (SimEndpoint){ address, type, max_packet };
}

static void
add_bulk (SimInterface *interface, const SimPlace *place)
{
    add_endpoint (interface, place->in | 0x80, BULK, BULK_MAX);
    add_endpoint (interface, place->out, BULK, BULK_MAX);
}

static void
add_port (SimComposition *composition, SimPort port)
{
    SimPlace *place = &composition->places[port];
    SimInterface *interface;

    place->number = (guint8) composition->n_interfaces;
    if (port == SIM_PORT_DIAG) {
        add_bulk (add_interface (composition, 0xff, 0xff, 0xff), place);
    } else if (port != SIM_PORT_NET) {
        interface = add_interface (composition, 0xff, 0, 0);
        add_endpoint (interface, place->interrupt | 0x80, INTERRUPT, SERIAL_MAX);
        add_bulk (interface, place);
    } else if (composition->is_mbim) {
        interface = add_interface (composition, 0x02, 0x0e, 0x00);
        add_endpoint (interface, place->interrupt | 0x80, INTERRUPT, MBIM_MAX);
        interface = add_interface (composition, 0x0a, 0x00, 0x02);
        interface->is_alternate = TRUE;
        add_bulk (interface, place);
    } else {
        interface = add_interface (composition, 0xff, 0xff, 0xff);
        add_endpoint (interface, place->interrupt | 0x80, INTERRUPT, QMI_MAX);
        add_bulk (interface, place);
    }
}

void
sim_composition_build (SimComposition *composition, const SimFunctions *functions)
{
    guint8 in = 0, out = 0;

    memset (composition, 0, sizeof *composition);
    composition->is_mbim = functions->is_mbim;
    for (guint port = 0; port < SIM_N_PORTS; port++) {
        SimPlace *place = &composition->places[port];

        if (!(functions->ports & 1u << port))
            continue;
        place->in = ++in;
        place->out = ++out;
        if (port != SIM_PORT_DIAG)
            place->interrupt = ++in;
        add_port (composition, (SimPort) port);
    }
}

/* --- AT+QCFG --- */

static gboolean
set_usbnet (SimModem *modem, char **words)
{
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned (words[1], 10, 0, 3, &value, NULL) || (value != 0 && value != 2))
        return FALSE;
    modem->functions.is_mbim = value == 2;
    return TRUE;
}

/* The two ids, then a flag for each function; ADB and UAC must be off. */
static gboolean
set_usbcfg (SimModem *modem, char **words)
{
    guint n = g_strv_length (words) - 1;
    guint64 ids[2] = { 0 }, flag = 0;
    guint ports = 0;

    for (guint i = 0; i < n; i++) {
        const char *word = words[1 + i];

        if (i < 2 && !g_ascii_string_to_unsigned (g_str_has_prefix (word, "0X") ? word + 2 : word, 16, 0,
                                                  G_MAXUINT16, &ids[i], NULL))
            return FALSE;
        if (i >= 2 && !g_ascii_string_to_unsigned (word, 10, 0, 1, &flag, NULL))
            return FALSE;
        if (i >= 2 && flag == 1)
            ports |= 1u << (i - 2);
    }
    if (n < 2 + SIM_N_PORTS || n > 2 + SIM_N_PORTS + 2 || ids[0] == 0 || ports == 0 || ports > SIM_ALL_PORTS)
        return FALSE;
    modem->vid = (guint16) ids[0];
    modem->pid = (guint16) ids[1];
    modem->functions.ports = ports;
    return TRUE;
}

static void
tell_usbcfg (const SimModem *modem, GString *answer)
{
    g_string_printf (answer, "+QCFG: \"usbcfg\",0x%04X,0x%04X", modem->vid ? modem->vid : modem->usb.vid,
                     modem->vid ? modem->pid : modem->usb.pid);
    for (guint port = 0; port < SIM_N_PORTS; port++)
        g_string_append_printf (answer, ",%u", modem->functions.ports >> port & 1);
    g_string_append (answer, ",0,0");
}

gboolean
sim_at_config_answer (SimModem *modem, const char *command, GString *answer)
{
    static const char usbnet[] = "+QCFG=\"USBNET\"", usbcfg[] = "+QCFG=\"USBCFG\"";
    g_auto (GStrv) words = g_strsplit (command, ",", -1);
    gboolean is_net = words[0] && g_str_equal (words[0], usbnet);

    if (!is_net && (!words[0] || !g_str_equal (words[0], usbcfg)))
        return FALSE;
    if (words[1]) {
        gboolean ok = is_net ? set_usbnet (modem, words) : set_usbcfg (modem, words);

        g_string_assign (answer, ok ? "" : "!ERROR");
        if (ok)
            sim_op (modem, SIM_OP_OTHER, 0, 0, "AT%s", command)->is_done = TRUE;
    } else if (is_net) {
        g_string_printf (answer, "+QCFG: \"usbnet\",%d", modem->functions.is_mbim ? 2 : 0);
    } else {
        tell_usbcfg (modem, answer);
    }
    return TRUE;
}
