/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager's plugin interface is private and changes with every release. What the plugin takes from the
 * daemon is in this file, by name, and nothing breaks if it is not there. */

#include "plugin/symbols.h"

#include "plugin/log.h"

#include <dlfcn.h>
#include <gmodule.h>

/* The plugin that every installation has. */
#define NEIGHBOUR "libmm-plugin-generic.so"

/* Source: ModemManager plugins/.../mm-plugin.h, MM_PLUGIN_MAJOR_VERSION, at 1.20.4 and at 1.22.0. */
#define MAJOR_VERSION_1_20 4
#define MAJOR_VERSION_1_22 5
/* New in 1.22.0, and there since. */
#define FUNCTION_OF_1_22 "mm_device_get_physdev"

static gpointer
find (GModule *program, const char *name)
{
    gpointer symbol = NULL;

    return g_module_symbol (program, name, &symbol) ? symbol : NULL;
}

void
mfu_symbols_look_up (MfuSymbols *symbols)
{
    GModule *program = g_module_open (NULL, 0);
    gpointer start = NULL, finish = NULL;

    *symbols = (MfuSymbols){ 0 };
    if (program != NULL) {
        start = find (program, "mm_base_modem_at_command");
        finish = find (program, "mm_base_modem_at_command_finish");
        symbols->plugin_get_type = find (program, "mm_plugin_get_type");
        g_module_close (program);
    }

    if (start != NULL && finish != NULL) {
        symbols->at_command = start;
        symbols->at_command_finish = finish;
    } else {
        mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL,
                        "this ModemManager has no %s: the exact firmware version is left to the service",
                        start == NULL ? "mm_base_modem_at_command" : "mm_base_modem_at_command_finish");
    }
    if (symbols->plugin_get_type == NULL) {
        mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL,
                        "this ModemManager has no mm_plugin_get_type: it will call this plugin not "
                        "initialized, which does no harm");
    }
}

/* Loaded and unloaded again: ModemManager must find the neighbour as if we had never been there. */
static gboolean
read_neighbour (const char *directory, int *major_version)
{
    g_autofree char *path = g_build_filename (directory, NEIGHBOUR, NULL);
    void *neighbour = dlopen (path, RTLD_LAZY | RTLD_LOCAL);
    const int *version;

    if (neighbour == NULL)
        return FALSE;
    version = dlsym (neighbour, "mm_plugin_major_version");
    if (version != NULL)
        *major_version = *version;
    dlclose (neighbour);
    return version != NULL;
}

int
mfu_symbols_plugin_major_version (const char *directory)
{
    int version;

    if (directory != NULL && read_neighbour (directory, &version))
        return version;
    return dlsym (RTLD_DEFAULT, FUNCTION_OF_1_22) != NULL ? MAJOR_VERSION_1_22 : MAJOR_VERSION_1_20;
}
