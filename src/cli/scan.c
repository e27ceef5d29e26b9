/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mmcli parses with GOption, which goes through the arguments once, in order: "--" ends the options; a long
 * option that wants a value and has no "=" takes the next argument, whatever it is; so does a short one, also
 * as a member of a cluster ("-vm 0"); a help option ends everything at the place where it stands. Names are
 * never abbreviated.
 */

#include "cli/scan.h"

#include <string.h>

typedef struct {
    const char *name;
    gboolean wants_value;
    gboolean may_lack_value; /* takes no next argument that begins with a dash */
} Option;

/* Without "firmware-": the names that begin with it are ours. */
static const Option our_options[] = {
    { "update", TRUE },        { "update-check", TRUE },         { "update-status", FALSE },
    { "update-list", FALSE },  { "update-cancel", FALSE },       { "update-allow", TRUE },
    { "update-yes", FALSE },   { "update-method", TRUE },        { "update-port", TRUE },
    { "recover", TRUE, TRUE }, { "update-keep-package", FALSE },
};

/* Options of mmcli that want a value, of every release from 1.10 to 1.25: the next argument is not looked at.
 */
static const char *const real_with_value[] = {
    "3gpp-disable-facility-lock",
    "3gpp-profile-manager-delete",
    "3gpp-profile-manager-set",
    "3gpp-register-in-operator",
    "3gpp-set-carrier-lock",
    "3gpp-set-eps-ue-mode-operation",
    "3gpp-set-initial-eps-bearer-settings",
    "3gpp-set-nr5g-registration-settings",
    "3gpp-set-packet-service-state",
    "3gpp-ussd-initiate",
    "3gpp-ussd-respond",
    "bearer",
    "call",
    "cbm",
    "cdma-activate",
    "cdma-activate-manual",
    "cdma-activate-manual-with-prl",
    "cell-broadcast-delete-cbm",
    "cell-broadcast-set-channels",
    "change-pin",
    "command",
    "create-bearer",
    "create-file-with-data",
    "deflect",
    "delete-bearer",
    "factory-reset",
    "firmware-select",
    "inhibit-device",
    "location-inject-assistance-data",
    "location-set-gps-refresh-rate",
    "location-set-supl-server",
    "messaging-create-sms",
    "messaging-create-sms-with-data",
    "messaging-create-sms-with-text",
    "messaging-delete-sms",
    "modem",
    "oma-accept-network-initiated-session",
    "oma-reject-network-initiated-session",
    "oma-setup",
    "oma-start-client-initiated-session",
    "pin",
    "puk",
    "report-kernel-event",
    "sar-set-power-level",
    "send-dtmf",
    "set-allowed-modes",
    "set-current-bands",
    "set-current-capabilities",
    "set-default-storage",
    "set-logging",
    "set-preferred-mode",
    "set-primary-sim-slot",
    "signal-setup",
    "signal-setup-thresholds",
    "sim",
    "sim-set-preferred-networks",
    "simple-connect",
    "sms",
    "store-in-storage",
    "timeout",
    "voice-create-call",
    "voice-delete-call",
};

/* -m modem, -b bearer, -i sim, -s sms, -o call, -G set-logging, -I inhibit-device. -K is output-keyvalue: of
 * two options with one letter GOption's main group wins. */
#define REAL_SHORT_WITH_VALUE "mbisoGI"

typedef enum { WORD_OTHER, WORD_OURS, WORD_HELP, WORD_HELP_FIRMWARE, WORD_VERSION } Word;

static gboolean
long_name_is (const char *arg, const char *name)
{
    gsize n = strlen (name);

    return strncmp (arg, name, n) == 0 && (arg[n] == '\0' || arg[n] == '=');
}

static Word
classify_long (const char *arg, const char *next, gboolean *takes_next)
{
    gboolean has_value = strchr (arg, '=') != NULL;

    if (g_str_has_prefix (arg, "firmware-")) {
        for (gsize i = 0; i < G_N_ELEMENTS (our_options); i++) {
            if (long_name_is (arg + strlen ("firmware-"), our_options[i].name)) {
                *takes_next = our_options[i].wants_value && !has_value &&
                              !(our_options[i].may_lack_value && (next == NULL || next[0] == '-'));
                return WORD_OURS;
            }
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS (real_with_value); i++) {
        if (long_name_is (arg, real_with_value[i])) {
            *takes_next = !has_value;
            return WORD_OTHER;
        }
    }
    if (g_str_equal (arg, "version"))
        return WORD_VERSION;
    if (g_str_equal (arg, "help-firmware") || g_str_equal (arg, "help-all"))
        return WORD_HELP_FIRMWARE;
    if (g_str_equal (arg, "help") || g_str_has_prefix (arg, "help-"))
        return WORD_HELP;
    return WORD_OTHER;
}

static Word
classify_cluster (const char *arg, gboolean *takes_next)
{
    Word word = WORD_OTHER;

    for (const char *c = arg; *c != '\0'; c++) {
        if (*c == 'h' || *c == '?')
            return WORD_HELP;
        if (*c == 'V')
            word = WORD_VERSION;
        if (strchr (REAL_SHORT_WITH_VALUE, *c) != NULL)
            *takes_next = TRUE;
    }
    return word;
}

MfuScan
mfu_scan (int argc, char *const *argv)
{
    MfuScan scan = { MFU_SCAN_REAL, 0, FALSE };
    Word first_help = WORD_OTHER;
    gboolean has_ours = FALSE, has_version = FALSE;

    for (int i = 1; i < argc && first_help == WORD_OTHER; i++) {
        const char *arg = argv[i];
        gboolean takes_next = FALSE;
        Word word;

        if (arg[0] != '-' || arg[1] == '\0')
            continue;
        if (g_str_equal (arg, "--"))
            break;
        word = arg[1] == '-' ? classify_long (arg + 2, i + 1 < argc ? argv[i + 1] : NULL, &takes_next)
                             : classify_cluster (arg + 1, &takes_next);
        has_ours = has_ours || word == WORD_OURS;
        has_version = has_version || word == WORD_VERSION;
        if (word == WORD_HELP || word == WORD_HELP_FIRMWARE) {
            first_help = word;
            scan.help = i;
        }
        if (takes_next)
            i++;
    }

    scan.only_help = has_ours && first_help != WORD_OTHER;
    if (first_help == WORD_HELP_FIRMWARE && !has_version)
        scan.result = MFU_SCAN_HELP;
    else if (first_help == WORD_OTHER && has_ours)
        scan.result = MFU_SCAN_OURS;
    return scan;
}
