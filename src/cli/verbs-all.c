/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The verbs of a build with D-Bus. */

#include "config.h"

#include "cli/verbs.h"

#include <glib/gi18n-lib.h>

const MfuVerb mfu_verbs[] = {
    { "update", "firmware-update", TRUE, N_ ("write a package to a modem"), mfu_verb_update },
    { "check", "firmware-update-check", TRUE, N_ ("show what an update would do; touches nothing"),
      mfu_verb_check },
    { "status", "firmware-update-status", FALSE, N_ ("show the running or last update"), mfu_verb_status },
    { "list", "firmware-update-list", FALSE, N_ ("list modems that can be updated"), mfu_verb_list },
    { "cancel", "firmware-update-cancel", FALSE, N_ ("stop an update while the modem can be put back"),
      mfu_verb_cancel },
    { "recover", "firmware-recover", TRUE, N_ ("write a package to a modem that does not run"),
      mfu_verb_recover },
    { "rescue", NULL, TRUE, N_ ("update or recover without D-Bus and ModemManager"), mfu_verb_rescue },
    { NULL },
};
