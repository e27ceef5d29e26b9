/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices that are none of Quectel's: what they show, what they answer, and that the judge speaks when
 * somebody does more than ask. */

#include "sim/talk.h"

#include <string.h>

static void
begin (Talk *talk, const char *family, SimStart start)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = family;
    config.start = start;
    talk_begin (talk, &config);
}

static void
expect_failure (Talk *talk, const char *text)
{
    const char *failure = sim_modem_get_failure (talk->modem, 0);

    if (!text) {
        g_assert_cmpstr (failure, ==, NULL);
        return;
    }
    g_assert_nonnull (failure);
    g_assert_nonnull (strstr (failure, text));
}

static const struct {
    const char *family;
    SimStart start;
    SimMode mode;
    guint16 vid, pid;
    guint n_interfaces;
} rows[] = {
    { "phone", SIM_START_FASTBOOT, SIM_MODE_FASTBOOT, 0x18d1, 0xd00d, 1 },
    { "sierra", SIM_START_EDL, SIM_MODE_EDL, 0x05c6, 0x9008, 1 },
    { "telit", SIM_START_EDL, SIM_MODE_EDL, 0x05c6, 0x9008, 1 },
    { "router", SIM_START_EDL, SIM_MODE_EDL, 0x05c6, 0x9008, 1 },
    { "gobi", SIM_START_NORMAL, SIM_MODE_NORMAL, 0x05c6, 0x9215, 4 },
    { "gobi5", SIM_START_NORMAL, SIM_MODE_NORMAL, 0x05c6, 0x9215, 5 },
};

static void
test_identities (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;
        const SimUsb *usb;

        begin (&talk, rows[i].family, rows[i].start);
        talk_wait (&talk, rows[i].mode, 1000);
        usb = sim_modem_get_usb (talk.modem);
        g_assert_cmphex (usb->vid, ==, rows[i].vid);
        g_assert_cmphex (usb->pid, ==, rows[i].pid);
        g_assert_cmpuint (usb->n_interfaces, ==, rows[i].n_interfaces);
        g_assert_null (strstr (usb->manufacturer, "Quectel"));
        sim_modem_power_cycle (talk.modem, talk.now_us);
        talk_wait (&talk, rows[i].mode, 2000);
        expect_failure (&talk, NULL);
        talk_end (&talk);
    }
}

/* One mode each. */
static void
test_no_other_start (void)
{
    SimConfig config;
    g_autofree char *why = NULL;

    sim_config_init (&config);
    config.family = "phone";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_nonnull (strstr (why, "no such start mode"));
}

static void
test_phone (void)
{
    Talk talk;

    begin (&talk, "phone", SIM_START_FASTBOOT);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 1000);
    g_assert_true (talk_send (&talk, 1, "getvar:product", 14));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpmem (talk.data, talk.size, "OKAYwalleye", 11);
    g_assert_true (talk_send (&talk, 1, "getvar:serialno", 15));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpmem (talk.data, talk.size, "OKAY8XV7N17C02004711", 20);
    expect_failure (&talk, NULL);
    g_assert_true (talk_send (&talk, 1, "reboot", 6));
    expect_failure (&talk, "reboot");
    talk_end (&talk);
}

static void
test_phone_written (void)
{
    Talk talk;

    begin (&talk, "phone", SIM_START_FASTBOOT);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 1000);
    g_assert_true (talk_send (&talk, 1, "download:00000010", 17));
    expect_failure (&talk, "download 16");
    talk_end (&talk);
}

/* Sahara's command mode up to the answer to `command`, which is left in `talk`. */
static void
ask_boot_rom (Talk *talk, const char *exec, const char *data)
{
    talk_wait (talk, SIM_MODE_EDL, 1000);
    g_assert_true (talk_receive (talk, 0x81, 1000)); /* HELLO */
    g_assert_true (talk_send_hex (talk, 1,
                                  "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 03 00 00 00 "
                                  "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"));
    g_assert_true (talk_receive (talk, 0x81, 1000)); /* CMD_READY */
    g_assert_true (talk_send_hex (talk, 1, exec));
    g_assert_true (talk_receive (talk, 0x81, 1000)); /* EXEC_RESP */
    g_assert_true (talk_send_hex (talk, 1, data));
    g_assert_true (talk_receive (talk, 0x81, 1000));
}

static const struct {
    const char *family;
    const char *hw_id;
} chips[] = {
    { "sierra", "71 90 99 11 e1 10 92 00" },
    { "telit", "01 12 c7 1b e1 80 04 00" },
    { "router", "00 00 00 00 e1 90 97 00" },
};

static void
test_chips (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (chips); i++) {
        Talk talk;

        begin (&talk, chips[i].family, SIM_START_EDL);
        ask_boot_rom (&talk, "0d 00 00 00 0c 00 00 00 02 00 00 00", "0f 00 00 00 0c 00 00 00 02 00 00 00");
        g_assert_cmpstr (talk_hex (&talk), ==, chips[i].hw_id);
        g_assert_true (talk_send_hex (&talk, 1, "07 00 00 00 08 00 00 00"));
        expect_failure (&talk, NULL);
        talk_end (&talk);
    }
}

/* A programmer of Quectel's is not signed with their keys. */
static void
test_programmer (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (chips); i++) {
        Talk talk;

        begin (&talk, chips[i].family, SIM_START_EDL);
        talk_upload (&talk, "9x07");
        g_assert_cmphex (talk.data[12], ==, 0x25);
        expect_failure (&talk, "refuses the programmer");
        talk_end (&talk);
    }
}

static void
test_gobi (void)
{
    Talk talk;

    begin (&talk, "gobi5", SIM_START_NORMAL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send (&talk, 3, "ATE0+CGMI\r", 10));
    g_assert_true (talk_receive (&talk, 0x84, 1000)); /* the echo */
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_nonnull (strstr ((char *) talk.data, "Qualcomm Incorporated"));
    g_assert_true (talk_send (&talk, 3, "AT+CGMM;+CGMR\r", 14));
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_nonnull (strstr ((char *) talk.data, "Gobi 2000"));
    g_assert_nonnull (strstr ((char *) talk.data, "D3200-STSUGN-1575"));
    g_assert_true (talk_send (&talk, 3, "AT+QFASTBOOT\r", 13));
    g_assert_true (talk_receive (&talk, 0x84, 1000));
    g_assert_nonnull (strstr ((char *) talk.data, "ERROR"));
    expect_failure (&talk, NULL);
    g_assert_true (talk_send_hex (&talk, 1, "3a a1 6e 7e"));
    expect_failure (&talk, "diag switch");
    talk_end (&talk);

    begin (&talk, "gobi", SIM_START_NORMAL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (talk_send (&talk, 3, "AT\r", 3));
    g_assert_false (talk_receive (&talk, 0x84, 1000));
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/strangers/identities", test_identities);
    g_test_add_func ("/strangers/no-other-start", test_no_other_start);
    g_test_add_func ("/strangers/phone", test_phone);
    g_test_add_func ("/strangers/phone-written", test_phone_written);
    g_test_add_func ("/strangers/chips", test_chips);
    g_test_add_func ("/strangers/programmer", test_programmer);
    g_test_add_func ("/strangers/gobi", test_gobi);
    return g_test_run ();
}
