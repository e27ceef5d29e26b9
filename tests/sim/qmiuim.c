/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's UIM service: the card. Source: libqmi's qmi-service-uim.json and its enumerations. */

#include "sim/qmistate.h"

#include <string.h>

#define WANTS_CARD_STATUS 1u
#define ICCID             0x2fe2
#define IMSI              0x6f07
#define ADMINISTRATIVE    0x6fad
#define CODE_MAX          8
#define PIN_NOT_ENTERED   1
#define PIN_ENTERED       2
#define PIN_DISABLED      3
#define PIN_BLOCKED       4

static void
add_byte (GByteArray *out, guint value)
{
    const guint8 byte = (guint8) value;

    g_byte_array_append (out, &byte, 1);
}

static guint
get_pin_state (const SimCardState *card)
{
    if (card->pin_tries == 0)
        return PIN_BLOCKED;
    if (!card->has_pin)
        return PIN_DISABLED;
    return card->is_verified ? PIN_ENTERED : PIN_NOT_ENTERED;
}

/* One slot; in it nothing, or a card with one USIM. */
static guint
get_card_status (SimQmiRequest *request)
{
    static const guint8 absent[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0 };
    static const guint8 present[] = { 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 3, 0, 0, 0, 1, 2 };
    static const guint8 aid[] = { 7, 0xa0, 0, 0, 0, 0x87, 0x10, 2, 0 };
    static const guint8 second_pin[] = { 1, 3, 10 };
    static const guint8 states[] = { 7, 0, 2, 3 }; /* by SimCard: ready, -, PIN, PUK needed */
    const SimCardState *card = &request->modem->card;
    SimCard seen = sim_card_get (card);
    g_autoptr (GByteArray) value = g_byte_array_new ();

    if (seen == SIM_CARD_ABSENT) {
        sim_qmi_add_tlv (request, 0x10, absent, sizeof absent);
        return 0;
    }
    g_byte_array_append (value, present, sizeof present);
    add_byte (value, states[seen]);
    add_byte (value, seen == SIM_CARD_READY ? 2 : 0); /* personalization */
    for (guint i = 0; i < 3; i++)
        add_byte (value, 0);
    g_byte_array_append (value, aid, sizeof aid);
    add_byte (value, get_pin_state (card));
    add_byte (value, card->pin_tries);
    add_byte (value, card->puk_tries);
    g_byte_array_append (value, second_pin, sizeof second_pin);
    sim_qmi_add_tlv (request, 0x10, value->data, value->len);
    return 0;
}

static guint
read_file (SimQmiRequest *request)
{
    static const guint8 iccid[] = { 10, 0, 0x98, 0x88, 0x32, 0x09, 0x00, 0x10, 0x32, 0x54, 0x76, 0x08 };
    static const guint8 imsi[] = { 9, 0, 8, 0x09, 0x10, 0x10, 0x10, 0x32, 0x54, 0x76, 0x98 };
    static const guint8 administrative[] = { 4, 0, 0, 0, 0, 2 };
    const guint8 *file = sim_qmi_find_tlv (request, 0x02, 3, NULL);
    guint id = file ? file[0] | (guint) file[1] << 8 : 0;
    SimCard seen = sim_card_get (&request->modem->card);

    if (seen == SIM_CARD_ABSENT || (seen != SIM_CARD_READY && id != ICCID))
        return SIM_QMI_NOT_READY;
    if (id != ICCID && id != IMSI && id != ADMINISTRATIVE)
        return SIM_QMI_NO_FILE;
    sim_qmi_add_tlv (request, 0x10, "\x90\0", 2);
    if (id == ICCID)
        sim_qmi_add_tlv (request, 0x11, iccid, sizeof iccid);
    else if (id == IMSI)
        sim_qmi_add_tlv (request, 0x11, imsi, sizeof imsi);
    else
        sim_qmi_add_tlv (request, 0x11, administrative, sizeof administrative);
    return 0;
}

/* A code at `*at` with its length before it. FALSE: not whole. */
static gboolean
take_code (const guint8 *data, gsize n, gsize *at, char code[CODE_MAX + 1])
{
    gsize length = *at < n ? data[*at] : G_MAXSIZE;

    if (length > CODE_MAX || length > n - *at - 1)
        return FALSE;
    memcpy (code, data + *at + 1, length);
    code[length] = '\0';
    *at += 1 + length;
    return TRUE;
}

static guint
finish (SimQmiRequest *request, gboolean ok, gboolean is_other_card)
{
    sim_card_tell (request->modem, ok && is_other_card);
    if (ok)
        return 0;
    return request->modem->card.pin_tries == 0 ? SIM_QMI_PIN_BLOCKED : SIM_QMI_INCORRECT_PIN;
}

/* TLV 2: which PIN (1), the code. */
static guint
verify_pin (SimQmiRequest *request)
{
    gsize n = 0, at = 1;
    const guint8 *info = sim_qmi_find_tlv (request, 0x02, 2, &n);
    char pin[CODE_MAX + 1];

    if (!info || info[0] != 1 || !take_code (info, n, &at, pin))
        return SIM_QMI_MALFORMED;
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_QMI_NOT_READY;
    return finish (request, sim_card_verify (&request->modem->card, pin), TRUE);
}

/* TLV 2: which PIN (1), the PUK, the new PIN. */
static guint
unblock_pin (SimQmiRequest *request)
{
    gsize n = 0, at = 1;
    const guint8 *info = sim_qmi_find_tlv (request, 0x02, 3, &n);
    char puk[CODE_MAX + 1], pin[CODE_MAX + 1];

    if (!info || info[0] != 1 || !take_code (info, n, &at, puk) || !take_code (info, n, &at, pin))
        return SIM_QMI_MALFORMED;
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_QMI_NOT_READY;
    return finish (request, sim_card_unblock (&request->modem->card, puk, pin), TRUE);
}

/* TLV 2: which PIN (1), whether it shall be asked for, the code. */
static guint
protect_pin (SimQmiRequest *request)
{
    gsize n = 0, at = 2;
    const guint8 *info = sim_qmi_find_tlv (request, 0x02, 3, &n);
    char pin[CODE_MAX + 1];

    if (!info || info[0] != 1 || !take_code (info, n, &at, pin))
        return SIM_QMI_MALFORMED;
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_QMI_NOT_READY;
    return finish (request, sim_card_protect (&request->modem->card, info[1] != 0, pin), FALSE);
}

/* TLV 2: which PIN (1), the old code, the new one. */
static guint
change_pin (SimQmiRequest *request)
{
    gsize n = 0, at = 1;
    const guint8 *info = sim_qmi_find_tlv (request, 0x02, 3, &n);
    char old[CODE_MAX + 1], new[CODE_MAX + 1];

    if (!info || info[0] != 1 || !take_code (info, n, &at, old) || !take_code (info, n, &at, new))
        return SIM_QMI_MALFORMED;
    if (sim_card_get (&request->modem->card) == SIM_CARD_ABSENT)
        return SIM_QMI_NOT_READY;
    if (strlen (new) < 4)
        return SIM_QMI_INVALID_ARGUMENT;
    if (!sim_card_verify (&request->modem->card, old))
        return finish (request, FALSE, FALSE);
    g_strlcpy (request->modem->card.pin, new, sizeof request->modem->card.pin);
    return finish (request, TRUE, TRUE);
}

static guint
reset (SimQmiRequest *request)
{
    request->self->events = 0;
    return SIM_QMI_OK;
}

/* Of what is asked for the card's status alone is known. */
static guint
register_events (SimQmiRequest *request)
{
    const guint8 *mask = sim_qmi_find_tlv (request, 0x01, 4, NULL);

    if (!mask)
        return SIM_QMI_MISSING_ARGUMENT;
    request->self->events = sim_get_u32 (mask) & WANTS_CARD_STATUS;
    sim_qmi_add_u32 (request, 0x10, request->self->events);
    return SIM_QMI_OK;
}

static const SimQmiRow rows[] = {
    SIM_QMI_DOES (0x00, reset),
    SIM_QMI_DOES (0x20, read_file),
    SIM_QMI_DOES (0x25, protect_pin),
    SIM_QMI_DOES (0x26, verify_pin),
    SIM_QMI_DOES (0x27, unblock_pin),
    SIM_QMI_DOES (0x28, change_pin),
    SIM_QMI_DOES (0x2e, register_events),
    SIM_QMI_DOES (0x2f, get_card_status),
    SIM_QMI_SAYS (0x44, ""), /* a refresh never comes */
};

const SimQmiService sim_qmi_uim = { SIM_QMI_UIM, 1, 46, rows, G_N_ELEMENTS (rows) };

void
sim_qmi_tell (SimQmi *qmi, gboolean is_other_card, gboolean is_other_registration)
{
    if (qmi->modem->quirks & SIM_QUIRK_NO_QMI)
        return;
    if (is_other_card)
        sim_qmi_indicate (qmi, &sim_qmi_uim, WANTS_CARD_STATUS, 0x32, get_card_status);
    if (is_other_registration)
        sim_qmi_nas_tell (qmi);
}
