/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One table ties each code to its D-Bus name and to the exit code of the command-line programs. */

#include "util/error.h"

#include "config.h"

#include <errno.h>
#include <gio/gio.h>

#define PREFIX MFU_DBUS_PREFIX ".FirmwareUpdater.Error."

static const GDBusErrorEntry dbus_names[] = {
    { MFU_ERROR_INVALID_ARGS, PREFIX "InvalidArgs" },
    { MFU_ERROR_NOT_FOUND, PREFIX "NotFound" },
    { MFU_ERROR_NOT_AUTHORIZED, PREFIX "NotAuthorized" },
    { MFU_ERROR_BUSY, PREFIX "InProgress" },
    { MFU_ERROR_NOTHING_TO_DO, PREFIX "NothingToDo" },
    { MFU_ERROR_WRONG_PACKAGE, PREFIX "WrongPackage" },
    { MFU_ERROR_CORRUPT_PACKAGE, PREFIX "CorruptPackage" },
    { MFU_ERROR_UNSUPPORTED, PREFIX "Unsupported" },
    { MFU_ERROR_TIMED_OUT, PREFIX "TimedOut" },
    { MFU_ERROR_GONE, PREFIX "Gone" },
    { MFU_ERROR_PROTOCOL, PREFIX "Protocol" },
    { MFU_ERROR_REJECTED, PREFIX "Rejected" },
    { MFU_ERROR_IO, PREFIX "Io" },
    { MFU_ERROR_CANCELLED, PREFIX "Cancelled" },
    { MFU_ERROR_FLASHED_UNVERIFIED, PREFIX "FlashedUnverified" },
    { MFU_ERROR_NEEDS_RECOVERY, PREFIX "NeedsRecovery" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (dbus_names) == MFU_ERROR_LAST);

static const int exit_codes[] = {
    [MFU_ERROR_INVALID_ARGS] = 1,    [MFU_ERROR_NOTHING_TO_DO] = 2, [MFU_ERROR_NOT_FOUND] = 3,
    [MFU_ERROR_NOT_AUTHORIZED] = 4,  [MFU_ERROR_BUSY] = 5,          [MFU_ERROR_CORRUPT_PACKAGE] = 6,
    [MFU_ERROR_WRONG_PACKAGE] = 7,   [MFU_ERROR_UNSUPPORTED] = 8,   [MFU_ERROR_CANCELLED] = 9,
    [MFU_ERROR_TIMED_OUT] = 10,      [MFU_ERROR_GONE] = 10,         [MFU_ERROR_PROTOCOL] = 10,
    [MFU_ERROR_REJECTED] = 10,       [MFU_ERROR_IO] = 10,           [MFU_ERROR_FLASHED_UNVERIFIED] = 11,
    [MFU_ERROR_NEEDS_RECOVERY] = 20,
};
G_STATIC_ASSERT (G_N_ELEMENTS (exit_codes) == MFU_ERROR_LAST);

GQuark
mfu_error_quark (void)
{
    static gsize quark;

    g_dbus_error_register_error_domain ("mfu-error-quark", &quark, dbus_names, G_N_ELEMENTS (dbus_names));
    return (GQuark) quark;
}

const char *
mfu_error_dbus_name (MfuError code)
{
    g_return_val_if_fail (code < MFU_ERROR_LAST, NULL);
    return dbus_names[code].dbus_error_name;
}

gboolean
mfu_error_from_dbus_name (const char *name, MfuError *code)
{
    for (gsize i = 0; i < G_N_ELEMENTS (dbus_names); i++) {
        if (g_strcmp0 (dbus_names[i].dbus_error_name, name) == 0) {
            *code = (MfuError) dbus_names[i].error_code;
            return TRUE;
        }
    }
    return FALSE;
}

int
mfu_error_exit_code (const GError *error)
{
    if (error == NULL)
        return 0;
    if (error->domain != MFU_ERROR || error->code < 0 || error->code >= MFU_ERROR_LAST)
        return 1;
    return exit_codes[error->code];
}

static MfuError
code_from_errno (int saved_errno)
{
    switch (saved_errno) {
    case ENODEV:
    case ENXIO:
    case ESHUTDOWN:
        return MFU_ERROR_GONE;
    case ETIMEDOUT:
        return MFU_ERROR_TIMED_OUT;
    case EBUSY:
    case ETXTBSY:
        return MFU_ERROR_BUSY;
    case EACCES:
    case EPERM:
        return MFU_ERROR_NOT_AUTHORIZED;
    case ENOENT:
        return MFU_ERROR_NOT_FOUND;
    default:
        return MFU_ERROR_IO;
    }
}

void
mfu_error_set_errno (GError **error, int saved_errno, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list args;

    va_start (args, format);
    what = g_strdup_vprintf (format, args);
    va_end (args);
    g_set_error (error, MFU_ERROR, code_from_errno (saved_errno), "%s: %s", what, g_strerror (saved_errno));
}
