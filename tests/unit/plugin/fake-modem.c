/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The plugin finds mm_base_modem_at_command () by name in the running program: the test must export it. */

#include "fake-modem.h"

typedef enum {
    PROP_PLUGIN = 1,
    PROP_VENDOR,
    PROP_PRODUCT,
    PROP_DEVICE,
} Property;

struct _FakeModem {
    MmGdbusObjectSkeleton parent;
    char *plugin, *device;
    guint vid, pid;
    GHashTable *replies; /* command -> reply or NULL */
    GPtrArray *commands;
    GPtrArray *pending; /* GTask */
};

typedef struct {
    MmGdbusObjectSkeletonClass parent;
} FakeModemClass;

/* The name is what the plugin looks for. */
typedef FakeModem MMBaseModem;
typedef FakeModemClass MMBaseModemClass;
G_DEFINE_TYPE (MMBaseModem, fake_modem, MM_GDBUS_TYPE_OBJECT_SKELETON)

static void
answer (GTask *task, const char *reply)
{
    if (reply == NULL)
        g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_FAILED, "ERROR");
    else
        g_task_return_pointer (task, (gpointer) reply, NULL);
}

void
mm_base_modem_at_command (GObject *modem, const char *command, guint timeout_s, gboolean allow_cached,
                          GAsyncReadyCallback callback, gpointer user_data)
{
    FakeModem *self = G_TYPE_CHECK_INSTANCE_CAST (modem, FAKE_TYPE_MODEM, FakeModem);
    g_autoptr (GTask) task = g_task_new (modem, NULL, callback, user_data);
    gpointer reply;

    g_assert_cmpuint (timeout_s, >, 0);
    g_assert_cmpuint (timeout_s, <=, 10);
    g_ptr_array_add (self->commands, g_strdup (command));
    if (g_hash_table_lookup_extended (self->replies, command, NULL, &reply))
        answer (task, reply);
    else
        g_ptr_array_add (self->pending, g_steal_pointer (&task));
}

const char *
mm_base_modem_at_command_finish (GObject *modem, GAsyncResult *result, GError **error)
{
    g_assert_true (g_task_is_valid (result, modem));
    return g_task_propagate_pointer (G_TASK (result), error);
}

void
fake_modem_set_reply (FakeModem *modem, const char *command, const char *reply)
{
    g_hash_table_replace (modem->replies, g_strdup (command), g_strdup (reply));
}

void
fake_modem_fail_pending (FakeModem *modem)
{
    g_autoptr (GPtrArray) pending = modem->pending;

    modem->pending = g_ptr_array_new_with_free_func (g_object_unref);
    for (guint i = 0; i < pending->len; i++)
        answer (pending->pdata[i], NULL);
}

char *
fake_modem_get_commands (FakeModem *modem)
{
    g_autoptr (GString) text = g_string_new (NULL);

    for (guint i = 0; i < modem->commands->len; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? " " : "", (const char *) modem->commands->pdata[i]);
    return g_string_free (g_steal_pointer (&text), FALSE);
}

void
fake_modem_finish_initialization (FakeModem *modem)
{
    MmGdbusModem *interface = mm_gdbus_modem_skeleton_new ();

    mm_gdbus_modem_set_device (interface, modem->device);
    mm_gdbus_object_skeleton_set_modem (MM_GDBUS_OBJECT_SKELETON (modem), interface);
    g_object_unref (interface);
}

FakeModem *
fake_modem_new (const char *plugin, guint vid, guint pid, const char *device)
{
    return g_object_new (FAKE_TYPE_MODEM, "base-modem-plugin", plugin, "base-modem-vendor-id", vid,
                         "base-modem-product-id", pid, "base-modem-device", device, NULL);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    FakeModem *self = (FakeModem *) object;

    if (id == PROP_PLUGIN)
        g_value_set_string (value, self->plugin);
    else if (id == PROP_VENDOR)
        g_value_set_uint (value, self->vid);
    else if (id == PROP_PRODUCT)
        g_value_set_uint (value, self->pid);
    else if (id == PROP_DEVICE)
        g_value_set_string (value, self->device);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    FakeModem *self = (FakeModem *) object;

    if (id == PROP_PLUGIN)
        self->plugin = g_value_dup_string (value);
    else if (id == PROP_VENDOR)
        self->vid = g_value_get_uint (value);
    else if (id == PROP_PRODUCT)
        self->pid = g_value_get_uint (value);
    else if (id == PROP_DEVICE)
        self->device = g_value_dup_string (value);
}

static void
finalize (GObject *object)
{
    FakeModem *self = (FakeModem *) object;

    g_free (self->plugin);
    g_free (self->device);
    g_hash_table_unref (self->replies);
    g_ptr_array_unref (self->commands);
    g_ptr_array_unref (self->pending);
    G_OBJECT_CLASS (fake_modem_parent_class)->finalize (object);
}

static void
fake_modem_init (FakeModem *self)
{
    self->replies = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    self->commands = g_ptr_array_new_with_free_func (g_free);
    self->pending = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
fake_modem_class_init (FakeModemClass *klass)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;
    GObjectClass *object_class = G_OBJECT_CLASS (klass);

    object_class->get_property = get_property;
    object_class->set_property = set_property;
    object_class->finalize = finalize;
    g_object_class_install_property (object_class, PROP_PLUGIN,
                                     g_param_spec_string ("base-modem-plugin", "", "", NULL, flags));
    g_object_class_install_property (
        object_class, PROP_VENDOR,
        g_param_spec_uint ("base-modem-vendor-id", "", "", 0, G_MAXUINT16, 0, flags));
    g_object_class_install_property (
        object_class, PROP_PRODUCT,
        g_param_spec_uint ("base-modem-product-id", "", "", 0, G_MAXUINT16, 0, flags));
    g_object_class_install_property (object_class, PROP_DEVICE,
                                     g_param_spec_string ("base-modem-device", "", "", NULL, flags));
}
