/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Works on the files of the package's folder and the pages of the chip; knows nothing of the engine.
 * Protected ranges are the simulator's own business: its verdict compares them byte by byte. */

#include "judge.h"

#include <fnmatch.h>
#include <string.h>

typedef struct {
    const char *partition;
    const char *file; /* pattern below update/ */
    gboolean is_boot_chain;
} Image;

static const Image images[] = {
    { "SBL", "sbl1.mbn", TRUE },
    { "MIBIB", "firehose/partition_complete_*.mbn", TRUE },
    { "TZ", "tz.mbn", TRUE },
    { "RPM", "rpm.mbn", TRUE },
    { "aboot", "appsboot.mbn", TRUE },
    { "boot", "*-boot.img", FALSE },
    { "recovery", "*-boot.img", FALSE },
    { "modem", "NON-HLOS.ubi", FALSE },
    { "recoveryfs", "*-recovery-image-*.ubi", FALSE },
    { "system", "*-sysfs.ubi", FALSE },
};

struct _Judge {
    struct {
        gsize size;     /* of the package's file; 0: it has none */
        char *packaged; /* SHA-256 of the file */
        char *factory;  /* of as many bytes of the partition */
    } of[G_N_ELEMENTS (images)];
};

static char *
find_file (const char *package, const char *pattern)
{
    g_autofree char *glob = g_build_filename (package, "update", pattern, NULL);
    g_autofree char *folder = g_path_get_dirname (glob);
    g_autofree char *base = g_path_get_basename (glob);
    g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        if (fnmatch (base, name, 0) == 0)
            return g_build_filename (folder, name, NULL);
    return NULL;
}

Judge *
judge_new (SimModem *modem, const char *package, char **why)
{
    g_autoptr (GError) error = NULL;
    Judge *judge = g_new0 (Judge, 1);

    for (gsize i = 0; i < G_N_ELEMENTS (images); i++) {
        g_autofree char *path = find_file (package, images[i].file);
        g_autofree char *data = NULL;

        if (path == NULL && strcmp (images[i].partition, "MIBIB") == 0)
            continue;
        if (path == NULL || !g_file_get_contents (path, &data, &judge->of[i].size, &error)) {
            *why = g_strdup_printf ("%s has no %s", package, images[i].file);
            judge_free (judge);
            return NULL;
        }
        judge->of[i].packaged =
            g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *) data, judge->of[i].size);
        judge->of[i].factory = sim_modem_dup_partition_sha256 (modem, images[i].partition, judge->of[i].size);
    }
    return judge;
}

void
judge_free (Judge *judge)
{
    for (gsize i = 0; i < G_N_ELEMENTS (images); i++) {
        g_free (judge->of[i].packaged);
        g_free (judge->of[i].factory);
    }
    g_free (judge);
}

const char *
judge_images (const Judge *judge, SimModem *modem, gboolean is_new, gboolean is_whole)
{
    for (gsize i = 0; i < G_N_ELEMENTS (images); i++) {
        g_autofree char *now = NULL;

        if (judge->of[i].size == 0)
            continue;
        now = sim_modem_dup_partition_sha256 (modem, images[i].partition, judge->of[i].size);
        if (is_new && strcmp (now, judge->of[i].packaged) == 0)
            continue;
        if ((!is_new || (images[i].is_boot_chain && !is_whole)) && strcmp (now, judge->of[i].factory) == 0)
            continue;
        return images[i].partition;
    }
    return NULL;
}
