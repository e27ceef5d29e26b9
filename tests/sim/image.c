/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of the simulated boot chain: 512 bytes of header, then the body.
 *
 * The header has the magic bytes of the real kind at 0 and, somewhere in its first 256 bytes, the line
 *   MFU-SIM-IMAGE=<kind>;SIZE=<bytes>;SHA256=<hex of bytes 512..SIZE>;VERSION=<version>\n */

#include "sim/image.h"

#include <string.h>

#define LINE_WITHIN 256

static const struct {
    const char *kind;
    const char *magic;
} magics[] = {
    { "boot", "ANDROID!" },   { "recovery", "ANDROID!" }, { "modem", "UBI#" },
    { "recoveryfs", "UBI#" }, { "usr_data", "UBI#" },     { "system", "UBI#" },
};

static const char *
find_line (const guint8 *data, gsize size)
{
    static const char tag[] = "MFU-SIM-IMAGE=";
    gsize n = strlen (tag);

    for (gsize i = 0; i + n <= MIN (size, LINE_WITHIN); i++) {
        if (memcmp (data + i, tag, n) == 0)
            return (const char *) data + i + n;
    }
    return NULL;
}

static gboolean
take (char *into, gsize room, const char *value)
{
    return g_strlcpy (into, value, room) < room;
}

gboolean
sim_image_parse (const guint8 *data, gsize size, SimImageInfo *info)
{
    const char *line = find_line (data, size);
    const char *end;
    g_autofree char *copy = NULL;
    g_auto (GStrv) fields = NULL;

    memset (info, 0, sizeof *info);
    if (!line)
        return FALSE;
    end = memchr (line, '\n', MIN (size, SIM_IMAGE_HEADER) - (gsize) (line - (const char *) data));
    if (!end)
        return FALSE;
    copy = g_strndup (line, (gsize) (end - line));
    fields = g_strsplit (copy, ";", 8);
    if (!fields[0] || !take (info->kind, sizeof info->kind, fields[0]))
        return FALSE;
    for (guint i = 1; fields[i]; i++) {
        gboolean ok = TRUE;

        if (g_str_has_prefix (fields[i], "SIZE="))
            info->size = g_ascii_strtoull (fields[i] + 5, NULL, 10);
        else if (g_str_has_prefix (fields[i], "SHA256="))
            ok = take (info->sha256, sizeof info->sha256, fields[i] + 7);
        else if (g_str_has_prefix (fields[i], "VERSION="))
            ok = take (info->version, sizeof info->version, fields[i] + 8);
        if (!ok)
            return FALSE;
    }
    return info->size >= SIM_IMAGE_HEADER && strlen (info->sha256) == 64;
}

guint8 *
sim_image_build (const char *kind, const char *version, gsize size)
{
    guint8 *data = g_malloc (MAX (size, SIM_IMAGE_HEADER));
    const char *magic = "\177ELF";
    g_autofree char *sha256 = NULL;
    g_autofree char *line = NULL;

    memset (data, 0, SIM_IMAGE_HEADER);
    for (gsize i = SIM_IMAGE_HEADER; i < size; i++)
        data[i] = (guint8) (i * 7 + (i >> 9) * 13 + strlen (kind));
    for (guint i = 0; i < G_N_ELEMENTS (magics); i++) {
        if (g_ascii_strcasecmp (magics[i].kind, kind) == 0)
            magic = magics[i].magic;
    }
    sha256 =
        g_compute_checksum_for_data (G_CHECKSUM_SHA256, data + SIM_IMAGE_HEADER, size - SIM_IMAGE_HEADER);
    line = g_strdup_printf ("MFU-SIM-IMAGE=%s;SIZE=%" G_GSIZE_FORMAT ";SHA256=%s;VERSION=%s\n", kind, size,
                            sha256, version);
    memcpy (data, magic, strlen (magic));
    memcpy (data + 16, line, MIN (strlen (line), LINE_WITHIN));
    return data;
}

char *
sim_image_sha256 (const SimNand *nand, guint start, guint n_pages, gsize from, gsize to)
{
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
    g_autofree guint8 *data = g_malloc (nand->page_size);
    gsize done = from;

    while (done < to) {
        guint page = sim_nand_skip_bad (nand, start, (guint) (done / nand->page_size));
        gsize at = done % nand->page_size;
        gsize n = MIN (nand->page_size - at, to - done);

        if (page >= start + n_pages)
            return NULL;
        sim_nand_read (nand, page, data);
        g_checksum_update (sum, data + at, (gssize) n);
        done += n;
    }
    return g_strdup (g_checksum_get_string (sum));
}

const char *
sim_image_verify (const SimNand *nand, guint start, guint n_pages, SimImageInfo *info)
{
    g_autofree guint8 *data = g_malloc (nand->page_size);
    g_autofree char *sha256 = NULL;
    guint page = sim_nand_skip_bad (nand, start, 0);

    if (page >= start + n_pages)
        return "has no good block";
    sim_nand_read (nand, page, data);
    if (sim_nand_is_filled (nand, page, 0xff))
        return "is erased";
    if (!sim_image_parse (data, nand->page_size, info))
        return "holds no image";
    if (info->size > (gsize) n_pages * nand->page_size)
        return "holds an image that is too large";
    sha256 = sim_image_sha256 (nand, start, n_pages, SIM_IMAGE_HEADER, info->size);
    if (!sha256 || g_ascii_strcasecmp (sha256, info->sha256) != 0)
        return "holds an image with a wrong digest";
    return NULL;
}
