/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One AT command and its answer.
 *
 *     >  AT+CGMR<CR>
 *     <  AT+CGMR<CR><CR><LF>                   echo, if it is on
 *     <  +CREG: 1<CR><LF>                      unsolicited, may come at any place
 *     <  <CR><LF>EC25EFAR06A05M4G<CR><LF>      information lines
 *     <  <CR><LF>OK<CR><LF>                    final result
 *
 * Source: 3GPP TS 27.007 section 4; ITU-T V.250 sections 5.2.4 and 5.7. */

#include "protocol/at.h"

#include "protocol/engine-private.h"

#include <string.h>

/* An answer of a modem to anything that a flasher asks is far below this. */
#define MAX_ANSWER  4096
#define MAX_COMMAND 256
#define SEND_MS     3000
#define BUDGET      (2 * MAX_ANSWER)

typedef enum {
    STATE_COMMAND, /* the command is on its way */
    STATE_ANSWER,  /* lines until a final result */
} State;

typedef struct {
    MfuEngine engine;
    State state;
    guint timeout_ms;
    gboolean gone_is_done;
    char *command; /* with "AT", without CR */
    char *prefix;  /* "+CGMR:" for "+CGMR", "+CGMR?" and "+CGMR=1"; NULL if it has no name */
    GString *line;
    gsize n_received;
    GString *text;
} At;

/* Source: ITU-T V.250 table 1 and 3GPP TS 27.007 section 9.2. */
static const char *const refusals[] = {
    "ERROR", "NO CARRIER",          "NO DIALTONE", "NO ANSWER",
    "BUSY",  "COMMAND NOT SUPPORT", "+CME ERROR",  "+CMS ERROR",
};

/* Unsolicited lines that do not look like "+NAME: ...". Source: Quectel EC25 AT commands manual, URC chapter.
 */
static const char *const unsolicited[] = {
    "RDY", "RING", "NORMAL POWER DOWN", "POWERED DOWN", "CALL READY", "SMS READY", "SMS DONE", "PB DONE",
};

static gboolean
is_clean (const char *command)
{
    gboolean is_quoted = FALSE;

    if (command == NULL || strlen (command) > MAX_COMMAND)
        return FALSE;
    for (const char *c = command; *c != '\0'; c++) {
        if (*c == '"')
            is_quoted = !is_quoted;
        if (!g_ascii_isprint (*c) || (*c == ';' && !is_quoted))
            return FALSE;
    }
    return !is_quoted;
}

static gboolean
is_refusal (const char *line)
{
    for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++) {
        gsize n = strlen (refusals[i]);

        if (strncmp (line, refusals[i], n) == 0 && (line[n] == '\0' || line[n] == ':'))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_unsolicited (const At *at, const char *line)
{
    for (gsize i = 0; i < G_N_ELEMENTS (unsolicited); i++)
        if (g_ascii_strcasecmp (line, unsolicited[i]) == 0)
            return TRUE;
    if (*line != '+' || strchr (line, ':') == NULL)
        return FALSE;
    return at->prefix == NULL || g_ascii_strncasecmp (line, at->prefix, strlen (at->prefix)) != 0;
}

static void
keep_line (At *at, const char *line)
{
    if (at->text->len > 0)
        g_string_append_c (at->text, '\n');
    else if (at->prefix != NULL && g_ascii_strncasecmp (line, at->prefix, strlen (at->prefix)) == 0)
        line += strlen (at->prefix) + strspn (line + strlen (at->prefix), " ");
    g_string_append (at->text, line);
}

static void
take_line (At *at)
{
    g_autofree char *quoted = NULL;
    char *line = g_strstrip (at->line->str);

    if (*line == '\0')
        return;
    if (g_ascii_strcasecmp (line, at->command) == 0) {
        /* What came before the echo answers no question of ours. */
        g_string_truncate (at->text, 0);
    } else if (strcmp (line, "OK") == 0) {
        mfu_engine_done (&at->engine);
    } else if (is_refusal (line)) {
        quoted = mfu_engine_quote ((const guint8 *) line, strlen (line));
        mfu_engine_fail (&at->engine, MFU_ERROR_REJECTED, _ ("the modem answered %s with %s"), at->command,
                         quoted);
    } else if (!is_unsolicited (at, line)) {
        keep_line (at, line);
    }
}

static void
take_byte (At *at, char byte)
{
    if (byte != '\r' && byte != '\n') {
        g_string_append_c (at->line, byte == '\0' ? ' ' : byte);
        return;
    }
    take_line (at);
    g_string_truncate (at->line, 0);
}

static void
at_sent (MfuEngine *engine)
{
    At *at = (At *) engine;

    at->state = STATE_ANSWER;
    mfu_engine_ask_receive (engine, MFU_PACKET_SIZE, at->timeout_ms);
}

static void
at_received (MfuEngine *engine, const guint8 *data, gsize size)
{
    At *at = (At *) engine;

    at->n_received += size;
    if (at->n_received > MAX_ANSWER) {
        mfu_engine_fail (engine, MFU_ERROR_PROTOCOL, _ ("the answer to %s has no end"), at->command);
        return;
    }
    for (gsize i = 0; i < size && engine->is_answered; i++)
        take_byte (at, (char) data[i]);
    if (engine->is_answered)
        mfu_engine_ask_receive_more (engine, MFU_PACKET_SIZE, at->timeout_ms);
}

static void
at_timed_out (MfuEngine *engine)
{
    At *at = (At *) engine;

    mfu_engine_fail (engine, MFU_ERROR_TIMED_OUT,
                     at->state == STATE_COMMAND ? _ ("the modem did not take %s")
                                                : _ ("the modem did not answer %s"),
                     at->command);
}

static void
at_gone (MfuEngine *engine)
{
    At *at = (At *) engine;

    /* Also while the command is being sent: a modem that leaves at once can be faster than the driver, which
     * still holds the last byte. Whether it came where it was sent to is seen by its arrival there. */
    if (at->gone_is_done)
        mfu_engine_done (engine);
    else
        mfu_engine_fail (engine, MFU_ERROR_GONE, _ ("the modem left its port instead of answering %s"),
                         at->command);
}

static void
at_free (MfuEngine *engine)
{
    At *at = (At *) engine;

    g_free (at->command);
    g_free (at->prefix);
    g_string_free (at->line, TRUE);
    g_string_free (at->text, TRUE);
    g_free (at);
}

static const MfuEngineClass at_class = {
    .name = "at",
    .sent = at_sent,
    .received = at_received,
    .timed_out = at_timed_out,
    .gone = at_gone,
    .free = at_free,
};

MfuEngine *
mfu_at_new (const char *command, guint timeout_ms, gboolean gone_is_done)
{
    At *at = g_new0 (At, 1);
    g_autofree char *wire = NULL;

    mfu_engine_begin (&at->engine, &at_class, BUDGET);
    at->timeout_ms = timeout_ms;
    at->gone_is_done = gone_is_done;
    at->line = g_string_new (NULL);
    at->text = g_string_new (NULL);
    if (!is_clean (command)) {
        mfu_engine_fail (&at->engine, MFU_ERROR_INVALID_ARGS, _ ("not an AT command that may be sent"));
        return &at->engine;
    }
    at->command = g_strconcat ("AT", command, NULL);
    if (*command == '+')
        at->prefix = g_strdup_printf ("%.*s:", (int) strcspn (command, "=?"), command);
    wire = g_strconcat (at->command, "\r", NULL);
    mfu_engine_ask_send (&at->engine, g_bytes_new (wire, strlen (wire)), FALSE, SEND_MS);
    return &at->engine;
}

const char *
mfu_at_get_text (MfuEngine *engine)
{
    return ((At *) engine)->text->str;
}
