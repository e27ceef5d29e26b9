/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The one error domain: a code says what the caller can do, the message says what was found. */

#include <glib.h>

#define MFU_ERROR (mfu_error_quark ())

typedef enum {
    MFU_ERROR_INVALID_ARGS,       /* the call itself is wrong: correct it and call again */
    MFU_ERROR_NOT_FOUND,          /* no such modem, port, job or file */
    MFU_ERROR_NOT_AUTHORIZED,     /* ask for the right, or become root */
    MFU_ERROR_BUSY,               /* somebody else holds the modem: wait, or stop them */
    MFU_ERROR_NOTHING_TO_DO,      /* the modem has this version: allow `reinstall` to write it again */
    MFU_ERROR_WRONG_PACKAGE,      /* the package is not for this modem: take another one */
    MFU_ERROR_CORRUPT_PACKAGE,    /* the package is damaged, incomplete or hostile: fetch it again */
    MFU_ERROR_UNSUPPORTED,        /* nothing that the user can do with this modem or package */
    MFU_ERROR_TIMED_OUT,          /* the other side was silent: try again */
    MFU_ERROR_GONE,               /* the device left its port */
    MFU_ERROR_PROTOCOL,           /* the modem said something that it may not say here */
    MFU_ERROR_REJECTED,           /* the modem refused a command */
    MFU_ERROR_IO,                 /* the system refused: disk, USB, tty */
    MFU_ERROR_CANCELLED,          /* the user's wish */
    MFU_ERROR_FLASHED_UNVERIFIED, /* written completely, but the modem could not be asked for its version */
    MFU_ERROR_NEEDS_RECOVERY,     /* the modem does not run: run the command of the advice */
    MFU_ERROR_LAST,
} MfuError;

GQuark mfu_error_quark (void);

/* The D-Bus name of a code (without allocation); the mapping is registered with GDBus by mfu_error_quark ().
 */
const char *mfu_error_dbus_name (MfuError code);

/* Finds the code of a D-Bus error name of ours; FALSE if the name is none of ours. */
gboolean mfu_error_from_dbus_name (const char *name, MfuError *code);

/* The exit code that the command-line programs end with; README documents the table. Anything below 20 means
 * that the modem's firmware is whole. `error` may be NULL (0) or of any domain (1). */
int mfu_error_exit_code (const GError *error);

/* Converts errno into the domain: ENODEV and friends are GONE, ETIMEDOUT is TIMED_OUT, EBUSY is BUSY,
 * EACCES and EPERM are NOT_AUTHORIZED, ENOENT is NOT_FOUND, the rest IO. `format` names what was attempted.
 */
void mfu_error_set_errno (GError **error, int saved_errno, const char *format, ...) G_GNUC_PRINTF (3, 4);
