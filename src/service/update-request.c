/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Options are a table of names and types. One that nobody knows is refused: a misspelt "start" must not flash
 * a modem that somebody only wanted to look at. */

#include "service/update-request.h"

#include "config.h"

#include "job/journal.h"
#include "job/kept.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DEVICE_LENGTH  512
#define MAX_NAME_LENGTH    255
#define MAX_VERSION_LENGTH 128
#define MAX_ALLOWED        16

static gboolean
read_start (MfuUpdateRequest *request, GVariant *value)
{
    request->starts = g_variant_get_boolean (value);
    return TRUE;
}

static gboolean
read_recover (MfuUpdateRequest *request, GVariant *value)
{
    request->is_recovery = g_variant_get_boolean (value);
    return TRUE;
}

static gboolean
read_keep (MfuUpdateRequest *request, GVariant *value)
{
    request->keeps_package = g_variant_get_boolean (value);
    return TRUE;
}

static gboolean
has_control_characters (const char *text)
{
    for (; *text != '\0'; text++)
        if (g_ascii_iscntrl (*text))
            return TRUE;
    return FALSE;
}

static gboolean
read_name (MfuUpdateRequest *request, GVariant *value)
{
    const char *name = g_variant_get_string (value, NULL);

    if (*name == '\0' || strlen (name) > MAX_NAME_LENGTH || strchr (name, '/') != NULL ||
        g_str_equal (name, ".") || g_str_equal (name, "..") || has_control_characters (name))
        return FALSE;
    request->name = g_strdup (name);
    return TRUE;
}

static gboolean
read_allow (MfuUpdateRequest *request, GVariant *value)
{
    if (g_variant_n_children (value) > MAX_ALLOWED)
        return FALSE;
    request->allow = g_variant_dup_strv (value, NULL);
    return TRUE;
}

static gboolean
read_method (MfuUpdateRequest *request, GVariant *value)
{
    request->method = g_variant_dup_string (value, NULL);
    return TRUE;
}

static gboolean
read_caller (MfuUpdateRequest *request, GVariant *value)
{
    if (!g_dbus_is_unique_name (g_variant_get_string (value, NULL)))
        return FALSE;
    request->caller = g_variant_dup_string (value, NULL);
    return TRUE;
}

static gboolean
read_version (MfuUpdateRequest *request, GVariant *value)
{
    const char *version = g_variant_get_string (value, NULL);

    if (strlen (version) > MAX_VERSION_LENGTH || has_control_characters (version))
        return FALSE;
    request->version = g_strdup (version);
    return TRUE;
}

static const struct {
    const char *name;
    const char *type;
    gboolean (*read) (MfuUpdateRequest *request, GVariant *value);
    gboolean is_for_resume; /* has a meaning where no package is brought */
} known_options[] = {
    { "name", "s", read_name, FALSE },       { "start", "b", read_start, TRUE },
    { "allow", "as", read_allow, TRUE },     { "method", "s", read_method, TRUE },
    { "caller", "s", read_caller, FALSE },   { "recover", "b", read_recover, FALSE },
    { "version", "s", read_version, FALSE }, { "keep-package", "b", read_keep, FALSE },
};

static gboolean
read_option (MfuUpdateRequest *request, const char *name, GVariant *value, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS (known_options); i++) {
        if (!g_str_equal (name, known_options[i].name) ||
            (request->uses_kept && !known_options[i].is_for_resume))
            continue;
        if (g_variant_is_of_type (value, G_VARIANT_TYPE (known_options[i].type)) &&
            known_options[i].read (request, value))
            return TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The option '%s' has a wrong value."),
                     name);
        return FALSE;
    }
    g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("There is no option '%s'."), name);
    return FALSE;
}

static gboolean
read_options (MfuUpdateRequest *request, GVariant *options, GError **error)
{
    g_autoptr (GVariantDict) seen = g_variant_dict_new (NULL);
    GVariantIter iter;
    const char *name;
    GVariant *child;

    g_variant_iter_init (&iter, options);
    while (g_variant_iter_next (&iter, "{&sv}", &name, &child)) {
        g_autoptr (GVariant) value = child;

        if (g_variant_dict_contains (seen, name)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The option '%s' came twice."), name);
            return FALSE;
        }
        g_variant_dict_insert_value (seen, name, value);
        if (!read_option (request, name, value, error))
            return FALSE;
    }
    if (request->name == NULL && !request->uses_kept) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("The option 'name' is missing: the package's base name."));
        return FALSE;
    }
    return TRUE;
}

static gboolean
take_package (MfuUpdateRequest *request, GUnixFDList *fds, gint32 handle, GError **error)
{
    g_autoptr (GError) local = NULL;
    int flags;

    if (fds == NULL || handle < 0 || handle >= g_unix_fd_list_get_length (fds)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("The call carries no package."));
        return FALSE;
    }
    request->package_fd = g_unix_fd_list_get (fds, handle, &local);
    if (request->package_fd < 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, _ ("Cannot take the package: %s"), local->message);
        return FALSE;
    }
    flags = fcntl (request->package_fd, F_GETFL);
    if (flags < 0) {
        mfu_error_set_errno (error, errno, "package");
        return FALSE;
    }
    if ((flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("The package was not opened for reading."));
        return FALSE;
    }
    return TRUE;
}

static MfuUpdateRequest *
request_new (const char *device, GError **error)
{
    MfuUpdateRequest *request;

    if (*device == '\0' || strlen (device) > MAX_DEVICE_LENGTH || has_control_characters (device)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("No device is named."));
        return NULL;
    }
    request = g_new0 (MfuUpdateRequest, 1);
    request->package_fd = -1;
    request->starts = TRUE;
    request->device = g_strdup (device);
    return request;
}

MfuUpdateRequest *
mfu_update_request_new (GUnixFDList *fds, gint32 handle, const char *device, GVariant *options,
                        gboolean keeps_package, GError **error)
{
    g_autoptr (MfuUpdateRequest) request = request_new (device, error);

    if (request == NULL)
        return NULL;
    request->keeps_package = keeps_package;
    if (!read_options (request, options, error) || !take_package (request, fds, handle, error))
        return NULL;
    return g_steal_pointer (&request);
}

MfuUpdateRequest *
mfu_update_request_new_resume (const char *device, GVariant *options, GError **error)
{
    g_autoptr (MfuUpdateRequest) request = request_new (device, error);

    if (request == NULL)
        return NULL;
    request->uses_kept = TRUE;
    request->is_recovery = TRUE;
    if (!read_options (request, options, error))
        return NULL;
    return g_steal_pointer (&request);
}

MfuUpdateRequest *
mfu_update_request_new_automatic (const char *port)
{
    MfuUpdateRequest *request = request_new (port, NULL);

    request->uses_kept = TRUE;
    request->is_recovery = TRUE;
    request->is_automatic = TRUE;
    return request;
}

/* What the first caller has allowed still is, but that another module may be in the port. */
static void
add_allowances (MfuUpdateRequest *request, const char *remembered)
{
    g_auto (GStrv) names = g_strsplit (remembered, ",", -1);
    g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

    for (guint i = 0; names[i] != NULL; i++)
        if (*names[i] != '\0' && !g_str_equal (names[i], "unidentified"))
            g_strv_builder_add (all, names[i]);
    if (request->allow != NULL)
        g_strv_builder_addv (all, (const char **) request->allow);
    g_strfreev (request->allow);
    request->allow = g_strv_builder_end (all);
}

static gboolean
fail_without_journal (const GError *reason, const MfuUsbDevice *device, GError **error)
{
    if (g_error_matches (reason, MFU_ERROR, MFU_ERROR_NOT_FOUND))
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("No interrupted update of the modem in port %s is known; it needs a package: mmcli "
                        "--firmware-recover=PACKAGE --firmware-update-port=%s"),
                     device->port, device->port);
    else
        g_propagate_error (error, g_error_copy (reason));
    return FALSE;
}

gboolean
mfu_update_request_use_kept (MfuUpdateRequest *request, const char *state_dir, const MfuUsbDevice *device,
                             GError **error)
{
    g_autoptr (GError) local = NULL;
    g_autoptr (MfuJournalRecord) record = mfu_journal_load (state_dir, device->place, &local);

    if (record == NULL)
        return fail_without_journal (local, device, error);
    if (request->is_automatic && !mfu_journal_check_automatic (record, device->port, error))
        return FALSE;
    if (!mfu_kept_exists (state_dir, device->place)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND,
                     _ ("The modem in port %s needs package %s (digest %s), of which no copy was kept: mmcli "
                        "--firmware-recover=PACKAGE --firmware-update-port=%s"),
                     device->port, record->package_name, record->package_digest, device->port);
        return FALSE;
    }
    request->package_fd = mfu_kept_open (state_dir, device->place, error);
    request->name = g_path_get_basename (record->package_name);
    request->kept_digest = g_strdup (record->package_digest);
    request->kept_fingerprint = g_strdup (record->fingerprint);
    add_allowances (request, record->allow);
    return request->package_fd >= 0;
}

void
mfu_update_request_free (MfuUpdateRequest *request)
{
    if (request == NULL)
        return;
    if (request->package_fd >= 0)
        close (request->package_fd);
    g_free (request->device);
    g_free (request->name);
    g_strfreev (request->allow);
    g_free (request->method);
    g_free (request->caller);
    g_free (request->version);
    g_free (request->kept_digest);
    g_free (request->kept_fingerprint);
    g_free (request);
}

gboolean
mfu_update_request_needs_modem_manager (const MfuUpdateRequest *request)
{
    return request->caller != NULL || request->version != NULL;
}

gboolean
mfu_update_request_check_package (const MfuUpdateRequest *request, GError **error)
{
    struct stat status;

    if (fstat (request->package_fd, &status) < 0) {
        mfu_error_set_errno (error, errno, "package");
        return FALSE;
    }
    if (S_ISDIR (status.st_mode))
        return TRUE;
    if (!S_ISREG (status.st_mode) || lseek (request->package_fd, 0, SEEK_CUR) < 0) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("The package is neither a folder nor a regular file."));
        return FALSE;
    }
    return TRUE;
}
