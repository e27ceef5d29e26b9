/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Lines of the form
 *
 *     :NNAAAATTdd..CC    NN bytes at the low address AAAA, of the kind TT; all bytes add up to 0
 *
 * Kinds: 00 data, 01 the end, 04 the upper half of the addresses that follow, 05 where the program begins.
 * The updaters of others put the data one behind the other without looking at their addresses; so do we,
 * after having seen that this is where they belong.
 *
 * Source: Intel, Hexadecimal Object File Format Specification, Revision A; ingran/balzac,
 * package/utils/quectel-fw-update (which kinds Quectel's files have). */

#include "package/intel-hex.h"

#include <string.h>

#include "package/i18n.h"
#include "util/error.h"

#define KIND_DATA  0x00
#define KIND_END   0x01
#define KIND_UPPER 0x04
#define KIND_START 0x05

#define RECORD_MAX (1 + 2 + 1 + 255 + 1)

typedef struct {
    const char *file;
    guint line;
    GByteArray *program;
    guint32 upper;
    guint32 address;
    guint32 start;
    gboolean has_start, is_over;
    GError **error;
} Parser;

static gboolean
fail (Parser *parser, const char *problem)
{
    g_set_error (parser->error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s is damaged in line %u: %s; fetch the package again"), parser->file, parser->line,
                 problem);
    return FALSE;
}

static guint32
big_endian (const guint8 *data, gsize size)
{
    guint32 value = 0;

    for (gsize i = 0; i < size; i++)
        value = value << 8 | data[i];
    return value;
}

static gboolean
take_data (Parser *parser, guint16 offset, const guint8 *data, gsize size)
{
    guint64 address = (guint64) parser->upper + offset;

    if (parser->program->len == 0)
        parser->address = (guint32) address;
    if (address != (guint64) parser->address + parser->program->len)
        return fail (parser, _ ("the data have a gap"));
    if (address + size > (guint64) G_MAXUINT32 || parser->program->len + size > MFU_LOADER_MAX)
        return fail (parser, _ ("the program is too large"));
    g_byte_array_append (parser->program, data, (guint) size);
    return TRUE;
}

/* `record`: count, low address (2), kind, data, check sum. */
static gboolean
take_record (Parser *parser, const guint8 *record)
{
    const guint8 *data = record + 4;
    gsize size = record[0];

    switch (record[3]) {
    case KIND_DATA:
        return take_data (parser, (guint16) big_endian (record + 1, 2), data, size);
    case KIND_END:
        parser->is_over = TRUE;
        return size == 0 || fail (parser, _ ("the end record has data"));
    case KIND_UPPER:
        parser->upper = big_endian (data, MIN (size, 2)) << 16;
        return size == 2 || fail (parser, _ ("an address of another size than 2 bytes"));
    case KIND_START:
        if (parser->has_start)
            return fail (parser, _ ("a second start address"));
        parser->has_start = TRUE;
        parser->start = big_endian (data, MIN (size, 4));
        return size == 4 || fail (parser, _ ("a start address of another size than 4 bytes"));
    default:
        return fail (parser, _ ("a record of an unknown kind"));
    }
}

static gboolean
take_line (Parser *parser, const char *line, gsize length)
{
    guint8 record[RECORD_MAX];
    gsize size = (length - 1) / 2;
    guint8 sum = 0;

    if (length == 0)
        return TRUE;
    if (parser->is_over)
        return fail (parser, _ ("something behind the end record"));
    if (line[0] != ':' || length % 2 == 0 || size < 5 || size > RECORD_MAX)
        return fail (parser, _ ("not a record of Intel HEX"));
    for (gsize i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value (line[1 + 2 * i]);
        int low = g_ascii_xdigit_value (line[2 + 2 * i]);

        if (high < 0 || low < 0)
            return fail (parser, _ ("not a record of Intel HEX"));
        record[i] = (guint8) (high << 4 | low);
        sum = (guint8) (sum + record[i]);
    }
    if (record[0] + 5u != size)
        return fail (parser, _ ("a record is shorter or longer than it says"));
    if (sum != 0)
        return fail (parser, _ ("a wrong check sum"));
    return take_record (parser, record);
}

static gboolean
take_lines (Parser *parser, const char *text, gsize size)
{
    gsize at = 0;

    while (at < size) {
        const char *end = memchr (text + at, '\n', size - at);
        gsize length = end != NULL ? (gsize) (end - (text + at)) : size - at;
        gsize stripped = length > 0 && text[at + length - 1] == '\r' ? length - 1 : length;

        parser->line++;
        if (!take_line (parser, text + at, stripped))
            return FALSE;
        at += length + 1;
    }
    return TRUE;
}

gboolean
mfu_intel_hex_parse (const char *file, GBytes *text, MfuLoader *loader, GError **error)
{
    g_autoptr (GByteArray) program = g_byte_array_new ();
    Parser parser = { .file = file, .program = program, .error = error };
    gsize size;
    const char *data = g_bytes_get_data (text, &size);

    if (!take_lines (&parser, data, size))
        return FALSE;
    if (!parser.is_over || program->len == 0)
        return fail (&parser, _ ("the file is cut short"));
    if (!parser.has_start || parser.start < parser.address || parser.start - parser.address >= program->len)
        return fail (&parser, _ ("the program has no start address inside itself"));
    loader->address = parser.address;
    loader->start = parser.start;
    loader->bytes = g_bytes_new (program->data, program->len);
    return TRUE;
}
