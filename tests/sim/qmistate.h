/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* QMI's inside: requests, clients, and the services' tables. A handler puts TLVs into the answer and returns
 * a QMI error, 0 for success. Source of the numbers: libqmi's qmi-errors.h. */

#include "sim/internal.h"

#define SIM_QMI_OK               0
#define SIM_QMI_MALFORMED        1
#define SIM_QMI_INTERNAL         3
#define SIM_QMI_NO_MORE_CLIENTS  5
#define SIM_QMI_INVALID_CLIENT   7
#define SIM_QMI_INVALID_HANDLE   9
#define SIM_QMI_INVALID_PROFILE  10
#define SIM_QMI_INCORRECT_PIN    12
#define SIM_QMI_NO_NETWORK       13
#define SIM_QMI_CALL_FAILED      14
#define SIM_QMI_OUT_OF_CALL      15
#define SIM_QMI_NOT_PROVISIONED  16
#define SIM_QMI_MISSING_ARGUMENT 17
#define SIM_QMI_NO_EFFECT        26
#define SIM_QMI_INVALID_SERVICE  31
#define SIM_QMI_PIN_BLOCKED      35
#define SIM_QMI_INVALID_ARGUMENT 48
#define SIM_QMI_NOT_READY        52
#define SIM_QMI_INVALID_IP       64
#define SIM_QMI_INVALID_COMMAND  71
#define SIM_QMI_UNAVAILABLE      74
#define SIM_QMI_NO_FILE          80
#define SIM_QMI_NOT_SUPPORTED    94

enum {
    SIM_QMI_CTL = 0,
    SIM_QMI_WDS = 1,
    SIM_QMI_DMS = 2,
    SIM_QMI_NAS = 3,
    SIM_QMI_WMS = 5,
    SIM_QMI_UIM = 11,
    SIM_QMI_WDA = 26
};

typedef struct {
    guint8 service, id;
    guint32 events; /* which indications it wants; bits by service */
    /* WDS */
    SimIp ip;
    gboolean has_call;
    guint32 handle;
} SimQmiClient;

struct _SimQmi {
    SimModem *modem;
    GQueue answers;     /* GByteArray */
    GArray *clients;    /* SimQmiClient */
    guint8 last_id[32]; /* by service */
    guint32 last_handle;
    gint64 answer_us;        /* from a request to its answer */
    guint16 mode_preference; /* NAS: which radios */
};

typedef struct {
    SimModem *modem;
    SimQmiClient *self; /* NULL for CTL */
    guint8 service, client;
    const guint8 *tlvs;
    gsize n_tlvs;
    GByteArray *out;
    gboolean is_explained; /* `out` goes along with an error, too */
} SimQmiRequest;

typedef struct {
    guint16 message;
    guint (*handle) (SimQmiRequest *request); /* NULL: always `refusal`, or success with these TLVs */
    guint refusal;
    const char *tlvs;
    gsize n_tlvs;
} SimQmiRow;

#define SIM_QMI_DOES(message, handle)                                                                        \
    {                                                                                                        \
        message, handle, 0, NULL, 0                                                                          \
    }
#define SIM_QMI_SAYS(message, tlvs)                                                                          \
    {                                                                                                        \
        message, NULL, 0, tlvs, sizeof (tlvs) - 1                                                            \
    }
#define SIM_QMI_REFUSES(message, error)                                                                      \
    {                                                                                                        \
        message, NULL, error, NULL, 0                                                                        \
    }

typedef struct {
    guint8 id;
    guint8 major, minor; /* version */
    const SimQmiRow *rows;
    guint n_rows;
} SimQmiService;

extern const SimQmiService sim_qmi_wds, sim_qmi_dms, sim_qmi_nas, sim_qmi_uim;

void sim_qmi_add_tlv (SimQmiRequest *request, guint8 type, const void *data, gsize size);
void sim_qmi_add_text (SimQmiRequest *request, guint8 type, const char *text);
void sim_qmi_add_u32 (SimQmiRequest *request, guint8 type, guint32 value);
/* The value of a TLV of at least `size` bytes, and how many it has; NULL when there is none. */
const guint8 *sim_qmi_find_tlv (const SimQmiRequest *request, guint8 type, gsize size, gsize *n);
/* An indication to each client of `service` that wants one of `events` (0: to each): what `tell` answers,
 * unasked. That may look at the client in `self`; an error: nothing to tell this one. */
void sim_qmi_indicate (SimQmi *qmi, const SimQmiService *service, guint32 events, guint16 message,
                       guint (*tell) (SimQmiRequest *request));
/* The client is about to be forgotten. */
void sim_qmi_wds_release (SimQmi *qmi, SimQmiClient *client);
/* What NAS tells of the registration and the signal, by indications. */
void sim_qmi_nas_tell (SimQmi *qmi);
