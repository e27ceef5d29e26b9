/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Waiting is jumping: to the modem's next own event, or to the deadline. */

#include "sim-world.h"

#include "sim-wdm.h"
#include "tracker/place.h"
#include "tracker/sysfs.h"

#include "util/error.h"

#include <string.h>

#define IN_BYTES   (16 * 1024)
#define MAX_QUEUED 64

/* How long a library waits in vain for a modem that says nothing. */
#define CONTROL_MS 3000

#define FIRST_BUS 1

struct _SimWorld {
    MfuWorld world;
    MfuClock clock;
    SimModem *modem;
    guint bus; /* the number that the kernel has given to it */
    gint64 now_us;
    gint64 plug_us; /* when the modem is plugged in again; G_MAXINT64: not planned */
    SimWorldHook hook;
    gpointer user_data;
    guint n_events;
    gboolean is_dead;
    const char *power_manager;
    guint n_control_uses;
    int open_error; /* MfuError; -1: none */

    gboolean can_hold, is_held, cannot_reenumerate;
    guint seen_generation;  /* of the device that was last noticed */
    gboolean lacks_serial;  /* no driver for serial ports is there */
    gboolean has_drivers;   /* the kernel configured it and its drivers took it */
    guint n_drivers_in_edl; /* EDL devices of which that was true */
};

typedef struct {
    MfuChannel channel;
    SimWorld *sim;
    guint generation;
    guint8 in, out;
    GQueue received; /* GBytes, taken while sending, as the real channel's pending transfer does */
} SimChannel;

typedef struct {
    guint leaving;
} SimWait;

static SimWorld *
sim_of (MfuWorld *world)
{
    return (SimWorld *) ((guint8 *) world - G_STRUCT_OFFSET (SimWorld, world));
}

static SimWorld *
sim_of_clock (MfuClock *clock)
{
    return (SimWorld *) ((guint8 *) clock - G_STRUCT_OFFSET (SimWorld, clock));
}

static void
interface_free (gpointer data)
{
    g_free (((MfuUsbInterface *) data)->tty);
    g_free (data);
}

static MfuUsbDevice *
device_of (SimWorld *sim)
{
    const SimUsb *usb = sim_modem_get_usb (sim->modem);
    MfuUsbDevice *device;

    if (usb == NULL)
        return NULL;
    device = g_new0 (MfuUsbDevice, 1);
    g_atomic_ref_count_init (&device->ref_count);
    device->sysfs = g_strdup_printf ("/sys/devices/sim/usb%u/%u-2", sim->bus, sim->bus);
    device->port = g_strdup_printf ("%u-2", sim->bus);
    device->place = mfu_place_of ("/sys", device->sysfs, NULL);
    device->devnode = g_strdup_printf ("/dev/bus/usb/%03u/002", sim->bus);
    device->vid = usb->vid;
    device->pid = usb->pid;
    device->bcd_device = usb->bcd_device;
    device->product = g_strdup (usb->product);
    device->serial = g_strdup (usb->serial);
    device->devnum = sim_modem_get_generation (sim->modem);
    device->n_interfaces = usb->n_interfaces;
    device->mode = mfu_sysfs_classify (sim->world.families, device, &device->family);
    device->interfaces = g_ptr_array_new_with_free_func (interface_free);
    for (guint i = 0; sim->has_drivers && i < usb->n_interfaces; i++) {
        MfuUsbInterface *interface = g_new0 (MfuUsbInterface, 1);

        interface->number = usb->interfaces[i].number;
        interface->klass = usb->interfaces[i].klass;
        interface->subclass = usb->interfaces[i].subclass;
        interface->protocol = usb->interfaces[i].protocol;
        interface->n_endpoints = usb->interfaces[i].n_endpoints;
        interface->tty = sim->lacks_serial ? NULL : g_strdup_printf ("ttyUSB%u", i);
        g_ptr_array_add (device->interfaces, interface);
    }
    return device;
}

/* What the kernel does about an arrival: a device in a held port is left alone for good. */
static void
let_kernel_see (SimWorld *sim)
{
    const SimUsb *usb = sim_modem_get_usb (sim->modem);
    guint generation = sim_modem_get_generation (sim->modem);
    g_autoptr (MfuUsbDevice) device = NULL;

    if (usb == NULL || generation == sim->seen_generation)
        return;
    sim->seen_generation = generation;
    sim->has_drivers = !sim->is_held;
    device = device_of (sim);
    if (sim->has_drivers && device->mode == MFU_MODE_EDL)
        sim->n_drivers_in_edl++;
}

static void
advance (SimWorld *sim)
{
    if (sim->plug_us <= sim->now_us) {
        sim_modem_plug (sim->modem, sim->plug_us);
        sim->plug_us = G_MAXINT64;
    }
    sim_modem_advance (sim->modem, sim->now_us);
    let_kernel_see (sim);
}

static gint64
clock_now_us (MfuClock *clock)
{
    return sim_of_clock (clock)->now_us;
}

static gboolean
clock_sleep_until (MfuClock *clock, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    SimWorld *sim = sim_of_clock (clock);

    sim->now_us = MAX (sim->now_us, deadline_us);
    advance (sim);
    if (!g_cancellable_is_cancelled (cancellable))
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_CANCELLED, "cancelled");
    return FALSE;
}

/* An event that a fault may cut. */
static gboolean
happen (SimWorld *sim, GError **error)
{
    if (!sim->is_dead && sim->hook != NULL && !sim->hook (sim, sim->n_events, sim->user_data))
        sim->is_dead = TRUE;
    sim->n_events++;
    advance (sim);
    if (!sim->is_dead)
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_GONE, "the engine was killed");
    return FALSE;
}

/* To the modem's next event; FALSE when the deadline comes first. */
static gboolean
jump (SimWorld *sim, gint64 deadline_us)
{
    gint64 next_us = MIN (sim_modem_next_event_us (sim->modem), sim->plug_us);

    if (next_us > deadline_us) {
        sim->now_us = MAX (sim->now_us, deadline_us);
        advance (sim);
        return FALSE;
    }
    sim->now_us = MAX (sim->now_us + 1, next_us);
    advance (sim);
    return TRUE;
}

static gboolean
is_connected (SimChannel *channel, GError **error)
{
    if (sim_modem_get_usb (channel->sim->modem) != NULL &&
        sim_modem_get_generation (channel->sim->modem) == channel->generation)
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_GONE, "the device has left");
    return FALSE;
}

/* As the real channel does: a stall is told, and cleared for the next transfer. */
static gboolean
answer (SimChannel *channel, SimResult result, guint8 endpoint, GError **error)
{
    const guint8 clear_halt[8] = { 0x02, 0x01, 0, 0, endpoint };
    gsize size;

    switch (result) {
    case SIM_OK:
    case SIM_NOT_YET:
        return TRUE;
    case SIM_STALL:
        sim_modem_control (channel->sim->modem, channel->sim->now_us, clear_halt, NULL, &size);
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_PROTOCOL, "stalled");
        return FALSE;
    case SIM_GONE:
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_GONE, "the device has left");
        return FALSE;
    }
    return FALSE;
}

/* What the modem says while it is being sent to. */
static gboolean
read_ahead (SimChannel *channel)
{
    guint8 buffer[IN_BYTES];
    gsize n = 0;

    if (g_queue_get_length (&channel->received) >= MAX_QUEUED ||
        sim_modem_in (channel->sim->modem, channel->sim->now_us, channel->in, buffer, sizeof buffer, &n) !=
            SIM_OK)
        return FALSE;
    g_queue_push_tail (&channel->received, g_bytes_new (buffer, n));
    return TRUE;
}

static gboolean
send_transfer (SimChannel *channel, const guint8 *data, gsize size, gint64 deadline_us, GError **error)
{
    SimWorld *sim = channel->sim;

    for (;;) {
        SimResult result;

        if (!is_connected (channel, error))
            return FALSE;
        result = sim_modem_out (sim->modem, sim->now_us, channel->out, data, size);
        if (result == SIM_OK)
            return TRUE;
        if (!answer (channel, result, channel->out, error))
            return FALSE;
        if (!read_ahead (channel) && !jump (sim, deadline_us)) {
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "timed out");
            return FALSE;
        }
    }
}

static gboolean
channel_send (MfuChannel *base, const guint8 *data, gsize size, gboolean wants_zlp, gint64 deadline_us,
              GCancellable *cancellable, GError **error)
{
    SimChannel *channel = (SimChannel *) base;

    return happen (channel->sim, error) && send_transfer (channel, data, size, deadline_us, error) &&
           (!wants_zlp || size % 512 != 0 || send_transfer (channel, NULL, 0, deadline_us, error));
}

static gboolean
channel_flush (MfuChannel *base, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    return TRUE;
}

static gssize
channel_receive (MfuChannel *base, guint8 *buffer, gsize size, gint64 deadline_us, GCancellable *cancellable,
                 GError **error)
{
    SimChannel *channel = (SimChannel *) base;
    SimWorld *sim = channel->sim;
    g_autoptr (GBytes) ahead = NULL;

    if (!happen (sim, error))
        return -1;
    ahead = g_queue_pop_head (&channel->received);
    if (ahead != NULL) {
        gsize n = MIN (g_bytes_get_size (ahead), size);

        memcpy (buffer, g_bytes_get_data (ahead, NULL), n);
        if (n < g_bytes_get_size (ahead))
            g_queue_push_head (&channel->received,
                               g_bytes_new_from_bytes (ahead, n, g_bytes_get_size (ahead) - n));
        return (gssize) n;
    }
    for (;;) {
        gsize n = 0;
        SimResult result;

        if (!is_connected (channel, error))
            return -1;
        result = sim_modem_in (sim->modem, sim->now_us, channel->in, buffer, size, &n);
        if (result == SIM_OK)
            return (gssize) n;
        if (!answer (channel, result, channel->in, error))
            return -1;
        if (!jump (sim, deadline_us)) {
            g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "timed out");
            return -1;
        }
    }
}

static gboolean
channel_reset (MfuChannel *base, GError **error)
{
    SimChannel *channel = (SimChannel *) base;

    if (!is_connected (channel, error))
        return FALSE;
    sim_modem_usb_reset (channel->sim->modem, channel->sim->now_us);
    g_queue_clear_full (&channel->received, (GDestroyNotify) g_bytes_unref);
    return TRUE;
}

static void
channel_close (MfuChannel *base)
{
    g_queue_clear_full (&((SimChannel *) base)->received, (GDestroyNotify) g_bytes_unref);
    g_free (base);
}

static const MfuChannelClass channel_class = {
    .name = "sim",
    .send = channel_send,
    .flush = channel_flush,
    .receive = channel_receive,
    .reset = channel_reset,
    .close = channel_close,
};

static MfuUsbDevice *
world_look (MfuWorld *world, const char *port, GError **error)
{
    MfuUsbDevice *device = device_of (sim_of (world));

    if (device == NULL)
        g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "nothing is in port %s", port);
    return device;
}

static gpointer
world_arm (MfuWorld *world, const char *port, const MfuUsbDevice *leaving, GError **error)
{
    SimWait *wait = g_new0 (SimWait, 1);

    wait->leaving = leaving != NULL ? leaving->devnum : 0;
    return wait;
}

static MfuUsbDevice *
world_wait_next (MfuWorld *world, gpointer data, guint modes, gboolean wants_tty, gint64 deadline_us,
                 GCancellable *cancellable, GError **error)
{
    SimWorld *sim = sim_of (world);
    SimWait *wait = data;

    if (!happen (sim, error))
        return NULL;
    for (;;) {
        g_autoptr (MfuUsbDevice) device = device_of (sim);

        if (device != NULL && device->devnum != wait->leaving && (modes & 1u << device->mode) &&
            ((sim->has_drivers && !sim->lacks_serial) || !wants_tty || device->mode != MFU_MODE_NORMAL))
            return g_steal_pointer (&device);
        if (!jump (sim, deadline_us)) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "nothing came to the port");
            return NULL;
        }
    }
}

static void
world_disarm (MfuWorld *world, gpointer wait)
{
    g_free (wait);
}

static MfuChannel *
world_open_usb (MfuWorld *world, const MfuUsbDevice *device, guint number, GCancellable *cancellable,
                GError **error)
{
    SimWorld *sim = sim_of (world);
    const SimUsb *usb;
    SimChannel *channel;

    if (!happen (sim, error))
        return NULL;
    if (sim->open_error >= 0) {
        g_set_error_literal (error, MFU_ERROR, sim->open_error, "the node cannot be opened");
        return NULL;
    }
    usb = sim_modem_get_usb (sim->modem);
    if (usb == NULL || sim_modem_get_generation (sim->modem) != device->devnum) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_GONE, "the device has left");
        return NULL;
    }
    channel = g_new0 (SimChannel, 1);
    channel->channel.klass = &channel_class;
    channel->sim = sim;
    channel->generation = device->devnum;
    for (guint i = 0; i < usb->n_interfaces; i++) {
        for (guint e = 0; usb->interfaces[i].number == number && e < usb->interfaces[i].n_endpoints; e++) {
            const SimEndpoint *endpoint = &usb->interfaces[i].endpoints[e];

            if (endpoint->type != 2)
                continue;
            if (endpoint->address & 0x80)
                channel->in = endpoint->address;
            else
                channel->out = endpoint->address;
        }
    }
    return &channel->channel;
}

static MfuChannel *
world_open_tty (MfuWorld *world, const MfuUsbDevice *device, guint number, GCancellable *cancellable,
                GError **error)
{
    if (sim_of (world)->has_drivers && !sim_of (world)->lacks_serial)
        return world_open_usb (world, device, number, cancellable, error);
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, "no driver has made a tty");
    return NULL;
}

/* NULL where the modem has no such port, or no driver took it. */
static SimWdm *
open_control (SimWorld *sim, const MfuUsbDevice *device, MfuControlProtocol *protocol, GError **error)
{
    int number = mfu_usb_device_find_function (device, MFU_FUNCTION_QMI);

    *protocol = number >= 0 ? MFU_CONTROL_QMI : MFU_CONTROL_MBIM;
    if (number < 0)
        number = mfu_usb_device_find_function (device, MFU_FUNCTION_MBIM);
    if (!happen (sim, error))
        return NULL;
    if (sim_modem_get_usb (sim->modem) == NULL || sim_modem_get_generation (sim->modem) != device->devnum)
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_GONE, "the device has left");
    else if (number < 0 || !sim->has_drivers)
        g_set_error_literal (error, MFU_ERROR, number < 0 ? MFU_ERROR_UNSUPPORTED : MFU_ERROR_NOT_FOUND,
                             "there is no control port");
    else
        return sim_wdm_new (sim->modem, (guint) number, *protocol == MFU_CONTROL_MBIM, sim->now_us);
    return NULL;
}

/* Real time, for the libraries; in virtual time a conversation takes none. */
static void
fill_port (MfuControlPort *port, SimWdm *wdm, GCancellable *cancellable)
{
    *port = (MfuControlPort){
        .devnode = sim_wdm_get_devnode (wdm),
        .clock = mfu_clock_system (),
        .deadline_us = mfu_clock_deadline_us (mfu_clock_system (), CONTROL_MS),
        .cancellable = cancellable,
    };
}

static char *
world_ask_control (MfuWorld *world, const MfuUsbDevice *device, gboolean only_shared, gboolean *has_switch,
                   gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    MfuControlProtocol protocol;
    g_autoptr (SimWdm) wdm = open_control (sim_of (world), device, &protocol, error);
    MfuControlPort port;

    if (wdm == NULL)
        return NULL;
    sim_of (world)->n_control_uses++;
    fill_port (&port, wdm, cancellable);
    return mfu_control_get_version (&port, protocol, has_switch, error);
}

static gboolean
world_order_control (MfuWorld *world, const MfuUsbDevice *device, MfuControlOrder order, gint64 deadline_us,
                     GError **error)
{
    MfuControlProtocol protocol;
    g_autoptr (SimWdm) wdm = open_control (sim_of (world), device, &protocol, error);
    MfuControlPort port;

    if (wdm == NULL)
        return FALSE;
    sim_of (world)->n_control_uses++;
    fill_port (&port, wdm, NULL);
    return mfu_control_give_order (&port, protocol, order, error);
}

static gboolean
world_reenumerate (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    SimWorld *sim = sim_of (world);

    if (!happen (sim, error))
        return FALSE;
    if (sim->cannot_reenumerate) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_IO, "the kernel does not do it");
        return FALSE;
    }
    sim_modem_reenumerate (sim->modem, sim->now_us);
    let_kernel_see (sim);
    return TRUE;
}

static gpointer
world_hold (MfuWorld *world, const char *port, GError **error)
{
    SimWorld *sim = sim_of (world);
    g_autofree char *own = sim_world_port (sim);

    let_kernel_see (sim);
    g_assert_false (sim->is_held);
    g_assert_cmpstr (port, ==, own);
    if (!sim->can_hold) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_BUSY, "the port cannot be held");
        return NULL;
    }
    sim->is_held = TRUE;
    return sim;
}

static void
world_release (MfuWorld *world, gpointer hold)
{
    SimWorld *sim = sim_of (world);

    let_kernel_see (sim);
    g_assert_true (sim->is_held);
    sim->is_held = FALSE;
}

static void
world_keep_awake (MfuWorld *world, const MfuUsbDevice *device)
{
}

static char *
world_find_power_manager (MfuWorld *world)
{
    return g_strdup (sim_of (world)->power_manager);
}

static const MfuWorldClass world_class = {
    .look = world_look,
    .arm = world_arm,
    .wait_next = world_wait_next,
    .disarm = world_disarm,
    .open_usb = world_open_usb,
    .open_tty = world_open_tty,
    .ask_control = world_ask_control,
    .order_control = world_order_control,
    .reenumerate = world_reenumerate,
    .hold = world_hold,
    .release = world_release,
    .keep_awake = world_keep_awake,
    .find_power_manager = world_find_power_manager,
};

SimWorld *
sim_world_new (SimModem *modem, const MfuFamilies *families)
{
    SimWorld *sim = g_new0 (SimWorld, 1);

    sim->world.klass = &world_class;
    sim->world.families = families;
    sim->world.clock = &sim->clock;
    sim->clock.now_us = clock_now_us;
    sim->clock.sleep_until = clock_sleep_until;
    sim->modem = modem;
    sim->bus = FIRST_BUS;
    sim->now_us = 1;
    sim->plug_us = G_MAXINT64;
    sim->open_error = -1;
    sim->can_hold = TRUE;
    let_kernel_see (sim);
    return sim;
}

void
sim_world_free (SimWorld *sim)
{
    if (sim == NULL)
        return;
    sim_modem_free (sim->modem);
    g_free (sim);
}

MfuWorld *
sim_world_get (SimWorld *sim)
{
    return &sim->world;
}

SimModem *
sim_world_modem (SimWorld *sim)
{
    return sim->modem;
}

gint64
sim_world_now_us (SimWorld *sim)
{
    return sim->now_us;
}

void
sim_world_pass_ms (SimWorld *sim, guint ms)
{
    gint64 end_us = sim->now_us + (gint64) ms * 1000;

    while (jump (sim, end_us))
        ;
}

void
sim_world_replug (SimWorld *sim, guint ms)
{
    sim_modem_unplug (sim->modem, sim->now_us);
    sim->plug_us = sim->now_us + (gint64) ms * 1000;
}

void
sim_world_number_bus (SimWorld *sim, guint bus)
{
    sim->bus = bus;
}

char *
sim_world_port (SimWorld *sim)
{
    return g_strdup_printf ("%u-2", sim->bus);
}

void
sim_world_set_hook (SimWorld *sim, SimWorldHook hook, gpointer user_data)
{
    sim->hook = hook;
    sim->user_data = user_data;
    sim->is_dead = FALSE;
    sim->n_events = 0;
}

void
sim_world_set_open_error (SimWorld *sim, int code)
{
    sim->open_error = code;
}

void
sim_world_set_power_manager (SimWorld *sim, const char *name)
{
    sim->power_manager = name;
}

void
sim_world_set_can_hold (SimWorld *sim, gboolean can_hold)
{
    sim->can_hold = can_hold;
}

void
sim_world_set_can_reenumerate (SimWorld *sim, gboolean can_reenumerate)
{
    sim->cannot_reenumerate = !can_reenumerate;
}

void
sim_world_set_lacks_serial (SimWorld *sim, gboolean lacks_serial)
{
    sim->lacks_serial = lacks_serial;
}

gboolean
sim_world_is_held (SimWorld *sim)
{
    return sim->is_held;
}

gboolean
sim_world_has_drivers (SimWorld *sim)
{
    return sim->has_drivers;
}

guint
sim_world_get_n_drivers_in_edl (SimWorld *sim)
{
    return sim->n_drivers_in_edl;
}

guint
sim_world_get_n_control_uses (SimWorld *sim)
{
    return sim->n_control_uses;
}

guint
sim_world_get_n_events (SimWorld *sim)
{
    return sim->n_events;
}
