/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Everything that is said to a modem in its emergency download mode, as blocking calls. */

#include "job/edl.h"

#include "config.h"
#include "job/pump.h"
#include "protocol/edl-probe.h"
#include "protocol/sahara.h"
#include "util/cursor.h"
#include "util/error.h"
#include "util/log.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

/* The only interface there is. Source: lsusb of EP06-E in 9008 (linuxquestions.org 4175704503). */
#define EDL_INTERFACE 0

/* A run that died in raw mode left the programmer waiting for at most one partition. */
#define MAX_RAW_LEFT (256 * 1024 * 1024)

/* Source: observed "power value=reset" with delays of 1 to 10 s by several flashers; the programmer answers
 * first. */
#define RESET_DELAY_S 1

/* MIBIB keeps several copies of the table in its blocks; the one with the highest age counts. Magic numbers,
 * version and age are the first words of a block. Source: partition_complete_p2K_b128K.mbn of
 * EG25GGBR07A08M2G_30.006. */
#define MAX_MIBIB_BLOCKS 16
#define MIBIB_AGE_OFFSET 12

static void
pump_init (MfuPump *pump, const MfuRun *run)
{
    *pump = (MfuPump){ .channel = run->channel, .clock = run->world->clock, .port = run->port };
}

static gboolean
run_firehose (MfuRun *run, GError **error)
{
    MfuPump pump;

    pump_init (&pump, run);
    return mfu_pump_run (&pump, run->firehose, error);
}

/* Where a family's ids are not known, those of the others are still none of its. */
static gboolean
is_chip_of_family (const MfuRun *run, guint32 msm_id)
{
    const MfuFamilies *families = run->world->families;
    gboolean is_ours = FALSE, is_others = FALSE;

    for (guint i = 0; i < mfu_families_n (families); i++) {
        const MfuFamily *family = mfu_families_get (families, i);

        for (guint j = 0; j < family->msm_ids->len; j++) {
            gboolean is_same = g_array_index (family->msm_ids, guint32, j) == msm_id;

            is_ours |= is_same && family == run->family;
            is_others |= is_same && family != run->family;
        }
    }
    return is_ours || (run->family->msm_ids->len == 0 && !is_others);
}

/* Before the first byte of the programmer: is it the chip that the package is for, and the module of the
 * journal? */
static gboolean
check_identity (const MfuSaharaIdentity *identity, gpointer user_data, GError **error)
{
    MfuRun *run = user_data;
    g_autofree char *serial = identity->has_serial ? g_strdup_printf ("%08x", identity->serial) : NULL;

    run->msm_id = identity->has_hwid ? (guint32) (identity->hwid >> 32) : 0;
    if (run->msm_id != 0 && !is_chip_of_family (run, run->msm_id)) {
        run->is_foreign = TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("The chip in port %s says that it is 0x%08x, which no %s is, for which the package "
                        "is; nothing was written."),
                     run->port, run->msm_id, run->family->chip_ids[0]);
        return FALSE;
    }
    if (serial == NULL)
        return !run->is_automatic || mfu_run_refuse_unknown (run, error);
    if (!run->was_normal && run->memory != NULL && *run->memory->serial != '\0' &&
        strcmp (run->memory->serial, serial) != 0 && !(run->allowed & MFU_ALLOW_UNIDENTIFIED)) {
        run->is_stranger = TRUE;
        g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                     _ ("Port %s holds another module (chip %s) than the one whose update was interrupted "
                        "(chip %s), so "
                        "its variant is not known (to insist, allow: unidentified)."),
                     run->port, serial, run->memory->serial);
        return FALSE;
    }
    return mfu_journal_note (run->journal, "serial", serial, error);
}

static gboolean
connect_programmer (MfuRun *run, GBytes *leftover, gboolean is_met, GError **error)
{
    MfuFirehoseConfig config = {
        .max_payload = run->family->firehose_payload,
        .is_zlp_aware = run->family->firehose_zlp_aware,
        .is_met = is_met,
    };

    g_clear_pointer (&run->firehose, mfu_engine_free);
    run->firehose = mfu_firehose_new (&config, leftover);
    return run_firehose (run, error);
}

/* A chip that has told its number and is not one that we switched ourselves may be another maker's, which
 * takes only what that one has signed. Takes `failure`; always FALSE. */
static gboolean
explain_refusal (MfuRun *run, GError *failure, GError **error)
{
    if (run->was_normal || run->msm_id == 0 || !g_error_matches (failure, MFU_ERROR, MFU_ERROR_REJECTED)) {
        g_propagate_error (error, failure);
        return FALSE;
    }
    run->is_foreign = TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
                 _ ("The chip in port %s says that it is 0x%08x, and does not take the package's programmer "
                    "(%s); nothing was written."),
                 run->port, run->msm_id, failure->message);
    g_error_free (failure);
    return FALSE;
}

static gboolean
load_programmer (MfuRun *run, MfuEdlState state, GBytes *leftover, GError **error)
{
    GBytes *first_logs;
    MfuImage *programmer = mfu_package_get_programmer (run->package);
    g_autoptr (GBytes) bytes = mfu_image_get_bytes (programmer, error);
    MfuSaharaConfig config = {
        .goal = MFU_SAHARA_LOAD,
        .wants_identity = !run->skips_identity,
        .is_half_way = state == MFU_EDL_SAHARA_HALF_WAY,
        .image_size = mfu_image_get_size (programmer),
        .expected_image_id = run->family->sahara_image_id,
        .leftover = leftover,
    };
    g_autoptr (MfuEngine) sahara = NULL;
    g_autoptr (GError) local = NULL;
    MfuPump pump;

    if (bytes == NULL)
        return FALSE;
    sahara = mfu_sahara_new (&config);
    mfu_sahara_set_check (sahara, check_identity, run);
    pump_init (&pump, run);
    pump.bytes = bytes;
    if (!mfu_pump_run (&pump, sahara, &local))
        return explain_refusal (run, g_steal_pointer (&local), error);
    /* A fast programmer's first log may come with Sahara's last answer. */
    first_logs = mfu_sahara_get_leftover (sahara);
    return connect_programmer (run, g_bytes_get_size (first_logs) > 0 ? first_logs : NULL, FALSE, error);
}

/* Nobody answers: a programmer that waits for the rest of an image does not. */
static gboolean
leave_raw_mode (MfuRun *run, GError **error)
{
    g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
    g_autoptr (GError) local = NULL;

    if (connect_programmer (run, nothing, FALSE, &local)) {
        mfu_firehose_begin_leave_raw_mode (run->firehose, MAX_RAW_LEFT);
        if (run_firehose (run, &local))
            return TRUE;
    }
    g_clear_pointer (&run->firehose, mfu_engine_free);
    run->is_unclear = TRUE;
    /* A boot ROM that took the probe for part of a block complains only when the block is full. */
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_PROTOCOL))
        return load_programmer (run, MFU_EDL_SAHARA_HALF_WAY, NULL, error);
    mfu_run_explain_silence (run, local, error);
    return FALSE;
}

/* One that runs already. */
static gboolean
meet_programmer (MfuRun *run, GBytes *leftover, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (connect_programmer (run, leftover, TRUE, &local))
        return TRUE;
    if (!g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    g_clear_pointer (&run->firehose, mfu_engine_free);
    run->is_unclear = TRUE;
    mfu_run_explain_silence (run, local, error);
    return FALSE;
}

/* Who answers, and what it has said; NULL when that could not be found out. */
static GBytes *
find_out (MfuRun *run, MfuEdlState *state, GError **error)
{
    g_autoptr (MfuEngine) probe = mfu_edl_probe_new ();
    MfuPump pump;

    pump_init (&pump, run);
    run->is_unclear = TRUE;
    if (!mfu_pump_run (&pump, probe, error))
        return NULL;
    run->is_unclear = FALSE;
    *state = mfu_edl_probe_get_state (probe);
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "EDL: %s", mfu_edl_state_to_string (*state));
    return g_bytes_ref (mfu_edl_probe_get_leftover (probe));
}

static gboolean
talk (MfuRun *run, GError **error)
{
    MfuEdlState state;
    g_autoptr (GBytes) leftover = find_out (run, &state, error);

    if (leftover == NULL)
        return FALSE;
    switch (state) {
    case MFU_EDL_SAHARA:
    case MFU_EDL_SAHARA_HALF_WAY:
        return load_programmer (run, state, leftover, error);
    case MFU_EDL_FIREHOSE:
        return meet_programmer (run, leftover, error);
    case MFU_EDL_SILENT:
        return leave_raw_mode (run, error);
    case MFU_EDL_DLOAD:
        return mfu_run_refuse_peer (run, mfu_edl_state_to_string (state), error);
    case MFU_EDL_STREAMING:
        break;
    }
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_UNSUPPORTED,
        _ ("The modem in port %s talks %s, which this package has no chain for; take its power away for ten "
           "seconds and try again."),
        run->port, mfu_edl_state_to_string (state));
    return FALSE;
}

gboolean
mfu_edl_open (MfuRun *run, GError **error)
{
    run->channel = run->world->klass->open_usb (run->world, run->device, EDL_INTERFACE, NULL, error);
    if (run->channel == NULL)
        return FALSE;
    return talk (run, error);
}

/* Once more behind a transfer that failed on the bus: both directions of a stalled pipe want to be cleared.
 */
static gboolean
reset_programmer (MfuRun *run, GError **error)
{
    g_autoptr (GError) local = NULL;

    mfu_firehose_begin_reset (run->firehose, RESET_DELAY_S);
    if (run_firehose (run, &local))
        return TRUE;
    if (!g_error_matches (local, MFU_ERROR, MFU_ERROR_IO) &&
        !g_error_matches (local, MFU_ERROR, MFU_ERROR_PROTOCOL)) {
        g_propagate_error (error, g_steal_pointer (&local));
        return FALSE;
    }
    mfu_log (G_LOG_LEVEL_INFO, run->port, NULL, "%s; once more", local->message);
    mfu_firehose_begin_reset (run->firehose, RESET_DELAY_S);
    return run_firehose (run, error);
}

gboolean
mfu_edl_reset (MfuRun *run, GError **error)
{
    MfuSaharaConfig config = { .goal = MFU_SAHARA_RESET };
    g_autoptr (MfuEngine) sahara = NULL;
    MfuPump pump;

    if (run->firehose != NULL)
        return reset_programmer (run, error);
    if (run->channel == NULL) {
        run->channel = run->world->klass->open_usb (run->world, run->device, EDL_INTERFACE, NULL, error);
        if (run->channel == NULL)
            return FALSE;
    }
    if (run->is_unclear) {
        MfuEdlState state;
        g_autoptr (GBytes) leftover = find_out (run, &state, error);

        if (leftover == NULL)
            return FALSE;
        if (state == MFU_EDL_FIREHOSE)
            return meet_programmer (run, leftover, error) && reset_programmer (run, error);
    }
    sahara = mfu_sahara_new (&config);
    pump_init (&pump, run);
    return mfu_pump_run (&pump, sahara, error);
}

gboolean
mfu_edl_configure (MfuRun *run, GError **error)
{
    mfu_firehose_begin_configure (run->firehose);
    if (!run_firehose (run, error))
        return FALSE;
    mfu_firehose_begin_storage_info (run->firehose);
    return run_firehose (run, error);
}

gboolean
mfu_edl_can_read (const MfuRun *run)
{
    return mfu_firehose_supports (run->firehose, "read");
}

static void
range_of (const MfuRun *run, const MfuAction *action, MfuFirehoseRange *range)
{
    *range = (MfuFirehoseRange){
        .start_sector = action->start_sector,
        .num_sectors = action->num_sectors,
        .sector_size = run->plan->page_size,
        .pages_per_block = run->plan->pages_per_block,
        .filename = action->filename,
        .label = action->label,
    };
}

static gboolean
append_content (const guint8 *data, gsize size, gpointer user_data, GError **error)
{
    g_byte_array_append (user_data, data, (guint) size);
    return TRUE;
}

/* NULL with REJECTED when the programmer refuses. */
static GByteArray *
read_pages (MfuRun *run, guint start, guint count, GError **error)
{
    g_autoptr (GByteArray) content = g_byte_array_new ();
    MfuFirehoseRange range = {
        .start_sector = start,
        .num_sectors = count,
        .sector_size = run->plan->page_size,
        .pages_per_block = run->plan->pages_per_block,
    };
    MfuPump pump;

    pump_init (&pump, run);
    pump.deliver = append_content;
    pump.user_data = content;
    mfu_firehose_begin_read (run->firehose, &range);
    if (!mfu_pump_run (&pump, run->firehose, error))
        return NULL;
    return g_steal_pointer (&content);
}

static const MfuPartition *
find_mibib (const MfuRun *run)
{
    GArray *partitions = mfu_package_get_partitions (run->package);

    for (guint i = 0; i < partitions->len; i++) {
        const MfuPartition *partition = &g_array_index (partitions, MfuPartition, i);

        if (g_ascii_strcasecmp (partition->name, "0:MIBIB") == 0)
            return partition;
    }
    return NULL;
}

gboolean
mfu_edl_read_table (MfuRun *run, GArray **partitions, GError **error)
{
    const MfuPartition *mibib = find_mibib (run);
    guint32 best_age = 0;

    *partitions = NULL;
    for (guint i = 0; mibib != NULL && i < MIN (mibib->num_blocks, MAX_MIBIB_BLOCKS); i++) {
        g_autoptr (GError) local = NULL;
        g_autoptr (GByteArray) pages = NULL;
        g_autoptr (GArray) table = NULL;
        MfuCursor cursor;
        guint32 age;

        pages = read_pages (run, (mibib->start_block + i) * run->plan->pages_per_block, 2, &local);
        if (pages == NULL && g_error_matches (local, MFU_ERROR, MFU_ERROR_REJECTED))
            return TRUE;
        if (pages == NULL) {
            g_propagate_prefixed_error (error, g_steal_pointer (&local),
                                        _ ("Reading the modem's partition table: "));
            g_clear_pointer (partitions, g_array_unref);
            return FALSE;
        }
        table = mfu_partition_table_parse (pages->data, pages->len, run->plan->page_size, NULL);
        if (table == NULL)
            continue;
        cursor = (MfuCursor) MFU_CURSOR_INIT (pages->data, pages->len);
        mfu_cursor_skip (&cursor, MIBIB_AGE_OFFSET);
        age = mfu_cursor_u32le (&cursor);
        if (*partitions == NULL || age > best_age) {
            g_clear_pointer (partitions, g_array_unref);
            *partitions = g_steal_pointer (&table);
            best_age = age;
        }
    }
    return TRUE;
}

gboolean
mfu_edl_vendor (MfuRun *run, const MfuAction *action, GError **error)
{
    MfuFirehoseVendorTag tag = {
        .tag = action->tag,
        .a_rawdata_start_sector = action->vendor[0],
        .b_rawdata_num_sector = action->vendor[1],
        .c_project_name = action->vendor[2],
        .d_project_type = action->vendor[3],
    };

    mfu_firehose_begin_vendor (run->firehose, &tag);
    return run_firehose (run, error);
}

gboolean
mfu_edl_erase (MfuRun *run, const MfuAction *action, GError **error)
{
    MfuFirehoseRange range;

    range_of (run, action, &range);
    mfu_firehose_begin_erase (run->firehose, &range);
    return run_firehose (run, error);
}

static void
count_sent (gsize n, gpointer user_data)
{
    MfuRun *run = user_data;

    run->bytes_done += n;
    mfu_job_report_bytes (run->job, run->bytes_done);
}

gboolean
mfu_edl_program (MfuRun *run, const MfuAction *action, MfuImageReader *reader, gboolean counts,
                 GError **error)
{
    MfuFirehoseRange range;
    MfuPump pump;

    range_of (run, action, &range);
    pump_init (&pump, run);
    pump.reader = reader;
    pump.sent = counts ? count_sent : NULL;
    pump.user_data = run;
    mfu_firehose_begin_program (run->firehose, &range, mfu_image_get_size (action->image));
    return mfu_pump_run (&pump, run->firehose, error);
}

typedef struct {
    GChecksum *checksum;
    guint64 left;
} Comparison;

static gboolean
hash_content (const guint8 *data, gsize size, gpointer user_data, GError **error)
{
    Comparison *comparison = user_data;
    gsize n = (gsize) MIN (comparison->left, size);

    g_checksum_update (comparison->checksum, data, (gssize) n);
    comparison->left -= n;
    return TRUE;
}

gboolean
mfu_edl_verify (MfuRun *run, const MfuAction *action, gboolean *is_same, GError **error)
{
    g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
    guint64 size = mfu_image_get_size (action->image);
    Comparison comparison = { .checksum = checksum, .left = size };
    MfuFirehoseRange range;
    MfuPump pump;

    range_of (run, action, &range);
    range.num_sectors = (guint) ((size + run->plan->page_size - 1) / run->plan->page_size);
    pump_init (&pump, run);
    pump.deliver = hash_content;
    pump.user_data = &comparison;
    mfu_firehose_begin_read (run->firehose, &range);
    if (!mfu_pump_run (&pump, run->firehose, error))
        return FALSE;
    *is_same = comparison.left == 0 &&
               strcmp (g_checksum_get_string (checksum), mfu_image_get_sha256 (action->image)) == 0;
    return TRUE;
}
