/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A host that speaks QMI. */

#include "sim/talk.h"

/* Sends one request, waits for its answer, and returns its QMI error; `tlvs` is hex. Indications that come
 * before the answer are put aside. */
guint talk_qmi (Talk *talk, guint8 service, guint8 client, guint16 message, const char *tlvs);
/* A TLV of the last answer or indication as hex; NULL: there is none. Valid until the next call. */
const char *talk_qmi_tlv (Talk *talk, guint8 type);
/* Drops what was put aside. */
void talk_qmi_forget (void);
/* A new client's id. */
guint8 talk_qmi_allocate (Talk *talk, guint8 service);
/* The next indication within a second, "service client message" as "03 01 004e"; NULL: there was none. */
const char *talk_qmi_indication (Talk *talk);
