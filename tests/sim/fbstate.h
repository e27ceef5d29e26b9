/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the two halves of fastboot share: fastboot.c talks, fbnand.c works on the chip. */

#include "sim/internal.h"

typedef enum {
    SIM_FB_COMMAND,
    SIM_FB_DATA,
    SIM_FB_DEAD, /* takes and says nothing until the bus is reset */
} SimFbState;

/* What differs between the builds of lk. */
typedef struct {
    const char *chip; /* of the family */
    const char *product;
    gboolean breaks_on_short; /* a short packet ends the data phase */
    guint max_download;       /* 0: by the size of the chip's pages */
} SimFbKind;

struct _SimFastboot {
    SimModem *modem;
    const SimFbKind *kind;
    SimFbState state;
    gboolean is_online;
    SimLayout table; /* of the chip, names in lower case as lk has them */
    guint max_download;
    GByteArray *data; /* what was downloaded last; the commands may use it again and again */
    gsize wanted;     /* so many bytes were announced */
    SimHit data_hit;  /* what is to go wrong with the answer behind the data */
};

/* Answers, as far as the fault lets it. */
void sim_fb_reply (SimFastboot *fb, const char *tag, const char *text, SimHit hit);
/* TRUE: the command is to be carried out (and answered with the hit). */
gboolean sim_fb_goes_on (SimFastboot *fb, SimHit hit);

void sim_fb_flash (SimFastboot *fb, const char *name, SimHit hit);
void sim_fb_erase (SimFastboot *fb, const char *name, SimHit hit);
