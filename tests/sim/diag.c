/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DIAG port.
 *
 *   > [7e] 00 78 f0 7e             version information
 *   < 00 ... crc 7e
 *   > [7e] 4b 65 01 00 54 0f 7e    switch to EDL; the 9x15 has none
 *   < 4b 65 01 00 54 0f 7e         the same, then the modem leaves the bus
 *   > [7e] 3a a1 6e 7e             switch to download mode: DLOAD on the 9x15, else that of Quectel's SBL
 *   < 3a a1 6e 7e                  the same, then it leaves
 *   > anything else
 *   < 13 and what was sent
 *
 * Frames: frame.h. Source: spec sections 2.1, 2.4, appendix A; libqcdm of ModemManager for the layout of the
 * version answer. That 3a is echoed is taken from the switch to EDL. */

#include "sim/internal.h"

#include <string.h>

#define ANSWER_US 1000
/* From the echo to the disconnect; made up. */
#define LEAVE_US   20000
#define NOISE_SIZE 200

struct _SimDiag {
    SimModem *modem;
    guint8 endpoint;
    SimFrame frame;
};

static void
send_frame (SimDiag *diag, const guint8 *data, gsize size, gint64 delay_us)
{
    g_autoptr (GByteArray) out = sim_frame_build (data, size, FALSE);

    sim_emit (diag->modem, diag->endpoint, out->data, out->len, delay_us);
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
sim_diag_new (SimModem *modem, guint8 endpoint)
{
    SimDiag *diag = g_new0 (SimDiag, 1);

    diag->modem = modem;
    diag->endpoint = endpoint;
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
    guint8 answer[SIM_FRAME_MAX + 1];

    answer[0] = 0x13;
    memcpy (answer + 1, diag->frame.data, diag->frame.n);
    send_frame (diag, answer, diag->frame.n + 1, ANSWER_US);
}

static void
send_version (SimDiag *diag)
{
    guint8 answer[55] = { 0 };

    if (sim_hit (diag->modem, "diag-version", diag->endpoint).action == SIM_ACT_DEAF)
        return;
    memcpy (answer + 1, "Apr 21 202112:00:00Apr 21 202112:00:00", 38);
    memcpy (answer + 39, diag->modem->family->build, 8);
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

/* To EDL, or to the download mode of the first stage; the same echo. */
static void
switch_to (SimDiag *diag, SimReset how, const char *what)
{
    SimModem *modem = diag->modem;
    SimHit hit = sim_hit (modem, "diag", diag->endpoint);
    gint64 delay_us = hit.action == SIM_ACT_SLOW ? (gint64) hit.argument * 1000 : 0;
    const guint8 garbage[] = { 0x7e, 0x01, 0x7d, 0x5e, 0xff, 0x7e };

    if (hit.action == SIM_ACT_NAK) {
        send_bad_command (diag);
        return;
    }
    if (hit.action == SIM_ACT_DEAF)
        return;
    sim_op (modem, SIM_OP_OTHER, 0, 0, "diag switch to %s", what)->is_done = TRUE;
    if (hit.action == SIM_ACT_GARBAGE)
        sim_emit (modem, diag->endpoint, garbage, sizeof garbage, 0);
    else if (hit.action != SIM_ACT_SILENT && !(modem->quirks & SIM_QUIRK_NO_DIAG_ECHO))
        send_frame (diag, diag->frame.data, diag->frame.n, ANSWER_US + delay_us);
    sim_reset_later (modem, how, LEAVE_US + delay_us);
}

static void
handle_frame (SimDiag *diag, const guint8 *frame, gsize n)
{
    static const guint8 to_edl[] = { 0x4b, 0x65, 0x01, 0x00 };
    static const guint8 reset[] = { 0x29, 0x02, 0x00 };
    gboolean has_edl = !diag->modem->family->is_9x15;

    if (has_edl && n == sizeof to_edl && memcmp (frame, to_edl, sizeof to_edl) == 0) {
        switch_to (diag, SIM_RESET_EDL, "EDL");
    } else if (n == 1 && frame[0] == 0x3a) {
        switch_to (diag, SIM_RESET_DOWNLOAD, "download mode");
    } else if (n == sizeof reset && memcmp (frame, reset, sizeof reset) == 0) {
        sim_op (diag->modem, SIM_OP_OTHER, 0, 0, "diag reset")->is_done = TRUE;
        send_frame (diag, frame, n, ANSWER_US);
        sim_reset_later (diag->modem, SIM_RESET_BOOT, LEAVE_US);
    } else if (n == 1 && frame[0] == 0x00) {
        send_version (diag);
    } else if (n == 1 && frame[0] == 0x7c) {
        send_build_id (diag);
    } else {
        send_bad_command (diag);
    }
}

void
sim_diag_feed (SimDiag *diag, const guint8 *data, gsize size)
{
    for (gsize i = 0; i < size; i++) {
        SimFrameResult result = sim_frame_put (&diag->frame, data[i]);

        /* A short or broken frame is dropped, as tty echo is. */
        if (result == SIM_FRAME_DONE)
            handle_frame (diag, diag->frame.data, diag->frame.n);
        else if (result == SIM_FRAME_BAD_CRC)
            sim_note (diag->modem, "DIAG frame with a wrong CRC");
    }
}
