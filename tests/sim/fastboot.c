/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fastboot 0.5 as Quectel's lk speaks it: one command of at most 64 bytes, its answers, one at a time.
 *
 *   > getvar:product      < OKAYMDM9607
 *   > getvar:all          < INFOversion:0.5 ... < OKAY
 *   > download:00001000   < DATA00001000
 *   > 4096 bytes          < OKAY
 *   > flash:boot          < OKAY                  (fbnand.c)
 *   > reboot              < OKAY, and it leaves the bus
 *
 * It reads nothing while an answer waits to be read. When the data phase breaks it neither reads nor answers
 * until the bus is reset. `boot`, `preflash` and the oem commands of the real one are not here: FAIL.
 *
 * Source: spec section 6.1; Biktorgj/quectel_lk e185f663 app/aboot/fastboot.c (order of variables, texts, the
 * end of the data phase at a short packet on the controller of the 9x07, not on that of the 9x40). */

#include "sim/fbstate.h"

#include <string.h>

#define COMMAND_MAX 64
#define ANSWER_MAX  63 /* lk formats into 64 bytes */
#define PACKET      512
#define ANSWER_US   500
/* lk waits until the host has taken its answer, and a busy host takes some time for that. */
#define LEAVE_US    500000
#define FLOOD_LINES 100
#define LONG_TEXT   300
/* Source: 486 kB in 24 ms: pinephone_modem_sdk issue 44. */
#define USB_BYTES_PER_S 20000000
/* Announced to a host that has gone, in the start mode fastboot-data. */
#define LEFT_OVER 1048576

/* Source: spec section 6.1; quectel_lk target rules of mdm9607 (28+41 MiB with 128 MiB of RAM, 128 MiB with
 * more) and mdm9640 (128 MiB). That chips with large pages come with the larger RAM follows from their names
 * (M4G, M2G) and was not seen. */
#define DOWNLOAD_SMALL 0x4500000
#define DOWNLOAD_LARGE 0x8000000

/* Source: spec section 6.1: two regions of 23 and 15 MiB on the MDM9615. Its controller is that of the 9x07.
 */
#define DOWNLOAD_9X15 0x2600000

static const SimFbKind kinds[] = {
    { "9x07", "MDM9607", TRUE, 0 },
    { "9x15", "MDM9615", TRUE, DOWNLOAD_9X15 },
    { "9x45", "MDM9640", FALSE, DOWNLOAD_LARGE },
};

static const SimHit no_hit = { SIM_ACT_NONE, 0 };

static void
read_table (SimFastboot *fb)
{
    SimModem *modem = fb->modem;
    const char *why;

    if (!sim_chain_read_table (modem->nand, &modem->factory, &fb->table, &why))
        fb->table = modem->factory;
    for (guint i = 0; i < fb->table.n_parts; i++) {
        char *name = fb->table.parts[i].name;

        for (char *at = name; *at; at++)
            *at = g_ascii_tolower (*at);
        if (g_str_equal (name, "sbl1"))
            *name = '\0'; /* only the 9x15 has one, and its lk does not list it */
    }
}

SimFastboot *
sim_fastboot_new (SimModem *modem, SimStart start)
{
    SimFastboot *fb = g_new0 (SimFastboot, 1);

    fb->modem = modem;
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (g_str_equal (modem->family->chip, kinds[i].chip))
            fb->kind = &kinds[i];
    }
    fb->max_download = modem->max_download ? modem->max_download : fb->kind->max_download;
    if (fb->max_download == 0)
        fb->max_download = modem->nand->page_size == 2048 ? DOWNLOAD_SMALL : DOWNLOAD_LARGE;
    fb->data = g_byte_array_new ();
    if (start == SIM_START_FASTBOOT_DEAD) {
        fb->state = SIM_FB_DEAD;
    } else if (start == SIM_START_FASTBOOT_DATA) {
        fb->state = SIM_FB_DATA;
        fb->wanted = LEFT_OVER;
    }
    read_table (fb);
    return fb;
}

void
sim_fastboot_free (SimFastboot *fb)
{
    g_byte_array_unref (fb->data);
    g_free (fb);
}

void
sim_fastboot_online (SimFastboot *fb, gboolean is_reset)
{
    if (is_reset || fb->is_online) {
        if (fb->state == SIM_FB_DATA)
            g_byte_array_set_size (fb->data, 0);
        fb->state = SIM_FB_COMMAND;
    }
    fb->is_online = TRUE;
}

static void
emit (SimFastboot *fb, const char *tag, const char *text, gsize max, gint64 delay_us)
{
    SimModem *modem = fb->modem;
    g_autofree char *both = g_strconcat (tag, text, NULL);

    delay_us += ANSWER_US + MAX (modem->busy_us - modem->now_us, 0);
    sim_emit (modem, SIM_EP_EDL, both, MIN (strlen (both), max), delay_us);
}

void
sim_fb_reply (SimFastboot *fb, const char *tag, const char *text, SimHit hit)
{
    static const char garbage[] = "\xff\x80garb\0age";
    g_autofree char *filler = NULL;
    guint64 n = hit.argument ? hit.argument : FLOOD_LINES;

    switch ((guint) hit.action) {
    case SIM_ACT_SILENT:
    case SIM_ACT_DEAF:
        return;
    case SIM_ACT_GARBAGE:
        sim_emit (fb->modem, SIM_EP_EDL, garbage, sizeof garbage - 1, ANSWER_US);
        return;
    case SIM_ACT_SHORT:
        emit (fb, "OK", "", ANSWER_MAX, 0);
        return;
    case SIM_ACT_LONG:
        filler = g_strnfill (LONG_TEXT, 'x');
        emit (fb, tag, filler, LONG_TEXT, 0);
        return;
    case SIM_ACT_FLOOD:
        for (guint64 i = 0; i < n; i++)
            emit (fb, "INFO", "still at it", ANSWER_MAX, 0);
        break;
    case SIM_ACT_DOUBLE:
        emit (fb, tag, text, ANSWER_MAX, 0);
        break;
    default:
        break;
    }
    emit (fb, tag, text, ANSWER_MAX, hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0);
}

gboolean
sim_fb_goes_on (SimFastboot *fb, SimHit hit)
{
    if (hit.action == SIM_ACT_NAK)
        sim_fb_reply (fb, "FAIL", "refused on order", no_hit);
    return hit.action != SIM_ACT_NAK && hit.action != SIM_ACT_DEAF;
}

/* --- commands; each gets what stands behind its name --- */

/* The n-th variable, last published first; NULL behind the last. To be freed. */
static char *
get_variable (SimFastboot *fb, guint n, const char **name)
{
    static const char *const names[] = {
        "version",
        "version-baseband",
        "version-bootloader",
        "display-panel",
        "charger-screen-enabled",
        "max-download-size",
        "serialno",
        "kernel",
        "product",
    };

    if (n >= G_N_ELEMENTS (names))
        return NULL;
    *name = names[n];
    if (g_str_equal (names[n], "version"))
        return g_strdup ("0.5");
    if (g_str_equal (names[n], "charger-screen-enabled"))
        return g_strdup ("0");
    if (g_str_equal (names[n], "max-download-size"))
        return g_strdup_printf ("\t0x%x", fb->max_download);
    if (g_str_equal (names[n], "serialno"))
        return g_strdup (fb->modem->usb.serial);
    if (g_str_equal (names[n], "kernel"))
        return g_strdup ("lk");
    if (g_str_equal (names[n], "product"))
        return g_strdup (fb->modem->family->product ? fb->modem->family->product : fb->kind->product);
    return g_strdup ("");
}

static void
do_getvar (SimFastboot *fb, const char *wanted, SimHit hit)
{
    /* Whatever "all" begins with is "all", nothing too. */
    gboolean is_all = strncmp ("all", wanted, strlen (wanted)) == 0;
    const char *name;
    char *value;

    if (!sim_fb_goes_on (fb, hit))
        return;
    for (guint i = 0; (value = get_variable (fb, i, &name)); i++) {
        g_autofree char *owned = value;
        g_autofree char *line = g_strconcat (name, ":", value, NULL);

        if (is_all) {
            emit (fb, "INFO", line, ANSWER_MAX, 0);
        } else if (g_str_equal (name, wanted)) {
            sim_fb_reply (fb, "OKAY", value, hit);
            return;
        }
    }
    sim_fb_reply (fb, "OKAY", "", hit);
}

/* Hex as lk reads it: up to the first character that is none, in 32 bits. */
static guint32
parse_hex (const char *text)
{
    guint32 value = 0;

    for (; g_ascii_isxdigit (*text); text++)
        value = value << 4 | (guint32) g_ascii_xdigit_value (*text);
    return value;
}

static void
do_download (SimFastboot *fb, const char *argument, SimHit hit)
{
    guint32 size = parse_hex (argument);
    char text[16];

    if (!sim_fb_goes_on (fb, hit))
        return;
    g_byte_array_set_size (fb->data, 0);
    sim_op (fb->modem, SIM_OP_OTHER, 0, 0, "download %u", size)->is_done = size <= fb->max_download;
    if (size > fb->max_download) {
        sim_fb_reply (fb, "FAIL", "data too large", hit);
        return;
    }
    fb->wanted = size;
    fb->data_hit = no_hit;
    g_snprintf (text, sizeof text, "%08x", size);
    if (hit.action == SIM_ACT_HUGE)
        g_strlcpy (text, "ffffffff", sizeof text);
    else if (hit.action == SIM_ACT_ZERO)
        g_strlcpy (text, "00000000", sizeof text);
    sim_fb_reply (fb, "DATA", text, hit);
    if (size == 0)
        sim_fb_reply (fb, "OKAY", "", no_hit);
    else
        fb->state = SIM_FB_DATA;
}

static void
leave (SimFastboot *fb, const char *name, SimReset how, SimHit hit)
{
    sim_op (fb->modem, SIM_OP_OTHER, 0, 0, "fastboot %s", name)->is_done = TRUE;
    sim_fb_reply (fb, "OKAY", "", hit);
    sim_reset_later (fb->modem, how, LEAVE_US);
}

static void
do_reboot (SimFastboot *fb, const char *argument, SimHit hit)
{
    if (!sim_fb_goes_on (fb, hit))
        return;
    sim_chain_set_forced (fb->modem->nand, &fb->table, FALSE);
    leave (fb, "reboot", SIM_RESET_BOOT, hit);
}

static void
do_reboot_bootloader (SimFastboot *fb, const char *argument, SimHit hit)
{
    if (sim_fb_goes_on (fb, hit))
        leave (fb, "reboot-bootloader", SIM_RESET_FASTBOOT, hit);
}

static void
do_continue (SimFastboot *fb, const char *argument, SimHit hit)
{
    if (sim_fb_goes_on (fb, hit))
        leave (fb, "continue", SIM_RESET_CONTINUE, hit);
}

static const struct {
    const char *prefix;
    const char *fault; /* of its own, beside `fastboot` */
    void (*handle) (SimFastboot *fb, const char *argument, SimHit hit);
} commands[] = {
    { "download:", "fastboot-download", do_download },
    { "getvar:", "fastboot-getvar", do_getvar },
    { "reboot-bootloader", "fastboot-reboot", do_reboot_bootloader },
    { "reboot", "fastboot-reboot", do_reboot },
    { "continue", "fastboot-reboot", do_continue },
    { "erase:", "fastboot-erase", sim_fb_erase },
    { "flash:", "fastboot-flash", sim_fb_flash },
};

static void
take_command (SimFastboot *fb, const char *command)
{
    SimModem *modem = fb->modem;
    SimHit hit = sim_hit (modem, "fastboot", SIM_EP_EDL);

    for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
        SimHit own;

        if (!g_str_has_prefix (command, commands[i].prefix))
            continue;
        own = sim_hit (modem, commands[i].fault, SIM_EP_EDL);
        if (own.action != SIM_ACT_NONE)
            hit = own;
        commands[i].handle (fb, command + strlen (commands[i].prefix), hit);
        return;
    }
    sim_failure (modem, "fastboot: unknown command \"%s\"", command);
    if (sim_fb_goes_on (fb, hit))
        sim_fb_reply (fb, "FAIL", "unknown command", hit);
}

/* --- data --- */

static void
die (SimFastboot *fb, const char *why)
{
    sim_note (fb->modem, "fastboot is dead until the bus is reset: %s", why);
    fb->state = SIM_FB_DEAD;
}

/* FALSE when the data phase has ended with that transfer. */
static gboolean
survives (SimFastboot *fb, SimHit hit)
{
    switch ((guint) hit.action) {
    case SIM_ACT_SILENT:
    case SIM_ACT_DEAF:
        die (fb, "fault on order");
        return FALSE;
    case SIM_ACT_NAK:
        g_byte_array_set_size (fb->data, 0);
        fb->state = SIM_FB_COMMAND;
        sim_fb_reply (fb, "FAIL", "refused on order", no_hit);
        return FALSE;
    case SIM_ACT_SLOW:
        sim_work (fb->modem, (gint64) hit.argument * 1000);
        return TRUE;
    case SIM_ACT_FLIP:
    case SIM_ACT_NONE:
        return TRUE;
    default:
        fb->data_hit = hit;
        return TRUE;
    }
}

static void
take_data (SimFastboot *fb, const guint8 *data, gsize size)
{
    SimModem *modem = fb->modem;
    SimHit hit = sim_hit (modem, "fastboot-data", SIM_EP_EDL);

    if (!survives (fb, hit))
        return;
    if (size > fb->wanted - fb->data->len) {
        sim_failure (modem, "fastboot: more data than the %" G_GSIZE_FORMAT " bytes announced", fb->wanted);
        die (fb, "too much data");
        return;
    }
    g_byte_array_append (fb->data, data, (guint) size);
    if (hit.action == SIM_ACT_FLIP && size > 0)
        fb->data->data[fb->data->len - size / 2 - 1] ^= 0x10;
    if (modem->speed == SIM_SPEED_REAL)
        sim_work (modem, (gint64) size * G_USEC_PER_SEC / USB_BYTES_PER_S);
    if (fb->data->len == fb->wanted) {
        fb->state = SIM_FB_COMMAND;
        sim_fb_reply (fb, "OKAY", "", fb->data_hit);
    } else if (fb->kind->breaks_on_short && (size == 0 || size % PACKET != 0)) {
        die (fb, "short packet in the middle of the data");
    }
}

gboolean
sim_fastboot_can_take (SimFastboot *fb)
{
    SimModem *modem = fb->modem;

    if (fb->state == SIM_FB_DEAD || !sim_is_in_idle (modem, SIM_EP_EDL))
        return FALSE;
    if (modem->busy_us <= modem->now_us)
        return TRUE;
    modem->take_us = modem->busy_us;
    return FALSE;
}

void
sim_fastboot_feed (SimFastboot *fb, const guint8 *data, gsize size)
{
    g_autofree char *command = NULL;

    if (fb->state == SIM_FB_DATA) {
        take_data (fb, data, size);
    } else if (size > COMMAND_MAX) {
        /* What the controller does with the rest is not known; the worst is taken. */
        sim_failure (fb->modem, "fastboot: a command of %" G_GSIZE_FORMAT " bytes", size);
        die (fb, "command too long");
    } else {
        command = g_strndup (size > 0 ? (const char *) data : "", size);
        take_command (fb, command);
    }
}
