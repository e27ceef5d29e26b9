/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DLOAD: its frames as the public descriptions have them, memory, loaders, and what becomes of each. */

#include "sim/talk15.h"

#include <string.h>

static void
begin (Talk *talk, const char *quirks)
{
    talk15_begin (talk, SIM_START_DLOAD, quirks, NULL);
    talk_wait (talk, SIM_MODE_DLOAD, 1000);
}

static void
test_vectors (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_false (talk_receive (&talk, 0x81, 5000)); /* silent until it is asked */
    g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e 95 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "7e 02 6a d3 7e");
    g_assert_true (talk_send_hex (&talk, 1, "07 c7 84 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_true (g_str_has_prefix (talk_hex (&talk), "7e 08 "));
    g_assert_true (talk_send_hex (&talk, 1, "0c 14 3a 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_nonnull (strstr ((char *) talk.data + 3, "OSBL"));
    talk_end (&talk);
}

/* In the pieces in which a tty gives them, and behind what another language has left in the line. */
static void
test_pieces (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e"));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    g_assert_true (talk_send_hex (&talk, 1, "95 7e"));
    g_assert_cmpstr (talk15_receive (&talk, 1000), ==, "02");
    g_assert_true (talk_send (&talk, 1, "<?xml version=\"1.0\" ?><data><nop/></data>", 41));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "03 00 01");
    g_assert_cmpstr (talk15_receive (&talk, 1000), ==, "02");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_refusals (void)
{
    static const struct {
        const char *frame, *answer;
    } rows[] = {
        { "0f 2a 00 80 00 00 02 01", "03 00 03" },    /* shorter than it says */
        { "0f 2a 00 80 00 00 00", "03 00 03" },       /* nothing */
        { "0f 10 00 00 00 00 01 01", "03 00 02" },    /* no memory there */
        { "0f 2a 03 ff ff 00 02 01 02", "03 00 02" }, /* its end */
        { "0f", "03 00 03" },
        { "05 2a", "03 00 03" },
        { "4b 65 01 00", "03 00 03" },
        { "99", "03 00 06" },
    };
    Talk talk;

    begin (&talk, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        g_assert_cmpstr (talk15_ask (&talk, rows[i].frame, 1000), ==, rows[i].answer);
    g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e 96 7e"));
    g_assert_cmpstr (talk15_receive (&talk, 1000), ==, "03 00 01");
    g_assert_cmpstr (talk15_ask (&talk, "0f 2a 03 ff ff 00 01 01", 1000), ==, "02");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_too_long (void)
{
    g_autofree guint8 *loader = NULL;
    guint32 address, entry;
    Talk talk;

    begin (&talk, NULL);
    loader = talk15_build_loader ("NPRG", 5000, &address, &entry);
    g_assert_true (talk15_write_memory (&talk, address, loader, 0x3f9, 0x3f9));
    g_assert_false (talk15_write_memory (&talk, address, loader, 0x3fa, 0x3fa));
    talk_end (&talk);
}

static void
test_go (void)
{
    const char *quirks[] = { NULL, "dload-9215", "go-stays" };

    for (guint i = 0; i < G_N_ELEMENTS (quirks); i++) {
        Talk talk;
        guint generation;

        begin (&talk, quirks[i]);
        generation = sim_modem_get_generation (talk.modem);
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->vid, ==, 0x05c6);
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, i == 1 ? 0x9215 : 0x9008);
        g_assert_cmpuint (sim_modem_get_usb (talk.modem)->n_interfaces, ==, 1);
        talk15_load (&talk, i == 1 ? "ENPRG" : "NPRG");
        g_assert_cmpuint (sim_modem_get_generation (talk.modem), ==, generation + (i == 2 ? 0 : 2));
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, i == 1 ? 0x9215 : 0x9008);
        g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e 95 7e"));
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_true (g_str_has_prefix (talk_hex (&talk), "7e 0e "));
        g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
        talk_end (&talk);
    }
}

/* What is no loader hangs until the power is cycled; what the host could have known is its failure. */
static void
test_bad_loaders (void)
{
    static const struct {
        const char *kind;
        gsize written;
        guint address_off, entry_off;
        gboolean flip;
        guint n_failures;
    } rows[] = {
        { "NPRG", 4999, 0, 0, FALSE, 1 },   { "NPRG", 5000, 0, 4, FALSE, 1 },
        { "NPRG", 5000, 256, 0, FALSE, 1 }, { "XYZ", 100, 0, 0, FALSE, 1 },
        { "NPRG", 5000, 0, 0, TRUE, 0 },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_autofree guint8 *loader = NULL;
        guint32 address, entry;
        char *why = NULL;
        Talk talk;

        begin (&talk, NULL);
        if (rows[i].flip)
            g_assert_true (sim_modem_add_fault (talk.modem, "dload-write:3=flip", &why));
        loader = talk15_build_loader (rows[i].kind, 5000, &address, &entry);
        if (g_str_equal (rows[i].kind, "XYZ"))
            memset (loader, 0, 100);
        g_assert_true (
            talk15_write_memory (&talk, address + rows[i].address_off, loader, rows[i].written, 1000));
        talk15_go (&talk, entry + rows[i].entry_off);
        g_assert_cmpstr (talk15_ask (&talk, "06", 20000), ==, "");
        g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, rows[i].n_failures);
        sim_modem_power_cycle (talk.modem, talk.now_us);
        talk_wait (&talk, SIM_MODE_NORMAL, 2000);
        talk_end (&talk);
    }
}

/* Half of a loader from a host that has died does not count, nor the order in which the next one sends its.
 */
static void
test_leftovers (void)
{
    g_autofree guint8 *old = NULL;
    g_autofree guint8 *loader = NULL;
    guint32 old_address, old_entry, address, entry;
    Talk talk;

    begin (&talk, NULL);
    old = talk15_build_loader ("NPRG", 5000, &old_address, &old_entry);
    loader = talk15_build_loader ("ENPRG", 5000, &address, &entry);
    g_assert_cmphex (address, !=, old_address);
    g_assert_true (talk15_write_memory (&talk, old_address, old, 2000, 1000));
    g_assert_true (talk15_write_memory (&talk, address + 1000, loader + 1000, 4000, 1000));
    g_assert_true (talk15_write_memory (&talk, address, loader, 1000, 1000));
    talk15_go (&talk, entry);
    talk_wait (&talk, SIM_MODE_STREAMING, 2000);
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);

    begin (&talk, NULL);
    g_assert_true (talk15_write_memory (&talk, old_address, old, 2000, 1000));
    g_assert_true (talk15_write_memory (&talk, address, loader, 5000, 1000));
    talk15_go (&talk, old_entry);
    g_assert_cmpstr (talk15_ask (&talk, "06", 20000), ==, "");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
    talk_end (&talk);
}

static void
test_retry_and_reset (void)
{
    Talk talk;

    begin (&talk, "dload-retry");
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "0d");
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "0d");
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "02");
    g_assert_cmpstr (talk15_ask (&talk, "0a", 1000), ==, "02");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    talk_end (&talk);
}

static void
test_boot_rom (void)
{
    Talk talk;
    guint32 address, entry;
    g_autofree guint8 *loader = talk15_build_loader ("NPRG", 5000, &address, &entry);

    talk15_begin (&talk, SIM_START_NORMAL, "pbl-enprg", NULL);
    g_assert_true (sim_modem_corrupt (talk.modem, "SBL1"));
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_DLOAD, 2000);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "0c", 1000), "0d 0f 50 42 4c")); /* PBL */
    g_assert_false (talk15_write_memory (&talk, address, loader, 5000, 0x3f9));
    g_assert_cmpstr (talk_hex (&talk), ==, "03 00 09");
    talk15_load (&talk, "ENPRG");
    talk_end (&talk);
}

static void
test_faults (void)
{
    static const char *const faults[] = { "dload:1=deaf", "dload:1=silent", "dload:1=short",
                                          "dload:1=garbage" };
    char *why = NULL;
    Talk talk;

    begin (&talk, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
        sim_modem_clear_faults (talk.modem);
        g_assert_true (sim_modem_add_fault (talk.modem, faults[i], &why));
        g_assert_true (talk_send_hex (&talk, 1, "7e 06 4e 95 7e"));
        g_assert_true (talk_receive (&talk, 0x81, 1000) == (i >= 2));
        g_assert_cmpstr (talk_hex (&talk), !=, "7e 02 6a d3 7e");
        g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "02");
    }
    g_assert_true (sim_modem_add_fault (talk.modem, "dload-write:1=nak", &why));
    g_assert_cmpstr (talk15_ask (&talk, "0f 2a 00 80 00 00 01 01", 1000), ==, "03 00 03");
    g_assert_cmpstr (talk15_ask (&talk, "0f 2a 00 80 00 00 01 01", 1000), ==, "02");
    g_assert_true (sim_modem_add_fault (talk.modem, "dload:1=vanish", &why));
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "");
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/dload/vectors", test_vectors);
    g_test_add_func ("/dload/pieces", test_pieces);
    g_test_add_func ("/dload/refusals", test_refusals);
    g_test_add_func ("/dload/too-long", test_too_long);
    g_test_add_func ("/dload/go", test_go);
    g_test_add_func ("/dload/bad-loaders", test_bad_loaders);
    g_test_add_func ("/dload/leftovers", test_leftovers);
    g_test_add_func ("/dload/retry-and-reset", test_retry_and_reset);
    g_test_add_func ("/dload/boot-rom", test_boot_rom);
    g_test_add_func ("/dload/faults", test_faults);
    return g_test_run ();
}
