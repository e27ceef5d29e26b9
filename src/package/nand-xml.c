/* SPDX-License-Identifier: GPL-2.0-or-later */

/* <nandboot> with one <partition> for each partition of the chip:
 *
 *     <name>0:modem</name> <size_kb>54272</size_kb> <pad_kb>512</pad_kb> ...
 *     <img_name>NON-HLOS.ubi</img_name>
 *
 * Sizes are in KiB (size_kb, pad_kb), in blocks (size_blks, pad_blks), or "the rest" (flags, all bits set);
 * the pad is the reserve for bad blocks. Without an img_name a partition is left alone.
 *
 * Source: partition_nand.xml of EG25GGBR07A08M2G_30.006.30.006 (github.com/Biktorgj/quectel_eg25_recovery).
 */

#include "package/nand-xml.h"

#include <string.h>

#include "package/i18n.h"
#include "package/path.h"
#include "package/xml.h"
#include "util/error.h"

#define PARTITIONS_MAX 64
#define SIZE_MAX_UNITS (4 * 1024 * 1024) /* 4 GiB in KiB */
#define PREFIX         "0:"

typedef struct {
    GPtrArray *flashes;
    const char *folder;
    gboolean is_in_partitions; /* the last element of depth 1 */
    guint seen;                /* bits of `values`, in the current partition */
} Parser;

/* What a partition may hold, each at most once but those that come several times. */
static const struct {
    const char *element;
    gboolean is_repeated;
} values[] = {
    { "name", FALSE },        { "size_kb", FALSE },  { "pad_kb", FALSE },
    { "size_blks", FALSE },   { "pad_blks", FALSE }, { "flags", TRUE },
    { "which_flash", FALSE }, { "attr", TRUE },      { "img_name", FALSE },
};

static const char *const attributes[] = { "length", "type", NULL };

void
mfu_flash_free (gpointer data)
{
    MfuFlash *flash = data;

    g_free (flash->filename);
    g_free (flash);
}

static int
find_value (const char *element)
{
    for (guint i = 0; i < G_N_ELEMENTS (values); i++)
        if (g_str_equal (values[i].element, element))
            return (int) i;
    return -1;
}

static gboolean
has_seen (const Parser *parser, const char *element)
{
    return (parser->seen & (1u << find_value (element))) != 0;
}

static MfuFlash *
current (const Parser *parser)
{
    return g_ptr_array_index (parser->flashes, parser->flashes->len - 1);
}

static gboolean
begin_partition (MfuXml *xml, Parser *parser, GError **error)
{
    if (parser->flashes->len >= PARTITIONS_MAX)
        return mfu_xml_fail (xml, error, _ ("there are more than %u elements"), PARTITIONS_MAX);
    g_ptr_array_add (parser->flashes, g_new0 (MfuFlash, 1));
    parser->seen = 0;
    return TRUE;
}

static gboolean
begin_value (MfuXml *xml, Parser *parser, const char *element, int which, GError **error)
{
    if ((parser->seen & (1u << which)) != 0 && !values[which].is_repeated)
        return mfu_xml_fail (xml, error, _ ("a <partition> has <%s> twice"), element);
    parser->seen |= 1u << which;
    return TRUE;
}

static gboolean
on_start (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error)
{
    Parser *parser = data;
    int which = find_value (element);

    if (!mfu_xml_only_attributes (xml, attributes, error))
        return FALSE;
    if (depth == 0 && g_str_equal (element, "nandboot"))
        return TRUE;
    if (depth == 1) {
        parser->is_in_partitions = g_str_equal (element, "partitions");
        if (parser->is_in_partitions || g_str_equal (element, "magic_numbers") ||
            g_str_equal (element, "partition_version"))
            return TRUE;
    }
    if (depth == 2 && !parser->is_in_partitions && g_str_has_prefix (element, "usr_part_magic"))
        return TRUE;
    if (depth == 2 && parser->is_in_partitions && g_str_equal (element, "partition"))
        return begin_partition (xml, parser, error);
    if (depth == 3 && parser->is_in_partitions && which >= 0)
        return begin_value (xml, parser, element, which, error);
    return mfu_xml_fail (xml, error, _ ("<%s> is not known at this place and therefore refused"), element);
}

/* "0:usr_data" becomes "usr_data": fastboot's names are in lower case. */
static gboolean
take_name (MfuXml *xml, MfuFlash *flash, const char *text, GError **error)
{
    const char *plain = g_str_has_prefix (text, PREFIX) ? text + strlen (PREFIX) : text;
    gsize n = strlen (plain);

    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isalnum (plain[i]) && plain[i] != '_')
            n = 0;
    if (n == 0 || n >= sizeof flash->name) {
        g_autofree char *printable = mfu_path_printable (text);

        return mfu_xml_fail (xml, error, _ ("\"%s\" is no name of a partition"), printable);
    }
    for (gsize i = 0; i < n; i++)
        flash->name[i] = g_ascii_tolower (plain[i]);
    memcpy (flash->label, plain, n);
    return TRUE;
}

static gboolean
take_number (MfuXml *xml, const char *element, const char *text, guint max, guint *number, GError **error)
{
    gboolean is_hex = g_ascii_strncasecmp (text, "0x", 2) == 0;
    guint64 value;

    if (!g_ascii_string_to_unsigned (is_hex ? text + 2 : text, is_hex ? 16 : 10, 0, max, &value, NULL)) {
        g_autofree char *printable = mfu_path_printable (text);

        return mfu_xml_fail (xml, error, _ ("<%s> holds \"%s\" instead of a number from 0 to %u"), element,
                             printable, max);
    }
    *number = (guint) value;
    return TRUE;
}

static gboolean
take_size (MfuXml *xml, MfuFlash *flash, const char *element, const char *text, GError **error)
{
    guint number = 0;

    if (!take_number (xml, element, text, SIZE_MAX_UNITS, &number, error))
        return FALSE;
    flash->is_in_blocks = g_str_has_suffix (element, "_blks");
    if (g_str_has_prefix (element, "size_"))
        flash->size = number;
    else
        flash->pad = number;
    return TRUE;
}

static gboolean
take_image (MfuXml *xml, Parser *parser, MfuFlash *flash, const char *text, GError **error)
{
    const char *problem = NULL;
    g_autofree char *printable = mfu_path_printable (text);

    flash->filename = mfu_path_resolve (parser->folder, text, &problem);
    return flash->filename != NULL ||
           mfu_xml_fail (xml, error, _ ("the file name \"%s\" is refused: %s"), printable, problem);
}

static gboolean
take_value (MfuXml *xml, Parser *parser, const char *element, const char *text, GError **error)
{
    MfuFlash *flash = current (parser);
    guint number = 0;

    if (g_str_equal (element, "name"))
        return take_name (xml, flash, text, error);
    if (g_str_equal (element, "img_name"))
        return take_image (xml, parser, flash, text, error);
    if (g_str_has_prefix (element, "size_") || g_str_has_prefix (element, "pad_"))
        return take_size (xml, flash, element, text, error);
    if (!take_number (xml, element, text, g_str_equal (element, "flags") ? G_MAXUINT32 : 0xff, &number,
                      error))
        return FALSE;
    if (g_str_equal (element, "which_flash") && number != 0)
        return mfu_xml_fail (xml, error,
                             _ ("the partition is on a second flash chip, which these modems do not have"));
    return TRUE;
}

static gboolean
on_text (MfuXml *xml, guint depth, const char *element, const char *text, gpointer data, GError **error)
{
    Parser *parser = data;
    guint ignored;

    if (depth == 3)
        return take_value (xml, parser, element, text, error);
    if (g_str_has_prefix (element, "usr_part_magic") || g_str_equal (element, "partition_version"))
        return take_number (xml, element, text, G_MAXUINT32, &ignored, error);
    return mfu_xml_fail (xml, error, _ ("<%s> holds text"), element);
}

static gboolean
on_end (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error)
{
    const Parser *parser = data;
    const MfuFlash *flash;
    gboolean has_kib, has_blocks;

    if (depth != 2 || !parser->is_in_partitions)
        return TRUE;
    flash = current (parser);
    has_kib = has_seen (parser, "size_kb");
    has_blocks = has_seen (parser, "size_blks");
    if (*flash->name == '\0')
        return mfu_xml_fail (xml, error, _ ("a <partition> has no name"));
    if (has_kib + has_blocks + has_seen (parser, "flags") != 1 || (has_seen (parser, "pad_kb") && !has_kib) ||
        (has_seen (parser, "pad_blks") && !has_blocks) || ((has_kib || has_blocks) && flash->size == 0))
        return mfu_xml_fail (xml, error, _ ("the size of the partition %s is missing, or told in two ways"),
                             flash->name);
    for (guint i = 0; i + 1 < parser->flashes->len; i++)
        if (g_str_equal (((const MfuFlash *) g_ptr_array_index (parser->flashes, i))->name, flash->name))
            return mfu_xml_fail (xml, error, _ ("the partition %s is described twice"), flash->name);
    return TRUE;
}

static gboolean
asks_for_something (const char *file, GPtrArray *flashes, GError **error)
{
    for (guint i = 0; i < flashes->len; i++)
        if (((const MfuFlash *) g_ptr_array_index (flashes, i))->filename != NULL)
            return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                 _ ("%s asks for nothing to be written; fetch the package again"), file);
    return FALSE;
}

GPtrArray *
mfu_nand_xml_parse (const char *file, const char *folder, GBytes *bytes, GError **error)
{
    static const MfuXmlHandlers handlers = { .start = on_start, .text = on_text, .end = on_end };
    g_autoptr (GPtrArray) flashes = g_ptr_array_new_with_free_func (mfu_flash_free);
    Parser parser = { .flashes = flashes, .folder = folder };

    if (!mfu_xml_parse (file, bytes, &handlers, &parser, error) || !asks_for_something (file, flashes, error))
        return NULL;
    return g_steal_pointer (&flashes);
}
