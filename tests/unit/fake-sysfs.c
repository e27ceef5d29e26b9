/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The tree is made of plain files, folders and links, laid out as the kernel does. */

#include "fake-sysfs.h"

#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define N_PORTS 2

typedef struct {
    FakeAction action;
    gconstpointer data;
    MfuUevent event;
} Scripted;

typedef struct {
    MfuUevents parent;
    FakeSysfs *sysfs;
    gboolean has_read; /* one event a time, then a pause */
} FakeUevents;

struct _FakeSysfs {
    MfuUeventSource source;
    char *top, *sys, *dev;
    GQueue script;
    FakeUevents *listener; /* the last one that listens */
};

static void
write_file (const char *directory, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename (directory, name, NULL);
    g_autofree char *parent = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
    g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
make_link (const char *target, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename (directory, name, NULL);
    g_autofree char *parent = g_path_get_dirname (path);

    g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
    (void) g_unlink (path);
    g_assert_cmpint (symlink (target, path), ==, 0);
}

/* "1-1.2" -> ".../devices/pci/usb1/1-1/1-1.2" */
static char *
directory_of (FakeSysfs *sysfs, const char *port)
{
    g_autoptr (GString) path = g_string_new (sysfs->sys);

    g_string_append_printf (path, "/devices/pci/usb%c", port[0]);
    for (const char *p = port; *p != '\0'; p++) {
        if (p[1] == '.' || p[1] == '\0')
            g_string_append_printf (path, "/%.*s", (int) (p + 1 - port), port);
        else if (*p == '.' || *p == '-')
            continue;
    }
    return g_string_free (g_steal_pointer (&path), FALSE);
}

static void
add_to_bus (FakeSysfs *sysfs, const char *path)
{
    g_autofree char *name = g_path_get_basename (path);
    g_autofree char *bus = g_build_filename (sysfs->sys, "bus", "usb", "devices", NULL);

    make_link (path, bus, name);
}

static void
add_root_hub (FakeSysfs *sysfs, guint bus)
{
    g_autofree char *hub = g_strdup_printf ("%s/devices/pci/usb%u", sysfs->sys, bus);
    g_autofree char *interface = g_strdup_printf ("%s/%u-0:1.0", hub, bus);
    g_autofree char *number = g_strdup_printf ("%u\n", bus);

    write_file (hub, "busnum", number);
    write_file (hub, "speed", bus == 1 ? "480\n" : "5000\n");
    write_file (hub, "devnum", "1\n");
    write_file (hub, "idVendor", "1d6b\n");
    write_file (hub, "power/control", "auto\n");
    for (guint port = 1; port <= N_PORTS; port++) {
        g_autofree char *name = g_strdup_printf ("usb%u-port%u", bus, port);
        g_autofree char *directory = g_build_filename (interface, name, NULL);
        g_autofree char *peer =
            g_strdup_printf ("../../../usb%u/%u-0:1.0/usb%u-port%u", 3 - bus, 3 - bus, 3 - bus, port);

        make_link (peer, directory, "peer");
    }
    add_to_bus (sysfs, hub);
    add_to_bus (sysfs, interface);
}

static gboolean
fake_receive (MfuUevents *events, MfuUevent *event)
{
    FakeUevents *self = (FakeUevents *) events;
    Scripted *scripted;
    guint64 ignored;

    self->has_read = !self->has_read;
    if (!self->has_read)
        return FALSE;
    scripted = g_queue_pop_head (&self->sysfs->script);
    if (scripted == NULL)
        return FALSE;
    if (self->sysfs->script.length == 0)
        g_assert_cmpint (read (events->fd, &ignored, sizeof ignored), ==, sizeof ignored);
    if (scripted->action != NULL)
        scripted->action (self->sysfs, scripted->data);
    *event = scripted->event;
    g_free (scripted);
    return TRUE;
}

static void
fake_free (MfuUevents *events)
{
    FakeUevents *self = (FakeUevents *) events;

    if (self->sysfs->listener == self)
        self->sysfs->listener = NULL;
    close (events->fd);
    g_free (self);
}

static void
wake (FakeUevents *self)
{
    guint64 one = 1;

    g_assert_cmpint (write (self->parent.fd, &one, sizeof one), ==, sizeof one);
}

static MfuUevents *
fake_listen (MfuUeventSource *source, GError **error)
{
    FakeUevents *self = g_new0 (FakeUevents, 1);

    self->sysfs = (FakeSysfs *) source;
    self->parent.fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->parent.receive = fake_receive;
    self->parent.free = fake_free;
    self->sysfs->listener = self;
    if (self->sysfs->script.length > 0)
        wake (self);
    return &self->parent;
}

FakeSysfs *
fake_sysfs_new (void)
{
    FakeSysfs *sysfs = g_new0 (FakeSysfs, 1);

    sysfs->source.listen = fake_listen;
    sysfs->top = g_dir_make_tmp ("mfu-sysfs-XXXXXX", NULL);
    g_assert_nonnull (sysfs->top);
    sysfs->sys = g_build_filename (sysfs->top, "sys", NULL);
    sysfs->dev = g_build_filename (sysfs->top, "dev", NULL);
    g_queue_init (&sysfs->script);
    add_root_hub (sysfs, 1);
    add_root_hub (sysfs, 2);
    return sysfs;
}

static int
remove_entry (const char *path, const struct stat *info, int type, struct FTW *walk)
{
    return remove (path);
}

static void
remove_tree (const char *path)
{
    g_assert_cmpint (nftw (path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), ==, 0);
}

void
fake_sysfs_free (FakeSysfs *sysfs)
{
    remove_tree (sysfs->top);
    g_queue_clear_full (&sysfs->script, g_free);
    g_free (sysfs->top);
    g_free (sysfs->sys);
    g_free (sysfs->dev);
    g_free (sysfs);
}

MfuPorts *
fake_sysfs_ports (FakeSysfs *sysfs, const MfuFamilies *families)
{
    return mfu_ports_new_with (sysfs->sys, sysfs->dev, &sysfs->source, families);
}

const char *
fake_sysfs_root (FakeSysfs *sysfs)
{
    return sysfs->sys;
}

static void
write_hex (const char *directory, const char *name, guint value)
{
    g_autofree char *text = g_strdup_printf ("%04x\n", value);

    write_file (directory, name, text);
}

static char *
node_of (const char *port, guint devnum)
{
    return g_strdup_printf ("bus/usb/00%c/%03u", port[0], devnum);
}

void
fake_sysfs_plug (FakeSysfs *sysfs, const FakeDevice *device)
{
    g_autofree char *directory = directory_of (sysfs, device->port);
    g_autofree char *bus = g_strdup_printf ("%c\n", device->port[0]);
    g_autofree char *devnum = g_strdup_printf ("%u\n", device->devnum);
    g_autofree char *node = node_of (device->port, device->devnum);
    guint number;
    g_autofree char *hub = NULL;
    g_autofree char *port_link = NULL;

    write_hex (directory, "idVendor", device->vid);
    write_hex (directory, "idProduct", device->pid);
    write_hex (directory, "bcdDevice", device->bcd);
    write_file (directory, "busnum", bus);
    write_file (directory, "devnum", devnum);
    write_file (directory, "bNumInterfaces", "\n");
    write_file (directory, "authorized", "1\n");
    write_file (directory, "power/control", "auto\n");
    if (device->product != NULL)
        write_file (directory, "product", device->product);
    if (strchr (device->port, '.') == NULL) {
        number = (guint) (device->port[2] - '0');
        hub = g_strdup_printf ("%c-0:1.0/usb%c-port%u", device->port[0], device->port[0], number);
        port_link = g_strconcat ("../", hub, NULL);
        make_link (port_link, directory, "port");
    }
    fake_sysfs_make_node (sysfs, node);
    add_to_bus (sysfs, directory);
}

void
fake_sysfs_configure (FakeSysfs *sysfs, const char *port, guint n)
{
    g_autofree char *directory = directory_of (sysfs, port);
    g_autofree char *text = g_strdup_printf ("%2u\n", n);

    write_file (directory, "bNumInterfaces", text);
}

void
fake_sysfs_add_interface (FakeSysfs *sysfs, const char *port, guint number)
{
    g_autofree char *directory = directory_of (sysfs, port);
    g_autofree char *interface = g_strdup_printf ("%s/%s:1.%u", directory, port, number);
    g_autofree char *text = g_strdup_printf ("%02x\n", number);

    write_file (interface, "bInterfaceNumber", text);
    write_file (interface, "bInterfaceClass", "ff\n");
    write_file (interface, "bInterfaceSubClass", "ff\n");
    write_file (interface, "bInterfaceProtocol", "ff\n");
    add_to_bus (sysfs, interface);
}

void
fake_sysfs_bind (FakeSysfs *sysfs, const char *port, guint number, const char *driver, const char *tty)
{
    g_autofree char *directory = directory_of (sysfs, port);
    g_autofree char *interface = g_strdup_printf ("%s/%s:1.%u", directory, port, number);
    g_autofree char *target = g_strconcat ("../../../../../../bus/usb/drivers/", driver, NULL);

    make_link (target, interface, "driver");
    if (tty != NULL) {
        g_autofree char *inner = g_build_filename (interface, tty, "tty", tty, NULL);

        g_assert_cmpint (g_mkdir_with_parents (inner, 0700), ==, 0);
        fake_sysfs_make_node (sysfs, tty);
    }
}

void
fake_sysfs_unplug (FakeSysfs *sysfs, const char *port)
{
    g_autofree char *directory = directory_of (sysfs, port);
    g_autofree char *bus_path = g_build_filename (sysfs->sys, "bus", "usb", "devices", NULL);
    g_autofree char *devnum = fake_sysfs_read (sysfs, port, "devnum");
    g_autofree char *node = node_of (port, (guint) g_ascii_strtoull (devnum, NULL, 10));
    g_autoptr (GDir) dir = g_dir_open (bus_path, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name (dir)) != NULL) {
        g_autofree char *path = g_build_filename (bus_path, name, NULL);

        if (g_str_has_prefix (name, port) && strchr (".:", name[strlen (port)]) != NULL)
            g_assert_cmpint (g_unlink (path), ==, 0);
    }
    fake_sysfs_remove_node (sysfs, node);
    remove_tree (directory);
}

char *
fake_sysfs_read (FakeSysfs *sysfs, const char *port, const char *attribute)
{
    g_autofree char *bus = g_build_filename (sysfs->sys, "bus", "usb", "devices", port, attribute, NULL);
    char *text = NULL;

    g_assert_true (g_file_get_contents (bus, &text, NULL, NULL));
    return text;
}

void
fake_sysfs_write (FakeSysfs *sysfs, const char *port, const char *attribute, const char *value)
{
    g_autofree char *directory = directory_of (sysfs, port);

    write_file (directory, attribute, value);
}

void
fake_sysfs_remove_node (FakeSysfs *sysfs, const char *name)
{
    g_autofree char *path = g_build_filename (sysfs->dev, name, NULL);

    g_assert_cmpint (g_unlink (path), ==, 0);
}

void
fake_sysfs_make_node (FakeSysfs *sysfs, const char *name)
{
    write_file (sysfs->dev, name, "");
}

void
fake_sysfs_script (FakeSysfs *sysfs, FakeAction action, gconstpointer data, const MfuUevent *event)
{
    Scripted *scripted = g_new0 (Scripted, 1);

    scripted->action = action;
    scripted->data = data;
    if (event != NULL)
        scripted->event = *event;
    g_queue_push_tail (&sysfs->script, scripted);
    if (sysfs->script.length == 1 && sysfs->listener != NULL)
        wake (sysfs->listener);
}

guint
fake_sysfs_n_scripted (FakeSysfs *sysfs)
{
    return sysfs->script.length;
}
