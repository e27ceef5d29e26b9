/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Names of sockets that outlive a reboot. */

#include "tracker/place.h"

#include <string.h>

#define SYS "/nowhere/sys"
#define PCI SYS "/devices/pci0000:00/0000:00:1c.0/0000:02:00.0"

/* Bus numbers come and go, the place stays; and two controllers have two. */
static void
test_places (void)
{
    static const struct {
        const char *sysfs, *place;
    } cases[] = {
        { PCI "/usb1/1-2", "pci0000:00+0000:00:1c.0+0000:02:00.0+port2" },
        { PCI "/usb7/7-2", "pci0000:00+0000:00:1c.0+0000:02:00.0+port2" },
        { PCI "/usb12/12-2/12-2.1/12-2.1.3", "pci0000:00+0000:00:1c.0+0000:02:00.0+port2.1.3" },
        { SYS "/devices/pci0000:00/0000:00:14.0/usb1/1-2", "pci0000:00+0000:00:14.0+port2" },
        { SYS "/devices/platform/vhci_hcd.0/usb1/1-1", "platform+vhci_hcd.0+port1" },
        { SYS "/devices/platform/vhci_hcd.1/usb1/1-1", "platform+vhci_hcd.1+port1" },
        { SYS "/devices/platform/soc/8af8800.usb/8a00000.dwc3/xhci-hcd.0.auto/usb1/1-1",
          "platform+soc+8af8800.usb+8a00000.dwc3+xhci-hcd.auto+port1" },
        { SYS "/devices/platform/soc/8af8800.usb/8a00000.dwc3/xhci-hcd.13.auto/usb3/3-1",
          "platform+soc+8af8800.usb+8a00000.dwc3+xhci-hcd.auto+port1" },
        { SYS "/devices/platform/xhci-hcd.1.auto/usb3/3-1", "platform+xhci-hcd.1.auto+port1" },
        { SYS "/devices/a+b/c d%/usb1/1-1", "a%2Bb+c%20d%25+port1" },
        { PCI "/usb1", NULL },
        { PCI "/1-2", NULL },
        { SYS "/devices/usb1/1-2", NULL },
        { PCI "/usb1/1-2/1-2:1.0", NULL },
        { PCI "/usb1/", NULL },
        { "/elsewhere/devices/pci/usb1/1-2", NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *place = mfu_place_of (SYS, cases[i].sysfs, NULL);

        g_assert_cmpstr (place, ==, cases[i].place);
        g_assert_true (place == NULL || mfu_place_is_name (place));
    }
}

/* However deep a controller sits, it makes a file's name, and one of its own. */
static void
test_long_places (void)
{
    g_autoptr (GString) left = g_string_new (SYS "/devices/pci0000:00");
    g_autoptr (GString) right = g_string_new (SYS "/devices/pci0001:00");
    g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < 40; i++) {
        GString *const paths[] = { left, right };

        for (gsize k = 0; k < G_N_ELEMENTS (paths); k++) {
            g_autofree char *sysfs = NULL;
            char *place;

            g_string_append (paths[k], "/0000:0a:1c.0");
            sysfs = g_strconcat (paths[k]->str, "/usb1/1-2.3", NULL);
            place = mfu_place_of (SYS, sysfs, NULL);
            g_assert_cmpuint (strlen (place), <=, 200);
            g_assert_true (mfu_place_is_name (place));
            g_assert_true (g_str_has_suffix (place, "+port2.3"));
            g_assert_true (g_hash_table_add (seen, place));
        }
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/place/names", test_places);
    g_test_add_func ("/place/long-names", test_long_places);
    return g_test_run ();
}
