/* SPDX-License-Identifier: GPL-2.0-or-later */

/* mm-firmware-updater: the service's program. Started by the bus, or by hand for a look at its log:
 *
 *   G_MESSAGES_DEBUG=all mm-firmware-updater --idle-seconds=0 */

#include "config.h"

#include "service/service.h"

#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>

#define IDLE_SECONDS  60
#define RETRY_SECONDS 60

int
main (int argc, char **argv)
{
    g_autofree char *state_dir = NULL;
    g_autofree char *devices_dir = NULL;
    int idle_seconds = IDLE_SECONDS;
    int retry_seconds = RETRY_SECONDS;
    gboolean keeps_packages = FALSE;
    gboolean shows_version = FALSE;
    const GOptionEntry entries[] = {
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &state_dir, "Where the journal lives (" MFU_STATE_DIR ")",
          "DIR" },
        { "devices-dir", 0, 0, G_OPTION_ARG_FILENAME, &devices_dir,
          "Descriptions of modem families (" MFU_DEVICES_DIR ")", "DIR" },
        { "idle-seconds", 0, 0, G_OPTION_ARG_INT, &idle_seconds,
          "Leave after so long without a job (60; 0: never)", "N" },
        { "keep-package", 0, 0, G_OPTION_ARG_NONE, &keeps_packages,
          "Keep a copy of each package until its modem runs, if there is room", NULL },
        { "retry-seconds", 0, 0, G_OPTION_ARG_INT, &retry_seconds,
          "Take an interrupted update up again after so long (60), then four times as long, and so on", "N" },
        { "version", 0, 0, G_OPTION_ARG_NONE, &shows_version, "Print the version", NULL },
        { NULL },
    };
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;
    MfuServiceConfig config = { 0 };

    /* The C locale stays: the service speaks to callers in any language. */
    signal (SIGPIPE, SIG_IGN);
    signal (SIGHUP, SIG_IGN);
    g_option_context_set_summary (context, "Updates the firmware of modems for callers on D-Bus.");
    g_option_context_add_main_entries (context, entries, NULL);
    if (!g_option_context_parse (context, &argc, &argv, &error)) {
        g_printerr ("mm-firmware-updater: %s\n", error->message);
        return EXIT_FAILURE;
    }
    if (shows_version) {
        g_print ("mm-firmware-updater " MFU_VERSION "\n");
        return EXIT_SUCCESS;
    }
    config.state_dir = state_dir != NULL ? state_dir : MFU_STATE_DIR;
    config.devices_dir = devices_dir != NULL ? devices_dir : MFU_DEVICES_DIR;
    config.idle_seconds = (guint) MAX (idle_seconds, 0);
    config.retry_seconds = (guint) MAX (retry_seconds, 1);
    config.keeps_packages = keeps_packages;
    if (!mfu_service_run (&config, &error)) {
        g_printerr ("mm-firmware-updater: %s\n", error->message);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
