/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DIAG port.
 *
 *   > [7e] 00 78 f0 7e                    version information
 *   < 00 ... crc 7e
 *   > [7e] 4b 65 01 00 54 0f 7e           switch to EDL
 *   < 4b 65 01 00 54 0f 7e                the same, then the modem leaves the bus
 *   > anything else                       < 13 and what was sent
 *
 * Frames: HDLC, 7e and 7d escaped, CRC-16/X.25 little-endian. Source: spec section 2.1; libqcdm of
 * ModemManager for the layout of the version answer. */

#include "sim/internal.h"

#include <string.h>

#define FRAME_MAX 4096
#define ANSWER_US 1000
/* From the echo to the disconnect; made up. */
#define LEAVE_US   20000
#define NOISE_SIZE 200

struct _SimDiag {
    SimModem *modem;
    guint8 frame[FRAME_MAX];
    gsize n;
    gboolean is_escaped, is_too_long;
};

static guint16
crc16 (const guint8 *data, gsize size)
{
    guint16 crc = 0xffff;

    for (gsize i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? (guint16) (crc >> 1 ^ 0x8408) : crc >> 1;
    }
    return crc ^ 0xffff;
}

static void
put_escaped (GByteArray *out, guint8 byte)
{
    guint8 pair[2] = { 0x7d, byte ^ 0x20 };

    if (byte == 0x7e || byte == 0x7d)
        g_byte_array_append (out, pair, 2);
    else
        g_byte_array_append (out, &byte, 1);
}

static void
send_frame (SimDiag *diag, const guint8 *data, gsize size, gint64 delay_us)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint16 crc = crc16 (data, size);
    const guint8 end = 0x7e;

    for (gsize i = 0; i < size; i++)
        put_escaped (out, data[i]);
    put_escaped (out, (guint8) crc);
    put_escaped (out, (guint8) (crc >> 8));
    g_byte_array_append (out, &end, 1);
    sim_emit (diag->modem, SIM_EP_DIAG, out->data, out->len, delay_us);
}

/* A log packet (0x10) as the modem sends them when logging was left on. */
static void
send_noise (SimDiag *diag, guint i)
{
    guint8 packet[NOISE_SIZE] = { 0x10, 0x00, NOISE_SIZE - 4, 0x00, NOISE_SIZE - 4, 0x00 };

    for (guint j = 6; j < NOISE_SIZE; j++)
        packet[j] = (guint8) (i * 31 + j * 5);
    send_frame (diag, packet, sizeof packet, 0);
}

SimDiag *
sim_diag_new (SimModem *modem)
{
    SimDiag *diag = g_new0 (SimDiag, 1);

    diag->modem = modem;
    for (guint i = 0; i < modem->diag_noise; i++)
        send_noise (diag, i);
    return diag;
}

void
sim_diag_free (SimDiag *diag)
{
    g_free (diag);
}

static void
send_bad_command (SimDiag *diag)
{
    guint8 answer[FRAME_MAX + 1];

    answer[0] = 0x13;
    memcpy (answer + 1, diag->frame, diag->n);
    send_frame (diag, answer, diag->n + 1, ANSWER_US);
}

static void
send_version (SimDiag *diag)
{
    guint8 answer[55] = { 0 };

    memcpy (answer + 1, "Apr 21 202112:00:00Apr 21 202112:00:00", 38);
    memcpy (answer + 39, "MDM9607 ", 8);
    send_frame (diag, answer, sizeof answer, ANSWER_US);
}

static void
send_build_id (SimDiag *diag)
{
    guint8 answer[12 + 64 + 16] = { 0x7c, 0x02 };
    const char *version = diag->modem->boot.version;
    gsize n = strlen (version) + 1;

    sim_put_u32 (answer + 4, 0x000480e1);
    memcpy (answer + 12, version, MIN (n, 64));
    send_frame (diag, answer, 12 + n + 1, ANSWER_US);
}

static void
switch_to_edl (SimDiag *diag)
{
    SimModem *modem = diag->modem;
    SimHit hit = sim_hit (modem, "diag", SIM_EP_DIAG);
    gint64 delay_us = hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0;
    const guint8 garbage[] = { 0x7e, 0x01, 0x7d, 0x5e, 0xff, 0x7e };

    if (hit.action == SIM_ACT_NAK) {
        send_bad_command (diag);
        return;
    }
    if (hit.action == SIM_ACT_DEAF)
        return;
    sim_op (modem, SIM_OP_OTHER, 0, 0, "diag switch to EDL")->is_done = TRUE;
    if (hit.action == SIM_ACT_GARBAGE)
        sim_emit (modem, SIM_EP_DIAG, garbage, sizeof garbage, 0);
    else if (hit.action != SIM_ACT_SILENT && !(modem->quirks & SIM_QUIRK_NO_DIAG_ECHO))
        send_frame (diag, diag->frame, diag->n, ANSWER_US + delay_us);
    sim_reset_later (modem, SIM_RESET_EDL, LEAVE_US + delay_us);
}

static void
handle_frame (SimDiag *diag)
{
    static const guint8 to_edl[] = { 0x4b, 0x65, 0x01, 0x00 };
    static const guint8 reset[] = { 0x29, 0x02, 0x00 };
    const guint8 *frame = diag->frame;

    if (diag->n == sizeof to_edl && memcmp (frame, to_edl, sizeof to_edl) == 0) {
        switch_to_edl (diag);
    } else if (diag->n == sizeof reset && memcmp (frame, reset, sizeof reset) == 0) {
        sim_op (diag->modem, SIM_OP_OTHER, 0, 0, "diag reset")->is_done = TRUE;
        send_frame (diag, frame, diag->n, ANSWER_US);
        sim_reset_later (diag->modem, SIM_RESET_BOOT, LEAVE_US);
    } else if (diag->n == 1 && frame[0] == 0x00) {
        send_version (diag);
    } else if (diag->n == 1 && frame[0] == 0x7c) {
        send_build_id (diag);
    } else {
        send_bad_command (diag);
    }
}

static void
end_frame (SimDiag *diag)
{
    /* A short or broken frame is dropped, as tty echo is. */
    if (diag->n >= 3 && !diag->is_too_long) {
        guint16 crc = crc16 (diag->frame, diag->n - 2);

        if (diag->frame[diag->n - 2] == (guint8) crc && diag->frame[diag->n - 1] == crc >> 8) {
            diag->n -= 2;
            handle_frame (diag);
        } else {
            sim_note (diag->modem, "DIAG frame with a wrong CRC");
        }
    }
    diag->n = 0;
    diag->is_escaped = diag->is_too_long = FALSE;
}

void
sim_diag_feed (SimDiag *diag, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        if (data[i] == 0x7e) {
            end_frame (diag);
        } else if (data[i] == 0x7d) {
            diag->is_escaped = TRUE;
        } else if (diag->n >= FRAME_MAX) {
            diag->is_too_long = TRUE;
        } else {
            diag->frame[diag->n++] = diag->is_escaped ? data[i] ^ 0x20 : data[i];
            diag->is_escaped = FALSE;
        }
    }
}
