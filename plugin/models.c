/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The keyfiles' other keys are the service's: the plugin only has to know a modem when it sees one. */

#include "plugin/models.h"

#include "plugin/log.h"

/* chains=firehose;fastboot;streaming */
#define GROUP_FAMILY "family"
#define KEY_CHAINS   "chains"
/* normal=2c7c:0125 EC25;2c7c:0121 EC21 */
#define GROUP_USB  "usb"
#define KEY_NORMAL "normal"

struct _MfuModels {
    GHashTable *by_id; /* vid << 16 | pid -> MfuModel */
};

static void
model_free (MfuModel *model)
{
    g_free (model->name);
    g_strfreev (model->methods);
    g_free (model);
}

static guint
usb_id_key (guint vid, guint pid)
{
    return vid << 16 | pid;
}

static gboolean
parse_hex16 (const char *text, guint *value)
{
    guint64 parsed;

    if (!g_ascii_string_to_unsigned (text, 16, 0, G_MAXUINT16, &parsed, NULL))
        return FALSE;
    *value = (guint) parsed;
    return TRUE;
}

/* "2c7c:0125 EC25" */
static gboolean
add_model (MfuModels *models, const char *entry, char **methods)
{
    g_auto (GStrv) halves = g_strsplit (entry, " ", 2);
    g_auto (GStrv) id = g_strsplit (halves[0] != NULL ? halves[0] : "", ":", 2);
    guint vid, pid;
    MfuModel *model;

    if (g_strv_length (halves) != 2 || g_strv_length (id) != 2)
        return FALSE;
    if (!parse_hex16 (g_strstrip (id[0]), &vid) || !parse_hex16 (g_strstrip (id[1]), &pid))
        return FALSE;

    model = g_new0 (MfuModel, 1);
    model->name = g_strdup (g_strstrip (halves[1]));
    model->methods = g_strdupv (methods);
    g_hash_table_replace (models->by_id, GUINT_TO_POINTER (usb_id_key (vid, pid)), model);
    return TRUE;
}

static gboolean
add_file (MfuModels *models, const char *path, GError **error)
{
    g_autoptr (GKeyFile) file = g_key_file_new ();
    g_auto (GStrv) ids = NULL;
    g_auto (GStrv) methods = NULL;

    if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, error))
        return FALSE;
    ids = g_key_file_get_string_list (file, GROUP_USB, KEY_NORMAL, NULL, error);
    if (ids == NULL)
        return FALSE;
    methods = g_key_file_get_string_list (file, GROUP_FAMILY, KEY_CHAINS, NULL, error);
    if (methods == NULL)
        return FALSE;

    for (gsize i = 0; ids[i] != NULL; i++) {
        if (!add_model (models, ids[i], methods)) {
            g_set_error (error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                         "[" GROUP_USB "] " KEY_NORMAL ": \"%s\" is not of the form VID:PID NAME", ids[i]);
            return FALSE;
        }
    }
    return TRUE;
}

MfuModels *
mfu_models_load (const char *directory)
{
    MfuModels *models = g_new0 (MfuModels, 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (GDir) dir = g_dir_open (directory, 0, &error);
    const char *name;

    models->by_id = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) model_free);
    if (dir == NULL) {
        mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL, "no modem can be updated: %s", error->message);
        return models;
    }
    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (directory, name, NULL);
        g_autoptr (GError) file_error = NULL;

        if (g_str_has_suffix (name, ".conf") && !add_file (models, path, &file_error))
            mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL, "%s is left out: %s", path, file_error->message);
    }
    return models;
}

void
mfu_models_free (MfuModels *models)
{
    g_hash_table_unref (models->by_id);
    g_free (models);
}

guint
mfu_models_n (const MfuModels *models)
{
    return g_hash_table_size (models->by_id);
}

const MfuModel *
mfu_models_find (const MfuModels *models, guint vid, guint pid)
{
    if (vid > G_MAXUINT16 || pid > G_MAXUINT16)
        return NULL;
    return g_hash_table_lookup (models->by_id, GUINT_TO_POINTER (usb_id_key (vid, pid)));
}
