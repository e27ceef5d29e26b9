/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoint 0: descriptors and standard requests.
 * Source: USB 2.0 specification, chapter 9; for SuperSpeed, USB 3.2 specification, chapter 9. */

#include "sim/internal.h"

#include <string.h>

#define REQ_GET_STATUS        0x00
#define REQ_CLEAR_FEATURE     0x01
#define REQ_GET_DESCRIPTOR    0x06
#define REQ_GET_CONFIGURATION 0x08
#define REQ_SET_CONFIGURATION 0x09
#define REQ_GET_INTERFACE     0x0a
#define REQ_SET_INTERFACE     0x0b

#define DESC_DEVICE        1
#define DESC_CONFIGURATION 2
#define DESC_STRING        3
#define DESC_BOS           0x0f
#define DESC_COMPANION     0x30

#define ENDPOINT_INTERRUPT 3
#define SUPER_PACKET       1024

#define DESC_ASSOCIATION 0x0b
#define DESC_FUNCTIONAL  0x24

#define CONFIG_MAX 512

static guint16
get_u16 (const guint8 *at)
{
    return (guint16) (at[0] | at[1] << 8);
}

static void
put_u16 (guint8 *at, guint16 value)
{
    at[0] = (guint8) value;
    at[1] = (guint8) (value >> 8);
}

static gboolean
is_mbim_control (const SimInterface *interface)
{
    return interface->klass == 0x02 && interface->subclass == 0x0e;
}

static gboolean
is_mbim (const SimUsb *usb)
{
    for (guint i = 0; i < usb->n_interfaces; i++) {
        if (is_mbim_control (&usb->interfaces[i]))
            return TRUE;
    }
    return FALSE;
}

static gsize
build_device (const SimUsb *usb, guint8 *out)
{
    static const guint8 head[] = { 18, DESC_DEVICE, 0x00, 0x02, 0, 0, 0, 64 };

    memcpy (out, head, sizeof head);
    if (usb->is_super_speed) {
        put_u16 (out + 2, 0x0320);
        out[7] = 9; /* an exponent: 512 */
    }
    if (is_mbim (usb)) {
        out[4] = 0xef; /* its functions are associated interfaces */
        out[5] = 2;
        out[6] = 1;
    }
    put_u16 (out + 8, usb->vid);
    put_u16 (out + 10, usb->pid);
    put_u16 (out + 12, usb->bcd_device);
    out[14] = usb->manufacturer ? 1 : 0;
    out[15] = usb->product ? 2 : 0;
    out[16] = usb->serial ? 3 : 0;
    out[17] = 1;
    return 18;
}

/* An endpoint and, at super speed, its companion. */
static gsize
build_endpoint (const SimUsb *usb, const SimEndpoint *endpoint, guint8 *out)
{
    gboolean is_interrupt = endpoint->type == ENDPOINT_INTERRUPT;
    guint8 *companion = out + 7;

    out[0] = 7;
    out[1] = 5;
    out[2] = endpoint->address;
    out[3] = endpoint->type;
    put_u16 (out + 4, usb->is_super_speed && !is_interrupt ? SUPER_PACKET : endpoint->max_packet);
    out[6] = is_interrupt ? 9 : 0;
    if (!usb->is_super_speed)
        return 7;
    companion[0] = 6;
    companion[1] = DESC_COMPANION;
    companion[2] = companion[3] = 0; /* no burst, no streams */
    put_u16 (companion + 4, is_interrupt ? endpoint->max_packet : 0);
    return 7 + 6;
}

/* One alternate setting, without its endpoints. */
static gsize
build_setting (const SimInterface *interface, guint setting, guint n_endpoints, guint8 *out)
{
    const guint8 head[] = { 9,
                            4,
                            interface->number,
                            (guint8) setting,
                            (guint8) n_endpoints,
                            interface->klass,
                            interface->subclass,
                            interface->protocol,
                            0 };

    memcpy (out, head, sizeof head);
    return sizeof head;
}

/* Control and data interface belong together. */
static gsize
build_association (const SimInterface *control, guint8 *out)
{
    const guint8 association[] = { 8, DESC_ASSOCIATION, control->number, 2, 0x02, 0x0e, 0x00, 0 };

    memcpy (out, association, sizeof association);
    return sizeof association;
}

/* Header, union, MBIM 1.0: messages of SIM_MBIM_MESSAGE bytes, 32 filters of 192, datagrams of 2048. */
static gsize
build_functional (const SimInterface *control, guint8 *out)
{
    const guint8 functional[] = { 5,
                                  DESC_FUNCTIONAL,
                                  0x00,
                                  0x10,
                                  0x01,
                                  5,
                                  DESC_FUNCTIONAL,
                                  0x06,
                                  control->number,
                                  (guint8) (control->number + 1),
                                  12,
                                  DESC_FUNCTIONAL,
                                  0x1b,
                                  0x00,
                                  0x01,
                                  SIM_MBIM_MESSAGE & 0xff,
                                  SIM_MBIM_MESSAGE >> 8,
                                  32,
                                  192,
                                  0x00,
                                  0x08,
                                  0x20 };

    memcpy (out, functional, sizeof functional);
    return sizeof functional;
}

static gsize
build_interface (const SimUsb *usb, const SimInterface *interface, guint8 *out)
{
    gsize n = 0;

    if (is_mbim_control (interface))
        n += build_association (interface, out);
    if (interface->is_alternate)
        n += build_setting (interface, 0, 0, out + n);
    n += build_setting (interface, interface->is_alternate ? 1 : 0, interface->n_endpoints, out + n);
    if (is_mbim_control (interface))
        n += build_functional (interface, out + n);
    for (guint i = 0; i < interface->n_endpoints; i++)
        n += build_endpoint (usb, &interface->endpoints[i], out + n);
    return n;
}

static gsize
build_configuration (const SimUsb *usb, guint8 *out)
{
    gsize n = 9;

    for (guint i = 0; i < usb->n_interfaces; i++)
        n += build_interface (usb, &usb->interfaces[i], out + n);
    memset (out, 0, 9);
    out[0] = 9;
    out[1] = DESC_CONFIGURATION;
    put_u16 (out + 2, (guint16) n);
    out[4] = (guint8) usb->n_interfaces;
    out[5] = 1;
    out[7] = 0xa0;
    out[8] = usb->is_super_speed ? 500 / 8 : 500 / 2; /* milliamperes */
    return n;
}

/* What the device can besides: LPM on USB 2, and the speeds of USB 3. */
static gsize
build_bos (guint8 *out)
{
    static const guint8 bos[] = { 5,  DESC_BOS, 22, 0, 2,            /* 22 bytes, 2 capabilities */
                                  7,  16,       2,  2, 0,  0, 0,     /* USB 2.0 extension: LPM */
                                  10, 16,       3,  0, 14, 0, 1, 10, /* SuperSpeed: full, high, super */
                                  32, 0 };

    memcpy (out, bos, sizeof bos);
    return sizeof bos;
}

static gsize
build_string (const char *text, guint8 *out)
{
    gsize n = MIN (strlen (text), 126);

    out[0] = (guint8) (2 + 2 * n);
    out[1] = DESC_STRING;
    for (gsize i = 0; i < n; i++)
        put_u16 (out + 2 + 2 * i, (guint8) text[i]);
    return 2 + 2 * n;
}

static gsize
build_descriptor (const SimUsb *usb, guint type, guint index, guint8 *out)
{
    const char *const strings[] = { NULL, usb->manufacturer, usb->product, usb->serial };
    static const guint8 languages[] = { 4, DESC_STRING, 0x09, 0x04 };

    if (type == DESC_DEVICE)
        return build_device (usb, out);
    if (type == DESC_CONFIGURATION && index == 0)
        return build_configuration (usb, out);
    if (type == DESC_BOS && usb->is_super_speed)
        return build_bos (out);
    if (type != DESC_STRING)
        return 0;
    if (index == 0) {
        memcpy (out, languages, sizeof languages);
        return sizeof languages;
    }
    return index < G_N_ELEMENTS (strings) && strings[index] ? build_string (strings[index], out) : 0;
}

/* The interface of that number, when it has another setting than 0. */
static const SimInterface *
find_alternate (const SimModem *modem, guint8 number)
{
    for (guint i = 0; i < modem->usb.n_interfaces; i++) {
        if (modem->usb.interfaces[i].number == number && modem->usb.interfaces[i].is_alternate)
            return &modem->usb.interfaces[i];
    }
    return NULL;
}

static SimResult
set_interface (SimModem *modem, guint setting, guint8 number)
{
    if (!find_alternate (modem, number))
        return setting == 0 ? SIM_OK : SIM_STALL;
    if (setting > 1)
        return SIM_STALL;
    modem->data_setting = (guint8) setting;
    sim_note (modem, "interface %u: setting %u", number, setting);
    return SIM_OK;
}

static SimResult
get_standard (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size)
{
    guint8 buffer[CONFIG_MAX] = { 0 };
    gsize n = 0;

    switch (setup[1]) {
    case REQ_GET_DESCRIPTOR:
        n = build_descriptor (&modem->usb, setup[3], setup[2], buffer);
        break;
    case REQ_GET_STATUS:
        n = 2;
        break;
    case REQ_GET_CONFIGURATION:
        buffer[0] = modem->configuration;
        n = 1;
        break;
    case REQ_GET_INTERFACE:
        buffer[0] = find_alternate (modem, setup[4]) ? modem->data_setting : 0;
        n = 1;
        break;
    default:
        break;
    }
    if (n == 0)
        return SIM_STALL;
    *size = MIN (n, get_u16 (setup + 6));
    memcpy (data, buffer, *size);
    return SIM_OK;
}

static SimResult
set_standard (SimModem *modem, const guint8 setup[8])
{
    switch (setup[1]) {
    case REQ_SET_CONFIGURATION:
        modem->configuration = setup[2];
        modem->data_setting = 0;
        modem->is_stalled = 0;
        sim_usb_online (modem);
        return setup[2] <= 1 ? SIM_OK : SIM_STALL;
    case REQ_SET_INTERFACE:
        return set_interface (modem, get_u16 (setup + 2), setup[4]);
    case REQ_CLEAR_FEATURE:
        if (setup[0] == 0x02)
            modem->is_stalled &= ~(1u << ((setup[4] & 0x0f) + (setup[4] & 0x80 ? 16 : 0)));
        return SIM_OK;
    case REQ_GET_STATUS:
    case REQ_GET_DESCRIPTOR:
        return SIM_STALL;
    default:
        return SIM_OK;
    }
}

/* Requests to the network function. */
static SimResult
run_net (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size)
{
    guint length = get_u16 (setup + 6);

    if (modem->qmi && setup[0] == 0x21 && setup[1] == 0x00) {
        sim_qmi_send (modem->qmi, data, length);
        return SIM_OK;
    }
    if (modem->qmi && setup[0] == 0xa1 && setup[1] == 0x01) {
        *size = sim_qmi_receive (modem->qmi, data, length);
        return SIM_OK;
    }
    if (modem->mbim && setup[0] == 0x21 && setup[1] == 0x00) {
        sim_mbim_send (modem->mbim, data, length);
        return SIM_OK;
    }
    if (modem->mbim && setup[0] == 0xa1 && setup[1] == 0x01) {
        *size = sim_mbim_receive (modem->mbim, data, length);
        return SIM_OK;
    }
    return modem->composition.is_mbim ? sim_ncm_control (modem, setup, data, size) : SIM_STALL;
}

/* Class requests: the line state and coding of the serial ports, and QMI. */
static SimResult
run_class (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size)
{
    const SimPlace *place = sim_place (modem, SIM_PORT_NET);
    SimResult result = SIM_STALL;

    if (setup[0] == 0x21 && (setup[1] == 0x22 || setup[1] == 0x20)) {
        sim_note (modem, "port %u: %s %04x", setup[4], setup[1] == 0x22 ? "line state" : "line coding",
                  get_u16 (setup + 2));
        return SIM_OK;
    }
    if (place && setup[4] == place->number)
        result = run_net (modem, setup, data, size);
    if (result != SIM_OK)
        sim_note (modem, "control %02x %02x refused", setup[0], setup[1]);
    return result;
}

SimResult
sim_usb_control (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size)
{
    guint kind = setup[0] >> 5 & 3;

    if (kind == 0)
        return setup[0] & 0x80 ? get_standard (modem, setup, data, size) : set_standard (modem, setup);
    return kind == 1 ? run_class (modem, setup, data, size) : SIM_STALL;
}
