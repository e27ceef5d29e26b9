/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SIM card, AT+CFUN and the network, as far as a host can see them.
 *
 * Source: PIN and PUK: 3GPP TS 11.11, section 8.9 on; CFUN: public AT manual of the EC25 (0: neither radio
 * nor card, 4: no radio). That they hold until the next reset is the manual's; that a card with CFUN=0 looks
 * like none in QMI is taken from it. */

#include "sim/internal.h"

#include <string.h>

#define PIN_TRIES 3
#define PUK_TRIES 10
#define URC_US    100000

void
sim_card_insert (SimCardState *card, SimCard kind)
{
    card->is_inserted = kind != SIM_CARD_ABSENT;
    card->has_pin = kind == SIM_CARD_PIN || kind == SIM_CARD_PUK;
    card->is_verified = FALSE;
    card->pin_tries = kind == SIM_CARD_PUK ? 0 : PIN_TRIES;
    card->puk_tries = PUK_TRIES;
    g_strlcpy (card->pin, SIM_PIN, sizeof card->pin);
}

void
sim_card_reset (SimCardState *card)
{
    card->is_verified = FALSE;
    card->function = 1;
    card->was_registered = FALSE;
}

SimCard
sim_card_get (const SimCardState *card)
{
    if (!card->is_inserted || card->function == 0)
        return SIM_CARD_ABSENT;
    if (card->pin_tries == 0)
        return SIM_CARD_PUK;
    return card->has_pin && !card->is_verified ? SIM_CARD_PIN : SIM_CARD_READY;
}

gboolean
sim_card_is_registered (const SimCardState *card)
{
    return card->function == 1 && sim_card_get (card) == SIM_CARD_READY && card->network == SIM_NETWORK_HOME;
}

gboolean
sim_card_verify (SimCardState *card, const char *pin)
{
    if (card->pin_tries == 0)
        return FALSE;
    if (!g_str_equal (pin, card->pin)) {
        card->pin_tries--;
        card->is_verified = card->is_verified && card->pin_tries > 0;
        return FALSE;
    }
    card->pin_tries = PIN_TRIES;
    card->is_verified = TRUE;
    return TRUE;
}

gboolean
sim_card_unblock (SimCardState *card, const char *puk, const char *new_pin)
{
    gsize n = strlen (new_pin);

    if (card->puk_tries == 0)
        return FALSE;
    if (!g_str_equal (puk, SIM_PUK) || n < 4 || n >= sizeof card->pin) {
        card->puk_tries--;
        return FALSE;
    }
    g_strlcpy (card->pin, new_pin, sizeof card->pin);
    card->pin_tries = PIN_TRIES;
    card->puk_tries = PUK_TRIES;
    card->is_verified = TRUE;
    return TRUE;
}

gboolean
sim_card_protect (SimCardState *card, gboolean has_pin, const char *pin)
{
    if (!sim_card_verify (card, pin))
        return FALSE;
    card->has_pin = has_pin;
    return TRUE;
}

gboolean
sim_set_function (SimModem *modem, guint function)
{
    gboolean is_other_card = (function == 0) != (modem->card.function == 0);

    if (function != 0 && function != 1 && function != 4)
        return FALSE;
    if (is_other_card)
        modem->card.is_verified = FALSE;
    modem->card.function = function;
    sim_note (modem, "function %u", function);
    if (modem->qmi)
        sim_qmi_tell_mode (modem->qmi);
    if (modem->mbim)
        sim_mbim_tell_radio (modem->mbim);
    sim_card_tell (modem, is_other_card);
    return TRUE;
}

void
sim_card_tell (SimModem *modem, gboolean is_other_card)
{
    static const char *const urcs[] = { "\r\n+CPIN: READY\r\n", "\r\n+CPIN: NOT READY\r\n",
                                        "\r\n+CPIN: SIM PIN\r\n", "\r\n+CPIN: SIM PUK\r\n" };
    gboolean is_registered = sim_card_is_registered (&modem->card);
    const char *urc = urcs[sim_card_get (&modem->card)];
    const SimPlace *place = sim_place (modem, SIM_PORT_AT);

    if (is_other_card && place && modem->at[1])
        sim_emit (modem, place->in, urc, strlen (urc), URC_US);
    if (modem->qmi)
        sim_qmi_tell (modem->qmi, is_other_card, is_registered != modem->card.was_registered);
    if (modem->mbim)
        sim_mbim_tell (modem->mbim, is_other_card, is_registered != modem->card.was_registered);
    if (!is_registered)
        sim_net_lose (modem);
    modem->card.was_registered = is_registered;
}

/* --- the hand at the card --- */

void
sim_modem_set_card (SimModem *modem, gint64 now_us, SimCard card)
{
    sim_modem_advance (modem, now_us);
    sim_note (modem, "another card: %s", sim_card_name (card));
    sim_card_insert (&modem->card, card);
    sim_card_tell (modem, TRUE);
}

void
sim_modem_set_network (SimModem *modem, gint64 now_us, SimNetwork network)
{
    sim_modem_advance (modem, now_us);
    sim_note (modem, "another network: %s", sim_network_name (network));
    modem->card.network = network;
    sim_card_tell (modem, FALSE);
}

gboolean
sim_modem_set_function (SimModem *modem, gint64 now_us, guint function)
{
    sim_modem_advance (modem, now_us);
    return sim_set_function (modem, function);
}

const char *
sim_card_name (SimCard card)
{
    static const char *const names[] = { "ready", "absent", "pin", "puk" };

    return card < G_N_ELEMENTS (names) ? names[card] : NULL;
}

const char *
sim_network_name (SimNetwork network)
{
    static const char *const names[] = { "home", "none" };

    return network < G_N_ELEMENTS (names) ? names[network] : NULL;
}

gboolean
sim_card_parse (const char *text, SimCard *card)
{
    for (guint i = 0; sim_card_name ((SimCard) i); i++) {
        if (g_str_equal (text, sim_card_name ((SimCard) i))) {
            *card = (SimCard) i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean
sim_network_parse (const char *text, SimNetwork *network)
{
    for (guint i = 0; sim_network_name ((SimNetwork) i); i++) {
        if (g_str_equal (text, sim_network_name ((SimNetwork) i))) {
            *network = (SimNetwork) i;
            return TRUE;
        }
    }
    return FALSE;
}
