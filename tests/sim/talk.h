/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A host for the simulator's own tests: bytes in, bytes out, virtual time that jumps to the next event. */

#include "sim/modem.h"

typedef struct {
    SimModem *modem;
    gint64 now_us;
    guint8 data[65536];
    gsize size; /* of the last transfer that was received */
} Talk;

/* Modem with this config (NULL: default); freed by talk_end (). */
void talk_begin (Talk *talk, const SimConfig *config);
void talk_end (Talk *talk);

/* Runs until the modem is on the bus in that mode; fails the test after `limit_ms`. */
void talk_wait (Talk *talk, SimMode mode, guint limit_ms);
/* Runs until it has left the bus. */
void talk_wait_gone (Talk *talk, guint limit_ms);
/* Sends one transfer, waiting until it is taken; FALSE when it was not taken within a minute. */
gboolean talk_send (Talk *talk, guint8 endpoint, const void *data, gsize size);
gboolean talk_send_hex (Talk *talk, guint8 endpoint, const char *hex);
/* Receives one transfer into `data` within `limit_ms`; FALSE: nothing came. */
gboolean talk_receive (Talk *talk, guint8 endpoint, guint limit_ms);
/* What was received as "4b 65 ..."; valid until the next call. */
const char *talk_hex (Talk *talk);

/* Sahara with a programmer for that chip, up to its last log. */
void talk_upload (Talk *talk, const char *chip);
/* Sends <data><...></data> with ZLP where needed, reads up to the response, returns its "value" and the rest
 * as text; valid until the next call. NULL when no response came. */
const char *talk_xml (Talk *talk, const char *command);
/* Programs `size` bytes (padded to pages) at `page`, with ZLPs; the final answer as talk_xml (). */
const char *talk_program (Talk *talk, guint page, const guint8 *data, gsize size);
