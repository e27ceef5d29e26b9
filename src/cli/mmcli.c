/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The front: stands where mmcli stood. A command line with one of our options goes to mm-firmware, every
 * other one to the real mmcli, by exec, so that arguments, descriptors, environment, signals and exit status
 * are the caller's and the real one's own. Nothing is opened, allocated for keeps or set up before that.
 */

#include "config.h"

#include "cli/front-help.h"
#include "cli/real-mmcli.h"
#include "cli/scan.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIVERTED_MMCLI "/usr/bin/mmcli.real"
#define SELF           "/proc/self/exe"

/* As a shell answers for a program that is not there. */
#define EXIT_NO_PROGRAM 127

static void
speak_users_language (void)
{
    setlocale (LC_ALL, "");
    bindtextdomain (GETTEXT_PACKAGE, MFU_LOCALE_DIR);
    bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}

static int
exec_client (int argc, char **argv)
{
    g_autofree char *self = g_file_read_link (SELF, NULL);
    g_autofree char *folder = self != NULL ? g_path_get_dirname (self) : g_strdup (MFU_BINDIR);
    g_autofree char *beside = g_build_filename (folder, "mm-firmware", NULL);
    g_autofree char **args = g_new0 (char *, (gsize) argc + 2);

    args[0] = argv[0];
    args[1] = (char *) "--as-mmcli";
    for (int i = 1; i < argc; i++)
        args[i + 1] = argv[i];
    execv (beside, args);
    execv (MFU_BINDIR "/mm-firmware", args);
    speak_users_language ();
    g_printerr (_ ("error: %s cannot be started: %s\n"), MFU_BINDIR "/mm-firmware", g_strerror (errno));
    return EXIT_NO_PROGRAM;
}

static int
exec_real (const char *real, char **argv)
{
    execv (real, argv);
    speak_users_language ();
    g_printerr (_ ("error: %s cannot be started: %s\n"), real, g_strerror (errno));
    return EXIT_NO_PROGRAM;
}

/* Ends as the child ended. */
static int
pass_on (int status)
{
    if (WIFSIGNALED (status)) {
        signal (WTERMSIG (status), SIG_DFL);
        raise (WTERMSIG (status));
    }
    return WIFEXITED (status) ? WEXITSTATUS (status) : EXIT_FAILURE;
}

static int
help_of_both (const char *real, char **argv)
{
    g_autofree char *help = NULL;
    int status = 0;
    pid_t child = fork ();

    if (child == 0)
        _exit (exec_real (real, argv));
    if (child < 0) {
        g_printerr (_ ("error: %s cannot be started: %s\n"), real, g_strerror (errno));
        return EXIT_FAILURE;
    }
    while (waitpid (child, &status, 0) < 0) {
        if (errno != EINTR)
            return EXIT_FAILURE;
    }
    if (!WIFEXITED (status) || WEXITSTATUS (status) != EXIT_SUCCESS)
        return pass_on (status);

    speak_users_language ();
    help = mfu_front_help ();
    g_print ("%s", help);
    return fflush (stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
    MfuScan scan = mfu_scan (argc, argv);
    g_autofree char *real = NULL;
    char *only_help[] = { argv[0], NULL, NULL };

    if (scan.result == MFU_SCAN_OURS)
        return exec_client (argc, argv);

    real = mfu_real_mmcli_find (DIVERTED_MMCLI, g_getenv ("PATH"), SELF);
    if (real == NULL) {
        speak_users_language ();
        g_printerr (_ ("error: the mmcli of ModemManager was found neither as %s nor on the path\n"),
                    DIVERTED_MMCLI);
        return EXIT_NO_PROGRAM;
    }
    if (scan.only_help) {
        only_help[1] = argv[scan.help];
        argv = only_help;
    }
    return scan.result == MFU_SCAN_HELP ? help_of_both (real, argv) : exec_real (real, argv);
}
