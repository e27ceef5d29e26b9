/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Whether a package is for a modem, by their names: the table of ARCHITECTURE.md, row by row. */

#include "package/version-name.h"
#include "tracker/family.h"

/* The refusals that a user may lift, each by its own name; never all at once. */
typedef enum {
    MFU_ALLOW_VARIANT = 1 << 0,
    MFU_ALLOW_BASELINE = 1 << 1,
    MFU_ALLOW_GEOMETRY = 1 << 2,
    MFU_ALLOW_UNIDENTIFIED = 1 << 3,
    MFU_ALLOW_PROJECT = 1 << 4,
    MFU_ALLOW_REINSTALL = 1 << 5,
    MFU_ALLOW_DOWNGRADE = 1 << 6,
    MFU_ALLOW_UNNAMED = 1 << 7,
    MFU_ALLOW_VOLATILE_JOURNAL = 1 << 8,
    MFU_ALLOW_POWER_MANAGER = 1 << 9,
    MFU_ALLOW_BOOT_CHAIN = 1 << 10,
} MfuAllow;

/* Those that concern modem and package, and not the way or the host. */
#define MFU_ALLOW_PACKAGE                                                                                    \
    (MFU_ALLOW_VARIANT | MFU_ALLOW_BASELINE | MFU_ALLOW_GEOMETRY | MFU_ALLOW_UNIDENTIFIED |                  \
     MFU_ALLOW_PROJECT | MFU_ALLOW_UNNAMED)

/* Bits for the names of a NULL-terminated list (NULL: none); INVALID_ARGS names the first unknown one. */
gboolean mfu_allow_parse (const char *const *names, guint *allow, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* "downgrade, project" for messages. Newly allocated. */
char *mfu_allow_to_string (guint allow);

/* Where a family shares its normal identity with devices of others: is what this one says of itself the name
 * of a modem of the family? `told` is what that was read from. WRONG_PACKAGE if not, which nothing lifts. */
gboolean mfu_match_shared (const MfuFamily *family, const MfuVersionName *modem, const char *told,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Compares what the modem runs with what the package brings. `is_recovering`: a stuck modem may get the
 * release that it had. FALSE with WRONG_PACKAGE (or NOTHING_TO_DO) and one sentence for the first refusal
 * that `allowed` does not lift, all missing names behind it. Remarks are appended to `warnings` (of owned
 * strings). */
gboolean mfu_match_versions (const MfuVersionName *modem, const MfuVersionName *package,
                             gboolean is_recovering, guint allowed, GPtrArray *warnings,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
