/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log, the operations and the failures of one simulated modem. */

#include "sim/record.h"

#include <errno.h>
#include <string.h>

#define MAX_FAILURES   200   /* kept as text; the count goes on */
#define MAX_OPS        20000 /* a full flash is about 30 */
#define LOG_HEX_BYTES  48
#define LOG_BULK_BYTES 8 /* of what is too long to be a command */
#define LOG_TEXT_BYTES 1024

static void
op_free (gpointer data)
{
    SimOp *op = data;

    g_free (op->text);
    g_free (op);
}

SimRecord *
sim_record_new (const char *log_path, char **why)
{
    SimRecord *record = g_new0 (SimRecord, 1);

    if (log_path) {
        record->log = fopen (log_path, "a");
        if (!record->log) {
            *why = g_strdup_printf ("%s: %s", log_path, g_strerror (errno));
            g_free (record);
            return NULL;
        }
    }
    record->ops = g_ptr_array_new_with_free_func (op_free);
    record->failures = g_ptr_array_new_with_free_func (g_free);
    return record;
}

void
sim_record_free (SimRecord *record)
{
    if (!record)
        return;
    if (record->log)
        fclose (record->log);
    g_ptr_array_unref (record->ops);
    g_ptr_array_unref (record->failures);
    g_free (record);
}

const char *
sim_mode_name (SimMode mode)
{
    static const char *const names[] = { "off", "normal", "edl", "fastboot", "dload", "sbl", "streaming" };

    return (guint) mode < G_N_ELEMENTS (names) ? names[mode] : "?";
}

static void
stamp (SimRecord *record, gint64 now_us, SimMode mode)
{
    fprintf (record->log, "%" G_GINT64_FORMAT ".%06u %-9s ", now_us / G_USEC_PER_SEC,
             (guint) (now_us % G_USEC_PER_SEC), sim_mode_name (mode));
}

void
sim_record_note (SimRecord *record, gint64 now_us, SimMode mode, const char *format, ...)
{
    va_list args;

    if (!record->log)
        return;
    stamp (record, now_us, mode);
    va_start (args, format);
    vfprintf (record->log, format, args);
    va_end (args);
    fputc ('\n', record->log);
    fflush (record->log);
}

static gboolean
is_text (const guint8 *data, gsize size)
{
    if (size == 0 || size > LOG_TEXT_BYTES)
        return FALSE;
    for (gsize i = 0; i < size; i++) {
        if (!g_ascii_isprint (data[i]) && !g_ascii_isspace (data[i]))
            return FALSE;
    }
    return TRUE;
}

/* printf would cost more than the transfer. */
static void
write_hex (FILE *file, const guint8 *data, gsize size)
{
    static const char digits[] = "0123456789abcdef";
    char text[3 * LOG_HEX_BYTES];

    for (gsize i = 0; i < size; i++) {
        text[3 * i] = ' ';
        text[3 * i + 1] = digits[data[i] >> 4];
        text[3 * i + 2] = digits[data[i] & 15];
    }
    fwrite (text, 1, 3 * size, file);
}

void
sim_record_transfer (SimRecord *record, gint64 now_us, SimMode mode, guint8 endpoint, const guint8 *data,
                     gsize size)
{
    gboolean is_in = endpoint & 0x80;
    gsize limit = size > LOG_TEXT_BYTES ? LOG_BULK_BYTES : LOG_HEX_BYTES;

    if (is_in)
        record->bytes_in[mode] += size;
    else
        record->bytes_out[mode] += size;
    if (!record->log)
        return;
    stamp (record, now_us, mode);
    fprintf (record->log, "%02x %c %" G_GSIZE_FORMAT, endpoint, is_in ? '<' : '>', size);
    if (is_text (data, size)) {
        g_autofree char *copy = g_strndup ((const char *) data, size);
        g_autofree char *escaped = g_strescape (copy, NULL);

        fprintf (record->log, " \"%s\"\n", escaped);
        return;
    }
    write_hex (record->log, data, MIN (size, limit));
    fputs (size > limit ? " ...\n" : "\n", record->log);
}

void
sim_record_failure (SimRecord *record, gint64 now_us, SimMode mode, const char *format, ...)
{
    char *text;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_record_note (record, now_us, mode, "FAILURE %s", text);
    record->n_failures++;
    if (record->failures->len < MAX_FAILURES)
        g_ptr_array_add (record->failures, text);
    else
        g_free (text);
}

SimOp *
sim_record_op (SimRecord *record, gint64 now_us, SimOpKind kind, guint start, guint pages, const char *format,
               ...)
{
    SimOp *op = g_new0 (SimOp, 1);
    va_list args;

    if (record->ops->len >= MAX_OPS)
        g_ptr_array_set_size (record->ops, MAX_OPS / 2);
    op->kind = kind;
    op->time_us = now_us;
    op->start = start;
    op->pages = pages;
    va_start (args, format);
    op->text = g_strdup_vprintf (format, args);
    va_end (args);
    g_ptr_array_add (record->ops, op);
    return op;
}
