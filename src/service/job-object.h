/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A job on the bus: one that runs in a thread of its own, or the result of one that ended before the service
 * was started. Main thread only. */

#include "job/job.h"
#include "service/authorize.h"
#include "service/modem-manager.h"
#include "service/results.h"
#include "service/update-request.h"

typedef struct _MfuJobObject MfuJobObject;

/* Called when the job has ended. */
typedef void (*MfuJobObjectEnded) (MfuJobObject *object, gpointer user_data);

/* What all job objects have in common; outlives them. */
typedef struct {
    GDBusConnection *connection;
    GDBusObjectManagerServer *server;
    MfuAuthorizer *authorizer;
    MfuModemManager *modem_manager;
    MfuResults *results;
    const MfuFamilies *families;
    const char *state_dir;
    MfuJobObjectEnded ended;
    gpointer user_data;
} MfuJobObjectContext;

/* Exports the job and starts its thread. `modem` is ModemManager's record (may be NULL), `fingerprint` the
 * package's. */
MfuJobObject *mfu_job_object_new (const MfuJobObjectContext *context, const MfuUpdateRequest *request,
                                  MfuUsbDevice *device, MfuModem *modem, const char *fingerprint,
                                  uid_t caller_uid, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* `device`: what is in the result's place now, or NULL. NULL when the record makes no sense. */
MfuJobObject *mfu_job_object_new_from_result (const MfuJobObjectContext *context, const MfuResult *result,
                                              const MfuUsbDevice *device);

MfuJobObject *mfu_job_object_ref (MfuJobObject *object);
void mfu_job_object_unref (MfuJobObject *object);

/* A job that waits for its start ends with the client that asked for it, whose unique bus name this is:
 * nobody else would start it, and it keeps others from the modem. Once started it outlives everybody. */
void mfu_job_object_tie_to (MfuJobObject *object, const char *name);

/* By which its journal is named. */
const char *mfu_job_object_get_place (MfuJobObject *object);

/* After its end: whether it failed in a way that may be better next time. */
gboolean mfu_job_object_is_worth_another_try (MfuJobObject *object);

/* The object path by which a user still names the modem, from the job of the same port before this one. */
void mfu_job_object_inherit (MfuJobObject *object, MfuJobObject *older);

/* The modem turned out to run what the job wrote before it was interrupted. */
void mfu_job_object_show_done (MfuJobObject *object);

/* What the modem in the job's port is in now, "edl"; "" while there is none. */
void mfu_job_object_set_mode (MfuJobObject *object, const char *mode);

/* Takes an ended job off the bus. */
void mfu_job_object_unexport (MfuJobObject *object);

const char *mfu_job_object_get_path (MfuJobObject *object);

/* FALSE when the thread has ended. */
gboolean mfu_job_object_is_live (MfuJobObject *object);

/* Whether this is the job of `port` ("1-2"; the same socket's other-speed port counts). */
gboolean mfu_job_object_is_at (MfuJobObject *object, const char *port);

/* The port, if the job knows its modem by `name`: port, ModemManager's uid, sysfs path, the object path
 * before the job or after it. Else NULL. */
const char *mfu_job_object_resolve (MfuJobObject *object, const char *name);

/* ModemManager is there, maybe another one: after the job's end its object paths are forgotten when they are
 * those of an earlier one, which gave them to other modems. */
void mfu_job_object_check_session (MfuJobObject *object);

/* For a service that is told to leave: FALSE when the job must be waited for. */
gboolean mfu_job_object_cancel (MfuJobObject *object, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuJobObject, mfu_job_object_unref)
