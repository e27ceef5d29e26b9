/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QMI's DMS service: the device. Source: libqmi's qmi-service-dms.json; that these modems leave the card to
 * UIM and refuse DMS's own messages about it is taken from public qmicli output of newer Qualcomm modems. */

#include "sim/qmistate.h"

#include <string.h>

/* The answer, and what the host has yet to say to its services, comes first. */
#define RESET_US       1000000
#define REPORTS_MODE   1u
#define MODE_ONLINE    0
#define MODE_LOW_POWER 1

static guint
reset (SimQmiRequest *request)
{
    request->self->events = 0;
    return SIM_QMI_OK;
}

static guint
get_revision (SimQmiRequest *request)
{
    const char *version = request->modem->boot.version;

    sim_qmi_add_tlv (request, 0x01, version, strcspn (version, "_"));
    return SIM_QMI_OK;
}

static guint
get_software_version (SimQmiRequest *request)
{
    sim_qmi_add_text (request, 0x01, request->modem->boot.version);
    return SIM_QMI_OK;
}

static guint
get_ids (SimQmiRequest *request)
{
    sim_qmi_add_text (request, 0x10, "0");
    sim_qmi_add_text (request, 0x11, sim_imei (request->modem));
    return SIM_QMI_OK;
}

/* What AT+CFUN=0 is here is not known. */
static void
add_mode (SimQmiRequest *request, guint8 type)
{
    const guint8 mode = request->modem->card.function == 1 ? MODE_ONLINE : MODE_LOW_POWER;

    sim_qmi_add_tlv (request, type, &mode, 1);
}

static guint
get_operating_mode (SimQmiRequest *request)
{
    add_mode (request, 0x01);
    return SIM_QMI_OK;
}

static guint
set_event_report (SimQmiRequest *request)
{
    const guint8 *mode = sim_qmi_find_tlv (request, 0x14, 1, NULL);

    if (mode)
        request->self->events = mode[0] ? REPORTS_MODE : 0;
    return SIM_QMI_OK;
}

static guint
report_mode (SimQmiRequest *request)
{
    add_mode (request, 0x14);
    return SIM_QMI_OK;
}

static guint
set_operating_mode (SimQmiRequest *request)
{
    SimModem *modem = request->modem;
    const guint8 *mode = sim_qmi_find_tlv (request, 0x01, 1, NULL);

    if (!mode)
        return SIM_QMI_MISSING_ARGUMENT;
    switch (mode[0]) {
    case MODE_ONLINE:
        sim_set_function (modem, 1);
        return SIM_QMI_OK;
    case MODE_LOW_POWER:
    case 3: /* offline */
    case 6: /* persistent low power */
        sim_set_function (modem, 4);
        return SIM_QMI_OK;
    case 4:
        sim_op (modem, SIM_OP_OTHER, 0, 0, "QMI reset")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_BOOT, RESET_US);
        return SIM_QMI_OK;
    case 5:
        sim_op (modem, SIM_OP_OTHER, 0, 0, "QMI power off")->is_done = TRUE;
        sim_reset_later (modem, SIM_RESET_OFF, RESET_US);
        return SIM_QMI_OK;
    default:
        return SIM_QMI_INVALID_ARGUMENT;
    }
}

static const SimQmiRow rows[] = {
    SIM_QMI_DOES (0x00, reset),
    SIM_QMI_DOES (0x01, set_event_report),
    /* 50 and 150 Mbit/s, data with voice, a SIM, five radio interfaces. */
    SIM_QMI_SAYS (0x20, "\1\16\0\x80\xf0\xfa\x02\x80\xd1\xf0\x08\4\2\3\4\5\x08"),
    SIM_QMI_SAYS (0x21, "\1\25\0QUALCOMM INCORPORATED"),
    SIM_QMI_SAYS (0x22, "\1\37\0QUECTEL Mobile Broadband Module"),
    SIM_QMI_DOES (0x23, get_revision),
    SIM_QMI_REFUSES (0x24, SIM_QMI_NOT_PROVISIONED), /* MSISDN */
    SIM_QMI_DOES (0x25, get_ids),
    SIM_QMI_REFUSES (0x27, SIM_QMI_NOT_SUPPORTED), /* the card */
    SIM_QMI_REFUSES (0x28, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_REFUSES (0x29, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_REFUSES (0x2a, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_REFUSES (0x2b, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_SAYS (0x2c, "\1\5\00010000"),
    SIM_QMI_DOES (0x2d, get_operating_mode),
    SIM_QMI_DOES (0x2e, set_operating_mode),
    SIM_QMI_REFUSES (0x31, SIM_QMI_NOT_SUPPORTED), /* activation: CDMA */
    SIM_QMI_REFUSES (0x3c, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_REFUSES (0x43, SIM_QMI_NOT_SUPPORTED),
    SIM_QMI_REFUSES (0x44, SIM_QMI_NOT_SUPPORTED),
    /* Bands: GSM 900 and 1800, WCDMA 2100, 850 and 900; LTE 1, 3, 5, 7, 8, 20. */
    SIM_QMI_SAYS (0x45, "\1\x08\0\x80\x03\x40\x04\0\0\2\0\x10\x08\0\xd5\0\x08\0\0\0\0\0"),
    SIM_QMI_DOES (0x51, get_software_version),
};

const SimQmiService sim_qmi_dms = { SIM_QMI_DMS, 1, 14, rows, G_N_ELEMENTS (rows) };

void
sim_qmi_tell_mode (SimQmi *qmi)
{
    if (!(qmi->modem->quirks & SIM_QUIRK_NO_QMI))
        sim_qmi_indicate (qmi, &sim_qmi_dms, REPORTS_MODE, 0x01, report_mode);
}
