/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM: messages and fragments, what the module tells of itself, the connection and its packets, and QDU. */

#include "sim/talkmbim.h"

#include <string.h>

enum { QUERY, SET };
enum {
    OK = 0,
    FAILURE = 2,
    NO_SIM = 3,
    PIN_REQUIRED = 5,
    NOT_REGISTERED = 7,
    NO_SUPPORT = 9,
    DETACHED = 12,
    TOO_MANY = 13,
    NOT_ACTIVATED = 16,
    INVALID_APN = 18,
    RADIO_OFF = 20,
    INVALID = 21,
    NOT_ALLOWED = 28
};
enum {
    CAPS = 1,
    READY = 2,
    RADIO = 3,
    PIN = 4,
    PIN_LIST = 5,
    HOME = 6,
    VISIBLE = 8,
    REGISTER = 9,
    PACKET = 10,
    SIGNAL = 11,
    CONNECT = 12,
    CONTEXTS = 13,
    IP = 15,
    SERVICES = 16,
    SUBSCRIBE = 19,
    STATISTICS = 20
};
enum { SESSION = 1, FILE_OPEN = 2, FILE_WRITE = 3, REBOOT = 4, VERSION = 7 };

#define INTERNET "7e 5e 2a 7e 4e 6f 72 72 73 6b 65 6e 7e 5e 2a 7e"
/* Session, command, access string, user, password, compression, authentication, IP type, context. */
#define ACTIVATE(session, ip)                                                                                \
    session " 00 00 00 01 00 00 00 3c 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 " \
            "00 00 00 00 00 00 00 00 " ip " 00 00 00 " INTERNET                                              \
            " 69 00 6e 00 74 00 65 00 72 00 6e 00 65 00 74 00"
#define ACTIVATE_UNKNOWN                                                                                     \
    "00 00 00 00 01 00 00 00 3c 00 00 00 0e 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "       \
    "00 00 00 00 00 00 00 00 01 00 00 00 " INTERNET " 75 00 6e 00 6b 00 6e 00 6f 00 77 00 6e 00 00 00"
#define DEACTIVATE                                                                                           \
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "       \
    "00 00 00 00 00 00 00 00 00 00 00 00 " INTERNET
#define SESSION_0 "00 00 00 00"

static void
begin_with (Talk *talk, const char *family, SimCard card, const char *quirks)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = family;
    config.composition = "mbim";
    config.card = card;
    config.quirks = quirks;
    if (g_str_equal (family, "em06"))
        config.version = "EM06ELAR03A06M4G_01.001.01.001";
    talk_mbim_forget ();
    talk_begin (talk, &config);
    talk_wait (talk, SIM_MODE_NORMAL, 1000);
    g_assert_cmpuint (talk_mbim_open (talk, 4096), ==, OK);
}

static void
begin (Talk *talk)
{
    begin_with (talk, "em06", SIM_CARD_READY, NULL);
}

static void
expect (Talk *talk, guint32 cid, gboolean is_set, const char *hex, guint32 status)
{
    g_assert_cmpuint (talk_mbim (talk, TALK_BASIC, cid, is_set, hex), ==, status);
}

static void
expect_bearer (Talk *talk, const char *bearer)
{
    g_autofree char *text = sim_modem_dup_status_text (talk->modem);
    g_autofree char *line = g_strdup_printf ("bearer=%s\n", bearer);

    g_assert_nonnull (strstr (text, line));
}

/* --- messages --- */

static void
test_open (void)
{
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.family = "em06";
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    /* CLOSE and COMMAND before OPEN: not opened. */
    g_assert_cmphex (talk_mbim_raw (&talk, "02 00 00 00 0c 00 00 00 01 00 00 00"), ==, 0x80000004u);
    g_assert_cmphex (talk_mbim_raw (&talk, "03 00 00 00 0c 00 00 00 02 00 00 00"), ==, 0x80000004u);
    g_assert_cmpuint (talk_mbim_open (&talk, 4096), ==, OK);
    expect (&talk, CAPS, QUERY, "", OK);
    /* A length that is not true, a command cut short, a message that does not exist. */
    g_assert_cmphex (talk_mbim_raw (&talk, "03 00 00 00 0d 00 00 00 03 00 00 00"), ==, 0x80000004u);
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 18 00 00 00 04 00 00 00 01 00 00 00 00 00 00 00 aa bb cc dd"), ==,
        0x80000004u);
    g_assert_cmphex (talk_mbim_raw (&talk, "09 00 00 00 0c 00 00 00 05 00 00 00"), ==, 0x80000004u);
    /* A second fragment without a first one. */
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 18 00 00 00 06 00 00 00 02 00 00 00 01 00 00 00 aa bb cc dd"), ==,
        0x80000004u);
    g_assert_cmphex (talk_mbim_raw (&talk, "02 00 00 00 0c 00 00 00 07 00 00 00"), ==, 0x80000002u);
    g_assert_cmphex (talk_mbim_raw (&talk, "03 00 00 00 0c 00 00 00 08 00 00 00"), ==, 0x80000004u);
    talk_end (&talk);
}

/* To a host that takes 64 bytes at once an answer comes in pieces; and a command may come in pieces. */
static void
test_fragments (void)
{
    Talk talk;

    begin (&talk);
    g_assert_cmpuint (talk_mbim_open (&talk, 64), ==, OK);
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_cmpstr (talk_mbim_text (48), ==, "EM06ELAR03A06M4G");
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 24 00 00 00 09 00 00 00 02 00 00 00 00 00 00 00 a2 89 cc 33 bc "
                              "bb 8b 4f b6 b0 13 3e c2 aa e6 df"),
        ==, 0);
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 20 00 00 00 09 00 00 00 02 00 00 00 01 00 00 00 03 00 00 00 00 "
                              "00 00 00 00 00 00 00"),
        ==, 0x80000003u);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 1);
    talk_end (&talk);
}

static void
test_refused (void)
{
    Talk talk;

    begin (&talk);
    expect (&talk, 99, QUERY, "", NO_SUPPORT);
    expect (&talk, CAPS, SET, "", NO_SUPPORT);
    expect (&talk, SUBSCRIBE, QUERY, "", NO_SUPPORT);
    expect (&talk, RADIO, SET, "", INVALID);
    expect (&talk, RADIO, SET, "07 00 00 00", INVALID);
    expect (&talk, CONNECT, SET, "00 00 00 00 01 00 00 00", INVALID);
    expect (&talk, CONNECT, SET, "00 00 00 00 01 00 00 00 ff ff ff ff 10 00 00 00", INVALID);
    g_assert_cmpuint (talk_mbim (&talk, TALK_SMS, 1, QUERY, ""), ==, NO_SUPPORT);
    talk_end (&talk);
}

/* --- device and card --- */

static void
test_device (void)
{
    Talk talk;
    gsize n;

    begin (&talk);
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (16), ==, 0x3f);
    g_assert_cmpuint (talk_mbim_u32 (28), ==, 1);
    g_assert_cmpuint (strlen (talk_mbim_text (40)), ==, 15);
    g_assert_cmpstr (talk_mbim_text (48), ==, "EM06ELAR03A06M4G");
    g_assert_cmpstr (talk_mbim_text (56), ==, "EM06-E");
    expect (&talk, SERVICES, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 2);
    g_assert_cmpmem (talk_mbim_buffer (&n) + talk_mbim_u32 (8), 4, "\xa2\x89\xcc\x33", 4);
    g_assert_cmpuint (talk_mbim_u32 (talk_mbim_u32 (8) + 24), ==, 17);
    g_assert_cmpmem (talk_mbim_buffer (&n) + talk_mbim_u32 (16), 4, "\x64\x27\x01\x5f", 4);
    g_assert_cmpuint (talk_mbim_u32 (talk_mbim_u32 (16) + 24), ==, 5);
    talk_end (&talk);

    /* The composition of a modem with serial ports: those work too, and there is no QDU. */
    begin_with (&talk, "ec25", SIM_CARD_READY, NULL);
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_cmpstr (talk_mbim_text (48), ==, "EC25EFAR06A05M4G");
    expect (&talk, SERVICES, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 1);
    g_assert_cmpuint (talk_mbim (&talk, TALK_QDU, VERSION, SET, "00 01"), ==, NO_SUPPORT);
    g_assert_true (talk_send (&talk, 3, "ATE0+CGMI\r", 10));
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_cmpstr ((char *) talk.data, ==, "\r\nQuectel\r\n\r\nOK\r\n");
    talk_end (&talk);
}

static void
test_card (void)
{
    Talk talk;

    begin_with (&talk, "em06", SIM_CARD_PIN, NULL);
    expect (&talk, READY, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 6);
    g_assert_cmpstr (talk_mbim_text (4), ==, "");
    expect (&talk, PIN, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 2);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 1);
    g_assert_cmpuint (talk_mbim_u32 (8), ==, 3);
    expect (&talk, PIN_LIST, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 2);
    g_assert_cmpuint (talk_mbim_u32 (16), ==, 0);
    expect (&talk, HOME, QUERY, "", PIN_REQUIRED);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), PIN_REQUIRED);
    expect (&talk, PIN, SET,
            "02 00 00 00 00 00 00 00 18 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 34 00 33 00 32 00 31 00",
            FAILURE);
    g_assert_cmpuint (talk_mbim_u32 (8), ==, 2);
    expect (&talk, PIN, SET,
            "02 00 00 00 00 00 00 00 18 00 00 00 08 00 00 00 00 00 00 00 00 00 00 00 31 00 32 00 33 00 34 00",
            OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 0);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, READY);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 1);
    g_assert_cmpstr (talk_mbim_text (4), ==, "001010123456789");
    g_assert_cmpstr (talk_mbim_text (12), ==, "89882390000012345678");
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, REGISTER);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, PACKET);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, SIGNAL);
    sim_modem_set_card (talk.modem, talk.now_us, SIM_CARD_ABSENT);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, READY);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 2);
    talk_mbim_forget ();
    g_assert_cmpuint (talk_mbim_open (&talk, 4096), ==, OK);
    expect (&talk, PIN, QUERY, "", NO_SIM);
    expect (&talk, HOME, QUERY, "", NO_SIM);
    talk_end (&talk);
}

static void
test_network (void)
{
    Talk talk;

    begin (&talk);
    expect (&talk, REGISTER, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 3);
    g_assert_cmpstr (talk_mbim_text (20), ==, "00101");
    g_assert_cmpstr (talk_mbim_text (28), ==, "Test Network");
    expect (&talk, SIGNAL, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 27);
    expect (&talk, VISIBLE, QUERY, "00 00 00 00", OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 1);
    expect (&talk, PACKET, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 2);
    expect (&talk, RADIO, SET, "00 00 00 00", OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 0);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, RADIO);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, REGISTER);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 1);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, PACKET);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, SIGNAL);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 99);
    expect (&talk, VISIBLE, QUERY, "00 00 00 00", RADIO_OFF);
    expect (&talk, RADIO, SET, "01 00 00 00", OK);
    talk_end (&talk);
}

/* Only what is subscribed to is told. */
static void
test_subscribe (void)
{
    Talk talk;

    begin (&talk);
    /* One event entry at 12: Basic Connect, one command, REGISTER. */
    expect (&talk, SUBSCRIBE, SET,
            "01 00 00 00 0c 00 00 00 18 00 00 00 a2 89 cc 33 bc bb 8b 4f b6 b0 13 3e c2 aa e6 df "
            "01 00 00 00 09 00 00 00",
            OK);
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, REGISTER);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 2);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, 0);
    expect (&talk, SUBSCRIBE, SET, "01 00 00 00 0c 00 00 00 18 00 00 00", INVALID);
    talk_end (&talk);
}

/* --- connection --- */

static void
test_connect (void)
{
    Talk talk;
    gsize n;

    begin (&talk);
    expect (&talk, CONNECT, QUERY, SESSION_0, OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 3);
    expect (&talk, IP, QUERY, SESSION_0, NOT_ACTIVATED);
    expect (&talk, CONNECT, SET, DEACTIVATE, NOT_ACTIVATED);
    expect (&talk, CONNECT, SET, ACTIVATE_UNKNOWN, INVALID_APN);
    g_assert_cmpuint (talk_mbim_u32 (32), ==, 27);
    expect (&talk, CONNECT, SET, ACTIVATE ("01", "01"), TOO_MANY);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 1);
    g_assert_cmpuint (talk_mbim_u32 (12), ==, 1);
    expect_bearer (&talk, "ipv4");
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), TOO_MANY);
    expect (&talk, IP, QUERY, SESSION_0, OK);
    g_assert_cmphex (talk_mbim_u32 (4), ==, 0x0f);
    g_assert_cmphex (talk_mbim_u32 (8), ==, 0);
    g_assert_cmpuint (talk_mbim_u32 (12), ==, 1);
    g_assert_cmpuint (talk_mbim_u32 (talk_mbim_u32 (16)), ==, 29);
    g_assert_cmpmem (talk_mbim_buffer (&n) + talk_mbim_u32 (16) + 4, 4, "\x64\x40\xe2\x02", 4);
    g_assert_cmpuint (talk_mbim_u32 (20), ==, 0);
    g_assert_cmpmem (talk_mbim_buffer (&n) + talk_mbim_u32 (28), 4, "\x64\x40\xe2\x01", 4);
    g_assert_cmpuint (talk_mbim_u32 (32), ==, 0);
    g_assert_cmpuint (talk_mbim_u32 (36), ==, 2);
    g_assert_cmpmem (talk_mbim_buffer (&n) + talk_mbim_u32 (40), 8, "\x64\x40\xe2\x03\x64\x40\xe2\x04", 8);
    g_assert_cmpuint (talk_mbim_u32 (52), ==, 1500);
    expect (&talk, CONNECT, SET, DEACTIVATE, OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 3);
    expect_bearer (&talk, "none");
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "03"), OK);
    g_assert_cmpuint (talk_mbim_u32 (12), ==, 3);
    expect_bearer (&talk, "ipv4v6");
    talk_end (&talk);
}

static void
test_lost (void)
{
    Talk talk;

    begin (&talk);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), OK);
    sim_modem_usb_reset (talk.modem, talk.now_us);
    expect_bearer (&talk, "ipv4");
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, REGISTER);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, PACKET);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, SIGNAL);
    g_assert_cmpuint (talk_mbim_indication (&talk), ==, CONNECT);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 3);
    expect_bearer (&talk, "none");
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), NOT_REGISTERED);
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_HOME);
    expect (&talk, PACKET, SET, "01 00 00 00", OK);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), DETACHED);
    expect (&talk, PACKET, SET, "00 00 00 00", OK);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), OK);
    /* CLOSE ends it; so does whatever takes the modem off the bus. */
    g_assert_cmphex (talk_mbim_raw (&talk, "02 00 00 00 0c 00 00 00 01 00 00 00"), ==, 0x80000002u);
    expect_bearer (&talk, "none");
    g_assert_cmpuint (talk_mbim_open (&talk, 4096), ==, OK);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), OK);
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect_bearer (&talk, "none");
    g_assert_cmphex (talk_mbim_raw (&talk, "03 00 00 00 0c 00 00 00 02 00 00 00"), ==, 0x80000004u);
    talk_end (&talk);
}

#define PING "45 00 00 1e 12 34 40 00 40 01 00 00 64 40 e2 02 c6 33 64 01 08 00 96 9b 00 01 00 01 61 62"
#define PONG "45 00 00 1e 12 34 40 00 40 01 b8 33 c6 33 64 01 64 40 e2 02 00 00 9e 9b 00 01 00 01 61 62"

/* Two packets in one block, one of them of a session that is not there; blocks that make no sense. */
static void
test_packets (void)
{
    Talk talk;

    begin (&talk);
    expect (&talk, CONNECT, SET, ACTIVATE ("00", "01"), OK);
    g_assert_true (
        talk_send_hex (&talk, 1,
                       "4e 43 4d 48 0c 00 00 00 6a 00 0c 00 49 50 53 00 10 00 1c 00 2c 00 1e 00 00 00 00 00 "
                       "49 50 53 05 10 00 00 00 4c 00 1e 00 00 00 00 00 " PING " 00 00 " PING));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (
        talk_hex (&talk), ==,
        "4e 43 4d 48 0c 00 00 00 3a 00 0c 00 49 50 53 00 10 00 00 00 1c 00 1e 00 00 00 00 00 " PONG);
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    g_assert_true (talk_send_hex (&talk, 1, "4e 43 4d 48 0c 00 01 00 0c 00 0c 00"));
    g_assert_true (
        talk_send_hex (&talk, 1,
                       "4e 43 4d 48 0c 00 01 00 1c 00 0c 00 49 50 53 00 10 00 0c 00 ff ff 1e 00 00 "
                       "00 00 00"));
    g_assert_true (talk_send_hex (&talk, 1, PING));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    expect (&talk, STATISTICS, QUERY, "", OK);
    g_assert_cmpuint (talk_mbim_u32 (16), ==, 1);
    g_assert_cmpuint (talk_mbim_u32 (24), ==, 30);
    g_assert_cmpuint (talk_mbim_u32 (32), ==, 1);
    talk_end (&talk);
}

/* --- QDU --- */

static guint32
qdu (Talk *talk, guint32 cid, gboolean is_set, const char *hex)
{
    return talk_mbim (talk, TALK_QDU, cid, is_set, hex);
}

static void
test_qdu (void)
{
    Talk talk;

    begin (&talk);
    g_assert_cmpuint (qdu (&talk, VERSION, SET, "00 01"), ==, OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 256);
    g_assert_cmpstr (talk_mbim_text (4), ==, "EM06ELAR03A06M4G_01.001.01.001");
    g_assert_cmpuint (qdu (&talk, VERSION, SET, "01 00"), ==, INVALID);
    g_assert_cmpuint (qdu (&talk, FILE_OPEN, SET, "00 00 00 00 04 00 00 00"), ==, NOT_ALLOWED);
    g_assert_cmpuint (qdu (&talk, SESSION, SET, "01 00 00 00 01 00 00 00"), ==, NOT_ALLOWED);
    g_assert_cmpuint (qdu (&talk, SESSION, SET, "00 00 00 00 01 00 00 00"), ==, OK);
    g_assert_cmpuint (talk_mbim_u32 (4), ==, 1);
    g_assert_cmpuint (qdu (&talk, FILE_WRITE, SET, "01 02 03"), ==, NOT_ALLOWED);
    g_assert_cmpuint (qdu (&talk, FILE_OPEN, SET, "00 00 00 00 05 00 00 00"), ==, OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 1024);
    g_assert_cmpuint (qdu (&talk, FILE_WRITE, SET, "01 02 03"), ==, OK);
    g_assert_cmpuint (qdu (&talk, FILE_WRITE, SET, "01 02 03"), ==, INVALID);
    g_assert_cmpuint (qdu (&talk, SESSION, SET, "01 00 00 00 01 00 00 00"), ==, OK);
    g_assert_cmpuint (talk_mbim_u32 (0), ==, 0);
    g_assert_cmpuint (talk_mbim_u32 (12), ==, 1);
    g_assert_cmpuint (talk_mbim_u32 (16), ==, 3);
    g_assert_cmpuint (talk_mbim_u32 (20), ==, 2);
    g_assert_cmpuint (qdu (&talk, SESSION, SET, "00 00 00 00 01 00 00 00"), ==, OK);
    g_assert_cmpuint (qdu (&talk, FILE_OPEN, SET, "00 00 00 00 03 00 00 00"), ==, OK);
    g_assert_cmpuint (qdu (&talk, FILE_WRITE, SET, "01 02 03"), ==, OK);
    g_assert_cmpuint (qdu (&talk, SESSION, SET, "01 00 00 00 01 00 00 00"), ==, OK);
    g_assert_cmpuint (talk_mbim_u32 (12), ==, 0);
    talk_end (&talk);
}

/* What the reboot leads to differs. */
static void
test_reboot (void)
{
    static const struct {
        const char *quirks;
        guint32 status;
        SimMode mode;
    } rows[] = {
        { NULL, OK, SIM_MODE_EDL },
        { "qdu-back", OK, SIM_MODE_NORMAL },
        { "qdu-no-edl", NO_SUPPORT, SIM_MODE_NORMAL },
        { "no-qdu", NO_SUPPORT, SIM_MODE_NORMAL },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        guint generation;
        Talk talk;

        begin_with (&talk, "em06", SIM_CARD_READY, rows[i].quirks);
        generation = sim_modem_get_generation (talk.modem);
        g_assert_cmpuint (qdu (&talk, REBOOT, SET, "01 00"), !=, OK);
        g_assert_cmpuint (qdu (&talk, REBOOT, SET, "11 00"), ==, rows[i].status);
        if (rows[i].status == OK)
            talk_wait_gone (&talk, 1000);
        talk_wait (&talk, rows[i].mode, 5000);
        g_assert_cmpuint (sim_modem_get_generation (talk.modem), ==,
                          generation + (rows[i].status == OK ? 2 : 0));
        talk_end (&talk);
    }
}

static void
test_faults (void)
{
    char *why = NULL;
    Talk talk;

    begin (&talk);
    g_assert_true (sim_modem_add_fault (talk.modem, "mbim=nak", &why));
    expect (&talk, CAPS, QUERY, "", FAILURE);
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_true (sim_modem_add_fault (talk.modem, "mbim=slow:900", &why));
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_true (sim_modem_add_fault (talk.modem, "mbim=silent", &why));
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 30 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 a2 89 cc 33 bc bb "
                              "8b 4f b6 b0 13 3e c2 aa e6 df 01 00 00 00 00 00 00 00 00 00 00 00"),
        ==, 0);
    g_assert_true (sim_modem_add_fault (talk.modem, "mbim=garbage", &why));
    g_assert_cmphex (
        talk_mbim_raw (&talk, "03 00 00 00 30 00 00 00 01 00 00 00 01 00 00 00 00 00 00 00 a2 89 cc 33 bc bb "
                              "8b 4f b6 b0 13 3e c2 aa e6 df 01 00 00 00 00 00 00 00 00 00 00 00"),
        ==, 0x8000ffffu);
    talk_end (&talk);
}

/* Whatever is said to it, it goes on to answer. */
static void
test_nonsense (void)
{
    static const guint8 head[] = { 3,    0,    0,    0,    0,    0,    0,    0,    1,    0,    0,    0,
                                   1,    0,    0,    0,    0,    0,    0,    0,    0xa2, 0x89, 0xcc, 0x33,
                                   0xbc, 0xbb, 0x8b, 0x4f, 0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf };
    Talk talk;

    begin (&talk);
    for (guint i = 0; i < 20000; i++) {
        guint8 data[160] = { 0 }, send[] = { 0x21, 0, 0, 0, 0, 0, 0, 0 };
        gsize size = (gsize) g_test_rand_int_range (48, sizeof data), n;

        for (guint j = 0; j < sizeof data; j++)
            data[j] = (guint8) (j % 4 ? 0 : g_test_rand_int_range (0, 64));
        for (guint j = 0; i % 3 == 0 && j < 8; j++)
            data[g_test_rand_int_range (48, sizeof data)] = (guint8) g_test_rand_int_range (0, 256);
        memcpy (data, head, sizeof head);
        data[4] = (guint8) size;
        data[40] = i % 2;
        data[44] = (guint8) (size - 48);
        send[6] = (guint8) size;
        g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, data, &n), ==, SIM_OK);
    }
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_cmpuint (talk_mbim_open (&talk, 4096), ==, OK);
    expect (&talk, CAPS, QUERY, "", OK);
    g_assert_cmpstr (talk_mbim_text (48), ==, "EM06ELAR03A06M4G");
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/mbim/open", test_open);
    g_test_add_func ("/mbim/fragments", test_fragments);
    g_test_add_func ("/mbim/refused", test_refused);
    g_test_add_func ("/mbim/device", test_device);
    g_test_add_func ("/mbim/card", test_card);
    g_test_add_func ("/mbim/network", test_network);
    g_test_add_func ("/mbim/subscribe", test_subscribe);
    g_test_add_func ("/mbim/connect", test_connect);
    g_test_add_func ("/mbim/lost", test_lost);
    g_test_add_func ("/mbim/packets", test_packets);
    g_test_add_func ("/mbim/qdu", test_qdu);
    g_test_add_func ("/mbim/reboot", test_reboot);
    g_test_add_func ("/mbim/faults", test_faults);
    g_test_add_func ("/mbim/nonsense", test_nonsense);
    return g_test_run ();
}
