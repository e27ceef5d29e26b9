/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Works on the files of the package's folder and the pages of the chip; knows nothing of the engine.
 * Protected ranges are the simulator's own business: its verdict compares them byte by byte. Usr_data and
 * userdata are not compared: a modem that runs writes there. */

#include "judge.h"

#include <fnmatch.h>
#include <string.h>

typedef struct {
    const char *partition;
    const char *file; /* pattern below the package's folder */
    gboolean is_boot_chain;
    gboolean may_be_absent;
} Image;

static const Image images_9x07[] = {
    { "SBL", "update/sbl1.mbn", TRUE, FALSE },
    { "MIBIB", "update/firehose/partition_complete_*.mbn", TRUE, TRUE },
    { "TZ", "update/tz.mbn", TRUE, FALSE },
    { "RPM", "update/rpm.mbn", TRUE, FALSE },
    { "aboot", "update/appsboot.mbn", TRUE, FALSE },
    { "boot", "update/*-boot.img", FALSE, FALSE },
    { "recovery", "update/*-boot.img", FALSE, FALSE },
    { "modem", "update/NON-HLOS.ubi", FALSE, FALSE },
    { "recoveryfs", "update/*-recovery-image-*.ubi", FALSE, FALSE },
    { "system", "update/*-sysfs.ubi", FALSE, FALSE },
};

static const Image images_9x15[] = {
    { "SBL1", "sbl1.mbn", TRUE, FALSE },
    { "SBL2", "sbl2.mbn", TRUE, FALSE },
    { "RPM", "rpm.mbn", TRUE, FALSE },
    { "aboot", "appsboot.mbn", TRUE, FALSE },
    { "DSP1", "dsp1.mbn", FALSE, FALSE },
    { "DSP2", "dsp2.mbn", FALSE, FALSE },
    { "DSP3", "dsp3.mbn", FALSE, FALSE },
    { "boot", "boot-oe-msm9615.img", FALSE, FALSE },
    { "recovery", "recovery-boot-oe-msm9615.img", FALSE, FALSE },
    { "recoveryfs", "*-recovery-image-*.yaffs2", FALSE, FALSE },
    { "system", "*.rootfs.yaffs2", FALSE, FALSE },
};

#define MAX_IMAGES 16

/* A yaffs2 image has the spare bytes of each page behind it. */
#define PAGE  2048
#define SPARE 64

struct _Judge {
    const Image *images;
    guint n_images;
    struct {
        gsize size;     /* of the package's image; 0: it has none */
        char *packaged; /* SHA-256 of the image */
        char *factory;  /* of as many bytes of the partition */
    } of[MAX_IMAGES];
};

static char *
find_file (const char *package, const char *pattern)
{
    g_autofree char *glob = g_build_filename (package, pattern, NULL);
    g_autofree char *folder = g_path_get_dirname (glob);
    g_autofree char *base = g_path_get_basename (glob);
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        if (fnmatch (base, name, 0) == 0)
            return g_build_filename (folder, name, NULL);
    return NULL;
}

/* What a partition holds that was written with the file. */
static gboolean
read_image (const char *path, GByteArray *image, GError **error)
{
    g_autofree char *data = NULL;
    gsize size;

    if (!g_file_get_contents (path, &data, &size, error))
        return FALSE;
    if (!g_str_has_suffix (path, ".yaffs2")) {
        g_byte_array_append (image, (guint8 *) data, (guint) size);
        return TRUE;
    }
    for (gsize at = 0; at + PAGE <= size; at += PAGE + SPARE)
        g_byte_array_append (image, (guint8 *) data + at, PAGE);
    return TRUE;
}

Judge *
judge_new (SimModem *modem, const char *package, char **why)
{
    guint start, n;
    gboolean is_9x15 = sim_modem_find_partition (modem, "SBL1", &start, &n);
    Judge *judge = g_new0 (Judge, 1);

    judge->images = is_9x15 ? images_9x15 : images_9x07;
    judge->n_images = is_9x15 ? G_N_ELEMENTS (images_9x15) : G_N_ELEMENTS (images_9x07);
    for (guint i = 0; i < judge->n_images; i++) {
        const Image *image = &judge->images[i];
        g_autofree char *path = find_file (package, image->file);
        g_autoptr (GByteArray) data = g_byte_array_new ();
        g_autoptr (GError) error = NULL;

        if (path == NULL && image->may_be_absent)
            continue;
        if (path == NULL || !read_image (path, data, &error)) {
            *why = g_strdup_printf ("%s has no %s", package, image->file);
            judge_free (judge);
            return NULL;
        }
        judge->of[i].size = data->len;
        judge->of[i].packaged = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data->data, data->len);
        judge->of[i].factory = sim_modem_dup_partition_sha256 (modem, image->partition, data->len);
    }
    return judge;
}

void
judge_free (Judge *judge)
{
    for (guint i = 0; i < judge->n_images; i++) {
        g_free (judge->of[i].packaged);
        g_free (judge->of[i].factory);
    }
    g_free (judge);
}

const char *
judge_images (const Judge *judge, SimModem *modem, gboolean is_new, gboolean is_whole)
{
    for (guint i = 0; i < judge->n_images; i++) {
        const Image *image = &judge->images[i];
        g_autofree char *now = NULL;
        gboolean may_be_either;

        if (judge->of[i].size == 0)
            continue;
        now = sim_modem_dup_partition_sha256 (modem, image->partition, judge->of[i].size);
        may_be_either = image->is_boot_chain && !is_whole;
        if ((is_new || may_be_either) && strcmp (now, judge->of[i].packaged) == 0)
            continue;
        if ((!is_new || may_be_either) && strcmp (now, judge->of[i].factory) == 0)
            continue;
        return image->partition;
    }
    return NULL;
}
