/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Fields for the journal, text for a terminal: g_log_structured_array () serves both. */

#include "util/log.h"

#include <string.h>

#define MIN_IDENTITY_DIGITS 14
#define MAX_IDENTITY_DIGITS 22
#define KEPT_DIGITS         6

static const char *
priority (GLogLevelFlags level)
{
    if (level & G_LOG_LEVEL_CRITICAL)
        return "3";
    if (level & G_LOG_LEVEL_WARNING)
        return "4";
    if (level & G_LOG_LEVEL_MESSAGE)
        return "5";
    return level & G_LOG_LEVEL_INFO ? "6" : "7";
}

void
mfu_log (GLogLevelFlags level, const char *port, const char *job, const char *format, ...)
{
    g_autofree char *text = NULL;
    g_autofree char *message = NULL;
    GLogField fields[6];
    gsize n = 0;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    message = port != NULL ? g_strdup_printf ("[%s] %s", port, text) : g_strdup (text);

    fields[n++] = (GLogField){ "MESSAGE", message, -1 };
    fields[n++] = (GLogField){ "PRIORITY", priority (level), -1 };
    fields[n++] = (GLogField){ "GLIB_DOMAIN", MFU_LOG_DOMAIN, -1 };
    if (port != NULL)
        fields[n++] = (GLogField){ "PORT", port, -1 };
    if (job != NULL)
        fields[n++] = (GLogField){ "JOB", job, -1 };
    g_log_structured_array (level, fields, n);
}

char *
mfu_log_mask (const char *text)
{
    char *masked = g_strdup (text);

    for (char *c = masked; *c != '\0';) {
        gsize n = strspn (c, "0123456789");

        if (n >= MIN_IDENTITY_DIGITS && n <= MAX_IDENTITY_DIGITS)
            memset (c + KEPT_DIGITS, '*', n - KEPT_DIGITS);
        c += MAX (n, 1);
    }
    return masked;
}
