/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Normal mode: AT, DIAG and endpoint 0, as conversations. */

#include "sim/talk.h"

#include <string.h>

static void
ask (Talk *talk, const char *command, const char *answer)
{
    g_autofree char *line = g_strconcat (command, "\r", NULL);

    g_assert_true (talk_send (talk, 3, line, strlen (line)));
    if (!answer) {
        g_assert_false (talk_receive (talk, 0x84, 1000));
        return;
    }
    g_assert_true (talk_receive (talk, 0x84, 1000));
    g_assert_cmpstr ((char *) talk->data, ==, answer);
}

static void
test_at (void)
{
    static const char *const rows[][2] = {
        { "AT", "\r\nOK\r\n" },
        { "ATE0V1Q0", "\r\nOK\r\n" },
        { "AT E0 V1 X4 &C1 +CMEE=1", "\r\nOK\r\n" },
        { "at+cgmr", "\r\nEC25EFAR06A05M4G\r\n\r\nOK\r\n" },
        { "AT+QGMR?", "\r\nEC25EFAR06A05M4G_01.001\r\n\r\nOK\r\n" },
        { "ATI", "\r\nQuectel\r\n\r\nEC25\r\n\r\nRevision: EC25EFAR06A05M4G\r\n\r\nOK\r\n" },
        { "AT+QFASTBOOT=?", "\r\nOK\r\n" },
        { "AT+CTZU=?", "\r\n+CTZU: (0,1,3)\r\n\r\nOK\r\n" },
        { "AT+CGMI;+CGMM", "\r\nQuectel\r\n\r\nEC25\r\n\r\nOK\r\n" },
        { "AT+NOSUCH", "\r\nERROR\r\n" },
        { "AT+NOSUCH;+CGMM", "\r\nERROR\r\n" },
        { "AT+CREG=2;+CREG?", "\r\n+CREG: 2,1,\"0001\",\"00000001\",7\r\n\r\nOK\r\n" },
        { "nonsense", NULL },
    };
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M4G_01.001";
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send (&talk, 3, "ATE0\r", 5));
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_cmpstr ((char *) talk.data, ==, "ATE0\r");
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        ask (&talk, rows[i][0], rows[i][1]);
    talk_end (&talk);
}

/* No answer: the port vanishes. */
static void
test_fastboot (void)
{
    Talk talk;

    talk_begin (&talk, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send (&talk, 3, "ATE0\r", 5));
    while (talk_receive (&talk, 0x84, 100))
        ;
    g_assert_true (talk_send (&talk, 3, "AT+QFASTBOOT\r", 13));
    g_assert_false (talk_receive (&talk, 0x84, 1000));
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    g_assert_cmpstr (sim_modem_get_usb (talk.modem)->serial, ==, "700a421b");
    g_assert_true (talk_send (&talk, 1, "getvar:product", 14));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr ((char *) talk.data, ==, "OKAYMDM9607");
    g_assert_true (talk_send (&talk, 1, "reboot", 6));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    talk_end (&talk);
}

/* Frames of the spec's appendix. */
static void
test_diag (void)
{
    Talk talk;

    talk_begin (&talk, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e 95 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "13 06 88 d5 7e");
    g_assert_true (talk_send_hex (&talk, 1, "0c 14 3a 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "13 0c d2 7a 7e");
    g_assert_true (talk_send_hex (&talk, 1, "00 78 f0 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmphex (talk.data[0], ==, 0);
    g_assert_cmpuint (talk.size, >=, 55 + 3);
    g_assert_true (talk_send_hex (&talk, 1, "7c 93 49 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr ((char *) talk.data + 12, ==, "EC25EFAR06A05M4G");
    /* A wrong CRC is silence, and does not spoil what follows. */
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0e 7e"));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0f 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "4b 65 01 00 54 0f 7e");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, 0x9008);
    talk_end (&talk);
}

/* The echo stands behind all the noise. */
static void
test_diag_noise (void)
{
    SimConfig config;
    Talk talk;
    guint n = 0;

    sim_config_init (&config);
    config.diag_noise = 25;
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send_hex (&talk, 1, "0c 14 3a 7e"));
    while (talk_receive (&talk, 0x81, 100) && talk.data[0] == 0x10)
        n++;
    g_assert_cmpuint (n, ==, 25);
    g_assert_cmpstr (talk_hex (&talk), ==, "13 0c d2 7a 7e");
    talk_end (&talk);
}

static void
test_diag_faults (void)
{
    Talk talk;
    char *why = NULL;

    talk_begin (&talk, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (sim_modem_add_fault (talk.modem, "diag:1=nak", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "diag:2=silent", &why));
    g_assert_false (sim_modem_add_fault (talk.modem, "diag:two=silent", &why));
    g_clear_pointer (&why, g_free);
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0f 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmphex (talk.data[0], ==, 0x13);
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0f 7e"));
    g_assert_false (talk_receive (&talk, 0x81, 10));
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    g_assert_cmpuint (sim_modem_get_faults_hit (talk.modem), ==, 2);
    talk_end (&talk);
}

static void
test_descriptors (void)
{
    static const guint8 get_device[] = { 0x80, 6, 0, 1, 0, 0, 18, 0 };
    static const guint8 get_config[] = { 0x80, 6, 0, 2, 0, 0, 0, 4 };
    static const guint8 get_product[] = { 0x80, 6, 2, 3, 9, 4, 255, 0 };
    static const guint8 get_qualifier[] = { 0x80, 6, 0, 6, 0, 0, 10, 0 };
    static const guint8 line_state[] = { 0x21, 0x22, 3, 0, 2, 0, 0, 0 };
    Talk talk;
    guint8 data[1024];
    gsize n;

    talk_begin (&talk, NULL);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_device, data, &n), ==, SIM_GONE);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_device, data, &n), ==, SIM_OK);
    g_assert_cmpuint (n, ==, 18);
    g_assert_cmphex (data[8] | data[9] << 8, ==, 0x2c7c);
    g_assert_cmphex (data[12] | data[13] << 8, ==, 0x0318);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_config, data, &n), ==, SIM_OK);
    /* 9 + 5 interfaces + 2 + 4 * 3 endpoints */
    g_assert_cmpuint (n, ==, 9 + 5 * 9 + 14 * 7);
    g_assert_cmpuint (data[2] | data[3] << 8, ==, n);
    g_assert_cmpuint (data[4], ==, 5);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_product, data, &n), ==, SIM_OK);
    g_assert_cmpuint (data[0], ==, n);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get_qualifier, data, &n), ==, SIM_STALL);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, line_state, data, &n), ==, SIM_OK);
    talk_end (&talk);
}

/* CTL version info, an allocated DMS client, its revision; what is not there is refused with 71. */
static void
test_qmi (void)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        { "01 0f 00 00 00 00 00 01 22 00 04 00 01 01 00 02",
          "01 17 00 80 00 00 01 01 22 00 0c 00 02 04 00 00 00 00 00 01 02 00 02 01" },
        { "01 0c 00 00 02 01 00 02 00 23 00 00 00",
          "01 26 00 80 02 01 02 02 00 23 00 1a 00 02 04 00 00 00 00 00 01 10 00 45 43 32 35 45 46 41 52 30 "
          "36 41 30 35 4d 34 47" },
        { "01 0c 00 00 02 01 00 03 00 99 00 00 00",
          "01 13 00 80 02 01 02 03 00 99 00 07 00 02 04 00 01 00 47 00" },
    };
    Talk talk;

    talk_begin (&talk, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        guint8 send[] = { 0x21, 0, 0, 0, 4, 0, 0, 0 };
        const guint8 get[] = { 0xa1, 1, 0, 0, 4, 0, 0, 4 };
        g_auto (GStrv) parts = g_strsplit (rows[i].request, " ", -1);
        guint8 data[1024];
        gsize n = 0;

        for (; parts[n]; n++)
            data[n] = (guint8) g_ascii_strtoull (parts[n], NULL, 16);
        send[6] = (guint8) n;
        g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, send, data, &n), ==, SIM_OK);
        g_assert_true (talk_receive (&talk, 0x89, 1000));
        g_assert_cmpstr (talk_hex (&talk), ==, "a1 01 00 00 04 00 00 00");
        g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, get, talk.data, &talk.size), ==, SIM_OK);
        g_assert_cmpstr (talk_hex (&talk), ==, rows[i].answer);
    }
    talk_end (&talk);
}

static void
test_reenumerate (void)
{
    Talk talk;
    guint generation;

    talk_begin (&talk, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    generation = sim_modem_get_generation (talk.modem);
    sim_modem_reenumerate (talk.modem, talk.now_us);
    g_assert_null (sim_modem_get_usb (talk.modem));
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_cmpuint (sim_modem_get_generation (talk.modem), ==, generation + 2);
    talk_end (&talk);
}

/* A modem of nobody's family: only the normal mode looks different. */
static void
test_usb_id (void)
{
    g_autofree char *why = NULL;
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.usb_id = "2c7c:0800";
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->vid, ==, 0x2c7c);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, 0x0800);
    sim_modem_usb_boot (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, 0x9008);
    talk_end (&talk);

    config.usb_id = "2c7c";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_cmpstr (why, ==, "\"2c7c\" is no VID:PID");
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/normal/at", test_at);
    g_test_add_func ("/normal/fastboot", test_fastboot);
    g_test_add_func ("/normal/diag", test_diag);
    g_test_add_func ("/normal/diag-noise", test_diag_noise);
    g_test_add_func ("/normal/diag-faults", test_diag_faults);
    g_test_add_func ("/normal/descriptors", test_descriptors);
    g_test_add_func ("/normal/qmi", test_qmi);
    g_test_add_func ("/normal/reenumerate", test_reenumerate);
    g_test_add_func ("/normal/usb-id", test_usb_id);
    return g_test_run ();
}
