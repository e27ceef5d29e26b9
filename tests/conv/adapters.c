/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One row for each engine: how a script makes it, and what may be asked of it. */

#include "adapters.h"

#include "protocol/at.h"
#include "protocol/diag.h"
#include "protocol/dload.h"
#include "protocol/edl-probe.h"
#include "protocol/fastboot.h"
#include "protocol/firehose.h"
#include "protocol/sahara.h"
#include "protocol/streaming.h"
#include "util/error.h"

#include <string.h>

static GBytes *
get_bytes (const Script *script, const char *name)
{
    const char *value = script_get (script, name);

    return value != NULL ? script_parse_bytes (value, FALSE, NULL) : NULL;
}

static MfuEngine *
at_new (const Script *script)
{
    return mfu_at_new (script_get (script, "command"), (guint) script_get_number (script, "timeout_ms", 3000),
                       script_get (script, "gone-is-done") != NULL);
}

static void
at_check (MfuEngine *engine, char **words)
{
    g_autofree char *text = NULL;

    g_assert_cmpstr (words[0], ==, "text");
    text = g_strcompress (words[1]);
    g_assert_cmpstr (mfu_at_get_text (engine), ==, text);
}

static MfuEngine *
diag_new (const Script *script)
{
    return script_get (script, "dload") != NULL ? mfu_diag_switch_to_dload_new ()
                                                : mfu_diag_switch_to_edl_new ();
}

static MfuEngine *
build_id_new (const Script *script)
{
    return mfu_diag_build_id_new ();
}

static void
build_id_check (MfuEngine *engine, char **words)
{
    g_assert_cmpstr (words[0], ==, "build-id");
    g_assert_cmpstr (mfu_diag_build_id_get (engine), ==, words[1]);
}

static MfuEngine *
edl_probe_new (const Script *script)
{
    return mfu_edl_probe_new ();
}

static void
edl_probe_check (MfuEngine *engine, char **words)
{
    GBytes *leftover = mfu_edl_probe_get_leftover (engine);
    g_autoptr (GBytes) expected = NULL;

    if (strcmp (words[0], "state") == 0) {
        g_assert_cmpstr (mfu_edl_state_to_string (mfu_edl_probe_get_state (engine)), ==, words[1]);
        return;
    }
    g_assert_cmpstr (words[0], ==, "leftover");
    expected = script_parse_bytes (words[1], FALSE, NULL);
    /* How much more than the deciding bytes was heard depends on the fragmentation. */
    g_assert_cmpuint (g_bytes_get_size (leftover), <=, g_bytes_get_size (expected));
    g_assert_cmpuint (g_bytes_get_size (leftover), >=, MIN (5, g_bytes_get_size (expected)));
    if (g_bytes_get_size (leftover) > 0)
        g_assert_cmpint (memcmp (g_bytes_get_data (leftover, NULL), g_bytes_get_data (expected, NULL),
                                 g_bytes_get_size (leftover)),
                         ==, 0);
}

static gboolean
refuse (const MfuSaharaIdentity *identity, gpointer text, GError **error)
{
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE, text);
    return FALSE;
}

static gboolean
accept_hwid (const MfuSaharaIdentity *identity, gpointer text, GError **error)
{
    if (identity->has_hwid)
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE, "no hwid");
    return FALSE;
}

static MfuEngine *
sahara_new (const Script *script)
{
    g_autoptr (GBytes) leftover = get_bytes (script, "leftover");
    MfuSaharaConfig config = {
        .goal = script_get (script, "reset") != NULL ? MFU_SAHARA_RESET : MFU_SAHARA_LOAD,
        .wants_identity = script_get (script, "identity") != NULL,
        .is_half_way = script_get (script, "half-way") != NULL,
        .image_size = script_get_number (script, "image-size", 0x2000),
        .expected_image_id = (guint) script_get_number (script, "image-id", 13),
        .leftover = leftover,
    };
    MfuEngine *engine = mfu_sahara_new (&config);

    if (script_get (script, "refuse") != NULL)
        mfu_sahara_set_check (engine, refuse, (gpointer) script_get (script, "refuse"));
    if (script_get (script, "accept-hwid") != NULL)
        mfu_sahara_set_check (engine, accept_hwid, NULL);
    return engine;
}

static void
sahara_check (MfuEngine *engine, char **words)
{
    const MfuSaharaIdentity *identity = mfu_sahara_get_identity (engine);
    gboolean is_unknown = g_strcmp0 (words[1], "unknown") == 0;

    if (strcmp (words[0], "serial") == 0) {
        g_assert_cmpint (identity->has_serial, ==, !is_unknown);
        g_assert_cmphex (identity->serial, ==, is_unknown ? 0 : script_number (words[1]));
    } else if (strcmp (words[0], "hwid") == 0) {
        g_assert_cmpint (identity->has_hwid, ==, !is_unknown);
        g_assert_cmphex (identity->hwid, ==, is_unknown ? 0 : script_number (words[1]));
    } else if (strcmp (words[0], "pk-hash") == 0) {
        GString *hex = g_string_new (NULL);

        for (gsize i = 0; i < sizeof identity->pk_hash; i++)
            g_string_append_printf (hex, "%02x", identity->pk_hash[i]);
        g_assert_cmpint (identity->has_pk_hash, ==, !is_unknown);
        if (!is_unknown)
            g_assert_cmpstr (hex->str, ==, words[1]);
        g_string_free (hex, TRUE);
    } else if (strcmp (words[0], "version") == 0) {
        g_assert_cmpuint (identity->version, ==, script_number (words[1]));
    } else {
        g_assert_cmpstr (words[0], ==, "leftover");
        g_assert_cmpuint (g_bytes_get_size (mfu_sahara_get_leftover (engine)), ==, script_number (words[1]));
    }
}

static MfuEngine *
firehose_new (const Script *script)
{
    g_autoptr (GBytes) leftover = get_bytes (script, "leftover");
    MfuFirehoseConfig config = {
        .max_payload = (guint) script_get_number (script, "payload", 8192),
        .is_zlp_aware = script_get (script, "zlp") != NULL,
        .is_met = script_get (script, "met") != NULL,
    };

    return mfu_firehose_new (&config, leftover);
}

/* Words of the form name=value; the rest of the range is an EC25's. */
static MfuFirehoseRange
get_range (char **words)
{
    MfuFirehoseRange range = { .num_sectors = 1, .sector_size = 2048, .pages_per_block = 64 };

    for (; *words != NULL; words++) {
        const char *value = strchr (*words, '=');

        g_assert_nonnull (value);
        value++;
        if (g_str_has_prefix (*words, "start="))
            range.start_sector = (guint) script_number (value);
        else if (g_str_has_prefix (*words, "sectors="))
            range.num_sectors = (guint) script_number (value);
        else if (g_str_has_prefix (*words, "size="))
            range.sector_size = (guint) script_number (value);
        else if (g_str_has_prefix (*words, "pages="))
            range.pages_per_block = (guint) script_number (value);
        else if (g_str_has_prefix (*words, "file="))
            range.filename = value;
        else if (g_str_has_prefix (*words, "label="))
            range.label = value;
        else
            g_error ("no part of a range: %s", *words);
    }
    return range;
}

static void
begin_vendor (MfuEngine *engine, char **words)
{
    MfuFirehoseVendorTag tag = { .tag = words[1] };
    const char **attributes[] = { &tag.a_rawdata_start_sector, &tag.b_rawdata_num_sector, &tag.c_project_name,
                                  &tag.d_project_type };

    for (gsize i = 0; i < G_N_ELEMENTS (attributes) && words[1] != NULL && words[2 + i] != NULL; i++)
        *attributes[i] = words[2 + i];
    mfu_firehose_begin_vendor (engine, &tag);
}

static void
firehose_begin (MfuEngine *engine, char **words)
{
    MfuFirehoseRange range;

    if (strcmp (words[0], "configure") == 0) {
        mfu_firehose_begin_configure (engine);
    } else if (strcmp (words[0], "nop") == 0) {
        mfu_firehose_begin_nop (engine);
    } else if (strcmp (words[0], "leave-raw-mode") == 0) {
        mfu_firehose_begin_leave_raw_mode (engine, script_number (words[1]));
    } else if (strcmp (words[0], "storage-info") == 0) {
        mfu_firehose_begin_storage_info (engine);
    } else if (strcmp (words[0], "erase") == 0) {
        range = get_range (words + 1);
        mfu_firehose_begin_erase (engine, &range);
    } else if (strcmp (words[0], "program") == 0) {
        range = get_range (words + 2);
        mfu_firehose_begin_program (engine, &range, script_number (words[1]));
    } else if (strcmp (words[0], "read") == 0) {
        range = get_range (words + 1);
        mfu_firehose_begin_read (engine, &range);
    } else if (strcmp (words[0], "vendor") == 0) {
        begin_vendor (engine, words);
    } else if (strcmp (words[0], "reset") == 0) {
        mfu_firehose_begin_reset (engine, (guint) script_number (words[1]));
    } else {
        g_error ("no operation: %s", words[0]);
    }
}

static void
firehose_check (MfuEngine *engine, char **words)
{
    const MfuFirehoseStorage *storage = mfu_firehose_get_storage (engine);

    if (strcmp (words[0], "payload") == 0) {
        g_assert_cmpuint (mfu_firehose_get_payload (engine), ==, script_number (words[1]));
    } else if (strcmp (words[0], "last-log") == 0) {
        g_assert_cmpstr (mfu_firehose_get_last_log (engine), ==, words[1]);
    } else if (strcmp (words[0], "supports") == 0) {
        g_assert_true (mfu_firehose_supports (engine, words[1]));
    } else if (strcmp (words[0], "supports-not") == 0) {
        g_assert_false (mfu_firehose_supports (engine, words[1]));
    } else {
        g_assert_cmpstr (words[0], ==, "storage");
        g_assert_cmpint (storage->is_known, ==, strcmp (words[1], "unknown") != 0);
        if (!storage->is_known)
            return;
        g_assert_cmpuint (storage->total_blocks, ==, script_number (words[1]));
        g_assert_cmpuint (storage->block_size, ==, script_number (words[2]));
        g_assert_cmpuint (storage->page_size, ==, script_number (words[3]));
        g_assert_cmpstr (storage->mem_type, ==, words[4]);
        g_assert_cmpstr (storage->prod_name, ==, words[5]);
    }
}

static MfuEngine *
fastboot_new (const Script *script)
{
    return mfu_fastboot_new ();
}

static void
fastboot_begin (MfuEngine *engine, char **words)
{
    if (strcmp (words[0], "getvar") == 0)
        mfu_fastboot_begin_getvar (engine, words[1]);
    else if (strcmp (words[0], "download") == 0)
        mfu_fastboot_begin_download (engine, script_number (words[1]));
    else if (strcmp (words[0], "flash") == 0)
        mfu_fastboot_begin_flash (engine, words[1], script_number (words[2]));
    else if (strcmp (words[0], "erase-boot") == 0)
        mfu_fastboot_begin_erase_boot (engine);
    else if (strcmp (words[0], "reboot") == 0)
        mfu_fastboot_begin_reboot (engine);
    else
        g_error ("no operation: %s", words[0]);
}

static void
fastboot_check (MfuEngine *engine, char **words)
{
    const char *value = mfu_fastboot_get_value (engine);

    if (strcmp (words[0], "size") == 0) {
        g_assert_cmpuint (mfu_fastboot_parse_size (value), ==, script_number (words[1]));
        return;
    }
    g_assert_cmpstr (words[0], ==, "value");
    g_assert_cmpstr (value, ==, words[1]);
}

static MfuEngine *
dload_new (const Script *script)
{
    return mfu_dload_new ();
}

static void
dload_begin (MfuEngine *engine, char **words)
{
    g_autoptr (GBytes) program = NULL;

    if (strcmp (words[0], "version") == 0) {
        mfu_dload_begin_version (engine);
    } else if (strcmp (words[0], "load") == 0) {
        program = script_parse_bytes (words[2], FALSE, NULL);
        mfu_dload_begin_load (engine, (guint32) script_number (words[1]), program);
    } else if (strcmp (words[0], "reset") == 0) {
        mfu_dload_begin_reset (engine);
    } else if (strcmp (words[0], "go") == 0) {
        mfu_dload_begin_go (engine, (guint32) script_number (words[1]));
    } else {
        g_error ("no operation: %s", words[0]);
    }
}

static void
dload_check (MfuEngine *engine, char **words)
{
    static const char *const peers[] = {
        [MFU_DLOAD_READY] = "dload",
        [MFU_DLOAD_STREAMING] = "streaming",
        [MFU_DLOAD_DIAG] = "diag",
    };

    if (strcmp (words[0], "version") == 0) {
        g_assert_cmpstr (mfu_dload_get_version (engine), ==, words[1]);
        return;
    }
    g_assert_cmpstr (words[0], ==, "peer");
    g_assert_cmpstr (peers[mfu_dload_get_peer (engine)], ==, words[1]);
}

static MfuEngine *
streaming_new (const Script *script)
{
    return mfu_streaming_new (script_get (script, "9x07") != NULL ? MFU_STREAMING_9X07 : MFU_STREAMING_9X15);
}

static void
streaming_begin (MfuEngine *engine, char **words)
{
    g_autoptr (GBytes) bytes = NULL;

    if (strcmp (words[0], "security") == 0) {
        mfu_streaming_begin_security (engine);
    } else if (strcmp (words[0], "table") == 0 || strcmp (words[0], "override-table") == 0) {
        bytes = script_parse_bytes (words[1], FALSE, NULL);
        mfu_streaming_begin_table (engine, strcmp (words[0], "table") != 0, bytes);
    } else if (strcmp (words[0], "flag") == 0) {
        mfu_streaming_begin_flag (engine, script_number (words[1]) != 0);
    } else if (strcmp (words[0], "write") == 0) {
        bytes = script_parse_bytes (words[2], FALSE, NULL);
        mfu_streaming_begin_write (engine, words[1], bytes);
    } else if (strcmp (words[0], "abandon") == 0) {
        mfu_streaming_begin_abandon (engine);
    } else if (strcmp (words[0], "reset") == 0) {
        mfu_streaming_begin_reset (engine);
    } else {
        g_error ("no operation: %s", words[0]);
    }
}

static void
streaming_check (MfuEngine *engine, char **words)
{
    gboolean is_yes = strcmp (words[1], "yes") == 0;

    if (strcmp (words[0], "table-fits") == 0) {
        g_assert_cmpint (mfu_streaming_table_fits (engine), ==, is_yes);
        return;
    }
    g_assert_cmpstr (words[0], ==, "knows-flag");
    g_assert_cmpint (mfu_streaming_knows_flag (engine), ==, is_yes);
}

static const struct {
    const char *name;
    MfuEngine *(*create) (const Script *script);
    void (*begin) (MfuEngine *engine, char **words);
    void (*check) (MfuEngine *engine, char **words);
} adapters[] = {
    { "at", at_new, NULL, at_check },
    { "diag", diag_new, NULL, NULL },
    { "build-id", build_id_new, NULL, build_id_check },
    { "dload", dload_new, dload_begin, dload_check },
    { "edl-probe", edl_probe_new, NULL, edl_probe_check },
    { "sahara", sahara_new, NULL, sahara_check },
    { "fastboot", fastboot_new, fastboot_begin, fastboot_check },
    { "firehose", firehose_new, firehose_begin, firehose_check },
    { "streaming", streaming_new, streaming_begin, streaming_check },
};

static gsize
find (const Script *script)
{
    for (gsize i = 0; i < G_N_ELEMENTS (adapters); i++)
        if (g_strcmp0 (script_get (script, "engine"), adapters[i].name) == 0)
            return i;
    g_error ("%s: no such engine", script->path);
}

MfuEngine *
adapter_new (const Script *script)
{
    return adapters[find (script)].create (script);
}

void
adapter_begin (const Script *script, MfuEngine *engine, char **words)
{
    adapters[find (script)].begin (engine, words);
}

void
adapter_check (const Script *script, MfuEngine *engine, char **words)
{
    adapters[find (script)].check (engine, words);
}
