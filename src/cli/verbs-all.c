/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The verbs of a build with D-Bus. */

#include "config.h"

#include "cli/verbs.h"

#include <glib/gi18n-lib.h>

const MfuVerb mfu_verbs[] = {
    { "update", "firmware-update", TRUE, FALSE, N_ ("write a package to a modem"), mfu_verb_update },
    { "check", "firmware-update-check", TRUE, FALSE, N_ ("show what an update would do; touches nothing"),
      mfu_verb_check },
    { "status", "firmware-update-status", FALSE, FALSE, N_ ("show the running or last update"),
      mfu_verb_status },
    { "list", "firmware-update-list", FALSE, FALSE, N_ ("list modems that can be updated"), mfu_verb_list },
    { "cancel", "firmware-update-cancel", FALSE, FALSE, N_ ("stop an update while the modem can be put back"),
      mfu_verb_cancel },
    { "recover", "firmware-recover", TRUE, TRUE,
      N_ ("write a package to a modem that does not run; without one, that which was kept"),
      mfu_verb_recover },
    { "rescue", NULL, TRUE, FALSE, N_ ("update or recover without D-Bus and ModemManager"), mfu_verb_rescue },
    { NULL },
};
