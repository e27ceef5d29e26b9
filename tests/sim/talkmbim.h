/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A host that speaks MBIM. */

#include "sim/talk.h"

typedef enum { TALK_BASIC, TALK_QDU, TALK_SMS } TalkMbimService;

/* Sends bytes given as hex and waits for the next message; its type, 0 when none comes. */
guint32 talk_mbim_raw (Talk *talk, const char *hex);
/* OPEN; the status. */
guint32 talk_mbim_open (Talk *talk, guint32 max_transfer);
/* One command, with its buffer as hex; its status. Indications that come before the answer are put aside. */
guint32 talk_mbim (Talk *talk, TalkMbimService service, guint32 cid, gboolean is_set, const char *hex);
/* The buffer of the last answer or indication. */
const guint8 *talk_mbim_buffer (gsize *size);
guint32 talk_mbim_u32 (gsize at);
/* A text whose offset and size stand there; valid until the next call. */
const char *talk_mbim_text (gsize at);
/* The command of the next indication; 0: there is none. */
guint32 talk_mbim_indication (Talk *talk);
void talk_mbim_forget (void);
