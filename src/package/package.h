/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A vendor's firmware package, folder or archive, read and hashed once: a typed description of its images
 * that knows no device. Everything in it is hostile until proven otherwise. */

#include <gio/gio.h>

#include "package/version-name.h"

typedef struct _MfuPackage MfuPackage;
typedef struct _MfuImage MfuImage;
typedef struct _MfuImageReader MfuImageReader;

/* One erase, program or vendor element of the rawprogram XML, attributes typed and checked against each
 * other. */
typedef enum {
    MFU_ACTION_ERASE,
    MFU_ACTION_PROGRAM,
    MFU_ACTION_VENDOR,
} MfuActionKind;

typedef struct {
    MfuActionKind kind;
    guint start_sector;
    guint num_sectors; /* never 0 for ERASE and PROGRAM; start_sector + num_sectors never overflows */
    guint sector_size;
    guint pages_per_block; /* 0: not given */
    guint physical_partition;
    char *label;     /* NULL: not given */
    char *filename;  /* PROGRAM: as the XML has it, separators made '/', "../" resolved */
    MfuImage *image; /* PROGRAM: NULL when the file is missing */
    char *tag;       /* VENDOR: the element's name */
    char
        *vendor[4]; /* VENDOR: a_rawdata_start_sector, b_rawdata_num_sector, c_project_name, d_project_type */
} MfuAction;

/* A partition of the system table (partition_complete_*.mbn), in blocks. */
typedef struct {
    char name[17]; /* as the table has it: "0:SBL" */
    guint start_block;
    guint num_blocks; /* 0xffffffff: to the end of the chip */
} MfuPartition;

/* A partition as partition_nand.xml describes it for fastboot. */
typedef struct {
    char name[17];         /* as fastboot has it: lower case, without "0:" */
    char label[17];        /* the same as it is written, for a streaming loader */
    guint size, pad;       /* the pad is the reserve for bad blocks; both 0: to the end of the chip */
    gboolean is_in_blocks; /* else in KiB */
    char *filename;        /* as in MfuAction; NULL: the partition is left alone */
    MfuImage *image;       /* NULL as long as `filename` is */
} MfuFlash;

typedef enum {
    MFU_PACKAGE_FIREHOSE = 1 << 0,
    MFU_PACKAGE_FASTBOOT = 1 << 1,  /* there is a usable partition_nand.xml */
    MFU_PACKAGE_STREAMING = 1 << 2, /* there is a NPRG for Sahara: a way out of SBL download mode */
    MFU_PACKAGE_9X15 = 1 << 3,      /* loaders in Intel HEX, images by their names: before Sahara */
} MfuPackageMethods;

/* A program for the modem's memory, as an Intel HEX file describes it. */
typedef struct {
    GBytes *bytes;
    guint32 address; /* of the first byte; the last one is below 4 GiB */
    guint32 start;   /* where it is entered, inside */
} MfuLoader;

/* What the loader of a 9x15 package writes: the boot chain, and the two that stand in for theirs while the
 * rest is written. */
typedef enum {
    MFU_BOOT_SBL1,
    MFU_BOOT_SBL2,
    MFU_BOOT_SBL2_TEMPORARY,
    MFU_BOOT_RPM,
    MFU_BOOT_APPSBL,
    MFU_BOOT_APPSBL_TEMPORARY,
    MFU_N_BOOTS,
} MfuBoot;

/* Called now and then while the package is read, from the thread that opens it. */
typedef void (*MfuPackageProgress) (guint64 done_bytes, guint64 total_bytes, gpointer user_data);

typedef struct {
    uid_t caller_uid;            /* members of a folder must be this user's or readable by all; 0: any */
    const char *spool_dir;       /* for inner archives that need seeking; unlinked at once; NULL: /var/tmp */
    MfuPackageProgress progress; /* may be NULL */
    gpointer user_data;
} MfuPackageOptions;

/* Reads, checks and describes the package behind `fd`: a directory opened for reading (O_PATH is refused) or
 * a regular, seekable, readable file. `fd` is duplicated. `name` is its base name, untrusted: version and
 * variant come from it. Everything is read once, whole; each listed digest is compared whole. Errors:
 * CORRUPT_PACKAGE, WRONG_PACKAGE (a package of another kind, known by its marks), UNSUPPORTED, NOT_FOUND,
 * CANCELLED, IO. Blocks; any thread. */
MfuPackage *mfu_package_open (int fd, const char *name, const MfuPackageOptions *options,
                              GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_package_free (MfuPackage *package);

/* SHA-256 in hex over what distinguishes this package from others without reading it all: name, size, and
 * both ends of a file; names and sizes of a folder's members and its metadata. The same function answers in
 * the front and in the service. Newly allocated. */
char *mfu_package_fingerprint (int fd, const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Copies the package behind `from`, unread, into the empty file `to`: a file as it is, a folder as a tar
 * archive that opens with the same digest. It is on the disk when TRUE is returned. IO also where the disk
 * has not the room; CANCELLED. Blocks; any thread. */
gboolean mfu_package_copy (int from, int to, const MfuPackageOptions *options, GCancellable *cancellable,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Base name without archive suffixes; never empty. */
const char *mfu_package_get_name (const MfuPackage *package);

/* From the name, else from the folder inside; `is_known` FALSE when neither can be read. Both readable and
 * different: the package does not open (CORRUPT_PACKAGE). */
const MfuVersionName *mfu_package_get_version (const MfuPackage *package);

/* SHA-256 over all member names and digests, hex: the package's identity in the journal. */
const char *mfu_package_get_digest (const MfuPackage *package);
guint mfu_package_get_methods (const MfuPackage *package); /* MfuPackageMethods */

/* contents.xml's chipid, as "MDM9607"; NULL: not told. */
const char *mfu_package_get_chip_id (const MfuPackage *package);

/* Remarks for the user, one sentence each, translated: no md5.txt, listed files that are absent and unused
 * ... */
const char *const *mfu_package_get_warnings (const MfuPackage *package);

/* The firehose programmer; NULL if there is none. At most 4 MiB. */
MfuImage *mfu_package_get_programmer (const MfuPackage *package);

/* The rawprogram's actions in document order, as const MfuAction *. Of several XML files the *_update one is
 * taken; where only a factory or erase-all one exists, the package opens and `mfu_package_is_factory` is
 * TRUE. */
GPtrArray *mfu_package_get_actions (const MfuPackage *package);
gboolean mfu_package_is_factory (const MfuPackage *package);

/* What partition_nand.xml says, in document order, as const MfuFlash *; of a 9x15 package, which has none,
 * the images that fastboot can write, without sizes. Empty without one of these two methods. */
GPtrArray *mfu_package_get_flashes (const MfuPackage *package);

/* Of a 9x15 package: the loader of a modem whose boot loader runs, and the one for an emergency, NULL if it
 * has none; an image of the boot chain (at most 4 MiB), NULL if it has none. The two temporary ones are both
 * there, or none is. */
const MfuLoader *mfu_package_get_loader (const MfuPackage *package, gboolean is_emergency);
MfuImage *mfu_package_get_boot (const MfuPackage *package, MfuBoot which);

/* Of a package with the method STREAMING: NPRG9x07.mbn or NPRG9x45.mbn. At most 4 MiB. */
MfuImage *mfu_package_get_nprg (const MfuPackage *package);

/* The partition tables to show to a streaming loader (GBytes *, 1 to 3072 bytes each), in the order in which
 * Quectel's tools do; empty without the methods 9X15 and STREAMING. */
GPtrArray *mfu_package_get_tables (const MfuPackage *package);

/* Bytes; from the XML's attributes, and the "p2K_b128K" in file names must agree. 0: no rawprogram. */
guint mfu_package_get_page_size (const MfuPackage *package);
guint mfu_package_get_block_size (const MfuPackage *package);

/* The new system partition table, as MfuPartition; empty when the package brings none. */
GArray *mfu_package_get_partitions (const MfuPackage *package);

const char *mfu_image_get_name (const MfuImage *image); /* path inside the package, '/' separated */
guint64 mfu_image_get_size (const MfuImage *image);
const char *mfu_image_get_sha256 (const MfuImage *image); /* hex, pinned when the package was opened */

/* Where the image lies in the archive: reading images in rising order reads an archive once. */
guint mfu_image_get_order (const MfuImage *image);

/* All of a small image (at most 4 MiB), checked against the pinned digest; kept in memory for images that a
 * flash needs out of order. */
GBytes *mfu_image_get_bytes (MfuImage *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sequential reading, hashed again on the way: the read that reaches the end fails with CORRUPT_PACKAGE if
 * the bytes are not those that were verified. One reader at a time; in one thread. `n_uses`: how often in a
 * row this image will be read (an archive's image that is needed twice is spooled in memory up to 16 MiB). */
MfuImageReader *mfu_image_open (MfuImage *image, guint n_uses, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gssize mfu_image_reader_read (MfuImageReader *reader, guint8 *buffer, gsize size,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
void mfu_image_reader_free (MfuImageReader *reader);

/* Finds the names "0:SBL" ... in a partition table as it lies in flash (MIBIB: header page, system table
 * page); `page_size` is the distance of the two. NULL with PROTOCOL when it is none. Also used for the live
 * table. */
GArray *mfu_partition_table_parse (const guint8 *data, gsize size, guint page_size,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a table for a streaming loader (see mfu_package_get_tables ()) writes the partition `name`, without
 * "0:": the loader knows it by that spelling alone. NULL where it has none, or is no table. Newly allocated.
 */
char *mfu_user_table_find (GBytes *table, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuPackage, mfu_package_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuImageReader, mfu_image_reader_free)
