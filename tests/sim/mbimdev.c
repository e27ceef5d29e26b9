/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM Basic Connect: device, card, radio. Source: USB CDC MBIM 1.0, sections 10.5.1 to 10.5.5. What a real
 * modem says of its hardware is not known; the firmware is taken to be what QMI tells of it. */

#include "sim/mbimstate.h"

#include <string.h>

#define DATA_CLASSES  0x3f /* GPRS to LTE */
#define PIN_1         2u
#define PUK_1         11u
#define NO_PIN        0u
#define UNKNOWN_TRIES G_MAXUINT32

guint
sim_mbim_query_caps (SimMbimRequest *request)
{
    const SimModem *modem = request->modem;
    g_autofree char *firmware = g_strndup (modem->boot.version, strcspn (modem->boot.version, "_"));
    SimMbimBuffer *out = request->out;

    sim_mbim_put_u32 (out, 1); /* embedded */
    sim_mbim_put_u32 (out, 1); /* GSM */
    sim_mbim_put_u32 (out, 1); /* no voice */
    sim_mbim_put_u32 (out, 2); /* removable card */
    sim_mbim_put_u32 (out, DATA_CLASSES);
    sim_mbim_put_u32 (out, 0); /* no SMS */
    sim_mbim_put_u32 (out, 1); /* manual registration */
    sim_mbim_put_u32 (out, 1); /* sessions */
    sim_mbim_put_text (out, "");
    sim_mbim_put_text (out, sim_imei (modem));
    sim_mbim_put_text (out, firmware);
    sim_mbim_put_text (out, modem->usb.product);
    return SIM_MBIM_OK;
}

/* By SimCard: ready, absent, locked, locked. */
guint
sim_mbim_query_ready (SimMbimRequest *request)
{
    static const guint32 states[] = { 1, 2, 6, 6 };
    SimCard seen = sim_card_get (&request->modem->card);

    sim_mbim_put_u32 (request->out, states[seen]);
    sim_mbim_put_text (request->out, seen == SIM_CARD_READY ? "001010123456789" : "");
    sim_mbim_put_text (request->out, seen != SIM_CARD_ABSENT ? "89882390000012345678" : "");
    sim_mbim_put_u32 (request->out, 0); /* nothing to protect */
    sim_mbim_put_u32 (request->out, 0); /* no telephone number */
    return SIM_MBIM_OK;
}

guint
sim_mbim_query_radio (SimMbimRequest *request)
{
    sim_mbim_put_u32 (request->out, 1);
    sim_mbim_put_u32 (request->out, request->modem->card.function == 1 ? 1 : 0);
    return SIM_MBIM_OK;
}

guint
sim_mbim_set_radio (SimMbimRequest *request)
{
    guint32 state = 0;

    if (!sim_mbim_get_u32 (request, 0, &state) || state > 1)
        return SIM_MBIM_INVALID_PARAMETERS;
    if ((request->modem->card.function == 1) != (state == 1))
        sim_set_function (request->modem, state == 1 ? 1 : 4);
    return sim_mbim_query_radio (request);
}

static void
put_pin (SimMbimRequest *request)
{
    const SimCardState *card = &request->modem->card;
    SimCard seen = sim_card_get (card);
    gboolean is_locked = seen == SIM_CARD_PIN || seen == SIM_CARD_PUK;

    sim_mbim_put_u32 (request->out, seen == SIM_CARD_PUK ? PUK_1 : seen == SIM_CARD_PIN ? PIN_1 : NO_PIN);
    sim_mbim_put_u32 (request->out, is_locked ? 1 : 0);
    sim_mbim_put_u32 (request->out, seen == SIM_CARD_PUK   ? card->puk_tries
                                    : seen == SIM_CARD_PIN ? card->pin_tries
                                                           : UNKNOWN_TRIES);
}

guint
sim_mbim_query_pin (SimMbimRequest *request)
{
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_MBIM_NO_SIM;
    put_pin (request);
    return SIM_MBIM_OK;
}

/* Enter (0), enable (1), disable (2), change (3). */
static gboolean
use_pin (SimCardState *card, guint32 type, guint32 operation, const char *pin, const char *new_pin)
{
    gsize n = strlen (new_pin);

    if (type == PUK_1)
        return operation == 0 && sim_card_unblock (card, pin, new_pin);
    if (operation == 0)
        return sim_card_verify (card, pin);
    if (operation < 3)
        return sim_card_protect (card, operation == 1, pin);
    if (n < 4 || n >= sizeof card->pin || !sim_card_verify (card, pin))
        return FALSE;
    g_strlcpy (card->pin, new_pin, sizeof card->pin);
    return TRUE;
}

guint
sim_mbim_set_pin (SimMbimRequest *request)
{
    guint32 type = 0, operation = 0;
    g_autofree char *pin = sim_mbim_get_text (request, 8);
    g_autofree char *new_pin = sim_mbim_get_text (request, 16);
    gboolean ok;

    if (!sim_mbim_get_u32 (request, 0, &type) || !sim_mbim_get_u32 (request, 4, &operation) || !pin ||
        !new_pin || (type != PIN_1 && type != PUK_1) || operation > 3)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_MBIM_NO_SIM;
    ok = use_pin (&request->modem->card, type, operation, pin, new_pin);
    sim_card_tell (request->modem, ok && operation == 0);
    put_pin (request);
    return ok ? SIM_MBIM_OK : SIM_MBIM_FAILURE;
}

/* PIN1 of 4 to 8 digits, enabled (2) or not (1); the other nine are not supported. */
guint
sim_mbim_query_pin_list (SimMbimRequest *request)
{
    sim_mbim_put_u32 (request->out, request->modem->card.has_pin ? 2 : 1);
    sim_mbim_put_u32 (request->out, 1);
    sim_mbim_put_u32 (request->out, 4);
    sim_mbim_put_u32 (request->out, 8);
    for (guint i = 0; i < 9 * 4; i++)
        sim_mbim_put_u32 (request->out, 0);
    return SIM_MBIM_OK;
}
