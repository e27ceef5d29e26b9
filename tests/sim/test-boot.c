/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot chain: what becomes of a modem whose partition is damaged. */

#include "sim/talk.h"

static void
test_healthy (void)
{
    static const char *const versions[] = { "EC25EFAR06A05M4G", "EG25GGBR07A08M2G_30.006.30.006" };
    static const guint page_sizes[] = { 4096, 2048 };

    for (guint i = 0; i < G_N_ELEMENTS (versions); i++) {
        SimConfig config;
        Talk talk;
        const SimVerdict *verdict;

        sim_config_init (&config);
        config.version = versions[i];
        talk_begin (&talk, &config);
        talk_wait (&talk, SIM_MODE_NORMAL, 1000);
        verdict = sim_modem_get_verdict (talk.modem);
        g_assert_true (verdict->boots);
        g_assert_false (verdict->is_bricked);
        g_assert_cmpstr (verdict->version, ==, versions[i]);
        g_assert_cmpuint (verdict->n_failures, ==, 0);
        g_assert_cmpuint (sim_modem_get_page_size (talk.modem), ==, page_sizes[i]);
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->vid, ==, 0x2c7c);
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, 0x0125);
        g_assert_cmpuint (sim_modem_get_usb (talk.modem)->n_interfaces, ==, 5);
        talk_end (&talk);
    }
}

static void
test_damage (void)
{
    static const struct {
        const char *partition;
        SimMode mode;
        gboolean boots, bricked, has_version;
    } rows[] = {
        { "SBL", SIM_MODE_EDL, FALSE, FALSE, FALSE },
        { "MIBIB", SIM_MODE_EDL, FALSE, FALSE, FALSE },
        { "TZ", SIM_MODE_OFF, FALSE, TRUE, FALSE },
        { "RPM", SIM_MODE_OFF, FALSE, TRUE, FALSE },
        { "aboot", SIM_MODE_OFF, FALSE, TRUE, FALSE },
        { "boot", SIM_MODE_FASTBOOT, FALSE, FALSE, FALSE },
        { "system", SIM_MODE_NORMAL, FALSE, FALSE, FALSE },
        { "modem", SIM_MODE_NORMAL, FALSE, FALSE, FALSE },
        { "EFS2", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "sys_rev", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "RAWDATA", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "cust_info", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "misc", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "sec", SIM_MODE_NORMAL, TRUE, TRUE, TRUE },
        { "recovery", SIM_MODE_NORMAL, TRUE, FALSE, TRUE },
        { "usr_data", SIM_MODE_NORMAL, TRUE, FALSE, TRUE },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        SimConfig config;
        Talk talk;
        const SimVerdict *verdict;

        sim_config_init (&config);
        config.version = "EC25EFAR06A05M2G";
        talk_begin (&talk, &config);
        g_assert_true (sim_modem_corrupt (talk.modem, rows[i].partition));
        sim_modem_power_cycle (talk.modem, talk.now_us);
        if (rows[i].mode == SIM_MODE_OFF)
            g_assert_cmpint (sim_modem_next_event_us (talk.modem), ==, G_MAXINT64);
        else
            talk_wait (&talk, rows[i].mode, 2000);
        verdict = sim_modem_get_verdict (talk.modem);
        g_assert_cmpint (verdict->boots, ==, rows[i].boots);
        g_assert_cmpint (verdict->is_bricked, ==, rows[i].bricked);
        g_assert_cmpint (verdict->version != NULL, ==, rows[i].has_version);
        g_assert_cmpint (verdict->reason == NULL, ==, rows[i].boots);
        talk_end (&talk);
    }
}

/* The test point brings a silent modem back into EDL. */
static void
test_usb_boot (void)
{
    Talk talk;

    talk_begin (&talk, NULL);
    sim_modem_corrupt (talk.modem, "TZ");
    sim_modem_unplug (talk.modem, talk.now_us);
    g_assert_null (sim_modem_get_usb (talk.modem));
    sim_modem_usb_boot (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_EDL, 2000);
    talk_end (&talk);
}

static void
test_bad_config (void)
{
    SimConfig config;
    g_autofree char *why = NULL;

    sim_config_init (&config);
    config.geometry = "p3K";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_nonnull (why);
    g_clear_pointer (&why, g_free);
    sim_config_init (&config);
    config.quirks = "merge,unheard-of";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_nonnull (why);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/boot/healthy", test_healthy);
    g_test_add_func ("/boot/damage", test_damage);
    g_test_add_func ("/boot/usb-boot", test_usb_boot);
    g_test_add_func ("/boot/bad-config", test_bad_config);
    return g_test_run ();
}
