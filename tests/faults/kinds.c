/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The kinds of faults. One that is not an effect on the event itself happens just before it. */

#include "strike.h"

#define BIT(kind) (1u << (kind))
#define ALL       (BIT (EVENT_JOURNAL + 1) - 1)
#define TRANSFERS (BIT (EVENT_SEND) | BIT (EVENT_RECEIVE))
#define REPLUG_MS 5000

static Effect
kill_engine (gpointer trial, EventKind kind)
{
    strike_kill (trial, FALSE);
    return EFFECT_NONE;
}

static Effect
reboot_host (gpointer trial, EventKind kind)
{
    strike_kill (trial, TRUE);
    return EFFECT_NONE;
}

static Effect
cut_host (gpointer trial, EventKind kind)
{
    strike_cut_host (trial, FALSE);
    return EFFECT_NONE;
}

static Effect
cut_host_keeping_names (gpointer trial, EventKind kind)
{
    strike_cut_host (trial, TRUE);
    return EFFECT_NONE;
}

static Effect
swap (gpointer trial, EventKind kind)
{
    strike_swap (trial);
    return EFFECT_NONE;
}

static Effect
tear (gpointer trial, EventKind kind)
{
    strike_kill_next (trial);
    return EFFECT_TORN;
}

static Effect
replug (gpointer trial, EventKind kind)
{
    fault_world_set_mute (strike_world (trial), FALSE);
    sim_world_replug (strike_sim (trial), REPLUG_MS);
    return EFFECT_NONE;
}

/* Only when the job is over. */
static Effect
unplug (gpointer trial, EventKind kind)
{
    fault_world_set_mute (strike_world (trial), FALSE);
    sim_modem_unplug (sim_world_modem (strike_sim (trial)), sim_world_now_us (strike_sim (trial)));
    return EFFECT_NONE;
}

static Effect
cycle_power (gpointer trial, EventKind kind)
{
    fault_world_set_mute (strike_world (trial), FALSE);
    sim_modem_power_cycle (sim_world_modem (strike_sim (trial)), sim_world_now_us (strike_sim (trial)));
    return EFFECT_NONE;
}

/* In the middle of the next thing that the modem does to its chip. */
static Effect
cut_power_at_work (gpointer trial, EventKind kind)
{
    static const char *const faults[] = { "erase:1=vanish",           "fastboot-flash:1=vanish",
                                          "program-data:1=vanish",    "streaming-open:1=vanish",
                                          "streaming-write:1=vanish", "streaming-close:1=vanish" };
    g_autofree char *why = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
        if (!sim_modem_add_fault (sim_world_modem (strike_sim (trial)), faults[i], &why))
            g_error ("%s", why);
    strike_clear_faults_later (trial);
    return EFFECT_NONE;
}

/* While the modem works on what it was just sent, for half a second to six: who comes next asks it in the
 * middle of that, and hears an answer that is not its own. */
static Effect
kill_at_work (gpointer trial, EventKind kind)
{
    static const char *const events[] = { "erase",          "program-data",    "fastboot-flash",
                                          "streaming-open", "streaming-write", "streaming-close" };
    guint ms = 500 + strike_point (trial) % 12 * 500;

    for (gsize i = 0; i < G_N_ELEMENTS (events); i++) {
        g_autofree char *fault = g_strdup_printf ("%s:1=slow:%u", events[i], ms);
        g_autofree char *why = NULL;

        if (!sim_modem_add_fault (sim_world_modem (strike_sim (trial)), fault, &why))
            g_error ("%s", why);
    }
    strike_clear_faults_later (trial);
    strike_kill_next (trial);
    return EFFECT_NONE;
}

static Effect
enter_boot_rom (gpointer trial, EventKind kind)
{
    fault_world_set_mute (strike_world (trial), FALSE);
    sim_modem_usb_boot (sim_world_modem (strike_sim (trial)), sim_world_now_us (strike_sim (trial)));
    return EFFECT_NONE;
}

static Effect
stall (gpointer trial, EventKind kind)
{
    g_autofree char *why = NULL;

    if (!sim_modem_add_fault (sim_world_modem (strike_sim (trial)), "transfer:1=stall", &why))
        g_error ("%s", why);
    fault_world_lose_track (strike_world (trial));
    return EFFECT_NONE;
}

static Effect
fall_silent (gpointer trial, EventKind kind)
{
    fault_world_set_mute (strike_world (trial), TRUE);
    return EFFECT_NONE;
}

static Effect
fail (gpointer trial, EventKind kind)
{
    return EFFECT_ERROR;
}

static Effect
fail_late (gpointer trial, EventKind kind)
{
    return EFFECT_LATE_ERROR;
}

static Effect
cut_short (gpointer trial, EventKind kind)
{
    return EFFECT_SHORT;
}

static Effect
make_noise (gpointer trial, EventKind kind)
{
    return EFFECT_GARBAGE;
}

static Effect
repeat (gpointer trial, EventKind kind)
{
    return EFFECT_REPEAT;
}

const Kind kinds[] = {
    { "killed", "the engine dies, nothing after it runs", ALL, kill_engine, .ends_service = TRUE },
    { "torn", "the engine dies in the middle of a journal write", BIT (EVENT_JOURNAL), tear,
      .ends_service = TRUE },
    { "killed-at-work", "the engine dies while the modem works on what it was sent, for some seconds more",
      BIT (EVENT_SEND), kill_at_work, .ends_service = TRUE },
    { "rebooted", "the host starts anew; the state folder survives", ALL, reboot_host, .ends_service = TRUE },
    { "replugged", "the modem is unplugged and plugged in 5 s later", ALL, replug, TRUE },
    { "unplugged", "the same, but after the job", ALL, unplug, TRUE },
    { "power-cycled", "the modem loses its power for half a second", ALL, cycle_power, TRUE },
    { "power-at-work", "the same, in the middle of what it does to its chip", BIT (EVENT_SEND),
      cut_power_at_work, TRUE },
    { "boot-rom", "the modem is reset to its boot ROM", ALL, enter_boot_rom, TRUE },
    { "error", "the transfer or call fails, undone", ALL, fail },
    { "late-error", "the transfer or journal call is told as failed, but was done",
      TRANSFERS | BIT (EVENT_JOURNAL), fail_late },
    { "stall", "the endpoint stalls behind the transfer, the answer is lost", TRANSFERS, stall },
    { "short", "half of the transfer, of the answer or of the write", TRANSFERS | BIT (EVENT_JOURNAL),
      cut_short },
    { "silence", "the modem says and takes nothing more until its power is cycled", ALL, fall_silent, TRUE },
    { "garbage", "the answer is noise", BIT (EVENT_RECEIVE), make_noise },
    { "repeated", "the answer comes twice", BIT (EVENT_RECEIVE), repeat },
    /* Last, so that the pairs of the other chains are drawn as ever. */
    { "host-cut", "the host loses its power, and with it all that was not synced", ALL, cut_host,
      .ends_service = TRUE, .is_for_kept = TRUE },
    { "host-cut-data", "the same, but new names are there, of files without their data", ALL,
      cut_host_keeping_names, .ends_service = TRUE, .is_for_kept = TRUE },
    { "swapped", "killed, and another module is met first", ALL, swap, .ends_service = TRUE,
      .is_for_kept = TRUE },
};

const guint n_kinds = G_N_ELEMENTS (kinds);
