/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The last result of each place (see tracker/place.h), kept in the state folder, so that it can still be read
 * after the service has left and come back. This is for people to read; what a recovery needs is in the job's
 * journal. */

#include <gio/gio.h>

typedef struct _MfuResults MfuResults;

typedef struct {
    char *place;
    guint64 number;       /* of the job */
    char *session;        /* ModemManager's, in which the object paths were true; may be "" */
    GVariant *properties; /* a{sv}, as on the bus */
} MfuResult;

/* Reads what is there; a file that cannot be understood is skipped with a log line. Blocks: before the main
 * loop runs. */
MfuResults *mfu_results_load (const char *state_dir);

/* Waits until everything is written. */
void mfu_results_free (MfuResults *results);

/* MfuResult, as found when loading; valid until free. */
GPtrArray *mfu_results_get_loaded (MfuResults *results);

/* A number that no job before has had. */
guint64 mfu_results_next_number (MfuResults *results);

/* Writes the properties of job `number` over what the place had; returns at once, a thread of its
 * own does the work in the order of the calls. */
void mfu_results_store (MfuResults *results, const char *place, guint64 number, const char *session,
                        GVariant *properties);

/* Blocks until everything that was stored before is written. Any thread but the main thread. */
void mfu_results_sync (MfuResults *results);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuResults, mfu_results_free)
