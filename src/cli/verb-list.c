/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lists the modems that the service knows, in whatever mode they are. */

#include "config.h"

#include "cli/client.h"
#include "cli/outcome.h"
#include "cli/verbs.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>

#define LIST_KEY "firmware-update-list"

static const char *
or_dashes (const char *text)
{
    return text[0] != '\0' ? text : "--";
}

/* "    /org/...Modem/0 [EC25] 1-2: EC25EFAR06A05M4G, normal", in the manner of mmcli -L. */
static char *
heading_of (const MfuClientDevice *device)
{
    g_autofree char *line =
        g_strdup_printf ("    %s [%s] %s: %s, %s", or_dashes (device->modem), or_dashes (device->model),
                         or_dashes (device->port), or_dashes (device->version), or_dashes (device->mode));

    if (g_str_equal (device->needs, "recovery"))
        return g_strdup_printf (device->problem[0] != '\0' ? _ ("%s, needs recovery: %s")
                                                           : _ ("%s, needs recovery"),
                                line, device->problem);
    if (g_str_equal (device->needs, "package"))
        return g_strdup_printf (_ ("%s, needs package %s (digest %s)"), line, device->package,
                                device->package_digest);
    if (g_str_equal (device->needs, "resume"))
        return g_strdup_printf (_ ("%s, needs recovery by package %s (digest %s), which was kept"), line,
                                device->package, device->package_digest);
    return g_steal_pointer (&line);
}

static void
add_device (MfuReport *list, const MfuClientDevice *device)
{
    g_autofree char *heading = heading_of (device);
    MfuReport *object = mfu_report_add_object (list, heading);

    mfu_report_add (object, NULL, "", "port", device->port);
    mfu_report_add (object, NULL, "", "device", device->device);
    mfu_report_add (object, NULL, "", "modem", device->modem);
    mfu_report_add (object, NULL, "", "mode", device->mode);
    mfu_report_add (object, NULL, "", "family", device->family);
    mfu_report_add (object, NULL, "", "model", device->model);
    mfu_report_add (object, NULL, "", "version", device->version);
    mfu_report_add (object, NULL, "", "job", device->job);
    mfu_report_add (object, NULL, "", "needs", device->needs);
    mfu_report_add (object, NULL, "", "package", device->package);
    mfu_report_add (object, NULL, "", "package-digest", device->package_digest);
    mfu_report_add (object, NULL, "", "problem", device->problem);
}

int
mfu_verb_list (const MfuArguments *arguments)
{
    g_autoptr (MfuTerminal) terminal = mfu_terminal_new (TRUE);
    g_autoptr (MfuReport) list = mfu_report_new ();
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuClient) client = mfu_client_new (arguments->session_bus, arguments->timeout_s, &error);
    g_autoptr (GPtrArray) devices = client != NULL ? mfu_client_list (client, &error) : NULL;
    g_autofree char *text = NULL;

    if (devices == NULL)
        return mfu_outcome_error (terminal, error, NULL);
    for (guint i = 0; i < devices->len; i++)
        add_device (list, g_ptr_array_index (devices, i));
    text = mfu_report_list_to_string (list, LIST_KEY, arguments->output, _ ("No modems were found"));
    g_print ("%s", text);
    fflush (stdout);
    return 0;
}
