/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager's own logging functions are private. It does install a handler for the empty log domain, which
 * the plain g_log () reaches; GLib's structured logging would go round it. */

#include "plugin/log.h"

void
mfu_plugin_log (GLogLevelFlags level, const char *device, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list arguments;

    va_start (arguments, format);
    text = g_strdup_vprintf (format, arguments);
    va_end (arguments);

    if (device != NULL)
        g_log (NULL, level, "[quectel-firmware] %s: %s", device, text);
    else
        g_log (NULL, level, "[quectel-firmware] %s", text);
}
