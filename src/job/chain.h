/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the chains have in common. Private to the job room, job's thread. */

#include "job/run.h"

/* ModemManager lets go, and the modem's version is asked for if it was not known well. */
gboolean mfu_chain_take (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a modem in normal mode is told to come up in another one. */
typedef struct {
    const char *name;            /* of the mode, for sentences: "download mode" */
    MfuEngine *(*engine) (void); /* says it; NULL: the control port's order MFU_CONTROL_TO_EDL does */
    MfuFunction function;        /* of the tty on which it is said */
    MfuMode mode;
    gboolean may_return; /* it can come back in normal mode instead, which is a failure then */
    guint timeout_ms;    /* until it has arrived there */
} MfuChainSwitch;
gboolean mfu_chain_switch (MfuRun *run, const MfuChainSwitch *to, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for a modem that is in normal mode in the middle of its update, in a port that is held: its
 * drivers are not there, so `to->interface` is spoken to itself. */
gboolean mfu_chain_switch_bare (MfuRun *run, const MfuChainSwitch *to,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Of the chain fastboot, and of those in which it is one part. */
gboolean mfu_chain_switch_to_fastboot (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
MfuEngine *mfu_chain_ask_for_fastboot (void);
gboolean mfu_chain_open_fastboot (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_chain_write_flashes (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_chain_restart_by_fastboot (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;
double mfu_chain_seconds_flashes (const MfuRun *run);
double mfu_chain_seconds_switch (const MfuRun *run);

/* After the last write: `reset` makes the modem start, and it has to come up in normal mode. */
gboolean mfu_chain_restart (MfuRun *run, gboolean (*reset) (MfuRun *run, GError **error),
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the modem back and compares the version that it runs. */
gboolean mfu_chain_verify (MfuRun *run, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* For the estimates of the steps. */
double mfu_chain_seconds_short (const MfuRun *run);
double mfu_chain_seconds_restart (const MfuRun *run);
double mfu_chain_seconds_verify (const MfuRun *run);
