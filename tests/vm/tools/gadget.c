/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The device's side of USB/IP: 48-byte headers in network order, then data.
 *
 *   kernel                                     we
 *     CMD_SUBMIT (endpoint, length, setup)  ->
 *                                           <-   RET_SUBMIT (status, length)
 *     CMD_UNLINK (of which)                 ->
 *                                           <-   RET_UNLINK (-ECONNRESET if it was still here)
 *
 * Source: torvalds/linux, Documentation/usb/usbip_protocol.rst */

#include "gadget.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER       48
#define MAX_TRANSFER (1024 * 1024)
#define CMD_SUBMIT   1
#define CMD_UNLINK   2
#define RET_SUBMIT   3
#define RET_UNLINK   4
#define ZERO_PACKET  0x40
#define ATTACH       "/sys/devices/platform/vhci_hcd.0/attach"
#define SPEED_HIGH   3
#define SPEED_SUPER  5
#define FIRST_OUT    1
#define NEVER        G_MAXINT64

typedef struct {
    guint32 seqnum, length;
    guint endpoint;
    gboolean is_in;
} Pending;

struct _Gadget {
    GadgetConfig config;
    GThread *thread;
    int socket;
    GMutex lock; /* guards what follows */
    GadgetManner out_manner, in_manner;
    GByteArray *to_say;
    GQueue pending; /* Pending */
    GadgetCounts counts;
    gint64 leaves_us;
};

static guint32
get_be32 (const guint8 *p)
{
    return ((guint32) p[0] << 24) | ((guint32) p[1] << 16) | ((guint32) p[2] << 8) | p[3];
}

static void
put_be32 (guint8 *p, guint32 value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (guint8) (value >> (24 - 8 * i));
}

static gboolean
read_all (int fd, guint8 *data, gsize size)
{
    for (gsize n = 0; n < size;) {
        gssize got = read (fd, data + n, size - n);

        if (got <= 0)
            return FALSE;
        n += (gsize) got;
    }
    return TRUE;
}

static void
write_all (int fd, const guint8 *data, gsize size)
{
    for (gsize n = 0; n < size;) {
        gssize put = send (fd, data + n, size - n, MSG_NOSIGNAL);

        if (put <= 0)
            return;
        n += (gsize) put;
    }
}

static void
answer (Gadget *gadget, guint32 command, guint32 seqnum, int status, gsize length, const guint8 *data)
{
    guint8 header[HEADER] = { 0 };

    put_be32 (header, command);
    put_be32 (header + 4, seqnum);
    put_be32 (header + 20, (guint32) status);
    if (command == RET_SUBMIT)
        put_be32 (header + 24, (guint32) length);
    write_all (gadget->socket, header, sizeof header);
    if (data != NULL && length > 0)
        write_all (gadget->socket, data, length);
}

static void
add (GByteArray *out, const guint8 *bytes, guint n)
{
    g_byte_array_append (out, bytes, n);
}

static void
describe_device (Gadget *gadget, GByteArray *out)
{
    const GadgetConfig *c = &gadget->config;
    gboolean ss = c->is_super_speed;
    guint8 bytes[] = { 18,
                       1,
                       ss ? 0x20 : 0x00,
                       ss ? 0x03 : 0x02,
                       0,
                       0,
                       0,
                       ss ? 9 : 64,
                       (guint8) c->vid,
                       (guint8) (c->vid >> 8),
                       (guint8) c->pid,
                       (guint8) (c->pid >> 8),
                       (guint8) c->bcd,
                       (guint8) (c->bcd >> 8),
                       0,
                       (guint8) (c->product != NULL ? 1 : 0),
                       0,
                       1 };

    add (out, bytes, sizeof bytes);
    gadget->counts.n_device_descriptor++;
}

static void
describe_config (Gadget *gadget, GByteArray *out)
{
    gboolean ss = gadget->config.is_super_speed;
    const guint8 head[] = { 9, 2, 0, 0, (guint8) gadget->config.n_interfaces, 1, 0, 0x80, 10 };
    static const guint8 companion[] = { 6, 0x30, 0, 0, 0, 0 };

    add (out, head, sizeof head);
    for (guint i = 0; i < gadget->config.n_interfaces; i++) {
        const guint8 interface[] = { 9, 4, (guint8) i, 0, 2, 0xff, 0xff, 0xff, 0 };

        add (out, interface, sizeof interface);
        for (guint direction = 0; direction < 2; direction++) {
            guint8 address = (guint8) ((direction == 0 ? 0x80 : 0) | (i + 1));
            const guint8 endpoint[] = { 7, 5, address, 2, 0, ss ? 4 : 2, 0 };

            add (out, endpoint, sizeof endpoint);
            if (ss)
                add (out, companion, sizeof companion);
        }
    }
    out->data[2] = (guint8) out->len;
    out->data[3] = (guint8) (out->len >> 8);
}

static void
describe_string (Gadget *gadget, guint index, GByteArray *out)
{
    static const guint8 languages[] = { 4, 3, 9, 4 };
    guint8 head[] = { 2, 3 };

    if (index == 0) {
        add (out, languages, sizeof languages);
        return;
    }
    head[0] = (guint8) (2 + 2 * strlen (gadget->config.product));
    add (out, head, sizeof head);
    for (const char *p = gadget->config.product; *p != '\0'; p++) {
        const guint8 letter[] = { (guint8) *p, 0 };

        add (out, letter, sizeof letter);
    }
}

/* The answer to a control request in `out`, or a negative errno. */
static int
control (Gadget *gadget, const guint8 *setup, GByteArray *out)
{
    static const guint8 bos[] = { 5, 15, 22, 0, 2, 7, 16, 2, 2, 0, 0, 0, 10, 16, 3, 0, 8, 0, 1, 0, 0, 0 };
    guint16 type_and_request = (guint16) ((setup[0] << 8) | setup[1]);

    switch (type_and_request) {
    case 0x8006: /* GET_DESCRIPTOR */
        if (setup[3] == 1)
            describe_device (gadget, out);
        else if (setup[3] == 2)
            describe_config (gadget, out);
        else if (setup[3] == 3 && setup[2] <= (gadget->config.product != NULL ? 1 : 0))
            describe_string (gadget, setup[2], out);
        else if (setup[3] == 15 && gadget->config.is_super_speed)
            add (out, bos, sizeof bos);
        else
            return -EPIPE;
        return 0;
    case 0x8008: /* GET_CONFIGURATION */
        add (out, (const guint8 *) "\1", 1);
        return 0;
    case 0x8000: /* GET_STATUS */
    case 0x8200:
        add (out, (const guint8 *) "\0\0", 2);
        return 0;
    case 0x0201: /* CLEAR_FEATURE of an endpoint */
        gadget->counts.n_clear_halt++;
        return 0;
    case 0x0009: /* SET_CONFIGURATION */
    case 0x010b: /* SET_INTERFACE */
    case 0x0001: /* CLEAR_FEATURE, SET_FEATURE */
    case 0x0003:
    case 0x0030: /* SET_SEL, SET_ISOCH_DELAY */
    case 0x0031:
    case 0x2122: /* SET_CONTROL_LINE_STATE */
        return 0;
    default:
        return -EPIPE;
    }
}

/* Gives what there is to say to those who asked. */
static void
say_what_is_due (Gadget *gadget)
{
    GList *next = NULL;

    for (GList *l = gadget->pending.head; l != NULL && gadget->to_say->len > 0; l = next) {
        Pending *pending = l->data;
        guint n = MIN (pending->length, gadget->to_say->len);

        next = l->next;
        if (!pending->is_in || pending->endpoint != FIRST_OUT)
            continue;
        answer (gadget, RET_SUBMIT, pending->seqnum, 0, n, gadget->to_say->data);
        g_byte_array_remove_range (gadget->to_say, 0, n);
        g_queue_delete_link (&gadget->pending, l);
        g_free (pending);
    }
}

static void
keep_pending (Gadget *gadget, guint32 seqnum, guint32 length, guint endpoint, gboolean is_in)
{
    Pending *pending = g_new0 (Pending, 1);

    pending->seqnum = seqnum;
    pending->length = length;
    pending->endpoint = endpoint;
    pending->is_in = is_in;
    g_queue_push_tail (&gadget->pending, pending);
}

static void
take_out (Gadget *gadget, guint32 seqnum, const guint8 *data, guint32 length, guint32 flags)
{
    gadget->counts.n_out++;
    gadget->counts.n_zero_flags += (flags & ZERO_PACKET) != 0 ? 1 : 0;
    gadget->counts.n_zero_length += length == 0 ? 1 : 0;
    gadget->counts.longest_out = MAX (gadget->counts.longest_out, length);
    switch (gadget->out_manner) {
    case GADGET_STALL:
        answer (gadget, RET_SUBMIT, seqnum, -EPIPE, 0, NULL);
        break;
    case GADGET_BROKEN:
        answer (gadget, RET_SUBMIT, seqnum, -EPROTO, 0, NULL);
        break;
    case GADGET_SILENT:
        keep_pending (gadget, seqnum, length, FIRST_OUT, FALSE);
        break;
    case GADGET_SHORT:
        answer (gadget, RET_SUBMIT, seqnum, 0, length / 2, NULL);
        break;
    case GADGET_NOTHING:
        answer (gadget, RET_SUBMIT, seqnum, 0, 0, NULL);
        break;
    case GADGET_FINE:
    default:
        g_byte_array_append (gadget->to_say, data, length);
        answer (gadget, RET_SUBMIT, seqnum, 0, length, NULL);
        break;
    }
}

static void
bulk (Gadget *gadget, guint32 seqnum, guint endpoint, gboolean is_in, const guint8 *data, guint32 length,
      guint32 flags)
{
    if (endpoint != FIRST_OUT) {
        keep_pending (gadget, seqnum, length, endpoint, is_in);
    } else if (!is_in) {
        take_out (gadget, seqnum, data, length, flags);
    } else if (gadget->in_manner == GADGET_STALL || gadget->in_manner == GADGET_BROKEN) {
        answer (gadget, RET_SUBMIT, seqnum, gadget->in_manner == GADGET_STALL ? -EPIPE : -EPROTO, 0, NULL);
    } else {
        keep_pending (gadget, seqnum, length, endpoint, TRUE);
    }
}

static void
unlink_one (Gadget *gadget, guint32 seqnum, guint32 which)
{
    int status = 0;

    for (GList *l = gadget->pending.head; l != NULL; l = l->next) {
        Pending *pending = l->data;

        if (pending->seqnum != which)
            continue;
        status = -ECONNRESET;
        gadget->counts.n_unlinked++;
        g_queue_delete_link (&gadget->pending, l);
        g_free (pending);
        break;
    }
    answer (gadget, RET_UNLINK, seqnum, status, 0, NULL);
}

/* One request; FALSE when the kernel has closed the connection. */
static gboolean
serve_one (Gadget *gadget, guint8 *buffer)
{
    guint8 header[HEADER];
    guint32 command, seqnum, length;
    gboolean is_in;
    guint endpoint;

    if (!read_all (gadget->socket, header, sizeof header))
        return FALSE;
    command = get_be32 (header);
    seqnum = get_be32 (header + 4);
    is_in = get_be32 (header + 12) != 0;
    endpoint = get_be32 (header + 16);
    length = get_be32 (header + 24);
    g_assert_cmpuint (length, <=, MAX_TRANSFER);
    if (command == CMD_SUBMIT && !is_in && !read_all (gadget->socket, buffer, length))
        return FALSE;
    g_mutex_lock (&gadget->lock);
    if (command == CMD_UNLINK) {
        unlink_one (gadget, seqnum, get_be32 (header + 20));
    } else if (endpoint == 0) {
        g_autoptr (GByteArray) out = g_byte_array_new ();
        int status = control (gadget, header + 40, out);

        answer (gadget, RET_SUBMIT, seqnum, status, is_in ? MIN (out->len, length) : length,
                is_in ? out->data : NULL);
    } else {
        bulk (gadget, seqnum, endpoint, is_in, buffer, length, get_be32 (header + 20));
    }
    g_mutex_unlock (&gadget->lock);
    return TRUE;
}

static gpointer
serve (gpointer data)
{
    Gadget *gadget = data;
    g_autofree guint8 *buffer = g_malloc (MAX_TRANSFER);
    struct pollfd fd = { .fd = gadget->socket, .events = POLLIN };
    gboolean is_plugged = TRUE;

    while (is_plugged) {
        int n = poll (&fd, 1, 2);

        if (n > 0)
            is_plugged = serve_one (gadget, buffer);
        g_mutex_lock (&gadget->lock);
        say_what_is_due (gadget);
        is_plugged = is_plugged && g_get_monotonic_time () < gadget->leaves_us;
        g_mutex_unlock (&gadget->lock);
    }
    shutdown (gadget->socket, SHUT_RDWR);
    return NULL;
}

static void
attach (guint number, int kernel_end, gboolean is_super_speed)
{
    g_autofree char *line = g_strdup_printf ("%u %d %u %d", number, kernel_end, number + 1,
                                             is_super_speed ? SPEED_SUPER : SPEED_HIGH);
    int fd = open (ATTACH, O_WRONLY | O_CLOEXEC);

    g_assert_cmpint (fd, >=, 0);
    /* The port of a device that was just unplugged is free a moment later. */
    for (guint i = 0; write (fd, line, strlen (line)) < 0; i++) {
        g_assert_cmpuint (i, <, 1000);
        (void) poll (NULL, 0, 10);
    }
    close (fd);
}

Gadget *
gadget_plug (guint number, const GadgetConfig *config)
{
    Gadget *gadget = g_new0 (Gadget, 1);
    int ends[2];

    gadget->config = *config;
    gadget->to_say = g_byte_array_new ();
    gadget->leaves_us = NEVER;
    g_mutex_init (&gadget->lock);
    g_queue_init (&gadget->pending);
    g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    gadget->socket = ends[0];
    gadget->thread = g_thread_new ("gadget", serve, gadget);
    attach (number, ends[1], config->is_super_speed);
    close (ends[1]);
    return gadget;
}

void
gadget_unplug (Gadget *gadget)
{
    gadget_leave_after (gadget, 0);
    g_thread_join (gadget->thread);
    close (gadget->socket);
    g_queue_clear_full (&gadget->pending, g_free);
    g_byte_array_unref (gadget->to_say);
    g_mutex_clear (&gadget->lock);
    g_free (gadget);
}

void
gadget_set_out (Gadget *gadget, GadgetManner manner)
{
    g_mutex_lock (&gadget->lock);
    gadget->out_manner = manner;
    g_mutex_unlock (&gadget->lock);
}

void
gadget_set_in (Gadget *gadget, GadgetManner manner)
{
    g_mutex_lock (&gadget->lock);
    gadget->in_manner = manner;
    g_mutex_unlock (&gadget->lock);
}

void
gadget_leave_after (Gadget *gadget, guint ms)
{
    g_mutex_lock (&gadget->lock);
    gadget->leaves_us = g_get_monotonic_time () + (gint64) ms * 1000;
    g_mutex_unlock (&gadget->lock);
}

void
gadget_say (Gadget *gadget, const void *data, gsize size)
{
    g_mutex_lock (&gadget->lock);
    g_byte_array_append (gadget->to_say, data, (guint) size);
    g_mutex_unlock (&gadget->lock);
}

GadgetCounts
gadget_get_counts (Gadget *gadget)
{
    GadgetCounts counts;

    g_mutex_lock (&gadget->lock);
    counts = gadget->counts;
    counts.n_pending = gadget->pending.length;
    g_mutex_unlock (&gadget->lock);
    return counts;
}
