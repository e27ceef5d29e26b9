/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's NAS service: the network 001-01, LTE, at home, with a good signal; or none. Source: libqmi's
 * qmi-service-nas.json. */

#include "sim/qmistate.h"

#include <string.h>

#define NETWORK "Test Network"
#define LTE     8 /* radio interface */
/* What a client wants to hear of; bits of `events`. */
#define WANTS_SERVING_SYSTEM 1u
#define WANTS_SYSTEM_INFO    2u
#define WANTS_SIGNAL         4u
/* MCC, MNC, name. */
#define PLMN "\1\0\1\0\14" NETWORK

static gboolean
has_service (const SimQmiRequest *request)
{
    return sim_card_is_registered (&request->modem->card);
}

static void
set_wish (SimQmiRequest *request, guint8 tlv, guint32 wish)
{
    const guint8 *flag = sim_qmi_find_tlv (request, tlv, 1, NULL);

    if (flag)
        request->self->events = (request->self->events & ~wish) | (flag[0] ? wish : 0);
}

static guint
reset (SimQmiRequest *request)
{
    request->self->events = 0;
    return SIM_QMI_OK;
}

/* The signal never changes but with the service. */
static guint
set_event_report (SimQmiRequest *request)
{
    set_wish (request, 0x13, WANTS_SIGNAL);
    return SIM_QMI_OK;
}

static guint
register_indications (SimQmiRequest *request)
{
    set_wish (request, 0x13, WANTS_SERVING_SYSTEM);
    set_wish (request, 0x18, WANTS_SYSTEM_INFO);
    set_wish (request, 0x19, WANTS_SIGNAL);
    return SIM_QMI_OK;
}

/* --- what there is --- */

/* Registered at home on LTE, or not; the card and the radio decide whether it is looking for a network. */
static guint
get_serving_system (SimQmiRequest *request)
{
    const SimCardState *card = &request->modem->card;
    gboolean is_searching = card->function == 1 && sim_card_get (card) == SIM_CARD_READY;
    const guint8 none[] = { is_searching ? 2 : 0, 2, 2, 0, 0 };

    if (!has_service (request)) {
        sim_qmi_add_tlv (request, 0x01, none, sizeof none);
        sim_qmi_add_tlv (request, 0x10, "\1", 1);
        return SIM_QMI_OK;
    }
    sim_qmi_add_tlv (request, 0x01, "\1\1\1\2\1\x08", 6);
    sim_qmi_add_tlv (request, 0x10, "\1", 1); /* not roaming */
    sim_qmi_add_tlv (request, 0x11, "\1\x0b", 2);
    sim_qmi_add_tlv (request, 0x12, PLMN, sizeof PLMN - 1);
    sim_qmi_add_tlv (request, 0x15, "\1\x08\1", 3);
    sim_qmi_add_u32 (request, 0x1d, 1);
    sim_qmi_add_tlv (request, 0x21, "\2\3\0\0\0", 5);
    sim_qmi_add_tlv (request, 0x24, "\1\0", 2);
    sim_qmi_add_tlv (request, 0x27, "\1\0\1\0\0", 5);
    return SIM_QMI_OK;
}

/* The indication has other numbers for the cell. */
static guint
tell_serving_system (SimQmiRequest *request)
{
    if (!has_service (request))
        return get_serving_system (request);
    sim_qmi_add_tlv (request, 0x01, "\1\1\1\2\1\x08", 6);
    sim_qmi_add_tlv (request, 0x10, "\1", 1);
    sim_qmi_add_tlv (request, 0x11, "\1\x0b", 2);
    sim_qmi_add_tlv (request, 0x12, PLMN, sizeof PLMN - 1);
    sim_qmi_add_u32 (request, 0x1e, 1);
    sim_qmi_add_tlv (request, 0x25, "\1\0", 2);
    return SIM_QMI_OK;
}

static guint
get_system_info (SimQmiRequest *request)
{
    static const guint8 status[] = { 2, 2, 1 };
    static const guint8 no_status[] = { 0, 0, 1 };
    static const guint8 info[] = { 1, 3, 1, 3, 1, 0,   0,   0,   1,   1,   0,    1, 1, 0, 0,
                                   0, 0, 0, 0, 1, '0', '0', '1', '0', '1', 0xff, 1, 1, 0 };

    if (!has_service (request)) {
        sim_qmi_add_tlv (request, 0x14, no_status, sizeof no_status);
        return SIM_QMI_OK;
    }
    sim_qmi_add_tlv (request, 0x14, status, sizeof status);
    sim_qmi_add_tlv (request, 0x19, info, sizeof info);
    return SIM_QMI_OK;
}

/* RSSI -60 dBm, RSRQ -10 dB, RSRP -90 dBm, SNR 12 dB. */
static guint
get_signal_info (SimQmiRequest *request)
{
    if (!has_service (request))
        return SIM_QMI_UNAVAILABLE;
    sim_qmi_add_tlv (request, 0x14, "\xc4\xf6\xa6\xff\x78\0", 6);
    return SIM_QMI_OK;
}

/* The same, older. */
static guint
get_signal_strength (SimQmiRequest *request)
{
    if (!has_service (request)) {
        sim_qmi_add_tlv (request, 0x01, "\x83\0", 2);
        return SIM_QMI_OK;
    }
    sim_qmi_add_tlv (request, 0x01, "\xc4\x08", 2);
    sim_qmi_add_tlv (request, 0x11, "\1\0\x3c\x08", 4);
    sim_qmi_add_tlv (request, 0x16, "\xf6\x08", 2);
    sim_qmi_add_tlv (request, 0x17, "\x78\0", 2);
    sim_qmi_add_tlv (request, 0x18, "\xa6\xff", 2);
    return SIM_QMI_OK;
}

static guint
get_home_network (SimQmiRequest *request)
{
    if (sim_card_get (&request->modem->card) != SIM_CARD_READY)
        return SIM_QMI_NOT_PROVISIONED;
    sim_qmi_add_tlv (request, 0x01, PLMN, sizeof PLMN - 1);
    sim_qmi_add_tlv (request, 0x12, "\1\0", 2);
    return SIM_QMI_OK;
}

/* LTE band 20 (139), channel 6300. */
static guint
get_band (SimQmiRequest *request)
{
    if (!has_service (request))
        return SIM_QMI_UNAVAILABLE;
    sim_qmi_add_tlv (request, 0x01, "\1\x08\x8b\0\x9c\x18", 6);
    return SIM_QMI_OK;
}

/* Current, home, not forbidden, preferred; or merely available. */
static guint
scan (SimQmiRequest *request)
{
    if (request->modem->card.function != 1)
        return SIM_QMI_INTERNAL;
    if (request->modem->card.network == SIM_NETWORK_NONE) {
        sim_qmi_add_tlv (request, 0x10, "\0\0", 2);
        return SIM_QMI_OK;
    }
    if (has_service (request))
        sim_qmi_add_tlv (request, 0x10, "\1\0\1\0\1\0\x65\14" NETWORK, 20);
    else
        sim_qmi_add_tlv (request, 0x10, "\1\0\1\0\1\0\xaa\14" NETWORK, 20);
    sim_qmi_add_tlv (request, 0x11, "\1\0\1\0\1\0\x08", 7);
    return SIM_QMI_OK;
}

/* --- what may be wanted --- */

/* Automatic, or the one network that there is. */
static guint
initiate_register (SimQmiRequest *request)
{
    const guint8 *action = sim_qmi_find_tlv (request, 0x01, 1, NULL);
    const guint8 *network = sim_qmi_find_tlv (request, 0x10, 5, NULL);

    if (!action)
        return SIM_QMI_MISSING_ARGUMENT;
    if (action[0] != 2)
        return action[0] == 1 ? SIM_QMI_OK : SIM_QMI_INVALID_ARGUMENT;
    if (!network)
        return SIM_QMI_MISSING_ARGUMENT;
    return memcmp (network, "\1\0\1\0", 4) == 0 && has_service (request) ? SIM_QMI_OK : SIM_QMI_NO_NETWORK;
}

static guint
attach_detach (SimQmiRequest *request)
{
    const guint8 *action = sim_qmi_find_tlv (request, 0x10, 1, NULL);

    if (!action)
        return SIM_QMI_MISSING_ARGUMENT;
    if (action[0] != 1 && action[0] != 2)
        return SIM_QMI_INVALID_ARGUMENT;
    if (action[0] == 2)
        sim_net_lose (request->modem);
    return SIM_QMI_OK;
}

/* Remembered, and of no consequence. */
static guint
set_preference (SimQmiRequest *request)
{
    const guint8 *mode = sim_qmi_find_tlv (request, 0x11, 2, NULL);

    if (mode)
        request->modem->qmi->mode_preference = (guint16) (mode[0] | mode[1] << 8);
    return SIM_QMI_OK;
}

static guint
get_preference (SimQmiRequest *request)
{
    guint16 mode = request->modem->qmi->mode_preference;
    const guint8 bytes[] = { (guint8) mode, (guint8) (mode >> 8) };

    sim_qmi_add_tlv (request, 0x10, "\0", 1);
    sim_qmi_add_tlv (request, 0x11, bytes, sizeof bytes);
    sim_qmi_add_tlv (request, 0x12, "\x80\x03\x40\x04\0\0\2\0", 8); /* bands as DMS has them */
    sim_qmi_add_tlv (request, 0x14, "\xff\0", 2);                   /* any roaming */
    sim_qmi_add_tlv (request, 0x15, "\xd5\0\x08\0\0\0\0\0", 8);
    sim_qmi_add_tlv (request, 0x16, "\0", 1); /* automatic */
    sim_qmi_add_u32 (request, 0x18, 2);       /* both domains */
    sim_qmi_add_u32 (request, 0x19, 0);
    sim_qmi_add_u32 (request, 0x1f, 2); /* data-centric */
    return SIM_QMI_OK;
}

static const SimQmiRow rows[] = {
    SIM_QMI_DOES (0x00, reset),
    SIM_QMI_DOES (0x02, set_event_report),
    SIM_QMI_DOES (0x03, register_indications),
    SIM_QMI_DOES (0x20, get_signal_strength),
    SIM_QMI_DOES (0x21, scan),
    SIM_QMI_DOES (0x22, initiate_register),
    SIM_QMI_DOES (0x23, attach_detach),
    SIM_QMI_DOES (0x24, get_serving_system),
    SIM_QMI_DOES (0x25, get_home_network),
    SIM_QMI_DOES (0x31, get_band),
    SIM_QMI_DOES (0x33, set_preference),
    SIM_QMI_DOES (0x34, get_preference),
    SIM_QMI_DOES (0x4d, get_system_info),
    SIM_QMI_DOES (0x4f, get_signal_info),
    SIM_QMI_SAYS (0x50, ""), /* thresholds of the signal's indications */
    SIM_QMI_SAYS (0x6c, ""),
};

const SimQmiService sim_qmi_nas = { SIM_QMI_NAS, 1, 25, rows, G_N_ELEMENTS (rows) };

void
sim_qmi_nas_tell (SimQmi *qmi)
{
    sim_qmi_indicate (qmi, &sim_qmi_nas, WANTS_SERVING_SYSTEM, 0x24, tell_serving_system);
    sim_qmi_indicate (qmi, &sim_qmi_nas, WANTS_SYSTEM_INFO, 0x4e, get_system_info);
    sim_qmi_indicate (qmi, &sim_qmi_nas, WANTS_SIGNAL, 0x51, get_signal_info);
}
