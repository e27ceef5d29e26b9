/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of modems that can be simulated.
 *
 * Source: EC25: interfaces and classes: public descriptor dumps of a 2c7c:0125 (Teltonika community thread
 * 630); AT endpoints OUT 03, IN 84: QDC507 report; EDL and fastboot identities: QFirehose usb_linux.c and
 * quectel_lk (both public); hardware id and key hash: defencore/tech_documentation 002-quectel-ec25. The
 * strings of the normal mode are made up after other Quectel modules. */

#include "sim/family.h"

#define BULK      2
#define INTERRUPT 3
#define BULK_MAX  512

#define SERIAL_INTERFACE(number, interrupt, in, out)                                                         \
    {                                                                                                        \
        number, 0xff, 0, 0,                                                                                  \
            { { interrupt, INTERRUPT, 10 }, { in, BULK, BULK_MAX }, { out, BULK, BULK_MAX } }, 3             \
    }

static const SimInterface ec25_normal[] = {
    { 0, 0xff, 0xff, 0xff, { { 0x81, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } }, 2 },
    SERIAL_INTERFACE (1, 0x83, 0x82, 0x02),
    SERIAL_INTERFACE (2, 0x85, 0x84, 0x03),
    SERIAL_INTERFACE (3, 0x87, 0x86, 0x04),
    { 4,
      0xff,
      0xff,
      0xff,
      { { 0x89, INTERRUPT, 8 }, { 0x88, BULK, BULK_MAX }, { 0x05, BULK, BULK_MAX } },
      3 },
};

static const SimInterface edl_bulk[] = {
    { 0, 0xff, 0xff, 0xff, { { 0x81, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } }, 2 },
};

static const SimInterface fastboot_bulk[] = {
    { 0, 0xff, 0x42, 0x03, { { 0x81, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } }, 2 },
};

static const SimFamily families[] = {
    {
        .name = "ec25",
        .model = "EC25",
        .version = "EC25EFAR06A05M4G",
        .chip = "9x07",
        .normal = { 0x2c7c, 0x0125, 0x0318, "Quectel, Incorporated", "LTE Module", NULL, ec25_normal,
                    G_N_ELEMENTS (ec25_normal) },
        .edl = { 0x05c6, 0x9008, 0x0000, "Qualcomm CDMA Technologies MSM", "QHSUSB__BULK", NULL, edl_bulk,
                 G_N_ELEMENTS (edl_bulk) },
        .fastboot = { 0x18d1, 0xd00d, 0x0100, "Google", "Android", NULL, fastboot_bulk,
                      G_N_ELEMENTS (fastboot_bulk) },
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x80, 0x04, 0x00 },
        .pk_hash = { 0xcc, 0x31, 0x53, 0xa8, 0x02, 0x93, 0x93, 0x9b, 0x90, 0xd0, 0x2d,
                     0x3b, 0xf8, 0xb2, 0x3e, 0x02, 0x92, 0xe4, 0x52, 0xfe, 0xf6, 0x62,
                     0xc7, 0x49, 0x98, 0x42, 0x1a, 0xda, 0xd4, 0x2a, 0x38, 0x0f },
    },
};

const SimFamily *
sim_family_find (const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS (families); i++) {
        if (g_str_equal (families[i].name, name))
            return &families[i];
    }
    return NULL;
}

gboolean
sim_family_get_at_port (guint n, guint8 *in, guint8 *out)
{
    static const guint8 ports[][2] = { { 2, 2 }, { 4, 3 }, { 6, 4 } }; /* NMEA, AT, modem */

    if (n >= G_N_ELEMENTS (ports))
        return FALSE;
    *in = ports[n][0];
    *out = ports[n][1];
    return TRUE;
}
