/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What will be done to a modem, decided before anything is sent to it: a pure function of package, device and
 * the user's wishes. Its text form is what `--firmware-update-check` prints. */

#include "job/match.h"
#include "package/package.h"
#include "tracker/family.h"

typedef struct {
    const MfuFamily *family; /* never NULL */
    const char *port;
    MfuMode mode;
    MfuVersionName version;  /* of the modem; not known for a stuck one without memory */
    char told[48];           /* the beginning of what it was parsed from */
    gboolean is_remembered;  /* `version` comes from the journal */
    gboolean is_asked_later; /* `version` may lack what the modem itself will tell before it is switched */
    gboolean is_unfinished;  /* an update of it was cut short, although it runs */
    /* In normal mode, what it does not offer of the ports on which it could be told to leave that. */
    gboolean lacks_diag, lacks_at;
    gboolean has_qmi, has_mbim;
    gboolean refuses_qdu; /* by MBIM it has said that it has no QDU, by which it could be told, too */
} MfuDeviceFacts;

typedef struct {
    guint allowed;      /* MfuAllow */
    const char *method; /* NULL: choose */
    const char *note;   /* to be told with the plan; NULL: nothing */
} MfuPlanOptions;

/* One command to the programmer. */
typedef struct {
    const MfuAction *action; /* owned by the package */
    char name[17];           /* of the partition, without "0:"; "" for a vendor tag */
    gboolean is_verified;    /* read back and compared before SBL is written */
} MfuPlanEntry;

/* One image that fastboot writes to a partition. */
typedef struct {
    const MfuFlash *flash;  /* owned by the package */
    gboolean is_boot_chain; /* while it is half-written nothing is left that could write it again */
} MfuPlanFlash;

/* One image that a streaming loader writes. */
typedef struct {
    char name[14];   /* of the partition, as the loader has it: "SBL1" */
    MfuImage *image; /* owned by the package; NULL: zeros, so that the boot loader finds nothing to start */
    gboolean is_optional; /* a loader that refuses it is no obstacle */
} MfuPlanStream;

typedef struct {
    MfuPackage *package; /* not owned; outlives the plan */
    const MfuFamily *family;
    MfuChain chain;
    const char *method;          /* the chain's name, static */
    char *from, *to;             /* versions, "" if unknown */
    guint page_size, block_size; /* 0: not known (fastboot only) */
    guint pages_per_block;
    /* In the order of the wire. */
    GArray *vendor_tags;          /* MfuPlanEntry */
    GArray *erases;               /* SBL first */
    GArray *programs;             /* those of the middle in the archive's order, MIBIB, SBL */
    GArray *opening;              /* MfuPlanStream, before fastboot; of the chains dload and streaming */
    gboolean erases_boot;         /* before `flashes`, by fastboot */
    GArray *flashes;              /* MfuPlanFlash, by fastboot; the boot chain last */
    GArray *closing;              /* MfuPlanStream, after fastboot; of the chain dload */
    GPtrArray *warnings;          /* char * */
    gboolean is_switched_by_mbim; /* the chain begins with QDU's Reboot */
    guint64 bytes_total;          /* image bytes to be written */
    guint n_erase_blocks;
    guint seconds; /* estimate, to the modem's return */
    char *digest;  /* SHA-256 over every command, hex */
    char *text;
} MfuPlan;

/* Whether there is a method of this name; INVALID_ARGS names those that there are. */
gboolean mfu_plan_check_method (const char *method, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL with the refusal: WRONG_PACKAGE, CORRUPT_PACKAGE, NOTHING_TO_DO, UNSUPPORTED, INVALID_ARGS. */
MfuPlan *mfu_plan_new (MfuPackage *package, const MfuDeviceFacts *facts, const MfuPlanOptions *options,
                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_plan_free (MfuPlan *plan);

/* What fastboot needs of the above: `product` (as the loader calls itself; "": it does not tell) is the
 * family's, and every image fits into the loader's memory. WRONG_PACKAGE, UNSUPPORTED. */
gboolean mfu_plan_check_loader (const MfuPlan *plan, const char *product, guint64 max_download,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last check before the first erase, against the modem itself: its geometry (0: it did not tell) and its
 * live partition table (NULL: it could not be read). Live geometry must be the package's. Nothing planned may
 * touch a protected partition of the live table, and the new table must neither move nor resize one. Without
 * a live table the family's keyfile must know the layout of this geometry and agree with the package.
 * WRONG_PACKAGE otherwise. */
gboolean mfu_plan_check_live (const MfuPlan *plan, guint page_size, guint block_size, GArray *live_partitions,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPlan, mfu_plan_free)
