/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulated modem: power, plug, endpoints and time. What is spoken on the endpoints is in at.c, diag.c,
 * sahara.c, firehose.c and fastboot.c; what a boot leads to is in chain.c. */

#include "sim/internal.h"

#include <string.h>

#define REENUMERATE_US 300000
#define LOADER_US      50000 /* from its start to the loader's own USB; made up */
#define POWER_OFF_US   500000
/* The chip goes on without a pause when data wait for it, though the caller wakes up that much too late. */
#define LATE_US 50000

typedef struct {
    gint64 ready_us;
    gsize size, at;
    guint8 data[];
} SimChunk;

/* --- what the parts use --- */

void
sim_note (SimModem *modem, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_record_note (modem->record, modem->now_us, modem->mode, "%s", text);
}

void
sim_failure (SimModem *modem, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_record_failure (modem->record, modem->now_us, modem->mode, "%s", text);
}

/* What may be done to a device of somebody else. */
static gboolean
is_harmless (SimOpKind kind, const char *text)
{
    return kind == SIM_OP_READ || g_str_has_prefix (text, "mark ") || g_str_equal (text, "sahara reset");
}

SimOp *
sim_op (SimModem *modem, SimOpKind kind, guint start, guint pages, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start (args, format);
    text = g_strdup_vprintf (format, args);
    va_end (args);
    sim_note (modem, "%s", text);
    if (modem->family->is_stranger && !is_harmless (kind, text))
        sim_failure (modem, "%s: a device that is none of Quectel's", text);
    return sim_record_op (modem->record, modem->now_us, kind, start, pages, "%s", text);
}

void
sim_emit (SimModem *modem, guint8 endpoint, const void *data, gsize size, gint64 delay_us)
{
    GQueue *queue = &modem->in[endpoint & 0x0f];
    SimChunk *last = g_queue_peek_tail (queue);
    SimChunk *chunk = g_malloc (sizeof *chunk + size);

    sim_nand_flush (modem->nand);
    chunk->ready_us = MAX (modem->now_us + delay_us, last ? last->ready_us : 0);
    chunk->size = size;
    chunk->at = 0;
    if (size > 0)
        memcpy (chunk->data, data, size);
    g_queue_push_tail (queue, chunk);
}

gboolean
sim_is_in_idle (SimModem *modem, guint8 endpoint)
{
    return g_queue_is_empty (&modem->in[endpoint & 0x0f]);
}

void
sim_reset_later (SimModem *modem, SimReset how, gint64 delay_us)
{
    modem->leave_how = how;
    modem->leave_us = modem->now_us + delay_us;
}

gint64
sim_work (SimModem *modem, gint64 duration_us)
{
    gint64 late_us = modem->is_waited_for ? LATE_US : 0;

    modem->is_waited_for = FALSE;
    modem->busy_us = MAX (modem->busy_us, modem->now_us - late_us) + duration_us;
    modem->own_us += duration_us;
    return modem->busy_us;
}

const char *
sim_imei (const SimModem *modem)
{
    return modem->boot.is_identity_lost ? "000000000000000" : modem->imei;
}

static void
drop_queue (GQueue *queue)
{
    g_queue_clear_full (queue, g_free);
}

SimHit
sim_hit (SimModem *modem, const char *kind, guint8 endpoint)
{
    SimHit hit = sim_faults_next (modem->faults, kind);

    if (hit.action == SIM_ACT_NONE)
        return hit;
    sim_note (modem, "fault at %s", kind);
    if (hit.action == SIM_ACT_VANISH) {
        sim_reset_later (modem, hit.argument ? SIM_RESET_OFF : SIM_RESET_BOOT, 0);
        hit.action = SIM_ACT_DEAF;
    } else if (hit.action == SIM_ACT_STALL) {
        modem->is_stalled |= 1u << endpoint | 1u << (endpoint + 16);
        drop_queue (&modem->in[endpoint]);
        hit.action = SIM_ACT_DEAF;
    }
    return hit;
}

/* --- coming and going --- */

void
sim_free_functions (SimModem *modem)
{
    modem->is_started = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (modem->at); i++)
        g_clear_pointer (&modem->at[i], sim_at_free);
    g_clear_pointer (&modem->diag, sim_diag_free);
    g_clear_pointer (&modem->qmi, sim_qmi_free);
    g_clear_pointer (&modem->mbim, sim_mbim_free);
    g_clear_pointer (&modem->sahara, sim_sahara_free);
    g_clear_pointer (&modem->firehose, sim_firehose_free);
    g_clear_pointer (&modem->fastboot, sim_fastboot_free);
    g_clear_pointer (&modem->dload, sim_dload_free);
    g_clear_pointer (&modem->streaming, sim_streaming_free);
    for (guint i = 0; i < G_N_ELEMENTS (modem->in); i++)
        drop_queue (&modem->in[i]);
}

static void
disconnect (SimModem *modem)
{
    if (modem->is_connected) {
        modem->is_connected = FALSE;
        modem->generation++;
        sim_note (modem, "leaves the bus");
    }
    modem->configuration = 0;
    modem->data_setting = 0;
    modem->is_stalled = 0;
    modem->leave_how = SIM_RESET_NONE;
    modem->leave_us = G_MAXINT64;
}

/* Everything in RAM is gone. */
static void
power_off (SimModem *modem)
{
    disconnect (modem);
    sim_free_functions (modem);
    modem->mode = SIM_MODE_OFF;
    sim_card_reset (&modem->card);
    memset (&modem->net, 0, sizeof modem->net);
    modem->busy_us = 0;
    modem->take_us = 0;
    modem->arrive_us = G_MAXINT64;
}

static gint64
time_to_come (const SimModem *modem, SimMode mode)
{
    guint ms = modem->edl_ms;

    if (mode == SIM_MODE_NORMAL)
        ms = modem->boot_ms;
    else if (mode == SIM_MODE_FASTBOOT)
        ms = modem->edl_ms * 2;
    return (gint64) ms * 1000;
}

/* Where the modem ends up that is reset like that and whose chip leads to `boot`. */
static SimMode
choose_mode (const SimModem *modem, SimReset how)
{
    const SimBoot *boot = &modem->boot;
    gboolean has_lk = boot->mode == SIM_MODE_NORMAL || boot->mode == SIM_MODE_FASTBOOT;
    gboolean has_first_stage = boot->mode != SIM_MODE_EDL && !boot->is_boot_rom;

    if (modem->family->is_stranger)
        return modem->family->only_mode;
    if (how == SIM_RESET_CONTINUE && boot->mode == SIM_MODE_FASTBOOT)
        return SIM_MODE_OFF; /* lk has stopped its USB and has nothing to boot */
    if (how == SIM_RESET_EDL)
        return modem->family->is_9x15 ? SIM_MODE_DLOAD : SIM_MODE_EDL;
    if (how == SIM_RESET_DOWNLOAD && has_first_stage)
        return modem->family->is_9x15 ? SIM_MODE_DLOAD : SIM_MODE_SBL;
    return how == SIM_RESET_FASTBOOT && has_lk ? SIM_MODE_FASTBOOT : boot->mode;
}

void
sim_boot (SimModem *modem, SimReset how, gint64 delay_us)
{
    SimMode mode;

    power_off (modem);
    sim_judge_boot (modem, how != SIM_RESET_CONTINUE, &modem->boot);
    if (how == SIM_RESET_EDL)
        modem->boot.is_boot_rom = TRUE;
    mode = choose_mode (modem, how);
    modem->mode = mode;
    if (mode != SIM_MODE_OFF) {
        modem->own_us += time_to_come (modem, mode);
        modem->arrive_us = modem->now_us + delay_us + time_to_come (modem, mode);
    }
    sim_note (modem, "boots: %s", modem->boot.is_healthy ? modem->boot.version : modem->boot.reason);
}

static void
start_normal (SimModem *modem)
{
    gboolean has_at = modem->boot.has_at && !(modem->quirks & SIM_QUIRK_MUTE_AT);
    guint first = modem->family->is_9x15 ? SIM_PORT_AT : SIM_PORT_NMEA; /* its NMEA port takes no commands */
    const SimPlace *place;

    sim_composition_build (&modem->composition, &modem->functions);

    modem->card.function = modem->first_function;
    modem->first_function = 1;
    modem->card.was_registered = sim_card_is_registered (&modem->card);
    for (guint i = first; has_at && i <= SIM_PORT_MODEM; i++) {
        place = sim_place (modem, (SimPort) i);
        if (place)
            modem->at[i - SIM_PORT_NMEA] = sim_at_new (modem, place->in);
    }
    place = sim_place (modem, SIM_PORT_DIAG);
    if (modem->boot.has_diag && place)
        modem->diag = sim_diag_new (modem, place->in);
    if (modem->boot.has_diag && sim_place (modem, SIM_PORT_NET)) {
        if (modem->composition.is_mbim)
            modem->mbim = sim_mbim_new (modem);
        else
            modem->qmi = sim_qmi_new (modem);
    }
    modem->usb = modem->family->normal;
    if (!modem->usb.interfaces) {
        modem->usb.interfaces = modem->composition.interfaces;
        modem->usb.n_interfaces = modem->composition.n_interfaces;
    }
    modem->usb.is_super_speed = modem->is_usb3;
    if (modem->vid != 0) {
        modem->usb.vid = modem->vid;
        modem->usb.pid = modem->pid;
    }
}

static void
start_edl (SimModem *modem)
{
    SimStart start = modem->start;

    modem->start = SIM_START_EDL; /* only the first time */
    modem->usb = modem->family->edl;
    if (start == SIM_START_EDL_PROGRAMMER || start == SIM_START_EDL_RAW)
        modem->firehose = sim_firehose_new (modem, FALSE, start == SIM_START_EDL_RAW);
    else
        modem->sahara =
            sim_sahara_new (modem, start != SIM_START_EDL_HALF_WAY && start != SIM_START_EDL_ERROR,
                            start == SIM_START_EDL_ERROR);
}

static void
start_fastboot (SimModem *modem)
{
    modem->usb = modem->family->fastboot;
    if (!modem->usb.serial)
        modem->usb.serial = modem->serial;
    modem->fastboot = sim_fastboot_new (modem, modem->start);
    modem->start = SIM_START_FASTBOOT; /* only the first time */
}

/* DLOAD, or Quectel's SBL with its Sahara. */
static void
start_download (SimModem *modem)
{
    SimStart start = modem->start;

    modem->start = SIM_START_NORMAL; /* only the first time */
    modem->usb = modem->family->download;
    if (modem->quirks & SIM_QUIRK_DLOAD_9215 && modem->family->is_9x15)
        modem->usb.pid = modem->family->normal.pid;
    if (start == SIM_START_STREAMING) {
        modem->mode = SIM_MODE_STREAMING;
        modem->streaming = sim_streaming_new (modem);
    } else if (modem->mode == SIM_MODE_DLOAD) {
        modem->dload = sim_dload_new (modem, modem->boot.is_boot_rom);
    } else {
        modem->sahara = sim_sahara_new (modem, start != SIM_START_SBL_HALF_WAY, FALSE);
    }
}

void
sim_start_streaming (SimModem *modem, gint64 delay_us)
{
    modem->own_us += LOADER_US;
    modem->streaming = sim_streaming_new (modem);
    if (modem->quirks & SIM_QUIRK_GO_STAYS || modem->mode == SIM_MODE_EDL) {
        modem->mode = SIM_MODE_STREAMING;
        sim_streaming_online (modem->streaming);
        return;
    }
    sim_streaming_hush (modem->streaming);
    sim_reset_later (modem, SIM_RESET_SAME, LOADER_US + delay_us);
}

/* Whoever talks over the bus has to begin anew. */
static void
come_online (SimModem *modem, gboolean is_reset)
{
    if (!modem->fastboot)
        return;
    if (is_reset)
        drop_queue (&modem->in[SIM_EP_EDL]);
    sim_fastboot_online (modem->fastboot, is_reset);
}

static void
arrive (SimModem *modem)
{
    gboolean is_same = modem->is_started;

    modem->is_started = TRUE;
    modem->arrive_us = G_MAXINT64;
    modem->is_connected = TRUE;
    modem->generation++;
    if (is_same && modem->streaming) {
        modem->mode = SIM_MODE_STREAMING;
        sim_streaming_online (modem->streaming);
    } else if (is_same) {
        come_online (modem, TRUE);
    } else {
        switch (modem->mode) {
        case SIM_MODE_NORMAL:
            start_normal (modem);
            break;
        case SIM_MODE_EDL:
            start_edl (modem);
            break;
        case SIM_MODE_FASTBOOT:
            start_fastboot (modem);
            break;
        case SIM_MODE_DLOAD:
        case SIM_MODE_SBL:
            start_download (modem);
            break;
        case SIM_MODE_STREAMING:
        case SIM_MODE_OFF:
        default:
            break;
        }
    }
    sim_note (modem, "is on the bus as %04x:%04x, %s speed", modem->usb.vid, modem->usb.pid,
              modem->usb.is_super_speed ? "super" : "high");
}

static void
leave (SimModem *modem)
{
    SimReset how = modem->leave_how;

    disconnect (modem);
    switch (how) {
    case SIM_RESET_SAME:
        if (modem->qmi)
            sim_qmi_disconnect (modem->qmi);
        if (modem->mbim)
            sim_mbim_disconnect (modem->mbim);
        modem->arrive_us = modem->now_us + REENUMERATE_US;
        break;
    case SIM_RESET_OFF:
        power_off (modem);
        break;
    case SIM_RESET_BOOT:
    case SIM_RESET_EDL:
    case SIM_RESET_FASTBOOT:
    case SIM_RESET_CONTINUE:
    case SIM_RESET_DOWNLOAD:
        sim_boot (modem, how, 0);
        break;
    case SIM_RESET_NONE:
    default:
        break;
    }
}

void
sim_modem_advance (SimModem *modem, gint64 now_us)
{
    /* Each round uses one planned event up; a boot plans one more, so three rounds are enough. */
    for (guint i = 0; i < 4; i++) {
        gint64 next = MIN (modem->leave_us, modem->arrive_us);

        if (next > now_us)
            break;
        modem->now_us = MAX (modem->now_us, next);
        if (modem->leave_us <= modem->now_us)
            leave (modem);
        else
            arrive (modem);
    }
    modem->now_us = MAX (modem->now_us, now_us);
}

gint64
sim_modem_next_event_us (SimModem *modem)
{
    gint64 next = MIN (modem->leave_us, modem->arrive_us);

    if (modem->take_us > modem->now_us)
        next = MIN (next, modem->take_us);
    for (guint i = 0; i < G_N_ELEMENTS (modem->in); i++) {
        const SimChunk *chunk = g_queue_peek_head (&modem->in[i]);

        if (chunk && chunk->ready_us > modem->now_us)
            next = MIN (next, chunk->ready_us);
    }
    return next;
}

/* --- the host's side --- */

guint
sim_modem_get_generation (const SimModem *modem)
{
    return modem->generation;
}

const SimUsb *
sim_modem_get_usb (const SimModem *modem)
{
    return modem->is_connected ? &modem->usb : NULL;
}

SimMode
sim_modem_get_mode (const SimModem *modem)
{
    return modem->mode;
}

static gboolean
has_endpoint (const SimModem *modem, guint8 address)
{
    if (!modem->is_connected)
        return FALSE;
    for (guint i = 0; i < modem->usb.n_interfaces; i++) {
        for (guint j = 0; j < modem->usb.interfaces[i].n_endpoints; j++) {
            if (modem->usb.interfaces[i].endpoints[j].address == address)
                return TRUE;
        }
    }
    return FALSE;
}

SimResult
sim_modem_control (SimModem *modem, gint64 now_us, const guint8 setup[8], guint8 *data, gsize *size)
{
    sim_modem_advance (modem, now_us);
    *size = 0;
    return modem->is_connected ? sim_usb_control (modem, setup, data, size) : SIM_GONE;
}

const SimPlace *
sim_place (const SimModem *modem, SimPort port)
{
    const SimPlace *place = &modem->composition.places[port];

    return modem->mode == SIM_MODE_NORMAL && place->in != 0 ? place : NULL;
}

static void
deliver_normal (SimModem *modem, guint8 endpoint, const guint8 *data, gsize size)
{
    const SimPlace *places = modem->composition.places;

    if (endpoint == places[SIM_PORT_DIAG].out && modem->diag)
        sim_diag_feed (modem->diag, data, size);
    for (guint i = 0; i < G_N_ELEMENTS (modem->at); i++) {
        if (endpoint == places[SIM_PORT_NMEA + i].out && modem->at[i])
            sim_at_feed (modem->at[i], data, size);
    }
    if (endpoint != places[SIM_PORT_NET].out)
        return;
    if (modem->composition.is_mbim)
        sim_ncm_feed (modem, data, size);
    else
        sim_net_take (modem, data, size);
}

static void
deliver (SimModem *modem, guint8 endpoint, const guint8 *data, gsize size)
{
    if (modem->streaming) {
        sim_streaming_feed (modem->streaming, data, size);
    } else if (modem->dload) {
        sim_dload_feed (modem->dload, data, size);
    } else if (modem->firehose) {
        sim_firehose_feed (modem->firehose, data, size);
    } else if (modem->sahara) {
        sim_sahara_feed (modem->sahara, data, size);
    } else if (modem->fastboot) {
        sim_fastboot_feed (modem->fastboot, data, size);
    } else {
        deliver_normal (modem, endpoint, data, size);
    }
}

SimResult
sim_modem_out (SimModem *modem, gint64 now_us, guint8 endpoint, const guint8 *data, gsize size)
{
    sim_modem_advance (modem, now_us);
    if (!has_endpoint (modem, endpoint))
        return SIM_GONE;
    if (modem->is_stalled & 1u << (endpoint & 0x0f))
        return SIM_STALL;
    if (modem->firehose && !sim_firehose_can_take (modem->firehose))
        return SIM_NOT_YET;
    if (modem->fastboot && !sim_fastboot_can_take (modem->fastboot))
        return SIM_NOT_YET;
    if (modem->streaming && !sim_streaming_can_take (modem->streaming))
        return SIM_NOT_YET;
    sim_record_transfer (modem->record, modem->now_us, modem->mode, endpoint, data, size);
    deliver (modem, endpoint, data, size);
    sim_hit (modem, "transfer", endpoint & 0x0f);
    sim_modem_advance (modem, now_us);
    return SIM_OK;
}

SimResult
sim_modem_in (SimModem *modem, gint64 now_us, guint8 endpoint, guint8 *data, gsize max, gsize *size)
{
    GQueue *queue = &modem->in[endpoint & 0x0f];
    SimChunk *chunk;

    *size = 0;
    sim_modem_advance (modem, now_us);
    if (!has_endpoint (modem, endpoint))
        return SIM_GONE;
    if (modem->is_stalled & 1u << ((endpoint & 0x0f) + 16))
        return SIM_STALL;
    if (g_queue_is_empty (queue) && modem->firehose)
        sim_firehose_refill (modem->firehose);
    chunk = g_queue_peek_head (queue);
    if (!chunk || chunk->ready_us > modem->now_us)
        return SIM_NOT_YET;
    *size = MIN (max, chunk->size - chunk->at);
    memcpy (data, chunk->data + chunk->at, *size);
    chunk->at += *size;
    if (chunk->at == chunk->size)
        g_free (g_queue_pop_head (queue));
    sim_record_transfer (modem->record, modem->now_us, modem->mode, endpoint, data, *size);
    sim_hit (modem, "transfer", endpoint & 0x0f);
    sim_modem_advance (modem, now_us);
    return SIM_OK;
}

void
sim_usb_online (SimModem *modem)
{
    come_online (modem, FALSE);
}

void
sim_modem_usb_reset (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    if (!modem->is_connected)
        return;
    sim_note (modem, "the port is reset");
    modem->is_stalled = 0;
    come_online (modem, TRUE);
}

void
sim_modem_lose_track (SimModem *modem)
{
    if (modem->sahara)
        sim_sahara_inherit (modem->sahara);
    if (modem->firehose)
        sim_firehose_inherit (modem->firehose);
}

/* --- the hand at the cable --- */

void
sim_modem_unplug (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    sim_note (modem, "is unplugged");
    modem->is_plugged = FALSE;
    power_off (modem);
}

void
sim_modem_plug (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    if (modem->is_plugged)
        return;
    modem->is_plugged = TRUE;
    sim_note (modem, "is plugged in");
    sim_boot (modem, SIM_RESET_BOOT, 0);
}

void
sim_modem_power_cycle (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    sim_note (modem, "power is cycled");
    modem->is_plugged = TRUE;
    sim_boot (modem, SIM_RESET_BOOT, POWER_OFF_US);
}

void
sim_modem_usb_boot (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    sim_note (modem, "USB_BOOT is shorted and power is cycled");
    modem->is_plugged = TRUE;
    sim_boot (modem, SIM_RESET_EDL, POWER_OFF_US);
}

void
sim_modem_reenumerate (SimModem *modem, gint64 now_us)
{
    sim_modem_advance (modem, now_us);
    if (modem->is_connected)
        sim_reset_later (modem, SIM_RESET_SAME, 0);
    sim_modem_advance (modem, now_us);
}

gboolean
sim_modem_add_fault (SimModem *modem, const char *text, char **why)
{
    return sim_faults_add (modem->faults, text, why);
}

void
sim_modem_clear_faults (SimModem *modem)
{
    sim_faults_clear (modem->faults);
}

guint
sim_modem_get_faults_hit (const SimModem *modem)
{
    return sim_faults_get_n_hit (modem->faults);
}
