/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Card, network and radio: what AT and QMI tell of them. */

#include "sim/talkqmi.h"

#include <string.h>

static void
begin (Talk *talk, SimCard card, guint function, const char *quirks)
{
    SimConfig config;

    sim_config_init (&config);
    config.card = card;
    config.function = function;
    config.quirks = quirks;
    talk_qmi_forget ();
    talk_begin (talk, &config);
    talk_wait (talk, SIM_MODE_NORMAL, 1000);
}

/* One command without echo; its answer, past what comes unasked. */
static const char *
ask (Talk *talk, const char *command)
{
    g_autofree char *line = g_strconcat ("ATE0;", command, "\r", NULL);

    g_assert_true (talk_send (talk, 3, line, strlen (line)));
    while (talk_receive (talk, 0x84, 500)) {
        if (g_str_has_suffix ((char *) talk->data, "OK\r\n") || strstr ((char *) talk->data, "ERROR"))
            return (char *) talk->data;
    }
    return "";
}

static void
expect (Talk *talk, const char *command, const char *answer)
{
    g_autofree char *whole = answer[0] == '!' ? g_strconcat ("\r\n", answer + 1, "\r\n", NULL)
                             : answer[0]      ? g_strconcat ("\r\n", answer, "\r\n\r\nOK\r\n", NULL)
                                              : g_strdup ("\r\nOK\r\n");

    g_assert_cmpstr (ask (talk, command), ==, whole);
}

/* One QMI request of the service's first client; the TLV of that type in the answer as hex from its `from`th
 * byte on, or "error N". */
static char *
qmi (Talk *talk, guint8 service, guint8 message, const char *tlvs, guint8 type, gsize from)
{
    guint error = talk_qmi (talk, service, 1, message, tlvs);
    const char *value;

    if (error == 7) { /* there is no client yet */
        g_assert_cmpuint (talk_qmi_allocate (talk, service), ==, 1);
        error = talk_qmi (talk, service, 1, message, tlvs);
    }
    if (error != 0)
        return g_strdup_printf ("error %u", error);
    value = talk_qmi_tlv (talk, type);
    return g_strdup (value && strlen (value) > 3 * from ? value + 3 * from : "");
}

static void
expect_qmi (Talk *talk, guint8 service, guint8 message, const char *tlvs, guint8 type, gsize from,
            const char *answer)
{
    g_autofree char *text = qmi (talk, service, message, tlvs, type, from);

    g_assert_cmpstr (text, ==, answer);
}

#define CARD_STATUS 11, 0x2f, "", 0x10, 8
#define PRESENT     "01 01 03 00 00 00 01 02 "
#define AID         "00 00 00 07 a0 00 00 00 87 10 02 00 "
#define READ_ICCID  11, 0x20, "02 03 00 e2 2f 00", 0x11, 0
#define READ_IMSI   11, 0x20, "02 03 00 07 6f 00", 0x11, 0
#define MODE        2, 0x2d, "", 0x01, 0
#define SERVICE     3, 0x4d, "", 0x14, 0
#define ICCID       "0a 00 98 88 32 09 00 10 32 54 76 08"

static void
test_ready (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 1, NULL);
    expect (&talk, "+CPIN?", "+CPIN: READY");
    expect (&talk, "+CLCK=\"SC\",2", "+CLCK: 0");
    expect (&talk, "+CIMI", "001010123456789");
    expect (&talk, "+CREG?", "+CREG: 2,1,\"0001\",\"00000001\",7");
    expect (&talk, "+CFUN?", "+CFUN: 1");
    expect (&talk, "+CPIN=\"1234\"", "!+CME ERROR: 3");
    expect_qmi (&talk, CARD_STATUS, PRESENT "07 02 " AID "03 03 0a 01 03 0a");
    expect_qmi (&talk, READ_ICCID, ICCID);
    expect_qmi (&talk, MODE, "00");
    expect_qmi (&talk, SERVICE, "02 02 01");
    talk_end (&talk);
}

static void
test_absent (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_ABSENT, 1, NULL);
    expect (&talk, "+CPIN?", "!+CME ERROR: 10");
    expect (&talk, "+CIMI", "!+CME ERROR: 10");
    expect (&talk, "+QCCID", "!+CME ERROR: 10");
    expect (&talk, "+QSIMSTAT?", "+QSIMSTAT: 0,0");
    expect (&talk, "+CREG?", "+CREG: 2,0");
    expect (&talk, "+CMEE=0", "");
    expect (&talk, "+CPIN?", "!ERROR");
    expect (&talk, "+CGMI", "Quectel");
    expect_qmi (&talk, CARD_STATUS, "01 00 00 00 00 00 00");
    expect_qmi (&talk, READ_ICCID, "error 52");
    expect_qmi (&talk, SERVICE, "00 00 01");
    talk_end (&talk);
}

static void
test_pin (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_PIN, 1, NULL);
    expect (&talk, "+CPIN?", "+CPIN: SIM PIN");
    expect (&talk, "+CLCK=\"SC\",2", "+CLCK: 1");
    expect (&talk, "+CIMI", "!+CME ERROR: 11");
    expect (&talk, "+QCCID", "+QCCID: 89882390000012345678");
    expect (&talk, "+CREG?", "+CREG: 2,0");
    expect_qmi (&talk, CARD_STATUS, PRESENT "02 00 " AID "01 03 0a 01 03 0a");
    expect_qmi (&talk, READ_IMSI, "error 52");
    expect_qmi (&talk, READ_ICCID, ICCID);
    /* One wrong PIN each way, then the right one. */
    expect (&talk, "+CPIN=\"4321\"", "!+CME ERROR: 16");
    expect (&talk, "+QPINC?", "+QPINC: \"SC\",2,10\r\n\r\n+QPINC: \"P2\",3,10");
    expect_qmi (&talk, 11, 0x26, "02 06 00 01 04 34 33 32 31", 0x10, 0, "error 12");
    expect_qmi (&talk, CARD_STATUS, PRESENT "02 00 " AID "01 01 0a 01 03 0a");
    expect_qmi (&talk, 11, 0x26, "02 06 00 01 04 31 32 33 34", 0x10, 0, "");
    expect (&talk, "+CPIN?", "+CPIN: READY");
    expect_qmi (&talk, SERVICE, "02 02 01");
    /* It asks again after a reset, until that is switched off. */
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect (&talk, "+CPIN?", "+CPIN: SIM PIN");
    expect (&talk, "+CLCK=\"SC\",0,\"1234\"", "");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect (&talk, "+CPIN?", "+CPIN: READY");
    talk_end (&talk);
}

/* Three wrong PINs block the card; the PUK, which AT and QMI both take, unblocks it. */
static void
test_puk (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_PIN, 1, NULL);
    for (guint i = 0; i < 3; i++)
        expect (&talk, "+CPIN=\"0000\"", "!+CME ERROR: 16");
    expect (&talk, "+CPIN?", "+CPIN: SIM PUK");
    expect (&talk, "+CIMI", "!+CME ERROR: 12");
    expect_qmi (&talk, CARD_STATUS, PRESENT "03 00 " AID "04 00 0a 01 03 0a");
    expect_qmi (&talk, 11, 0x26, "02 06 00 01 04 31 32 33 34", 0x10, 0, "error 35");
    expect (&talk, "+CPIN=\"11111111\",\"1234\"", "!+CME ERROR: 16");
    expect_qmi (&talk, CARD_STATUS, PRESENT "03 00 " AID "04 00 09 01 03 0a");
    expect_qmi (&talk, 11, 0x27, "02 0f 00 01 08 31 32 33 34 35 36 37 38 04 35 36 37 38", 0x10, 0, "");
    expect (&talk, "+CPIN?", "+CPIN: READY");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect (&talk, "+CPIN=\"1234\"", "!+CME ERROR: 16");
    expect (&talk, "+CPIN=\"5678\"", "");
    talk_end (&talk);
}

static void
test_function (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 4, NULL);
    expect (&talk, "+CFUN?", "+CFUN: 4");
    expect (&talk, "+CPIN?", "+CPIN: READY");
    expect (&talk, "+CREG?", "+CREG: 2,0");
    expect_qmi (&talk, MODE, "01");
    expect_qmi (&talk, 2, 0x2e, "01 01 00 00", 0x10, 0, "");
    expect (&talk, "+CFUN?", "+CFUN: 1");
    expect_qmi (&talk, SERVICE, "02 02 01");
    expect (&talk, "+CFUN=0", "");
    expect (&talk, "+CPIN?", "!+CME ERROR: 10");
    expect_qmi (&talk, MODE, "01");
    expect_qmi (&talk, CARD_STATUS, "01 00 00 00 00 00 00");
    expect (&talk, "+CFUN=3", "!+CME ERROR: 3");
    expect (&talk, "+CFUN?", "+CFUN: 0");
    /* A reset forgets it. */
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    expect (&talk, "+CFUN?", "+CFUN: 1");
    talk_end (&talk);
}

/* QMI's reset and power off are what AT+CFUN=1,1 and AT+QPOWD are. */
static void
test_qmi_reset (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 1, NULL);
    expect_qmi (&talk, 2, 0x2e, "01 01 00 04", 0x10, 0, "");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_cmpstr (sim_modem_get_op (talk.modem, 0)->text, ==, "QMI reset");
    expect_qmi (&talk, 2, 0x2e, "01 01 00 05", 0x10, 0, "");
    talk_wait_gone (&talk, 1000);
    talk_end (&talk);
}

/* Who asked for it is told of what changes; nobody else is. */
static void
test_indications (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 1, NULL);
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    g_assert_null (talk_qmi_indication (&talk));
    expect (&talk, "+CREG?", "+CREG: 2,2");
    g_assert_cmpuint (talk_qmi_allocate (&talk, 3), ==, 1);
    g_assert_cmpuint (talk_qmi_allocate (&talk, 3), ==, 2);
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_HOME);
    g_assert_null (talk_qmi_indication (&talk));
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_NONE);
    g_assert_cmpuint (talk_qmi (&talk, 3, 1, 0x03, "18 01 00 01"), ==, 0);
    g_assert_cmpuint (talk_qmi (&talk, 3, 2, 0x03, "13 01 00 01 19 01 00 01"), ==, 0);
    sim_modem_set_network (talk.modem, talk.now_us, SIM_NETWORK_HOME);
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "03 02 0024");
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x01), ==, "01 01 01 02 01 08");
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "03 01 004e");
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x14), ==, "02 02 01");
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "03 02 0051");
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x14), ==, "c4 f6 a6 ff 78 00");
    g_assert_null (talk_qmi_indication (&talk));
    /* The card is not this service's business, but both ports tell. */
    g_assert_cmpuint (talk_qmi (&talk, 3, 2, 0x00, ""), ==, 0);
    sim_modem_set_card (talk.modem, talk.now_us, SIM_CARD_PIN);
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_cmpstr ((char *) talk.data, ==, "\r\n+CPIN: SIM PIN\r\n");
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "03 01 004e");
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x14), ==, "00 00 01");
    g_assert_null (talk_qmi_indication (&talk));
    talk_end (&talk);
}

static void
test_card_and_mode_indications (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 1, NULL);
    g_assert_cmpuint (talk_qmi_allocate (&talk, 11), ==, 1);
    g_assert_cmpuint (talk_qmi (&talk, 11, 1, 0x2e, "01 04 00 15 00 00 00"), ==, 0);
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x10), ==, "01 00 00 00");
    sim_modem_set_card (talk.modem, talk.now_us, SIM_CARD_ABSENT);
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "0b 01 0032");
    g_assert_cmpuint (talk_qmi_allocate (&talk, 2), ==, 1);
    g_assert_true (sim_modem_set_function (talk.modem, talk.now_us, 4));
    g_assert_null (talk_qmi_indication (&talk));
    expect_qmi (&talk, 2, 0x01, "14 01 00 01", 0x10, 0, "");
    g_assert_false (sim_modem_set_function (talk.modem, talk.now_us, 2));
    g_assert_true (sim_modem_set_function (talk.modem, talk.now_us, 1));
    g_assert_cmpstr (talk_qmi_indication (&talk), ==, "02 01 0001");
    g_assert_cmpstr (talk_qmi_tlv (&talk, 0x14), ==, "00");
    talk_end (&talk);
}

static void
test_mute (void)
{
    Talk talk;

    begin (&talk, SIM_CARD_READY, 1, "mute-at");
    g_assert_true (talk_send (&talk, 3, "AT\r", 3));
    g_assert_false (talk_receive (&talk, 0x84, 5000));
    g_assert_true (talk_send (&talk, 4, "AT\r", 3));
    g_assert_false (talk_receive (&talk, 0x86, 5000));
    sim_modem_set_card (talk.modem, talk.now_us, SIM_CARD_ABSENT);
    g_assert_false (talk_receive (&talk, 0x84, 5000));
    expect_qmi (&talk, CARD_STATUS, "01 00 00 00 00 00 00");
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/card/ready", test_ready);
    g_test_add_func ("/card/absent", test_absent);
    g_test_add_func ("/card/pin", test_pin);
    g_test_add_func ("/card/puk", test_puk);
    g_test_add_func ("/card/function", test_function);
    g_test_add_func ("/card/qmi-reset", test_qmi_reset);
    g_test_add_func ("/card/indications", test_indications);
    g_test_add_func ("/card/card-and-mode-indications", test_card_and_mode_indications);
    g_test_add_func ("/card/mute", test_mute);
    return g_test_run ();
}
