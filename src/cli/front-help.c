/* SPDX-License-Identifier: GPL-2.0-or-later */

/* GOption writes a heading, then each option with its text at one column, then an empty line. */

#include "cli/front-help.h"

#include "config.h"

#include <glib/gi18n-lib.h>

/* Where the texts begin in mmcli's help since 1.18; its longest option decides. */
#define TEXT_COLUMN 65

static const struct {
    const char *option;
    const char *text;
} lines[] = {
    { "--firmware-update=[PACKAGE]", N_ ("Write a firmware package (folder or archive) to a given modem") },
    { "--firmware-update-check=[PACKAGE]",
      N_ ("Read a package and show what an update would do; touches nothing") },
    { "--firmware-update-status", N_ ("Show the running or last update of a given modem") },
    { "--firmware-update-list", N_ ("List modems that can be updated, in whatever state they are") },
    { "--firmware-update-cancel", N_ ("Stop an update while the modem can be put back") },
    { "--firmware-recover=[PACKAGE]",
      N_ ("Write a package to a modem that does not run any more; without one, that which was kept") },
    { "--firmware-update-port=[PORT]", N_ ("Name the modem by its USB port, as 1-2, instead of -m") },
    { "--firmware-update-allow=[REFUSAL,...]", N_ ("Lift refusals by their names, as downgrade,reinstall") },
    { "--firmware-update-method=[METHOD]", N_ ("Use this one (firehose, fastboot, dload, streaming)") },
    { "--firmware-update-keep-package",
      N_ ("Keep a copy of the package until the modem runs, for a recovery without it") },
    { "--firmware-update-yes", N_ ("Do not ask before the update") },
};

char *
mfu_front_help (void)
{
    GString *help = g_string_new (_ ("Firmware update options:"));

    g_string_append_c (help, '\n');
    for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
        g_string_append_printf (help, "  %-*s%s\n", TEXT_COLUMN - 2, lines[i].option, _ (lines[i].text));
    g_string_append_c (help, '\n');
    return g_string_free (help, FALSE);
}
