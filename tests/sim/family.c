/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of modems that can be simulated. The functions of the normal mode are in composition.c.
 *
 * Source: EC25, EG25: interfaces and classes: public descriptor dumps of a 2c7c:0125 (Teltonika community
 * thread 630); AT endpoints OUT 03, IN 84: QDC507 report; EDL and fastboot identities: QFirehose usb_linux.c
 * and quectel_lk (both public); hardware id and key hash: defencore/tech_documentation 002-quectel-ec25.
 * EP06: 2c7c:0306 with interfaces 0 to 4: ModemManager 77-mm-quectel-port-types.rules; EDL strings: the lsusb
 * in linuxquestions.org 4175704503; its endpoints are taken to be the EC25's. EM06: 2c7c:0307, MBIM alone:
 * forums.quectel.com topic 12633; it is taken to be an EP06 otherwise. The strings of the normal mode
 * are made up after other Quectel modules. Quectel's download mode: dmesg in forums.quectel.com topic 35001.
 * EC20: 05c6:9215 with five interfaces: Linux, qcserial.c handle_quectel_ec20 (); its endpoints and strings
 * are made up. In DLOAD it is taken to be 05c6:9008 as other chips of its maker are: no dump was found.
 * Fastboot's serial: Teltonika's updater looks for "MDM9615".
 *
 * Strangers: 05c6:9215 as a Gobi 2000 with four interfaces: Linux, qcserial.c; numbers of the MDM9x35 (in
 * Sierra's MC7455) and of the IPQ4019: bkerler/edl, qualcomm_config.py. A Telit LE910C1 has the EC25's own
 * chip. Their makers' keys and all names are made up. */

#include "sim/family.h"

#define BULK      2
#define INTERRUPT 3
#define BULK_MAX  512

static const SimInterface edl_bulk[] = {
    { 0, 0xff, 0xff, 0xff, { { 0x81, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } }, 2 },
};

static const SimInterface fastboot_bulk[] = {
    { 0, 0xff, 0x42, 0x03, { { 0x81, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } }, 2 },
};

/* QMI, DM, modem, NMEA. */
static const SimInterface gobi_functions[] = {
    { 0,
      0xff,
      0xff,
      0xff,
      { { 0x81, INTERRUPT, 8 }, { 0x82, BULK, BULK_MAX }, { 0x01, BULK, BULK_MAX } },
      3 },
    { 1, 0xff, 0xff, 0xff, { { 0x83, BULK, BULK_MAX }, { 0x02, BULK, BULK_MAX } }, 2 },
    { 2, 0xff, 0xff, 0xff, { { 0x84, BULK, BULK_MAX }, { 0x03, BULK, BULK_MAX } }, 2 },
    { 3, 0xff, 0xff, 0xff, { { 0x85, BULK, BULK_MAX }, { 0x04, BULK, BULK_MAX } }, 2 },
};

#define NORMAL(pid, bcd_device, product)                                                                     \
    {                                                                                                        \
        0x2c7c, pid, bcd_device, "Quectel, Incorporated", product, NULL, NULL, 0, FALSE                      \
    }

#define EDL(product)                                                                                         \
    {                                                                                                        \
        0x05c6, 0x9008, 0x0000, "Qualcomm CDMA Technologies MSM", product, NULL, edl_bulk,                   \
            G_N_ELEMENTS (edl_bulk), FALSE                                                                   \
    }

/* Quectel's SBL, which keeps the modem's own identity. */
#define SBL(pid)                                                                                             \
    {                                                                                                        \
        0x2c7c, pid, 0x0000, "Qualcomm CDMA Technologies MSM", "QHSUSB__BULK", NULL, edl_bulk,               \
            G_N_ELEMENTS (edl_bulk), FALSE                                                                   \
    }

#define FASTBOOT                                                                                             \
    {                                                                                                        \
        0x18d1, 0xd00d, 0x0100, "Google", "Android", NULL, fastboot_bulk, G_N_ELEMENTS (fastboot_bulk),      \
            FALSE                                                                                            \
    }

/* Qualcomm's public test key. */
#define TEST_KEY                                                                                             \
    {                                                                                                        \
        0xcc, 0x31, 0x53, 0xa8, 0x02, 0x93, 0x93, 0x9b, 0x90, 0xd0, 0x2d, 0x3b, 0xf8, 0xb2, 0x3e, 0x02,      \
            0x92, 0xe4, 0x52, 0xfe, 0xf6, 0x62, 0xc7, 0x49, 0x98, 0x42, 0x1a, 0xda, 0xd4, 0x2a, 0x38, 0x0f   \
    }

static const SimFamily families[] = {
    {
        .name = "ec25",
        .version = "EC25EFAR06A05M4G",
        .chip = "9x07",
        .normal = NORMAL (0x0125, 0x0318, "LTE Module"),
        .edl = EDL ("QHSUSB__BULK"),
        .fastboot = FASTBOOT,
        .download = SBL (0x0125),
        .build = "MDM9607 ",
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x80, 0x04, 0x00 },
        .pk_hash = TEST_KEY,
    },
    {
        .name = "eg25",
        .version = "EG25GGBR07A06M2G",
        .chip = "9x07",
        .normal = NORMAL (0x0125, 0x0318, "EG25-G"),
        .edl = EDL ("QHSUSB__BULK"),
        .fastboot = FASTBOOT,
        .download = SBL (0x0125),
        .build = "MDM9607 ",
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x80, 0x04, 0x00 },
        .pk_hash = TEST_KEY,
    },
    {
        .name = "ep06",
        .version = "EP06ELAR03A06M4G",
        .chip = "9x45",
        .geometry = "p4K_b256K",
        .has_usb3 = TRUE,
        .normal = NORMAL (0x0306, 0x0310, "LTE-A Module"),
        .edl = EDL ("QUSB__BULK"),
        .fastboot = FASTBOOT,
        .download = SBL (0x0306),
        .build = "MDM9640 ",
        /* Made up: neither the real hardware id of an MDM9640 nor its key is known. */
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x00, 0x09, 0x00 },
        .pk_hash = { 0x06 },
    },
    {
        .name = "em06",
        .version = "EM06ELAR03A06M4G",
        .chip = "9x45",
        .geometry = "p4K_b256K",
        .has_usb3 = TRUE,
        .is_mbim_only = TRUE,
        .normal = NORMAL (0x0307, 0x0310, "EM06-E"),
        .edl = EDL ("QUSB__BULK"),
        .fastboot = FASTBOOT,
        .download = SBL (0x0307),
        .build = "MDM9640 ",
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x00, 0x09, 0x00 },
        .pk_hash = { 0x06 },
    },
    {
        .name = "ec20",
        .version = "EC20EQAR02A04E2G",
        .chip = "9x15",
        .geometry = "p2K_b128K",
        .is_9x15 = TRUE,
        .normal = { 0x05c6, 0x9215, 0x0232, "Quectel, Incorporated", "Quectel LTE Module", NULL, NULL, 0,
                    FALSE },
        .fastboot = { 0x18d1, 0xd00d, 0x0100, "Google", "Android", "MDM9615", fastboot_bulk,
                      G_N_ELEMENTS (fastboot_bulk), FALSE },
        .download = EDL ("QHSUSB_DLOAD"),
        .build = "MDM9215 ",
    },
    {
        .name = "phone",
        .version = "PHONE",
        .chip = "9x07",
        .is_stranger = TRUE,
        .only_start = SIM_START_FASTBOOT,
        .only_mode = SIM_MODE_FASTBOOT,
        .product = "walleye",
        .fastboot = { 0x18d1, 0xd00d, 0x0100, "Google", "Android", "8XV7N17C02004711", fastboot_bulk,
                      G_N_ELEMENTS (fastboot_bulk), FALSE },
    },
    {
        .name = "sierra",
        .version = "SWI9X30C_02.24.03.00",
        .chip = "9x35",
        .is_stranger = TRUE,
        .only_start = SIM_START_EDL,
        .only_mode = SIM_MODE_EDL,
        .edl = EDL ("QUSB__BULK"),
        .hw_id = { 0x71, 0x90, 0x99, 0x11, 0xe1, 0x10, 0x92, 0x00 },
        .pk_hash = { 0x51 },
    },
    {
        .name = "telit",
        .version = "25.21.660",
        .chip = "9x07, signed by Telit",
        .is_stranger = TRUE,
        .only_start = SIM_START_EDL,
        .only_mode = SIM_MODE_EDL,
        .edl = EDL ("QHSUSB__BULK"),
        .hw_id = { 0x01, 0x12, 0xc7, 0x1b, 0xe1, 0x80, 0x04, 0x00 },
        .pk_hash = { 0x36 },
    },
    {
        .name = "router",
        .version = "IPQ4019",
        .chip = "IPQ4019",
        .is_stranger = TRUE,
        .only_start = SIM_START_EDL,
        .only_mode = SIM_MODE_EDL,
        .edl = EDL ("QHSUSB__BULK"),
        .hw_id = { 0, 0, 0, 0, 0xe1, 0x90, 0x97, 0x00 },
        .pk_hash = { 0x40 },
    },
    {
        .name = "gobi",
        .version = "D3200-STSUGN-1575",
        .chip = "9x07",
        .is_stranger = TRUE,
        .only_mode = SIM_MODE_NORMAL,
        .normal = { 0x05c6, 0x9215, 0x0002, "Qualcomm Incorporated", "Qualcomm Gobi 2000", NULL,
                    gobi_functions, G_N_ELEMENTS (gobi_functions), FALSE },
        .build = "QSC6270 ",
    },
    {
        .name = "gobi5",
        .version = "D3200-STSUGN-1575",
        .chip = "9x07",
        .is_stranger = TRUE,
        .only_mode = SIM_MODE_NORMAL,
        .maker = "Qualcomm Incorporated",
        .model = "Gobi 2000",
        .normal = { 0x05c6, 0x9215, 0x0002, "Qualcomm Incorporated", "Qualcomm Gobi 2000", NULL, NULL, 0,
                    FALSE },
        .build = "QSC6270 ",
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
