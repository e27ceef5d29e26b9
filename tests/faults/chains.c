/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The chains, as data. */

#include "trial.h"

#define EC25_FROM "EC25EFAR06A05M4G"
#define EC25_TO   "EC25EFAR06A08M4G"
#define EP06_FROM "EP06ELAR03A06M4G"
#define EP06_TO   "EP06ELAR03A09M4G"

#define EC20_FROM "EC20EQAR02A04E2G"
#define EC20_TO   "EC20EQAR02A13E2G"

#define EC25 .family = "ec25", .from = EC25_FROM, .to = EC25_TO
#define EP06 .family = "ep06", .from = EP06_FROM, .to = EP06_TO
#define EC20 .family = "ec20", .from = EC20_FROM, .to = EC20_TO

#define WHOLE(family, to)    "--family", family, "--version", to, "--size", "mini"
#define WITHOUT_FIREHOSE(to) WHOLE ("ec25", to), "--without", "firehose"
#define WITHOUT_TEMPORARY                                                                                    \
    WHOLE ("ec20", EC20_TO), "--without", "sbl2_tmp.mbn", "--without", "appsboot_tmp.mbn"

#define BOOT_CHAIN_WINDOW                                                                                    \
    .window = "But while tz, rpm, sbl, aboot are written",                                                   \
    .window_steps = { "writing tz", "writing rpm", "writing sbl", "writing aboot" }
#define SBL1_WINDOW                                                                                          \
    .window = "But there is a window without a way back: while SBL1 is written",                             \
    .window_steps = { "writing SBL1", "writing SBL2" }

const Chain chains[] = {
    { "firehose-ec25", EC25, .package = { WHOLE ("ec25", EC25_TO) } },
    { "firehose-ep06", EP06, .package = { WHOLE ("ep06", EP06_TO) }, .is_twin = TRUE },
    { "fastboot-ec25", EC25, .package = { WHOLE ("ec25", EC25_TO) }, .method = "fastboot",
      .leaves_boot_chain = TRUE },
    { "fastboot-ep06", EP06, .package = { WHOLE ("ep06", EP06_TO) }, .method = "fastboot",
      .leaves_boot_chain = TRUE, .is_twin = TRUE },
    { "fastboot-only", EC25, .package = { WITHOUT_FIREHOSE (EC25_TO) }, .leaves_boot_chain = TRUE },
    { "fastboot-all", EC25, .package = { WHOLE ("ec25", EC25_TO) }, .method = "fastboot",
      .allow = "boot-chain", .leaves_boot_chain = TRUE, BOOT_CHAIN_WINDOW },
    /* With temporary boot images, without them, and met where another run has ended. What a boot ROM does
     * that finds no SBL1 is not known, nor whether the boot loader knows the note that keeps it in fastboot:
     * the worst is taken, it is never seen again, and does not. */
    { "dload-ec20", EC20, .quirks = "pbl-silent", .package = { WHOLE ("ec20", EC20_TO) }, SBL1_WINDOW },
    { "dload-plain", EC20, .quirks = "pbl-silent,no-sticky", .package = { WITHOUT_TEMPORARY }, SBL1_WINDOW },
    { "dload-met", EC20, .half_flashed = "sbl2-missing", .quirks = "pbl-silent,no-sticky",
      .package = { WITHOUT_TEMPORARY }, .allow = "unidentified", SBL1_WINDOW },
    { "sbl-ec25", EC25, .start = SIM_START_SBL, .package = { WHOLE ("ec25", EC25_TO) },
      .allow = "unidentified", .leaves_boot_chain = TRUE },
    /* Last, so that the pairs of the others are drawn as ever. */
    { "firehose-kept", EC25, .package = { WHOLE ("ec25", EC25_TO) }, .keeps = TRUE },
    { "fastboot-kept", EC25, .package = { WHOLE ("ec25", EC25_TO) }, .method = "fastboot",
      .leaves_boot_chain = TRUE, .keeps = TRUE, .is_zipped = TRUE },
    { "dload-kept", EC20, .quirks = "pbl-silent", .package = { WHOLE ("ec20", EC20_TO) }, SBL1_WINDOW,
      .keeps = TRUE, .is_nameless = TRUE },
};

const guint n_chains = G_N_ELEMENTS (chains);
