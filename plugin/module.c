/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What ModemManager loads. It calls g_module_check_init () before it looks at the version numbers, so one
 * binary can show each ModemManager the number that it wants; then mm_plugin_create (), which must return a
 * plugin or there is a warning at every start. That plugin exists for this purpose alone: it never claims a
 * port, since it asks for a udev tag that nobody sets. The work is the decorator's.
 *
 * Source: ModemManager src/mm-plugin-manager.c, load_plugin (), at the tags 1.20.4 and 1.24.2. */

#include "config.h"
#include "plugin/decorator.h"
#include "plugin/log.h"

#include <dlfcn.h>
#include <gmodule.h>
#include <libintl.h>

#define PLUGIN_NAME "quectel-firmware"
#define NO_SUCH_TAG "ID_MM_QUECTEL_FIRMWARE_CLAIMS_NO_PORT"

/* ModemManager loads plugins into one namespace: protected, or our own code would see another plugin's. */
#define EXPORTED  G_MODULE_EXPORT
#define PROTECTED __attribute__ ((visibility ("protected")))

/* Variables because ModemManager reads variables; written once, before it does. */
PROTECTED int mm_plugin_major_version = 4;
PROTECTED int mm_plugin_minor_version = 0;

/* Of the process, like the module itself, which is never unloaded. */
static MfuSymbols symbols;

gpointer mm_plugin_create (void);
const char *g_module_check_init (GModule *module);

static gboolean
has_property (GObjectClass *klass, const char *name, GType type)
{
    GParamSpec *pspec = g_object_class_find_property (klass, name);

    return pspec != NULL && pspec->value_type == type && (pspec->flags & G_PARAM_WRITABLE);
}

/* Derives from ModemManager's plugin type without knowing its structures; G_TYPE_INVALID if it is not as we
 * expect it. */
static GType
register_plugin_type (void)
{
    GType parent = symbols.plugin_get_type ();
    g_autoptr (GTypeClass) klass = NULL;
    GTypeQuery query;

    g_type_query (parent, &query);
    if (query.type == G_TYPE_INVALID || !g_type_is_a (parent, G_TYPE_OBJECT))
        return G_TYPE_INVALID;
    klass = g_type_class_ref (parent);
    if (!has_property (G_OBJECT_CLASS (klass), "name", G_TYPE_STRING) ||
        !has_property (G_OBJECT_CLASS (klass), "allowed-subsystems", G_TYPE_STRV) ||
        !has_property (G_OBJECT_CLASS (klass), "allowed-udev-tags", G_TYPE_STRV))
        return G_TYPE_INVALID;
    return g_type_register_static_simple (parent, "MfuModemManagerPlugin", query.class_size, NULL,
                                          query.instance_size, NULL, 0);
}

EXPORTED gpointer
mm_plugin_create (void)
{
    static const char *const subsystems[] = { "tty", NULL };
    static const char *const tags[] = { NO_SUCH_TAG, NULL };
    GType type;

    if (symbols.plugin_get_type == NULL)
        return NULL;
    type = register_plugin_type ();
    if (type == G_TYPE_INVALID) {
        mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL,
                        "this ModemManager's plugins are unlike those we know: it will call this one not "
                        "initialized, which does no harm");
        return NULL;
    }
    return g_object_new (type, "name", PLUGIN_NAME, "allowed-subsystems", subsystems, "allowed-udev-tags",
                         tags, NULL);
}

EXPORTED const char *
g_module_check_init (GModule *module)
{
    g_autofree char *directory = NULL;
    g_autoptr (MfuModels) models = NULL;
    Dl_info info;

    /* The hook and the types cannot be taken back. */
    g_module_make_resident (module);
    bindtextdomain (MFU_GETTEXT_DOMAIN, MFU_LOCALE_DIR);
    bind_textdomain_codeset (MFU_GETTEXT_DOMAIN, "UTF-8");
    if (dladdr (&symbols, &info) != 0 && info.dli_fname != NULL)
        directory = g_path_get_dirname (info.dli_fname);
    mm_plugin_major_version = mfu_symbols_plugin_major_version (directory);

    mfu_symbols_look_up (&symbols);
    models = mfu_models_load (MFU_DEVICES_DIR);
    mfu_plugin_log (G_LOG_LEVEL_MESSAGE, NULL, "version " MFU_VERSION ": knows %u modems",
                    mfu_models_n (models));
    mfu_decorator_new (g_steal_pointer (&models), &symbols);
    return NULL;
}
