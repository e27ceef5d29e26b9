/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Firehose programmer for NAND (9x07 kind).
 *
 *   < log ... log                                   who it is, once, unasked
 *   > configure                                     < log, response ACK with the payload size
 *   > getstorageinfo                                < log with JSON, ACK
 *   > erase                                         < ACK when done
 *   > program    < ACK rawmode=true   > payload [ZLP], payload [ZLP] ...   < ACK rawmode=false
 *   > read       < ACK rawmode=true   < bytes ...                          < ACK rawmode=false
 *   > power reset                                   < ACK, and it leaves the bus
 *
 * It does one thing at a time: as long as the host has not read what it said, it takes nothing. A ZLP ends
 * each transfer that is a multiple of the packet size when ZlpAwareHost is 1; without it the programmer waits
 * for ever, as the real one does. Source: spec sections 4.1 to 4.4. */

#include "sim/fhxml.h"
#include "sim/internal.h"

#include <string.h>

#define XML_MAX     4096
#define PACKET      512
#define PAYLOAD_MAX (16u << 20)
#define ANSWER_US   300
#define START_US    50000
#define RAW_LEFT    (40 * 64 * 2048) /* what SIM_START_EDL_RAW still waits for */
#define FRAGMENT    23
#define DELAY_MAX_S 60

/* Real speed. Source: about 4 MB/s program: QFirehose logs; 590 blocks in 745 ms: RG500Q log; read made up.
 */
#define PROGRAM_BYTES_PER_S 4000000
#define READ_BYTES_PER_S    15000000
#define ERASE_US_PER_BLOCK  1260

typedef enum {
    IN_XML,
    IN_PROGRAM,
    IN_READ,
    HUNG, /* takes nothing any more */
} State;

struct _SimFirehose {
    SimModem *modem;
    State state;
    GByteArray *input; /* the document or raw transfer that is coming in */
    gboolean is_configured, is_zlp_aware, owes_zlp, may_zlp;
    gboolean is_inherited; /* started in raw mode: what the host sends into it is not its fault */
    guint payload;

    guint page, end;  /* program and read: next page, end of the partition */
    gsize left;       /* bytes to come or to go */
    GByteArray *rest; /* of a page */
    guint n_dirty;
    gboolean has_spilled, is_short;
    SimOp *op;
};

typedef struct {
    const char *value;
    const char *rawmode; /* NULL: not mentioned */
    const char *extra;   /* more attributes, or NULL */
    gint64 delay_us;
} Reply;

/* --- what it says --- */

static void
emit (SimFirehose *fh, const char *text, gint64 delay_us)
{
    gsize n = strlen (text);
    gsize step = fh->modem->quirks & SIM_QUIRK_FRAGMENT ? FRAGMENT : n;

    for (gsize at = 0; at < n; at += step)
        sim_emit (fh->modem, SIM_EP_EDL, text + at, MIN (step, n - at), delay_us);
}

static char *
log_document (const char *text)
{
    g_autofree char *escaped = g_markup_escape_text (text, -1);

    return g_strdup_printf (
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<log value=\"%s\" /></data>", escaped);
}

static void G_GNUC_PRINTF (2, 3) say (SimFirehose *fh, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *document = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    document = log_document (text);
    emit (fh, document, ANSWER_US);
}

/* Answers, as far as the fault lets it. */
static void
reply (SimFirehose *fh, const Reply *r, const char *kind, SimHit hit)
{
    const char *rawmode = r->rawmode;
    gint64 delay_us = ANSWER_US + r->delay_us;
    g_autofree char *document = NULL;
    g_autofree char *handler = g_strdup_printf ("INFO: Calling handler for %s", kind);
    g_autofree char *head = log_document (handler);
    g_autofree char *both = NULL;

    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF)
        return;
    if (hit.action == SIM_ACT_GARBAGE) {
        emit (fh, "\x02\x03<respo nse value=ACK<<<&&&\xff\xfe", delay_us);
        return;
    }
    if (hit.action == SIM_ACT_RAWMODE)
        rawmode = rawmode && g_str_equal (rawmode, "true") ? "false" : "true";
    for (guint64 i = 0; hit.action == SIM_ACT_FLOOD && i < (hit.argument ? hit.argument : 100); i++)
        say (fh, "INFO: noise %" G_GUINT64_FORMAT, i);
    if (hit.action == SIM_ACT_SLOW)
        delay_us += (gint64) hit.argument * 1000;
    document = g_strdup_printf (
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<response value=\"%s\"%s%s%s%s /></data>",
        r->value, rawmode ? " rawmode=\"" : "", rawmode ? rawmode : "", rawmode ? "\"" : "",
        r->extra ? r->extra : "");
    if (fh->modem->quirks & SIM_QUIRK_MERGE) {
        both = g_strconcat (head, document, NULL);
        emit (fh, both, delay_us);
        return;
    }
    emit (fh, head, ANSWER_US);
    emit (fh, document, delay_us);
    if (hit.action == SIM_ACT_DOUBLE)
        emit (fh, document, delay_us);
}

static void G_GNUC_PRINTF (3, 4) refuse (SimFirehose *fh, const char *kind, const char *format, ...)
{
    const Reply nak = { "NAK", "false", NULL, 0 };
    const SimHit none = { SIM_ACT_NONE, 0 };
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_note (fh->modem, "%s refused: %s", kind, text);
    say (fh, "ERROR: %s", text);
    reply (fh, &nak, kind, none);
}

/* TRUE: the command is to be carried out (and answered with the hit). */
static gboolean
goes_on (SimFirehose *fh, const char *kind, SimHit *hit)
{
    *hit = sim_hit (fh->modem, kind, SIM_EP_EDL);
    if (hit->action == SIM_ACT_NAK) {
        refuse (fh, kind, "no mood for %s", kind);
        return FALSE;
    }
    if (hit->action == SIM_ACT_GARBAGE) {
        const Reply any = { "ACK", NULL, NULL, 0 };

        reply (fh, &any, kind, *hit);
        return FALSE;
    }
    return hit->action != SIM_ACT_DEAF;
}

SimFirehose *
sim_firehose_new (SimModem *modem, gboolean says_logs, gboolean waits_for_raw)
{
    SimFirehose *fh = g_new0 (SimFirehose, 1);
    const SimPart *system = sim_layout_find (&modem->factory, "system");

    fh->modem = modem;
    fh->input = g_byte_array_new ();
    fh->rest = g_byte_array_new ();
    if (waits_for_raw) {
        fh->state = IN_PROGRAM;
        fh->is_inherited = fh->is_configured = fh->is_zlp_aware = TRUE;
        fh->payload = modem->max_payload;
        fh->left = RAW_LEFT;
        fh->page = sim_nand_skip_bad (modem->nand, system->start * modem->nand->pages_per_block, 0);
        fh->end = sim_nand_get_n_pages (modem->nand);
    }
    if (says_logs && sim_hit (modem, "programmer", SIM_EP_EDL).action == SIM_ACT_NONE) {
        g_autofree char *first = log_document ("INFO: Binary build date: Jan  1 2026 @ 00:00:00");

        emit (fh, first, START_US);
        say (fh, "INFO: Chip serial num: 0x%s", modem->serial);
        say (fh, "INFO: Supported Functions: program configure power benchmark%s getstorageinfo erase nop ",
             modem->quirks & SIM_QUIRK_NO_READ ? "" : " read");
        say (fh, "INFO: End of supported functions");
    }
    return fh;
}

void
sim_firehose_free (SimFirehose *fh)
{
    g_byte_array_unref (fh->input);
    g_byte_array_unref (fh->rest);
    g_free (fh);
}

/* --- commands --- */

static void
handle_configure (SimFirehose *fh, const SimXmlCommand *command)
{
    SimModem *modem = fh->modem;
    const char *memory = sim_xml_get (command, "MemoryName");
    guint64 wanted = 0, zlp = 0;
    g_autofree char *extra = NULL;
    Reply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;
    guint64 told;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "configure %s %s", memory ? memory : "?",
                        sim_xml_get (command, "MaxPayloadSizeToTargetInBytes"));

    if (!goes_on (fh, "configure", &hit))
        return;
    if (!memory || g_ascii_strcasecmp (memory, "nand") != 0) {
        refuse (fh, "configure", "MemoryName %s is not supported", memory ? memory : "(none)");
        return;
    }
    if (!sim_xml_get_number (command, "MaxPayloadSizeToTargetInBytes", &wanted) || wanted < PACKET ||
        wanted % PACKET != 0) {
        refuse (fh, "configure", "MaxPayloadSizeToTargetInBytes");
        return;
    }
    sim_xml_get_number (command, "ZlpAwareHost", &zlp);
    told = MIN (wanted, modem->max_payload);
    if (hit.action == SIM_ACT_PAYLOAD)
        told = hit.argument;
    else if (hit.action == SIM_ACT_HUGE)
        told = G_MAXUINT32;
    else if (hit.action == SIM_ACT_ZERO)
        told = 0;
    fh->payload = (guint) CLAMP (told, PACKET, PAYLOAD_MAX);
    extra = g_strdup_printf (
        " MinVersionSupported=\"1\" MemoryName=\"NAND\" MaxPayloadSizeFromTargetInBytes=\"4096\""
        " MaxPayloadSizeToTargetInBytes=\"%" G_GUINT64_FORMAT "\""
        " MaxPayloadSizeToTargetInBytesSupported=\"%u\" MaxXMLSizeInBytes=\"%u\""
        " Version=\"1\" TargetName=\"%s\"",
        told, modem->max_payload, XML_MAX, modem->family->chip);
    ack.extra = extra;
    if (wanted > modem->max_payload && modem->quirks & SIM_QUIRK_NAK_PAYLOAD)
        ack.value = "NAK";
    else
        fh->is_configured = op->is_done = TRUE;
    fh->is_zlp_aware = zlp != 0;
    reply (fh, &ack, "configure", hit);
}

static void
handle_storage_info (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    const Reply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;
    SimOp *op = sim_op (fh->modem, SIM_OP_OTHER, 0, 0, "getstorageinfo");

    if (!goes_on (fh, "getstorageinfo", &hit))
        return;
    if (!fh->is_configured) {
        refuse (fh, "getstorageinfo", "storage is not initialised");
        return;
    }
    op->is_done = TRUE;
    if (hit.action != SIM_ACT_SILENT)
        say (fh,
             "INFO: {\"storage_info\": {\"total_blocks\":%" G_GUINT64_FORMAT
             ", \"block_size\":%" G_GUINT64_FORMAT
             ", \"page_size\":%u, \"num_physical\":1, \"mem_type\":\"NAND\", \"prod_name\":\"SIM NAND\"}}",
             hit.action == SIM_ACT_HUGE ? G_GUINT64_CONSTANT (18446744073709551615) : nand->n_blocks,
             hit.action == SIM_ACT_ZERO ? 0 : (guint64) nand->page_size * nand->pages_per_block,
             nand->page_size);
    reply (fh, &ack, "getstorageinfo", hit);
}

static void
handle_nop (SimFirehose *fh, const SimXmlCommand *command)
{
    const Reply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;

    if (goes_on (fh, "nop", &hit))
        reply (fh, &ack, "nop", hit);
}

static void
handle_power (SimFirehose *fh, const SimXmlCommand *command)
{
    SimModem *modem = fh->modem;
    const char *value = sim_xml_get (command, "value");
    const Reply ack = { "ACK", "false", NULL, 0 };
    guint64 delay_s = 1;
    SimHit hit;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "power %s", value ? value : "?");
    gint64 delay_us;

    if (!goes_on (fh, "power", &hit))
        return;
    if (!value || (!g_str_equal (value, "reset") && !g_str_equal (value, "off"))) {
        refuse (fh, "power", "value %s", value ? value : "(none)");
        return;
    }
    sim_xml_get_number (command, "DelayInSeconds", &delay_s);
    delay_us = (gint64) MIN (delay_s, DELAY_MAX_S) * G_USEC_PER_SEC + 20000;
    op->is_done = TRUE;
    say (fh, "INFO: Inside handlePower() - Requested POWER_%s", value[0] == 'r' ? "RESET" : "OFF");
    reply (fh, &ack, "power", hit);
    fh->state = HUNG;
    modem->own_us += delay_us;
    sim_reset_later (modem, value[0] == 'r' ? SIM_RESET_BOOT : SIM_RESET_OFF, delay_us);
}

/* --- NAND --- */

typedef struct {
    guint start, n;
    const SimPart *part; /* where it starts */
} Range;

/* Reads and checks what erase, program and read have in common. */
static gboolean
get_range (SimFirehose *fh, const SimXmlCommand *command, Range *range)
{
    const SimNand *nand = fh->modem->nand;
    guint64 sector = 0, per_block = 0, start = 0, n = 0, physical = 0;

    if (!fh->is_configured) {
        sim_failure (fh->modem, "%s before configure", command->name);
        refuse (fh, command->name, "storage is not initialised");
        return FALSE;
    }
    if (!sim_xml_get_number (command, "SECTOR_SIZE_IN_BYTES", &sector) || sector != nand->page_size) {
        refuse (fh, command->name, "SECTOR_SIZE_IN_BYTES %" G_GUINT64_FORMAT " is not the page size %u",
                sector, nand->page_size);
        return FALSE;
    }
    if (!sim_xml_get_number (command, "PAGES_PER_BLOCK", &per_block) || per_block != nand->pages_per_block) {
        refuse (fh, command->name,
                "Attribute 'PAGES_PER_BLOCK'=%" G_GUINT64_FORMAT " must be equal to disk pages per block %u",
                per_block, nand->pages_per_block);
        return FALSE;
    }
    if (sim_xml_get (command, "physical_partition_number") &&
        (!sim_xml_get_number (command, "physical_partition_number", &physical) || physical != 0)) {
        refuse (fh, command->name, "physical_partition_number");
        return FALSE;
    }
    if (!sim_xml_get_number (command, "start_sector", &start) ||
        !sim_xml_get_number (command, "num_partition_sectors", &n) || n == 0 ||
        start >= sim_nand_get_n_pages (nand)) {
        refuse (fh, command->name, "start_sector or num_partition_sectors");
        return FALSE;
    }
    range->start = (guint) start;
    range->n = (guint) n;
    range->part = sim_layout_find_block (&fh->modem->factory, range->start / nand->pages_per_block);
    return TRUE;
}

/* Looks whether the pages belong to calibration or identity: no host may touch those. */
static void
check_protected (SimFirehose *fh, const char *what, const Range *range)
{
    const SimLayout *layout = &fh->modem->factory;

    for (guint i = 0; i < layout->n_parts; i++) {
        const SimPart *part = &layout->parts[i];
        guint64 start = (guint64) part->start * layout->pages_per_block;
        guint64 end = start + (guint64) part->n_blocks * layout->pages_per_block;

        if (part->flags & SIM_PART_PROTECTED && range->start < end &&
            (guint64) range->start + range->n > start)
            sim_failure (fh->modem, "%s of the protected %s", what, part->name);
    }
}

static void
erase_blocks (SimFirehose *fh, guint first, guint n)
{
    SimModem *modem = fh->modem;

    for (guint block = first; block < first + n && block < modem->nand->n_blocks; block++) {
        if (!modem->nand->is_bad[block])
            sim_nand_erase_block (modem->nand, block);
    }
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, (gint64) n * ERASE_US_PER_BLOCK);
}

static void
handle_erase (SimFirehose *fh, const SimXmlCommand *command)
{
    SimModem *modem = fh->modem;
    const SimNand *nand = modem->nand;
    Reply ack = { "ACK", "false", NULL, 0 };
    Range range;
    SimHit hit;
    SimOp *op;
    guint total = sim_nand_get_n_pages (nand);

    if (!get_range (fh, command, &range))
        return;
    op = sim_op (modem, SIM_OP_ERASE, range.start, range.n, "erase %s %u+%u",
                 range.part ? range.part->name : "?", range.start, range.n);
    if (!goes_on (fh, "erase", &hit))
        return;
    if (range.start == 0 && range.n >= total) {
        sim_failure (modem, "the whole chip is erased");
        say (fh, "INFO: Erasing entire FLASH chip");
        range.n = total;
    } else if (range.start % nand->pages_per_block != 0) {
        refuse (fh, "erase", "start_sector unaligned");
        return;
    } else if (range.n % nand->pages_per_block != 0) {
        refuse (fh, "erase", "num_partition_sectors unaligned");
        return;
    } else if (range.n > total - range.start) {
        refuse (fh, "erase", "range is outside of the device");
        return;
    }
    check_protected (fh, "erase", &range);
    erase_blocks (fh, range.start / nand->pages_per_block, range.n / nand->pages_per_block);
    op->is_done = TRUE;
    ack.delay_us = MAX (modem->busy_us - modem->now_us, 0);
    reply (fh, &ack, "erase", hit);
}

static guint
end_of_partition (const SimNand *nand, const Range *range)
{
    if (!range->part)
        return sim_nand_get_n_pages (nand);
    return (range->part->start + range->part->n_blocks) * nand->pages_per_block;
}

/* Program and read begin alike. */
static void
begin_raw (SimFirehose *fh, State state, const Range *range, const char *kind, SimHit hit)
{
    const SimNand *nand = fh->modem->nand;
    const Reply ack = { "ACK", "true", NULL, 0 };

    fh->page = sim_nand_skip_bad (nand, range->start, 0);
    fh->end = MAX (end_of_partition (nand, range), range->start + range->n);
    fh->left = (gsize) range->n * nand->page_size;
    fh->n_dirty = 0;
    fh->has_spilled = fh->is_short = FALSE;
    g_byte_array_set_size (fh->rest, 0);
    if (state == IN_READ || hit.action != SIM_ACT_RAWMODE)
        fh->state = state;
    reply (fh, &ack, kind, hit);
}

static void
handle_program (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    Range range;
    SimHit hit;

    if (!get_range (fh, command, &range))
        return;
    fh->op = sim_op (fh->modem, SIM_OP_PROGRAM, range.start, range.n, "program %s %u+%u",
                     range.part ? range.part->name : "?", range.start, range.n);
    if (!goes_on (fh, "program", &hit))
        return;
    if (range.n > sim_nand_get_n_pages (nand) - range.start) {
        refuse (fh, "program", "range is outside of the device");
        return;
    }
    check_protected (fh, "program", &range);
    begin_raw (fh, IN_PROGRAM, &range, "program", hit);
}

static void
handle_read (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    Range range;
    SimHit hit;

    if (!get_range (fh, command, &range))
        return;
    fh->op = sim_op (fh->modem, SIM_OP_READ, range.start, range.n, "read %s %u+%u",
                     range.part ? range.part->name : "?", range.start, range.n);
    if (!goes_on (fh, "read", &hit))
        return;
    if (range.n > sim_nand_get_n_pages (nand) - range.start) {
        refuse (fh, "read", "range is outside of the device");
        return;
    }
    begin_raw (fh, IN_READ, &range, "read", hit);
    if (hit.action == SIM_ACT_SHORT)
        fh->left /= 2;
    else if (hit.action == SIM_ACT_LONG)
        fh->left += nand->page_size;
}

/* --- raw data --- */

static void
next_page (SimFirehose *fh)
{
    fh->page++;
    if (fh->page < sim_nand_get_n_pages (fh->modem->nand) && sim_nand_is_bad_page (fh->modem->nand, fh->page))
        fh->page = sim_nand_skip_bad (fh->modem->nand, fh->page, 0);
}

static void
program_page (SimFirehose *fh, const guint8 *data)
{
    SimModem *modem = fh->modem;

    if (fh->page >= fh->end) {
        if (!fh->has_spilled)
            sim_failure (modem, "bad blocks push the data out of the partition at page %u", fh->page);
        fh->has_spilled = TRUE;
        return;
    }
    if (!sim_nand_program (modem->nand, fh->page, data, modem->nand->page_size) && fh->n_dirty++ == 0 &&
        !fh->is_inherited)
        sim_failure (modem, "page %u is programmed without being erased", fh->page);
    next_page (fh);
}

static void
end_program (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    Reply ack = { "ACK", "false", NULL, 0 };
    SimHit hit = sim_hit (modem, "program-end", SIM_EP_EDL);

    fh->state = IN_XML;
    fh->is_inherited = FALSE;
    if (fh->has_spilled || hit.action == SIM_ACT_NAK) {
        refuse (fh, "program", "write error");
        return;
    }
    if (fh->op)
        fh->op->is_done = TRUE;
    ack.delay_us = MAX (modem->busy_us - modem->now_us, 0);
    say (fh, "INFO: Finished sector address %u", fh->page);
    reply (fh, &ack, "program", hit);
}

/* One whole raw transfer of the host is here. */
static void
take_chunk (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    gsize page_size = modem->nand->page_size;
    SimHit hit = sim_hit (modem, "program-data", SIM_EP_EDL);

    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF) {
        fh->state = HUNG;
        return;
    }
    if (hit.action == SIM_ACT_NAK) {
        fh->state = IN_XML;
        g_byte_array_set_size (fh->input, 0);
        refuse (fh, "program", "write error");
        return;
    }
    if (hit.action == SIM_ACT_FLIP)
        fh->input->data[fh->input->len / 2] ^= 0x10;
    else if (hit.action == SIM_ACT_SLOW)
        sim_work (modem, (gint64) hit.argument * 1000);
    fh->left -= fh->input->len;
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, (gint64) fh->input->len * G_USEC_PER_SEC / PROGRAM_BYTES_PER_S);
    g_byte_array_append (fh->rest, fh->input->data, fh->input->len);
    g_byte_array_set_size (fh->input, 0);
    for (gsize at = 0; at + page_size <= fh->rest->len; at += page_size)
        program_page (fh, fh->rest->data + at);
    g_byte_array_remove_range (fh->rest, 0, fh->rest->len - fh->rest->len % (guint) page_size);
    if (fh->left == 0)
        end_program (fh);
}

static void
hang (SimFirehose *fh, const char *why)
{
    if (!fh->is_inherited)
        sim_failure (fh->modem, "Firehose: %s; the programmer waits for ever", why);
    fh->state = HUNG;
}

static void
feed_raw (SimFirehose *fh, const guint8 *data, gsize size)
{
    gsize wanted = MIN (fh->payload, fh->left);

    if (size == 0) {
        if (fh->owes_zlp) {
            fh->owes_zlp = FALSE;
            take_chunk (fh);
        } else if (fh->may_zlp) {
            fh->may_zlp = FALSE;
        } else if (!fh->is_inherited) {
            sim_failure (fh->modem, "Firehose: zero-length packet that nobody waits for");
        }
        return;
    }
    fh->may_zlp = FALSE;
    if (fh->owes_zlp) {
        hang (fh, "no zero-length packet after a full transfer");
        return;
    }
    if (size > wanted - fh->input->len) {
        hang (fh, "more raw data than the payload or the image has");
        return;
    }
    g_byte_array_append (fh->input, data, (guint) size);
    if (fh->input->len < wanted) {
        if (size % PACKET != 0 && !fh->is_short && !fh->is_inherited)
            sim_failure (fh->modem, "Firehose: short packet in the middle of raw data");
        fh->is_short = size % PACKET != 0;
    } else if (fh->is_zlp_aware && wanted % PACKET == 0) {
        fh->owes_zlp = TRUE;
    } else {
        take_chunk (fh);
    }
}

void
sim_firehose_refill (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    SimNand *nand = modem->nand;
    const Reply ack = { "ACK", "false", NULL, 0 };
    g_autofree guint8 *data = NULL;
    SimHit hit;
    gsize n = 0;
    gint64 delay_us = 0;

    if (fh->state != IN_READ)
        return;
    if (fh->left == 0) {
        fh->state = IN_XML;
        hit = sim_hit (modem, "read-end", SIM_EP_EDL);
        if (hit.action == SIM_ACT_NAK) {
            refuse (fh, "read", "read error");
            return;
        }
        if (fh->op)
            fh->op->is_done = TRUE;
        reply (fh, &ack, "read", hit);
        return;
    }
    hit = sim_hit (modem, "read-data", SIM_EP_EDL);
    if (hit.action == SIM_ACT_SILENT || hit.action == SIM_ACT_DEAF) {
        fh->state = HUNG;
        return;
    }
    data = g_malloc0 (MAX (fh->payload, nand->page_size));
    while (n + nand->page_size <= MAX (fh->payload, nand->page_size) && fh->left > 0) {
        gsize part = MIN (nand->page_size, fh->left);

        if (fh->page < sim_nand_get_n_pages (nand)) {
            sim_nand_read (nand, fh->page, data + n);
            nand->flags[fh->page] |= SIM_PAGE_READ_BACK;
            next_page (fh);
        }
        n += part;
        fh->left -= part;
    }
    if (hit.action == SIM_ACT_FLIP)
        data[n / 2] ^= 1;
    else if (hit.action == SIM_ACT_SHORT)
        n -= 100;
    if (modem->speed == SIM_SPEED_REAL)
        delay_us = MAX (sim_work (modem, (gint64) n * G_USEC_PER_SEC / READ_BYTES_PER_S) - modem->now_us, 0);
    sim_emit (modem, SIM_EP_EDL, data, n, delay_us);
    if (n % PACKET == 0 && modem->quirks & SIM_QUIRK_IN_ZLP)
        sim_emit (modem, SIM_EP_EDL, NULL, 0, delay_us);
}

/* --- documents --- */

static const struct {
    const char *name;
    void (*handle) (SimFirehose *fh, const SimXmlCommand *command);
} handlers[] = {
    { "configure", handle_configure },
    { "getstorageinfo", handle_storage_info },
    { "nop", handle_nop },
    { "power", handle_power },
    { "erase", handle_erase },
    { "program", handle_program },
    { "read", handle_read },
};

static void
handle_command (SimFirehose *fh, const SimXmlCommand *command)
{
    gboolean no_read = fh->modem->quirks & SIM_QUIRK_NO_READ;

    for (guint i = 0; i < G_N_ELEMENTS (handlers); i++) {
        if (g_str_equal (handlers[i].name, command->name) &&
            !(no_read && handlers[i].handle == handle_read)) {
            handlers[i].handle (fh, command);
            return;
        }
    }
    /* The host was told what is supported; but who attached to a running programmer has not seen it. */
    if (!no_read || !g_str_equal (command->name, "read"))
        sim_failure (fh->modem, "Firehose: unknown command <%s>", command->name);
    refuse (fh, command->name, "unknown command");
}

static void
handle_document (SimFirehose *fh)
{
    g_autofree char *why = NULL;
    g_autofree char *text = g_strndup ((const char *) fh->input->data, fh->input->len);
    g_autoptr (GPtrArray) commands = sim_xml_parse (text, strlen (text), &why);

    g_byte_array_set_size (fh->input, 0);
    if (!commands || commands->len == 0) {
        sim_failure (fh->modem, "Firehose: not a document: %s", why ? why : "no command in it");
        refuse (fh, "document", "XML parser error");
        return;
    }
    if (commands->len > 1)
        sim_failure (fh->modem, "Firehose: %u commands in one document", commands->len);
    handle_command (fh, g_ptr_array_index (commands, 0));
}

static gboolean
is_whole (const GByteArray *input)
{
    static const char end[] = "</data>";
    gsize n = input->len;

    while (n > 0 && g_ascii_isspace (input->data[n - 1]))
        n--;
    return n >= strlen (end) && memcmp (input->data + n - strlen (end), end, strlen (end)) == 0;
}

static void
feed_xml (SimFirehose *fh, const guint8 *data, gsize size)
{
    if (size == 0 && fh->input->len == 0) {
        if (!fh->may_zlp)
            sim_failure (fh->modem, "Firehose: zero-length packet that nobody waits for");
        fh->may_zlp = FALSE;
        return;
    }
    fh->may_zlp = FALSE;
    if (fh->input->len + size > XML_MAX) {
        g_byte_array_set_size (fh->input, 0);
        sim_failure (fh->modem, "Firehose: document of more than %u bytes", XML_MAX);
        refuse (fh, "document", "XML too large");
        return;
    }
    g_byte_array_append (fh->input, data, (guint) size);
    if (size % PACKET != 0 || size == 0) {
        handle_document (fh);
    } else if (!fh->is_zlp_aware && is_whole (fh->input)) {
        handle_document (fh);
        fh->may_zlp = TRUE;
    }
}

gboolean
sim_firehose_can_take (SimFirehose *fh)
{
    SimModem *modem = fh->modem;
    gint64 chunk_us;

    if (fh->state == HUNG || fh->state == IN_READ || !sim_is_in_idle (modem, SIM_EP_EDL))
        return FALSE;
    /* One transfer is buffered while the NAND works on the one before. */
    chunk_us = (gint64) fh->payload * G_USEC_PER_SEC / PROGRAM_BYTES_PER_S;
    if (fh->state != IN_PROGRAM || modem->busy_us - modem->now_us <= chunk_us)
        return TRUE;
    modem->take_us = modem->busy_us - chunk_us;
    return FALSE;
}

void
sim_firehose_feed (SimFirehose *fh, const guint8 *data, gsize size)
{
    if (fh->state == IN_PROGRAM)
        feed_raw (fh, data, size);
    else
        feed_xml (fh, data, size);
}
