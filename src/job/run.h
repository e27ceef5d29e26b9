/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* One execution of a plan: what the steps of a chain share, and how they report. Private to the job room; all
 * in the job's thread. */

#include "job/job.h"
#include "job/journal.h"
#include "job/plan.h"
#include "protocol/engine.h"

typedef struct _MfuRun MfuRun;

/* Every mode in which a modem can be found after a restart. */
#define MFU_STANDING_MODES                                                                                   \
    (1u << MFU_MODE_NORMAL | 1u << MFU_MODE_EDL | 1u << MFU_MODE_FASTBOOT | 1u << MFU_MODE_SBL_DOWNLOAD)

typedef enum {
    MFU_STEP_NEEDS_NORMAL = 1 << 0, /* skipped where the modem was found in a download mode */
    MFU_STEP_NO_RETURN = 1 << 1,    /* from here on the firmware is incomplete: no cancelling */
    MFU_STEP_RUNS = 1 << 2,         /* the modem runs again: what fails here leaves it usable */
} MfuStepFlags;

typedef struct {
    const char *id;    /* in the journal */
    const char *title; /* for the user, N_() */
    guint flags;
    double (*weight) (const MfuRun *run); /* expected seconds */
    gboolean (*run) (MfuRun *run, GError **error);
} MfuStep;

struct _MfuRun {
    MfuJob *job;
    MfuWorld *world;
    MfuJobHost *host; /* or NULL */
    const char *state_dir;
    const char *place; /* by which the files in `state_dir` are named */
    const char *port;  /* where the modem was found; its name does not change */
    GCancellable *cancellable;
    guint allowed;
    guint recalled;           /* what was allowed for this package when the update was cut short */
    gboolean is_unfinished;   /* an update of this modem was cut short before */
    gboolean asks_when_taken; /* ModemManager had the modem when the plan was made */
    gboolean is_automatic;    /* nobody asked: only for a modem that is certainly the one of `memory` */
    gboolean has_copy;        /* of the package, which becomes the kept one when the journal begins */
    const char *package_name; /* as the caller gave it */
    const char *fingerprint;  /* or NULL */

    const MfuFamily *family;
    MfuPackage *package;
    MfuPlan *plan;
    MfuJournal *journal;
    MfuJournalRecord *memory; /* of an earlier run on this port, or NULL */

    MfuUsbDevice *device; /* where the modem stands now; NULL while it is between two identities */
    gboolean was_normal;  /* when the job found it */
    gboolean has_taken;   /* ModemManager has let go and must be given back */
    gpointer hold;        /* of the port, against drivers; NULL: none */
    gboolean cannot_hold; /* it was tried in vain */
    gboolean is_past_no_return;
    gboolean is_silent;      /* it answers to nothing as long as it has power */
    gboolean is_stranger;    /* the modem says that it is not the one of `memory` */
    gboolean is_foreign;     /* it says that it is nothing that the package is for */
    guint32 msm_id;          /* as the boot ROM told it; 0: it did not */
    gboolean skips_identity; /* the boot ROM refused to be identified */
    gboolean
        is_unclear; /* nobody has found out yet what answers in the download mode, boot ROM or programmer */
    gboolean has_written; /* every byte is in flash */

    MfuChannel *channel;  /* to the download or fastboot identity, while it is open */
    MfuEngine *firehose;  /* while the programmer runs */
    MfuEngine *fastboot;  /* while there is a session with the boot loader */
    MfuEngine *streaming; /* while there is one with the streaming loader */

    guint64 bytes_done;
    guint blocks_done;
    char *version; /* after the return */
    char *modem_path;
};

/* The steps that take a modem from where it stands to its new firmware; `n` receives how many. */
const MfuStep *mfu_chain_firehose (guint *n);
const MfuStep *mfu_chain_fastboot (guint *n);
/* Of the chains dload and streaming; which steps there are depends on where the plan begins and ends. */
const MfuStep *mfu_chain_stream (const MfuRun *run, guint *n);

/* Those of the plan's chain. */
const MfuStep *mfu_run_get_steps (const MfuRun *run, guint *n);

/* Runs them all. On failure the modem is put back to normal if it was not written to; `run->device` then
 * tells. */
gboolean mfu_run_execute (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Brings a modem that was not written to back to normal mode and to ModemManager. */
void mfu_run_put_back (MfuRun *run);

/* Whether a modem in normal mode is in the port: that becomes `run->device`, which has another number if it
 * was enumerated anew while nobody looked. */
gboolean mfu_run_look_again (MfuRun *run);

/* Lets go of the channel and of the engine on it; harmless when there is none. */
void mfu_run_close (MfuRun *run);

/* Lifts the inhibition; harmless when it is not held. */
void mfu_run_give_back (MfuRun *run);

/* Keeps drivers, and with them ModemManager, off the port from the modem's next arrival on: an inhibition is
 * forgotten when ModemManager is restarted, this is not. Where it cannot be had, the log says so. Harmless
 * when it is held already. */
void mfu_run_hold (MfuRun *run);

/* Before the reset after which the modem shall be seen by all; harmless when it is not held. */
void mfu_run_release (MfuRun *run);

/* A modem that came up in normal mode while the port was held gets its drivers. */
gboolean mfu_run_let_drivers_in (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for one that is found so, because the program that held its port has died. `device` is in normal
 * mode; what it has become, or NULL. */
MfuUsbDevice *mfu_run_wake (MfuWorld *world, const MfuUsbDevice *device,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_run_is_asleep (const MfuUsbDevice *device);

/* A modem that does not say who it is, and nobody has asked: always FALSE. */
gboolean mfu_run_refuse_unknown (const MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The sentence for a modem in its download mode to whom nobody gets through; `why` is the last thing tried.
 */
void mfu_run_explain_silence (MfuRun *run, const GError *why, GError **error);

/* Who talks `peer` is no modem for the package, and is left as it is: what would let one start is nothing
 * that it knows. Always FALSE. */
gboolean mfu_run_refuse_peer (MfuRun *run, const char *peer, GError **error) G_GNUC_WARN_UNUSED_RESULT;

void mfu_run_clear (MfuRun *run);

/* Reporting, implemented by the job. */
void mfu_job_report_begin (MfuJob *job, double total_weight, guint64 bytes_total);
void mfu_job_report_step (MfuJob *job, const char *title, guint number, guint count, double weight);
void mfu_job_report_title (MfuJob *job, const char *title);
void mfu_job_report_from (MfuJob *job, const char *version);
void mfu_job_report_end_step (MfuJob *job);
void mfu_job_report_fraction (MfuJob *job, double fraction);
void mfu_job_report_bytes (MfuJob *job, guint64 bytes_done);

/* Closes the door to Cancel; FALSE with CANCELLED when somebody went through it before. */
gboolean mfu_job_pass_no_return (MfuJob *job, GError **error) G_GNUC_WARN_UNUSED_RESULT;
