/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fastboot as conversations, and what it leaves on the chip. */

#include "sim/chain.h"
#include "sim/talk.h"

#include <string.h>

#define CHUNK 16384

static void
begin (Talk *talk, const SimConfig *config)
{
    SimConfig plain;

    sim_config_init (&plain);
    if (config)
        plain = *config;
    if (plain.start == SIM_START_NORMAL)
        plain.start = SIM_START_FASTBOOT;
    talk_begin (talk, &plain);
    talk_wait (talk, SIM_MODE_FASTBOOT, 5000);
}

static void
hears (Talk *talk, const char *answer)
{
    g_assert_true (talk_receive (talk, 0x81, 60000));
    g_assert_cmpstr ((char *) talk->data, ==, answer);
}

static void
ask (Talk *talk, const char *command, const char *answer)
{
    g_assert_true (talk_send (talk, 1, command, strlen (command)));
    hears (talk, answer);
}

static void
send_data (Talk *talk, const guint8 *data, gsize size)
{
    for (gsize at = 0; at < size; at += CHUNK)
        g_assert_true (talk_send (talk, 1, data + at, MIN (CHUNK, size - at)));
}

static void
download (Talk *talk, const guint8 *data, gsize size)
{
    g_autofree char *command = g_strdup_printf ("download:%08x", (guint) size);
    g_autofree char *answer = g_strdup_printf ("DATA%08x", (guint) size);

    ask (talk, command, answer);
    send_data (talk, data, size);
    if (size > 0)
        hears (talk, "OKAY");
}

static void
flash (Talk *talk, const char *name, const guint8 *data, gsize size, const char *answer)
{
    g_autofree char *command = g_strconcat ("flash:", name, NULL);

    download (talk, data, size);
    ask (talk, command, answer);
}

static void
flash_image (Talk *talk, const char *name, const char *kind, const char *version)
{
    gsize size = 100000;
    g_autofree guint8 *image = NULL;

    if (g_str_equal (name, "system") || g_str_equal (name, "modem") || g_str_equal (name, "recoveryfs"))
        size = 25 * (gsize) sim_modem_get_page_size (talk->modem);
    image = sim_image_build (kind, version, size);
    flash (talk, name, image, size, "OKAY");
}

static gboolean
is_dead (Talk *talk)
{
    return sim_modem_out (talk->modem, talk->now_us, 1, (const guint8 *) "getvar:kernel", 13) ==
               SIM_NOT_YET &&
           !talk_receive (talk, 0x81, 1000);
}

static void
test_variables (void)
{
    static const char *const rows[][2] = {
        { "getvar:product", "OKAYMDM9607" },
        { "getvar:kernel", "OKAYlk" },
        { "getvar:version", "OKAY0.5" },
        { "getvar:serialno", "OKAY700a421b" },
        { "getvar:max-download-size", "OKAY\t0x8000000" },
        { "getvar:version-bootloader", "OKAY" },
        { "getvar:version-baseband", "OKAY" },
        { "getvar:no-such", "OKAY" },
        { "getvar:Product", "OKAY" },
    };
    static const char *const all[] = {
        "INFOversion:0.5",
        "INFOversion-baseband:",
        "INFOversion-bootloader:",
        "INFOdisplay-panel:",
        "INFOcharger-screen-enabled:0",
        "INFOmax-download-size:\t0x8000000",
        "INFOserialno:700a421b",
        "INFOkernel:lk",
        "INFOproduct:MDM9607",
        "OKAY",
    };
    Talk talk;

    begin (&talk, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
        ask (&talk, rows[i][0], rows[i][1]);
    /* A beginning of "all" is all. */
    g_assert_true (talk_send (&talk, 1, "getvar:al", 9));
    for (guint i = 0; i < G_N_ELEMENTS (all); i++)
        hears (&talk, all[i]);
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_limits (void)
{
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M2G";
    config.serial = "0123456789abcdef";
    begin (&talk, &config);
    ask (&talk, "getvar:max-download-size", "OKAY\t0x4500000");
    ask (&talk, "getvar:serialno", "OKAY0123456789ab");
    g_assert_cmpstr (sim_modem_get_usb (talk.modem)->serial, ==, "0123456789ab");
    ask (&talk, "download:04500001", "FAILdata too large");
    ask (&talk, "download:4500000", "DATA04500000");
    talk_end (&talk);
    config.max_download = 5000;
    begin (&talk, &config);
    ask (&talk, "getvar:max-download-size", "OKAY\t0x1388");
    ask (&talk, "download:1389", "FAILdata too large");
    /* Not a multiple of the page, and no room for the padding. */
    {
        g_autofree guint8 *data = sim_image_build ("aboot", "x", 5000);

        flash (&talk, "aboot", data, 5000, "FAILBuffer size is not aligned to page_size");
        flash (&talk, "aboot", data, 4000, "OKAY");
    }
    talk_end (&talk);
}

/* The whole of a package's list; boots the new version only after `reboot`. */
static void
test_update (const char *family, const char *version, const char *const *names)
{
    SimConfig config;
    Talk talk;
    const SimVerdict *verdict;

    sim_config_init (&config);
    config.family = family;
    config.version = version;
    begin (&talk, &config);
    for (guint i = 0; names[i]; i++) {
        flash_image (&talk, names[i], g_str_equal (names[i], "recovery") ? "boot" : names[i], "NEW");
        g_assert_false (sim_modem_get_verdict (talk.modem)->boots);
    }
    ask (&talk, "reboot", "OKAY");
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    verdict = sim_modem_get_verdict (talk.modem);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, "NEW");
    g_assert_false (verdict->is_bricked);
    g_assert_cmpuint (verdict->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_updates (void)
{
    static const char *const all[] = { "sbl",   "tz",         "rpm",      "aboot",  "boot", "recovery",
                                       "modem", "recoveryfs", "usr_data", "system", NULL };
    static const char *const large[] = { "aboot", "boot", "recovery", "modem", "recoveryfs", "system", NULL };

    test_update ("ec25", "EC25EFAR06A05M2G", all);
    test_update ("ec25", "EC25EFAR06A05M4G", large);
    test_update ("ep06", "EP06ELAR03A06M4G", large);
}

static void
test_chip (void)
{
    const guint bad[] = { 2047 - 100 };
    g_autofree guint8 *data = g_malloc (300000);
    g_autofree char *sha256 = NULL;
    g_autofree char *wanted = NULL;
    guint start, n, erased = 0, programmed = 0;
    const SimOp *op;
    SimConfig config;
    Talk talk;

    for (guint i = 0; i < 300000; i++)
        data[i] = (guint8) (i * 5 + (i >> 8));
    wanted = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, 300000);
    sim_config_init (&config);
    config.version = "EC25EFAR06A05M2G";
    config.bad_blocks = bad;
    config.n_bad_blocks = 1;
    begin (&talk, &config);
    flash (&talk, "usr_data", data, 300000, "OKAY");
    op = sim_modem_get_op (talk.modem, sim_modem_get_n_ops (talk.modem) - 1);
    g_assert_cmpint (op->kind, ==, SIM_OP_PROGRAM);
    g_assert_true (op->is_done);
    g_assert_cmpstr (op->text, ==, "flash usr_data 62336+147");
    sha256 = sim_modem_dup_partition_sha256 (talk.modem, "usr_data", 300000);
    g_assert_cmpstr (sha256, ==, wanted);
    /* All the partition is erased, 147 pages are written, the padding with zeros. */
    g_assert_true (sim_modem_find_partition (talk.modem, "usr_data", &start, &n));
    for (guint page = start; page < start + n; page++) {
        guint flags = sim_modem_get_page_flags (talk.modem, page);

        erased += flags & SIM_PAGE_ERASED ? 1 : 0;
        programmed += flags & SIM_PAGE_PROGRAMMED ? 1 : 0;
    }
    g_assert_cmpuint (erased, ==, n);
    g_assert_cmpuint (programmed, ==, 147);
    sim_modem_read_page (talk.modem, start + 146, talk.data);
    g_assert_cmphex (talk.data[2047], ==, 0);
    /* What was downloaded stays. */
    ask (&talk, "flash:recoveryfs", "FAILflash write failure");
    ask (&talk, "erase:usr_data", "OKAY");
    g_clear_pointer (&sha256, g_free);
    sha256 = sim_modem_dup_partition_sha256 (talk.modem, "usr_data", 300000);
    g_assert_cmpstr (sha256, !=, wanted);
    ask (&talk, "erase:no-such", "FAILunknown partition name");
    ask (&talk, "erase:USR_DATA", "FAILunknown partition name");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

/* A bad block in the middle of an image moves what is behind it. */
static void
test_bad_block (void)
{
    g_autofree guint8 *image = sim_image_build ("modem", "NEW", 300 * 2048);
    SimConfig config;
    guint bad, start, n;
    Talk talk;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M2G";
    begin (&talk, &config);
    g_assert_true (sim_modem_find_partition (talk.modem, "modem", &start, &n));
    talk_end (&talk);
    bad = start / 64 + 2;
    config.bad_blocks = &bad;
    config.n_bad_blocks = 1;
    begin (&talk, &config);
    flash (&talk, "modem", image, 300 * 2048, "OKAY");
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, bad * 64), ==, 0);
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, start + 363), ==,
                      SIM_PAGE_ERASED | SIM_PAGE_PROGRAMMED);
    ask (&talk, "reboot", "OKAY");
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
    talk_end (&talk);
}

static void
test_refusals (void)
{
    g_autofree guint8 *data = g_malloc0 (2000000);
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M2G";
    begin (&talk, &config);
    flash (&talk, "boot", data, 4096, "FAILImage is not a boot image");
    flash (&talk, "recovery", data, 4096, "FAILImage is not a boot image");
    flash (&talk, "no-such", data, 4096, "FAILupdate_ubi_vol failed");
    flash (&talk, "Boot", data, 4096, "FAILupdate_ubi_vol failed");
    flash (&talk, "userdata", data, 4096, "FAILupdate_ubi_vol failed");
    /* Too large: it is found out at the end. */
    flash (&talk, "aboot", data, 12 * 131072 + 1, "FAILflash write failure");
    g_assert_cmpint (sim_modem_get_verdict (talk.modem)->mode, ==, SIM_MODE_FASTBOOT);
    g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->brick_reason, ==, "aboot holds no image");
    /* A UBI image is not padded, and must end with a page. */
    memcpy (data, "UBI#", 4);
    flash (&talk, "system", data, 4096, "OKAY");
    flash (&talk, "system", data, 5000, "FAILflash write failure");
    /* What is none is written with spare bytes between the pages. */
    memset (data, 0, 4);
    for (guint i = 0; i < 64; i++)
        data[2048 + i] = 0x11;
    data[2048 + 64] = 0x22;
    flash (&talk, "system", data, (gsize) 2 * (2048 + 64), "OKAY");
    {
        guint start, n;

        g_assert_true (sim_modem_find_partition (talk.modem, "system", &start, &n));
        sim_modem_read_page (talk.modem, start + 1, talk.data);
        g_assert_cmphex (talk.data[0], ==, 0x22);
    }
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

/* lk lets the host do it; the judge does not. */
static void
test_protected (void)
{
    static const char *const names[] = { "mibib", "efs2", "sys_rev", "rawdata", "cust_info", "misc", "sec" };
    static const guint8 data[4096];

    for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
        g_autofree char *erase = g_strconcat ("erase:", names[i], NULL);
        SimConfig config;
        Talk talk;

        sim_config_init (&config);
        config.version = "EC25EFAR06A05M2G";
        begin (&talk, &config);
        flash (&talk, names[i], data, sizeof data, "OKAY");
        g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
        g_assert_true (g_str_has_prefix (sim_modem_get_failure (talk.modem, 0), "fastboot: flash of "));
        if (i > 0)
            g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
        talk_end (&talk);
        begin (&talk, &config);
        ask (&talk, erase, "OKAY");
        g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
        if (i > 0)
            g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
        else
            g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, "MIBIB: magic numbers");
        talk_end (&talk);
    }
}

static void
test_sticky (void)
{
    const SimVerdict *verdict;
    guint start, n;
    Talk talk;

    begin (&talk, NULL);
    /* Nothing flashed yet: a power cycle leads out of fastboot. */
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    talk_end (&talk);

    begin (&talk, NULL);
    flash_image (&talk, "aboot", "aboot", "NEW");
    g_assert_true (sim_modem_find_partition (talk.modem, "misc", &start, &n));
    sim_modem_read_page (talk.modem, start + 64, talk.data);
    g_assert_cmpstr ((char *) talk.data, ==, "boot_fastboot");
    g_assert_cmpstr ((char *) talk.data + 32, ==, "force");
    g_assert_cmpuint (sim_modem_get_page_flags (talk.modem, start + 64), ==, 0);
    verdict = sim_modem_get_verdict (talk.modem);
    g_assert_false (verdict->boots);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpuint (verdict->n_failures, ==, 0);
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "reboot-bootloader", "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "continue", "OKAY");
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    /* It came back the next day. */
    g_assert_cmpint (sim_modem_get_verdict (talk.modem)->mode, ==, SIM_MODE_NORMAL);
    g_assert_false (sim_modem_get_verdict (talk.modem)->boots);
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "reboot", "OKAY");
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    verdict = sim_modem_get_verdict (talk.modem);
    g_assert_true (verdict->boots);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpuint (verdict->n_failures, ==, 0);
    talk_end (&talk);
}

/* Where `reboot` and `continue` lead with something bad on the chip. */
static void
test_chain (void)
{
    Talk talk;

    begin (&talk, NULL);
    g_assert_true (sim_modem_corrupt (talk.modem, "boot"));
    ask (&talk, "reboot", "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "continue", "OKAY");
    talk_wait_gone (&talk, 1000);
    g_assert_cmpint (sim_modem_get_mode (talk.modem), ==, SIM_MODE_OFF);
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    flash_image (&talk, "boot", "boot", "EC25EFAR06A05M4G");
    ask (&talk, "reboot", "OKAY");
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    talk_end (&talk);

    begin (&talk, NULL);
    ask (&talk, "erase:sbl", "OKAY");
    ask (&talk, "reboot", "OKAY");
    talk_wait (&talk, SIM_MODE_EDL, 5000);
    talk_end (&talk);
}

static void
test_manners (void)
{
    g_autofree guint8 *data = g_malloc0 (70000);
    Talk talk;

    begin (&talk, NULL);
    ask (&talk, "nonsense", "FAILunknown command");
    ask (&talk, "oem unlock", "FAILunknown command");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 2);
    g_assert_true (talk_send (&talk, 1, NULL, 0));
    hears (&talk, "FAILunknown command");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 3);
    /* It does not listen while an answer waits. */
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_cmpint (sim_modem_out (talk.modem, talk.now_us, 1, data, 1), ==, SIM_NOT_YET);
    hears (&talk, "OKAYlk");
    ask (&talk, "download:0", "DATA00000000");
    hears (&talk, "OKAY");
    ask (&talk, "flash:aboot", "OKAY");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 4);
    /* More than announced. */
    ask (&talk, "download:100", "DATA00000100");
    g_assert_true (talk_send (&talk, 1, data, 0x200));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 5);
    g_assert_true (is_dead (&talk));
    sim_modem_usb_reset (talk.modem, talk.now_us);
    memset (data, 'x', 65);
    g_assert_true (talk_send (&talk, 1, data, 65));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 6);
    g_assert_true (is_dead (&talk));
    talk_end (&talk);
}

/* A short packet ends the data phase of a 9x07, and only a bus reset wakes it up. */
static void
test_broken_data (void)
{
    static const guint8 set_configuration[8] = { 0x00, 0x09, 1, 0, 0, 0, 0, 0 };
    g_autofree guint8 *data = g_malloc0 (70000);
    gsize size;
    Talk talk;

    begin (&talk, NULL);
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, set_configuration, NULL, &size), ==, SIM_OK);
    ask (&talk, "download:11000", "DATA00011000");
    g_assert_true (talk_send (&talk, 1, data, 65536));
    g_assert_true (talk_send (&talk, 1, data, 100));
    g_assert_true (is_dead (&talk));
    g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, set_configuration, NULL, &size), ==, SIM_OK);
    ask (&talk, "getvar:kernel", "OKAYlk");
    /* Somebody dies in the middle; the next one speaks into the data. */
    ask (&talk, "download:11000", "DATA00011000");
    g_assert_true (talk_send (&talk, 1, data, 16384));
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_true (is_dead (&talk));
    sim_modem_reenumerate (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "getvar:kernel", "OKAYlk");
    /* An answer that nobody fetched is gone too. */
    g_assert_true (talk_send (&talk, 1, "getvar:product", 14));
    sim_modem_usb_reset (talk.modem, talk.now_us);
    ask (&talk, "getvar:kernel", "OKAYlk");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

/* The other controller waits for the rest. */
static void
test_short_packets (void)
{
    static const guint8 data[70000];
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.family = "ep06";
    begin (&talk, &config);
    ask (&talk, "getvar:product", "OKAYMDM9640");
    ask (&talk, "getvar:max-download-size", "OKAY\t0x8000000");
    ask (&talk, "download:11000", "DATA00011000");
    g_assert_true (talk_send (&talk, 1, data, 65536));
    g_assert_true (talk_send (&talk, 1, data, 100));
    g_assert_true (talk_send (&talk, 1, NULL, 0));
    g_assert_true (talk_send (&talk, 1, data, 0x11000 - 65536 - 100));
    hears (&talk, "OKAY");
    ask (&talk, "getvar:kernel", "OKAYlk");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_start_modes (void)
{
    static const guint8 set_configuration[8] = { 0x00, 0x09, 1, 0, 0, 0, 0, 0 };
    static const SimStart starts[] = { SIM_START_FASTBOOT_DEAD, SIM_START_FASTBOOT_DATA };

    for (guint i = 0; i < G_N_ELEMENTS (starts); i++) {
        SimConfig config;
        gsize size;
        Talk talk;

        sim_config_init (&config);
        config.start = starts[i];
        begin (&talk, &config);
        /* The first one belongs to its enumeration. */
        g_assert_cmpint (sim_modem_control (talk.modem, talk.now_us, set_configuration, NULL, &size), ==,
                         SIM_OK);
        if (starts[i] == SIM_START_FASTBOOT_DATA)
            g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
        g_assert_true (is_dead (&talk));
        sim_modem_usb_reset (talk.modem, talk.now_us);
        ask (&talk, "getvar:kernel", "OKAYlk");
        ask (&talk, "reboot", "OKAY");
        talk_wait (&talk, SIM_MODE_NORMAL, 5000);
        g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
        talk_end (&talk);
    }
}

static void
order (Talk *talk, const char *fault)
{
    char *why = NULL;

    sim_modem_clear_faults (talk->modem);
    g_assert_true (sim_modem_add_fault (talk->modem, fault, &why));
}

static void
test_faults (void)
{
    static const char *const rows[][3] = {
        { "fastboot=nak", "getvar:kernel", "FAILrefused on order" },
        { "fastboot-getvar=short", "getvar:kernel", "OK" },
        { "fastboot=slow:500", "getvar:kernel", "OKAYlk" },
        { "fastboot-download=huge", "download:1000", "DATAffffffff" },
        { "fastboot-download=nak", "download:1000", "FAILrefused on order" },
        { "fastboot-flash=nak", "flash:aboot", "FAILrefused on order" },
        { "fastboot-erase=nak", "erase:aboot", "FAILrefused on order" },
        { "fastboot-reboot=nak", "reboot", "FAILrefused on order" },
    };
    g_autofree guint8 *image = sim_image_build ("aboot", "NEW", 100000);
    Talk talk;

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        begin (&talk, NULL);
        order (&talk, rows[i][0]);
        ask (&talk, rows[i][1], rows[i][2]);
        g_assert_cmpuint (sim_modem_get_faults_hit (talk.modem), ==, 1);
        g_assert_true (sim_modem_get_verdict (talk.modem)->boots);
        talk_end (&talk);
    }
    begin (&talk, NULL);
    order (&talk, "fastboot=flood:2");
    ask (&talk, "getvar:kernel", "INFOstill at it");
    hears (&talk, "INFOstill at it");
    hears (&talk, "OKAYlk");
    order (&talk, "fastboot=double");
    ask (&talk, "getvar:kernel", "OKAYlk");
    hears (&talk, "OKAYlk");
    order (&talk, "fastboot=long");
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpuint (talk.size, ==, 300);
    order (&talk, "fastboot=garbage");
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmphex (talk.data[0], ==, 0xff);
    order (&talk, "fastboot=silent");
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    order (&talk, "fastboot-data:2=flip");
    download (&talk, image, 100000);
    ask (&talk, "flash:aboot", "OKAY");
    g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
}

static void
test_lost (void)
{
    g_autofree guint8 *image = sim_image_build ("boot", "NEW", 100000);
    Talk talk;

    /* The programmer's answer never comes, but the work is done. */
    begin (&talk, NULL);
    order (&talk, "fastboot-reboot=silent");
    g_assert_true (talk_send (&talk, 1, "reboot", 6));
    talk_wait (&talk, SIM_MODE_NORMAL, 5000);
    talk_end (&talk);
    /* Power fails in the middle of a flash. */
    begin (&talk, NULL);
    download (&talk, image, 100000);
    order (&talk, "fastboot-flash=vanish");
    g_assert_true (talk_send (&talk, 1, "flash:boot", 10));
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    ask (&talk, "reboot", "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 5000);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==,
                     "boot holds an image with a wrong digest");
    talk_end (&talk);
    begin (&talk, NULL);
    ask (&talk, "download:11000", "DATA00011000");
    order (&talk, "fastboot-data=silent");
    g_assert_true (talk_send (&talk, 1, image, 16384));
    g_assert_true (is_dead (&talk));
    talk_end (&talk);
    begin (&talk, NULL);
    order (&talk, "fastboot=stall");
    g_assert_true (talk_send (&talk, 1, "getvar:kernel", 13));
    g_assert_false (talk_receive (&talk, 0x81, 1000));
    sim_modem_usb_reset (talk.modem, talk.now_us);
    ask (&talk, "getvar:kernel", "OKAYlk");
    talk_end (&talk);
}

/* AT+QFASTBOOT with a quirk or fault: what is answered, and where it leads. */
static void
test_at_command (void)
{
    static const struct {
        const char *quirks, *fault, *answer;
        SimMode mode;
    } rows[] = {
        { NULL, NULL, NULL, SIM_MODE_FASTBOOT },
        { "qfastboot-ok", NULL, "\r\nOK\r\n", SIM_MODE_FASTBOOT },
        { "qfastboot-error", NULL, "\r\nERROR\r\n", SIM_MODE_NORMAL },
        { "qfastboot-back", NULL, NULL, SIM_MODE_NORMAL },
        { "no-qfastboot", NULL, "\r\nERROR\r\n", SIM_MODE_NORMAL },
        { NULL, "qfastboot=nak", "\r\nERROR\r\n", SIM_MODE_NORMAL },
        { NULL, "qfastboot=deaf", NULL, SIM_MODE_NORMAL },
        { NULL, "qfastboot=vanish", NULL, SIM_MODE_NORMAL },
        { NULL, "qfastboot=slow:3000", NULL, SIM_MODE_FASTBOOT },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        gboolean stays = rows[i].mode == SIM_MODE_NORMAL && (rows[i].answer || i == 6);
        SimConfig config;
        guint generation;
        Talk talk;

        sim_config_init (&config);
        config.quirks = rows[i].quirks;
        talk_begin (&talk, &config);
        talk_wait (&talk, SIM_MODE_NORMAL, 5000);
        if (rows[i].fault) {
            char *why = NULL;

            g_assert_true (sim_modem_add_fault (talk.modem, rows[i].fault, &why));
        }
        g_assert_true (talk_send (&talk, 3, "ATE0\r", 5));
        while (talk_receive (&talk, 0x84, 100))
            ;
        generation = sim_modem_get_generation (talk.modem);
        g_assert_true (talk_send (&talk, 3, "AT+QFASTBOOT\r", 13));
        if (rows[i].answer) {
            g_assert_true (talk_receive (&talk, 0x84, 1000));
            g_assert_cmpstr ((char *) talk.data, ==, rows[i].answer);
        } else {
            g_assert_false (talk_receive (&talk, 0x84, 5000));
        }
        talk_wait (&talk, rows[i].mode, 5000);
        g_assert_cmpuint (sim_modem_get_generation (talk.modem), ==, generation + (stays ? 0 : 2));
        talk_end (&talk);
    }
}

static void
test_real_time (void)
{
    g_autofree guint8 *data = g_malloc0 (1000000);
    SimConfig config;
    gint64 begin_us;
    Talk talk;

    sim_config_init (&config);
    config.version = "EC25EFAR06A05M2G";
    config.speed = SIM_SPEED_REAL;
    begin (&talk, &config);
    begin_us = talk.now_us;
    download (&talk, data, 1000000);
    g_assert_cmpint (talk.now_us - begin_us, >, 45000);
    g_assert_cmpint (talk.now_us - begin_us, <, 60000);
    begin_us = talk.now_us;
    ask (&talk, "flash:usr_data", "OKAY");
    /* 480 blocks and a quarter of a second of programming. */
    g_assert_cmpint (talk.now_us - begin_us, >, 480 * 1260 + 250000);
    g_assert_cmpint (talk.now_us - begin_us, <, 480 * 1260 + 260000);
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/fastboot/variables", test_variables);
    g_test_add_func ("/fastboot/limits", test_limits);
    g_test_add_func ("/fastboot/updates", test_updates);
    g_test_add_func ("/fastboot/chip", test_chip);
    g_test_add_func ("/fastboot/bad-block", test_bad_block);
    g_test_add_func ("/fastboot/refusals", test_refusals);
    g_test_add_func ("/fastboot/protected", test_protected);
    g_test_add_func ("/fastboot/sticky", test_sticky);
    g_test_add_func ("/fastboot/chain", test_chain);
    g_test_add_func ("/fastboot/manners", test_manners);
    g_test_add_func ("/fastboot/broken-data", test_broken_data);
    g_test_add_func ("/fastboot/short-packets", test_short_packets);
    g_test_add_func ("/fastboot/start-modes", test_start_modes);
    g_test_add_func ("/fastboot/faults", test_faults);
    g_test_add_func ("/fastboot/lost", test_lost);
    g_test_add_func ("/fastboot/at-command", test_at_command);
    g_test_add_func ("/fastboot/real-time", test_real_time);
    return g_test_run ();
}
