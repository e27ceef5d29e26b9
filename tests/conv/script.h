/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A conversation script, parsed. The format is described in tests/scripts/README.md. */

#include <glib.h>

typedef enum {
    EVENT_SEND,    /* `bytes` are expected from the engine */
    EVENT_RECEIVE, /* `bytes` are fed to it */
    EVENT_TIMEOUT,
    EVENT_GONE,
    EVENT_IMAGE,   /* words: OFFSET SIZE [chunk N] [zlp] */
    EVENT_DELIVER, /* `bytes` come out */
    EVENT_WITHIN,  /* words: MS, the pending request's timeout */
    EVENT_EXPECT,  /* words: done | failed CODE [TEXT] */
    EVENT_BEGIN,   /* words: an operation of the engine and its arguments */
    EVENT_CHECK,   /* words: a result of the engine and its value */
} EventKind;

typedef struct {
    EventKind kind;
    guint line;
    GBytes *bytes;
    char **words;
} Event;

typedef struct {
    char *name; /* file name without folder and ending */
    char *path;
    GHashTable *config; /* first word -> rest of the line */
    GPtrArray *events;  /* Event */
} Script;

/* Ends the program with a message for a script that cannot be read. */
Script *script_load (const char *path);
void script_free (Script *script);

/* The value of a configuration line, "" for a bare word, NULL if it is absent. */
const char *script_get (const Script *script, const char *name);
guint64 script_get_number (const Script *script, const char *name, guint64 fallback);

/* Bytes in the notation of the scripts. */
GBytes *script_parse_bytes (const char *text, gboolean is_sent, GError **error);

/* Words, quoted or not. */
char **script_split (const char *text);

/* A decimal or 0x number; anything else ends the program. */
guint64 script_number (const char *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Script, script_free)
