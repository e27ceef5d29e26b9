/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Looks happen in a worker thread, joins in the main thread. */

#include "service/device-list.h"

#include "job/journal.h"
#include "job/kept.h"
#include "service/model.h"
#include "util/error.h"
#include "util/log.h"

#define NO_OBJECT "/"

typedef struct {
    MfuUsbDevice *device;
    MfuJournalRecord *record; /* of an update that did not end; NULL: none */
    char *problem;            /* with the journal; NULL: none */
    gboolean is_kept;         /* the package of that update */
} Entry;

typedef struct {
    MfuPorts *ports;
    char *state_dir;
} Look;

struct _MfuDeviceList {
    MfuDeviceListConfig config;
    GPtrArray *entries; /* NULL before the first look */
    GVariant *shown;
    GCancellable *cancellable; /* cancelled: the list is gone */
    gboolean is_looking;
    gboolean is_stale; /* something changed while we were looking */
};

static void
entry_free (Entry *entry)
{
    mfu_usb_device_unref (entry->device);
    g_clear_pointer (&entry->record, mfu_journal_record_free);
    g_free (entry->problem);
    g_free (entry);
}

static void
look_free (Look *look)
{
    g_free (look->state_dir);
    g_free (look);
}

static void
add_string (GVariantDict *dict, const char *key, const char *value)
{
    g_variant_dict_insert (dict, key, "s", value != NULL ? value : "");
}

/* What the journal remembers of a modem that cannot be asked. */
static void
add_memory (GVariantDict *dict, const Entry *entry)
{
    add_string (dict, "needs", entry->is_kept ? "resume" : "package");
    add_string (dict, "package", entry->record->package_name);
    add_string (dict, "package-digest", entry->record->package_digest);
}

static const char *
family_of (const Entry *entry)
{
    if (entry->device->family != NULL)
        return entry->device->family->name;
    return entry->record != NULL ? entry->record->family : "";
}

/* It does not run, and the journal knows it. */
static gboolean
is_stuck (const Entry *entry)
{
    return entry->device->mode != MFU_MODE_NORMAL && entry->record != NULL;
}

static GVariant *
describe (MfuDeviceList *list, const Entry *entry)
{
    const MfuUsbDevice *device = entry->device;
    g_autoptr (MfuModem) modem = mfu_modem_manager_find (list->config.modem_manager, device);
    const char *version = modem != NULL ? modem->version : "";
    g_autofree char *model =
        mfu_model_of (device, is_stuck (entry) && *version == '\0' ? entry->record->from : version);
    gboolean is_live = FALSE;
    const char *job = list->config.find_job (device->port, &is_live, list->config.user_data);
    GVariantDict dict;

    g_variant_dict_init (&dict, NULL);
    add_string (&dict, "device", modem != NULL ? modem->uid : device->sysfs);
    add_string (&dict, "port", device->port);
    add_string (&dict, "mode", mfu_mode_to_string (device->mode));
    add_string (&dict, "family", family_of (entry));
    add_string (&dict, "model", model);
    add_string (&dict, "version", version);
    g_variant_dict_insert (&dict, "modem", "o", modem != NULL ? modem->path : NO_OBJECT);
    g_variant_dict_insert (&dict, "job", "o", job != NULL ? job : NO_OBJECT);
    if (device->mode == MFU_MODE_NORMAL || is_live)
        add_string (&dict, "needs", "");
    else if (is_stuck (entry))
        add_memory (&dict, entry);
    else
        add_string (&dict, "needs", "recovery");
    add_string (&dict, "problem", is_live ? "" : entry->problem);
    return g_variant_dict_end (&dict);
}

static gboolean
has_live_job (MfuDeviceList *list, const Entry *entry)
{
    gboolean is_live = FALSE;

    return list->config.find_job (entry->device->port, &is_live, list->config.user_data) != NULL && is_live;
}

/* The version that was written, or a longer name of it. */
static gboolean
runs_what_was_written (MfuDeviceList *list, const Entry *entry)
{
    g_autoptr (MfuModem) modem = mfu_modem_manager_find (list->config.modem_manager, entry->device);

    return modem != NULL && *entry->record->to != '\0' &&
           g_str_has_prefix (modem->version, entry->record->to);
}

static void
act_on (MfuDeviceList *list, const Entry *entry)
{
    const MfuUsbDevice *device = entry->device;
    gboolean is_done;

    if (entry->record == NULL || has_live_job (list, entry))
        return;
    if (device->mode != MFU_MODE_NORMAL) {
        if (entry->is_kept)
            list->config.resumable (device->port, device->place, list->config.user_data);
        return;
    }
    /* One without drivers is still to be looked after. */
    if (device->interfaces->len == 0)
        return;
    is_done = entry->record->is_past_no_return;
    if (!is_done || runs_what_was_written (list, entry))
        list->config.settled (device->port, device->place, is_done, list->config.user_data);
}

void
mfu_device_list_join (MfuDeviceList *list)
{
    GVariantBuilder builder;
    g_autoptr (GVariant) devices = NULL;

    if (list->entries == NULL)
        return;
    for (guint i = 0; i < list->entries->len; i++)
        act_on (list, list->entries->pdata[i]);
    g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
    for (guint i = 0; i < list->entries->len; i++)
        g_variant_builder_add_value (&builder, describe (list, list->entries->pdata[i]));
    devices = g_variant_ref_sink (g_variant_builder_end (&builder));
    if (list->shown != NULL && g_variant_equal (devices, list->shown))
        return;
    g_clear_pointer (&list->shown, g_variant_unref);
    list->shown = g_variant_ref (devices);
    list->config.changed (devices, list->config.user_data);
}

static Entry *
entry_new (MfuUsbDevice *device, const char *state_dir)
{
    Entry *entry = g_new0 (Entry, 1);
    g_autoptr (GError) local = NULL;

    entry->device = mfu_usb_device_ref (device);
    entry->record = mfu_journal_load (state_dir, device->place, &local);
    entry->is_kept = entry->record != NULL && mfu_kept_exists (state_dir, device->place);
    /* Told, because nothing is done by itself for a modem that a damaged journal stands for. */
    if (entry->record == NULL && !g_error_matches (local, MFU_ERROR, MFU_ERROR_NOT_FOUND)) {
        mfu_log (G_LOG_LEVEL_WARNING, device->port, NULL, "journal: %s", local->message);
        entry->problem = g_strdup (local->message);
    }
    return entry;
}

static void
look (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
    Look *what = task_data;
    GError *error = NULL;
    g_autoptr (GPtrArray) devices = mfu_ports_scan (what->ports, &error);
    GPtrArray *entries;

    if (devices == NULL) {
        g_task_return_error (task, error);
        return;
    }
    entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
    for (guint i = 0; i < devices->len; i++)
        g_ptr_array_add (entries, entry_new (devices->pdata[i], what->state_dir));
    g_task_return_pointer (task, entries, (GDestroyNotify) g_ptr_array_unref);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer user_data)
{
    MfuDeviceList *list = user_data;
    g_autoptr (GError) local = NULL;
    GPtrArray *entries = g_task_propagate_pointer (G_TASK (result), &local);

    if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* and the list is gone */
    list->is_looking = FALSE;
    /* Ignored because the next event brings the next look; an empty list says that nothing was found. */
    if (entries == NULL) {
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "cannot look for modems: %s", local->message);
        entries = g_ptr_array_new ();
    }
    g_clear_pointer (&list->entries, g_ptr_array_unref);
    list->entries = entries;
    if (list->is_stale)
        mfu_device_list_scan (list);
    mfu_device_list_join (list);
}

void
mfu_device_list_scan (MfuDeviceList *list)
{
    g_autoptr (GTask) task = NULL;
    Look *what;

    list->is_stale = list->is_looking;
    if (list->is_looking)
        return;
    list->is_looking = TRUE;
    task = g_task_new (NULL, list->cancellable, on_looked, list);
    what = g_new0 (Look, 1);
    what->ports = list->config.ports;
    what->state_dir = g_strdup (list->config.state_dir);
    g_task_set_task_data (task, what, (GDestroyNotify) look_free);
    g_task_run_in_thread (task, look);
}

MfuDeviceList *
mfu_device_list_new (const MfuDeviceListConfig *config)
{
    MfuDeviceList *list = g_new0 (MfuDeviceList, 1);

    list->config = *config;
    list->cancellable = g_cancellable_new ();
    return list;
}

void
mfu_device_list_free (MfuDeviceList *list)
{
    if (list == NULL)
        return;
    g_cancellable_cancel (list->cancellable);
    g_object_unref (list->cancellable);
    g_clear_pointer (&list->entries, g_ptr_array_unref);
    g_clear_pointer (&list->shown, g_variant_unref);
    g_free (list);
}

gboolean
mfu_device_list_is_ready (MfuDeviceList *list)
{
    return list->entries != NULL;
}

gboolean
mfu_device_list_is_looking (MfuDeviceList *list)
{
    return list->is_looking;
}
