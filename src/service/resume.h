/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Interrupted jobs that are taken up without anybody asking: those whose journal was there when the service
 * began. When one fails, it is tried again later, and later still; the journal counts, and says when it is
 * enough. Main thread. */

#include <glib.h>

typedef struct _MfuResumes MfuResumes;

typedef struct {
    const char *state_dir;
    guint retry_seconds; /* until the second attempt; each further one takes four times as long */
    /* It is time for another attempt: look whether the modem is there. */
    void (*wake) (gpointer user_data);
    gpointer user_data;
} MfuResumesConfig;

/* Looks which journals there are with a kept package. Blocks: before the main loop runs. */
MfuResumes *mfu_resumes_new (const MfuResumesConfig *config);
void mfu_resumes_free (MfuResumes *resumes);

/* Whether the job whose journal is `place`'s is to be taken up now; if so it is taken for begun. */
gboolean mfu_resumes_take (MfuResumes *resumes, const char *place);

/* Whether there may be something to take up when a modem comes. */
gboolean mfu_resumes_is_hoping (MfuResumes *resumes);

/* Whether what an attempt failed with may have passed by the next one. */
gboolean mfu_resumes_is_passing (const GError *error);

/* The attempt is over. `tries_again`: it may be better next time. */
void mfu_resumes_ended (MfuResumes *resumes, const char *place, gboolean tries_again);

/* Whether a next attempt is due at some time. */
gboolean mfu_resumes_is_waiting (MfuResumes *resumes);

/* No more from now on. */
void mfu_resumes_stop (MfuResumes *resumes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuResumes, mfu_resumes_free)
