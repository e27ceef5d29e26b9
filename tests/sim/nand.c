/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NAND chip of a simulated modem.
 *
 * State file: a text line "MFU-SIM-NAND 1 PAGE_SIZE PAGES_PER_BLOCK N_BLOCKS\n", one byte per block (1: bad),
 * then for each page that is not erased: number u32 LE, 'f' and a byte or 'd' and page_size bytes. A chip
 * that keeps its file goes on behind that with what happens to it, in order: the same again, or the number of
 * a block's first page and 'e' when it is erased. A last record that is cut short has not happened. */

#include "sim/nand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_PAGE_SIZE 8192
#define MAX_UNWRITTEN (64 * 1024)
#define HEAD_SIZE     5 /* of a record: page number and kind */

#define FLAG_ERASED     1u
#define FLAG_PROGRAMMED 2u

SimNand *
sim_nand_new (guint page_size, guint pages_per_block, guint n_blocks)
{
    SimNand *nand = g_new0 (SimNand, 1);
    gsize n = (gsize) pages_per_block * n_blocks;

    nand->page_size = page_size;
    nand->pages_per_block = pages_per_block;
    nand->n_blocks = n_blocks;
    nand->pages = g_new0 (gpointer, n);
    nand->dirty = g_new0 (guint8, n);
    nand->flags = g_new0 (guint8, n);
    nand->is_bad = g_new0 (guint8, n_blocks);
    nand->kept_fd = -1;
    nand->unwritten = g_byte_array_new ();
    g_assert (page_size <= MAX_PAGE_SIZE);
    return nand;
}

static gboolean
is_fill (gpointer content)
{
    return GPOINTER_TO_SIZE (content) & 1;
}

static void
set_content (SimNand *nand, guint page, gpointer content)
{
    gpointer old = nand->pages[page];

    if (old && !is_fill (old))
        g_free (old);
    nand->pages[page] = content;
}

void
sim_nand_free (SimNand *nand)
{
    if (!nand)
        return;
    for (guint page = 0; page < sim_nand_get_n_pages (nand); page++)
        set_content (nand, page, NULL);
    sim_nand_flush (nand);
    if (nand->kept_fd >= 0)
        close (nand->kept_fd);
    g_byte_array_unref (nand->unwritten);
    g_free (nand->kept_path);
    g_free (nand->pages);
    g_free (nand->dirty);
    g_free (nand->flags);
    g_free (nand->is_bad);
    g_free (nand);
}

guint
sim_nand_get_n_pages (const SimNand *nand)
{
    return nand->pages_per_block * nand->n_blocks;
}

gboolean
sim_nand_is_bad_page (const SimNand *nand, guint page)
{
    return nand->is_bad[page / nand->pages_per_block];
}

/* What a state file says of one page; returns its size. */
static gsize
make_record (const SimNand *nand, guint page, guint8 record[HEAD_SIZE + MAX_PAGE_SIZE])
{
    gpointer content = nand->pages[page];
    guint32 number = GUINT32_TO_LE (page);

    memcpy (record, &number, sizeof number);
    if (!content || is_fill (content)) {
        record[HEAD_SIZE - 1] = 'f';
        record[HEAD_SIZE] = content ? (guint8) (GPOINTER_TO_SIZE (content) >> 1) : 0xff;
        return HEAD_SIZE + 1;
    }
    record[HEAD_SIZE - 1] = 'd';
    memcpy (record + HEAD_SIZE, content, nand->page_size);
    return HEAD_SIZE + nand->page_size;
}

void
sim_nand_flush (SimNand *nand)
{
    gsize size = nand->unwritten->len;

    if (size == 0 || nand->kept_fd < 0)
        return;
    if (write (nand->kept_fd, nand->unwritten->data, size) != (ssize_t) size) {
        fprintf (stderr, "%s: %s; it is kept no longer\n", nand->kept_path, g_strerror (errno));
        close (nand->kept_fd);
        nand->kept_fd = -1;
    }
    g_byte_array_set_size (nand->unwritten, 0);
}

static void
keep_record (SimNand *nand, const guint8 *record, gsize size)
{
    if (nand->kept_fd < 0)
        return;
    g_byte_array_append (nand->unwritten, record, (guint) size);
    if (nand->unwritten->len >= MAX_UNWRITTEN)
        sim_nand_flush (nand);
}

static void
keep_page (SimNand *nand, guint page)
{
    guint8 record[HEAD_SIZE + MAX_PAGE_SIZE];

    if (nand->kept_fd >= 0)
        keep_record (nand, record, make_record (nand, page, record));
}

static void
keep_erase (SimNand *nand, guint first)
{
    guint32 number = GUINT32_TO_LE (first);
    guint8 record[HEAD_SIZE] = { 0, 0, 0, 0, 'e' };

    memcpy (record, &number, sizeof number);
    keep_record (nand, record, sizeof record);
}

static void
forget_block (SimNand *nand, guint first, guint8 flag)
{
    for (guint page = first; page < first + nand->pages_per_block; page++) {
        set_content (nand, page, NULL);
        nand->dirty[page] = 0;
        nand->flags[page] = flag;
    }
}

void
sim_nand_erase_block (SimNand *nand, guint block)
{
    forget_block (nand, block * nand->pages_per_block, FLAG_ERASED);
    keep_erase (nand, block * nand->pages_per_block);
    nand->n_erases++;
}

static gboolean
is_even (const guint8 *data, gsize size)
{
    return memcmp (data, data + 1, size - 1) == 0;
}

static gpointer
make_content (const SimNand *nand, const guint8 *data)
{
    if (!is_even (data, nand->page_size))
        return g_memdup2 (data, nand->page_size);
    return data[0] == 0xff ? NULL : GSIZE_TO_POINTER ((gsize) data[0] << 1 | 1);
}

gboolean
sim_nand_program (SimNand *nand, guint page, const guint8 *data, gsize size)
{
    g_autofree guint8 *full = NULL;
    gboolean was_erased = !nand->dirty[page];

    if (size < nand->page_size || !was_erased) {
        full = g_malloc (nand->page_size);
        memset (full, 0xff, nand->page_size);
        memcpy (full, data, MIN (size, nand->page_size));
        data = full;
    }
    if (!was_erased) {
        g_autofree guint8 *old = g_malloc (nand->page_size);

        sim_nand_read (nand, page, old);
        for (guint i = 0; i < nand->page_size; i++)
            full[i] &= old[i];
    }
    set_content (nand, page, make_content (nand, data));
    nand->dirty[page] = 1;
    nand->flags[page] = (nand->flags[page] & FLAG_ERASED) | FLAG_PROGRAMMED;
    keep_page (nand, page);
    return was_erased;
}

void
sim_nand_fill (SimNand *nand, guint page, guint8 byte)
{
    set_content (nand, page, byte == 0xff ? NULL : GSIZE_TO_POINTER ((gsize) byte << 1 | 1));
    nand->dirty[page] = 1;
    keep_page (nand, page);
}

void
sim_nand_read (const SimNand *nand, guint page, guint8 *data)
{
    gpointer content = nand->pages[page];

    if (!content)
        memset (data, 0xff, nand->page_size);
    else if (is_fill (content))
        memset (data, (int) (GPOINTER_TO_SIZE (content) >> 1), nand->page_size);
    else
        memcpy (data, content, nand->page_size);
}

gboolean
sim_nand_is_filled (const SimNand *nand, guint page, guint8 byte)
{
    gpointer content = nand->pages[page];

    if (!content)
        return byte == 0xff;
    return is_fill (content) && (guint8) (GPOINTER_TO_SIZE (content) >> 1) == byte;
}

guint
sim_nand_skip_bad (const SimNand *nand, guint start, guint offset)
{
    guint n = sim_nand_get_n_pages (nand);
    guint page = start;

    /* Whole good blocks at once; each round moves forward, so it ends at the end of the chip. */
    while (page < n) {
        guint left = nand->pages_per_block - page % nand->pages_per_block;

        if (sim_nand_is_bad_page (nand, page)) {
            page += left;
        } else if (offset < left) {
            return page + offset;
        } else {
            offset -= left;
            page += left;
        }
    }
    return G_MAXUINT;
}

static gboolean
fail_errno (const char *path, GError **error)
{
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), "%s: %s", path, g_strerror (errno));
    return FALSE;
}

gboolean
sim_nand_save (const SimNand *nand, const char *path, GError **error)
{
    g_autofree char *temporary = g_strconcat (path, ".new", NULL);
    FILE *file = fopen (temporary, "wb");
    guint8 record[HEAD_SIZE + MAX_PAGE_SIZE];
    gboolean failed;

    if (!file)
        return fail_errno (temporary, error);
    fprintf (file, "MFU-SIM-NAND 1 %u %u %u\n", nand->page_size, nand->pages_per_block, nand->n_blocks);
    fwrite (nand->is_bad, 1, nand->n_blocks, file);
    for (guint page = 0; page < sim_nand_get_n_pages (nand); page++) {
        if (nand->dirty[page])
            fwrite (record, make_record (nand, page, record), 1, file);
    }
    failed = ferror (file) != 0;
    if (fclose (file) != 0 || failed || rename (temporary, path) != 0)
        return fail_errno (path, error);
    return TRUE;
}

gboolean
sim_nand_keep (SimNand *nand, const char *path, GError **error)
{
    g_autofree char *kept_path = g_strdup (path);

    if (nand->kept_fd >= 0)
        close (nand->kept_fd);
    nand->kept_fd = -1;
    g_byte_array_set_size (nand->unwritten, 0);
    g_free (nand->kept_path);
    nand->kept_path = g_steal_pointer (&kept_path);
    if (!sim_nand_save (nand, nand->kept_path, error))
        return FALSE;
    nand->kept_fd = open (nand->kept_path, O_WRONLY | O_APPEND | O_CLOEXEC);
    return nand->kept_fd >= 0 || fail_errno (path, error);
}

typedef enum {
    RECORD_TAKEN,
    RECORD_SHORT, /* the end, or what had not happened yet when the power went */
    RECORD_WRONG,
} RecordResult;

static RecordResult
load_record (SimNand *nand, FILE *file, guint8 *data)
{
    guint32 number;
    guint page;
    int kind;

    if (fread (&number, sizeof number, 1, file) != 1 || (kind = fgetc (file)) == EOF)
        return RECORD_SHORT;
    page = GUINT32_FROM_LE (number);
    if (page >= sim_nand_get_n_pages (nand))
        return RECORD_WRONG;
    if (kind == 'e' && page % nand->pages_per_block == 0) {
        forget_block (nand, page, 0);
        return RECORD_TAKEN;
    }
    if (kind == 'f' ? fread (data, 1, 1, file) != 1 : fread (data, nand->page_size, 1, file) != 1)
        return kind == 'f' || kind == 'd' ? RECORD_SHORT : RECORD_WRONG;
    if (kind == 'f')
        set_content (nand, page, data[0] == 0xff ? NULL : GSIZE_TO_POINTER ((gsize) data[0] << 1 | 1));
    else if (kind == 'd')
        set_content (nand, page, make_content (nand, data));
    else
        return RECORD_WRONG;
    nand->dirty[page] = 1;
    return RECORD_TAKEN;
}

static gboolean
load_pages (SimNand *nand, FILE *file)
{
    g_autofree guint8 *data = g_malloc (nand->page_size);
    RecordResult result;

    do
        result = load_record (nand, file, data);
    while (result == RECORD_TAKEN);
    return result == RECORD_SHORT && feof (file);
}

gboolean
sim_nand_load (SimNand *nand, const char *path, GError **error)
{
    FILE *file = fopen (path, "rb");
    guint page_size, pages_per_block, n_blocks;
    gboolean ok;

    if (!file)
        return fail_errno (path, error);
    ok = fscanf (file, "MFU-SIM-NAND 1 %u %u %u", &page_size, &pages_per_block, &n_blocks) == 3 &&
         fgetc (file) == '\n' && page_size == nand->page_size && pages_per_block == nand->pages_per_block &&
         n_blocks == nand->n_blocks;
    if (ok) {
        for (guint block = 0; block < nand->n_blocks; block++)
            forget_block (nand, block * nand->pages_per_block, 0);
        ok = fread (nand->is_bad, 1, n_blocks, file) == n_blocks && load_pages (nand, file);
    }
    fclose (file);
    if (!ok) {
        g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s: not a state file of this chip", path);
        return FALSE;
    }
    if (nand->kept_fd < 0)
        return TRUE;
    return sim_nand_keep (nand, nand->kept_path, error);
}
