/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Each message of the host is a SEND_ENCAPSULATED_COMMAND; after it every answer that the modem has is
 * fetched by GET_ENCAPSULATED_RESPONSE, as after its notifications. */

#include "sim-wdm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MAX_MESSAGE 4096
#define MAX_ANSWERS 64

struct _SimWdm {
    SimModem *modem;
    guint interface;
    gboolean is_mbim;
    gint64 now_us;
    int master, slave;
    int stop[2];
    char *devnode;
    GThread *thread;
    GByteArray *received;
    guint n_messages;
};

/* Of the message at the start of what was received; 0: not known yet. */
static gsize
message_size (SimWdm *wdm)
{
    const guint8 *data = wdm->received->data;

    if (!wdm->is_mbim)
        return wdm->received->len < 3 ? 0 : 1 + (gsize) (data[1] | data[2] << 8);
    return wdm->received->len < 8 ? 0 : (gsize) (data[4] | data[5] << 8);
}

static void
fetch_answers (SimWdm *wdm)
{
    const guint8 setup[8] = {
        0xa1, 0x01, 0, 0, (guint8) wdm->interface, 0, MAX_MESSAGE & 0xff, MAX_MESSAGE >> 8
    };
    guint8 answer[MAX_MESSAGE];

    for (guint i = 0; i < MAX_ANSWERS; i++) {
        gsize n = 0;

        if (sim_modem_control (wdm->modem, wdm->now_us, setup, answer, &n) != SIM_OK || n == 0)
            return;
        g_assert_cmpint (write (wdm->master, answer, n), ==, (gssize) n);
    }
}

static void
take_messages (SimWdm *wdm)
{
    gsize size;

    while ((size = message_size (wdm)) > 0 && size <= wdm->received->len) {
        const guint8 setup[8] = {
            0x21, 0x00, 0, 0, (guint8) wdm->interface, 0, (guint8) size, (guint8) (size >> 8)
        };
        gsize n = size;

        (void) sim_modem_control (wdm->modem, wdm->now_us, setup, wdm->received->data, &n);
        g_byte_array_remove_range (wdm->received, 0, (guint) size);
        wdm->n_messages++;
        fetch_answers (wdm);
    }
}

static gpointer
run (gpointer user_data)
{
    SimWdm *wdm = user_data;
    struct pollfd fds[2] = { { .fd = wdm->master, .events = POLLIN },
                             { .fd = wdm->stop[0], .events = POLLIN } };

    for (;;) {
        guint8 buffer[MAX_MESSAGE];
        gssize n;

        g_assert_true (poll (fds, 2, -1) > 0 || errno == EINTR);
        if (fds[1].revents != 0)
            return NULL;
        n = (fds[0].revents & POLLIN) != 0 ? read (wdm->master, buffer, sizeof buffer) : 0;
        if (n <= 0)
            continue;
        g_byte_array_append (wdm->received, buffer, (guint) n);
        take_messages (wdm);
    }
}

SimWdm *
sim_wdm_new (SimModem *modem, guint interface, gboolean is_mbim, gint64 now_us)
{
    SimWdm *wdm = g_new0 (SimWdm, 1);
    struct termios raw;
    char name[64];

    wdm->modem = modem;
    wdm->interface = interface;
    wdm->is_mbim = is_mbim;
    wdm->now_us = now_us;
    wdm->received = g_byte_array_new ();
    wdm->master = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint (wdm->master, >=, 0);
    g_assert_true (grantpt (wdm->master) == 0 && unlockpt (wdm->master) == 0);
    g_assert_cmpint (ptsname_r (wdm->master, name, sizeof name), ==, 0);
    wdm->devnode = g_strdup (name);
    /* Kept open, so that the master does not hang up when the library closes its own. */
    wdm->slave = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint (wdm->slave, >=, 0);
    g_assert_cmpint (tcgetattr (wdm->slave, &raw), ==, 0);
    cfmakeraw (&raw);
    g_assert_cmpint (tcsetattr (wdm->slave, TCSANOW, &raw), ==, 0);
    g_assert_cmpint (pipe2 (wdm->stop, O_CLOEXEC), ==, 0);
    wdm->thread = g_thread_new ("wdm", run, wdm);
    return wdm;
}

void
sim_wdm_free (SimWdm *wdm)
{
    if (wdm == NULL)
        return;
    g_assert_cmpint (write (wdm->stop[1], "", 1), ==, 1);
    g_thread_join (wdm->thread);
    close (wdm->stop[0]);
    close (wdm->stop[1]);
    close (wdm->slave);
    close (wdm->master);
    g_byte_array_unref (wdm->received);
    g_free (wdm->devnode);
    g_free (wdm);
}

const char *
sim_wdm_get_devnode (SimWdm *wdm)
{
    return wdm->devnode;
}

guint
sim_wdm_get_n_messages (SimWdm *wdm)
{
    return wdm->n_messages;
}
