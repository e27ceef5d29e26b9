/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The module as a file: loaded the way ModemManager loads it, by a program that exports what ModemManager
 * exports. */

#include <gmodule.h>

#include "plugin/symbols.h"

/* ModemManager's plugin type, with a size that the module cannot know. */
typedef struct {
    GObject parent;
    char *name;
    char **subsystems;
    char **tags;
    guint8 private[100];
} FakePlugin;

typedef struct {
    GObjectClass parent;
    gpointer create_modem, grab_port, more[7];
} FakePluginClass;

GType fake_plugin_get_type (void);
G_DEFINE_TYPE (FakePlugin, fake_plugin, G_TYPE_OBJECT)

enum { PROP_NAME = 1, PROP_SUBSYSTEMS, PROP_TAGS };

GType mm_plugin_get_type (void);

GType
mm_plugin_get_type (void)
{
    return fake_plugin_get_type ();
}

static void
fake_plugin_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    FakePlugin *self = (FakePlugin *) object;

    if (id == PROP_NAME)
        self->name = g_value_dup_string (value);
    else if (id == PROP_SUBSYSTEMS)
        self->subsystems = g_value_dup_boxed (value);
    else if (id == PROP_TAGS)
        self->tags = g_value_dup_boxed (value);
}

static void
fake_plugin_finalize (GObject *object)
{
    FakePlugin *self = (FakePlugin *) object;

    g_free (self->name);
    g_strfreev (self->subsystems);
    g_strfreev (self->tags);
    G_OBJECT_CLASS (fake_plugin_parent_class)->finalize (object);
}

static void
fake_plugin_init (FakePlugin *self)
{
    memset (self->private, 0x5a, sizeof self->private);
}

static void
fake_plugin_class_init (FakePluginClass *klass)
{
    const GParamFlags flags = G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY;
    GObjectClass *object_class = G_OBJECT_CLASS (klass);

    object_class->set_property = fake_plugin_set_property;
    object_class->finalize = fake_plugin_finalize;
    g_object_class_install_property (object_class, PROP_NAME,
                                     g_param_spec_string ("name", "", "", NULL, flags));
    g_object_class_install_property (object_class, PROP_SUBSYSTEMS,
                                     g_param_spec_boxed ("allowed-subsystems", "", "", G_TYPE_STRV, flags));
    g_object_class_install_property (object_class, PROP_TAGS,
                                     g_param_spec_boxed ("allowed-udev-tags", "", "", G_TYPE_STRV, flags));
}

/* As ModemManager's: for the empty domain, and asserting that no level is new to it. */
static void
collect_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
    g_assert_true (level == G_LOG_LEVEL_WARNING || level == G_LOG_LEVEL_MESSAGE ||
                   level == G_LOG_LEVEL_DEBUG);
    g_string_append_printf (user_data, "%s\n", message);
}

static void
test_load (void)
{
    GModule *module;
    int *major_version, *minor_version;
    gpointer (*create) (void);
    FakePlugin *plugin;
    g_autoptr (GString) log = g_string_new (NULL);
    guint handler;

    g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
    handler = g_log_set_handler (NULL, G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION,
                                 collect_log, log);
    module = g_module_open (g_getenv ("MFU_TEST_MODULE"), 0);
    g_assert_nonnull (module);
    g_assert_true (g_module_symbol (module, "mm_plugin_major_version", (gpointer *) &major_version));
    g_assert_true (g_module_symbol (module, "mm_plugin_minor_version", (gpointer *) &minor_version));
    g_assert_true (g_module_symbol (module, "mm_plugin_create", (gpointer *) &create));
    /* No neighbour next to the module, and nothing of 1.22 in this program. */
    g_assert_cmpint (*major_version, ==, 4);
    g_assert_cmpint (*minor_version, ==, 0);

    plugin = create ();
    g_assert_nonnull (plugin);
    g_assert_true (g_type_is_a (G_OBJECT_TYPE (plugin), fake_plugin_get_type ()));
    g_assert_cmpstr (plugin->name, ==, "quectel-firmware");
    g_assert_cmpstr (plugin->subsystems[0], ==, "tty");
    g_assert_cmpuint (g_strv_length (plugin->tags), ==, 1);
    g_assert_cmpint (plugin->private[sizeof plugin->private - 1], ==, 0x5a);
    g_object_unref (plugin);

    /* The two functions are not here: one line says so, and what follows from it. */
    g_assert_nonnull (
        strstr (log->str, "no mm_base_modem_at_command: the exact firmware version is left to"));
    g_assert_null (strstr (log->str, "no mm_plugin_get_type"));
    g_assert_nonnull (strstr (log->str, "[quectel-firmware] version "));
    g_log_remove_handler (NULL, handler);

    /* Resident: closing it does not unload the hook's code. */
    g_assert_true (g_module_close (module));
    g_assert_cmpint (*major_version, ==, 4);
}

static void
test_version_of_neighbour (void)
{
    g_assert_cmpint (mfu_symbols_plugin_major_version (g_getenv ("MFU_TEST_NEIGHBOUR")), ==, 17);
    g_assert_cmpint (mfu_symbols_plugin_major_version ("/nonexistent"), ==, 4);
    g_assert_cmpint (mfu_symbols_plugin_major_version (NULL), ==, 4);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/plugin/module/load", test_load);
    g_test_add_func ("/plugin/module/version-of-neighbour", test_version_of_neighbour);
    return g_test_run ();
}
