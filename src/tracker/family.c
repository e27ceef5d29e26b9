/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Reads the descriptions of modem families. A description decides what is erased, so the reader is strict:
 * a key that is missing, unknown or out of range fails the whole load. */

#include "tracker/family.h"

#include "util/error.h"

#include <stdio.h>
#include <string.h>

#define SUFFIX          ".conf"
#define MAX_FAMILIES    64
#define MAX_FILE_BYTES  (64 * 1024)
#define MAX_LIST        256
#define MAX_BLOCK       65535
#define LAYOUTS         "layouts"
#define MAX_INTERFACE   31
#define MAX_PAYLOAD     (1024 * 1024)
#define MAX_DEADLINE_MS (30 * 60 * 1000)

struct _MfuFamilies {
    GPtrArray *list; /* MfuFamily */
};

/* One keyfile while it is being read; the first error wins and all later reads return nothing. */
typedef struct {
    GKeyFile *keyfile;
    const char *path;
    GError *error;
} Reader;

static const struct {
    const char *group;
    const char *key;
} known_keys[] = {
    { "family", "description" },
    { "family", "chains" },
    { "family", "models" },
    { "family", "chips" },
    { "family", "programmers" },
    { "family", "msm-ids" },
    { "usb", "normal" },
    { "usb", "edl" },
    { "usb", "fastboot" },
    { "usb", "diag-interface" },
    { "usb", "at-interface" },
    { "usb", "modem-interface" },
    { "partitions", "protected" },
    { "partitions", "raw-images" },
    { "sahara", "image-id" },
    { "firehose", "payload" },
    { "firehose", "zlp-aware" },
    { "timing", "switch-ms" },
    { "timing", "return-ms" },
    { "timing", "settle-ms" },
    { "timing", "fastboot-ms" },
    { "family", "memories" },
    { "fastboot", "products" },
    { "fastboot", "boot-chain" },
    { "fastboot", "serials" },
    { "fastboot", "max-image" },
    { "usb", "shared-interfaces" },
};

static const char *const mode_names[] = {
    [MFU_MODE_UNKNOWN] = "unknown",           [MFU_MODE_NORMAL] = "normal",
    [MFU_MODE_SBL_DOWNLOAD] = "sbl-download", [MFU_MODE_EDL] = "edl",
    [MFU_MODE_FASTBOOT] = "fastboot",         [MFU_MODE_GONE] = "gone",
};

static void
family_free (MfuFamily *family)
{
    g_free (family->name);
    g_free (family->description);
    g_clear_pointer (&family->normal_ids, g_array_unref);
    g_clear_pointer (&family->edl_ids, g_array_unref);
    g_clear_pointer (&family->fastboot_ids, g_array_unref);
    g_strfreev (family->models);
    g_strfreev (family->chip_ids);
    g_strfreev (family->programmers);
    g_strfreev (family->protected_names);
    g_strfreev (family->raw_images);
    g_strfreev (family->boot_chain);
    g_strfreev (family->products);
    g_strfreev (family->serials);
    g_clear_pointer (&family->memories, g_array_unref);
    g_clear_pointer (&family->layouts, g_array_unref);
    g_clear_pointer (&family->msm_ids, g_array_unref);
    g_free (family);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuFamily, family_free)

static void
usb_id_clear (gpointer data)
{
    g_free (((MfuUsbId *) data)->model);
}

static void
reader_fail (Reader *reader, const char *group, const char *key, const char *problem)
{
    if (reader->error == NULL)
        g_set_error (&reader->error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, "%s: [%s] %s: %s", reader->path,
                     group, key, problem);
}

/* The value, or NULL when it is not there or the reading has failed before. */
static char *
read_string (Reader *reader, const char *group, const char *key)
{
    g_autoptr (GError) local = NULL;
    g_autofree char *value = NULL;

    if (reader->error != NULL)
        return NULL;
    value = g_key_file_get_string (reader->keyfile, group, key, &local);
    if (value == NULL) {
        reader_fail (reader, group, key, local->message);
        return NULL;
    }
    return g_strdup (g_strstrip (value));
}

/* Stripped, non-empty items; never NULL. */
static char **
read_list (Reader *reader, const char *group, const char *key, gboolean may_be_empty)
{
    g_autofree char *value = read_string (reader, group, key);
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    g_auto (GStrv) items = g_strsplit (value != NULL ? value : "", ";", MAX_LIST + 1);
    guint n = 0;

    for (guint i = 0; items[i] != NULL; i++) {
        const char *item = g_strstrip (items[i]);

        if (*item == '\0')
            continue;
        if (++n > MAX_LIST)
            reader_fail (reader, group, key, "too many items");
        g_strv_builder_add (builder, item);
    }
    if (n == 0 && !may_be_empty)
        reader_fail (reader, group, key, "the list is empty");
    return g_strv_builder_end (builder);
}

static gint64
read_number (Reader *reader, const char *group, const char *key, gint64 min, gint64 max)
{
    g_autofree char *value = read_string (reader, group, key);
    gint64 number = 0;

    if (value == NULL)
        return min;
    if (!g_ascii_string_to_signed (value, 10, min, max, &number, NULL)) {
        reader_fail (reader, group, key, "not a number, or out of range");
        return min;
    }
    return number;
}

static gboolean
read_boolean (Reader *reader, const char *group, const char *key)
{
    g_autofree char *value = read_string (reader, group, key);

    if (value != NULL && !g_str_equal (value, "true") && !g_str_equal (value, "false"))
        reader_fail (reader, group, key, "neither \"true\" nor \"false\"");
    return g_strcmp0 (value, "true") == 0;
}

/* "2c7c:0125 EC25" */
static gboolean
parse_usb_id (const char *text, MfuUsbId *id)
{
    g_auto (GStrv) parts = g_strsplit (text, " ", 2);
    g_auto (GStrv) numbers = g_strsplit (parts[0], ":", 3);
    guint64 vid, pid;

    if (parts[1] == NULL || *g_strstrip (parts[1]) == '\0' || g_strv_length (numbers) != 2)
        return FALSE;
    if (strlen (numbers[0]) != 4 || strlen (numbers[1]) != 4 ||
        !g_ascii_string_to_unsigned (numbers[0], 16, 0, G_MAXUINT16, &vid, NULL) ||
        !g_ascii_string_to_unsigned (numbers[1], 16, 0, G_MAXUINT16, &pid, NULL))
        return FALSE;
    id->vid = (guint16) vid;
    id->pid = (guint16) pid;
    id->model = g_strdup (parts[1]);
    return TRUE;
}

static GArray *
read_usb_ids (Reader *reader, const char *key, gboolean may_be_empty)
{
    g_auto (GStrv) items = read_list (reader, "usb", key, may_be_empty);
    g_autoptr (GArray) ids = g_array_new (FALSE, TRUE, sizeof (MfuUsbId));

    g_array_set_clear_func (ids, usb_id_clear);
    for (guint i = 0; items[i] != NULL; i++) {
        MfuUsbId id = { 0 };

        if (parse_usb_id (items[i], &id))
            g_array_append_val (ids, id);
        else
            reader_fail (reader, "usb", key, "not of the form \"2c7c:0125 NAME\"");
    }
    return g_steal_pointer (&ids);
}

static GArray *
read_msm_ids (Reader *reader)
{
    g_auto (GStrv) items = read_list (reader, "family", "msm-ids", TRUE);
    g_autoptr (GArray) ids = g_array_new (FALSE, TRUE, sizeof (guint32));

    for (guint i = 0; items[i] != NULL; i++) {
        guint64 value;
        guint32 id;

        if (!g_str_has_prefix (items[i], "0x") ||
            !g_ascii_string_to_unsigned (items[i] + 2, 16, 1, G_MAXUINT32, &value, NULL)) {
            reader_fail (reader, "family", "msm-ids", "not of the form \"0x000480e1\"");
            continue;
        }
        id = (guint32) value;
        g_array_append_val (ids, id);
    }
    return g_steal_pointer (&ids);
}

static guint8
read_chains (Reader *reader)
{
    static const char *const names[] = { "firehose", "fastboot", "dload", "streaming" };
    g_auto (GStrv) items = read_list (reader, "family", "chains", FALSE);
    guint8 chains = 0;

    for (guint i = 0; items[i] != NULL; i++) {
        gsize n = 0;

        while (n < G_N_ELEMENTS (names) && !g_str_equal (items[i], names[n]))
            n++;
        if (n < G_N_ELEMENTS (names))
            chains |= (guint8) (1u << n);
        else
            reader_fail (reader, "family", "chains", "no name of a chain");
    }
    return chains;
}

/* Partition names are compared in lower case and without "0:" everywhere. */
static char **
read_partitions (Reader *reader, const char *group, const char *key, gboolean may_be_empty)
{
    char **names = read_list (reader, group, key, may_be_empty);

    for (guint i = 0; names[i] != NULL; i++) {
        g_autofree char *lower = g_ascii_strdown (names[i], -1);

        if (!g_str_equal (lower, names[i]) || strchr (names[i], ':') != NULL)
            reader_fail (reader, group, key, "names are in lower case and without \"0:\"");
    }
    return names;
}

static void
layout_clear (gpointer data)
{
    g_array_unref (((MfuLayout *) data)->partitions);
}

/* "efs2 20+136" */
static gboolean
parse_layout_partition (const char *text, MfuLayoutPartition *partition)
{
    int end = 0;

    return sscanf (text, "%16s %u+%u%n", partition->name, &partition->start_block, &partition->num_blocks,
                   &end) == 3 &&
           text[end] == '\0' && partition->start_block <= MAX_BLOCK && partition->num_blocks > 0 &&
           partition->num_blocks <= MAX_BLOCK;
}

/* As package names have them, "p2K_b128K". */
static gboolean
parse_geometry (const char *text, guint *page_size, guint *block_size)
{
    guint page_kib, block_kib;
    int end = 0;

    if (sscanf (text, "p%uK_b%uK%n", &page_kib, &block_kib, &end) != 2 || text[end] != '\0' ||
        page_kib == 0 || page_kib > 64 || block_kib < page_kib || block_kib > 16 * 1024)
        return FALSE;
    *page_size = page_kib * 1024;
    *block_size = block_kib * 1024;
    return TRUE;
}

/* "M4G p4K_b256K" */
static GArray *
read_memories (Reader *reader)
{
    g_auto (GStrv) items = read_list (reader, "family", "memories", TRUE);
    GArray *memories = g_array_new (FALSE, TRUE, sizeof (MfuMemory));

    for (guint i = 0; items[i] != NULL; i++) {
        g_auto (GStrv) parts = g_strsplit (items[i], " ", 2);
        MfuMemory memory = { 0 };

        if (g_strv_length (parts) != 2 ||
            g_strlcpy (memory.code, parts[0], sizeof memory.code) >= sizeof memory.code ||
            !parse_geometry (parts[1], &memory.page_size, &memory.block_size))
            reader_fail (reader, "family", "memories", "not of the form \"M4G p4K_b256K\"");
        g_array_append_val (memories, memory);
    }
    return memories;
}

/* Keys are geometries. */
static GArray *
read_layouts (Reader *reader)
{
    g_auto (GStrv) keys = g_key_file_get_keys (reader->keyfile, LAYOUTS, NULL, NULL);
    GArray *layouts = g_array_new (FALSE, TRUE, sizeof (MfuLayout));

    g_array_set_clear_func (layouts, layout_clear);
    for (guint i = 0; keys != NULL && keys[i] != NULL; i++) {
        g_auto (GStrv) items = read_list (reader, LAYOUTS, keys[i], FALSE);
        MfuLayout layout = { .partitions = g_array_new (FALSE, TRUE, sizeof (MfuLayoutPartition)) };

        if (!parse_geometry (keys[i], &layout.page_size, &layout.block_size))
            reader_fail (reader, LAYOUTS, keys[i], "not a geometry as p2K_b128K");
        for (guint n = 0; items[n] != NULL; n++) {
            MfuLayoutPartition partition = { 0 };

            if (!parse_layout_partition (items[n], &partition))
                reader_fail (reader, LAYOUTS, keys[i], "not of the form \"efs2 20+136\"");
            g_array_append_val (layout.partitions, partition);
        }
        g_array_append_val (layouts, layout);
    }
    return layouts;
}

static gboolean
is_known_key (const char *group, const char *key)
{
    if (g_str_equal (group, LAYOUTS))
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS (known_keys); i++) {
        if (g_str_equal (known_keys[i].group, group) && g_str_equal (known_keys[i].key, key))
            return TRUE;
    }
    return FALSE;
}

static void
refuse_unknown_keys (Reader *reader)
{
    g_auto (GStrv) groups = g_key_file_get_groups (reader->keyfile, NULL);

    for (guint i = 0; groups[i] != NULL; i++) {
        g_auto (GStrv) keys = g_key_file_get_keys (reader->keyfile, groups[i], NULL, NULL);

        for (guint k = 0; keys != NULL && keys[k] != NULL; k++) {
            if (!is_known_key (groups[i], keys[k]))
                reader_fail (reader, groups[i], keys[k], "there is no such key");
        }
    }
}

/* Only chips with Sahara have a programmer, and what it needs. */
static void
read_firehose (Reader *reader, MfuFamily *family)
{
    if (!(family->chains & MFU_CHAIN_FIREHOSE)) {
        family->programmers = g_new0 (char *, 1);
        family->raw_images = g_new0 (char *, 1);
        family->msm_ids = g_array_new (FALSE, TRUE, sizeof (guint32));
        return;
    }
    family->programmers = read_list (reader, "family", "programmers", FALSE);
    family->msm_ids = read_msm_ids (reader);
    family->raw_images = read_partitions (reader, "partitions", "raw-images", FALSE);
    family->sahara_image_id = (guint) read_number (reader, "sahara", "image-id", 0, G_MAXUINT16);
    family->firehose_payload = (guint) read_number (reader, "firehose", "payload", 512, MAX_PAYLOAD);
    family->firehose_zlp_aware = read_boolean (reader, "firehose", "zlp-aware");
}

static void
read_family (Reader *reader, MfuFamily *family)
{
    refuse_unknown_keys (reader);
    family->description = read_string (reader, "family", "description");
    family->chains = read_chains (reader);
    family->models = read_list (reader, "family", "models", FALSE);
    family->chip_ids = read_list (reader, "family", "chips", FALSE);
    read_firehose (reader, family);

    family->normal_ids = read_usb_ids (reader, "normal", FALSE);
    family->edl_ids = read_usb_ids (reader, "edl", TRUE);
    family->fastboot_ids = read_usb_ids (reader, "fastboot", TRUE);
    family->shared_interfaces = (guint) read_number (reader, "usb", "shared-interfaces", 0, MAX_INTERFACE);
    family->diag_interface = (int) read_number (reader, "usb", "diag-interface", -1, MAX_INTERFACE);
    family->at_interface = (int) read_number (reader, "usb", "at-interface", -1, MAX_INTERFACE);
    family->modem_interface = (int) read_number (reader, "usb", "modem-interface", -1, MAX_INTERFACE);

    family->protected_names = read_partitions (reader, "partitions", "protected", FALSE);
    family->boot_chain = read_partitions (reader, "fastboot", "boot-chain", FALSE);
    family->serials = read_list (reader, "fastboot", "serials", TRUE);
    family->max_image = (guint64) read_number (reader, "fastboot", "max-image", 0, G_MAXUINT32);
    family->products = read_list (reader, "fastboot", "products", FALSE);
    family->memories = read_memories (reader);
    family->layouts = read_layouts (reader);
    family->switch_ms = (guint) read_number (reader, "timing", "switch-ms", 1, MAX_DEADLINE_MS);
    family->fastboot_ms = (guint) read_number (reader, "timing", "fastboot-ms", 1, MAX_DEADLINE_MS);
    family->return_ms = (guint) read_number (reader, "timing", "return-ms", 1, MAX_DEADLINE_MS);
    family->settle_ms = (guint) read_number (reader, "timing", "settle-ms", 1, MAX_DEADLINE_MS);
}

static MfuFamily *
family_load (const char *directory, const char *file_name, GError **error)
{
    g_autofree char *path = g_build_filename (directory, file_name, NULL);
    g_autoptr (GKeyFile) keyfile = g_key_file_new ();
    g_autoptr (MfuFamily) family = g_new0 (MfuFamily, 1);
    g_autofree char *contents = NULL;
    g_autoptr (GError) local = NULL;
    Reader reader = { .keyfile = keyfile, .path = path };
    gsize size = 0;

    if (!g_file_get_contents (path, &contents, &size, &local)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, "%s", local->message);
        return NULL;
    }
    if (size > MAX_FILE_BYTES ||
        !g_key_file_load_from_data (keyfile, contents, size, G_KEY_FILE_NONE, &local)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, "%s: %s", path,
                     local != NULL ? local->message : "the file is too large");
        return NULL;
    }
    family->name = g_strndup (file_name, strlen (file_name) - strlen (SUFFIX));
    read_family (&reader, family);
    if (reader.error != NULL) {
        g_propagate_error (error, reader.error);
        return NULL;
    }
    return g_steal_pointer (&family);
}

static gboolean
ids_contain (const GArray *ids, guint16 vid, guint16 pid)
{
    for (guint i = 0; i < ids->len; i++) {
        const MfuUsbId *id = &g_array_index (ids, MfuUsbId, i);

        if (id->vid == vid && id->pid == pid)
            return TRUE;
    }
    return FALSE;
}

/* Two families must not claim one identity or one model name, or a package would be judged by file order. */
static gboolean
check_unique (const MfuFamilies *families, const MfuFamily *family, GError **error)
{
    for (guint i = 0; i < family->normal_ids->len; i++) {
        const MfuUsbId *id = &g_array_index (family->normal_ids, MfuUsbId, i);
        const MfuFamily *other = mfu_families_by_usb_id (families, id->vid, id->pid);

        if (other != NULL) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                         "%s" SUFFIX ": [usb] normal: %04x:%04x belongs to %s", family->name, id->vid,
                         id->pid, other->name);
            return FALSE;
        }
    }
    for (guint f = 0; f < families->list->len; f++) {
        const MfuFamily *other = g_ptr_array_index (families->list, f);

        for (guint i = 0; family->models[i] != NULL; i++) {
            if (g_strv_contains ((const char *const *) other->models, family->models[i])) {
                g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             "%s" SUFFIX ": [family] models: %s belongs to %s", family->name,
                             family->models[i], other->name);
                return FALSE;
            }
        }
    }
    return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
    return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The names of the keyfiles in `directory`, sorted, so that errors and lists do not depend on the disk. */
static GPtrArray *
list_files (const char *directory, GError **error)
{
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GError) local = NULL;
    g_autoptr (GDir) dir = g_dir_open (directory, 0, &local);
    const char *name;

    if (dir == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "%s", local->message);
        return NULL;
    }
    while ((name = g_dir_read_name (dir)) != NULL && names->len <= MAX_FAMILIES) {
        if (g_str_has_suffix (name, SUFFIX) && *name != '.')
            g_ptr_array_add (names, g_strdup (name));
    }
    if (names->len == 0 || names->len > MAX_FAMILIES) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "%s: %s", directory,
                     names->len == 0 ? "no description of any modem family" : "too many descriptions");
        return NULL;
    }
    g_ptr_array_sort (names, compare_names);
    return g_steal_pointer (&names);
}

const char *
mfu_mode_to_string (MfuMode mode)
{
    g_return_val_if_fail ((gsize) mode < G_N_ELEMENTS (mode_names), "unknown");
    return mode_names[mode];
}

gboolean
mfu_mode_from_string (const char *string, MfuMode *mode)
{
    for (gsize i = 0; i < G_N_ELEMENTS (mode_names); i++) {
        if (g_strcmp0 (mode_names[i], string) == 0) {
            *mode = (MfuMode) i;
            return TRUE;
        }
    }
    return FALSE;
}

MfuFamilies *
mfu_families_load (const char *directory, GError **error)
{
    g_autoptr (MfuFamilies) families = g_new0 (MfuFamilies, 1);
    g_autoptr (GPtrArray) names = list_files (directory, error);

    families->list = g_ptr_array_new_with_free_func ((GDestroyNotify) family_free);
    if (names == NULL)
        return NULL;
    for (guint i = 0; i < names->len; i++) {
        g_autoptr (MfuFamily) family = family_load (directory, g_ptr_array_index (names, i), error);

        if (family == NULL || !check_unique (families, family, error))
            return NULL;
        g_ptr_array_add (families->list, g_steal_pointer (&family));
    }
    return g_steal_pointer (&families);
}

void
mfu_families_free (MfuFamilies *families)
{
    if (families == NULL)
        return;
    g_clear_pointer (&families->list, g_ptr_array_unref);
    g_free (families);
}

guint
mfu_families_n (const MfuFamilies *families)
{
    return families->list->len;
}

const MfuFamily *
mfu_families_get (const MfuFamilies *families, guint index)
{
    g_return_val_if_fail (index < families->list->len, NULL);
    return g_ptr_array_index (families->list, index);
}

const MfuFamily *
mfu_families_by_name (const MfuFamilies *families, const char *name)
{
    for (guint i = 0; i < families->list->len; i++) {
        const MfuFamily *family = g_ptr_array_index (families->list, i);

        if (g_strcmp0 (family->name, name) == 0)
            return family;
    }
    return NULL;
}

const MfuFamily *
mfu_families_by_usb_id (const MfuFamilies *families, guint16 vid, guint16 pid)
{
    for (guint i = 0; i < families->list->len; i++) {
        const MfuFamily *family = g_ptr_array_index (families->list, i);

        if (ids_contain (family->normal_ids, vid, pid))
            return family;
    }
    return NULL;
}

const MfuFamily *
mfu_families_by_model (const MfuFamilies *families, const char *version)
{
    const MfuFamily *best = NULL;
    gsize best_length = 0;

    /* The longest name wins: "EC20CE" is more than "EC20". */
    for (guint f = 0; version != NULL && f < families->list->len; f++) {
        const MfuFamily *family = g_ptr_array_index (families->list, f);

        for (guint i = 0; family->models[i] != NULL; i++) {
            gsize length = strlen (family->models[i]);

            if (length > best_length && g_str_has_prefix (version, family->models[i])) {
                best = family;
                best_length = length;
            }
        }
    }
    return best;
}

GArray *
mfu_family_get_layout (const MfuFamily *family, guint page_size, guint block_size)
{
    for (guint i = 0; i < family->layouts->len; i++) {
        const MfuLayout *layout = &g_array_index (family->layouts, MfuLayout, i);

        if (layout->page_size == page_size && layout->block_size == block_size)
            return layout->partitions;
    }
    return NULL;
}

const MfuMemory *
mfu_family_get_memory (const MfuFamily *family, const char *code)
{
    for (guint i = 0; i < family->memories->len; i++) {
        const MfuMemory *memory = &g_array_index (family->memories, MfuMemory, i);

        if (g_ascii_strcasecmp (memory->code, code) == 0)
            return memory;
    }
    return NULL;
}
