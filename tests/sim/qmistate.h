/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A QMI request and the TLVs of its answer. A handler returns a QMI error, 0 for success. */

#include "sim/internal.h"

typedef struct {
    SimModem *modem;
    guint8 service, client;
    const guint8 *tlvs;
    gsize n_tlvs;
    GByteArray *out;
} SimQmiRequest;

#define SIM_QMI_MALFORMED     1
#define SIM_QMI_INCORRECT_PIN 12
#define SIM_QMI_PIN_BLOCKED   35
#define SIM_QMI_NOT_READY     52
#define SIM_QMI_NO_FILE       57
#define SIM_QMI_NOT_SUPPORTED 94

void sim_qmi_add_tlv (SimQmiRequest *request, guint8 type, const void *data, gsize size);
/* The value of a TLV of at least `size` bytes, and how many it has; NULL when there is none. */
const guint8 *sim_qmi_find_tlv (const SimQmiRequest *request, guint8 type, gsize size, gsize *n);

/* qmiuim.c: the card. */
guint sim_qmi_get_card_status (SimQmiRequest *request);
guint sim_qmi_read_file (SimQmiRequest *request);
guint sim_qmi_verify_pin (SimQmiRequest *request);
guint sim_qmi_unblock_pin (SimQmiRequest *request);
guint sim_qmi_protect_pin (SimQmiRequest *request);
