/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A file is known by device and inode, so that links and odd spellings of a path do not matter. */

#include "cli/real-mmcli.h"

#include <sys/stat.h>
#include <unistd.h>

static gboolean
stat_program (const char *path, struct stat *st)
{
    return stat (path, st) == 0 && S_ISREG (st->st_mode) && access (path, X_OK) == 0;
}

static gboolean
is_same_file (const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

char *
mfu_real_mmcli_find (const char *diverted, const char *path, const char *self)
{
    g_auto (GStrv) folders = g_strsplit (path != NULL ? path : "/usr/local/bin:/usr/bin:/bin", ":", -1);
    g_autofree char *found = NULL;
    gboolean knows_self = FALSE, is_behind_self = FALSE;
    struct stat self_st, st;

    knows_self = stat (self, &self_st) == 0;
    if (stat_program (diverted, &st) && !(knows_self && is_same_file (&st, &self_st)))
        return g_strdup (diverted);

    for (guint i = 0; folders[i] != NULL; i++) {
        g_autofree char *candidate =
            g_build_filename (folders[i][0] != '\0' ? folders[i] : ".", "mmcli", NULL);

        if (!stat_program (candidate, &st))
            continue;
        if (knows_self && is_same_file (&st, &self_st)) {
            if (!is_behind_self)
                g_clear_pointer (&found, g_free);
            is_behind_self = TRUE;
        } else if (found == NULL) {
            found = g_steal_pointer (&candidate);
        }
    }
    return g_steal_pointer (&found);
}
