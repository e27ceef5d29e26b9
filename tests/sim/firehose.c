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

#include "sim/fhstate.h"

#include <string.h>

#define XML_MAX     4096
#define PAYLOAD_MAX (16u << 20)
#define ANSWER_US   300
#define START_US    50000
#define RAW_LEFT    (40 * 64 * 2048) /* what SIM_START_EDL_RAW still waits for */
#define FRAGMENT    23
#define DELAY_MAX_S 60

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

void
sim_fh_say (SimFirehose *fh, const char *format, ...)
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
void
sim_fh_reply (SimFirehose *fh, const SimFhReply *r, const char *kind, SimHit hit)
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
        sim_fh_say (fh, "INFO: noise %" G_GUINT64_FORMAT, i);
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

void
sim_fh_refuse (SimFirehose *fh, const char *kind, const char *format, ...)
{
    const SimFhReply nak = { "NAK", "false", NULL, 0 };
    const SimHit none = { SIM_ACT_NONE, 0 };
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_note (fh->modem, "%s refused: %s", kind, text);
    sim_fh_say (fh, "ERROR: %s", text);
    sim_fh_reply (fh, &nak, kind, none);
}

/* TRUE: the command is to be carried out (and answered with the hit). */
gboolean
sim_fh_goes_on (SimFirehose *fh, const char *kind, SimHit *hit)
{
    *hit = sim_hit (fh->modem, kind, SIM_EP_EDL);
    if (hit->action == SIM_ACT_NAK) {
        sim_fh_refuse (fh, kind, "no mood for %s", kind);
        return FALSE;
    }
    if (hit->action == SIM_ACT_GARBAGE) {
        const SimFhReply any = { "ACK", NULL, NULL, 0 };

        sim_fh_reply (fh, &any, kind, *hit);
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
        fh->state = SIM_FH_PROGRAM;
        fh->is_foreign = fh->is_inherited = fh->is_configured = fh->is_zlp_aware = TRUE;
        fh->payload = modem->max_payload;
        fh->left = RAW_LEFT;
        fh->page = sim_nand_skip_bad (modem->nand, system->start * modem->nand->pages_per_block, 0);
        fh->end = sim_nand_get_n_pages (modem->nand);
    }
    if (says_logs && sim_hit (modem, "programmer", SIM_EP_EDL).action == SIM_ACT_NONE) {
        g_autofree char *first = log_document ("INFO: Binary build date: Jan  1 2026 @ 00:00:00");

        emit (fh, first, START_US);
        sim_fh_say (fh, "INFO: Chip serial num: 0x%s", modem->serial);
        sim_fh_say (
            fh, "INFO: Supported Functions: program configure power benchmark%s getstorageinfo erase nop ",
            modem->quirks & SIM_QUIRK_NO_READ ? "" : " read");
        sim_fh_say (fh, "INFO: End of supported functions");
    }
    return fh;
}

void
sim_firehose_inherit (SimFirehose *fh)
{
    if (fh->state == SIM_FH_PROGRAM || fh->input->len > 0)
        fh->is_inherited = TRUE;
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
    SimFhReply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;
    guint64 told;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "configure %s %s", memory ? memory : "?",
                        sim_xml_get (command, "MaxPayloadSizeToTargetInBytes"));

    if (!sim_fh_goes_on (fh, "configure", &hit))
        return;
    if (!memory || g_ascii_strcasecmp (memory, "nand") != 0) {
        sim_fh_refuse (fh, "configure", "MemoryName %s is not supported", memory ? memory : "(none)");
        return;
    }
    if (!sim_xml_get_number (command, "MaxPayloadSizeToTargetInBytes", &wanted) || wanted < SIM_FH_PACKET ||
        wanted % SIM_FH_PACKET != 0) {
        sim_fh_refuse (fh, "configure", "MaxPayloadSizeToTargetInBytes");
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
    fh->payload = (guint) CLAMP (told, SIM_FH_PACKET, PAYLOAD_MAX);
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
    sim_fh_reply (fh, &ack, "configure", hit);
}

static void
handle_storage_info (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimNand *nand = fh->modem->nand;
    const SimFhReply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;
    SimOp *op = sim_op (fh->modem, SIM_OP_OTHER, 0, 0, "getstorageinfo");

    if (!sim_fh_goes_on (fh, "getstorageinfo", &hit))
        return;
    if (!fh->is_configured) {
        sim_fh_refuse (fh, "getstorageinfo", "storage is not initialised");
        return;
    }
    op->is_done = TRUE;
    if (hit.action != SIM_ACT_SILENT)
        sim_fh_say (
            fh,
            "INFO: {\"storage_info\": {\"total_blocks\":%" G_GUINT64_FORMAT
            ", \"block_size\":%" G_GUINT64_FORMAT
            ", \"page_size\":%u, \"num_physical\":1, \"mem_type\":\"NAND\", \"prod_name\":\"SIM NAND\"}}",
            hit.action == SIM_ACT_HUGE ? G_GUINT64_CONSTANT (18446744073709551615) : nand->n_blocks,
            hit.action == SIM_ACT_ZERO ? 0 : (guint64) nand->page_size * nand->pages_per_block,
            nand->page_size);
    sim_fh_reply (fh, &ack, "getstorageinfo", hit);
}

static void
handle_nop (SimFirehose *fh, const SimXmlCommand *command)
{
    const SimFhReply ack = { "ACK", "false", NULL, 0 };
    SimHit hit;

    if (sim_fh_goes_on (fh, "nop", &hit))
        sim_fh_reply (fh, &ack, "nop", hit);
}

static void
handle_power (SimFirehose *fh, const SimXmlCommand *command)
{
    SimModem *modem = fh->modem;
    const char *value = sim_xml_get (command, "value");
    const SimFhReply ack = { "ACK", "false", NULL, 0 };
    guint64 delay_s = 1;
    SimHit hit;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "power %s", value ? value : "?");
    gint64 delay_us;

    if (!sim_fh_goes_on (fh, "power", &hit))
        return;
    if (!value || (!g_str_equal (value, "reset") && !g_str_equal (value, "off"))) {
        sim_fh_refuse (fh, "power", "value %s", value ? value : "(none)");
        return;
    }
    sim_xml_get_number (command, "DelayInSeconds", &delay_s);
    delay_us = (gint64) MIN (delay_s, DELAY_MAX_S) * G_USEC_PER_SEC + 20000;
    op->is_done = TRUE;
    sim_fh_say (fh, "INFO: Inside handlePower() - Requested POWER_%s", value[0] == 'r' ? "RESET" : "OFF");
    sim_fh_reply (fh, &ack, "power", hit);
    fh->state = SIM_FH_HUNG;
    modem->own_us += delay_us;
    sim_reset_later (modem, value[0] == 'r' ? SIM_RESET_BOOT : SIM_RESET_OFF, delay_us);
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
    { "erase", sim_fh_erase },
    { "program", sim_fh_program },
    { "read", sim_fh_read },
};

static void
handle_command (SimFirehose *fh, const SimXmlCommand *command)
{
    gboolean no_read = fh->modem->quirks & SIM_QUIRK_NO_READ;

    for (guint i = 0; i < G_N_ELEMENTS (handlers); i++) {
        if (g_str_equal (handlers[i].name, command->name) &&
            !(no_read && handlers[i].handle == sim_fh_read)) {
            handlers[i].handle (fh, command);
            return;
        }
    }
    /* The host was told what is supported; but who attached to a running programmer has not seen it. */
    if (!no_read || !g_str_equal (command->name, "read"))
        sim_failure (fh->modem, "Firehose: unknown command <%s>", command->name);
    sim_fh_refuse (fh, command->name, "unknown command");
}

static void
handle_document (SimFirehose *fh)
{
    g_autofree char *why = NULL;
    g_autofree char *text = g_strndup ((const char *) fh->input->data, fh->input->len);
    g_autoptr (GPtrArray) commands = sim_xml_parse (text, strlen (text), &why);

    g_byte_array_set_size (fh->input, 0);
    if (!commands || commands->len == 0) {
        /* Behind inherited raw data: nobody can know where they end. */
        if (!fh->is_inherited)
            sim_failure (fh->modem, "Firehose: not a document: %s", why ? why : "no command in it");
        sim_fh_refuse (fh, "document", "XML parser error");
        return;
    }
    fh->is_foreign = fh->is_inherited = FALSE;
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
        sim_fh_refuse (fh, "document", "XML too large");
        return;
    }
    g_byte_array_append (fh->input, data, (guint) size);
    if (size % SIM_FH_PACKET != 0 || size == 0) {
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

    if (fh->state == SIM_FH_HUNG || fh->state == SIM_FH_READ || !sim_is_in_idle (modem, SIM_EP_EDL))
        return FALSE;
    /* One transfer is buffered while the NAND works on the one before. */
    chunk_us = (gint64) fh->payload * G_USEC_PER_SEC / SIM_FH_PROGRAM_BYTES_PER_S;
    if (fh->state != SIM_FH_PROGRAM || modem->busy_us - modem->now_us <= chunk_us)
        return TRUE;
    modem->take_us = modem->busy_us - chunk_us;
    modem->is_waited_for = TRUE;
    return FALSE;
}

void
sim_firehose_feed (SimFirehose *fh, const guint8 *data, gsize size)
{
    if (fh->state == SIM_FH_PROGRAM)
        sim_fh_feed_raw (fh, data, size);
    else
        feed_xml (fh, data, size);
}
