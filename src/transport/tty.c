/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A serial port of a modem. There is no line and no baud rate behind a USB serial driver; what matters is
 * that the terminal layer changes, echoes and answers nothing, that nobody else reads along, and that neither
 * sending nor closing can hang on a modem that takes nothing. */

#include "transport/tty.h"

#include "config.h"
#include "transport/holders.h"
#include "util/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

/* A program that is told to let go (ModemManager by InhibitDevice) needs a moment. */
#define BUSY_RETRY_MS      3000
#define BUSY_RETRY_STEP_MS 100
#define DRAIN_STEP_MS      2

typedef struct {
    MfuChannel parent;
    MfuClock *clock;
    char *devnode;
    int fd;
} TtyChannel;

/* A hung-up terminal answers EIO to everything: its device left. */
static void
set_errno_error (GError **error, TtyChannel *self, int saved_errno)
{
    if (saved_errno == EIO)
        g_set_error (error, MFU_ERROR, MFU_ERROR_GONE, _ ("%s: the modem left its port"), self->devnode);
    else
        mfu_error_set_errno (error, saved_errno, "%s", self->devnode);
}

/* Waits for POLLIN or POLLOUT. A hangup is left to the following read () or write (), which still delivers
 * what came before it. */
static gboolean
wait_for (TtyChannel *self, gushort events, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    GPollFD fd = { .fd = self->fd, .events = events };
    g_autoptr (GError) local = NULL;

    /* The look at the clock ends the loops around this for a port that is always "ready". */
    if (mfu_clock_poll (self->clock, &fd, 1, deadline_us, cancellable, &local) &&
        mfu_clock_now_us (self->clock) <= deadline_us)
        return TRUE;
    if (local == NULL || g_error_matches (local, MFU_ERROR, MFU_ERROR_TIMED_OUT))
        g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT,
                     events == G_IO_IN ? _ ("%s: the modem did not answer in time")
                                       : _ ("%s: the modem took no data in time"),
                     self->devnode);
    else
        g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static gboolean
tty_send (MfuChannel *channel, const guint8 *data, gsize size, gboolean wants_zlp, gint64 deadline_us,
          GCancellable *cancellable, GError **error)
{
    TtyChannel *self = (TtyChannel *) channel;
    gsize sent = 0;

    while (sent < size) {
        gssize n = write (self->fd, data + sent, size - sent);

        if (n > 0) {
            sent += (gsize) n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            set_errno_error (error, self, errno);
            return FALSE;
        }
        if (!wait_for (self, G_IO_OUT, deadline_us, cancellable, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
tty_flush (MfuChannel *channel, gint64 deadline_us, GCancellable *cancellable, GError **error)
{
    TtyChannel *self = (TtyChannel *) channel;

    /* tcdrain () knows no deadline. */
    while (TRUE) {
        gint64 next_us = mfu_clock_deadline_us (self->clock, DRAIN_STEP_MS);
        int n_queued = 0;

        if (ioctl (self->fd, TIOCOUTQ, &n_queued) != 0) {
            set_errno_error (error, self, errno);
            return FALSE;
        }
        if (n_queued == 0)
            return TRUE;
        if (mfu_clock_now_us (self->clock) >= deadline_us) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_TIMED_OUT, _ ("%s: the modem took no data in time"),
                         self->devnode);
            return FALSE;
        }
        if (!self->clock->sleep_until (self->clock, MIN (next_us, deadline_us), cancellable, error))
            return FALSE;
    }
}

static gssize
tty_receive (MfuChannel *channel, guint8 *buffer, gsize size, gint64 deadline_us, GCancellable *cancellable,
             GError **error)
{
    TtyChannel *self = (TtyChannel *) channel;

    while (TRUE) {
        gssize n = read (self->fd, buffer, size);

        if (n > 0)
            return n;
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            set_errno_error (error, self, n == 0 ? EIO : errno);
            return -1;
        }
        if (!wait_for (self, G_IO_IN, deadline_us, cancellable, error))
            return -1;
    }
}

static gboolean
tty_reset (MfuChannel *channel, GError **error)
{
    TtyChannel *self = (TtyChannel *) channel;

    if (tcflush (self->fd, TCIOFLUSH) == 0)
        return TRUE;
    set_errno_error (error, self, errno);
    return FALSE;
}

static gpointer
close_in_thread (gpointer data)
{
    close (GPOINTER_TO_INT (data));
    return NULL;
}

/* Where the modem takes no data, close () waits for it for 30 s, and only CAP_SYS_ADMIN may set another time
 * (see make_raw ()). That wait is nobody's who called us.
 *
 * Source: torvalds/linux, drivers/tty/tty_port.c (closing_wait), drivers/usb/serial/usb-serial.c
 * (serial_set_serial). */
static void
close_without_waiting (int fd)
{
    int n_queued = 0;

    if (ioctl (fd, TIOCOUTQ, &n_queued) == 0 && n_queued > 0)
        g_thread_unref (g_thread_new ("tty-close", close_in_thread, GINT_TO_POINTER (fd)));
    else
        close (fd);
}

static void
tty_close (MfuChannel *channel)
{
    TtyChannel *self = (TtyChannel *) channel;

    if (self->fd >= 0) {
        /* Ignored because the port is given up either way. */
        (void) tcflush (self->fd, TCIOFLUSH);
        (void) ioctl (self->fd, TIOCNXCL);
        close_without_waiting (self->fd);
    }
    g_free (self->devnode);
    g_free (self);
}

static const MfuChannelClass tty_class = {
    .name = "tty",
    .send = tty_send,
    .flush = tty_flush,
    .receive = tty_receive,
    .reset = tty_reset,
    .close = tty_close,
};

static gboolean
make_raw (TtyChannel *self, GError **error)
{
    struct termios settings;
    struct serial_struct serial;

    if (tcgetattr (self->fd, &settings) != 0) {
        set_errno_error (error, self, errno);
        return FALSE;
    }
    cfmakeraw (&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~(tcflag_t) (HUPCL | CRTSCTS | CSTOPB | PARENB);
    /* At least one byte, so that a read of 0 is a hangup and nothing else. */
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    if (cfsetspeed (&settings, B115200) != 0 || tcsetattr (self->fd, TCSANOW, &settings) != 0) {
        set_errno_error (error, self, errno);
        return FALSE;
    }
    /* Ignored because not every driver has the setting, nor every process the right to it: close () shall not
     * wait for unsent data. */
    if (ioctl (self->fd, TIOCGSERIAL, &serial) == 0) {
        serial.closing_wait = ASYNC_CLOSING_WAIT_NONE;
        (void) ioctl (self->fd, TIOCSSERIAL, &serial);
    }
    return TRUE;
}

/* FALSE with `error` unset: somebody has it, `holders` tells who. TIOCEXCL does not keep root out, therefore
 * the list of open files is asked first. */
static gboolean
try_open (TtyChannel *self, char **holders, GError **error)
{
    int is_exclusive = 0;

    *holders = mfu_holders_of (self->devnode, 0);
    if (*holders != NULL)
        return FALSE;
    self->fd = open (self->devnode, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (self->fd < 0 && errno != EBUSY) {
        set_errno_error (error, self, errno);
        return FALSE;
    }
    if (self->fd < 0 || (ioctl (self->fd, TIOCGEXCL, &is_exclusive) == 0 && is_exclusive)) {
        *holders = g_strdup (_ ("another program"));
        if (self->fd >= 0)
            close (self->fd);
        self->fd = -1;
        return FALSE;
    }
    if (ioctl (self->fd, TIOCEXCL) != 0) {
        set_errno_error (error, self, errno);
        return FALSE;
    }
    return make_raw (self, error);
}

MfuChannel *
mfu_tty_channel_open (const char *devnode, MfuClock *clock, GCancellable *cancellable, GError **error)
{
    TtyChannel *self = g_new0 (TtyChannel, 1);
    g_autoptr (MfuChannel) channel = &self->parent;
    gint64 deadline_us = mfu_clock_deadline_us (clock, BUSY_RETRY_MS);

    self->parent.klass = &tty_class;
    self->clock = clock;
    self->devnode = g_strdup (devnode);
    self->fd = -1;
    while (TRUE) {
        g_autofree char *holders = NULL;
        g_autoptr (GError) local = NULL;

        if (try_open (self, &holders, &local))
            return g_steal_pointer (&channel);
        if (local != NULL) {
            g_propagate_error (error, g_steal_pointer (&local));
            return NULL;
        }
        if (mfu_clock_now_us (clock) >= deadline_us) {
            g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY, _ ("%s is in use by %s"), devnode, holders);
            return NULL;
        }
        if (!clock->sleep_until (clock, mfu_clock_deadline_us (clock, BUSY_RETRY_STEP_MS), cancellable,
                                 error))
            return NULL;
    }
}
