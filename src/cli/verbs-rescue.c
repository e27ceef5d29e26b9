/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The verbs of a build without D-Bus service: an initramfs, a small router. */

#include "config.h"

#include "cli/verbs.h"

#include <glib/gi18n-lib.h>

const MfuVerb mfu_verbs[] = {
    { "rescue", NULL, TRUE, FALSE, N_ ("update or recover without D-Bus and ModemManager"), mfu_verb_rescue },
    { NULL },
};
