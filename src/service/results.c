/* SPDX-License-Identifier: GPL-2.0-or-later */

/* STATE_DIR/results/PLACE.result holds the job's D-Bus properties, its number and ModemManager's session as
 * one dictionary in GVariant text form. A record is written when the job is created and after each change of
 * its state, so a number is never given twice, and a job that died with the service is known as such. */

#include "service/results.h"

#include "tracker/place.h"
#include "util/log.h"

#include <glib/gstdio.h>
#include <string.h>

#define FOLDER           "results"
#define SUFFIX           ".result"
#define NUMBER_KEY       "Number"
#define SESSION_KEY      "Session"
#define MAX_RESULTS      64
#define MAX_RESULT_BYTES (256 * 1024)

struct _MfuResults {
    char *folder;
    GPtrArray *loaded;
    guint64 last_number;
    GThreadPool *writer; /* one thread */
};

typedef struct {
    GMutex mutex;
    GCond cond;
    gboolean is_reached;
} Barrier;

typedef struct {
    char *place;
    char *text;
    Barrier *barrier; /* not NULL: nothing to write, only tell who waits that we are here */
} Record;

static void
result_free (MfuResult *result)
{
    g_variant_unref (result->properties);
    g_free (result->session);
    g_free (result->place);
    g_free (result);
}

static MfuResult *
parse_result (const char *text, GError **error)
{
    g_autoptr (GVariant) value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, error);
    MfuResult *result;
    guint64 number;

    if (value == NULL)
        return NULL;
    if (!g_variant_lookup (value, NUMBER_KEY, "t", &number) || number == 0 || number > G_MAXUINT32) {
        g_set_error_literal (error, G_VARIANT_PARSE_ERROR, G_VARIANT_PARSE_ERROR_FAILED, "no job number");
        return NULL;
    }
    result = g_new0 (MfuResult, 1);
    result->number = number;
    if (!g_variant_lookup (value, SESSION_KEY, "s", &result->session))
        result->session = g_strdup ("");
    result->properties = g_variant_ref (value);
    return result;
}

static MfuResult *
load_result (const char *path, GError **error)
{
    g_autofree char *text = NULL;
    GStatBuf status;

    if (g_lstat (path, &status) < 0 || !S_ISREG (status.st_mode) || status.st_size > MAX_RESULT_BYTES) {
        g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "not a small regular file");
        return NULL;
    }
    if (!g_file_get_contents (path, &text, NULL, error))
        return NULL;
    return parse_result (text, error);
}

static void
load_file (MfuResults *results, const char *name)
{
    g_autofree char *path = g_build_filename (results->folder, name, NULL);
    g_autofree char *place = NULL;
    g_autoptr (GError) local = NULL;
    MfuResult *result;

    if (!g_str_has_suffix (name, SUFFIX))
        return;
    place = g_strndup (name, strlen (name) - strlen (SUFFIX));
    if (!mfu_place_is_name (place))
        return;
    result = load_result (path, &local);
    /* Ignored because an old result is not worth more than a line. */
    if (result == NULL) {
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "%s: %s", path, local->message);
        return;
    }
    result->place = g_steal_pointer (&place);
    results->last_number = MAX (results->last_number, result->number);
    g_ptr_array_add (results->loaded, result);
}

static void
write_file (const MfuResults *results, const Record *record)
{
    g_autofree char *name = g_strconcat (record->place, SUFFIX, NULL);
    g_autofree char *path = g_build_filename (results->folder, name, NULL);
    g_autoptr (GError) local = NULL;

    /* Ignored because only the memory of a result is lost; the journal is written elsewhere, and strictly. */
    if (g_mkdir_with_parents (results->folder, 0700) < 0 ||
        !g_file_set_contents_full (path, record->text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
        mfu_log (G_LOG_LEVEL_WARNING, NULL, NULL, "cannot keep the result %s: %s", name,
                 local != NULL ? local->message : results->folder);
}

static void
work (gpointer data, gpointer user_data)
{
    Record *record = data;

    if (record->barrier != NULL) {
        g_mutex_lock (&record->barrier->mutex);
        record->barrier->is_reached = TRUE;
        g_cond_signal (&record->barrier->cond);
        g_mutex_unlock (&record->barrier->mutex);
    } else {
        write_file (user_data, record);
    }
    g_free (record->place);
    g_free (record->text);
    g_free (record);
}

MfuResults *
mfu_results_load (const char *state_dir)
{
    MfuResults *results = g_new0 (MfuResults, 1);
    g_autoptr (GDir) folder = NULL;
    const char *name;

    results->folder = g_build_filename (state_dir, FOLDER, NULL);
    results->loaded = g_ptr_array_new_with_free_func ((GDestroyNotify) result_free);
    results->writer = g_thread_pool_new (work, results, 1, FALSE, NULL);
    folder = g_dir_open (results->folder, 0, NULL); /* there is none before the first job */
    while (folder != NULL && results->loaded->len < MAX_RESULTS && (name = g_dir_read_name (folder)) != NULL)
        load_file (results, name);
    return results;
}

void
mfu_results_free (MfuResults *results)
{
    if (results == NULL)
        return;
    g_thread_pool_free (results->writer, FALSE, TRUE);
    g_ptr_array_unref (results->loaded);
    g_free (results->folder);
    g_free (results);
}

GPtrArray *
mfu_results_get_loaded (MfuResults *results)
{
    return results->loaded;
}

guint64
mfu_results_next_number (MfuResults *results)
{
    return ++results->last_number;
}

void
mfu_results_store (MfuResults *results, const char *place, guint64 number, const char *session,
                   GVariant *properties)
{
    GVariantDict dict;
    g_autoptr (GVariant) value = NULL;
    Record *record;

    g_return_if_fail (mfu_place_is_name (place));
    g_variant_dict_init (&dict, properties);
    g_variant_dict_insert (&dict, NUMBER_KEY, "t", number);
    g_variant_dict_insert (&dict, SESSION_KEY, "s", session);
    value = g_variant_ref_sink (g_variant_dict_end (&dict));
    record = g_new0 (Record, 1);
    record->place = g_strdup (place);
    record->text = g_variant_print (value, TRUE);
    g_thread_pool_push (results->writer, record, NULL);
}

void
mfu_results_sync (MfuResults *results)
{
    Record *record = g_new0 (Record, 1);
    Barrier barrier = { .is_reached = FALSE };

    g_mutex_init (&barrier.mutex);
    g_cond_init (&barrier.cond);
    record->barrier = &barrier;
    g_thread_pool_push (results->writer, record, NULL);
    g_mutex_lock (&barrier.mutex);
    while (!barrier.is_reached)
        g_cond_wait (&barrier.cond, &barrier.mutex);
    g_mutex_unlock (&barrier.mutex);
    g_mutex_clear (&barrier.mutex);
    g_cond_clear (&barrier.cond);
}
