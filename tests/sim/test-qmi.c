/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI beyond card and radio (test-card.c): clients, errors, and the bearer with its packets. */

#include "sim/talkqmi.h"

#include <string.h>

enum { WDS = 1, DMS = 2, NAS = 3, WMS = 5, UIM = 11, WDA = 26 };

#define APN_INTERNET "14 08 00 69 6e 74 65 72 6e 65 74"
#define APN_UNKNOWN  "14 07 00 75 6e 6b 6e 6f 77 6e"

static void
begin (Talk *talk, const char *composition)
{
    SimConfig config;

    sim_config_init (&config);
    config.composition = composition;
    talk_qmi_forget ();
    talk_begin (talk, &config);
    talk_wait (talk, SIM_MODE_NORMAL, 1000);
}

static void
expect_error (Talk *talk, guint8 service, guint8 client, guint16 message, const char *tlvs, guint error)
{
    g_assert_cmpuint (talk_qmi (talk, service, client, message, tlvs), ==, error);
}

static void
expect_tlv (Talk *talk, guint8 type, const char *hex)
{
    g_assert_cmpstr (talk_qmi_tlv (talk, type), ==, hex);
}

/* Clients are allocated, told apart, released; each error is the one that the case has. */
static void
test_clients (void)
{
    Talk talk;

    begin (&talk, NULL);
    expect_error (&talk, 0, 0, 0x21, "", 0);
    expect_tlv (
        &talk, 1,
        "07 00 01 00 05 00 01 01 00 43 00 02 01 00 0e 00 03 01 00 19 00 05 01 00 0a 00 0b 01 00 2e 00 1a "
        "01 00 10 00");
    g_assert_cmpuint (talk_qmi_allocate (&talk, DMS), ==, 1);
    g_assert_cmpuint (talk_qmi_allocate (&talk, DMS), ==, 2);
    g_assert_cmpuint (talk_qmi_allocate (&talk, NAS), ==, 1);
    expect_error (&talk, 0, 0, 0x22, "01 01 00 09", 31); /* no VOICE */
    expect_error (&talk, 0, 0, 0x22, "01 01 00 00", 31);
    expect_error (&talk, 0, 0, 0x22, "", 17);
    expect_error (&talk, 0, 0, 0x99, "", 71);
    expect_error (&talk, DMS, 2, 0x23, "", 0);
    expect_error (&talk, DMS, 3, 0x23, "", 7);
    expect_error (&talk, DMS, 1, 0x99, "", 71);
    expect_error (&talk, DMS, 1, 0x2b, "", 94);
    expect_error (&talk, DMS, 1, 0x2e, "", 17);
    expect_error (&talk, DMS, 1, 0x2e, "01 01 00 63", 48);
    expect_error (&talk, 9, 1, 0x20, "", 31);
    expect_error (&talk, 0, 0, 0x23, "01 02 00 02 02", 0);
    expect_error (&talk, 0, 0, 0x23, "01 02 00 02 02", 7);
    expect_error (&talk, DMS, 2, 0x23, "", 7);
    expect_error (&talk, DMS, 1, 0x23, "", 0);
    expect_error (&talk, 0, 0, 0x27, "", 0);
    expect_error (&talk, DMS, 1, 0x23, "", 7);
    talk_end (&talk);
}

static void
test_too_many (void)
{
    Talk talk;

    begin (&talk, NULL);
    for (guint i = 1; i <= 48; i++)
        g_assert_cmpuint (talk_qmi_allocate (&talk, UIM), ==, i);
    expect_error (&talk, 0, 0, 0x22, "01 01 00 0b", 5);
    expect_error (&talk, 0, 0, 0x23, "01 02 00 0b 07", 0);
    g_assert_cmpuint (talk_qmi_allocate (&talk, UIM), ==, 49);
    talk_end (&talk);
}

static void
test_device (void)
{
    Talk talk;

    begin (&talk, "no-tty");
    g_assert_cmpuint (talk_qmi_allocate (&talk, DMS), ==, 1);
    expect_error (&talk, DMS, 1, 0x23, "", 0);
    expect_tlv (&talk, 1, "45 43 32 35 45 46 41 52 30 36 41 30 35 4d 34 47");
    expect_error (&talk, DMS, 1, 0x51, "", 0);
    g_assert_true (
        g_str_has_prefix (talk_qmi_tlv (&talk, 1), "45 43 32 35 45 46 41 52 30 36 41 30 35 4d 34 47"));
    expect_error (&talk, DMS, 1, 0x2c, "", 0);
    expect_tlv (&talk, 1, "31 30 30 30 30");
    /* 01 to 51: 20 to 25, 27 to 2e ... */
    expect_error (&talk, DMS, 1, 0x1e, "", 0);
    expect_tlv (&talk, 0x10, "0b 00 03 00 00 00 bf 7f 02 10 38 00 02");
    talk_end (&talk);
}

static void
test_network (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, NAS), ==, 1);
    expect_error (&talk, NAS, 1, 0x24, "", 0);
    expect_tlv (&talk, 0x01, "01 01 01 02 01 08");
    expect_tlv (&talk, 0x12, "01 00 01 00 0c 54 65 73 74 20 4e 65 74 77 6f 72 6b");
    expect_error (&talk, NAS, 1, 0x21, "", 0);
    expect_tlv (&talk, 0x10, "01 00 01 00 01 00 65 0c 54 65 73 74 20 4e 65 74 77 6f 72 6b");
    expect_error (&talk, NAS, 1, 0x22, "01 01 00 02 10 05 00 01 00 01 00 08", 0);
    expect_error (&talk, NAS, 1, 0x22, "01 01 00 02 10 05 00 06 01 01 00 08", 13);
    expect_error (&talk, NAS, 1, 0x33, "11 02 00 10 00", 0);
    expect_error (&talk, NAS, 1, 0x34, "", 0);
    expect_tlv (&talk, 0x11, "10 00");
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    expect_error (&talk, NAS, 1, 0x24, "", 0);
    expect_tlv (&talk, 0x01, "02 02 02 00 00");
    expect_error (&talk, NAS, 1, 0x4f, "", 74);
    expect_error (&talk, NAS, 1, 0x20, "", 0);
    expect_tlv (&talk, 0x01, "83 00");
    talk_end (&talk);
}

/* --- the bearer --- */

static void
expect_bearer (Talk *talk, const char *bearer)
{
    g_autofree char *text = sim_modem_dup_status_text (talk->modem);
    g_autofree char *line = g_strdup_printf ("bearer=%s\n", bearer);

    g_assert_nonnull (strstr (text, line));
}

/* Start, settings, packets, statistics, stop. */
static void
test_call (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 1);
    expect_error (&talk, WDS, 1, 0x22, "", 0);
    expect_tlv (&talk, 1, "01");
    expect_error (&talk, WDS, 1, 0x2d, "10 04 00 ff ff ff ff", 15);
    expect_error (&talk, WDS, 1, 0x24, "01 04 00 ff 03 00 00", 15);
    expect_error (&talk, WDS, 1, 0x21, "01 04 00 01 00 00 e1", 26);
    expect_error (&talk, WDS, 1, 0x20, APN_INTERNET, 0);
    expect_tlv (&talk, 1, "01 00 00 e1");
    expect_bearer (&talk, "ipv4");
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "01 01 0022");
    expect_tlv (&talk, 0x01, "02 00");
    expect_tlv (&talk, 0x12, "04");
    expect_error (&talk, WDS, 1, 0x20, APN_INTERNET, 26);
    expect_error (&talk, WDS, 1, 0x22, "", 0);
    expect_tlv (&talk, 1, "02");
    expect_error (&talk, WDS, 1, 0x2d, "10 04 00 10 20 00 00", 0);
    expect_tlv (&talk, 0x1e, NULL);
    expect_error (&talk, WDS, 1, 0x2d, "10 04 00 10 a3 00 00", 0);
    expect_tlv (&talk, 0x1e, "02 e2 40 64");
    expect_tlv (&talk, 0x20, "01 e2 40 64");
    expect_tlv (&talk, 0x21, "f8 ff ff ff");
    expect_tlv (&talk, 0x15, "03 e2 40 64");
    expect_tlv (&talk, 0x29, "dc 05 00 00");
    expect_tlv (&talk, 0x2b, "04");
    expect_error (&talk, WDS, 1, 0x21, "01 04 00 02 00 00 e1", 9);
    expect_error (&talk, WDS, 1, 0x21, "01 04 00 01 00 00 e1", 0);
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "01 01 0022");
    expect_tlv (&talk, 0x01, "01 00");
    expect_tlv (&talk, 0x10, "02 00");
    expect_bearer (&talk, "none");
    talk_end (&talk);
}

/* Both IP versions at once, by two clients; each call is its client's own. */
static void
test_two_versions (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 1);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 2);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 3);
    expect_error (&talk, WDS, 2, 0x4d, "01 01 00 05", 64);
    expect_error (&talk, WDS, 2, 0x4d, "01 01 00 06", 0);
    expect_error (&talk, WDS, 1, 0x20, APN_INTERNET " 19 01 00 04", 0);
    expect_error (&talk, WDS, 2, 0x20, APN_INTERNET, 0);
    expect_error (&talk, WDS, 3, 0x20, APN_INTERNET, 0);
    expect_bearer (&talk, "ipv4v6");
    expect_error (&talk, WDS, 2, 0x2d, "10 04 00 10 a3 00 00", 0);
    expect_tlv (&talk, 0x25, "20 01 0d b8 00 64 00 e2 00 00 00 00 00 00 00 02 40");
    expect_tlv (&talk, 0x27, "20 01 0d b8 00 64 00 e2 00 00 00 00 00 00 00 03");
    expect_tlv (&talk, 0x2b, "06");
    expect_error (&talk, WDS, 2, 0x21, "01 04 00 ff ff ff ff", 0);
    expect_bearer (&talk, "ipv4");
    /* Two have a call on IPv4; it stays until both have let go, one by leaving. */
    expect_error (&talk, WDS, 1, 0x21, "01 04 00 01 00 00 e1", 0);
    expect_bearer (&talk, "ipv4");
    expect_error (&talk, 0, 0, 0x23, "01 02 00 01 03", 0);
    expect_bearer (&talk, "none");
    talk_end (&talk);
}

/* Why there is no call. */
static void
test_refused (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 1);
    expect_error (&talk, WDS, 1, 0x20, APN_UNKNOWN, 14);
    expect_tlv (&talk, 0x10, "f5 03");
    expect_tlv (&talk, 0x11, "06 00 1b 00");
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    expect_error (&talk, WDS, 1, 0x20, APN_INTERNET, 14);
    expect_tlv (&talk, 0x10, "03 00");
    expect_tlv (&talk, 0x11, "03 00 d1 07");
    expect_error (&talk, WDS, 1, 0x85, "", 74);
    expect_bearer (&talk, "none");
    talk_end (&talk);
}

static void
call (Talk *talk)
{
    guint8 client = talk_qmi_allocate (talk, WDS);

    expect_error (talk, WDS, client, 0x20, APN_INTERNET, 0);
    g_assert_cmpstr (talk_qmi_indication (talk), !=, NULL);
    expect_bearer (talk, "ipv4");
}

/* What ends it: the network, the radio, the card, a detach; and what does not: a reset of the bus. */
static void
test_lost (void)
{
    static const char *const ends[] = { "network", "radio", "card", "detach" };

    for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
        Talk talk;

        begin (&talk, NULL);
        call (&talk);
        sim_modem_usb_reset (talk.modem, talk.now_us);
        expect_bearer (&talk, "ipv4");
        if (i == 0)
            sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
        else if (i == 1)
            g_assert_true (sim_modem_set_function (talk.modem, talk.now_us, 4));
        else if (i == 2)
            sim_modem_set_card (talk.modem, talk.now_us, SIM_CARD_ABSENT);
        else
            expect_error (&talk, NAS, talk_qmi_allocate (&talk, NAS), 0x23, "10 01 00 02", 0);
        g_assert_cmpstr (talk_qmi_indication (&talk), ==, "01 01 0022");
        expect_tlv (&talk, 0x01, "01 00");
        expect_tlv (&talk, 0x10, "03 00");
        g_assert_null (talk_qmi_indication (&talk));
        expect_bearer (&talk, "none");
        expect_error (&talk, WDS, 1, 0x22, "", 0);
        expect_tlv (&talk, 1, "01");
        talk_end (&talk);
    }
}

/* It dies with the modem, and with the plug: nobody's client is known afterwards. */
static void
test_gone (void)
{
    Talk talk;

    begin (&talk, NULL);
    call (&talk);
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect_bearer (&talk, "none");
    expect_error (&talk, WDS, 1, 0x22, "", 7);
    call (&talk);
    sim_modem_usb_boot (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_EDL, 5000);
    expect_bearer (&talk, "none");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect_bearer (&talk, "none");
    expect_error (&talk, WDS, 1, 0x22, "", 7);
    talk_end (&talk);
}

/* --- packets --- */

#define PING4 "45 00 00 1e 12 34 40 00 40 01 00 00 64 40 e2 02 c6 33 64 01 08 00 96 9b 00 01 00 01 61 62"
#define PONG4 "45 00 00 1e 12 34 40 00 40 01 b8 33 c6 33 64 01 64 40 e2 02 00 00 9e 9b 00 01 00 01 61 62"
#define PING6                                                                                                \
    "60 00 00 00 00 08 3a 40 20 01 0d b8 00 64 00 e2 00 00 00 00 00 00 00 02 20 01 0d b8 00 ff 00 00 00 00 " \
    "00 00 "                                                                                                 \
    "00 00 00 09 80 00 00 00 00 01 00 01"

static void
test_packets (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_true (talk_send_hex (&talk, 5, PING4));
    g_assert_false (talk_receive (&talk, 0x88, 1000));
    call (&talk);
    g_assert_true (talk_send_hex (&talk, 5, PING4));
    g_assert_true (talk_receive (&talk, 0x88, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, PONG4);
    /* Another's address; a length that is not true; the version that is not up; no echo request. */
    g_assert_true (talk_send_hex (&talk, 5,
                                  "45 00 00 1c 12 34 40 00 40 01 00 00 64 40 e2 03 c6 33 64 01 08 00 f7 fd "
                                  "00 01 00 01"));
    g_assert_true (
        talk_send_hex (&talk, 5, "45 00 00 1c 12 34 40 00 40 01 00 00 64 40 e2 02 c6 33 64 01 08 00 f7"));
    g_assert_true (talk_send_hex (&talk, 5, PING6));
    g_assert_true (talk_send_hex (&talk, 5,
                                  "45 00 00 1c 12 34 40 00 40 11 00 00 64 40 e2 02 c6 33 64 01 08 00 f7 fd "
                                  "00 01 00 01"));
    g_assert_false (talk_receive (&talk, 0x88, 1000));
    expect_error (&talk, WDS, 1, 0x24, "01 04 00 ff 00 00 00", 0);
    expect_tlv (&talk, 0x10, "02 00 00 00");
    expect_tlv (&talk, 0x11, "01 00 00 00");
    expect_tlv (&talk, 0x15, "00 00 00 00");
    expect_tlv (&talk, 0x19, "3a 00 00 00 00 00 00 00");
    expect_tlv (&talk, 0x1a, "1e 00 00 00 00 00 00 00");
    talk_end (&talk);
}

static void
test_packets6 (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, WDS), ==, 1);
    expect_error (&talk, WDS, 1, 0x20, "19 01 00 06", 0);
    g_assert_true (talk_send_hex (&talk, 5, PING6));
    g_assert_true (talk_receive (&talk, 0x88, 1000));
    g_assert_cmpstr (
        talk_hex (&talk), ==,
        "60 00 00 00 00 08 3a 40 20 01 0d b8 00 ff 00 00 00 00 00 00 00 00 00 09 20 01 0d b8 00 64 00 e2 "
        "00 00 00 00 00 00 00 02 81 00 20 f9 00 01 00 01");
    talk_end (&talk);
}

/* Orders to answer wrongly, or not at all. */
static void
test_faults (void)
{
    const guint8 get[] = { 0xa1, 1, 0, 0, 4, 0, 0, 4 };
    guint8 request[] = { 1, 12, 0, 0, 2, 1, 0, 1, 0, 0x23, 0, 0, 0 };
    const guint8 send[] = { 0x21, 0, 0, 0, 4, 0, sizeof request, 0 };
    char *why = NULL;
    Talk talk;
    gsize n;

    begin (&talk, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, DMS), ==, 1);
    g_assert_true (sim_modem_add_fault (talk.modem, "qmi=nak", &why));
    expect_error (&talk, DMS, 1, 0x23, "", 3);
    expect_error (&talk, DMS, 1, 0x23, "", 0);
    g_assert_true (sim_modem_add_fault (talk.modem, "qmi=slow:3000", &why));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, request, &n), ==, SIM_OK);
    g_assert_false (talk_receive (&talk, 0x89, 2900));
    g_assert_true (talk_receive (&talk, 0x89, 200));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get, talk.data, &talk.size), ==, SIM_OK);
    g_assert_cmpuint (talk.size, >, 30);
    g_assert_true (sim_modem_add_fault (talk.modem, "qmi=silent", &why));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, request, &n), ==, SIM_OK);
    g_assert_false (talk_receive (&talk, 0x89, 5000));
    g_assert_true (sim_modem_add_fault (talk.modem, "qmi=garbage", &why));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, request, &n), ==, SIM_OK);
    g_assert_true (talk_receive (&talk, 0x89, 1000));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get, talk.data, &talk.size), ==, SIM_OK);
    g_assert_cmpstr (talk_hex (&talk), ==, "01 ff ff 80 67 61 72 62 61 67 65");
    g_assert_true (sim_modem_add_fault (talk.modem, "qmi=vanish", &why));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, request, &n), ==, SIM_OK);
    talk_wait_gone (&talk, 100);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    talk_end (&talk);
}

/* Whatever is said to it, it goes on to answer. */
static void
test_nonsense (void)
{
    static const guint8 services[] = { 0, WDS, DMS, NAS, WMS, UIM, WDA };
    Talk talk;

    begin (&talk, NULL);
    for (guint i = 1; i < G_N_ELEMENTS (services); i++)
        g_assert_cmpuint (talk_qmi_allocate (&talk, services[i]), ==, 1);
    for (guint i = 0; i < 20000; i++) {
        guint8 data[64] = { 1 }, send[] = { 0x21, 0, 0, 0, 4, 0, 0, 0 };
        gsize size = (gsize) g_test_rand_int_range (0, sizeof data), n;

        for (guint j = 1; j < sizeof data; j++)
            data[j] = (guint8) g_test_rand_int_range (0, j > 12 && j % 3 ? 5 : 256);
        data[4] = services[i % G_N_ELEMENTS (services)];
        data[5] = data[4] ? 1 : 0;
        data[9] = (guint8) g_test_rand_int_range (0, 0xa3);
        data[10] = 0;
        if ((data[4] == DMS && data[9] == 0x2e) || (data[4] == 0 && data[8] == 0x27))
            continue; /* it would leave; or forget everybody */
        send[6] = (guint8) size;
        g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, data, &n), ==, SIM_OK);
    }
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_true (sim_modem_set_function (talk.modem, talk.now_us, 1));
    talk_qmi_forget ();
    expect_error (&talk, DMS, talk_qmi_allocate (&talk, DMS), 0x23, "", 0);
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/qmi/clients", test_clients);
    g_test_add_func ("/qmi/too-many", test_too_many);
    g_test_add_func ("/qmi/device", test_device);
    g_test_add_func ("/qmi/network", test_network);
    g_test_add_func ("/qmi/call", test_call);
    g_test_add_func ("/qmi/two-versions", test_two_versions);
    g_test_add_func ("/qmi/refused", test_refused);
    g_test_add_func ("/qmi/lost", test_lost);
    g_test_add_func ("/qmi/gone", test_gone);
    g_test_add_func ("/qmi/packets", test_packets);
    g_test_add_func ("/qmi/packets6", test_packets6);
    g_test_add_func ("/qmi/faults", test_faults);
    g_test_add_func ("/qmi/nonsense", test_nonsense);
    return g_test_run ();
}
