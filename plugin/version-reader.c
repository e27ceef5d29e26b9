/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The conversation:
 *
 *     > AT+QGMR      < EC25EFAR06A05M4G_01.001.01.001      the exact version; or, just after start,
 *                    < EC25EFAR06A05M4G_01.001.00.000      not known yet; or ERROR
 *     > AT+CGMR      < EC25EFAR06A05M4G                    instead of those two
 *
 * Source: Quectel EC2x&EG9x&EM05 AT Commands Manual, AT+QGMR and AT+CGMR; the zeros: ModemManager 1.24.2
 * src/plugins/quectel/mm-modem-helpers-quectel.c, mm_quectel_check_standard_firmware_version_valid (). */

#include "plugin/version-reader.h"

#include <string.h>

/* ModemManager's own patience for the same command. Source: ModemManager 1.24.2
 * src/plugins/quectel/mm-shared-quectel.c. */
#define COMMAND_TIMEOUT_S 3
/* Both commands, and what else ModemManager had queued before them. */
#define DEADLINE_S 20

#define VERSION_MIN 5
#define VERSION_MAX 64
#define ZEROS       ".00.000"

static const char *const commands[] = { "+QGMR", "+CGMR" };

typedef struct {
    const MfuSymbols *symbols;
    GWeakRef modem;
    guint next; /* index into commands */
    guint deadline_id;
    gboolean pending; /* the task has not returned yet */
    gboolean try_again;
} Reading;

static void
reading_free (Reading *reading)
{
    g_clear_handle_id (&reading->deadline_id, g_source_remove);
    g_weak_ref_clear (&reading->modem);
    g_free (reading);
}

/* "+QGMR: X" and "Revision: X" are seen as well as a bare "X". */
static const char *
skip_prefix (const char *line)
{
    const char *colon = strchr (line, ':');

    return colon != NULL ? colon + 1 : line;
}

static gboolean
is_version (const char *text)
{
    gsize length = strlen (text);
    gboolean has_letter = FALSE, has_digit = FALSE;

    if (length < VERSION_MIN || length > VERSION_MAX)
        return FALSE;
    for (gsize i = 0; i < length; i++) {
        if (g_ascii_isalpha (text[i]))
            has_letter = TRUE;
        else if (g_ascii_isdigit (text[i]))
            has_digit = TRUE;
        else if (strchr ("._-", text[i]) == NULL)
            return FALSE;
    }
    return has_letter && has_digit;
}

char *
mfu_version_parse (const char *reply, gboolean *complete)
{
    g_auto (GStrv) lines = g_strsplit_set (reply, "\r\n", -1);

    for (gsize i = 0; lines[i] != NULL; i++) {
        g_autofree char *text = g_strstrip (g_strdup (skip_prefix (lines[i])));

        if (is_version (text)) {
            *complete = !g_str_has_suffix (text, ZEROS);
            return g_steal_pointer (&text);
        }
    }
    return NULL;
}

static void
end (GTask *task, char *version, GError *error)
{
    Reading *reading = g_task_get_task_data (task);

    reading->pending = FALSE;
    g_clear_handle_id (&reading->deadline_id, g_source_remove);
    if (error != NULL)
        g_task_return_error (task, error);
    else
        g_task_return_pointer (task, version, g_free);
}

static void send_next (GTask *task);

static void
command_ready (GObject *modem, GAsyncResult *result, gpointer user_data)
{
    g_autoptr (GTask) task = user_data;
    Reading *reading = g_task_get_task_data (task);
    g_autoptr (GError) error = NULL;
    const char *reply = reading->symbols->at_command_finish (modem, result, &error);
    gboolean complete = FALSE;
    g_autofree char *version = reply != NULL ? mfu_version_parse (reply, &complete) : NULL;

    if (!reading->pending)
        return;
    if (version != NULL && complete) {
        end (task, g_steal_pointer (&version), NULL);
        return;
    }
    if (version != NULL)
        reading->try_again = TRUE;
    reading->next++;
    send_next (task);
}

static void
send_next (GTask *task)
{
    Reading *reading = g_task_get_task_data (task);
    g_autoptr (GObject) modem = g_weak_ref_get (&reading->modem);

    if (modem == NULL) {
        end (task, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CLOSED, "the modem went away"));
    } else if (reading->next >= G_N_ELEMENTS (commands)) {
        reading->try_again = TRUE;
        end (
            task, NULL,
            g_error_new_literal (G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "the modem does not tell its version"));
    } else {
        reading->symbols->at_command (modem, commands[reading->next], COMMAND_TIMEOUT_S, FALSE, command_ready,
                                      g_object_ref (task));
    }
}

static gboolean
deadline_passed (gpointer user_data)
{
    GTask *task = user_data;
    Reading *reading = g_task_get_task_data (task);

    reading->deadline_id = 0;
    reading->try_again = TRUE;
    end (task, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the modem did not answer"));
    return G_SOURCE_REMOVE;
}

void
mfu_version_read_async (const MfuSymbols *symbols, GObject *modem, GAsyncReadyCallback callback,
                        gpointer user_data)
{
    g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, user_data);
    Reading *reading = g_new0 (Reading, 1);

    reading->symbols = symbols;
    reading->pending = TRUE;
    g_weak_ref_init (&reading->modem, modem);
    g_task_set_source_tag (task, mfu_version_read_async);
    g_task_set_task_data (task, reading, (GDestroyNotify) reading_free);
    if (symbols->at_command == NULL) {
        end (task, NULL, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "no AT functions"));
        return;
    }
    /* The source keeps the task: a lost answer cannot lose the caller. */
    reading->deadline_id = g_timeout_add_seconds_full (G_PRIORITY_DEFAULT, DEADLINE_S, deadline_passed,
                                                       g_object_ref (task), g_object_unref);
    send_next (task);
}

char *
mfu_version_read_finish (GAsyncResult *result, gboolean *try_again, GError **error)
{
    Reading *reading = g_task_get_task_data (G_TASK (result));

    *try_again = reading->try_again;
    return g_task_propagate_pointer (G_TASK (result), error);
}
