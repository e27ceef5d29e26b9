/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One simulated modem, one package, one job, for tests that say what they do in a few lines. */

#include "sim-world.h"

#include "job/job.h"

typedef struct {
    MfuFamilies *families;
    SimWorld *sim;
    MfuWorld *world; /* what a job gets; NULL: that of `sim` */
    char *directory; /* packages and state, removed at the end */
    char *state_dir;
    const char *allow[8];
    const char *version; /* told by ModemManager; NULL: the modem is asked */
    gboolean asks_when_taken;
    const char *method;
    gboolean waits_for_start;
    gboolean keeps_package, is_automatic;
    const char *kept_digest;
    MfuJobChanged changed;
    gpointer user_data;
    MfuJobHost *host;
    MfuJobStatus *status; /* of the last job */
} JobFixture;

/* The package directory is shared by all tests of a program; NULL quirks: none. */
void job_fixture_init (JobFixture *fixture, const SimConfig *config);
void job_fixture_clear (JobFixture *fixture);

/* Runs make-package with `arguments` (NULL-terminated, without -o) once per program and distinct call;
 * returns the path of NAME. */
const char *job_fixture_package (const char *name, ...) G_GNUC_NULL_TERMINATED;

/* Runs a job with the package at `path` on what is in the port now; the result is in `fixture->status`. */
void job_fixture_run (JobFixture *fixture, const char *path);
/* The same on `device` with the package behind `fd` (both the caller's), which came as `name`. */
void job_fixture_run_on (JobFixture *fixture, MfuUsbDevice *device, int fd, const char *name);

SimModem *job_fixture_modem (JobFixture *fixture);
const SimVerdict *job_fixture_verdict (JobFixture *fixture);

/* Removes the packages; at the end of main (). */
void job_fixture_remove_packages (void);

#define job_assert_state(fixture, expected) job_assert_state_at (fixture, expected, G_STRLOC)
void job_assert_state_at (JobFixture *fixture, MfuJobState expected, const char *where);
void job_assert_message (JobFixture *fixture, int code, const char *part);
