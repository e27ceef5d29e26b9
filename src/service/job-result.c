/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Only properties of the right type are taken, so the file can say nothing that the bus would not carry. */

#include "service/job-result.h"

#include "config.h"

#include "job/job.h"
#include "job/journal.h"
#include "job/kept.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

static const struct {
    const char *key, *type, *property;
} known[] = {
    { "Device", "s", "device" },
    { "Port", "s", "port" },
    { "Modem", "o", "modem" },
    { "OldModem", "o", "old-modem" },
    { "Model", "s", "model" },
    { "State", "s", "state" },
    { "Plan", "a{sv}", "plan" },
    { "PackageName", "s", "package-name" },
    { "PackageFingerprint", "s", "package-fingerprint" },
    { "Step", "s", "step" },
    { "StepNumber", "u", "step-number" },
    { "StepCount", "u", "step-count" },
    { "Progress", "d", "progress" },
    { "BytesDone", "t", "bytes-done" },
    { "BytesTotal", "t", "bytes-total" },
    { "CanCancel", "b", "can-cancel" },
    { "FromVersion", "s", "from-version" },
    { "ToVersion", "s", "to-version" },
    { "Error", "(ss)", "error" },
    { "Advice", "s", "advice" },
};

/* The skeleton has containers as GVariant and everything else as what it is in C. */
static void
set_property (MfuDBusFirmwareUpdaterJob *skeleton, const char *property, GVariant *value)
{
    g_auto (GValue) converted = G_VALUE_INIT;

    if (g_variant_is_container (value)) {
        g_value_init (&converted, G_TYPE_VARIANT);
        g_value_set_variant (&converted, value);
    } else {
        g_dbus_gvariant_to_gvalue (value, &converted);
    }
    g_object_set_property (G_OBJECT (skeleton), property, &converted);
}

static gboolean
has_text (GVariant *properties, const char *key)
{
    const char *text = NULL;

    return g_variant_lookup (properties, key, "&s", &text) && *text != '\0';
}

static gboolean
find_state (GVariant *properties, MfuJobState *state)
{
    const char *text = NULL;

    if (!g_variant_lookup (properties, "State", "&s", &text))
        return FALSE;
    for (MfuJobState i = MFU_JOB_VERIFYING; i <= MFU_JOB_NEEDS_RECOVERY; i++) {
        if (g_str_equal (text, mfu_job_state_to_string (i))) {
            *state = i;
            return TRUE;
        }
    }
    return FALSE;
}

/* Whether the modem's firmware is whole after the service died in `state`. The journal knows best: it is
 * written before each step, the job's record a moment after. */
static gboolean
was_harmless_at (MfuDBusFirmwareUpdaterJob *skeleton, MfuJobState state, const char *state_dir,
                 const char *place)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (state_dir, place, &local);

    if (record != NULL)
        return !record->is_past_no_return;
    /* Ignored because there is no journal as a rule; instead of a damaged one the record has to do. */
    return state == MFU_JOB_VERIFYING || state == MFU_JOB_READY ||
           mfu_dbus_firmware_updater_job_get_can_cancel (skeleton);
}

/* What to do about an interrupted job: the command, and the package that it is about. */
static char *
advice_for (MfuDBusFirmwareUpdaterJob *skeleton, gboolean was_harmless, const char *state_dir,
            const char *place)
{
    const char *port = mfu_dbus_firmware_updater_job_get_port (skeleton);
    g_autoptr (GError) local = NULL;
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (state_dir, place, &local);

    /* Ignored because without a journal there is nothing more to say. */
    if (record == NULL || was_harmless)
        return g_strdup (_ ("Run the update again with the same package."));
    return mfu_journal_advice (port, record->package_name, mfu_kept_exists (state_dir, place), FALSE);
}

static void
show_interrupted (MfuDBusFirmwareUpdaterJob *skeleton, gboolean was_harmless, const char *state_dir,
                  const char *place)
{
    MfuError code = was_harmless ? MFU_ERROR_CANCELLED : MFU_ERROR_NEEDS_RECOVERY;
    const char *message = was_harmless ? _ ("The service was stopped before the modem was changed.")
                                       : _ ("The service was stopped while the modem was being written.");
    g_autofree char *advice = advice_for (skeleton, was_harmless, state_dir, place);

    mfu_dbus_firmware_updater_job_set_state (
        skeleton, mfu_job_state_to_string (was_harmless ? MFU_JOB_CANCELLED : MFU_JOB_NEEDS_RECOVERY));
    mfu_dbus_firmware_updater_job_set_can_cancel (skeleton, FALSE);
    mfu_dbus_firmware_updater_job_set_error (skeleton,
                                             g_variant_new ("(ss)", mfu_error_dbus_name (code), message));
    mfu_dbus_firmware_updater_job_set_advice (skeleton, advice);
}

gboolean
mfu_job_result_show (MfuDBusFirmwareUpdaterJob *skeleton, const MfuResult *result, const MfuUsbDevice *device,
                     const char *state_dir)
{
    GVariant *properties = result->properties;
    MfuJobState state;

    if (!has_text (properties, "Port") || !has_text (properties, "Device") ||
        !find_state (properties, &state))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS (known); i++) {
        g_autoptr (GVariant) value =
            g_variant_lookup_value (properties, known[i].key, G_VARIANT_TYPE (known[i].type));

        if (value != NULL)
            set_property (skeleton, known[i].property, value);
    }
    if (device != NULL && g_strcmp0 (mfu_dbus_firmware_updater_job_get_port (skeleton), device->port) != 0 &&
        g_strcmp0 (mfu_dbus_firmware_updater_job_get_port (skeleton), device->peer_port) != 0) {
        mfu_dbus_firmware_updater_job_set_port (skeleton, device->port);
        mfu_dbus_firmware_updater_job_set_device (skeleton, device->sysfs);
    }
    if (!mfu_job_state_is_end (state))
        show_interrupted (skeleton, was_harmless_at (skeleton, state, state_dir, result->place), state_dir,
                          result->place);
    return TRUE;
}
