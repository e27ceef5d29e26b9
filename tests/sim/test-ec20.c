/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The EC20 with MDM9215: identity, AT and DIAG, its boot chain, its fastboot, and the two ways in which
 * public tools update it, with a package of make-package. */

#include "sim/image.h"
#include "sim/talk15.h"

#include <string.h>

#define OLD "EC20EQAR02A04E2G"
#define NEW "EC20EQAR02A13E2G"

static const char *
ask_at (Talk *talk, const char *command)
{
    g_autofree char *line = g_strconcat (command, "\r", NULL);

    g_assert_true (talk_send (talk, 3, line, strlen (line)));
    g_assert_true (talk_receive (talk, 0x84, 1000)); /* the echo */
    g_assert_true (talk_receive (talk, 0x84, 1000));
    return (const char *) talk->data;
}

static void
test_identity (void)
{
    static const char *const answers[][2] = {
        { "AT+CGMI", "\r\nQuectel\r\n\r\nOK\r\n" },
        { "AT+CGMM", "\r\nEC20\r\n\r\nOK\r\n" },
        { "AT+CGMR", "\r\n" OLD "\r\n\r\nOK\r\n" },
        { "AT+QGMR", "\r\nERROR\r\n" },
        { "AT+QGMR?", "\r\nERROR\r\n" },
        { "ATI", "\r\nQuectel\r\n\r\nEC20\r\n\r\nRevision: " OLD "\r\n\r\nOK\r\n" },
    };
    const SimUsb *usb;
    Talk talk;

    talk15_begin (&talk, SIM_START_NORMAL, NULL, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    usb = sim_modem_get_usb (talk.modem);
    g_assert_cmphex (usb->vid, ==, 0x05c6);
    g_assert_cmphex (usb->pid, ==, 0x9215);
    g_assert_cmpuint (usb->n_interfaces, ==, 5);
    for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
        g_assert_cmpstr (ask_at (&talk, answers[i][0]), ==, answers[i][1]);
    g_assert_true (talk_send (&talk, 2, "AT\r", 3)); /* NMEA */
    g_assert_false (talk_receive (&talk, 0x82, 1000));
    talk_end (&talk);
}

static void
test_ways_out (void)
{
    static const struct {
        const char *command, *quirks, *answer;
        SimMode mode;
    } rows[] = {
        { "AT+QFASTBOOT", NULL, "\r\nOK\r\n", SIM_MODE_FASTBOOT },
        { "AT+QDL=115200", NULL, "\r\nOK\r\n", SIM_MODE_DLOAD },
        { "AT+QDL", NULL, "\r\nOK\r\n", SIM_MODE_DLOAD },
        { "AT+QFASTBOOT", "qfastboot-error", "\r\nERROR\r\n", SIM_MODE_NORMAL },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        talk15_begin (&talk, SIM_START_NORMAL, rows[i].quirks, NULL);
        talk_wait (&talk, SIM_MODE_NORMAL, 1000);
        g_assert_cmpstr (ask_at (&talk, rows[i].command), ==, rows[i].answer);
        if (rows[i].mode != SIM_MODE_NORMAL)
            talk_wait_gone (&talk, 1000);
        talk_wait (&talk, rows[i].mode, 2000);
        talk_end (&talk);
    }
}

static void
test_diag (void)
{
    static const char *const frames[][2] = {
        { "0c 14 3a 7e", "13 0c d2 7a 7e" },
        { "7e 06 4e 95 7e", "13 06 88 d5 7e" },
        { "4b 65 01 00 54 0f 7e", "13 4b 65 01 00 " },
        { "00 78 f0 7e", "00 " },
        { "7c 93 49 7e", "7c " },
    };
    Talk talk;

    talk15_begin (&talk, SIM_START_NORMAL, NULL, NULL);
    talk_wait (&talk, SIM_MODE_NORMAL, 1000);
    for (guint i = 0; i < G_N_ELEMENTS (frames); i++) {
        g_assert_true (talk_send_hex (&talk, 1, frames[i][0]));
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_true (g_str_has_prefix (talk_hex (&talk), frames[i][1]));
    }
    g_assert_cmpstr ((char *) talk.data + 12, ==, OLD);
    g_assert_true (talk_send_hex (&talk, 1, "3a a1 6e 7e"));
    g_assert_true (talk_receive (&talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (&talk), ==, "3a a1 6e 7e");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_DLOAD, 2000);
    g_assert_cmpstr (talk15_ask (&talk, "06", 1000), ==, "02");
    talk_end (&talk);
}

static void
test_chain (void)
{
    static const struct {
        const char *part, *quirks;
        SimMode mode;
        gboolean is_bricked;
    } rows[] = {
        { "SBL1", NULL, SIM_MODE_DLOAD, FALSE },         { "SBL1", "pbl-silent", SIM_MODE_OFF, TRUE },
        { "MIBIB", NULL, SIM_MODE_DLOAD, FALSE },        { "SBL2", NULL, SIM_MODE_DLOAD, FALSE },
        { "SBL2", "pbl-silent", SIM_MODE_DLOAD, FALSE }, { "RPM", NULL, SIM_MODE_DLOAD, FALSE },
        { "aboot", NULL, SIM_MODE_DLOAD, FALSE },        { "boot", NULL, SIM_MODE_FASTBOOT, FALSE },
        { "system", NULL, SIM_MODE_NORMAL, FALSE },      { "DSP2", NULL, SIM_MODE_NORMAL, FALSE },
        { "EFS2", NULL, SIM_MODE_NORMAL, TRUE },         { "misc", NULL, SIM_MODE_NORMAL, TRUE },
    };

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        const SimVerdict *verdict;
        Talk talk;

        talk15_begin (&talk, SIM_START_NORMAL, rows[i].quirks, NULL);
        g_assert_true (sim_modem_corrupt (talk.modem, rows[i].part));
        sim_modem_power_cycle (talk.modem, talk.now_us);
        if (rows[i].mode != SIM_MODE_OFF)
            talk_wait (&talk, rows[i].mode, 2000);
        g_assert_cmpint (sim_modem_get_mode (talk.modem), ==, rows[i].mode);
        verdict = sim_modem_get_verdict (talk.modem);
        g_assert_cmpint (verdict->is_bricked, ==, rows[i].is_bricked);
        g_assert_cmpint (verdict->boots, ==, rows[i].mode == SIM_MODE_NORMAL && rows[i].is_bricked);
        talk_end (&talk);
    }
}

/* A dead system has its ports, and nothing answers. */
static void
test_dead_system (void)
{
    Talk talk;

    talk15_begin (&talk, SIM_START_NORMAL, NULL, NULL);
    g_assert_true (sim_modem_corrupt (talk.modem, "system"));
    sim_modem_power_cycle (talk.modem, talk.now_us);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    g_assert_true (talk_send (&talk, 3, "AT\r", 3));
    g_assert_false (talk_receive (&talk, 0x84, 5000));
    g_assert_true (talk_send_hex (&talk, 1, "00 78 f0 7e"));
    g_assert_false (talk_receive (&talk, 0x81, 5000));
    talk_end (&talk);
}

static void
test_fastboot (void)
{
    g_autofree guint8 *image = sim_image_build ("sbl2", NEW, 5000);
    Talk talk;

    talk15_begin (&talk, SIM_START_FASTBOOT, NULL, NULL);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
    g_assert_cmpstr (sim_modem_get_usb (talk.modem)->serial, ==, "MDM9615");
    g_assert_cmpstr (talk15_fastboot (&talk, "getvar:serialno"), ==, "OKAYMDM9615");
    g_assert_cmpstr (talk15_fastboot (&talk, "getvar:product"), ==, "OKAYMDM9615");
    g_assert_cmpstr (talk15_fastboot (&talk, "getvar:max-download-size"), ==, "OKAY\t0x2600000");
    g_assert_cmpstr (talk15_fastboot (&talk, "download:02600001"), ==, "FAILdata too large");
    g_assert_cmpstr (talk15_flash (&talk, "sbl2", image, 5000), ==, "OKAY");
    g_assert_true (g_str_has_prefix (talk15_flash (&talk, "sbl1", image, 5000), "FAIL"));
    g_assert_true (g_str_has_prefix (talk15_flash (&talk, "SBL2", image, 5000), "FAIL"));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, "misc says that it stays in fastboot");
    g_assert_cmpstr (talk15_flash (&talk, "efs2", image, 5000), ==, "OKAY");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 1);
    g_assert_true (sim_modem_get_verdict (talk.modem)->is_bricked);
    talk_end (&talk);
}

/* Pages with 64 spare bytes each; without them, or cut, the image is bad. */
static void
test_yaffs (void)
{
    gsize size = 3 * 2048, stride = 2048 + 64;
    g_autofree guint8 *image = sim_image_build ("system", NEW, size);
    g_autofree guint8 *yaffs = g_malloc0 (3 * stride);
    Talk talk;

    memcpy (image, "\3\0\0\0\1\0\0\0", 8);
    for (guint i = 0; i < 3; i++)
        memcpy (yaffs + i * stride, image + i * 2048, 2048);
    talk15_begin (&talk, SIM_START_FASTBOOT, "no-sticky", NULL);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
    g_assert_cmpstr (talk15_flash (&talk, "system", yaffs, 3 * stride), ==, "OKAY");
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->version, ==, NEW);
    g_assert_true (g_str_has_prefix (talk15_flash (&talk, "system", yaffs, 3 * stride - 64), "FAIL"));
    talk15_flash (&talk, "system", image, size);
    g_assert_false (sim_modem_get_verdict (talk.modem)->boots);
    g_assert_cmpstr (talk15_flash (&talk, "system", yaffs, 3 * stride), ==, "OKAY");
    g_assert_true (sim_modem_get_verdict (talk.modem)->boots); /* without the sticky flag */
    talk_end (&talk);
}

static void
test_half_flashed (void)
{
    static const struct {
        const char *step, *reason;
        SimMode mode;
    } rows[] = {
        { "boot-missing", "misc says that it stays in fastboot", SIM_MODE_FASTBOOT },
        { "sbl2-missing", "the download flag is set", SIM_MODE_DLOAD },
        { "round-1", "the boot images are temporary", SIM_MODE_FASTBOOT },
        { "round-2", "misc says that it stays in fastboot", SIM_MODE_FASTBOOT },
        { "round-3", "SBL2 is erased", SIM_MODE_DLOAD },
    };
    SimConfig config;
    char *why = NULL;

    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        Talk talk;

        talk15_begin (&talk, SIM_START_NORMAL, NULL, rows[i].step);
        talk_wait (&talk, rows[i].mode, 2000);
        g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->reason, ==, rows[i].reason);
        g_assert_false (sim_modem_get_verdict (talk.modem)->is_bricked);
        talk_end (&talk);
    }
    sim_config_init (&config);
    config.half_flashed = "round-1";
    g_assert_null (sim_modem_new (&config, 0, &why));
    g_assert_cmpstr (why, ==, "no half-flashed state \"round-1\" of family ec25");
    g_free (why);
}

/* The story's state: flashing boot alone and `reboot` ends it. */
static void
test_boot_missing (void)
{
    g_autofree guint8 *boot = sim_image_build ("boot", NEW, 5000);
    Talk talk;

    talk15_begin (&talk, SIM_START_NORMAL, NULL, "boot-missing");
    talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
    g_assert_cmpstr (talk15_fastboot (&talk, "reboot"), ==, "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 2000); /* nothing to boot */
    g_assert_cmpstr (talk15_flash (&talk, "boot", boot, 5000), ==, "OKAY");
    g_assert_cmpstr (talk15_fastboot (&talk, "reboot"), ==, "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    g_assert_cmpstr (sim_modem_get_verdict (talk.modem)->version, ==, NEW);
    talk_end (&talk);
}

/* --- a whole package --- */

typedef struct {
    char *folder;
} Package;

static void
make_package (Package *package)
{
    const char *maker = g_getenv ("MFU_MAKE_PACKAGE");
    g_autoptr (GError) error = NULL;
    g_autofree char *top = g_dir_make_tmp ("sim-ec20-XXXXXX", &error);
    int status;

    g_assert_no_error (error);
    g_assert_nonnull (maker);
    package->folder = g_build_filename (top, NEW, NULL);
    {
        const char *argv[] = { maker, "--family", "ec20", "--size", "small", "-o", package->folder, NULL };

        g_assert_true (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
                                     &status, &error));
    }
    g_assert_no_error (error);
    g_assert_cmpint (status, ==, 0);
}

static guint8 *
read_file (const Package *package, const char *name, gsize *size)
{
    g_autofree char *path = g_build_filename (package->folder, name, NULL);
    g_autoptr (GError) error = NULL;
    char *data;

    g_file_get_contents (path, &data, size, &error);
    g_assert_no_error (error);
    return (guint8 *) data;
}

static void
free_package (Package *package)
{
    g_autofree char *top = g_path_get_dirname (package->folder);
    const char *argv[] = { "rm", "-rf", top, NULL };

    g_assert_true (
        g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
    g_free (package->folder);
}

static guint
get_hex (const char *text, guint n_digits)
{
    guint value = 0;

    for (guint i = 0; i < n_digits; i++)
        value = value << 4 | (guint) g_ascii_xdigit_value (text[i]);
    return value;
}

/* Intel HEX as the public updaters read it: the first address counts, then all data one behind the other. */
static GByteArray *
read_hex (const Package *package, const char *name, guint32 *address, guint32 *entry)
{
    gsize size;
    g_autofree char *text = (char *) read_file (package, name, &size);
    g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
    GByteArray *out = g_byte_array_new ();
    guint32 upper = 0;

    for (guint i = 0; lines[i] && lines[i][0]; i++) {
        guint n = get_hex (lines[i] + 1, 2), sum = 0;

        g_assert_cmpint (lines[i][0], ==, ':');
        g_assert_cmpuint (strlen (lines[i]), ==, 11 + 2 * n);
        for (guint j = 0; j < 5 + n; j++)
            sum += get_hex (lines[i] + 1 + 2 * j, 2);
        g_assert_cmpuint (sum & 0xff, ==, 0);
        switch (get_hex (lines[i] + 7, 2)) {
        case 4:
            upper = get_hex (lines[i] + 9, 4) << 16;
            break;
        case 5:
            *entry = get_hex (lines[i] + 9, 8);
            break;
        case 0:
            if (out->len == 0)
                *address = upper | get_hex (lines[i] + 3, 4);
            g_assert_cmphex (upper | get_hex (lines[i] + 3, 4), ==, *address + out->len);
            for (guint j = 0; j < n; j++) {
                guint8 byte = (guint8) get_hex (lines[i] + 9 + 2 * j, 2);

                g_byte_array_append (out, &byte, 1);
            }
            break;
        default:
            g_assert_cmpstr (lines[i], ==, ":00000001FF");
        }
    }
    return out;
}

static void
load_hex (Talk *talk, const Package *package, const char *name)
{
    guint32 address = 0, entry = 0;
    g_autoptr (GByteArray) loader = read_hex (package, name, &address, &entry);

    talk_wait (talk, SIM_MODE_DLOAD, 2000);
    g_assert_cmpstr (talk15_ask (talk, "06", 1000), ==, "02");
    g_assert_true (g_str_has_prefix (talk15_ask (talk, "07", 1000), "08"));
    g_assert_true (talk15_write_memory (talk, address, loader->data, loader->len, 0x3f9));
    talk15_go (talk, entry);
    talk_wait (talk, SIM_MODE_STREAMING, 2000);
}

static const char *
send_table (Talk *talk, const Package *package, const char *name)
{
    gsize size;
    g_autofree guint8 *table = read_file (package, name, &size);
    g_autofree guint8 *frame = g_malloc (size + 2);

    frame[0] = 0x19;
    frame[1] = 0;
    memcpy (frame + 2, table, size);
    return talk15_ask_bytes (talk, frame, size + 2, 1000);
}

static void
greet (Talk *talk, const Package *package)
{
    static const guint8 hello[] = "\1QCOM fast download protocol host\3\3\t";

    g_assert_true (g_str_has_prefix (talk15_ask_bytes (talk, hello, sizeof hello - 1, 1000), "02"));
    g_assert_cmpstr (talk15_ask (talk, "17 01", 1000), ==, "18");
    g_assert_cmpstr (send_table (talk, package, "partition2.mbn"), ==, "1a 01");
    g_assert_cmpstr (send_table (talk, package, "partition.mbn"), ==, "1a 00");
    g_assert_cmpstr (talk15_ask (talk, "60 01", 1000), ==, "61 00");
}

static void
stream_file (Talk *talk, const Package *package, const char *partition, const char *file)
{
    gsize size;
    g_autofree guint8 *data = read_file (package, file, &size);

    g_assert_true (talk15_stream (talk, partition, data, size));
}

static void
leave_streaming (Talk *talk)
{
    g_assert_cmpstr (talk15_ask (talk, "60 00", 1000), ==, "61 00");
    g_assert_cmpstr (talk15_ask (talk, "0b", 1000), ==, "0c");
    talk_wait_gone (talk, 1000);
}

static void
flash_file (Talk *talk, const Package *package, const char *partition, const char *file)
{
    gsize size;
    g_autofree guint8 *data = read_file (package, file, &size);

    g_assert_cmpstr (talk15_flash (talk, partition, data, size), ==, "OKAY");
}

static const char *const rest[][2] = {
    { "dsp1", "dsp1.mbn" },
    { "dsp2", "dsp2.mbn" },
    { "dsp3", "dsp3.mbn" },
    { "system", "msm-9615-cdp-image--ipk-9615-cdp.rootfs.yaffs2" },
    { "userdata", "9615-cdp-usr-image.usrfs.yaffs2" },
    { "recoveryfs", "9615-cdp-recovery-image-9615-cdp.yaffs2" },
    { "boot", "boot-oe-msm9615.img" },
    { "recovery", "recovery-boot-oe-msm9615.img" },
};

static void
check_updated (Talk *talk)
{
    const SimVerdict *verdict;

    talk_wait (talk, SIM_MODE_NORMAL, 2000);
    verdict = sim_modem_get_verdict (talk->modem);
    g_assert_true (verdict->boots);
    g_assert_cmpstr (verdict->version, ==, NEW);
    g_assert_false (verdict->is_bricked);
    g_assert_cmpuint (verdict->n_failures, ==, 0);
}

/* The chip of the package's second table. */
static void
test_second_table (void)
{
    static const guint8 hello[] = "\1QCOM fast download protocol host\3\3\t";
    Package package;
    Talk talk;

    make_package (&package);
    talk15_begin (&talk, SIM_START_STREAMING, "other-table", NULL);
    talk_wait (&talk, SIM_MODE_STREAMING, 2000);
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (&talk, hello, sizeof hello - 1, 1000), "02"));
    g_assert_cmpstr (talk15_ask (&talk, "17 01", 1000), ==, "18");
    g_assert_cmpstr (send_table (&talk, &package, "partition.mbn"), ==, "1a 01");
    g_assert_cmpstr (send_table (&talk, &package, "partition2.mbn"), ==, "1a 00");
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
    free_package (&package);
}

/* Streaming with the temporary boot images, a power cut, fastboot, and SBL2 once more by ENPRG where that is
 * needed. */
static void
test_three_rounds (void)
{
    const char *quirks[] = { NULL, "fastboot-sbl2-dload", "no-sticky,dload-9215", "streaming-logs,go-stays" };
    Package package;

    make_package (&package);
    for (guint i = 0; i < G_N_ELEMENTS (quirks); i++) {
        Talk talk;

        talk15_begin (&talk, SIM_START_DLOAD, quirks[i], NULL);
        load_hex (&talk, &package, "NPRG9x15.hex");
        greet (&talk, &package);
        stream_file (&talk, &package, "0:SBL1", "sbl1.mbn");
        stream_file (&talk, &package, "0:SBL2", "sbl2_tmp.mbn");
        stream_file (&talk, &package, "0:RPM", "rpm.mbn");
        stream_file (&talk, &package, "0:APPSBL", "appsboot_tmp.mbn");
        leave_streaming (&talk);
        talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
        sim_modem_power_cycle (talk.modem, talk.now_us);
        talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
        flash_file (&talk, &package, "sbl2", "sbl2.mbn");
        flash_file (&talk, &package, "aboot", "appsboot.mbn");
        for (guint j = 0; j < G_N_ELEMENTS (rest); j++)
            flash_file (&talk, &package, rest[j][0], rest[j][1]);
        g_assert_cmpstr (talk15_fastboot (&talk, "reboot"), ==, "OKAY");
        talk_wait_gone (&talk, 1000);
        if (i == 1) {
            load_hex (&talk, &package, "ENPRG9x15.hex");
            greet (&talk, &package);
            stream_file (&talk, &package, "0:SBL2", "sbl2.mbn");
            leave_streaming (&talk);
        }
        check_updated (&talk);
        talk_end (&talk);
    }
    free_package (&package);
}

/* Without temporary images: fastboot first, `continue`, then DIAG, DLOAD and streaming. */
static void
test_two_rounds (void)
{
    Package package;
    Talk talk;

    make_package (&package);
    talk15_begin (&talk, SIM_START_FASTBOOT, NULL, NULL);
    talk_wait (&talk, SIM_MODE_FASTBOOT, 2000);
    for (guint j = 0; j < G_N_ELEMENTS (rest); j++)
        flash_file (&talk, &package, rest[j][0], rest[j][1]);
    g_assert_cmpstr (talk15_fastboot (&talk, "reboot"), ==, "OKAY");
    talk_wait_gone (&talk, 1000);
    talk_wait (&talk, SIM_MODE_NORMAL, 2000);
    g_assert_true (talk_send_hex (&talk, 1, "3a a1 6e 7e"));
    talk_wait_gone (&talk, 1000);
    load_hex (&talk, &package, "NPRG9x15.hex");
    greet (&talk, &package);
    stream_file (&talk, &package, "0:SBL1", "sbl1.mbn");
    stream_file (&talk, &package, "0:SBL2", "sbl2.mbn");
    stream_file (&talk, &package, "0:RPM", "rpm.mbn");
    stream_file (&talk, &package, "0:APPSBL", "appsboot.mbn");
    leave_streaming (&talk);
    check_updated (&talk);
    talk_end (&talk);
    free_package (&package);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/ec20/identity", test_identity);
    g_test_add_func ("/ec20/ways-out", test_ways_out);
    g_test_add_func ("/ec20/diag", test_diag);
    g_test_add_func ("/ec20/chain", test_chain);
    g_test_add_func ("/ec20/dead-system", test_dead_system);
    g_test_add_func ("/ec20/fastboot", test_fastboot);
    g_test_add_func ("/ec20/yaffs", test_yaffs);
    g_test_add_func ("/ec20/half-flashed", test_half_flashed);
    g_test_add_func ("/ec20/boot-missing", test_boot_missing);
    g_test_add_func ("/ec20/second-table", test_second_table);
    g_test_add_func ("/ec20/three-rounds", test_three_rounds);
    g_test_add_func ("/ec20/two-rounds", test_two_rounds);
    return g_test_run ();
}
