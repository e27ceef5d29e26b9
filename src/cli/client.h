/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The D-Bus side of the programs: which modems there are, their jobs, and calls. Calls block for at most the
 * timeout; all errors are MFU_ERROR. */

#include "cli/job-view.h"

#include <gio/gio.h>

typedef struct _MfuClient MfuClient;

/* A modem as the service lists it (see Devices in the interface). Texts are clean and never NULL; "" is none.
 */
typedef struct {
    char *device, *port, *mode, *family, *model, *version, *modem, *job, *needs, *package, *package_digest,
        *problem;
} MfuClientDevice;

/* Where a call goes: one modem. Texts may be "". */
typedef struct {
    char *device; /* what the service's Update is told: uid, else port */
    char *port;
    char *modem;         /* object in ModemManager */
    char *job;           /* running or last */
    char *mode;          /* "" where only ModemManager knows the modem */
    gboolean has_plugin; /* the modem object has our interface */
} MfuTarget;

typedef enum {
    MFU_FIND_ANY,     /* whatever is there */
    MFU_FIND_STUCK,   /* without a name: only modems that need recovery */
    MFU_FIND_WITH_JOB /* without a name: only modems that have a job */
} MfuFindKind;

/* `timeout_s` 0: the default. */
MfuClient *mfu_client_new (gboolean session_bus, int timeout_s, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_client_free (MfuClient *client);
GDBusConnection *mfu_client_get_bus (MfuClient *client);
int mfu_client_get_timeout_ms (MfuClient *client);

/* Every modem that the service knows, as MfuClientDevice. */
GPtrArray *mfu_client_list (MfuClient *client, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* `modem` is what -m takes in mmcli, or a port; `port` a port; both NULL: the only one. A modem that has left
 * ModemManager is found by the object path that it had before its job. NOT_FOUND; INVALID_ARGS where several
 * fit: the message lists them. */
MfuTarget *mfu_client_find (MfuClient *client, const char *modem, const char *port, MfuFindKind kind,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_target_free (MfuTarget *target);

/* Hands over the package and returns the new job's path: through the modem object, or where our plugin is not
 * there by the service itself. BUSY: `busy_job` (newly allocated) names the job that runs, "" if it is not
 * known. */
char *mfu_client_update (MfuClient *client, const MfuTarget *target, int package_fd, GVariant *options,
                         char **busy_job, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The same for Resume: with the package that was kept. */
char *mfu_client_resume (MfuClient *client, const MfuTarget *target, GVariant *options, char **busy_job,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

MfuJobView *mfu_client_get_job (MfuClient *client, const char *path,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Start or Cancel of a job, blocking. */
gboolean mfu_client_call_job (MfuClient *client, const char *path, const char *method,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Any D-Bus error as ours. Takes `error`. */
GError *mfu_client_convert_error (GError *error);

/* "Modem 0" for an object path, else "Port 1-2" or the device. Newly allocated. */
char *mfu_client_subject (const char *modem, const char *port, const char *device);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuClient, mfu_client_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuTarget, mfu_target_free)
