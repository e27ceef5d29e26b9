/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the modem knows of its SIM card and of the network, and what it was told to do about them (AT+CFUN).
 * AT and QMI tell the same. */

#include "sim/modem.h"

#define SIM_PIN "1234"
#define SIM_PUK "12345678"

typedef struct {
    gboolean is_inserted;
    gboolean has_pin;     /* asks for it after each start */
    gboolean is_verified; /* since then */
    char pin[9];
    guint pin_tries, puk_tries;
    guint function; /* AT+CFUN: 0 neither radio nor card, 1 all, 4 no radio */
    SimNetwork network;
    gboolean was_registered; /* when the host was told last */
} SimCardState;

/* Puts a card of that kind in, or takes it out. */
void sim_card_insert (SimCardState *card, SimCard kind);
/* What a reset leaves. */
void sim_card_reset (SimCardState *card);
/* What can be seen of the card now. */
SimCard sim_card_get (const SimCardState *card);
gboolean sim_card_is_registered (const SimCardState *card);

/* FALSE: wrong, and one try less. */
gboolean sim_card_verify (SimCardState *card, const char *pin);
gboolean sim_card_unblock (SimCardState *card, const char *puk, const char *new_pin);
gboolean sim_card_protect (SimCardState *card, gboolean has_pin, const char *pin);

/* AT+CFUN and DMS; FALSE: no such function. */
gboolean sim_set_function (SimModem *modem, guint function);
/* Tells the host what has changed of the card or the registration, by URC and by indication. */
void sim_card_tell (SimModem *modem, gboolean is_other_card);

/* atstate.c: TRUE when it is a command about card, network or function; `answer` as in at.c's table. */
gboolean sim_at_state_answer (SimModem *modem, const char *command, GString *answer);
