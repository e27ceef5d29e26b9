/* SPDX-License-Identifier: GPL-2.0-or-later */
/* USB/IP as vhci-hcd speaks it: headers of 48 bytes, big-endian, then data.
 *
 *   CMD_SUBMIT (1)  seqnum devid direction endpoint | flags length start packets interval setup[8] | OUT data
 *   RET_SUBMIT (3)  seqnum 0 0 0 | status actual_length start packets errors 0 0              | IN data
 *   CMD_UNLINK (2)  seqnum devid direction endpoint | seqnum to unlink
 *   RET_UNLINK (4)  seqnum 0 0 0 | status: -ECONNRESET, or 0 when it had been answered already
 *
 * A device is attached by writing "port fd devid speed" to the controller's attach file (speed 5: to the
 * SuperSpeed half of the port, which is on a bus of its own), and leaves when its
 * socket is closed. The transfers are whole ones; a zero-length packet is a transfer of length 0, or is asked
 * for by flag 0x40. Source: Linux Documentation/usb/usbip_protocol.rst. */

#include "sim/usbip.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define VHCI        "/sys/devices/platform/vhci_hcd.0"
#define ATTACH_FILE VHCI "/attach"
#define SPEED_HIGH  3
#define SPEED_SUPER 5
#define HEADER      48
#define ZERO_PACKET 0x40u
/* The largest transfer that is believed; libusb's own limit is 16 MiB. */
#define TRANSFER_MAX (16u << 20)
#define READ_ROOM    (256u << 10)
#define SOCKET_ROOM  (1 << 20)
/* How long the kernel may take to give a port free. */
#define PORT_FREE_US (10 * G_USEC_PER_SEC)

enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

typedef struct {
    guint32 seqnum, endpoint, flags, length;
    gboolean is_in;
    gboolean owes_zlp; /* the data is delivered, the zero-length packet behind it not yet */
    guint8 setup[8];
    guint8 *data; /* OUT; owned when queued */
} Urb;

struct _SimUsbip {
    SimModem *modem;
    guint port;
    int fd;
    guint generation;     /* of the modem that is attached */
    gint64 refused_since; /* the port was still taken; 0: not */
    guint8 *input;
    gsize n_input, room;
    GByteArray *output;
    gsize n_written;
    guint8 *scratch;        /* TRANSFER_MAX */
    GQueue out[16], in[16]; /* Urb */
};

SimUsbip *
sim_usbip_new (SimModem *modem, guint port)
{
    SimUsbip *usbip = g_new0 (SimUsbip, 1);

    usbip->modem = modem;
    usbip->port = port;
    usbip->fd = -1;
    usbip->room = READ_ROOM;
    usbip->input = g_malloc (usbip->room);
    usbip->output = g_byte_array_new ();
    usbip->scratch = g_malloc (TRANSFER_MAX);
    return usbip;
}

static void
urb_free (gpointer data)
{
    Urb *urb = data;

    g_free (urb->data);
    g_free (urb);
}

static void
detach (SimUsbip *usbip)
{
    if (usbip->fd >= 0)
        close (usbip->fd);
    usbip->fd = -1;
    usbip->n_input = usbip->n_written = 0;
    g_byte_array_set_size (usbip->output, 0);
    for (guint i = 0; i < G_N_ELEMENTS (usbip->out); i++) {
        g_queue_clear_full (&usbip->out[i], urb_free);
        g_queue_clear_full (&usbip->in[i], urb_free);
    }
}

void
sim_usbip_free (SimUsbip *usbip)
{
    if (!usbip)
        return;
    detach (usbip);
    g_free (usbip->input);
    g_free (usbip->scratch);
    g_byte_array_unref (usbip->output);
    g_free (usbip);
}

int
sim_usbip_get_fd (SimUsbip *usbip)
{
    return usbip->fd;
}

gboolean
sim_usbip_wants_write (SimUsbip *usbip)
{
    return usbip->fd >= 0 && usbip->output->len > usbip->n_written;
}

gboolean
sim_usbip_is_waiting_for_port (SimUsbip *usbip)
{
    return usbip->refused_since != 0;
}

/* --- bytes --- */

static guint32
get_be (const guint8 *at)
{
    return (guint32) at[0] << 24 | (guint32) at[1] << 16 | (guint32) at[2] << 8 | at[3];
}

static void
put_be (guint8 *at, guint32 value)
{
    at[0] = (guint8) (value >> 24);
    at[1] = (guint8) (value >> 16);
    at[2] = (guint8) (value >> 8);
    at[3] = (guint8) value;
}

static void
answer (SimUsbip *usbip, guint32 command, guint32 seqnum, gint32 status, guint32 actual, const guint8 *data,
        gsize size)
{
    guint8 header[HEADER] = { 0 };

    put_be (header, command);
    put_be (header + 4, seqnum);
    put_be (header + 20, (guint32) status);
    put_be (header + 24, actual);
    g_byte_array_append (usbip->output, header, HEADER);
    if (size > 0)
        g_byte_array_append (usbip->output, data, (guint) size);
}

static gint32
status_of (SimResult result)
{
    return result == SIM_OK ? 0 : result == SIM_STALL ? -EPIPE : -ESHUTDOWN;
}

/* --- transfers --- */

static void
run_control (SimUsbip *usbip, const Urb *urb, gint64 now_us)
{
    guint length = urb->setup[6] | (guint) urb->setup[7] << 8;
    gboolean is_in = urb->setup[0] & 0x80;
    gsize size = 0;
    SimResult result;

    if (!is_in)
        memcpy (usbip->scratch, urb->data, MIN (urb->length, length));
    result = sim_modem_control (usbip->modem, now_us, urb->setup, usbip->scratch, &size);
    size = MIN (size, urb->length);
    if (result != SIM_OK)
        answer (usbip, RET_SUBMIT, urb->seqnum, status_of (result), 0, NULL, 0);
    else if (is_in)
        answer (usbip, RET_SUBMIT, urb->seqnum, 0, (guint32) size, usbip->scratch, size);
    else
        answer (usbip, RET_SUBMIT, urb->seqnum, 0, urb->length, NULL, 0);
}

static gboolean
is_super_speed (const SimUsbip *usbip)
{
    const SimUsb *usb = sim_modem_get_usb (usbip->modem);

    return usb && usb->is_super_speed;
}

/* TRUE when the transfer is over and answered. */
static gboolean
run_out (SimUsbip *usbip, Urb *urb, gint64 now_us)
{
    SimResult result = SIM_OK;

    if (!urb->owes_zlp) {
        guint packet = is_super_speed (usbip) ? 1024 : 512;

        result = sim_modem_out (usbip->modem, now_us, (guint8) urb->endpoint, urb->data, urb->length);
        urb->owes_zlp =
            result == SIM_OK && urb->flags & ZERO_PACKET && urb->length > 0 && urb->length % packet == 0;
    }
    if (urb->owes_zlp && result == SIM_OK)
        result = sim_modem_out (usbip->modem, now_us, (guint8) urb->endpoint, NULL, 0);
    if (result == SIM_NOT_YET)
        return FALSE;
    answer (usbip, RET_SUBMIT, urb->seqnum, status_of (result), result == SIM_OK ? urb->length : 0, NULL, 0);
    return TRUE;
}

static gboolean
run_in (SimUsbip *usbip, Urb *urb, gint64 now_us)
{
    gsize size = 0;
    SimResult result = sim_modem_in (usbip->modem, now_us, (guint8) (urb->endpoint | 0x80), usbip->scratch,
                                     urb->length, &size);

    if (result == SIM_NOT_YET)
        return FALSE;
    answer (usbip, RET_SUBMIT, urb->seqnum, status_of (result), (guint32) size, usbip->scratch, size);
    return TRUE;
}

/* Runs what waits until nothing moves any more; each round answers at least one of a finite number. */
static void
run_queues (SimUsbip *usbip, gint64 now_us)
{
    gboolean has_moved = TRUE;

    while (has_moved && sim_modem_get_generation (usbip->modem) == usbip->generation) {
        has_moved = FALSE;
        for (guint i = 1; i < G_N_ELEMENTS (usbip->out); i++) {
            Urb *out = g_queue_peek_head (&usbip->out[i]);
            Urb *in = g_queue_peek_head (&usbip->in[i]);

            if (out && run_out (usbip, out, now_us)) {
                urb_free (g_queue_pop_head (&usbip->out[i]));
                has_moved = TRUE;
            }
            if (in && run_in (usbip, in, now_us)) {
                urb_free (g_queue_pop_head (&usbip->in[i]));
                has_moved = TRUE;
            }
        }
    }
}

static void
submit (SimUsbip *usbip, const Urb *urb, gint64 now_us)
{
    GQueue *queue = urb->is_in ? &usbip->in[urb->endpoint] : &usbip->out[urb->endpoint];
    Urb now = *urb;
    Urb *later;

    if (urb->endpoint == 0) {
        run_control (usbip, urb, now_us);
        return;
    }
    if (!urb->is_in && g_queue_is_empty (queue) && run_out (usbip, &now, now_us))
        return;
    later = g_memdup2 (&now, sizeof now);
    if (!urb->is_in)
        later->data = g_memdup2 (urb->data, urb->length);
    g_queue_push_tail (queue, later);
}

static void
unlink_urb (SimUsbip *usbip, guint32 seqnum, guint32 victim)
{
    gint32 status = 0;

    for (guint i = 1; i < G_N_ELEMENTS (usbip->out) && status == 0; i++) {
        GQueue *queues[] = { &usbip->out[i], &usbip->in[i] };

        for (guint j = 0; j < G_N_ELEMENTS (queues) && status == 0; j++) {
            for (GList *l = queues[j]->head; l; l = l->next) {
                if (((Urb *) l->data)->seqnum != victim)
                    continue;
                urb_free (l->data);
                g_queue_delete_link (queues[j], l);
                status = -ECONNRESET;
                break;
            }
        }
    }
    answer (usbip, RET_UNLINK, seqnum, status, 0, NULL, 0);
}

/* --- the socket --- */

/* One message at `at`; its size, 0 when it is not whole yet, -1 when it makes no sense. */
static gssize
handle_message (SimUsbip *usbip, guint8 *at, gsize n, gint64 now_us)
{
    Urb urb = { 0 };
    guint32 command;

    if (n < HEADER)
        return 0;
    command = get_be (at);
    urb.seqnum = get_be (at + 4);
    if (command == CMD_UNLINK) {
        unlink_urb (usbip, urb.seqnum, get_be (at + 20));
        return HEADER;
    }
    urb.is_in = get_be (at + 12) == 1;
    urb.endpoint = get_be (at + 16);
    urb.flags = get_be (at + 20);
    urb.length = get_be (at + 24);
    if (command != CMD_SUBMIT || urb.endpoint > 15 || urb.length > TRANSFER_MAX)
        return -1;
    memcpy (urb.setup, at + 40, 8);
    if (urb.is_in) {
        submit (usbip, &urb, now_us);
        return HEADER;
    }
    if (n < HEADER + urb.length)
        return 0;
    urb.data = at + HEADER;
    submit (usbip, &urb, now_us);
    return (gssize) (HEADER + urb.length);
}

/* Handles all whole messages in the input; FALSE when they make no sense. */
static gboolean
handle_input (SimUsbip *usbip, gint64 now_us)
{
    gsize at = 0;

    while (at < usbip->n_input && sim_modem_get_generation (usbip->modem) == usbip->generation) {
        gssize n = handle_message (usbip, usbip->input + at, usbip->n_input - at, now_us);

        if (n < 0)
            return FALSE;
        if (n == 0)
            break;
        at += (gsize) n;
    }
    usbip->n_input -= at;
    memmove (usbip->input, usbip->input + at, usbip->n_input);
    if (usbip->n_input == usbip->room) {
        usbip->room = MIN (usbip->room * 2, TRANSFER_MAX + READ_ROOM);
        usbip->input = g_realloc (usbip->input, usbip->room);
    }
    return TRUE;
}

/* FALSE when the kernel has closed it. */
static gboolean
read_socket (SimUsbip *usbip, gboolean *got)
{
    ssize_t n = recv (usbip->fd, usbip->input + usbip->n_input, usbip->room - usbip->n_input, MSG_DONTWAIT);

    *got = n > 0;
    if (n > 0)
        usbip->n_input += (gsize) n;
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static gboolean
write_socket (SimUsbip *usbip)
{
    while (usbip->n_written < usbip->output->len) {
        ssize_t n = send (usbip->fd, usbip->output->data + usbip->n_written,
                          usbip->output->len - usbip->n_written, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        usbip->n_written += (gsize) n;
    }
    g_byte_array_set_size (usbip->output, 0);
    usbip->n_written = 0;
    return TRUE;
}

static gboolean
write_attach (SimUsbip *usbip, int peer)
{
    /* The speed decides which half of the port it is, as in a real socket. */
    g_autofree char *line = g_strdup_printf ("%u %d %u %d", usbip->port, peer, 0x10000 + usbip->port,
                                             is_super_speed (usbip) ? SPEED_SUPER : SPEED_HIGH);
    int file = open (ATTACH_FILE, O_WRONLY | O_CLOEXEC);
    int saved;
    gboolean ok;

    if (file < 0)
        return FALSE;
    ok = write (file, line, strlen (line)) == (ssize_t) strlen (line);
    saved = errno;
    close (file);
    errno = saved;
    return ok;
}

/* Whether the device that left is still one for the kernel. vhci leaves the port of a device that goes
 * enabled, so that a hub that is busy with other ports, and looks when the next one is there, sees no
 * difference and takes it for the old one, for good. Source: torvalds/linux, drivers/usb/usbip/vhci_hcd.c
 * (rh_port_disconnect), drivers/usb/core/hub.c (hub_port_connect_change) */
static gboolean
has_not_left (const SimUsbip *usbip)
{
    g_autofree char *pattern = g_strdup_printf (VHCI "/usb*/[0-9]*-%u", usbip->port + 1);
    glob_t found;
    gboolean is_there = glob (pattern, GLOB_NOSORT, NULL, &found) == 0;

    globfree (&found);
    return is_there;
}

/* TRUE while there is something to wait for, from the first refusal on. */
static gboolean
may_wait (SimUsbip *usbip, gint64 now_us)
{
    if (usbip->refused_since == 0)
        usbip->refused_since = now_us;
    return now_us - usbip->refused_since < PORT_FREE_US;
}

static gboolean
attach (SimUsbip *usbip, gint64 now_us)
{
    const int room = SOCKET_ROOM;
    int pair[2];
    gboolean ok;
    int saved;

    if (has_not_left (usbip) && may_wait (usbip, now_us))
        return TRUE;
    if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        perror ("modemsim: socketpair");
        return FALSE;
    }
    /* Ignored because a smaller buffer only costs speed. */
    (void) setsockopt (pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    (void) setsockopt (pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    ok = write_attach (usbip, pair[1]);
    saved = errno;
    close (pair[1]);
    if (ok) {
        usbip->fd = pair[0];
        usbip->refused_since = 0;
        return TRUE;
    }
    close (pair[0]);
    if ((saved == EBUSY || saved == EINVAL) && may_wait (usbip, now_us))
        return TRUE;
    fprintf (stderr, "modemsim: %s: %s\n", ATTACH_FILE, g_strerror (saved));
    return FALSE;
}

/* The kernel's side of the plug follows the modem's. */
static gboolean
follow (SimUsbip *usbip, gint64 now_us)
{
    guint generation = sim_modem_get_generation (usbip->modem);

    if (generation != usbip->generation) {
        if (usbip->fd >= 0) {
            /* What it said before it left still counts. Ignored because the kernel may have left first. */
            (void) write_socket (usbip);
        }
        detach (usbip);
        usbip->generation = generation;
    }
    if (usbip->fd < 0 && sim_modem_get_usb (usbip->modem))
        return attach (usbip, now_us);
    return TRUE;
}

gboolean
sim_usbip_run (SimUsbip *usbip, gint64 now_us)
{
    gboolean got = TRUE;

    sim_modem_advance (usbip->modem, now_us);
    if (!follow (usbip, now_us))
        return FALSE;
    /* Bounded, so that the control socket gets its turn. */
    for (guint i = 0; i < 64 && got && usbip->fd >= 0; i++) {
        gboolean is_open = read_socket (usbip, &got);

        if (!handle_input (usbip, now_us)) {
            fputs ("modemsim: the kernel says something that is not USB/IP\n", stderr);
            return FALSE;
        }
        run_queues (usbip, now_us);
        if (!follow (usbip, now_us))
            return FALSE;
        if (usbip->fd < 0)
            break;
        if (!is_open || !write_socket (usbip)) {
            /* Detached by the kernel (vhci's detach file): as if the cable had been pulled. */
            detach (usbip);
            sim_modem_unplug (usbip->modem, now_us);
            usbip->generation = sim_modem_get_generation (usbip->modem);
        }
    }
    return TRUE;
}
