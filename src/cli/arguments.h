/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the user asks for, from either spelling: `mmcli --firmware-update=PACKAGE` or `mm-firmware update
 * PACKAGE`.
 */

#include "cli/format.h"

typedef struct _MfuArguments MfuArguments;

typedef struct {
    const char *name;   /* "update" */
    const char *option; /* mmcli's spelling without dashes, "firmware-update"; NULL: it has none */
    gboolean wants_package;
    gboolean may_lack_package; /* of those that want one: NULL is a wish too */
    const char *summary;       /* for --help, to be translated */
    /* Does it all and returns the exit code. */
    int (*run) (const MfuArguments *arguments);
} MfuVerb;

struct _MfuArguments {
    const MfuVerb *verb;
    gboolean is_mmcli; /* spelled the mmcli way: messages name options, not verbs */
    char *package;     /* path; NULL: none */
    char *modem;       /* -m: object path, index, uid, "any"; NULL: not given */
    char *port;        /* "1-2.3"; NULL: not given */
    char **allow;      /* NULL: nothing */
    char *method;      /* NULL: the service chooses */
    gboolean keeps_package;
    gboolean yes;
    MfuOutput output;
    int timeout_s; /* of one D-Bus call; 0: the default */
    gboolean verbose;
    gboolean session_bus;
    char *devices_dir, *state_dir; /* rescue */
};

/* `verbs` ends with an entry without name. On failure (INVALID_ARGS) the message is a sentence for the user.
 * NULL without error: help or version was printed. */
MfuArguments *mfu_arguments_parse (const MfuVerb *verbs, int argc, char **argv,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_arguments_free (MfuArguments *arguments);

/* How the user would type `verb` for the same modem, for advice: "mmcli -m 0 --firmware-update-status". Newly
 * allocated. */
char *mfu_arguments_command (const MfuArguments *arguments, const char *verb);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuArguments, mfu_arguments_free)
