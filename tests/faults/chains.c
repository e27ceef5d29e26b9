/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The chains, as data. */

#include "trial.h"

#define EC25_FROM "EC25EFAR06A05M4G"
#define EC25_TO   "EC25EFAR06A08M4G"
#define EP06_FROM "EP06ELAR03A06M4G"
#define EP06_TO   "EP06ELAR03A09M4G"

#define BOTH(family, to)                                                                                     \
    {                                                                                                        \
        "--family", family, "--version", to, "--size", "mini", NULL                                          \
    }
#define ALONE(family, to)                                                                                    \
    {                                                                                                        \
        "--family", family, "--version", to, "--size", "mini", "--without", "firehose"                       \
    }

#define WINDOW "But while tz, rpm, sbl, aboot are written"

const Chain chains[] = {
    { "firehose-ec25", "ec25", EC25_FROM, EC25_TO, BOTH ("ec25", EC25_TO) },
    { "firehose-ep06", "ep06", EP06_FROM, EP06_TO, BOTH ("ep06", EP06_TO) },
    { "fastboot-ec25", "ec25", EC25_FROM, EC25_TO, BOTH ("ec25", EC25_TO), "fastboot" },
    { "fastboot-ep06", "ep06", EP06_FROM, EP06_TO, BOTH ("ep06", EP06_TO), "fastboot" },
    { "fastboot-only", "ec25", EC25_FROM, EC25_TO, ALONE ("ec25", EC25_TO) },
    { "fastboot-all",
      "ec25",
      EC25_FROM,
      EC25_TO,
      BOTH ("ec25", EC25_TO),
      "fastboot",
      "boot-chain",
      WINDOW,
      { "writing tz", "writing rpm", "writing sbl", "writing aboot" } },
};

const guint n_chains = G_N_ELEMENTS (chains);
