/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the AT ports tell of the card, the network and the radio.
 *
 *   > AT+CPIN?\r           < +CPIN: SIM PIN       with a card that asks for its PIN
 *   > AT+CIMI\r            < +CME ERROR: 11       the same
 *   > AT+CPIN="1234"\r     < OK
 *
 * Source: 3GPP TS 27.007: the commands, and 9.2 for the errors: 3 not allowed, 10 no card, 11 PIN, 12 PUK
 * needed, 16 wrong password. */

#include "sim/internal.h"

#include <string.h>

#define NOT_ALLOWED "!+CME ERROR: 3"
#define WRONG_CODE  "!+CME ERROR: 16"
#define MAX_WORDS   4

typedef enum {
    NEEDS_NOTHING,
    NEEDS_CARD,    /* in whatever state */
    NEEDS_READY,   /* unlocked */
    NEEDS_SERVICE, /* registered, or else `otherwise` */
} Need;

/* {stat} is the registration state while there is none. */
static const struct {
    const char *command;
    Need need;
    const char *answer, *otherwise;
} rows[] = {
    { "+CIMI", NEEDS_READY, "001010123456789", NULL },
    { "+QCCID", NEEDS_CARD, "+QCCID: 89882390000012345678", NULL },
    { "+ICCID", NEEDS_CARD, "+ICCID: 89882390000012345678", NULL },
    { "+CRSM=176,12258,0,0,10", NEEDS_CARD, "+CRSM: 144,0,\"98883209000021436587\"", NULL },
    { "+CNUM", NEEDS_READY, "", NULL },
    { "+CSCA?", NEEDS_READY, "+CSCA: \"+491700000000\",145", NULL },
    { "+QUSIM?", NEEDS_CARD, "+QUSIM: 1", NULL },
    { "+CREG?", NEEDS_SERVICE, "+CREG: 2,1,\"0001\",\"00000001\",7", "+CREG: 2,{stat}" },
    { "+CGREG?", NEEDS_SERVICE, "+CGREG: 2,1,\"0001\",\"00000001\",7", "+CGREG: 2,{stat}" },
    { "+CEREG?", NEEDS_SERVICE, "+CEREG: 2,1,\"0001\",\"00000001\",7", "+CEREG: 2,{stat}" },
    { "+COPS?", NEEDS_SERVICE, "+COPS: 0,0,\"Test Network\",7", "+COPS: 0" },
    { "+CSQ", NEEDS_SERVICE, "+CSQ: 22,99", "+CSQ: 99,99" },
    { "+CESQ", NEEDS_SERVICE, "+CESQ: 99,99,255,255,20,50", "+CESQ: 99,99,255,255,255,255" },
    { "+CGACT?", NEEDS_SERVICE, "+CGACT: 1,1", "+CGACT: 1,0" },
    { "+CGATT?", NEEDS_SERVICE, "+CGATT: 1", "+CGATT: 0" },
};

/* Why the card cannot be asked; NULL when it can. */
static const char *
refusal (SimCard seen, Need need)
{
    if (need != NEEDS_CARD && need != NEEDS_READY)
        return NULL;
    if (seen == SIM_CARD_ABSENT)
        return "!+CME ERROR: 10";
    if (need == NEEDS_CARD || seen == SIM_CARD_READY)
        return NULL;
    return seen == SIM_CARD_PIN ? "!+CME ERROR: 11" : "!+CME ERROR: 12";
}

/* Words of a command behind its '=', without quotes; as many as there are, the rest "". */
static void
take_words (const char *command, char words[MAX_WORDS][16])
{
    const char *equal = strchr (command, '=');
    g_auto (GStrv) parts = g_strsplit (equal ? equal + 1 : "", ",", MAX_WORDS);

    for (guint i = 0, n = g_strv_length (parts); i < MAX_WORDS; i++) {
        char *part = i < n ? parts[i] : NULL;

        words[i][0] = '\0';
        if (part && part[0] == '"' && strlen (part) > 1 && part[strlen (part) - 1] == '"') {
            part[strlen (part) - 1] = '\0';
            part++;
        }
        if (part)
            g_strlcpy (words[i], part, sizeof words[i]);
    }
}

/* AT+CPIN="1234", or a PUK and a new PIN. */
static const char *
enter_pin (SimModem *modem, char words[MAX_WORDS][16])
{
    SimCard seen = sim_card_get (&modem->card);
    gboolean ok;

    if (seen == SIM_CARD_ABSENT)
        return "!+CME ERROR: 10";
    if (seen == SIM_CARD_READY)
        return NOT_ALLOWED;
    if (seen == SIM_CARD_PUK)
        ok = sim_card_unblock (&modem->card, words[0], words[1]);
    else
        ok = sim_card_verify (&modem->card, words[0]);
    sim_card_tell (modem, ok);
    return ok ? "" : WRONG_CODE;
}

/* AT+CLCK="SC",MODE,"1234" */
static const char *
lock (SimModem *modem, char words[MAX_WORDS][16])
{
    SimCard seen = sim_card_get (&modem->card);
    gboolean ok;

    if (seen == SIM_CARD_ABSENT)
        return "!+CME ERROR: 10";
    if (g_str_equal (words[1], "2"))
        return modem->card.has_pin ? "+CLCK: 1" : "+CLCK: 0";
    if (seen == SIM_CARD_PUK)
        return "!+CME ERROR: 12";
    ok = sim_card_protect (&modem->card, g_str_equal (words[1], "1"), words[2]);
    sim_card_tell (modem, FALSE);
    return ok ? "" : WRONG_CODE;
}

static const char *
set_function (SimModem *modem, char words[MAX_WORDS][16])
{
    guint64 function = g_ascii_strtoull (words[0], NULL, 10);

    return function <= 4 && sim_set_function (modem, (guint) function) ? "" : NOT_ALLOWED;
}

/* What changes something. NULL: not one of them. */
static const char *
run_setting (SimModem *modem, const char *command)
{
    char words[MAX_WORDS][16];

    take_words (command, words);
    if (g_str_has_prefix (command, "+CPIN=") && words[0][0] != '?')
        return enter_pin (modem, words);
    if (g_str_has_prefix (command, "+CLCK=\"SC\","))
        return lock (modem, words);
    if (g_str_has_prefix (command, "+CFUN=") && words[0][0] != '?' && words[1][0] != '1')
        return set_function (modem, words);
    return NULL;
}

static gboolean
tell_state (const SimModem *modem, const char *command, GString *answer)
{
    static const char *const pins[] = { "+CPIN: READY", "!+CME ERROR: 10", "+CPIN: SIM PIN",
                                        "+CPIN: SIM PUK" };
    const SimCardState *card = &modem->card;

    if (g_str_equal (command, "+CPIN?"))
        g_string_assign (answer, pins[sim_card_get (card)]);
    else if (g_str_equal (command, "+CFUN?"))
        g_string_printf (answer, "+CFUN: %u", card->function);
    else if (g_str_equal (command, "+QSIMSTAT?"))
        g_string_printf (answer, "+QSIMSTAT: 0,%d", card->is_inserted ? 1 : 0);
    else if (g_str_equal (command, "+QPINC?"))
        g_string_printf (answer, "+QPINC: \"SC\",%u,%u\n+QPINC: \"P2\",3,10", card->pin_tries,
                         card->puk_tries);
    else
        return FALSE;
    return TRUE;
}

gboolean
sim_at_state_answer (SimModem *modem, const char *command, GString *answer)
{
    SimCard seen = sim_card_get (&modem->card);
    const char *done = run_setting (modem, command);

    if (done) {
        g_string_assign (answer, done);
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
        const char *no = refusal (seen, rows[i].need);
        gboolean has_service = rows[i].need != NEEDS_SERVICE || sim_card_is_registered (&modem->card);

        if (!g_str_equal (rows[i].command, command))
            continue;
        g_string_assign (answer, no ? no : has_service ? rows[i].answer : rows[i].otherwise);
        /* 2: it searches, 0: it does not. */
        g_string_replace (answer, "{stat}", modem->card.function == 1 && seen == SIM_CARD_READY ? "2" : "0",
                          0);
        return TRUE;
    }
    return tell_state (modem, command, answer);
}
