/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AT ports.
 *
 *   > AT+QGMR\r
 *   < AT+QGMR\r            (echo, until ATE0)
 *   < \r\nEC25EFAR06A05M4G_01.001.01.001\r\n\r\nOK\r\n
 *
 * Commands are chained as V.250 has it: basic commands stick together, extended ones are parted by ';'. What
 * the table does not know is an ERROR. The answers are made up after the public AT manual of the EC25; what
 * ModemManager asks is in it. atstate.c answers what depends on the card and the network. */

#include "sim/internal.h"

#include <string.h>

#define AT_LINE_MAX 512
/* An AT command processor is not a fast thing. */
#define ANSWER_US   2000
#define QUIT_US     50000
#define FASTBOOT_US 20000

struct _SimAt {
    SimModem *modem;
    guint8 endpoint;
    gboolean has_echo, is_verbose, is_quiet, has_error_numbers;
    GString *line;
    GString *answer; /* of the last command about card, network or radio */
    char *previous;  /* for A/ */
};

typedef struct {
    const char *command; /* upper case, without AT */
    const char *answer;  /* lines parted by \n; "" just OK; "!..." a final result instead of OK */
} Row;

/* {maker}, {model}, {revision}, {version}, {imei} are replaced. */
static const Row rows[] = {
    { "I", "{maker}\n{model}\nRevision: {revision}" },
    { "+CGMI", "{maker}" },
    { "+GMI", "{maker}" },
    { "+CGMM", "{model}" },
    { "+GMM", "{model}" },
    { "+CGMR", "{revision}" },
    { "+GMR", "{revision}" },
    { "+QGMR", "{version}" },
    { "+QGMR?", "{version}" },
    { "+CGSN", "{imei}" },
    { "+GSN", "{imei}" },
    { "+GCAP", "+GCAP: +CGSM" },
    { "+CFUN=?", "+CFUN: (0,1,4),(0,1)" },
    { "+CREG=?", "+CREG: (0-2)" },
    { "+CGREG=?", "+CGREG: (0-2)" },
    { "+CEREG=?", "+CEREG: (0-2)" },
    { "+COPS=?", "+COPS: (2,\"Test Network\",\"Test\",\"00101\",7),,(0-4),(0-2)" },
    { "+CIND=?", "!+CME ERROR: 4" },
    { "+WS46=?", "+WS46: (12,22,25,28,29,30,31)" },
    { "+CGDCONT=?", "+CGDCONT: (1-24,100-179),\"IP\",,,(0-2),(0-4),(0-1),(0-1)\n"
                    "+CGDCONT: (1-24,100-179),\"IPV6\",,,(0-2),(0-4),(0-1),(0-1)\n"
                    "+CGDCONT: (1-24,100-179),\"IPV4V6\",,,(0-2),(0-4),(0-1),(0-1)" },
    { "+CGDCONT?", "+CGDCONT: 1,\"IPV4V6\",\"internet\",\"0.0.0.0\",0,0,0,0" },
    { "+CSCS=?", "+CSCS: (\"GSM\",\"IRA\",\"UCS2\")" },
    { "+CSCS?", "+CSCS: \"IRA\"" },
    { "+CMGF=?", "+CMGF: (0,1)" },
    { "+CPMS=?",
      "+CPMS: (\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\"),(\"ME\",\"MT\",\"SM\",\"SR\")" },
    { "+CPMS?", "+CPMS: \"ME\",0,255,\"ME\",0,255,\"ME\",0,255" },
    { "+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)" },
    { "+CSMS?", "+CSMS: 0,1,1,1" },
    { "+CLCK=?", "+CLCK: "
                 "(\"SC\",\"AO\",\"OI\",\"OX\",\"AI\",\"IR\",\"AB\",\"AG\",\"AC\",\"PS\",\"PN\",\"PU\","
                 "\"PP\",\"PC\",\"PF\")" },
    { "+CTZU=?", "+CTZU: (0,1,3)" },
    { "+CTZU?", "+CTZU: 0" },
    { "+CTZR=?", "+CTZR: (0-2)" },
    { "+CCLK?", "+CCLK: \"26/01/01,12:00:00+00\"" },
    { "+QLTS=?", "+QLTS: (0-2)" },
    { "+QFASTBOOT=?", "" },
    { "+QGPS=?", "+QGPS: (1-4),(1-255),(1-1000),(1-65535)" },
    { "+QGPS?", "+QGPS: 0" },
    { "+QPRTPARA?", "+QPRTPARA: 1" },
    { "+IPR=?", "+IPR: (),(9600,19200,38400,57600,115200,230400,460800,921600)" },
    { "+IFC=?", "+IFC: (0-2),(0-2)" },
    { "+ICF?", "+ICF: 3,3" },
    { "+CUSD=?", "+CUSD: (0-2)" },
    { "+CLIP=?", "+CLIP: (0,1)" },
    { "+CMER=?", "+CMER: (0-3),(0),(0),(0-1),(0)" },
    { "+CGEREP=?", "+CGEREP: (0-2),(0,1)" },
    { "+CEER", "+CEER: 0" },
};

/* Commands that set something of no consequence here: by prefix, answered with OK. */
static const char *const settings[] = {
    "+CREG=", "+CGREG=", "+CEREG=",   "+CSCS=",  "+CMGF=",  "+CPMS=",   "+CNMI=", "+CSMS=",    "+CTZU=",
    "+CTZR=", "+CLIP=",  "+CRC=",     "+CCWA=",  "+CUSD=",  "+CGEREP=", "+CMER=", "+QINDCFG=", "+QURCCFG=",
    "+QGPS=", "+IFC=",   "+CGDCONT=", "+CGATT=", "+CGACT=", "+COPS=",   "+ICF=",  "+CCLK=",
};

SimAt *
sim_at_new (SimModem *modem, guint8 endpoint)
{
    SimAt *at = g_new0 (SimAt, 1);

    at->modem = modem;
    at->endpoint = endpoint;
    at->has_echo = TRUE;
    at->is_verbose = TRUE;
    at->has_error_numbers = TRUE;
    at->line = g_string_new (NULL);
    at->answer = g_string_new (NULL);
    return at;
}

void
sim_at_free (SimAt *at)
{
    g_string_free (at->line, TRUE);
    g_string_free (at->answer, TRUE);
    g_free (at->previous);
    g_free (at);
}

static char *
expand (SimModem *modem, const char *answer)
{
    g_autoptr (GString) text = g_string_new (answer);
    const char *version = modem->boot.version;
    g_autofree char *revision = g_strdup (version);
    const SimFamily *family = modem->family;
    g_autofree char *model = family->model ? g_strdup (family->model) : g_strndup (version, 4);

    if (strchr (revision, '_'))
        *strchr (revision, '_') = '\0';
    g_string_replace (text, "{version}", version, 0);
    g_string_replace (text, "{revision}", revision, 0);
    g_string_replace (text, "{maker}", family->maker ? family->maker : "Quectel", 0);
    g_string_replace (text, "{model}", model, 0);
    g_string_replace (text, "{imei}", sim_imei (modem), 0);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Goes to fastboot; the port vanishes before the answer. */
static const char *
run_fastboot (SimAt *at)
{
    SimModem *modem = at->modem;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "AT+QFASTBOOT");
    SimHit hit = sim_hit (modem, "qfastboot", at->endpoint);
    gboolean is_ok = modem->quirks & SIM_QUIRK_QFASTBOOT_OK || modem->family->is_9x15;
    gint64 delay_us = is_ok ? QUIT_US : FASTBOOT_US;

    if (hit.action == SIM_ACT_NAK || modem->quirks & SIM_QUIRK_QFASTBOOT_ERROR)
        return "!ERROR";
    if (hit.action == SIM_ACT_DEAF)
        return "!";
    if (hit.action == SIM_ACT_GARBAGE)
        sim_emit (modem, at->endpoint, "\xff\x80garbage", 9, ANSWER_US);
    else if (hit.action == SIM_ACT_SLOW)
        delay_us += (gint64) hit.argument * 1000;
    op->is_done = TRUE;
    if (modem->quirks & SIM_QUIRK_QFASTBOOT_BACK)
        sim_reset_later (modem, SIM_RESET_BOOT, delay_us);
    else
        sim_reset_later (modem, SIM_RESET_FASTBOOT, delay_us);
    return is_ok ? "" : "!";
}

/* What has consequences. NULL: not one of them. */
static const char *
run_action (SimAt *at, const char *command)
{
    SimModem *modem = at->modem;

    if (modem->quirks & SIM_QUIRK_NO_QFASTBOOT && g_str_has_prefix (command, "+QFASTBOOT"))
        return "!ERROR";
    if (g_str_equal (command, "+QFASTBOOT"))
        return run_fastboot (at);
    if (modem->family->is_9x15 && (g_str_equal (command, "+QDL") || g_str_has_prefix (command, "+QDL="))) {
        sim_op (modem, SIM_OP_OTHER, 0, 0, "AT%s", command)->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_DOWNLOAD, QUIT_US);
        return "";
    }
    if (g_str_equal (command, "+CFUN=1,1")) {
        sim_op (modem, SIM_OP_OTHER, 0, 0, "AT+CFUN=1,1")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_BOOT, QUIT_US);
        return "";
    }
    if (g_str_has_prefix (command, "+CMEE=") && g_ascii_isdigit (command[6])) {
        at->has_error_numbers = command[6] != '0';
        return "";
    }
    if (g_str_has_prefix (command, "+QPOWD")) {
        sim_op (modem, SIM_OP_OTHER, 0, 0, "AT+QPOWD")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_OFF, QUIT_US);
        return "";
    }
    return NULL;
}

static const char *
look_up (SimAt *at, const char *command)
{
    const char *answer;

    if (at->modem->family->is_stranger && g_str_has_prefix (command, "+Q"))
        return "!ERROR";
    answer = run_action (at, command);
    if (answer)
        return answer;
    if (sim_at_state_answer (at->modem, command, at->answer) ||
        sim_at_config_answer (at->modem, command, at->answer))
        return at->answer->str;
    if (at->modem->family->is_9x15 && g_str_has_prefix (command, "+QGMR"))
        return "!ERROR"; /* Source: the thread that this project began with: forums.quectel.com, topic 25138
                          */
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        if (!g_str_equal (rows[i].command, command))
            continue;
        if (strchr (rows[i].answer, '{') && at->modem->boot.version[0] == '\0')
            return "!ERROR";
        return rows[i].answer;
    }
    for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
        if (g_str_has_prefix (command, settings[i]))
            return "";
    }
    return "!ERROR";
}

/* One basic command at `*p`: a letter, maybe after &, and its number. FALSE: not understood. */
static gboolean
run_basic (SimAt *at, const char **p, GString *out)
{
    gboolean is_ampersand = **p == '&';
    char letter = (char) g_ascii_toupper (*(*p += is_ampersand));
    guint64 value;

    if (!g_ascii_isalpha (letter))
        return FALSE;
    value = g_ascii_strtoull (*p + 1, (char **) p, 10);
    if (is_ampersand)
        return strchr ("CDFKSVW", letter) != NULL;
    switch (letter) {
    case 'E':
        at->has_echo = value != 0;
        return TRUE;
    case 'V':
        at->is_verbose = value != 0;
        return TRUE;
    case 'Q':
        at->is_quiet = value != 0;
        return TRUE;
    case 'Z':
        at->has_echo = at->is_verbose = TRUE;
        at->is_quiet = FALSE;
        return TRUE;
    case 'I': {
        g_autofree char *text = expand (at->modem, rows[0].answer);

        g_string_append_printf (out, "%s\n", text);
        return at->modem->boot.version[0] != '\0';
    }
    default:
        return strchr ("XLMH", letter) != NULL;
    }
}

/* One extended command at `*p`, up to ';' outside of quotes. The final result, NULL for OK. */
static char *
run_extended (SimAt *at, const char **p, GString *out)
{
    g_autoptr (GString) command = g_string_new (NULL);
    gboolean in_quotes = FALSE;
    const char *answer;

    for (; **p && (in_quotes || **p != ';'); (*p)++) {
        if (**p == '"')
            in_quotes = !in_quotes;
        if (**p != ' ' || in_quotes)
            g_string_append_c (command, g_ascii_toupper (**p));
    }
    answer = look_up (at, command->str);
    if (g_str_has_prefix (answer, "!+CME ERROR") && !at->has_error_numbers)
        return g_strdup ("ERROR");
    if (answer[0] == '!')
        return g_strdup (answer + 1);
    if (answer[0]) {
        g_autofree char *text = expand (at->modem, answer);

        g_string_append_printf (out, "%s\n", text);
    }
    return NULL;
}

static void
answer_line (SimAt *at, const char *info, const char *final, SimHit hit)
{
    g_auto (GStrv) lines = g_strsplit (info, "\n", -1);
    g_autoptr (GString) out = g_string_new (NULL);
    gint64 delay_us = ANSWER_US + (hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0);

    for (guint i = 0; lines[i]; i++) {
        if (lines[i][0])
            g_string_append_printf (out, "\r\n%s\r\n", lines[i]);
    }
    if (hit.action == SIM_ACT_NAK)
        final = "ERROR";
    if (!at->is_quiet && final[0]) {
        if (at->is_verbose)
            g_string_append_printf (out, "\r\n%s\r\n", final);
        else
            g_string_append (out, g_str_equal (final, "OK") ? "0\r" : "4\r");
    }
    if (hit.action == SIM_ACT_GARBAGE)
        g_string_assign (out, "\xff\x80garb\0age");
    if (out->len > 0)
        sim_emit (at->modem, at->endpoint, out->str, out->len, delay_us);
}

static void
run_line (SimAt *at, const char *line)
{
    g_autoptr (GString) info = g_string_new (NULL);
    g_autofree char *final = NULL;
    const char *p = line + 2;
    SimHit hit = sim_hit (at->modem, "at", at->endpoint);

    while (*p && !final) {
        if (*p == ' ' || *p == ';')
            p++;
        else if (strchr ("+^$*%", *p))
            final = run_extended (at, &p, info);
        else if (!run_basic (at, &p, info))
            final = g_strdup ("ERROR");
    }
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    answer_line (at, info->str, final ? final : "OK", hit);
}

static void
end_line (SimAt *at)
{
    g_autofree char *line = g_strdup (at->line->str);

    g_string_truncate (at->line, 0);
    if (g_ascii_strncasecmp (line, "AT", 2) == 0)
        run_line (at, line);
}

void
sim_at_feed (SimAt *at, const guint8 *data, gsize size)
{
    if (at->has_echo && size > 0)
        sim_emit (at->modem, at->endpoint, data, size, 0);
    for (gsize i = 0; i < size; i++) {
        if (data[i] == '\r')
            end_line (at);
        else if (data[i] >= 0x20 && data[i] < 0x7f && at->line->len < AT_LINE_MAX)
            g_string_append_c (at->line, (char) data[i]);
    }
}
