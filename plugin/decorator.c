/* SPDX-License-Identifier: GPL-2.0-or-later */

/* ModemManager adds its Modem interface to a modem object at the end of the modem's initialization, before
 * the object is exported. GObject tells us about it by an emission hook, and ours is added at that moment:
 * whoever sees the modem sees both. No structure of ModemManager's is used, only names; each is checked
 * before use.
 *
 * Source: ModemManager src/mm-iface-modem.c, INITIALIZATION_STEP_LAST, and src/mm-base-modem.h, at the tags
 * 1.20.4, 1.22.0, 1.24.2, 1.25.95-dev. */

#include "plugin/decorator.h"

#include "config.h"
#include "plugin/firmware-update.h"
#include "plugin/log.h"

#define MODEM_TYPE      "MMBaseModem"
#define MODEM_INTERFACE MFU_DBUS_PREFIX ".Modem"
#define OUR_INTERFACE   MFU_DBUS_PREFIX ".Modem.FirmwareUpdate"

/* The stock plugin whose modems are ours to decorate: 05c6:9215 may also be another maker's. */
#define STOCK_PLUGIN "quectel"

#define PROPERTY_PLUGIN  "base-modem-plugin"
#define PROPERTY_VENDOR  "base-modem-vendor-id"
#define PROPERTY_PRODUCT "base-modem-product-id"
#define PROPERTY_DEVICE  "base-modem-device"

struct _MfuDecorator {
    MfuModels *models;
    const MfuSymbols *symbols;
    guint signal_id;
    gulong hook_id;
    gboolean complained; /* about a ModemManager that we do not understand; once is enough */
};

static const struct {
    const char *name;
    GType type;
} properties[] = {
    { PROPERTY_PLUGIN, G_TYPE_STRING },
    { PROPERTY_VENDOR, G_TYPE_UINT },
    { PROPERTY_PRODUCT, G_TYPE_UINT },
    { PROPERTY_DEVICE, G_TYPE_STRING },
};

/* NULL if the object is what ModemManager calls a modem, as far as we need it; else what is strange. */
static char *
find_strangeness (GObject *object)
{
    GObjectClass *klass = G_OBJECT_GET_CLASS (object);
    GType modem_type = g_type_from_name (MODEM_TYPE);

    if (modem_type == G_TYPE_INVALID || !g_type_is_a (G_OBJECT_TYPE (object), modem_type))
        return g_strdup_printf ("a modem object is a %s, not a " MODEM_TYPE, G_OBJECT_TYPE_NAME (object));
    for (gsize i = 0; i < G_N_ELEMENTS (properties); i++) {
        GParamSpec *pspec = g_object_class_find_property (klass, properties[i].name);

        if (pspec == NULL || pspec->value_type != properties[i].type || !(pspec->flags & G_PARAM_READABLE))
            return g_strdup_printf ("modem objects have no usable property %s", properties[i].name);
    }
    if (g_object_class_find_property (klass, MFU_FIRMWARE_UPDATE_NOTIFIES) == NULL)
        return g_strdup ("modem objects have no property " MFU_FIRMWARE_UPDATE_NOTIFIES);
    return NULL;
}

static gboolean
is_understood (MfuDecorator *decorator, GObject *object)
{
    g_autofree char *strangeness = find_strangeness (object);

    if (strangeness != NULL && !decorator->complained) {
        decorator->complained = TRUE;
        mfu_plugin_log (G_LOG_LEVEL_WARNING, NULL, "%s: the firmware interface is not added", strangeness);
    }
    return strangeness == NULL;
}

static void
decorate (MfuDecorator *decorator, GObject *object)
{
    g_autofree char *plugin = NULL;
    g_autofree char *device = NULL;
    guint vid = 0, pid = 0;
    const MfuModel *model;
    g_autoptr (GDBusInterface) present = NULL;
    g_autoptr (MfuFirmwareUpdate) interface = NULL;

    if (!is_understood (decorator, object))
        return;
    g_object_get (object, PROPERTY_PLUGIN, &plugin, PROPERTY_VENDOR, &vid, PROPERTY_PRODUCT, &pid,
                  PROPERTY_DEVICE, &device, NULL);
    model = mfu_models_find (decorator->models, vid, pid);
    if (model == NULL || device == NULL ||
        g_ascii_strcasecmp (plugin != NULL ? plugin : "", STOCK_PLUGIN) != 0)
        return;
    present = g_dbus_object_get_interface (G_DBUS_OBJECT (object), OUR_INTERFACE);
    if (present != NULL)
        return;

    interface =
        mfu_firmware_update_new (object, device, (const char *const *) model->methods, decorator->symbols);
    g_dbus_object_skeleton_add_interface (G_DBUS_OBJECT_SKELETON (object),
                                          G_DBUS_INTERFACE_SKELETON (interface));
    mfu_plugin_log (G_LOG_LEVEL_MESSAGE, device, "%s: firmware can be updated", model->name);
}

static gboolean
interface_added (GSignalInvocationHint *hint, guint n_values, const GValue *values, gpointer user_data)
{
    GDBusInterfaceInfo *info;
    GObject *object;

    if (n_values < 2 || !G_VALUE_HOLDS_OBJECT (&values[0]) || !G_VALUE_HOLDS_OBJECT (&values[1]))
        return G_SOURCE_CONTINUE;
    object = g_value_get_object (&values[0]);
    if (!G_IS_DBUS_OBJECT_SKELETON (object) || !G_IS_DBUS_INTERFACE (g_value_get_object (&values[1])))
        return G_SOURCE_CONTINUE;
    info = g_dbus_interface_get_info (g_value_get_object (&values[1]));
    if (info != NULL && g_strcmp0 (info->name, MODEM_INTERFACE) == 0)
        decorate (user_data, object);
    return G_SOURCE_CONTINUE;
}

MfuDecorator *
mfu_decorator_new (MfuModels *models, const MfuSymbols *symbols)
{
    MfuDecorator *decorator = g_new0 (MfuDecorator, 1);

    decorator->models = models;
    decorator->symbols = symbols;
    g_type_default_interface_unref (g_type_default_interface_ref (G_TYPE_DBUS_OBJECT));
    decorator->signal_id = g_signal_lookup ("interface-added", G_TYPE_DBUS_OBJECT);
    decorator->hook_id =
        g_signal_add_emission_hook (decorator->signal_id, 0, interface_added, decorator, NULL);
    return decorator;
}

void
mfu_decorator_free (MfuDecorator *decorator)
{
    g_signal_remove_emission_hook (decorator->signal_id, decorator->hook_id);
    mfu_models_free (decorator->models);
    g_free (decorator);
}
