/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes one modem differ from another: identities, programmers, the half of the socket that it uses. */

#include "sim/talk.h"

#include <string.h>

static const struct {
    const char *family, *version, *chip, *other_chip, *getvar;
    guint16 pid;
    guint page_size;
} rows[] = {
    { "ec25", "EC25EFAR06A05M4G", "9x07", "9x45", "OKAYMDM9607", 0x0125, 4096 },
    { "eg25", "EG25GGBR07A06M2G", "9x07", "9x45", "OKAYMDM9607", 0x0125, 2048 },
    { "ep06", "EP06ELAR03A06M4G", "9x45", "9x07", "OKAYMDM9640", 0x0306, 4096 },
    { "em06", "EM06ELAR03A06M4G", "9x45", "9x07", "OKAYMDM9640", 0x0307, 4096 },
};

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
test_identities (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;
        const SimUsb *usb;

        begin (&talk, rows[i].family, SIM_START_NORMAL);
        talk_wait (&talk, SIM_MODE_NORMAL, 1000);
        usb = sim_modem_get_usb (talk.modem);
        g_assert_cmphex (usb->vid, ==, 0x2c7c);
        g_assert_cmphex (usb->pid, ==, rows[i].pid);
        g_assert_cmpuint (usb->n_interfaces, ==, rows[i].pid == 0x0307 ? 2 : 5);
        g_assert_cmpuint (sim_modem_get_page_size (talk.modem), ==, rows[i].page_size);
        g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->version, ==, rows[i].version);
        if (usb->n_interfaces == 2) {
            g_assert_false (talk_send (&talk, 3, "AT+QGMR\r", 8));
            talk_end (&talk);
            continue;
        }
        g_assert_true (talk_send (&talk, 3, "AT+QGMR\r", 8));
        g_assert_true (talk_receive (&talk, 0x84, 1000)); /* the echo */
        g_assert_true (talk_receive (&talk, 0x84, 1000));
        g_assert_nonnull (strstr ((char *) talk.data, rows[i].version));
        talk_end (&talk);
    }
}

/* Each takes the programmer of its own chip; another's is refused. */
static void
test_programmers (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        begin (&talk, rows[i].family, SIM_START_EDL);
        talk_wait (&talk, SIM_MODE_EDL, 1000);
        talk_upload (&talk, rows[i].chip);
        g_assert_true (g_str_has_prefix (talk_xml (&talk, "nop"), "ACK\""));
        talk_end (&talk);
    }
}

static void
test_foreign_programmer (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        begin (&talk, rows[i].family, SIM_START_EDL);
        talk_upload (&talk, rows[i].other_chip);
        g_assert_cmphex (talk.data[0], ==, 4);
        g_assert_cmphex (talk.data[12], ==, 0x25);
        talk_end (&talk);
    }
}

static void
test_fastboot_product (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        begin (&talk, rows[i].family, SIM_START_FASTBOOT);
        talk_wait (&talk, SIM_MODE_FASTBOOT, 1000);
        g_assert_true (talk_send (&talk, 1, "getvar:product", 14));
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_cmpstr ((char *) talk.data, ==, rows[i].getvar);
        talk_end (&talk);
    }
}

static void
test_impossible (void)
{
    SimConfig config;
    g_autofree char *why = NULL;

    sim_config_init (&config);
    config.family = "ep06";
    config.geometry = "p2K_b128K";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_nonnull (strstr (why, "p4K_b256K only"));
    g_clear_pointer (&why, g_free);
    sim_config_init (&config);
    config.is_usb3 = TRUE;
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_nonnull (strstr (why, "USB 3"));
}

static gsize
get_descriptor (Talk *talk, guint8 type, guint8 *data)
{
    const guint8 setup[] = { 0x80, 6, 0, type, 0, 0, 0, 4 };
    gsize n = 0;

    return sim_modem_control (talk->modem, talk->now_us, setup, data, &n) == SIM_OK ? n : 0;
}

/* Each endpoint is followed by its companion, and bulk packets have 1024 bytes. */
static void
check_super_endpoints (const guint8 *data, gsize n)
{
    guint n_endpoints = 0;

    for (gsize at = 0; at < n; at += data[at]) {
        g_assert_cmpuint (data[at], >, 0);
        if (data[at + 1] != 5)
            continue;
        n_endpoints++;
        g_assert_cmpuint (data[at + 7], ==, 6);
        g_assert_cmphex (data[at + 8], ==, 0x30);
        if (data[at + 3] == 2)
            g_assert_cmpuint (data[at + 4] | data[at + 5] << 8, ==, 1024);
    }
    g_assert_cmpuint (n_endpoints, ==, 14);
}

static void
test_usb3 (void)
{
    SimConfig config;
    Talk talk;
    guint8 data[1024];
    gsize n;

    sim_config_init (&config);
    config.family = "ep06";
    config.is_usb3 = TRUE;
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    g_assert_true (sim_modem_get_usb (talk.modem)->is_super_speed);
    g_assert_cmpuint (get_descriptor (&talk, 1, data), ==, 18);
    g_assert_cmphex (data[2] | data[3] << 8, ==, 0x0320);
    g_assert_cmpuint (data[7], ==, 9);
    n = get_descriptor (&talk, 2, data);
    g_assert_cmpuint (n, ==, 9 + 5 * 9 + 14 * (7 + 6));
    g_assert_cmpuint (data[8] * 8, <=, 900);
    check_super_endpoints (data, n);
    n = get_descriptor (&talk, 0x0f, data);
    g_assert_cmpuint (n, ==, 22);
    g_assert_cmpuint (data[2] | data[3] << 8, ==, n);
    g_assert_cmpuint (data[4], ==, 2);
    /* No USB 3 in EDL: the other half of the socket. */
    g_assert_true (talk_send_hex (&talk, 1, "4b 65 01 00 54 0f 7e"));
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    g_assert_false (sim_modem_get_usb (talk.modem)->is_super_speed);
    g_assert_cmpuint (get_descriptor (&talk, 1, data), ==, 18);
    g_assert_cmphex (data[2] | data[3] << 8, ==, 0x0200);
    g_assert_cmpuint (get_descriptor (&talk, 0x0f, data), ==, 0);
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/families/identities", test_identities);
    g_test_add_func ("/families/programmers", test_programmers);
    g_test_add_func ("/families/foreign-programmer", test_foreign_programmer);
    g_test_add_func ("/families/fastboot-product", test_fastboot_product);
    g_test_add_func ("/families/impossible", test_impossible);
    g_test_add_func ("/families/usb3", test_usb3);
    return g_test_run ();
}
