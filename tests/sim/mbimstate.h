/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* MBIM's inside: commands, the buffers that go along with them, and the services' tables. A handler writes
 * the answer's buffer and returns an MBIM status, 0 for success. Source of the numbers: USB CDC MBIM 1.0,
 * section 9, and libmbim's mbim-errors.h. */

#include "sim/internal.h"

#define SIM_MBIM_OK                 0
#define SIM_MBIM_FAILURE            2
#define SIM_MBIM_NO_SIM             3
#define SIM_MBIM_PIN_REQUIRED       5
#define SIM_MBIM_NOT_REGISTERED     7
#define SIM_MBIM_NO_PROVIDERS       8
#define SIM_MBIM_NO_SUPPORT         9
#define SIM_MBIM_NOT_VISIBLE        10
#define SIM_MBIM_DETACHED           12
#define SIM_MBIM_TOO_MANY_CONTEXTS  13
#define SIM_MBIM_NOT_ACTIVATED      16
#define SIM_MBIM_INVALID_APN        18
#define SIM_MBIM_RADIO_OFF          20
#define SIM_MBIM_INVALID_PARAMETERS 21
#define SIM_MBIM_NOT_ALLOWED        28

/* A buffer: fixed fields, then what they point to. */
typedef struct {
    GByteArray *fixed, *data;
    GArray *refs; /* guint: where in `fixed` an offset into `data` stands */
} SimMbimBuffer;

typedef struct {
    SimModem *modem;
    guint32 cid;
    gboolean is_set;
    const guint8 *in;
    gsize n_in;
    SimMbimBuffer *out;
} SimMbimRequest;

typedef guint (*SimMbimHandler) (SimMbimRequest *request);

typedef struct {
    guint32 cid;
    SimMbimHandler query, set; /* NULL: the command has no such side */
} SimMbimRow;

typedef struct {
    guint8 uuid[16];
    const SimMbimRow *rows;
    guint n_rows;
} SimMbimService;

struct _SimMbim {
    SimModem *modem;
    gboolean is_open;
    guint32 max_transfer;
    gint64 answer_us;    /* from a command to its answer */
    GQueue answers;      /* GByteArray */
    GByteArray *partial; /* fragments of a command so far, headers without */
    guint32 n_fragments, next_fragment, partial_transaction;
    guint32 wishes; /* bit: command of Basic Connect that is indicated */
    gboolean is_detached;
    /* QDU */
    guint32 session; /* type; 0: none */
    gboolean has_file;
    guint32 file_size, file_taken, last_type, last_result;
};

extern const SimMbimService sim_mbim_basic, sim_mbim_qdu;

/* --- mbimbuf.c --- */
SimMbimBuffer *sim_mbim_buffer_new (void);
void sim_mbim_buffer_free (SimMbimBuffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SimMbimBuffer, sim_mbim_buffer_free)
/* All of it, offsets filled in. */
GByteArray *sim_mbim_buffer_finish (SimMbimBuffer *buffer);
void sim_mbim_put_u32 (SimMbimBuffer *buffer, guint32 value);
void sim_mbim_put_u64 (SimMbimBuffer *buffer, guint64 value);
void sim_mbim_put_bytes (SimMbimBuffer *buffer, const void *data, gsize size);
/* Offset and size of a text; "" is 0, 0. */
void sim_mbim_put_text (SimMbimBuffer *buffer, const char *text);
/* Offset and, if `with_size`, size of bytes. */
void sim_mbim_put_ref (SimMbimBuffer *buffer, const void *data, gsize size, gboolean with_size);
/* A field of the request; FALSE: it is not that long. */
gboolean sim_mbim_get_u32 (const SimMbimRequest *request, gsize at, guint32 *value);
/* The text whose offset and size stand at `at`; NULL: it is none. Free it. */
char *sim_mbim_get_text (const SimMbimRequest *request, gsize at);

/* --- mbim.c: an indication, if it is wanted: what `tell` answers, unasked --- */
void sim_mbim_indicate (SimMbim *mbim, guint32 cid, SimMbimHandler tell);

/* --- commands of Basic Connect whose table is in mbimnet.c: mbimdev.c --- */
guint sim_mbim_query_caps (SimMbimRequest *request);
guint sim_mbim_query_ready (SimMbimRequest *request);
guint sim_mbim_query_radio (SimMbimRequest *request);
guint sim_mbim_set_radio (SimMbimRequest *request);
guint sim_mbim_query_pin (SimMbimRequest *request);
guint sim_mbim_set_pin (SimMbimRequest *request);
guint sim_mbim_query_pin_list (SimMbimRequest *request);
/* mbim.c */
guint sim_mbim_query_services (SimMbimRequest *request);
guint sim_mbim_set_wishes (SimMbimRequest *request);
/* Whether the QDU service is there. */
gboolean sim_mbim_has_qdu (const SimModem *modem);
