/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a simulated modem is made: its configuration, checked; its chip; its first power-on. */

#include "sim/internal.h"

#include <string.h>

#define N_BLOCKS   2048
#define MIN_BLOCKS 1500
#define PAYLOAD    8192
#define SERIAL_MAX 12

/* From reset to enumeration, instant and real speed. Source: 8 s boot: the project's benchmark; the rest is
 * made up. */
static const guint boot_ms[] = { 300, 8000 };
static const guint edl_ms[] = { 100, 800 };

static const struct {
    const char *name;
    SimQuirk quirk;
} quirks[] = {
    { "nak-payload", SIM_QUIRK_NAK_PAYLOAD },
    { "no-read", SIM_QUIRK_NO_READ },
    { "no-diag-echo", SIM_QUIRK_NO_DIAG_ECHO },
    { "other-table", SIM_QUIRK_OTHER_TABLE },
    { "in-zlp", SIM_QUIRK_IN_ZLP },
    { "sahara-zlp", SIM_QUIRK_SAHARA_ZLP },
    { "no-command-mode", SIM_QUIRK_NO_COMMAND_MODE },
    { "done-complete", SIM_QUIRK_DONE_COMPLETE },
    { "merge", SIM_QUIRK_MERGE },
    { "fragment", SIM_QUIRK_FRAGMENT },
    { "read-64", SIM_QUIRK_READ_64 },
    { "no-qmi", SIM_QUIRK_NO_QMI },
    { "mute-at", SIM_QUIRK_MUTE_AT },
    { "no-qfastboot", SIM_QUIRK_NO_QFASTBOOT },
    { "no-sticky", SIM_QUIRK_NO_STICKY },
    { "no-download-flag", SIM_QUIRK_NO_DOWNLOAD_FLAG },
    { "go-stays", SIM_QUIRK_GO_STAYS },
    { "streaming-logs", SIM_QUIRK_STREAMING_LOGS },
    { "dload-9215", SIM_QUIRK_DLOAD_9215 },
    { "dload-retry", SIM_QUIRK_DLOAD_RETRY },
    { "pbl-enprg", SIM_QUIRK_PBL_ENPRG },
    { "pbl-silent", SIM_QUIRK_PBL_SILENT },
    { "fastboot-sbl2-dload", SIM_QUIRK_FASTBOOT_SBL2 },
    { "no-qdu", SIM_QUIRK_NO_QDU },
    { "qdu-no-edl", SIM_QUIRK_QDU_NO_EDL },
    { "qdu-back", SIM_QUIRK_QDU_BACK },
    { "qfastboot-ok", SIM_QUIRK_QFASTBOOT_OK },
    { "qfastboot-error", SIM_QUIRK_QFASTBOOT_ERROR },
    { "qfastboot-back", SIM_QUIRK_QFASTBOOT_BACK },
};

/* Two modems with different serials are told apart by their IMEIs. */
static void
make_imei (SimModem *modem)
{
    guint number = (guint) (g_ascii_strtoull (modem->serial, NULL, 16) % 1000000);
    guint sum = 0;

    g_snprintf (modem->imei, sizeof modem->imei, "86769804%06u", number);
    for (guint i = 0; i < 14; i++) {
        guint digit = (guint) (modem->imei[i] - '0') * (i % 2 ? 2 : 1);

        sum += digit > 9 ? digit - 9 : digit;
    }
    modem->imei[14] = (char) ('0' + (10 - sum % 10) % 10);
}

void
sim_config_init (SimConfig *config)
{
    memset (config, 0, sizeof *config);
    config->family = "ec25";
    config->serial = "700a421b";
    config->function = 1;
}

static gboolean
parse_quirks (SimModem *modem, const char *text, char **why)
{
    g_auto (GStrv) names = g_strsplit (text ? text : "", ",", -1);

    for (guint i = 0; names[i]; i++) {
        gboolean known = names[i][0] == '\0';

        for (guint j = 0; j < G_N_ELEMENTS (quirks); j++) {
            if (g_str_equal (names[i], quirks[j].name)) {
                modem->quirks |= quirks[j].quirk;
                known = TRUE;
            }
        }
        if (!known) {
            *why = g_strdup_printf ("unknown quirk \"%s\"", names[i]);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
parse_usb_id (SimModem *modem, const char *text, char **why)
{
    g_auto (GStrv) halves = g_strsplit (text ? text : "", ":", 2);
    guint64 vid = 0, pid = 0;

    if (!text)
        return TRUE;
    if (g_strv_length (halves) != 2 ||
        !g_ascii_string_to_unsigned (halves[0], 16, 1, G_MAXUINT16, &vid, NULL) ||
        !g_ascii_string_to_unsigned (halves[1], 16, 0, G_MAXUINT16, &pid, NULL)) {
        *why = g_strdup_printf ("\"%s\" is no VID:PID", text);
        return FALSE;
    }
    modem->vid = (guint16) vid;
    modem->pid = (guint16) pid;
    return TRUE;
}

static gboolean
make_chip (SimModem *modem, const SimConfig *config, const char *version, char **why)
{
    guint n_blocks = config->n_blocks ? config->n_blocks : N_BLOCKS;
    const char *geometry = config->geometry;

    if (!geometry)
        geometry = strstr (version, "M4G") ? "p4K_b256K" : "p2K_b128K";
    if (modem->family->geometry && !g_str_equal (modem->family->geometry, geometry)) {
        *why = g_strdup_printf ("a modem of family %s has %s only", modem->family->name,
                                modem->family->geometry);
        return FALSE;
    }
    if (n_blocks < MIN_BLOCKS ||
        !sim_layout_init (&modem->factory, modem->family->chip, geometry, n_blocks)) {
        *why = g_strdup_printf ("no chip with %s and %u blocks", geometry, n_blocks);
        return FALSE;
    }
    if (modem->quirks & SIM_QUIRK_OTHER_TABLE)
        sim_layout_make_other (&modem->factory);
    modem->nand = sim_nand_new (modem->factory.page_size, modem->factory.pages_per_block, n_blocks);
    for (guint i = 0; i < config->n_bad_blocks; i++) {
        if (config->bad_blocks[i] >= n_blocks) {
            *why = g_strdup_printf ("bad block %u is outside of the chip", config->bad_blocks[i]);
            return FALSE;
        }
        modem->nand->is_bad[config->bad_blocks[i]] = 1;
    }
    sim_chain_fill (modem->nand, &modem->factory, version);
    if (config->half_flashed && !sim_half_flash (modem, config->half_flashed)) {
        *why = g_strdup_printf ("no half-flashed state \"%s\" of family %s", config->half_flashed,
                                modem->family->name);
        return FALSE;
    }
    return TRUE;
}

/* How it is powered on for that start mode; FALSE when the family has no such mode. */
static gboolean
choose_start (const SimModem *modem, SimStart start, SimReset *how)
{
    gboolean is_9x15 = modem->family->is_9x15;

    if (modem->family->is_stranger && start != modem->family->only_start)
        return FALSE;
    switch (start) {
    case SIM_START_NORMAL:
        *how = SIM_RESET_BOOT;
        return TRUE;
    case SIM_START_EDL:
    case SIM_START_EDL_HALF_WAY:
    case SIM_START_EDL_ERROR:
    case SIM_START_EDL_PROGRAMMER:
    case SIM_START_EDL_RAW:
        *how = SIM_RESET_EDL;
        return !is_9x15;
    case SIM_START_DLOAD:
        *how = SIM_RESET_DOWNLOAD;
        return is_9x15;
    case SIM_START_SBL:
    case SIM_START_SBL_HALF_WAY:
        *how = SIM_RESET_DOWNLOAD;
        return !is_9x15;
    case SIM_START_STREAMING:
        *how = SIM_RESET_DOWNLOAD;
        return TRUE;
    case SIM_START_FASTBOOT:
    case SIM_START_FASTBOOT_DEAD:
    case SIM_START_FASTBOOT_DATA:
    default:
        *how = SIM_RESET_FASTBOOT;
        return TRUE;
    }
}

SimModem *
sim_modem_new (const SimConfig *config, gint64 now_us, char **why)
{
    g_autoptr (SimModem) modem = g_new0 (SimModem, 1);
    guint speed = config->speed == SIM_SPEED_REAL ? 1 : 0;
    SimReset how = SIM_RESET_BOOT;

    modem->family = sim_family_find (config->family ? config->family : "");
    if (!modem->family) {
        *why = g_strdup_printf ("unknown family \"%s\"", config->family);
        return NULL;
    }
    if (config->is_usb3 && !modem->family->has_usb3) {
        *why = g_strdup_printf ("a modem of family %s has no USB 3", modem->family->name);
        return NULL;
    }
    modem->is_usb3 = config->is_usb3;
    modem->record = sim_record_new (config->log_path, why);
    if (!modem->record || !parse_quirks (modem, config->quirks, why) ||
        !parse_usb_id (modem, config->usb_id, why) ||
        !make_chip (modem, config, config->version ? config->version : modem->family->version, why))
        return NULL;
    modem->serial = g_strndup (config->serial ? config->serial : "", SERIAL_MAX);
    modem->functions.ports = modem->family->is_mbim_only ? SIM_NET_ALONE : SIM_ALL_PORTS;
    modem->functions.is_mbim = modem->family->is_mbim_only;
    if (!sim_functions_parse (&modem->functions, config->composition, why))
        return NULL;
    if (modem->family->normal.interfaces)
        modem->functions.ports = 0; /* it has other ones, which say nothing */
    make_imei (modem);
    sim_card_insert (&modem->card, config->card);
    modem->card.network = config->network;
    modem->first_function = config->function;
    modem->speed = config->speed;
    modem->start = config->start;
    modem->boot_ms = config->boot_ms ? config->boot_ms : boot_ms[speed];
    modem->edl_ms = config->edl_ms ? config->edl_ms : edl_ms[speed];
    modem->diag_noise = config->diag_noise;
    modem->max_download = config->max_download;
    modem->max_payload = config->max_payload ? config->max_payload : PAYLOAD;
    modem->faults = sim_faults_new ();
    modem->now_us = now_us;
    modem->is_plugged = TRUE;
    if (!choose_start (modem, config->start, &how)) {
        *why = g_strdup_printf ("a modem of family %s has no such start mode", modem->family->name);
        return NULL;
    }
    modem->first_boot = how;
    sim_boot (modem, how, 0);
    return g_steal_pointer (&modem);
}

gboolean
sim_modem_load (SimModem *modem, const char *path, GError **error)
{
    if (!sim_nand_load (modem->nand, path, error))
        return FALSE;
    sim_boot (modem, modem->first_boot, 0);
    return TRUE;
}

void
sim_modem_free (SimModem *modem)
{
    if (!modem)
        return;
    sim_free_functions (modem);
    sim_nand_free (modem->nand);
    sim_record_free (modem->record);
    sim_faults_free (modem->faults);
    g_free (modem->serial);
    g_free (modem);
}
