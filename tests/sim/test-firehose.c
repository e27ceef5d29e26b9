/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Firehose programmer and the chip behind it. */

#include "sim/image.h"
#include "sim/talk.h"

#include <string.h>

#define CONFIGURE                                                                                            \
    "configure MemoryName=\"nand\" Verbose=\"0\" AlwaysValidate=\"0\" MaxDigestTableSizeInBytes=\"2048\" "   \
    "MaxPayloadSizeToTargetInBytes=\"8192\" ZlpAwareHost=\"1\" SkipStorageInit=\"0\""
#define GEOMETRY        "SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"64\" physical_partition_number=\"0\" "
#define RANGE(start, n) GEOMETRY "start_sector=\"" #start "\" num_partition_sectors=\"" #n "\""

/* A 2K chip in EDL with a configured programmer. */
static void
begin (Talk *talk, SimConfig *config)
{
    config->start = SIM_START_EDL;
    config->version = "EC25EFAR06A05M2G";
    talk_begin (talk, config);
    talk_upload (talk, "9x07");
    g_assert_true (g_str_has_prefix (talk_xml (talk, CONFIGURE), "ACK"));
}

static void
begin_plain (Talk *talk)
{
    SimConfig config;

    sim_config_init (&config);
    begin (talk, &config);
}

static void
expect (Talk *talk, const char *command, const char *answer)
{
    const char *got = talk_xml (talk, command);

    g_assert_nonnull (got);
    if (!g_str_has_prefix (got, answer))
        g_error ("%s: %s instead of %s", command, got, answer);
}

static void
test_commands (void)
{
    Talk talk;

    begin_plain (&talk);
    expect (&talk, "nop", "ACK");
    expect (&talk, "getstorageinfo physical_partition_number=\"0\"", "ACK");
    expect (&talk, "erase " RANGE (0, 640), "ACK");
    expect (&talk, "erase " RANGE (1, 640), "NAK");
    expect (&talk, "erase " RANGE (0, 639), "NAK");
    expect (&talk, "erase " RANGE (131008, 128), "NAK");
    expect (&talk,
            "erase SECTOR_SIZE_IN_BYTES=\"4096\" PAGES_PER_BLOCK=\"64\" start_sector=\"0\" "
            "num_partition_sectors=\"640\"",
            "NAK");
    expect (&talk,
            "erase SECTOR_SIZE_IN_BYTES=\"2048\" PAGES_PER_BLOCK=\"2048\" start_sector=\"0\" "
            "num_partition_sectors=\"640\"",
            "NAK");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    expect (&talk, "patch filename=\"DISK\"", "NAK");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
    talk_end (&talk);
}

static void
test_payload (void)
{
    SimConfig config;
    Talk talk;
    const char *answer;
    static const char wanted[] =
        "configure MemoryName=\"nand\" MaxPayloadSizeToTargetInBytes=\"1048576\" ZlpAwareHost=\"1\"";

    sim_config_init (&config);
    begin (&talk, &config);
    answer = talk_xml (&talk, wanted);
    g_assert_true (g_str_has_prefix (answer, "ACK"));
    g_assert_nonnull (strstr (answer, "MaxPayloadSizeToTargetInBytes=\"8192\""));
    expect (&talk, "configure MemoryName=\"emmc\" MaxPayloadSizeToTargetInBytes=\"8192\"", "NAK");
    talk_end (&talk);
    config.quirks = "nak-payload";
    begin (&talk, &config);
    answer = talk_xml (&talk, wanted);
    g_assert_true (g_str_has_prefix (answer, "NAK"));
    g_assert_nonnull (strstr (answer, "MaxPayloadSizeToTargetInBytes=\"8192\""));
    talk_end (&talk);
}

/* SBL first erased, last programmed: a cut in the middle leaves EDL, the whole leaves a new version. */
static void
test_flash (void)
{
    static const struct {
        const char *kind;
        guint page;
    } images[] = { { "tz", 13184 },    { "rpm", 13952 },    { "aboot", 15552 }, { "boot", 16320 },
                   { "modem", 24256 }, { "system", 93312 }, { "sbl", 0 } };
    g_autofree guint8 *image = NULL;
    Talk talk;

    begin_plain (&talk);
    expect (&talk, "erase " RANGE (0, 640), "ACK");
    expect (&talk, "erase " RANGE (13184, 768), "ACK");
    expect (&talk, "erase " RANGE (13952, 576), "ACK");
    expect (&talk, "erase " RANGE (15552, 768), "ACK");
    expect (&talk, "erase " RANGE (16320, 3968), "ACK");
    expect (&talk, "erase " RANGE (24256, 27392), "ACK");
    expect (&talk, "erase " RANGE (93312, 37760), "ACK");
    for (guint i = 0; i < G_N_ELEMENTS (images); i++) {
        gsize size = 50000 + 3000 * i;

        g_assert_false (sim_modem_get_verdict (talk.modem)->boots);
        g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, "SBL is erased");
        g_clear_pointer (&image, g_free);
        image = sim_image_build (images[i].kind, "EC25EFAR06A08M2G", size);
        g_assert_true (
            g_str_has_prefix (talk_program (&talk, images[i].page, image, size), "ACK\" rawmode=\"false\""));
    }
    expect (&talk, "power DelayInSeconds=\"1\" value=\"reset\"", "ACK");
    talk_wait_gone (&talk, 5000);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->version, ==, "EC25EFAR06A08M2G");
    g_assert_false (sim_modem_get_verdict (talk.modem)->is_bricked);
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, 13184), ==,
                      SIM_PAGE_ERASED | SIM_PAGE_PROGRAMMED);
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, 1280), ==, 0);
    talk_end (&talk);
}

static void
test_sins (void)
{
    static const struct {
        const char *command, *failure;
        gboolean is_brick;
    } rows[] = {
        { "erase " RANGE (1280, 64), "erase of the protected EFS2", TRUE },
        { "erase " RANGE (0, 131072), "the whole chip is erased", TRUE },
        { "erase " RANGE (0, 999999), "the whole chip is erased", TRUE },
        { "program " RANGE (51648, 1), "program of the protected misc", FALSE },
        { "launch", "Firehose: unknown command <launch>", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        begin_plain (&talk);
        talk_xml (&talk, rows[i].command);
        g_assert_cmpstr (sim_modem_get_failure (talk.modem, 0), ==, rows[i].failure);
        g_assert_cmpint (sim_modem_get_verdict (talk.modem)->is_bricked, ==, rows[i].is_brick);
        talk_end (&talk);
    }
}

static void
test_not_erased (void)
{
    guint8 data[2048] = { 1, 2, 3 };
    Talk talk;

    begin_plain (&talk);
    g_assert_true (g_str_has_prefix (talk_program (&talk, 0, data, sizeof data), "ACK\" rawmode=\"false\""));
    g_assert_cmpstr (sim_modem_get_failure (talk.modem, 0), ==, "page 0 is programmed without being erased");
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, !=, NULL);
    talk_end (&talk);
}

/* Without the ZLP the programmer waits for ever. */
static void
test_zlp (void)
{
    guint8 data[8192] = { 0 };
    Talk talk;

    begin_plain (&talk);
    expect (&talk, "erase " RANGE (0, 640), "ACK");
    expect (&talk, "program " RANGE (0, 8), "ACK\" rawmode=\"true\"");
    g_assert_true (talk_send (&talk, 1, data, sizeof data));
    g_assert_true (talk_send (&talk, 1, data, sizeof data));
    g_assert_false (talk_send (&talk, 1, data, sizeof data));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
    talk_end (&talk);

    begin_plain (&talk);
    expect (&talk, "erase " RANGE (0, 640), "ACK");
    expect (&talk, "program " RANGE (0, 8), "ACK\" rawmode=\"true\"");
    g_assert_true (talk_send (&talk, 1, data, 4096));
    g_assert_true (talk_send (&talk, 1, data, 4096));
    g_assert_true (talk_send (&talk, 1, NULL, 0));
    g_assert_true (talk_send (&talk, 1, data, 8192));
    g_assert_true (talk_send (&talk, 1, NULL, 0));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

/* It takes nothing while the host has not read what it said. */
static void
test_unread (void)
{
    static const char nop[] = "<?xml version=\"1.0\" ?><data><nop /></data>";
    Talk talk;

    begin_plain (&talk);
    g_assert_true (talk_send (&talk, 1, nop, strlen (nop)));
    g_assert_cmpint (sim_modem_out (talk.modem, talk.now_us, 1, (const guint8 *) nop, strlen (nop)), ==,
                     SIM_NOT_YET);
    while (talk_receive (&talk, 0x81, 100))
        ;
    g_assert_cmpint (sim_modem_out (talk.modem, talk.now_us, 1, (const guint8 *) nop, strlen (nop)), ==,
                     SIM_OK);
    talk_end (&talk);
}

static void
test_bad_blocks (void)
{
    static const guint bad[] = { 206, 208 }; /* the first and third block of TZ */
    SimConfig config;
    Talk talk;
    gsize size = 300000;
    g_autofree guint8 *image = sim_image_build ("tz", "x", size);
    g_autofree char *expected = g_compute_checksum_for_data (G_CHECKSUM_SHA256, image, size);
    g_autofree char *sha256 = NULL;
    guint8 page[2048];

    sim_config_init (&config);
    config.bad_blocks = bad;
    config.n_bad_blocks = 2;
    begin (&talk, &config);
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
    expect (&talk, "erase " RANGE (13184, 768), "ACK");
    g_assert_true (g_str_has_prefix (talk_program (&talk, 13184, image, size), "ACK\" rawmode=\"false\""));
    sim_modem_read_page (talk.modem, 207 * 64, page);
    g_assert_cmpmem (page, 2048, image, 2048);
    sim_modem_read_page (talk.modem, 209 * 64, page);
    g_assert_cmpmem (page, 2048, image + 64 * 2048, 2048);
    sha256 = sim_modem_dup_partition_sha256 (talk.modem, "TZ", size);
    g_assert_cmpstr (sha256, ==, expected);
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
    talk_end (&talk);
}

static void
test_read (void)
{
    SimConfig config;
    Talk talk;
    gsize n = 0;
    guint8 first[16];

    sim_config_init (&config);
    begin (&talk, &config);
    expect (&talk, "read " RANGE (640, 9), "ACK\" rawmode=\"true\"");
    memset (first, 0, sizeof first);
    while (talk_receive (&talk, 0x81, 1000) && memcmp (talk.data, "<?xml", 5) != 0) {
        if (n == 0)
            memcpy (first, talk.data, sizeof first);
        n += talk.size;
    }
    g_assert_cmpuint (n, ==, 9 * 2048);
    g_assert_cmpmem (first, 8, "\xac\x9f\x56\xfe\x7a\x12\x7f\xcd", 8);
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, 641), ==, SIM_PAGE_READ_BACK);
    talk_end (&talk);
    config.quirks = "no-read";
    begin (&talk, &config);
    expect (&talk, "read " RANGE (640, 8), "NAK");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_faults (void)
{
    static const struct {
        const char *fault, *command, *answer; /* NULL: silence */
    } rows[] = {
        { "nop:1=nak", "nop", "NAK" },
        { "nop:1=silent", "nop", NULL },
        { "nop:1=garbage", "nop", NULL },
        { "erase:1=nak", "erase " RANGE (0, 640), "NAK" },
        { "erase:2=nak", "erase " RANGE (0, 640), "ACK" },
        { "erase:1=rawmode", "erase " RANGE (0, 640), "ACK\" rawmode=\"true\"" },
        { "program:1=rawmode", "program " RANGE (13184, 1), "ACK\" rawmode=\"false\"" },
        { "configure:1=payload:123", CONFIGURE, "ACK" },
        { "power:1=silent", "power value=\"reset\"", NULL },
        { "getstorageinfo:1=vanish", "getstorageinfo", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;
        const char *answer;
        char *why = NULL;

        begin_plain (&talk);
        g_assert_true (sim_modem_add_fault (talk.modem, rows[i].fault, &why));
        answer = talk_xml (&talk, rows[i].command);
        if (rows[i].answer)
            g_assert_true (answer && g_str_has_prefix (answer, rows[i].answer));
        else
            g_assert_null (answer);
        talk_end (&talk);
    }
}

/* A flipped bit in what is written: the ACK comes all the same, the digest tells. */
static void
test_flip (void)
{
    g_autofree guint8 *image = sim_image_build ("tz", "x", 40000);
    Talk talk;
    char *why = NULL;

    begin_plain (&talk);
    expect (&talk, "erase " RANGE (13184, 768), "ACK");
    g_assert_true (sim_modem_add_fault (talk.modem, "program-data:2=flip", &why));
    g_assert_true (g_str_has_prefix (talk_program (&talk, 13184, image, 40000), "ACK\" rawmode=\"false\""));
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, "TZ holds an image with a wrong digest");
    talk_end (&talk);
}

static void
test_stall (void)
{
    static const guint8 clear_in[] = { 0x02, 1, 0, 0, 0x81, 0, 0, 0 };
    static const guint8 clear_out[] = { 0x02, 1, 0, 0, 0x01, 0, 0, 0 };
    Talk talk;
    char *why = NULL;
    guint8 data[64];
    gsize n;

    begin_plain (&talk);
    g_assert_true (sim_modem_add_fault (talk.modem, "nop:1=stall", &why));
    g_assert_null (talk_xml (&talk, "nop"));
    g_assert_cmpint (sim_modem_in (talk.modem, talk.now_us, 0x81, data, sizeof data, &n), ==, SIM_STALL);
    g_assert_cmpint (sim_modem_out (talk.modem, talk.now_us, 1, data, 4), ==, SIM_STALL);
    sim_modem_control (talk.modem, talk.now_us, clear_in, data, &n);
    sim_modem_control (talk.modem, talk.now_us, clear_out, data, &n);
    expect (&talk, "nop", "ACK");
    talk_end (&talk);
}

/* Real speed: 4 MB take about a second, the erase of 590 blocks about 745 ms. */
static void
test_speed (void)
{
    SimConfig config;
    Talk talk;
    g_autofree guint8 *data = g_malloc (4000000);
    gint64 begin_us;

    sim_config_init (&config);
    config.speed = SIM_SPEED_REAL;
    begin (&talk, &config);
    begin_us = talk.now_us;
    expect (&talk, "erase " RANGE (93312, 37760), "ACK");
    g_assert_cmpint (talk.now_us - begin_us, >=, 700000);
    g_assert_cmpint (talk.now_us - begin_us, <=, 800000);
    memset (data, 0x42, 4000000);
    begin_us = talk.now_us;
    g_assert_true (g_str_has_prefix (talk_program (&talk, 93312, data, 4000000), "ACK"));
    g_assert_cmpint (talk.now_us - begin_us, >=, 990000);
    g_assert_cmpint (talk.now_us - begin_us, <=, 1050000);
    talk_end (&talk);
}

static void
test_left_running (void)
{
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.start = SIM_START_EDL_PROGRAMMER;
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_EDL, 2000);
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    expect (&talk, "nop", "ACK");
    expect (&talk, "erase " RANGE (0, 640), "NAK");
    talk_end (&talk);
    config.start = SIM_START_EDL_RAW;
    talk_begin (&talk, &config);
    talk_wait (&talk, SIM_MODE_EDL, 2000);
    g_assert_true (talk_send (&talk, 1, "<?xml", 5));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/firehose/commands", test_commands);
    g_test_add_func ("/firehose/payload", test_payload);
    g_test_add_func ("/firehose/flash", test_flash);
    g_test_add_func ("/firehose/sins", test_sins);
    g_test_add_func ("/firehose/not-erased", test_not_erased);
    g_test_add_func ("/firehose/zlp", test_zlp);
    g_test_add_func ("/firehose/unread", test_unread);
    g_test_add_func ("/firehose/bad-blocks", test_bad_blocks);
    g_test_add_func ("/firehose/read", test_read);
    g_test_add_func ("/firehose/faults", test_faults);
    g_test_add_func ("/firehose/flip", test_flip);
    g_test_add_func ("/firehose/stall", test_stall);
    g_test_add_func ("/firehose/speed", test_speed);
    g_test_add_func ("/firehose/left-running", test_left_running);
    return g_test_run ();
}
