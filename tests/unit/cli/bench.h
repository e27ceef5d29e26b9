/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A private system bus with the fake service on it, and the client started as a user would. */

#include <gio/gio.h>

typedef struct {
    GTestDBus *bus;
    GSubprocess *fake;
    char *folder, *package, *log;
    int exit_code; /* of the last client; 128 + signal if one killed it */
    char *out, *err;
} Bench;

/* `settings` are the fake's words, separated by spaces. */
void bench_open (Bench *bench, const char *settings);
void bench_close (Bench *bench);

/* Runs `program`'s arguments (separated by spaces, PACKAGE stands for the package) to its end. */
void bench_run (Bench *bench, const char *arguments);

/* The same, but sends `signal_number` when `marker` has been printed. `then` is sent to the fake (0:
 * nothing). */
void bench_run_and_signal (Bench *bench, const char *arguments, const char *marker, int signal_number,
                           int then);

/* The same on a terminal of `columns`; types each of `answers` (pairs: what to wait for, what to type). All
 * output is in `out`. */
void bench_run_on_terminal (Bench *bench, const char *arguments, guint columns, const char *const *answers);

/* The same, but closes the terminal when `marker` has been printed, as a lost connection does. */
void bench_run_and_hang_up (Bench *bench, const char *arguments, const char *marker);

/* What the fake was told, newly allocated. */
char *bench_read_log (Bench *bench);
