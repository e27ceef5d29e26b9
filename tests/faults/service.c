/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which journal is taken up, with what, and whether once more, is decided by the service's own functions
 * (src/service/resume.c, update-request.c); what is here is the frame that they have in its main loop. */

#include "service.h"

#include "job/journal.h"
#include "job/kept.h"
#include "service/resume.h"
#include "service/update-request.h"
#include "util/error.h"

#include <string.h>

#define PORT     "1-2"
#define PAUSE_MS (60 * 1000)

/* More than a journal lets happen. */
#define MAX_JOBS 8

static MfuUsbDevice *
look (JobFixture *fixture)
{
    return fixture->world->klass->look (fixture->world, PORT, NULL);
}

void
service_tidy (JobFixture *fixture)
{
    g_autoptr (MfuUsbDevice) device = look (fixture);
    g_autoptr (MfuPortLock) lock = NULL;

    if (device == NULL || device->mode != MFU_MODE_NORMAL || device->interfaces->len > 0 ||
        !mfu_journal_exists (fixture->state_dir, SIM_PLACE))
        return;
    lock = mfu_port_lock_take (fixture->state_dir, SIM_PLACE, PORT, NULL);
    /* Ignored because one that stays as it is will be seen. */
    if (lock != NULL)
        (void) fixture->world->klass->reenumerate (fixture->world, device, NULL);
    sim_world_pass_ms (fixture->sim, PAUSE_MS);
}

/* A journal whose modem runs is over when it had not begun to write, or when ModemManager tells the version
 * that was written. */
static void
settle (JobFixture *fixture, const MfuJournalRecord *record)
{
    const char *version = sim_modem_get_verdict (sim_world_modem (fixture->sim))->version;

    if (record->is_past_no_return && g_strcmp0 (version, record->to) != 0)
        return;
    if (mfu_journal_archive (fixture->state_dir, SIM_PLACE, TRUE, NULL))
        mfu_kept_remove (fixture->state_dir, SIM_PLACE);
}

static gboolean
run_kept (JobFixture *fixture, MfuUpdateRequest *request, MfuUsbDevice *device, GError **error)
{
    if (!mfu_update_request_use_kept (request, fixture->state_dir, device, error))
        return FALSE;
    memset (fixture->allow, 0, sizeof fixture->allow);
    for (guint i = 0; request->allow != NULL && request->allow[i] != NULL; i++) {
        g_assert_cmpuint (i, <, G_N_ELEMENTS (fixture->allow) - 1);
        fixture->allow[i] = request->allow[i];
    }
    fixture->keeps_package = FALSE;
    fixture->is_automatic = request->is_automatic;
    fixture->kept_digest = request->kept_digest;
    job_fixture_run_on (fixture, device, request->package_fd, request->name);
    fixture->is_automatic = FALSE;
    fixture->kept_digest = NULL;
    memset (fixture->allow, 0, sizeof fixture->allow);
    return TRUE;
}

/* Whether there may be something to do once more. */
static gboolean
act (JobFixture *fixture, guint *n_jobs)
{
    const MfuResumesConfig config = { .state_dir = fixture->state_dir };
    g_autoptr (MfuResumes) resumes = mfu_resumes_new (&config);
    g_autoptr (MfuUsbDevice) device = look (fixture);
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (fixture->state_dir, SIM_PLACE, NULL);
    g_autoptr (MfuUpdateRequest) request = NULL;

    if (device == NULL || record == NULL)
        return FALSE;
    if (device->mode == MFU_MODE_NORMAL) {
        settle (fixture, record);
        return FALSE;
    }
    if (!mfu_resumes_take (resumes, SIM_PLACE))
        return FALSE;
    request = mfu_update_request_new_automatic (PORT);
    if (!run_kept (fixture, request, device, NULL))
        return FALSE;
    ++*n_jobs;
    return mfu_resumes_is_passing (fixture->status->error);
}

guint
service_start (JobFixture *fixture, void (*paused) (gpointer user_data), gpointer user_data)
{
    guint n_jobs = 0;

    service_tidy (fixture);
    mfu_kept_clean_up (fixture->state_dir);
    while (act (fixture, &n_jobs) && n_jobs < MAX_JOBS) {
        sim_world_pass_ms (fixture->sim, PAUSE_MS);
        if (paused != NULL)
            paused (user_data);
    }
    return n_jobs;
}

gboolean
service_recover (JobFixture *fixture, GError **error)
{
    g_autoptr (GVariant) options = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
    g_autoptr (MfuUpdateRequest) request = mfu_update_request_new_resume (PORT, options, error);
    g_autoptr (MfuUsbDevice) device = look (fixture);

    return request != NULL && device != NULL && run_kept (fixture, request, device, error);
}
