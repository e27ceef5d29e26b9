/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Everything is handed on to the simulated world, but for the one event that goes wrong. */

#include "fault-world.h"

#include "util/error.h"

#include <string.h>

#define NOISE_MIN 32

struct _FaultWorld {
    MfuWorld world;
    SimWorld *sim;
    FaultHook hook;
    gpointer user_data;
    guint n_events;
    gboolean is_mute;
    gboolean has_lost_track; /* from the event after the one that went wrong */
    guint n_excused;
    gpointer hold;
    PowerLoss *loss;
};

typedef struct {
    MfuChannel channel;
    FaultWorld *fault;
    MfuChannel *inner;
    GBytes *again; /* an answer that comes a second time */
} FaultChannel;

static FaultWorld *current;

static FaultWorld *
fault_of (MfuWorld *world)
{
    return (FaultWorld *) ((guint8 *) world - G_STRUCT_OFFSET (FaultWorld, world));
}

static MfuWorld *
inner_of (MfuWorld *world)
{
    return sim_world_get (fault_of (world)->sim);
}

static Effect
happen (FaultWorld *fault, EventKind kind)
{
    guint number = fault->n_events++;
    Effect effect;

    if (fault->has_lost_track)
        sim_modem_lose_track (sim_world_modem (fault->sim));
    fault->has_lost_track = FALSE;
    effect = fault->hook != NULL ? fault->hook (fault, kind, number, fault->user_data) : EFFECT_NONE;
    /* An answer that comes twice is no loss: who takes it for the next one has only itself to blame. */
    fault->has_lost_track |=
        (kind == EVENT_SEND || kind == EVENT_RECEIVE) && effect != EFFECT_NONE && effect != EFFECT_REPEAT;
    return effect;
}

Effect
fault_world_journal_event (void)
{
    return current != NULL ? happen (current, EVENT_JOURNAL) : EFFECT_NONE;
}

static gboolean
fail (GError **error)
{
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_IO, "error on the bus");
    return FALSE;
}

/* What was asked for happened, or did not; the caller hears of an error. */
static gboolean
fail_after (gboolean ignored, GError **done, GError **error)
{
    g_clear_error (done);
    return fail (error);
}

static gboolean
wait_in_vain (FaultWorld *fault, gint64 deadline_us, GError **error)
{
    MfuClock *clock = sim_world_get (fault->sim)->clock;

    if (!clock->sleep_until (clock, deadline_us, NULL, error))
        return FALSE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, "timed out");
    return FALSE;
}

static guint
count_failures (SimModem *modem)
{
    guint n = 0;

    while (sim_modem_get_failure (modem, n) != NULL)
        n++;
    return n;
}

static gboolean
channel_send (MfuChannel *base, const guint8 *data, gsize size, gboolean wants_zlp, gint64 deadline_us,
              GCancellable *cancellable, GError **error)
{
    FaultChannel *channel = (FaultChannel *) base;
    Effect effect = happen (channel->fault, EVENT_SEND);
    SimModem *modem = sim_world_modem (channel->fault->sim);
    guint n_failures = count_failures (modem);
    g_autoptr (GError) ignored = NULL;

    if (effect == EFFECT_ERROR)
        return fail (error);
    if (channel->fault->is_mute)
        return wait_in_vain (channel->fault, deadline_us, error);
    if (effect == EFFECT_SHORT) {
        gboolean is_sent =
            mfu_channel_send (channel->inner, data, size / 2, FALSE, deadline_us, NULL, &ignored);

        /* What half a command is taken for is the bus's fault. */
        channel->fault->n_excused += count_failures (modem) - n_failures;
        return fail_after (is_sent, &ignored, error);
    }
    if (effect == EFFECT_LATE_ERROR)
        return fail_after (
            mfu_channel_send (channel->inner, data, size, wants_zlp, deadline_us, NULL, &ignored), &ignored,
            error);
    return mfu_channel_send (channel->inner, data, size, wants_zlp, deadline_us, cancellable, error);
}

static gboolean
channel_flush (MfuChannel *base, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    return mfu_channel_flush (((FaultChannel *) base)->inner, deadline_us, cancellable, error);
}

/* The same on each run. */
static gssize
make_noise (guint8 *buffer, gsize size, gsize n, guint32 seed)
{
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

    n = MIN (MAX (n, NOISE_MIN), size);
    for (gsize i = 0; i < n; i++)
        buffer[i] = (guint8) g_rand_int_range (rand, 0, 256);
    return (gssize) n;
}

static gssize
receive_again (FaultChannel *channel, guint8 *buffer, gsize size)
{
    gsize n = MIN (size, g_bytes_get_size (channel->again));

    memcpy (buffer, g_bytes_get_data (channel->again, NULL), n);
    g_clear_pointer (&channel->again, g_bytes_unref);
    return (gssize) n;
}

static gssize
channel_receive (MfuChannel *base, guint8 *buffer, gsize size, gint64 deadline_us, GCancellable *cancellable,
                 GError **error)
{
    FaultChannel *channel = (FaultChannel *) base;
    Effect effect = happen (channel->fault, EVENT_RECEIVE);
    gssize n;

    if (effect == EFFECT_ERROR) {
        fail (error);
        return -1;
    }
    if (channel->fault->is_mute) {
        wait_in_vain (channel->fault, deadline_us, error);
        return -1;
    }
    if (channel->again != NULL)
        return receive_again (channel, buffer, size);
    n = mfu_channel_receive (channel->inner, buffer, size, deadline_us, cancellable, error);
    if (n < 0)
        return n;
    if (effect == EFFECT_LATE_ERROR) {
        fail (error);
        return -1;
    }
    if (effect == EFFECT_SHORT)
        return n / 2;
    if (effect == EFFECT_GARBAGE)
        return make_noise (buffer, size, (gsize) n, channel->fault->n_events);
    if (effect == EFFECT_REPEAT)
        channel->again = g_bytes_new (buffer, (gsize) n);
    return n;
}

static gboolean
channel_reset (MfuChannel *base, GError **error)
{
    FaultChannel *channel = (FaultChannel *) base;

    g_clear_pointer (&channel->again, g_bytes_unref);
    return mfu_channel_reset (channel->inner, error);
}

static void
channel_close (MfuChannel *base)
{
    FaultChannel *channel = (FaultChannel *) base;

    mfu_channel_close (channel->inner);
    g_clear_pointer (&channel->again, g_bytes_unref);
    g_free (channel);
}

static const MfuChannelClass channel_class = {
    .name = "fault",
    .send = channel_send,
    .flush = channel_flush,
    .receive = channel_receive,
    .reset = channel_reset,
    .close = channel_close,
};

static MfuChannel *
wrap (FaultWorld *fault, MfuChannel *inner)
{
    FaultChannel *channel;

    if (inner == NULL)
        return NULL;
    channel = g_new0 (FaultChannel, 1);
    channel->channel.klass = &channel_class;
    channel->fault = fault;
    channel->inner = inner;
    return &channel->channel;
}

static MfuUsbDevice *
world_look (MfuWorld *world, const char *port, GError **error)
{
    return inner_of (world)->klass->look (inner_of (world), port, error);
}

static gpointer
world_arm (MfuWorld *world, const char *port, const MfuUsbDevice *leaving, GError **error)
{
    return inner_of (world)->klass->arm (inner_of (world), port, leaving, error);
}

static MfuUsbDevice *
world_wait_next (MfuWorld *world, gpointer wait, guint modes, gboolean wants_tty, gint64 deadline_us,
                 GCancellable *cancellable, GError **error)
{
    if (happen (fault_of (world), EVENT_WAIT) != EFFECT_NONE) {
        fail (error);
        return NULL;
    }
    return inner_of (world)->klass->wait_next (inner_of (world), wait, modes, wants_tty, deadline_us,
                                               cancellable, error);
}

static void
world_disarm (MfuWorld *world, gpointer wait)
{
    inner_of (world)->klass->disarm (inner_of (world), wait);
}

static MfuChannel *
world_open_usb (MfuWorld *world, const MfuUsbDevice *device, guint number, GCancellable *cancellable,
                GError **error)
{
    MfuWorld *inner = inner_of (world);

    if (happen (fault_of (world), EVENT_OPEN) != EFFECT_NONE) {
        fail (error);
        return NULL;
    }
    return wrap (fault_of (world), inner->klass->open_usb (inner, device, number, cancellable, error));
}

static MfuChannel *
world_open_tty (MfuWorld *world, const MfuUsbDevice *device, guint number, GCancellable *cancellable,
                GError **error)
{
    MfuWorld *inner = inner_of (world);

    if (happen (fault_of (world), EVENT_OPEN) != EFFECT_NONE) {
        fail (error);
        return NULL;
    }
    return wrap (fault_of (world), inner->klass->open_tty (inner, device, number, cancellable, error));
}

static char *
world_ask_control (MfuWorld *world, const MfuUsbDevice *device, gboolean only_shared, gboolean *has_switch,
                   gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    if (happen (fault_of (world), EVENT_OPEN) != EFFECT_NONE) {
        fail (error);
        return NULL;
    }
    return inner_of (world)->klass->ask_control (inner_of (world), device, only_shared, has_switch,
                                                 deadline_us, cancellable, error);
}

static gboolean
world_order_control (MfuWorld *world, const MfuUsbDevice *device, MfuControlOrder order, gint64 deadline_us,
                     GError **error)
{
    if (happen (fault_of (world), EVENT_OPEN) != EFFECT_NONE)
        return fail (error);
    return inner_of (world)->klass->order_control (inner_of (world), device, order, deadline_us, error);
}

static gboolean
world_reenumerate (MfuWorld *world, const MfuUsbDevice *device, GError **error)
{
    if (happen (fault_of (world), EVENT_REENUMERATE) != EFFECT_NONE)
        return fail (error);
    return inner_of (world)->klass->reenumerate (inner_of (world), device, error);
}

static gpointer
world_hold (MfuWorld *world, const char *port, GError **error)
{
    return fault_of (world)->hold = inner_of (world)->klass->hold (inner_of (world), port, error);
}

static void
world_release (MfuWorld *world, gpointer hold)
{
    inner_of (world)->klass->release (inner_of (world), hold);
    fault_of (world)->hold = NULL;
}

static void
world_keep_awake (MfuWorld *world, const MfuUsbDevice *device)
{
    inner_of (world)->klass->keep_awake (inner_of (world), device);
}

static char *
world_find_power_manager (MfuWorld *world)
{
    return inner_of (world)->klass->find_power_manager (inner_of (world));
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

FaultWorld *
fault_world_new (SimWorld *sim)
{
    FaultWorld *fault = g_new0 (FaultWorld, 1);

    fault->world.klass = &world_class;
    fault->world.families = sim_world_get (sim)->families;
    fault->world.clock = sim_world_get (sim)->clock;
    fault->sim = sim;
    current = fault;
    return fault;
}

void
fault_world_free (FaultWorld *fault)
{
    current = NULL;
    g_free (fault);
}

MfuWorld *
fault_world_get (FaultWorld *fault)
{
    return &fault->world;
}

void
fault_world_set_hook (FaultWorld *fault, FaultHook hook, gpointer user_data)
{
    fault->hook = hook;
    fault->user_data = user_data;
    fault->n_events = 0;
}

void
fault_world_set_mute (FaultWorld *fault, gboolean is_mute)
{
    fault->is_mute = is_mute;
}

gboolean
fault_world_is_mute (FaultWorld *fault)
{
    return fault->is_mute;
}

void
fault_world_lose_track (FaultWorld *fault)
{
    fault->has_lost_track = TRUE;
}

guint
fault_world_get_n_excused (FaultWorld *fault)
{
    return fault->n_excused;
}

void
fault_world_set_power_loss (FaultWorld *fault, PowerLoss *loss)
{
    fault->loss = loss;
}

PowerLoss *
fault_world_get_power_loss (void)
{
    return current != NULL ? current->loss : NULL;
}

void
fault_world_lose_engine (FaultWorld *fault)
{
    if (fault->hold != NULL)
        world_release (&fault->world, fault->hold);
}
