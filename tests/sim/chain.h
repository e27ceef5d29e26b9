/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The boot chain: what the modem does with what is on its chip. */

#include "sim/image.h"
#include "sim/layout.h"
#include "sim/modem.h"

typedef struct {
    SimMode mode;         /* OFF: it hangs and is never seen again */
    gboolean is_healthy;  /* NORMAL and everything works */
    gboolean is_forced;   /* misc says that it stays in fastboot */
    gboolean is_boot_rom; /* DLOAD is that of the boot ROM: there is no first stage */
    gboolean has_at;      /* the system image runs */
    gboolean has_diag;    /* so does the modem image */
    char version[64];     /* "" unless has_at and has_diag */
    char reason[96];      /* "" if healthy */
    gboolean is_identity_lost;
    char lost[96]; /* which protected range has changed */
} SimBoot;

/* Fills an empty chip as a factory does: images of `version`, table, calibration. */
void sim_chain_fill (SimNand *nand, const SimLayout *factory, const char *version);
/* Powers it on. `factory` says where calibration and identity are; `heeds_misc` FALSE: lk goes on from its
 * fastboot, whatever misc says. */
void sim_chain_boot (const SimNand *nand, const SimLayout *factory, gboolean heeds_misc, SimBoot *boot);
/* The table that is on the chip; FALSE with the reason when there is none. `live` starts as the factory's. */
gboolean sim_chain_read_table (const SimNand *nand, const SimLayout *factory, SimLayout *live,
                               const char **why);

/* The sticky flag of lk, in misc: the next boot ends in fastboot. Written as lk does it, which is no work of
 * the host's. */
gboolean sim_chain_is_forced (const SimNand *nand, const SimLayout *live);
void sim_chain_set_forced (SimNand *nand, const SimLayout *live, gboolean is_forced);
