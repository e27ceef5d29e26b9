/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compositions: which functions there are, where they sit, and how they are changed. */

#include "sim/talk.h"

#include <string.h>

static void
begin (Talk *talk, const char *family, const char *composition)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = family;
    config.composition = composition;
    talk_begin (talk, &config);
    talk_wait (talk, SIM_MODE_NORMAL, 1000);
}

/* "0 ffffff 81 01; ...": number, class, endpoints of each interface. */
static char *
describe (Talk *talk)
{
    const SimUsb *usb = sim_modem_get_usb (talk->modem);
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < usb->n_interfaces; i++) {
        const SimInterface *interface = &usb->interfaces[i];

        g_string_append_printf (text, "%s%u %02x%02x%02x", i ? "; " : "", interface->number, interface->klass,
                                interface->subclass, interface->protocol);
        for (guint j = 0; j < interface->n_endpoints; j++)
            g_string_append_printf (text, " %02x", interface->endpoints[j].address);
    }
    return g_string_free (text, FALSE);
}

static void
expect_interfaces (Talk *talk, const char *interfaces)
{
    g_autofree char *text = describe (talk);

    g_assert_cmpstr (text, ==, interfaces);
}

#define FULL_SERIAL "0 ffffff 81 01; 1 ff0000 83 82 02; 2 ff0000 85 84 03; 3 ff0000 87 86 04; "

static void
test_places (void)
{
    static const struct {
        const char *family, *composition, *interfaces;
    } rows[] = {
        { "ec25", NULL, FULL_SERIAL "4 ffffff 89 88 05" },
        { "ec25", "mbim", FULL_SERIAL "4 020e00 89; 5 0a0002 88 05" },
        { "ep06", "mbim,qmi", FULL_SERIAL "4 ffffff 89 88 05" },
        { "ec25", "no-diag", "0 ff0000 82 81 01; 1 ff0000 84 83 02; 2 ff0000 86 85 03; 3 ffffff 88 87 04" },
        { "ec25", "no-at,no-modem", "0 ffffff 81 01; 1 ff0000 83 82 02; 2 ffffff 85 84 03" },
        { "ec25", "no-tty", "0 ffffff 82 81 01" },
        { "ep06", "no-tty,mbim", "0 020e00 82; 1 0a0002 81 01" },
        { "ec25", "no-net", "0 ffffff 81 01; 1 ff0000 83 82 02; 2 ff0000 85 84 03; 3 ff0000 87 86 04" },
        { "em06", NULL, "0 020e00 82; 1 0a0002 81 01" },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        begin (&talk, rows[i].family, rows[i].composition);
        expect_interfaces (&talk, rows[i].interfaces);
        talk_end (&talk);
    }
}

static void
test_refused (void)
{
    static const char *const words[] = { "ecm", "no-", "no-tty,no-net" };

    for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
        g_autofree char *why = NULL;
        SimConfig config;

        sim_config_init (&config);
        config.composition = words[i];
        g_assert_null (sim_modem_new (&config, 0, &why));
        g_assert_nonnull (why);
    }
}

/* Sends to an OUT endpoint and returns the last of what comes from an IN endpoint. */
static const char *
ask (Talk *talk, guint8 out, guint8 in, const char *command)
{
    static char text[256];
    g_autofree char *line = g_strconcat ("ATE0;", command, "\r", NULL);

    g_assert_true (talk_send (talk, out, line, strlen (line)));
    text[0] = '\0';
    while (talk_receive (talk, in, 100))
        g_strlcpy (text, (char *) talk->data, sizeof text);
    return text;
}

/* What is there works where it is: AT without DIAG before it, DIAG without AT behind it. */
static void
test_functions (void)
{
    Talk talk;

    begin (&talk, "ec25", "no-diag");
    g_assert_cmpstr (ask (&talk, 2, 0x83, "+CGMI"), ==, "\r\nQuectel\r\n\r\nOK\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x85, "+CGMI"), ==, "\r\nQuectel\r\n\r\nOK\r\n");
    talk_end (&talk);

    begin (&talk, "ec25", "no-nmea,no-at,no-modem");
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0f 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    talk_end (&talk);
}

/* From the next start on, and for good. */
static void
test_at (void)
{
    Talk talk;

    begin (&talk, "ec25", NULL);
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbnet\""), ==, "\r\n+QCFG: \"usbnet\",0\r\n\r\nOK\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbnet\",1"), ==, "\r\nERROR\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbnet\",2"), ==, "\r\nOK\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbnet\""), ==, "\r\n+QCFG: \"usbnet\",2\r\n\r\nOK\r\n");
    expect_interfaces (&talk, FULL_SERIAL "4 ffffff 89 88 05");
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    expect_interfaces (&talk, FULL_SERIAL "4 ffffff 89 88 05");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+CFUN=1,1"), ==, "\r\nOK\r\n");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect_interfaces (&talk, FULL_SERIAL "4 020e00 89; 5 0a0002 88 05");

    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbcfg\""), ==,
                     "\r\n+QCFG: \"usbcfg\",0x2C7C,0x0125,1,1,1,1,1,0,0\r\n\r\nOK\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbcfg\",0x2C7C,0x0125,0,0,0,0,0,0,0"), ==,
                     "\r\nERROR\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbcfg\",0x2C7C,0x0125,0,0,1,0,1,1,0"), ==,
                     "\r\nERROR\r\n");
    g_assert_cmpstr (ask (&talk, 3, 0x84, "+QCFG=\"usbcfg\",0x2CA3,0x4006,0,0,1,0,1,0,0"), ==, "\r\nOK\r\n");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->vid, ==, 0x2ca3);
    expect_interfaces (&talk, "0 ff0000 82 81 01; 1 020e00 84; 2 0a0002 83 02");
    talk_end (&talk);
}

/* The association before the control interface, its functional descriptors behind it, the two settings. */
static void
test_mbim_descriptors (void)
{
    static const guint8 get_device[] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
    static const guint8 get_config[] = { 0x80, 6, 0, 2, 0, 0, 0, 4 };
    static const char expected[] = "09 02 57 00 02 01 00 a0 fa "
                                   "08 0b 00 02 02 0e 00 00 "
                                   "09 04 00 00 01 02 0e 00 00 "
                                   "05 24 00 10 01 "
                                   "05 24 06 00 01 "
                                   "0c 24 1b 00 01 00 10 20 c0 00 08 20 "
                                   "07 05 82 03 40 00 09 "
                                   "09 04 01 00 00 0a 00 02 00 "
                                   "09 04 01 01 02 0a 00 02 00 "
                                   "07 05 81 02 00 02 00 "
                                   "07 05 01 02 00 02 00";
    Talk talk;

    begin (&talk, "em06", NULL);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_config, talk.data, &talk.size), ==,
                     SIM_OK);
    g_assert_cmpstr (talk_hex (&talk), ==, expected);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_device, talk.data, &talk.size), ==,
                     SIM_OK);
    g_assert_cmphex (talk.data[4], ==, 0xef);
    g_assert_cmphex (talk.data[10] | talk.data[11] << 8, ==, 0x0307);
    talk_end (&talk);
}

static SimResult
control (Talk *talk, guint8 type, guint8 request, guint8 value, guint8 interface, guint8 length)
{
    const guint8 setup[] = { type, request, value, 0, interface, 0, length, 0 };

    memset (talk->data, 0, length);
    return sim_modem_control (talk->modem, talk->now_us, setup, talk->data, &talk->size);
}

static void
test_mbim_requests (void)
{
    Talk talk;

    begin (&talk, "em06", NULL);
    g_assert_cmpint (control (&talk, 0xa1, 0x80, 0, 0, 28), ==, SIM_OK);
    g_assert_cmpstr (talk_hex (&talk), ==,
                     "1c 00 01 00 00 40 00 00 04 00 00 00 04 00 00 00 00 40 00 00 04 00 00 00 04 00 00 00");
    g_assert_cmpint (control (&talk, 0x21, 0x84, 1, 0, 0), ==, SIM_STALL);
    g_assert_cmpint (control (&talk, 0x21, 0x84, 0, 0, 0), ==, SIM_OK);
    g_assert_cmpint (control (&talk, 0x21, 0x99, 0, 0, 0), ==, SIM_STALL);
    g_assert_cmpint (control (&talk, 0x01, 0x0b, 1, 0, 0), ==, SIM_STALL);
    g_assert_cmpint (control (&talk, 0x01, 0x0b, 1, 1, 0), ==, SIM_OK);
    g_assert_cmpint (control (&talk, 0x81, 0x0a, 0, 1, 1), ==, SIM_OK);
    g_assert_cmpstr (talk_hex (&talk), ==, "01");
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/composition/places", test_places);
    g_test_add_func ("/composition/refused", test_refused);
    g_test_add_func ("/composition/functions", test_functions);
    g_test_add_func ("/composition/at", test_at);
    g_test_add_func ("/composition/mbim-descriptors", test_mbim_descriptors);
    g_test_add_func ("/composition/mbim-requests", test_mbim_requests);
    return g_test_run ();
}
