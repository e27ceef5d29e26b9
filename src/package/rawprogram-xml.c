/* SPDX-License-Identifier: GPL-2.0-or-later */

/* <data> with <erase>, <program> and elements with vendor="quectel".
 *
 * Source: rawprogram_nand_p2K_b128K_update.xml and patch_p2K_b128K.xml of EG25GGBR07A08M2G_30.006.30.006
 * (github.com/Biktorgj/quectel_eg25_recovery); attribute variants and the vendor elements as sent by
 * firehose_protocol.c of github.com/nippynetworks/qfirehose; github.com/linux-msm/qdl pull 305 (no
 * physical_partition_number) and 306 (label). */

#include "package/rawprogram-xml.h"

#include <string.h>

#include "package/i18n.h"
#include "package/path.h"
#include "package/xml.h"
#include "util/error.h"

#define ACTIONS_MAX         512
#define PAGE_SIZE_MIN       512
#define PAGE_SIZE_MAX       16384
#define PAGES_PER_BLOCK_MAX 1024
#define VENDOR_VALUE_MAX    63
#define LABEL_MAX           31

#define RANGE_ATTRIBUTES                                                                                     \
    "PAGES_PER_BLOCK", "SECTOR_SIZE_IN_BYTES", "num_partition_sectors", "physical_partition_number",         \
        "start_sector", "last_sector", "label"

static const char *const erase_attributes[] = { RANGE_ATTRIBUTES, NULL };
static const char *const program_attributes[] = {
    RANGE_ATTRIBUTES,    "filename",       "file_sector_offset", "sparse", "size_in_KB",
    "partofsingleimage", "readbackverify", "start_byte_hex",     NULL,
};
static const char *const vendor_attributes[] = {
    "a_rawdata_start_sector", "b_rawdata_num_sector", "c_project_name", "d_project_type", "vendor", NULL,
};
static const char *const patch_attributes[] = {
    "SECTOR_SIZE_IN_BYTES",
    "byte_offset",
    "filename",
    "physical_partition_number",
    "size_in_bytes",
    "start_sector",
    "value",
    "what",
    NULL,
};

/* Commands of the Firehose protocol: a vendor element may have none of their names. */
static const char *const commands[] = {
    "benchmark",
    "configure",
    "createstoragedrives",
    "data",
    "emmc",
    "erase",
    "firmwarewrite",
    "fixgpt",
    "getcrc16digest",
    "getsha256digest",
    "getstorageinfo",
    "nop",
    "options",
    "patch",
    "patches",
    "peek",
    "poke",
    "power",
    "program",
    "read",
    "setbootablestoragedrive",
    "ufs",
    "xml",
    NULL,
};

typedef struct {
    MfuRawprogram *rawprogram;
    const char *folder;
} Parser;

static void
action_free (gpointer data)
{
    MfuAction *action = data;

    g_free (action->label);
    g_free (action->filename);
    g_free (action->tag);
    for (guint i = 0; i < G_N_ELEMENTS (action->vendor); i++)
        g_free (action->vendor[i]);
    g_free (action);
}

static gboolean
is_plain (const char *text, gsize max)
{
    gsize n = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:-");

    return n <= max && text[n] == '\0';
}

/* The whole file has one geometry. */
static gboolean
check_geometry (MfuXml *xml, Parser *parser, const MfuAction *action, GError **error)
{
    MfuRawprogram *raw = parser->rawprogram;
    gboolean is_power = (action->sector_size & (action->sector_size - 1)) == 0;

    if (action->sector_size < PAGE_SIZE_MIN || action->sector_size > PAGE_SIZE_MAX || !is_power)
        return mfu_xml_fail (xml, error, _ ("SECTOR_SIZE_IN_BYTES=\"%u\" is no page size of a NAND"),
                             action->sector_size);
    if (action->pages_per_block > PAGES_PER_BLOCK_MAX)
        return mfu_xml_fail (xml, error, _ ("PAGES_PER_BLOCK=\"%u\" is more than a NAND has"),
                             action->pages_per_block);
    if (raw->page_size != 0 && raw->page_size != action->sector_size)
        return mfu_xml_fail (xml, error, _ ("the page size changes from %u to %u"), raw->page_size,
                             action->sector_size);
    raw->page_size = action->sector_size;
    if (action->pages_per_block == 0)
        return TRUE;
    if (raw->pages_per_block != 0 && raw->pages_per_block != action->pages_per_block)
        return mfu_xml_fail (xml, error, _ ("the pages of a block change from %u to %u"),
                             raw->pages_per_block, action->pages_per_block);
    raw->pages_per_block = action->pages_per_block;
    return TRUE;
}

static gboolean
check_range (MfuXml *xml, const MfuAction *action, GError **error)
{
    guint64 end = (guint64) action->start_sector + action->num_sectors;
    guint last = (guint) (end - 1);

    if (action->num_sectors == 0 || end > G_MAXUINT32)
        return mfu_xml_fail (xml, error,
                             _ ("num_partition_sectors=\"%u\" from start_sector=\"%u\" is no range"),
                             action->num_sectors, action->start_sector);
    if (!mfu_xml_number (xml, "last_sector", FALSE, &last, error))
        return FALSE;
    if (last != end - 1)
        return mfu_xml_fail (xml, error, _ ("last_sector=\"%u\" contradicts the other attributes (%u)"), last,
                             (guint) (end - 1));
    return TRUE;
}

static gboolean
read_range (MfuXml *xml, Parser *parser, MfuAction *action, GError **error)
{
    const char *label = mfu_xml_attribute (xml, "label");

    if (!mfu_xml_number (xml, "SECTOR_SIZE_IN_BYTES", TRUE, &action->sector_size, error) ||
        !mfu_xml_number (xml, "start_sector", TRUE, &action->start_sector, error) ||
        !mfu_xml_number (xml, "num_partition_sectors", TRUE, &action->num_sectors, error) ||
        !mfu_xml_number (xml, "PAGES_PER_BLOCK", FALSE, &action->pages_per_block, error) ||
        !mfu_xml_number (xml, "physical_partition_number", FALSE, &action->physical_partition, error))
        return FALSE;
    if (label != NULL && !is_plain (label, LABEL_MAX))
        return mfu_xml_fail (xml, error, _ ("the label is not a plain name"));
    action->label = g_strdup (label);
    return check_geometry (xml, parser, action, error) && check_range (xml, action, error);
}

static gboolean
read_filename (MfuXml *xml, Parser *parser, MfuAction *action, const char *filename, GError **error)
{
    const char *sparse = mfu_xml_attribute (xml, "sparse");
    const char *problem = NULL;
    guint offset = 0;

    action->filename = mfu_path_resolve (parser->folder, filename, &problem);
    if (action->filename == NULL) {
        g_autofree char *printable = mfu_path_printable (filename);

        return mfu_xml_fail (xml, error, _ ("the file name \"%s\" is refused: %s"), printable, problem);
    }
    if (!mfu_xml_number (xml, "file_sector_offset", FALSE, &offset, error))
        return FALSE;
    if (offset != 0 || (sparse != NULL && g_ascii_strcasecmp (sparse, "false") != 0))
        return mfu_xml_fail (xml, error, _ ("sparse images and parts of images are not for NAND"));
    return TRUE;
}

static gboolean
read_vendor (MfuXml *xml, const char *element, MfuAction *action, GError **error)
{
    g_autofree char *lower = g_ascii_strdown (element, -1);

    if (!mfu_xml_only_attributes (xml, vendor_attributes, error))
        return FALSE;
    if (g_strv_contains (commands, lower) || !is_plain (element, LABEL_MAX) || !g_ascii_isalpha (element[0]))
        return mfu_xml_fail (xml, error, _ ("<%s> is not allowed as an element of the vendor"), element);
    for (guint i = 0; i < G_N_ELEMENTS (action->vendor); i++) {
        const char *value = mfu_xml_attribute (xml, vendor_attributes[i]);

        if (value != NULL && !is_plain (value, VENDOR_VALUE_MAX))
            return mfu_xml_fail (xml, error, _ ("%s is not a plain word"), vendor_attributes[i]);
        action->vendor[i] = g_strdup (value);
    }
    action->tag = g_strdup (element);
    return TRUE;
}

/* An erase without a sector size and a program without a file name ask for nothing; both occur. */
static gboolean
asks_for_nothing (MfuXml *xml, gboolean is_erase)
{
    const char *value = mfu_xml_attribute (xml, is_erase ? "SECTOR_SIZE_IN_BYTES" : "filename");

    return g_strcmp0 (value, is_erase ? "0" : "") == 0;
}

static gboolean
read_action (MfuXml *xml, Parser *parser, const char *element, GError **error)
{
    gboolean is_erase = g_str_equal (element, "erase");
    gboolean is_program = g_str_equal (element, "program");
    const char *filename = mfu_xml_attribute (xml, "filename");
    GPtrArray *actions = parser->rawprogram->actions;
    MfuAction *action;

    if (actions->len >= ACTIONS_MAX)
        return mfu_xml_fail (xml, error, _ ("there are more than %u elements"), ACTIONS_MAX);
    action = g_new0 (MfuAction, 1);
    g_ptr_array_add (actions, action);
    if (g_strcmp0 (mfu_xml_attribute (xml, "vendor"), "quectel") == 0) {
        action->kind = MFU_ACTION_VENDOR;
        return read_vendor (xml, element, action, error);
    }
    if (!is_erase && !is_program)
        return mfu_xml_fail (xml, error, _ ("found <%s> where <erase> or <program> was expected"), element);
    if (!mfu_xml_only_attributes (xml, is_erase ? erase_attributes : program_attributes, error))
        return FALSE;
    if (is_program && filename == NULL)
        return mfu_xml_fail (xml, error, _ ("<program> has no attribute filename"));
    if (asks_for_nothing (xml, is_erase)) {
        g_ptr_array_set_size (actions, (int) actions->len - 1);
        return TRUE;
    }
    action->kind = is_erase ? MFU_ACTION_ERASE : MFU_ACTION_PROGRAM;
    return read_range (xml, parser, action, error) &&
           (is_erase || read_filename (xml, parser, action, filename, error));
}

static gboolean
on_start (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error)
{
    if (depth == 1)
        return read_action (xml, data, element, error);
    if (depth == 0 && g_str_equal (element, "data"))
        return TRUE;
    return mfu_xml_fail (xml, error,
                         depth == 0 ? _ ("found <%s> where <data> was expected")
                                    : _ ("<%s> may not be inside of another element"),
                         element);
}

static gboolean
on_text (MfuXml *xml, guint depth, const char *element, const char *text, gpointer data, GError **error)
{
    return mfu_xml_fail (xml, error, _ ("<%s> holds text"), element);
}

static gboolean
find_erases_all (GPtrArray *actions)
{
    for (guint i = 0; i < actions->len; i++) {
        const MfuAction *erase = g_ptr_array_index (actions, i);

        if (erase->kind != MFU_ACTION_ERASE || erase->start_sector != 0)
            continue;
        for (guint j = 0; j < actions->len; j++) {
            const MfuAction *other = g_ptr_array_index (actions, j);

            if (other->kind == MFU_ACTION_PROGRAM && other->start_sector > 0 &&
                other->start_sector < erase->num_sectors)
                return TRUE;
        }
    }
    return FALSE;
}

MfuRawprogram *
mfu_rawprogram_parse (const char *file, const char *folder, GBytes *bytes, GError **error)
{
    static const MfuXmlHandlers handlers = { .start = on_start, .text = on_text };
    g_autoptr (MfuRawprogram) rawprogram = g_new0 (MfuRawprogram, 1);
    Parser parser = { .rawprogram = rawprogram, .folder = folder };

    rawprogram->actions = g_ptr_array_new_with_free_func (action_free);
    if (!mfu_xml_parse (file, bytes, &handlers, &parser, error))
        return NULL;
    if (rawprogram->actions->len == 0) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_CORRUPT_PACKAGE,
                     _ ("%s asks for nothing to be written; fetch the package again"), file);
        return NULL;
    }
    rawprogram->erases_all = find_erases_all (rawprogram->actions);
    return g_steal_pointer (&rawprogram);
}

void
mfu_rawprogram_free (MfuRawprogram *rawprogram)
{
    if (rawprogram == NULL)
        return;
    g_clear_pointer (&rawprogram->actions, g_ptr_array_unref);
    g_free (rawprogram);
}

static gboolean
on_patch_start (MfuXml *xml, guint depth, const char *element, gpointer data, GError **error)
{
    gboolean *is_for_modem = data;
    const char *filename;

    if (depth > 1 || !g_str_equal (element, depth == 0 ? "patches" : "patch"))
        return mfu_xml_fail (xml, error, _ ("found <%s> where <%s> was expected"), element,
                             depth == 0 ? "patches" : "patch");
    if (depth == 0)
        return TRUE;
    if (!mfu_xml_only_attributes (xml, patch_attributes, error))
        return FALSE;
    filename = mfu_xml_attribute (xml, "filename");
    if (g_strcmp0 (filename, "DISK") == 0) {
        *is_for_modem = TRUE;
        return mfu_xml_fail (xml, error,
                             _ ("this patches the modem's memory itself, which is not supported"));
    }
    if (filename == NULL || !is_plain (filename, MFU_PATH_MAX) || !g_str_has_suffix (filename, ".mbn"))
        return mfu_xml_fail (xml, error, _ ("<patch> is for something that is no .mbn file"));
    return TRUE;
}

gboolean
mfu_patch_xml_check (const char *file, GBytes *bytes, GError **error)
{
    static const MfuXmlHandlers handlers = { .start = on_patch_start, .text = on_text };
    g_autoptr (GError) local = NULL;
    gboolean is_for_modem = FALSE;

    if (mfu_xml_parse (file, bytes, &handlers, &is_for_modem, &local))
        return TRUE;
    if (is_for_modem)
        local->code = MFU_ERROR_UNSUPPORTED;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}
