/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A stand-in for the real mmcli that tells all that a program can see of how it was started: arguments,
 * environment, folder, descriptors, limits of signals, and what came through stdin. What else it does is in
 * its arguments:
 *
 *   --exit=N    ends with N              --kill=N   ends by signal N
 *   -M          stays until a signal, which it names, and ends with 3
 *   --cat       copies stdin to stdout   --flood    writes more than a pipe holds
 */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FLOOD (1 << 20)

extern char **environ;

static void
tell_strings (const char *what, char **strings)
{
    for (int i = 0; strings[i] != NULL; i++)
        printf ("%s[%d]=<%s>\n", what, i, strings[i]);
}

static void
tell_descriptors (void)
{
    for (int fd = 0; fd < 64; fd++) {
        struct stat st;

        if (fstat (fd, &st) == 0)
            printf ("fd %d is of type %o\n", fd, (unsigned) (st.st_mode & S_IFMT));
        else
            errno = 0;
    }
}

static void
tell_signals (void)
{
    sigset_t blocked;

    sigprocmask (SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < 32; number++) {
        struct sigaction action;

        if (sigaction (number, NULL, &action) == 0 &&
            (action.sa_handler != SIG_DFL || sigismember (&blocked, number)))
            printf ("signal %d: %s%s\n", number, action.sa_handler == SIG_IGN ? "ignored" : "default",
                    sigismember (&blocked, number) ? ", blocked" : "");
    }
}

static void
copy_input (void)
{
    char buffer[4096];
    size_t n;

    while ((n = fread (buffer, 1, sizeof buffer, stdin)) > 0)
        fwrite (buffer, 1, n, stdout);
}

static int
wait_for_signal (void)
{
    sigset_t all;
    int number = 0;

    sigfillset (&all);
    sigdelset (&all, SIGKILL);
    sigprocmask (SIG_BLOCK, &all, NULL);
    printf ("monitoring\n");
    fflush (stdout);
    sigwait (&all, &number);
    printf ("got signal %d\n", number);
    return 3;
}

static void
flood (void)
{
    for (int i = 0; i < FLOOD / 64; i++)
        printf ("%063d\n", i);
}

int
main (int argc, char **argv)
{
    char folder[4096];
    int status = 0;

    tell_strings ("argv", argv);
    tell_strings ("env", environ);
    printf ("argc=%d cwd=%s umask=%o\n", argc, getcwd (folder, sizeof folder), (unsigned) umask (0));
    tell_descriptors ();
    tell_signals ();
    fprintf (stderr, "error: to stderr\n");
    for (int i = 1; i < argc; i++) {
        if (strncmp (argv[i], "--exit=", 7) == 0)
            status = (int) strtol (argv[i] + 7, NULL, 10);
        if (strcmp (argv[i], "--cat") == 0)
            copy_input ();
        if (strcmp (argv[i], "--flood") == 0)
            flood ();
        if (strcmp (argv[i], "-M") == 0)
            status = wait_for_signal ();
        if (strncmp (argv[i], "--kill=", 7) == 0) {
            fflush (stdout);
            raise ((int) strtol (argv[i] + 7, NULL, 10));
        }
    }
    return status;
}
