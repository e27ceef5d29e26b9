/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kernel's picture of the USB tree, read attribute by attribute. A device may leave between two reads:
 * what is missing then makes it "not there", never half a device. */

#include "tracker/sysfs.h"

#include "tracker/place.h"

#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_ATTRIBUTE      4096 /* one page is what sysfs gives */
#define DEVICE_SIZE        18
#define CONFIGURATION_TYPE 2
#define BNUMINTERFACES     (DEVICE_SIZE + 4)

#define MAX_ENTRIES     1024
#define MAX_PORT_LENGTH 64

gboolean
mfu_sysfs_is_port (const char *port)
{
    const char *p = port;
    gboolean wants_digit = TRUE;
    gboolean has_dash = FALSE;

    if (port == NULL || strlen (port) > MAX_PORT_LENGTH)
        return FALSE;
    for (; *p != '\0'; p++) {
        if (g_ascii_isdigit (*p)) {
            wants_digit = FALSE;
            continue;
        }
        if (wants_digit || !((*p == '-' && !has_dash) || (*p == '.' && has_dash)))
            return FALSE;
        has_dash = TRUE;
        wants_digit = TRUE;
    }
    return has_dash && !wants_digit;
}

char *
mfu_sysfs_read (const char *directory, const char *attribute)
{
    g_autofree char *path = g_build_filename (directory, attribute, NULL);
    char buffer[MAX_ATTRIBUTE + 1];
    g_autofree char *text = NULL;
    gssize n;
    int fd = open (path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    n = read (fd, buffer, MAX_ATTRIBUTE);
    close (fd);
    if (n <= 0)
        return NULL;
    buffer[n] = '\0';
    text = g_utf8_make_valid (g_strstrip (buffer), -1);
    for (char *p = text; *p != '\0'; p++) {
        if (g_ascii_iscntrl (*p))
            *p = '?';
    }
    return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

gboolean
mfu_sysfs_write (const char *directory, const char *attribute, const char *value, GError **error)
{
    g_autofree char *path = g_build_filename (directory, attribute, NULL);
    int fd = open (path, O_WRONLY | O_CLOEXEC);
    int saved_errno = errno;
    gssize n = -1;

    if (fd >= 0) {
        n = write (fd, value, strlen (value));
        saved_errno = errno;
        close (fd);
    }
    if (n != (gssize) strlen (value)) {
        mfu_error_set_errno (error, n < 0 ? saved_errno : EIO, "%s", path);
        return FALSE;
    }
    return TRUE;
}

char *
mfu_sysfs_device_dir (const char *root, const char *name)
{
    return g_build_filename (root, "bus", "usb", "devices", name, NULL);
}

char *
mfu_sysfs_hub_of (const char *port, guint *number)
{
    const char *dot = strrchr (port, '.');
    const char *dash = strchr (port, '-');

    g_return_val_if_fail (mfu_sysfs_is_port (port), NULL);
    *number = (guint) strtoul (dot != NULL ? dot + 1 : dash + 1, NULL, 10);
    if (dot != NULL)
        return g_strndup (port, (gsize) (dot - port));
    return g_strdup_printf ("usb%.*s", (int) (dash - port), port);
}

/* "usb2-port1" -> "2-1", "2-2-port3" -> "2-2.3" */
static char *
port_of_port_dir (const char *name)
{
    const char *mark = strstr (name, "-port");
    g_autofree char *port = NULL;

    if (mark == NULL)
        return NULL;
    if (g_str_has_prefix (name, "usb"))
        port = g_strdup_printf ("%.*s-%s", (int) (mark - name - 3), name + 3, mark + strlen ("-port"));
    else
        port = g_strdup_printf ("%.*s.%s", (int) (mark - name), name, mark + strlen ("-port"));
    return mfu_sysfs_is_port (port) ? g_steal_pointer (&port) : NULL;
}

/* Of an occupied port the device has a link to its port; of an empty one the hub's interface has it. */
static char *
peer_link_of (const char *root, const char *port)
{
    g_autofree char *device_dir = mfu_sysfs_device_dir (root, port);
    g_autofree char *device_link = g_build_filename (device_dir, "port", "peer", NULL);
    g_autofree char *hub_dir = NULL;
    g_autofree char *port_dir = NULL;
    g_autofree char *hub = NULL;
    g_autoptr (GDir) dir = NULL;
    const char *entry;
    guint number;

    if (g_file_test (device_link, G_FILE_TEST_IS_SYMLINK))
        return g_steal_pointer (&device_link);
    hub = mfu_sysfs_hub_of (port, &number);
    hub_dir = mfu_sysfs_device_dir (root, hub);
    port_dir = g_strdup_printf ("%s-port%u", hub, number);
    dir = g_dir_open (hub_dir, 0, NULL);
    for (guint i = 0; dir != NULL && i < MAX_ENTRIES && (entry = g_dir_read_name (dir)) != NULL; i++) {
        g_autofree char *link = NULL;

        if (strchr (entry, ':') == NULL)
            continue;
        link = g_build_filename (hub_dir, entry, port_dir, "peer", NULL);
        if (g_file_test (link, G_FILE_TEST_IS_SYMLINK))
            return g_steal_pointer (&link);
    }
    return NULL;
}

char *
mfu_sysfs_peer_of (const char *root, const char *port)
{
    g_autofree char *link = peer_link_of (root, port);
    g_autofree char *target = link != NULL ? g_file_read_link (link, NULL) : NULL;
    g_autofree char *name = target != NULL ? g_path_get_basename (target) : NULL;

    return name != NULL ? port_of_port_dir (name) : NULL;
}

static void
interface_free (gpointer data)
{
    MfuUsbInterface *interface = data;

    g_free (interface->driver);
    g_free (interface->tty);
    g_free (interface->wdm);
    g_free (interface);
}

/* FALSE when the attribute is missing or no number of `base` up to `max`. */
static gboolean
read_number (const char *directory, const char *attribute, guint base, guint64 max, guint64 *value)
{
    g_autofree char *text = mfu_sysfs_read (directory, attribute);

    return text != NULL && g_ascii_string_to_unsigned (text, base, 0, max, value, NULL);
}

/* The node that a driver made for an interface: usb-serial drivers put "ttyUSB2" into the interface's folder,
 * cdc-acm puts "tty/ttyACM2", qmi_wwan and cdc_mbim put "usbmisc/cdc-wdm0". */
static char *
find_node (const char *interface_dir, const char *place, const char *prefix)
{
    g_autofree char *path = g_build_filename (interface_dir, place, NULL);
    g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
    gsize length = strlen (prefix);
    const char *entry;

    for (guint n = 0; dir != NULL && n < MAX_ENTRIES && (entry = g_dir_read_name (dir)) != NULL; n++)
        if (g_str_has_prefix (entry, prefix) && g_ascii_isalnum (entry[length]) &&
            !g_ascii_islower (entry[length]))
            return g_strdup (entry);
    return NULL;
}

static MfuUsbInterface *
read_interface (const char *directory)
{
    g_autofree char *link = g_build_filename (directory, "driver", NULL);
    g_autofree char *target = NULL;
    MfuUsbInterface *interface;
    guint64 number, klass, subclass, protocol, endpoints;

    if (!read_number (directory, "bInterfaceNumber", 16, G_MAXUINT8, &number) ||
        !read_number (directory, "bInterfaceClass", 16, G_MAXUINT8, &klass) ||
        !read_number (directory, "bInterfaceSubClass", 16, G_MAXUINT8, &subclass) ||
        !read_number (directory, "bInterfaceProtocol", 16, G_MAXUINT8, &protocol))
        return NULL;
    interface = g_new0 (MfuUsbInterface, 1);
    interface->number = (guint) number;
    interface->klass = (guint8) klass;
    interface->subclass = (guint8) subclass;
    interface->protocol = (guint8) protocol;
    target = g_file_read_link (link, NULL);
    interface->driver = target != NULL ? g_path_get_basename (target) : NULL;
    if (read_number (directory, "bNumEndpoints", 16, G_MAXUINT8, &endpoints))
        interface->n_endpoints = (guint) endpoints;
    interface->tty = find_node (directory, "", "tty");
    if (interface->tty == NULL)
        interface->tty = find_node (directory, "tty", "tty");
    interface->wdm = find_node (directory, "usbmisc", "cdc-wdm");
    return interface;
}

static gint
compare_interfaces (gconstpointer a, gconstpointer b)
{
    const MfuUsbInterface *left = *(const MfuUsbInterface *const *) a;
    const MfuUsbInterface *right = *(const MfuUsbInterface *const *) b;

    return (gint) left->number - (gint) right->number;
}

static GPtrArray *
read_interfaces (const char *device_dir, const char *port)
{
    g_autoptr (GPtrArray) interfaces = g_ptr_array_new_with_free_func (interface_free);
    g_autofree char *prefix = g_strconcat (port, ":", NULL);
    g_autoptr (GDir) dir = g_dir_open (device_dir, 0, NULL);
    const char *entry;

    for (guint i = 0; dir != NULL && i < MAX_ENTRIES && (entry = g_dir_read_name (dir)) != NULL; i++) {
        g_autofree char *path = NULL;
        MfuUsbInterface *interface;

        if (!g_str_has_prefix (entry, prefix))
            continue;
        path = g_build_filename (device_dir, entry, NULL);
        interface = read_interface (path);
        if (interface != NULL)
            g_ptr_array_add (interfaces, interface);
    }
    g_ptr_array_sort (interfaces, compare_interfaces);
    return g_steal_pointer (&interfaces);
}

/* bNumInterfaces of the first configuration, which the kernel keeps also of a device that it has not
 * configured, as one in a held port. Source: USB 2.0 specification, 9.6.1 and 9.6.3. */
static guint
count_interfaces (const char *device_dir, guint n_configured)
{
    g_autofree char *path = g_build_filename (device_dir, "descriptors", NULL);
    g_autofree char *data = NULL;
    gsize size = 0;

    if (!g_file_get_contents (path, &data, &size, NULL) || size <= BNUMINTERFACES || data[0] != DEVICE_SIZE ||
        data[DEVICE_SIZE + 1] != CONFIGURATION_TYPE)
        return n_configured;
    return (guint8) data[BNUMINTERFACES];
}

static gboolean
has_id (const GArray *ids, const MfuUsbDevice *facts)
{
    for (guint i = 0; i < ids->len; i++) {
        const MfuUsbId *id = &g_array_index (ids, MfuUsbId, i);

        if (id->vid == facts->vid && id->pid == facts->pid)
            return TRUE;
    }
    return FALSE;
}

/* Quectel's SBL keeps the VID:PID of the module, and tells itself apart by bcdDevice 0.00, one interface and
 * Qualcomm's product string.
 * Source: forums.quectel.com/t/35001 (dmesg: 2c7c:0125, bcdDevice 0.00, "QHSUSB__BULK", one interface) */
static gboolean
is_sbl_download (const MfuUsbDevice *facts)
{
    gboolean has_name = facts->product != NULL && (strstr (facts->product, "QHSUSB") != NULL ||
                                                   strstr (facts->product, "QUSB__BULK") != NULL);

    return facts->n_interfaces <= 1 && (facts->bcd_device == 0 || has_name);
}

/* Where others have the same identity, the number of interfaces tells the mode, or a stranger.
 * Source: torvalds/linux, drivers/usb/serial/qcserial.c (05c6:9215: an EC20 with five, a Gobi 2000 with four)
 */
static MfuMode
classify_shared (const MfuUsbDevice *facts, const MfuFamily **family)
{
    const MfuFamily *candidate = *family;

    if (facts->n_interfaces == 0 || facts->n_interfaces == candidate->shared_interfaces)
        return MFU_MODE_NORMAL;
    *family = NULL;
    return facts->n_interfaces == 1 ? MFU_MODE_EDL : MFU_MODE_UNKNOWN;
}

static const MfuFamily *
family_by_serial (const MfuFamilies *families, const char *serial)
{
    for (guint i = 0; serial != NULL && i < mfu_families_n (families); i++) {
        const MfuFamily *family = mfu_families_get (families, i);

        if (g_strv_contains ((const char *const *) family->serials, serial))
            return family;
    }
    return NULL;
}

MfuMode
mfu_sysfs_classify (const MfuFamilies *families, const MfuUsbDevice *facts, const MfuFamily **family)
{
    *family = mfu_families_by_usb_id (families, facts->vid, facts->pid);
    if (*family != NULL && (*family)->shared_interfaces > 0)
        return classify_shared (facts, family);
    if (*family != NULL)
        return is_sbl_download (facts) ? MFU_MODE_SBL_DOWNLOAD : MFU_MODE_NORMAL;
    /* The other identities are shared by families and with strangers: `family` stays NULL, unless the serial
     * number is none but a family's name. */
    for (guint i = 0; i < mfu_families_n (families); i++) {
        const MfuFamily *candidate = mfu_families_get (families, i);

        if (has_id (candidate->edl_ids, facts))
            return MFU_MODE_EDL;
        if (has_id (candidate->fastboot_ids, facts)) {
            *family = family_by_serial (families, facts->serial);
            return MFU_MODE_FASTBOOT;
        }
    }
    return MFU_MODE_UNKNOWN;
}

MfuUsbDevice *
mfu_sysfs_read_device (const char *root, const char *port, const MfuFamilies *families)
{
    g_autofree char *link = mfu_sysfs_device_dir (root, port);
    g_autofree char *dir = realpath (link, NULL);
    g_autoptr (MfuUsbDevice) device = NULL;
    guint64 vid, pid, bcd, bus, devnum;

    if (dir == NULL || !read_number (dir, "idVendor", 16, G_MAXUINT16, &vid) ||
        !read_number (dir, "idProduct", 16, G_MAXUINT16, &pid) ||
        !read_number (dir, "bcdDevice", 16, G_MAXUINT16, &bcd) ||
        !read_number (dir, "busnum", 10, 999, &bus) || !read_number (dir, "devnum", 10, 999, &devnum))
        return NULL;
    device = g_new0 (MfuUsbDevice, 1);
    g_atomic_ref_count_init (&device->ref_count);
    device->sysfs = g_steal_pointer (&dir);
    device->port = g_strdup (port);
    device->peer_port = mfu_sysfs_peer_of (root, port);
    device->place = mfu_place_of (root, device->sysfs, device->peer_port);
    if (device->place == NULL)
        return NULL;
    device->vid = (guint16) vid;
    device->pid = (guint16) pid;
    device->bcd_device = (guint16) bcd;
    device->devnum = (guint) devnum;
    device->devnode = g_strdup_printf ("/dev/bus/usb/%03u/%03u", (guint) bus, (guint) devnum);
    device->manufacturer = mfu_sysfs_read (device->sysfs, "manufacturer");
    device->product = mfu_sysfs_read (device->sysfs, "product");
    device->serial = mfu_sysfs_read (device->sysfs, "serial");
    device->interfaces = read_interfaces (device->sysfs, port);
    device->n_interfaces = count_interfaces (device->sysfs, device->interfaces->len);
    device->mode = mfu_sysfs_classify (families, device, &device->family);
    return g_steal_pointer (&device);
}
