/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mm-firmware: reads the command line and runs its verb. The front calls it too. */

#include "config.h"

#include "cli/outcome.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "util/log.h"

#include <glib/gi18n-lib.h>
#include <locale.h>
#include <string.h>

/* What the engine of `rescue` says about its work, as "once more"; a user reads that in the middle of the
 * progress, and it is nothing that went wrong. */
static gboolean
is_of_engine (const GLogField *fields, gsize n_fields)
{
    for (gsize i = 0; i < n_fields; i++)
        if (strcmp (fields[i].key, "GLIB_DOMAIN") == 0)
            return g_strcmp0 (fields[i].value, MFU_LOG_DOMAIN) == 0;
    return FALSE;
}

/* Without -v a user reads what went wrong, and nothing about how it was done. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    const MfuArguments *arguments = user_data;

    if (!arguments->verbose &&
        (level & G_LOG_LEVEL_MASK) >
            (is_of_engine (fields, n_fields) ? G_LOG_LEVEL_CRITICAL : G_LOG_LEVEL_WARNING))
        return G_LOG_WRITER_HANDLED;
    /* Every byte on the wire only where it is asked for, as everywhere in GLib: G_MESSAGES_DEBUG=all. */
    if ((level & G_LOG_LEVEL_DEBUG) != 0 && g_log_writer_default_would_drop (level, MFU_LOG_DOMAIN))
        return G_LOG_WRITER_HANDLED;
    return g_log_writer_standard_streams (level, fields, n_fields, NULL);
}

int
main (int argc, char **argv)
{
    g_autoptr (MfuArguments) arguments = NULL;
    g_autoptr (GError) error = NULL;

    setlocale (LC_ALL, "");
    bindtextdomain (GETTEXT_PACKAGE, MFU_LOCALE_DIR);
    bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
    textdomain (GETTEXT_PACKAGE);

    arguments = mfu_arguments_parse (mfu_verbs, argc, argv, &error);
    if (error != NULL) {
        g_autoptr (MfuTerminal) terminal = mfu_terminal_new (FALSE);

        return mfu_outcome_error (terminal, error, NULL);
    }
    if (arguments == NULL)
        return 0;
    g_log_writer_default_set_use_stderr (TRUE);
    g_log_set_writer_func (write_log, arguments, NULL);
    return arguments->verb->run (arguments);
}
