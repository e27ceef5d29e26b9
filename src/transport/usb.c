/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Two bulk endpoints of a USB interface, through libusb's asynchronous transfers, pumped by the thread that
 * calls us.
 *
 *   send      copies into one of N_OUT buffers and submits; sleeps only while all of them are in flight, and
 *             then until half of them are free again: what is left keeps the modem busy meanwhile, and waking
 *             up costs more than a transfer
 *   receive   N_IN transfers are pending from the first call on, and each is submitted again as soon as it
 *             completes; what came waits in a queue. So a modem that talks while it is being sent to never
 *             blocks, a timeout loses nothing, and an answer is seen even when the modem has stopped taking
 *             data (a NAK in the middle of a raw transfer).
 *   ZLP       LIBUSB_TRANSFER_ADD_ZERO_PACKET on the last transfer of a send: the host controller appends the
 *             packet, which saves a transfer for each 8 KiB block. Kernels before 4.3 ignored the flag with
 *             xHCI; they are too old for us.
 *
 * Source: nippynetworks/qfirehose, ReleaseNote 1.4.3 (xHCI and the zero packet). */

#include "transport/usb.h"

#include "config.h"
#include "transport/holders.h"
#include "util/error.h"
#include "util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#define N_OUT            16
#define N_IN             4
#define DEFAULT_TRANSFER (64 * 1024)
#define MAX_TRANSFER     (512 * 1024) /* usbfs has 16 MiB for all of us */
#define IN_BYTES         (16 * 1024)
#define MAX_QUEUED       64 /* received and not yet asked for: 1 MiB */
#define MAX_POLL_FDS     8

/* fwupd opens every fastboot device that it sees, for a moment.
 * Source: fwupd/fwupd, plugins/fastboot/fastboot.quirk (18d1:d00d). */
#define CLAIM_RETRY_MS      5000
#define CLAIM_RETRY_STEP_MS 50

/* A device that is being unplugged first shows transfer errors, and leaves when its hub has noticed. */
#define LEAVING_MS 500

/* A cancelled transfer comes back as soon as the host controller has stopped the endpoint. */
#define REAP_MS 2000

typedef struct _UsbChannel UsbChannel;

typedef struct {
    UsbChannel *channel;
    struct libusb_transfer *transfer;
    gboolean is_in_flight;
} Slot;

struct _UsbChannel {
    MfuChannel parent;
    MfuClock *clock;
    char *devnode;
    int fd;
    libusb_context *context;
    libusb_device_handle *handle;
    guint number;
    gboolean is_claimed;
    guint8 in_address, out_address;
    guint packet_size;
    gsize transfer_size;

    Slot out[N_OUT];
    Slot in[N_IN];
    gboolean is_reaping;   /* nothing is submitted */
    GQueue received;       /* GBytes, in order */
    gsize received_offset; /* what was taken of the first one */

    GError *out_error; /* of a transfer that failed after its send had returned; told once */
    GError *in_error;
};

static GError *
error_from_libusb (UsbChannel *self, int code)
{
    switch (code) {
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return g_error_new (MFU_ERROR, MFU_ERROR_GONE, _ ("%s: the modem left its port"), self->devnode);
    case LIBUSB_ERROR_BUSY:
        return g_error_new (MFU_ERROR, MFU_ERROR_BUSY, _ ("%s is in use"), self->devnode);
    case LIBUSB_ERROR_ACCESS:
        return g_error_new (MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED, _ ("%s: no permission"), self->devnode);
    case LIBUSB_ERROR_PIPE:
        return g_error_new (MFU_ERROR, MFU_ERROR_PROTOCOL, _ ("%s: the modem refused the transfer"),
                            self->devnode);
    default:
        return g_error_new (MFU_ERROR, MFU_ERROR_IO, "%s: %s", self->devnode, libusb_error_name (code));
    }
}

/* NULL for a transfer that went well. */
static GError *
error_from_transfer (UsbChannel *self, const struct libusb_transfer *transfer)
{
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        if (transfer->endpoint == self->in_address || transfer->actual_length == transfer->length)
            return NULL;
        return g_error_new (MFU_ERROR, MFU_ERROR_IO, _ ("%s: the modem took %d of %d bytes"), self->devnode,
                            transfer->actual_length, transfer->length);
    case LIBUSB_TRANSFER_STALL:
        return error_from_libusb (self, LIBUSB_ERROR_PIPE);
    case LIBUSB_TRANSFER_NO_DEVICE:
        return error_from_libusb (self, LIBUSB_ERROR_NO_DEVICE);
    case LIBUSB_TRANSFER_OVERFLOW:
        return error_from_libusb (self, LIBUSB_ERROR_OVERFLOW);
    case LIBUSB_TRANSFER_TIMED_OUT:
    case LIBUSB_TRANSFER_CANCELLED:
        return g_error_new (MFU_ERROR, MFU_ERROR_IO, _ ("%s: the transfer was cancelled"), self->devnode);
    case LIBUSB_TRANSFER_ERROR:
    default:
        return error_from_libusb (self, LIBUSB_ERROR_IO);
    }
}

static guint
n_in_flight (const Slot *slots, guint n_slots)
{
    guint n = 0;

    for (guint i = 0; i < n_slots; i++)
        n += slots[i].is_in_flight ? 1 : 0;
    return n;
}

static void
cancel (Slot *slots, guint n_slots)
{
    for (guint i = 0; i < n_slots; i++) {
        /* Ignored because a transfer that cannot be cancelled has just completed. */
        if (slots[i].is_in_flight)
            (void) libusb_cancel_transfer (slots[i].transfer);
    }
}

static void LIBUSB_CALL
on_out_done (struct libusb_transfer *transfer)
{
    Slot *slot = transfer->user_data;
    UsbChannel *self = slot->channel;
    g_autoptr (GError) failure = error_from_transfer (self, transfer);

    slot->is_in_flight = FALSE;
    if (failure == NULL || self->out_error != NULL)
        return;
    self->out_error = g_steal_pointer (&failure);
    /* What is queued behind a transfer that failed must not reach the modem as if nothing had happened. */
    cancel (self->out, N_OUT);
}

static void
submit_in (UsbChannel *self)
{
    for (guint i = 0; i < N_IN; i++) {
        int result;

        if (self->in[i].is_in_flight || self->is_reaping || self->in_error != NULL ||
            self->received.length >= MAX_QUEUED)
            continue;
        result = libusb_submit_transfer (self->in[i].transfer);
        if (result == LIBUSB_SUCCESS)
            self->in[i].is_in_flight = TRUE;
        else
            self->in_error = error_from_libusb (self, result);
    }
}

static void LIBUSB_CALL
on_in_done (struct libusb_transfer *transfer)
{
    Slot *slot = transfer->user_data;
    UsbChannel *self = slot->channel;

    slot->is_in_flight = FALSE;
    /* Bytes that came before a failure or a cancellation are as good as any. */
    if (transfer->actual_length > 0 || transfer->status == LIBUSB_TRANSFER_COMPLETED)
        g_queue_push_tail (&self->received,
                           g_bytes_new (transfer->buffer, (gsize) MAX (transfer->actual_length, 0)));
    if (transfer->status == LIBUSB_TRANSFER_CANCELLED || self->in_error != NULL)
        return;
    self->in_error = error_from_transfer (self, transfer);
    if (self->in_error == NULL)
        submit_in (self);
    else
        cancel (self->in, N_IN);
}

static guint
collect_fds (UsbChannel *self, GPollFD *fds)
{
    const struct libusb_pollfd **list = libusb_get_pollfds (self->context);
    guint n = 0;

    for (guint i = 0; list != NULL && list[i] != NULL && n < MAX_POLL_FDS; i++, n++)
        fds[n] = (GPollFD){ .fd = list[i]->fd, .events = (gushort) list[i]->events };
    libusb_free_pollfds (list);
    return n;
}

/* Lets libusb call back for what is ready; sleeps until something is. */
static gboolean
pump (UsbChannel *self, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    struct timeval no_time = { 0, 0 };
    GPollFD fds[MAX_POLL_FDS];
    guint n_fds = collect_fds (self, fds);
    int result;

    if (!mfu_clock_poll (self->clock, fds, n_fds, deadline_us, cancellable, error))
        return FALSE;
    result = libusb_handle_events_timeout_completed (self->context, &no_time, NULL);
    if (result == LIBUSB_SUCCESS || result == LIBUSB_ERROR_INTERRUPTED)
        return TRUE;
    g_propagate_error (error, error_from_libusb (self, result));
    return FALSE;
}

/* Waits until nothing is in flight any more. FALSE: the kernel keeps something back. */
static gboolean
reap (UsbChannel *self, gboolean wants_in)
{
    gint64 deadline_us = mfu_clock_deadline_us (self->clock, REAP_MS);
    gboolean is_alive = TRUE;

    self->is_reaping = wants_in;
    if (wants_in)
        cancel (self->in, N_IN);
    cancel (self->out, N_OUT);
    while (is_alive && (n_in_flight (self->out, N_OUT) > 0 || (wants_in && n_in_flight (self->in, N_IN) > 0)))
        is_alive = pump (self, deadline_us, NULL, NULL);
    self->is_reaping = FALSE;
    return is_alive;
}

/* TRUE when the device is away, or leaves within a moment: usbfs then signals a hangup. */
static gboolean
is_leaving (UsbChannel *self)
{
    GPollFD fd = { .fd = self->fd, .events = 0 };
    gint64 deadline_us = mfu_clock_deadline_us (self->clock, LEAVING_MS);

    return mfu_clock_poll (self->clock, &fd, 1, deadline_us, NULL, NULL) && (fd.revents & G_IO_HUP) != 0;
}

/* Hands a stored failure to the caller, who gets it once. A stall is cleared, so that the next transfer can
 * try again; an error of the bus on a leaving device is its leaving. */
static gboolean
take_failure (UsbChannel *self, GError **stored, guint8 endpoint, GError **error)
{
    g_autoptr (GError) failure = g_steal_pointer (stored);

    if (failure == NULL)
        return FALSE;
    if (failure->code == MFU_ERROR_IO && is_leaving (self)) {
        g_clear_error (&failure);
        failure = error_from_libusb (self, LIBUSB_ERROR_NO_DEVICE);
    } else if (failure->code == MFU_ERROR_PROTOCOL) {
        /* Ignored because the next transfer tells whether the endpoint works again. */
        (void) libusb_clear_halt (self->handle, endpoint);
    }
    g_propagate_error (error, g_steal_pointer (&failure));
    return TRUE;
}

static gboolean
take_out_failure (UsbChannel *self, GError **error)
{
    if (self->out_error == NULL)
        return FALSE;
    reap (self, FALSE);
    return take_failure (self, &self->out_error, self->out_address, error);
}

/* Nothing of a send that ran out of time may arrive later; what was half sent needs a reset anyway. */
static void
give_up_out (UsbChannel *self, GError **error)
{
    gboolean has_sends = n_in_flight (self->out, N_OUT) > 0;

    reap (self, FALSE);
    g_clear_error (&self->out_error);
    if (!has_sends || error == NULL || !g_error_matches (*error, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        return;
    g_clear_error (error);
    g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, _ ("%s: the modem took no data in time"),
                 self->devnode);
}

/* Waits until at most `n` transfers are in flight. */
static gboolean
wait_for_out (UsbChannel *self, guint n, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    while (self->out_error == NULL && n_in_flight (self->out, N_OUT) > n) {
        g_autoptr (GError) local = NULL;

        if (!pump (self, deadline_us, cancellable, &local)) {
            give_up_out (self, &local);
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
    }
    return !take_out_failure (self, error);
}

static gboolean
submit_out (UsbChannel *self, const guint8 *data, gsize size, gboolean adds_zlp, GError **error)
{
    Slot *slot = NULL;
    int result;

    for (guint i = 0; i < N_OUT && slot == NULL; i++) {
        if (!self->out[i].is_in_flight)
            slot = &self->out[i];
    }
    g_return_val_if_fail (slot != NULL && size <= self->transfer_size, FALSE);
    if (size > 0)
        memcpy (slot->transfer->buffer, data, size);
    slot->transfer->length = (int) size;
    slot->transfer->flags = adds_zlp ? LIBUSB_TRANSFER_ADD_ZERO_PACKET : 0;
    result = libusb_submit_transfer (slot->transfer);
    if (result == LIBUSB_SUCCESS) {
        slot->is_in_flight = TRUE;
        return TRUE;
    }
    self->out_error = error_from_libusb (self, result);
    take_out_failure (self, error);
    return FALSE;
}

static gboolean
usb_send (MfuChannel *channel, const guint8 *data, gsize size, gboolean wants_zlp, gint64 deadline_us,
          GCancellable *cancellable, GError **error)
{
    UsbChannel *self = (UsbChannel *) channel;
    gsize sent = 0;

    do {
        gsize n = MIN (size - sent, self->transfer_size);
        gboolean is_last = sent + n == size;
        gboolean adds_zlp = wants_zlp && is_last && n > 0 && n % self->packet_size == 0;

        guint most = n_in_flight (self->out, N_OUT) == N_OUT ? N_OUT / 2 : N_OUT - 1;

        if (!wait_for_out (self, most, deadline_us, cancellable, error) ||
            !submit_out (self, data + sent, n, adds_zlp, error))
            return FALSE;
        sent += n;
    } while (sent < size);
    return TRUE;
}

static gboolean
usb_flush (MfuChannel *channel, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    return wait_for_out ((UsbChannel *) channel, 0, deadline_us, cancellable, error);
}

/* From the first chunk of the queue; the rest of it stays for the next call. */
static gssize
take_received (UsbChannel *self, guint8 *buffer, gsize size)
{
    GBytes *first = g_queue_peek_head (&self->received);
    gsize available;
    const guint8 *data = g_bytes_get_data (first, &available);
    gsize n = MIN (size, available - self->received_offset);

    if (n > 0)
        memcpy (buffer, data + self->received_offset, n);
    self->received_offset += n;
    if (self->received_offset == available) {
        g_bytes_unref (g_queue_pop_head (&self->received));
        self->received_offset = 0;
        submit_in (self);
    }
    return (gssize) n;
}

static gssize
usb_receive (MfuChannel *channel, guint8 *buffer, gsize size, gint64 deadline_us, GCancellable *cancellable,
             GError **error)
{
    UsbChannel *self = (UsbChannel *) channel;

    g_return_val_if_fail (size > 0, -1);
    submit_in (self);
    while (self->received.length == 0 && self->in_error == NULL && self->out_error == NULL) {
        g_autoptr (GError) local = NULL;

        if (pump (self, deadline_us, cancellable, &local))
            continue;
        if (g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT)) {
            g_clear_error (&local);
            g_set_error (&local, MFU_ERROR, MFU_ERROR_TIMED_OUT, _ ("%s: the modem did not answer in time"),
                         self->devnode);
        }
        give_up_out (self, &local);
        g_propagate_error (error, g_steal_pointer (&local));
        return -1;
    }
    if (self->received.length > 0)
        return take_received (self, buffer, size);
    if (!take_out_failure (self, error)) {
        reap (self, TRUE);
        take_failure (self, &self->in_error, self->in_address, error);
    }
    return -1;
}

static gboolean
usb_reset (MfuChannel *channel, GError **error)
{
    UsbChannel *self = (UsbChannel *) channel;
    int result;

    if (!reap (self, TRUE)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_IO, "%s: a transfer cannot be cancelled", self->devnode);
        return FALSE;
    }
    g_clear_error (&self->out_error);
    g_clear_error (&self->in_error);
    g_queue_clear_full (&self->received, (GDestroyNotify) g_bytes_unref);
    self->received_offset = 0;
    result = libusb_reset_device (self->handle);
    if (result == LIBUSB_SUCCESS)
        return TRUE;
    g_propagate_error (error, error_from_libusb (self, result));
    return FALSE;
}

static void
free_transfers (Slot *slots, guint n_slots)
{
    for (guint i = 0; i < n_slots; i++) {
        if (slots[i].transfer == NULL)
            continue;
        g_free (slots[i].transfer->buffer);
        libusb_free_transfer (slots[i].transfer);
    }
}

static void
usb_close (MfuChannel *channel)
{
    UsbChannel *self = (UsbChannel *) channel;

    if (self->handle != NULL && !reap (self, TRUE)) {
        /* The kernel may still write into our buffers: better lost than used twice. */
        mfu_log (G_LOG_LEVEL_CRITICAL, NULL, NULL, "%s: a transfer does not come back", self->devnode);
        return;
    }
    if (self->is_claimed)
        (void) libusb_release_interface (self->handle, (int) self->number);
    free_transfers (self->out, N_OUT);
    free_transfers (self->in, N_IN);
    g_queue_clear_full (&self->received, (GDestroyNotify) g_bytes_unref);
    g_clear_error (&self->out_error);
    g_clear_error (&self->in_error);
    if (self->handle != NULL)
        libusb_close (self->handle);
    if (self->context != NULL)
        libusb_exit (self->context);
    if (self->fd >= 0)
        close (self->fd);
    g_free (self->devnode);
    g_free (self);
}

static const MfuChannelClass usb_class = {
    .name = "usb",
    .send = usb_send,
    .flush = usb_flush,
    .receive = usb_receive,
    .reset = usb_reset,
    .close = usb_close,
};

/* FALSE with `error` unset: busy. */
static gboolean
try_claim (UsbChannel *self, GError **error)
{
    int result = libusb_detach_kernel_driver (self->handle, (int) self->number);

    /* Not found is "no driver", or another program through usbfs, which the claim will tell. */
    if (result == LIBUSB_SUCCESS || result == LIBUSB_ERROR_NOT_FOUND)
        result = libusb_claim_interface (self->handle, (int) self->number);
    if (result == LIBUSB_SUCCESS) {
        self->is_claimed = TRUE;
        return TRUE;
    }
    if (result != LIBUSB_ERROR_BUSY)
        g_propagate_error (error, error_from_libusb (self, result));
    return FALSE;
}

static gboolean
claim (UsbChannel *self, GCancellable *cancellable, GError **error)
{
    gint64 deadline_us = mfu_clock_deadline_us (self->clock, CLAIM_RETRY_MS);

    while (TRUE) {
        g_autoptr (GError) local = NULL;
        gint64 next_us = mfu_clock_deadline_us (self->clock, CLAIM_RETRY_STEP_MS);

        if (try_claim (self, &local))
            return TRUE;
        if (local != NULL) {
            g_propagate_error (error, g_steal_pointer (&local));
            return FALSE;
        }
        if (mfu_clock_now_us (self->clock) >= deadline_us) {
            g_autofree char *holders = mfu_holders_of (self->devnode, 0);

            g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY, _ ("%s is in use by %s"), self->devnode,
                         holders != NULL ? holders : _ ("another program"));
            return FALSE;
        }
        if (!self->clock->sleep_until (self->clock, next_us, cancellable, error))
            return FALSE;
    }
}

static void
find_endpoints (UsbChannel *self, const struct libusb_interface_descriptor *setting)
{
    for (guint8 i = 0; i < setting->bNumEndpoints; i++) {
        const struct libusb_endpoint_descriptor *endpoint = &setting->endpoint[i];
        gboolean is_in = (endpoint->bEndpointAddress & LIBUSB_ENDPOINT_DIR_MASK) == LIBUSB_ENDPOINT_IN;

        if ((endpoint->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != LIBUSB_TRANSFER_TYPE_BULK)
            continue;
        if (is_in && self->in_address == 0) {
            self->in_address = endpoint->bEndpointAddress;
        } else if (!is_in && self->out_address == 0) {
            self->out_address = endpoint->bEndpointAddress;
            self->packet_size = endpoint->wMaxPacketSize & 0x7ff;
        }
    }
}

static gboolean
look_up_endpoints (UsbChannel *self, GError **error)
{
    struct libusb_config_descriptor *config = NULL;
    int result = libusb_get_active_config_descriptor (libusb_get_device (self->handle), &config);

    if (result != LIBUSB_SUCCESS) {
        g_propagate_error (error, error_from_libusb (self, result));
        return FALSE;
    }
    for (guint8 i = 0; i < config->bNumInterfaces; i++) {
        const struct libusb_interface *interface = &config->interface[i];

        if (interface->num_altsetting > 0 && interface->altsetting[0].bInterfaceNumber == self->number)
            find_endpoints (self, &interface->altsetting[0]);
    }
    libusb_free_config_descriptor (config);
    if (self->in_address != 0 && self->out_address != 0 && self->packet_size != 0)
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_NOT_FOUND, _ ("%s: interface %u has no pair of bulk endpoints"),
                 self->devnode, self->number);
    return FALSE;
}

/* libusb asks the device, whose answer is not what counts (nor always true); this is the kernel's. */
static gboolean
is_configured (UsbChannel *self)
{
    g_autofree char *path = NULL;
    g_autofree char *value = NULL;
    struct stat info;

    if (fstat (self->fd, &info) != 0)
        return TRUE;
    path = g_strdup_printf ("/sys/dev/char/%u:%u/bConfigurationValue", major (info.st_rdev),
                            minor (info.st_rdev));
    if (!g_file_get_contents (path, &value, NULL, NULL))
        return TRUE;
    return *g_strstrip (value) != '\0';
}

/* A device in a held port has no configuration until somebody chooses one. */
static gboolean
configure (UsbChannel *self, GError **error)
{
    struct libusb_config_descriptor *config = NULL;
    int result;

    if (is_configured (self))
        return TRUE;
    result = libusb_get_config_descriptor (libusb_get_device (self->handle), 0, &config);
    if (result == LIBUSB_SUCCESS) {
        result = libusb_set_configuration (self->handle, config->bConfigurationValue);
        libusb_free_config_descriptor (config);
    }
    if (result == LIBUSB_SUCCESS)
        return TRUE;
    g_propagate_error (error, error_from_libusb (self, result));
    return FALSE;
}

/* Opens this one device node and looks at no other device: a scan would read, and could wake, them all. */
static gboolean
open_handle (UsbChannel *self, GError **error)
{
    int result;

    self->fd = open (self->devnode, O_RDWR | O_CLOEXEC);
    if (self->fd < 0) {
        int saved_errno = errno;

        mfu_error_set_errno (error, saved_errno == ENOENT ? ENODEV : saved_errno, "%s", self->devnode);
        return FALSE;
    }
    result = libusb_set_option (NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
    if (result == LIBUSB_SUCCESS)
        result = libusb_init (&self->context);
    if (result == LIBUSB_SUCCESS)
        result = libusb_wrap_sys_device (self->context, (intptr_t) self->fd, &self->handle);
    if (result == LIBUSB_SUCCESS)
        return TRUE;
    g_propagate_error (error, error_from_libusb (self, result));
    return FALSE;
}

static gboolean
allocate_slots (UsbChannel *self, Slot *slots, guint n_slots, guint8 endpoint, gsize size,
                libusb_transfer_cb_fn done, GError **error)
{
    for (guint i = 0; i < n_slots; i++) {
        slots[i].channel = self;
        slots[i].transfer = libusb_alloc_transfer (0);
        if (slots[i].transfer == NULL) {
            g_propagate_error (error, error_from_libusb (self, LIBUSB_ERROR_NO_MEM));
            return FALSE;
        }
        libusb_fill_bulk_transfer (slots[i].transfer, self->handle, endpoint, g_malloc (size), (int) size,
                                   done, &slots[i], 0);
    }
    return TRUE;
}

static gboolean
allocate_transfers (UsbChannel *self, gsize wanted, GError **error)
{
    gsize size = CLAMP (wanted != 0 ? wanted : DEFAULT_TRANSFER, self->packet_size, MAX_TRANSFER);

    /* Only the last transfer of a send may end with a short packet. */
    self->transfer_size = size - size % self->packet_size;
    return allocate_slots (self, self->out, N_OUT, self->out_address, self->transfer_size, on_out_done,
                           error) &&
           allocate_slots (self, self->in, N_IN, self->in_address, IN_BYTES, on_in_done, error);
}

MfuChannel *
mfu_usb_channel_open (const char *devnode, guint number, gsize transfer_size, MfuClock *clock,
                      GCancellable *cancellable, GError **error)
{
    UsbChannel *self = g_new0 (UsbChannel, 1);
    g_autoptr (MfuChannel) channel = &self->parent;

    self->parent.klass = &usb_class;
    self->clock = clock;
    self->devnode = g_strdup (devnode);
    self->fd = -1;
    self->number = number;
    g_queue_init (&self->received);
    if (!open_handle (self, error) || !configure (self, error) || !look_up_endpoints (self, error) ||
        !claim (self, cancellable, error) || !allocate_transfers (self, transfer_size, error))
        return NULL;
    return g_steal_pointer (&channel);
}
