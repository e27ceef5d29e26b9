/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The streaming loader: its frames, its order, the table, the download flag; and the way to it by Sahara in
 * Quectel's download mode. */

#include "sim/image.h"
#include "sim/talk15.h"

#include <string.h>

static const guint8 hello[] = "\1QCOM fast download protocol host\3\3\t";

static void
begin (Talk *talk, const char *quirks)
{
    talk15_begin (talk, SIM_START_STREAMING, quirks, NULL);
    talk_wait (talk, SIM_MODE_STREAMING, 1000);
}

static guint
get_failures (Talk *talk)
{
    return sim_modem_get_verdict (talk->modem)->n_failures;
}

/* As they are in the public descriptions, byte by byte. */
static void
test_vectors (void)
{
    static const struct {
        const char *frame, *begin;
    } rows[] = {
        { "17 01 57 c6 7e", "7e 18 " },
        { "60 01 9b 7b 7e", "7e 61 00 " },
        { "60 00 12 6a 7e", "7e 61 00 " },
    };
    Talk talk;
    SimLayout layout;

    begin (&talk, NULL);
    g_assert_false (talk_receive (&talk, 0x81, 5000));
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (&talk, hello, sizeof hello - 1, 1000), "02 51 43"));
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        g_assert_true (talk_send_hex (&talk, 1, rows[i].frame));
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_true (g_str_has_prefix (talk_hex (&talk), rows[i].begin));
    }
    g_assert_true (sim_layout_init (&layout, "9x15", "p2K_b128K", 2048));
    g_assert_cmpstr (talk15_table (&talk, FALSE, &layout), ==, "1a 00");
    g_assert_true (talk_send_hex (&talk, 1, "1b 0e 30 3a 41 50 50 53 42 4c 00 86 bf 7e"));
    g_assert_true (g_str_has_prefix (talk15_receive (&talk, 1000), "1c"));
    g_assert_cmpstr (talk15_ask (&talk, "07 00 00 00 00 aa bb", 1000), ==, "08 00 00 00 00");
    g_assert_cmpstr (talk15_ask (&talk, "07 02 00 00 00 cc", 1000), ==, "08 02 00 00 00");
    g_assert_true (talk_send_hex (&talk, 1, "15 54 b7 7e"));
    g_assert_cmpstr (talk15_receive (&talk, 1000), ==, "16");
    g_assert_true (talk_send_hex (&talk, 1, "0b ab 4e 7e"));
    g_assert_cmpstr (talk15_receive (&talk, 1000), ==, "0c");
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    talk_wait_gone (&talk, 1000);
    talk_end (&talk);
}

static void
test_writes (void)
{
    g_autofree guint8 *image = sim_image_build ("sbl2", "EC20EQAR02A13E2G", 9001);
    g_autofree char *wanted = g_compute_checksum_for_data (G_CHECKSUM_SHA256, image, 9001);
    g_autofree char *got = NULL;
    Talk talk;

    begin (&talk, NULL);
    talk15_greet (&talk);
    g_assert_true (talk15_stream (&talk, "0:SBL2", image, 9001));
    got = sim_modem_dup_partition_sha256 (talk.modem, "SBL2", 9001);
    g_assert_cmpstr (got, ==, wanted);
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    talk_end (&talk);
}

/* Another order is an error; a write that goes nowhere is a failure. */
static void
test_order (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "17 01", 1000), "0d"));
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (&talk, hello, sizeof hello - 1, 1000), "02"));
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "0d"));
    g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "0d"));
    talk15_greet (&talk);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "15", 1000), "0d"));
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "07 00 00 00 00 aa", 1000), "0d"));
    g_assert_cmpuint (get_failures (&talk), ==, 1);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "1c"));
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "0d"));
    g_assert_cmpstr (talk15_ask (&talk, "07 00 00 00 00 aa bb", 1000), ==, "08 00 00 00 00");
    g_assert_cmpstr (talk15_ask (&talk, "07 00 00 00 00 aa bb", 1000), ==, "08 00 00 00 00"); /* again */
    g_assert_cmpuint (get_failures (&talk), ==, 1);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "07 03 00 00 00 aa bb", 1000), "0d"));
    g_assert_cmpuint (get_failures (&talk), ==, 2);
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "60 00 00", 1000), "0d"));
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "77", 1000), "0d"));
    g_assert_cmpuint (get_failures (&talk), ==, 3);
    talk_end (&talk);
}

static void
test_forbidden (void)
{
    static const char *const frames[] = { "1b 09", "1b 0e 30 3a 45 46 53 32 00",
                                          "1b 0e 30 3a 4d 49 42 49 42 00", "1b 0e 30 3a 6d 69 73 63 00" };

    for (guint i = 0; i < G_N_ELEMENTS (frames); i++) {
        Talk talk;

        begin (&talk, NULL);
        talk15_greet (&talk);
        g_assert_true (g_str_has_prefix (talk15_ask (&talk, frames[i], 1000), "1c"));
        g_assert_cmpuint (get_failures (&talk), ==, 1);
        g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked == (i != 2));
        talk_end (&talk);
    }
}

static void
test_tables (void)
{
    SimLayout own, other;
    Talk talk;

    g_assert_true (sim_layout_init (&own, "9x15", "p2K_b128K", 2048));
    other = own;
    sim_layout_make_other (&other);
    begin (&talk, NULL);
    talk15_greet (&talk);
    g_assert_cmpstr (talk15_table (&talk, FALSE, &other), ==, "1a 01");
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "0d"));
    g_assert_cmpstr (talk15_ask (&talk, "19 00 11 22 33", 1000), ==, "1a 02");
    g_assert_cmpstr (talk15_table (&talk, FALSE, &own), ==, "1a 00");
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    g_assert_cmpstr (talk15_table (&talk, TRUE, &other), ==, "1a 00");
    g_assert_cmpuint (get_failures (&talk), ==, 1);
    g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
    g_assert_cmpstr (talk15_table (&talk, TRUE, &own), ==, "1a 00"); /* the way back */
    g_assert_false (sim_modem_get_verdict (talk.modem)->is_bricked);
    talk_end (&talk);

    begin (&talk, "other-table");
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (&talk, hello, sizeof hello - 1, 1000), "02"));
    g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
    g_assert_cmpstr (talk15_table (&talk, FALSE, &own), ==, "1a 01");
    g_assert_cmpstr (talk15_table (&talk, FALSE, &other), ==, "1a 00");
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    talk_end (&talk);
}

/* The 9x15: 60 alone sets and clears it, and it outlives everything else. */
static void
test_flag (void)
{
    Talk talk;

    begin (&talk, NULL);
    talk15_greet (&talk);
    g_assert_cmpstr (talk15_ask (&talk, "60 01", 1000), ==, "61 00");
    g_assert_cmpstr (talk15_ask (&talk, "0b", 1000), ==, "0c");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_DLOAD, 2000);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, "the download flag is set");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk15_load (&talk, "NPRG");
    talk15_greet (&talk);
    g_assert_cmpstr (talk15_ask (&talk, "60 00", 1000), ==, "61 00");
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    talk_end (&talk);

    begin (&talk, "no-download-flag");
    talk15_greet (&talk);
    g_assert_cmpstr (talk15_ask (&talk, "60 01", 1000), ==, ""); /* 0e alone, which the helper passes over */
    g_assert_cmpstr (talk15_ask (&talk, "0b", 1000), ==, "0c");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    talk_end (&talk);
}

static void
test_faults (void)
{
    char *why = NULL;
    Talk talk;

    talk15_begin (&talk, SIM_START_DLOAD, "streaming-logs", NULL);
    talk15_load (&talk, "NPRG");
    g_assert_true (g_str_has_prefix (talk15_receive (&talk, 1000), "0e"));
    talk15_greet (&talk);
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming-table:1=nak", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming-open:1=nak", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming-write:2=flip", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming-write:12=silent", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming-close:2=vanish", &why));
    g_assert_true (sim_modem_add_fault (talk.modem, "streaming:1=flood:5", &why));
    g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
    g_assert_false (talk15_stream_image (&talk, "0:RPM", "rpm")); /* refused */
    g_assert_true (talk15_stream_image (&talk, "0:RPM", "rpm"));  /* one bit wrong */
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==,
                     "RPM holds an image with a wrong digest");
    g_assert_true (g_str_has_prefix (talk15_ask (&talk, "1b 0e 30 3a 52 50 4d 00", 1000), "1c"));
    g_assert_cmpstr (talk15_ask (&talk, "07 00 00 00 00 aa", 1000), ==, "08 00 00 00 00");
    g_assert_cmpstr (talk15_ask (&talk, "07 01 00 00 00 bb", 1000), ==, "08 01 00 00 00");
    g_assert_cmpstr (talk15_ask (&talk, "07 02 00 00 00 cc", 1000), ==, ""); /* done, not answered */
    g_assert_cmpstr (talk15_ask (&talk, "07 02 00 00 00 cc", 1000), ==, "08 02 00 00 00");
    g_assert_cmpstr (talk15_ask (&talk, "15", 1000), ==, "");
    talk_wait (&talk, SIM_MODE_DLOAD, 2000); /* half an RPM */
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    talk_end (&talk);
}

/* Frames of any content, with a good CRC, and bytes that are no frames: it answers, and goes on. */
static void
test_noise (void)
{
    static const SimStart starts[] = { SIM_START_STREAMING, SIM_START_DLOAD };
    g_autoptr (GRand) random = g_rand_new_with_seed (15);

    for (guint i = 0; i < G_N_ELEMENTS (starts); i++) {
        SimMode mode = starts[i] == SIM_START_DLOAD ? SIM_MODE_DLOAD : SIM_MODE_STREAMING;
        guint n_answers = 0;
        Talk talk;

        talk15_begin (&talk, starts[i], NULL, NULL);
        talk_wait (&talk, mode, 1000);
        for (guint j = 0; j < 3000; j++) {
            static const guint8 first[] = {
                0x01, 0x05, 0x06, 0x07, 0x0c, 0x0f, 0x15, 0x17, 0x19, 0x1b, 0x60
            };
            guint8 data[5000];
            gsize size = (gsize) g_rand_int_range (random, 1, j % 50 ? 40 : sizeof data);

            for (gsize k = 0; k < size; k++)
                data[k] = (guint8) g_rand_int_range (random, 0, j % 3 ? 4 : 256);
            data[0] = first[g_rand_int_range (random, 0, G_N_ELEMENTS (first))];
            if (j % 7 == 0)
                g_assert_true (talk_send (&talk, 1, data, size));
            else if (talk15_ask_bytes (&talk, data, size, 10)[0])
                n_answers++;
            while (talk_receive (&talk, 0x81, 10))
                ;
            if (sim_modem_get_mode (talk.modem) == mode)
                continue;
            sim_modem_power_cycle (talk.modem, talk.now_us);
            break;
        }
        g_assert_cmpuint (n_answers, >, 0);
        sim_modem_get_verdict (talk.modem);
        talk_end (&talk);
    }
}

/* --- Quectel's download mode --- */

static void
begin_sbl (Talk *talk, const char *family, SimStart start, const char *version)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = family;
    config.version = version;
    config.start = start;
    talk_begin (talk, &config);
    talk_wait (talk, start == SIM_START_NORMAL ? SIM_MODE_NORMAL : SIM_MODE_SBL, 1000);
}

/* Gives it the loader; FALSE when it is refused. */
static gboolean
upload (Talk *talk, const char *mark, guint32 image_id)
{
    g_autofree guint8 *image = g_malloc0 (20000);
    g_autofree char *line = g_strdup_printf ("MFU-SIM-%s;SIZE=20000\n", mark);

    memcpy (image, "\177ELF", 4);
    memcpy (image + 16, line, strlen (line));
    g_assert_true (
        talk_send_hex (talk, 1,
                       "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 01 "
                       "00 00 00 02 00 00 00 03 00 00 00 04 00 00 00 05 00 00 00 06 00 00 00"));
    while (talk_receive (talk, 0x81, 1000) && talk->data[0] == 3) {
        guint32 words[5];

        memcpy (words, talk->data, sizeof words);
        g_assert_cmpuint (GUINT32_FROM_LE (words[2]), ==, image_id);
        g_assert_true (talk_send (talk, 1, image + GUINT32_FROM_LE (words[3]), GUINT32_FROM_LE (words[4])));
    }
    g_assert_cmpuint (talk->data[0], ==, 4);
    g_assert_cmpuint (talk->data[8], ==, image_id);
    if (talk->data[12] != 0)
        return FALSE;
    g_assert_true (talk_send_hex (talk, 1, "05 00 00 00 08 00 00 00"));
    g_assert_true (talk_receive (talk, 0x81, 1000));
    return talk->data[0] == 6;
}

static const struct {
    const char *family, *version, *nprg, *other;
    guint16 pid;
} rows[] = {
    { "ec25", "EC25EFAR06A05M4G", "NPRG=9x07", "NPRG=9x45", 0x0125 },
    { "ec25", "EC25EFAR06A05M2G", "NPRG=9x07", "PROGRAMMER=9x07", 0x0125 },
    { "ep06", "EP06ELAR03A06M4G", "NPRG=9x45", "ENPRG=9x45", 0x0306 },
};

static void
test_sbl (void)
{
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        const SimUsb *usb;
        Talk talk;

        begin_sbl (&talk, rows[i].family, SIM_START_SBL, rows[i].version);
        usb = sim_modem_get_usb (talk.modem);
        g_assert_cmphex (usb->vid, ==, 0x2c7c);
        g_assert_cmphex (usb->pid, ==, rows[i].pid);
        g_assert_cmphex (usb->bcd_device, ==, 0);
        g_assert_cmpuint (usb->n_interfaces, ==, 1);
        g_assert_cmpstr (usb->product, ==, "QHSUSB__BULK");
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_cmpuint (talk.size, ==, 48);
        g_assert_false (upload (&talk, rows[i].other, 7));
        g_assert_true (talk_send_hex (&talk, 1, "07 00 00 00 08 00 00 00"));
        talk_wait_gone (&talk, 1000);
        talk_wait (&talk, SIM_MODE_NORMAL, 2000);
        talk_end (&talk);
    }
}

static void
test_sbl_streaming (void)
{
    static const guint8 hello_9x07[] = "\1QCOM fast download protocol host\4\2\0";

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        SimLayout layout, other;
        Talk talk;

        begin_sbl (&talk, rows[i].family, SIM_START_SBL, rows[i].version);
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_true (upload (&talk, rows[i].nprg, 7));
        talk_wait_gone (&talk, 1000);
        talk_wait (&talk, SIM_MODE_STREAMING, 2000);
        g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, rows[i].pid);
        g_assert_cmpuint (sim_modem_get_usb (talk.modem)->n_interfaces, ==, 1);
        g_assert_true (sim_layout_init (&layout, NULL, i == 1 ? "p2K_b128K" : "p4K_b256K", 2048));
        other = layout;
        sim_layout_make_other (&other);
        /* The greeting sets the flag, another table clears it. */
        g_assert_true (
            g_str_has_prefix (talk15_ask_bytes (&talk, hello_9x07, sizeof hello_9x07 - 1, 1000), "02"));
        g_assert_cmpint (sim_modem_get_verdict (talk.modem)->boots, ==, FALSE);
        g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
        g_assert_cmpstr (talk15_ask (&talk, "19 00 00", 1000), ==, "1a 02");
        g_assert_false (sim_modem_get_verdict (talk.modem)->boots);
        g_assert_cmpstr (talk15_table (&talk, FALSE, &other), ==, "1a 01");
        g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
        g_assert_cmpstr (talk15_table (&talk, FALSE, &layout), ==, "1a 00");
        g_assert_cmpstr (talk15_ask (&talk, "60 01", 1000), ==, "61 00");
        sim_modem_power_cycle (talk.modem, talk.now_us);
        talk_wait (&talk, SIM_MODE_SBL, 2000); /* interrupted, and in download mode again */
        talk_end (&talk);
    }
}

/* From the greeting on: what clears the flag, and what streaming may write. */
static void
test_sbl_writes (void)
{
    static const guint8 hello_9x07[] = "\1QCOM fast download protocol host\4\2\0";
    g_autofree guint8 *sbl = sim_image_build ("sbl", "EC25EFAR06A08M4G", 9001);
    g_autofree guint8 *ones = g_malloc (4096);
    SimLayout layout;
    Talk talk;

    memset (ones, 0xff, 4096);
    g_assert_true (sim_layout_init (&layout, NULL, "p4K_b256K", 2048));
    begin_sbl (&talk, "ec25", SIM_START_SBL, NULL);
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_true (upload (&talk, "NPRG=9x07", 7));
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_STREAMING, 2000);
    g_assert_true (
        g_str_has_prefix (talk15_ask_bytes (&talk, hello_9x07, sizeof hello_9x07 - 1, 1000), "02"));
    g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
    g_assert_cmpstr (talk15_table (&talk, FALSE, &layout), ==, "1a 00");
    g_assert_true (talk15_stream (&talk, "0:sbl", sbl, 9001));
    g_assert_true (talk15_stream (&talk, "0:misc", ones, 4096));
    g_assert_false (talk15_stream (&talk, "0:APPSBL", sbl, 9001));
    g_assert_cmpuint (get_failures (&talk), ==, 0);
    g_assert_cmpstr (talk15_ask (&talk, "0b", 1000), ==, "0c");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
    g_assert_false (sim_modem_get_verdict (talk.modem)->is_bricked);
    talk_end (&talk);
}

/* HELLO went to someone else; 1024 zeros bring another one. And DIAG's way there. */
static void
test_sbl_ways (void)
{
    g_autofree guint8 *zeros = g_malloc0 (1024);
    Talk talk;

    begin_sbl (&talk, "ec25", SIM_START_SBL_HALF_WAY, NULL);
    g_assert_false (talk_receive (&talk, 0x81, 5000));
    g_assert_true (talk_send (&talk, 1, zeros, 1024));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpuint (talk.size, ==, 48);
    g_assert_true (upload (&talk, "NPRG=9x07", 7));
    talk_end (&talk);

    begin_sbl (&talk, "ep06", SIM_START_NORMAL, NULL);
    g_assert_true (talk_send_hex (&talk, 1, "3a a1 6e 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "3a a1 6e 7e");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_SBL, 2000);
    talk_end (&talk);
}

/* EDL takes ENPRG instead of a Firehose programmer, and does not leave the bus for it. */
static void
test_edl (void)
{
    SimConfig config;
    guint generation;
    Talk talk;

    sim_config_init (&config);
    config.start = SIM_START_EDL;
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_EDL, 1000);
    generation = sim_modem_get_generation (talk.modem);
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_true (upload (&talk, "ENPRG=9x07", 13));
    g_assert_cmpint (sim_modem_get_mode (talk.modem), ==, SIM_MODE_STREAMING);
    g_assert_cmpuint (sim_modem_get_generation (talk.modem), ==, generation);
    g_assert_cmphex (sim_modem_get_usb (talk.modem)->pid, ==, 0x9008);
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (&talk, hello, sizeof hello - 1, 1000), "02"));
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/streaming/vectors", test_vectors);
    g_test_add_func ("/streaming/writes", test_writes);
    g_test_add_func ("/streaming/order", test_order);
    g_test_add_func ("/streaming/forbidden", test_forbidden);
    g_test_add_func ("/streaming/tables", test_tables);
    g_test_add_func ("/streaming/flag", test_flag);
    g_test_add_func ("/streaming/faults", test_faults);
    g_test_add_func ("/streaming/noise", test_noise);
    g_test_add_func ("/sbl/identity", test_sbl);
    g_test_add_func ("/sbl/streaming", test_sbl_streaming);
    g_test_add_func ("/sbl/writes", test_sbl_writes);
    g_test_add_func ("/sbl/ways", test_sbl_ways);
    g_test_add_func ("/streaming/edl", test_edl);
    return g_test_run ();
}
