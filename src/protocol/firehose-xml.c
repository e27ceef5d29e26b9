/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The programmer's XML is machine-made and nearly XML: documents of
 *
 *     <?xml version="1.0" encoding="UTF-8" ?>
 *     <data><log value="..."/><response value="ACK" rawmode="false" /></data>
 *
 * several in one transfer or one in several, with NULs and line ends between them. The text of a log may hold
 * anything, quotes of JSON included, so a log ends at its `"/>` and nowhere else; everything else is read
 * strictly.
 *
 * Source: nippynetworks/qfirehose firehose_protocol.c (documents and their mixture), linux-msm/qdl
 * src/firehose.c (response attributes), bkerler/edl (JSON in logs). */

#include "protocol/firehose-xml.h"

#include <string.h>

/* Source: linux-msm/qdl reads answers into 4096 bytes; far more than any of them. */
#define MAX_ELEMENT (64 * 1024)
#define MAX_GARBAGE 32

#define PACKET_SIZE 512

struct _MfuFirehoseCommand {
    GString *text;
};

MfuFirehoseCommand *
mfu_firehose_command_new (const char *name)
{
    MfuFirehoseCommand *command = g_new0 (MfuFirehoseCommand, 1);

    command->text = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<");
    g_string_append (command->text, name);
    return command;
}

void
mfu_firehose_command_add (MfuFirehoseCommand *command, const char *attribute, const char *value)
{
    g_autofree char *valid = NULL;
    g_autofree char *escaped = NULL;

    if (value == NULL)
        return;
    valid = g_utf8_make_valid (value, -1);
    escaped = g_markup_escape_text (valid, -1);
    g_string_append_printf (command->text, " %s=\"%s\"", attribute, escaped);
}

void
mfu_firehose_command_add_uint (MfuFirehoseCommand *command, const char *attribute, guint64 value)
{
    g_string_append_printf (command->text, " %s=\"%" G_GUINT64_FORMAT "\"", attribute, value);
}

GBytes *
mfu_firehose_command_finish (MfuFirehoseCommand *command)
{
    GString *text = g_steal_pointer (&command->text);

    g_string_append (text, " />\n</data>\n");
    if (text->len % PACKET_SIZE == 0)
        g_string_append_c (text, '\n');
    g_free (command);
    return g_string_free_to_bytes (text);
}

struct _MfuFirehoseReader {
    GString *element; /* from its '<' on; empty between elements */
    char quote;       /* the quote that is open inside the element, or 0 */
    gboolean has_response;
    MfuFirehoseResponse response;
    GString *text;
};

MfuFirehoseReader *
mfu_firehose_reader_new (void)
{
    MfuFirehoseReader *reader = g_new0 (MfuFirehoseReader, 1);

    reader->element = g_string_new (NULL);
    reader->text = g_string_new (NULL);
    return reader;
}

void
mfu_firehose_reader_free (MfuFirehoseReader *reader)
{
    if (reader == NULL)
        return;
    g_string_free (reader->element, TRUE);
    g_string_free (reader->text, TRUE);
    g_free (reader);
}

void
mfu_firehose_reader_reset (MfuFirehoseReader *reader)
{
    g_string_truncate (reader->element, 0);
    g_string_truncate (reader->text, 0);
    reader->quote = 0;
    reader->has_response = FALSE;
}

const char *
mfu_firehose_reader_get_text (MfuFirehoseReader *reader)
{
    return reader->text->str;
}

const MfuFirehoseResponse *
mfu_firehose_reader_get_response (MfuFirehoseReader *reader)
{
    return &reader->response;
}

gboolean
mfu_firehose_is_filler (guint8 byte)
{
    return byte == '\0' || g_ascii_isspace (byte);
}

static const struct {
    const char *entity;
    char meaning;
} entities[] = {
    { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' },
};

/* Replaces `text` by what `raw` means: entities decoded, control characters and broken UTF-8 made visible. */
static void
set_text (GString *text, const char *raw, gsize n)
{
    g_autofree char *valid = NULL;

    g_string_truncate (text, 0);
    for (gsize i = 0; i < n; i++) {
        char c = raw[i];

        for (gsize k = 0; c == '&' && k < G_N_ELEMENTS (entities); k++) {
            gsize size = strlen (entities[k].entity);

            if (size > n - i || memcmp (raw + i, entities[k].entity, size) != 0)
                continue;
            g_string_append_c (text, entities[k].meaning);
            i += size - 1;
            c = '\0';
        }
        if (c != '\0')
            g_string_append_c (text, g_ascii_iscntrl (c) ? ' ' : c);
    }
    valid = g_utf8_make_valid (text->str, (gssize) text->len);
    g_string_assign (text, valid);
    g_strchomp (text->str);
    g_string_truncate (text, strlen (text->str));
}

static MfuFirehoseEvent
garbage (MfuFirehoseReader *reader)
{
    set_text (reader->text, reader->element->str, MIN (reader->element->len, MAX_GARBAGE));
    g_string_truncate (reader->element, 0);
    reader->quote = 0;
    return MFU_FIREHOSE_GARBAGE;
}

/* <log value="...">: from behind the first quote to the last. */
static MfuFirehoseEvent
take_log (MfuFirehoseReader *reader)
{
    const char *start = strstr (reader->element->str, "value=");
    const char *end = strrchr (reader->element->str, '"');

    if (start == NULL || end == NULL || (start += strlen ("value=")) >= end || *start != '"')
        return garbage (reader);
    start++;
    set_text (reader->text, start, (gsize) (end - start));
    g_string_truncate (reader->element, 0);
    return MFU_FIREHOSE_LOG;
}

/* One attribute at `*position`: sets name and value (allocated) and moves on. FALSE where there is none. */
static gboolean
take_attribute (const char **position, char **name, char **value)
{
    const char *c = *position + strspn (*position, " \t\r\n");
    gsize n_name = strcspn (c, " \t\r\n=/>\"'<");
    const char *start;
    const char *end;
    char quote;

    if (n_name == 0 || c[n_name] != '=')
        return FALSE;
    quote = c[n_name + 1];
    if (quote != '"' && quote != '\'')
        return FALSE;
    start = c + n_name + 2;
    end = strchr (start, quote);
    if (end == NULL)
        return FALSE;
    *name = g_strndup (c, n_name);
    *value = g_strndup (start, (gsize) (end - start));
    *position = end + 1;
    return TRUE;
}

static gboolean
set_attribute (MfuFirehoseResponse *response, const char *name, const char *value)
{
    if (strcmp (name, "value") == 0) {
        response->is_ack = strcmp (value, "ACK") == 0;
        return response->is_ack || strcmp (value, "NAK") == 0;
    }
    if (strcmp (name, "rawmode") == 0) {
        response->is_raw = strcmp (value, "true") == 0;
        return response->is_raw || strcmp (value, "false") == 0;
    }
    if (strcmp (name, "MaxPayloadSizeToTargetInBytes") == 0)
        return g_ascii_string_to_unsigned (value, 10, 1, G_MAXUINT32, &response->max_payload, NULL);
    return TRUE;
}

static MfuFirehoseEvent
take_response (MfuFirehoseReader *reader)
{
    const char *position = reader->element->str + strlen ("<response");
    MfuFirehoseResponse response = { 0 };
    gboolean has_value = FALSE;
    gboolean is_good = TRUE;
    char *name;
    char *value;

    while (is_good && take_attribute (&position, &name, &value)) {
        has_value = has_value || strcmp (name, "value") == 0;
        is_good = set_attribute (&response, name, value);
        g_free (name);
        g_free (value);
    }
    position += strspn (position, " \t\r\n");
    if (!is_good || !has_value || (strcmp (position, "/>") != 0 && strcmp (position, ">") != 0))
        return garbage (reader);
    /* The first response of a document counts. */
    if (!reader->has_response)
        reader->response = response;
    reader->has_response = TRUE;
    g_string_truncate (reader->element, 0);
    return MFU_FIREHOSE_NOTHING;
}

static gboolean
is_element (const MfuFirehoseReader *reader, const char *start)
{
    gsize n = strlen (start);
    const char *element = reader->element->str;

    return strncmp (element, start, n) == 0 && strchr (" \t\r\n/>?", element[n]) != NULL;
}

/* A complete element, '<' to '>'. A document that was begun anew ends the one before, too. */
static MfuFirehoseEvent
take_element (MfuFirehoseReader *reader)
{
    if (is_element (reader, "<log"))
        return take_log (reader);
    if (is_element (reader, "<response"))
        return take_response (reader);
    g_string_truncate (reader->element, 0);
    return MFU_FIREHOSE_NOTHING;
}

static gboolean
ends_document (const MfuFirehoseReader *reader)
{
    return is_element (reader, "</data") || is_element (reader, "<?xml");
}

/* A log ends at `"/>`, blanks allowed inside; other elements at the first '>' outside of quotes. */
static gboolean
is_complete (MfuFirehoseReader *reader, char byte)
{
    const char *c;

    if (is_element (reader, "<log")) {
        if (byte != '>')
            return FALSE;
        c = reader->element->str + reader->element->len - 2;
        if (*c != '/')
            return FALSE;
        do
            c--;
        while (g_ascii_isspace (*c));
        return *c == '"' && c > strchr (reader->element->str, '"');
    }
    if (reader->quote != 0) {
        if (byte == reader->quote)
            reader->quote = 0;
        return FALSE;
    }
    if (byte == '"' || byte == '\'')
        reader->quote = byte;
    return byte == '>';
}

MfuFirehoseEvent
mfu_firehose_reader_push (MfuFirehoseReader *reader, guint8 byte)
{
    gboolean is_end;

    if (reader->element->len == 0 && byte != '<') {
        if (mfu_firehose_is_filler (byte))
            return MFU_FIREHOSE_NOTHING;
        g_string_append_c (reader->element, (char) byte);
        return garbage (reader);
    }
    g_string_append_c (reader->element, byte != '\0' ? (char) byte : ' ');
    if (reader->element->len > MAX_ELEMENT)
        return garbage (reader);
    if (!is_complete (reader, (char) byte))
        return MFU_FIREHOSE_NOTHING;
    is_end = reader->has_response && ends_document (reader);
    if (is_end) {
        reader->has_response = FALSE;
        g_string_truncate (reader->element, 0);
        return MFU_FIREHOSE_RESPONSE;
    }
    return take_element (reader);
}
