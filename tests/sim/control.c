/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: one line, one answer, one connection.
 *
 *   > verdict\n
 *   < ok\nboots=yes\n...         or: error: why\n */

#include "sim/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024
#define CLIENT_WAIT_MS 2000
#define ANSWER_WAIT_MS 60000
#define WAIT_STEP_MS   50

static gboolean
set_address (struct sockaddr_un *address, const char *path)
{
    memset (address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (g_strlcpy (address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path)
        return TRUE;
    fprintf (stderr, "modemsim: %s: name too long for a socket\n", path);
    return FALSE;
}

int
sim_control_listen (const char *path)
{
    struct sockaddr_un address;
    int fd;

    if (!set_address (&address, path))
        return -1;
    unlink (path);
    fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) == 0 && listen (fd, 8) == 0)
        return fd;
    fprintf (stderr, "modemsim: %s: %s\n", path, g_strerror (errno));
    if (fd >= 0)
        close (fd);
    return -1;
}

/* --- commands --- */

typedef struct {
    SimModem *modem;
    gint64 now_us;
    char **words;
    const char *rest; /* the line behind the first word */
    gboolean *quit;
} Call;

/* Each returns the answer, or NULL with `*why`. */
typedef char *(*Handler) (Call *call, char **why);

static char *
do_status (Call *call, char **why)
{
    return sim_modem_dup_status_text (call->modem);
}

static char *
do_verdict (Call *call, char **why)
{
    return sim_modem_dup_verdict_text (call->modem);
}

static char *
do_ops (Call *call, char **why)
{
    return sim_modem_dup_ops_text (call->modem);
}

static char *
do_map (Call *call, char **why)
{
    return sim_modem_dup_map_text (call->modem);
}

static char *
do_unplug (Call *call, char **why)
{
    sim_modem_unplug (call->modem, call->now_us);
    return g_strdup ("");
}

static char *
do_plug (Call *call, char **why)
{
    sim_modem_plug (call->modem, call->now_us);
    return g_strdup ("");
}

static char *
do_power_cycle (Call *call, char **why)
{
    sim_modem_power_cycle (call->modem, call->now_us);
    return g_strdup ("");
}

static char *
do_usb_boot (Call *call, char **why)
{
    sim_modem_usb_boot (call->modem, call->now_us);
    return g_strdup ("");
}

static char *
do_reenumerate (Call *call, char **why)
{
    sim_modem_reenumerate (call->modem, call->now_us);
    return g_strdup ("");
}

static char *
do_lose_track (Call *call, char **why)
{
    sim_modem_lose_track (call->modem);
    return g_strdup ("");
}

static char *
do_card (Call *call, char **why)
{
    SimCard card;

    if (!sim_card_parse (call->rest, &card)) {
        *why = g_strdup ("a card is ready, absent, pin or puk");
        return NULL;
    }
    sim_modem_set_card (call->modem, call->now_us, card);
    return g_strdup ("");
}

static char *
do_network (Call *call, char **why)
{
    SimNetwork network;

    if (!sim_network_parse (call->rest, &network)) {
        *why = g_strdup ("a network is home or none");
        return NULL;
    }
    sim_modem_set_network (call->modem, call->now_us, network);
    return g_strdup ("");
}

static char *
do_function (Call *call, char **why)
{
    guint64 function = g_ascii_strtoull (call->rest, NULL, 10);

    if (function <= 4 && sim_modem_set_function (call->modem, call->now_us, (guint) function))
        return g_strdup ("");
    *why = g_strdup ("a function is 0, 1 or 4");
    return NULL;
}

static char *
do_fault (Call *call, char **why)
{
    return sim_modem_add_fault (call->modem, call->rest, why) ? g_strdup ("") : NULL;
}

static char *
do_no_faults (Call *call, char **why)
{
    sim_modem_clear_faults (call->modem);
    return g_strdup ("");
}

static char *
do_mark (Call *call, char **why)
{
    sim_modem_mark (call->modem, call->now_us, call->rest);
    return g_strdup ("");
}

static char *
do_sha256 (Call *call, char **why)
{
    const char *name = call->words[1] ? call->words[1] : "";
    gsize size = call->words[1] && call->words[2] ? g_ascii_strtoull (call->words[2], NULL, 10) : 0;
    char *sha256 = sim_modem_dup_partition_sha256 (call->modem, name, size);
    char *text = sha256 ? g_strconcat (sha256, "\n", NULL) : NULL;

    g_free (sha256);
    if (!text)
        *why = g_strdup_printf ("no partition \"%s\" of that size", name);
    return text;
}

static char *
do_corrupt (Call *call, char **why)
{
    if (sim_modem_corrupt (call->modem, call->rest))
        return g_strdup ("");
    *why = g_strdup_printf ("no partition \"%s\"", call->rest);
    return NULL;
}

static char *
do_save (Call *call, char **why)
{
    g_autoptr (GError) error = NULL;

    if (sim_modem_save (call->modem, call->rest, &error))
        return g_strdup ("");
    *why = g_strdup (error->message);
    return NULL;
}

static char *
do_load (Call *call, char **why)
{
    g_autoptr (GError) error = NULL;

    if (sim_modem_load (call->modem, call->rest, &error))
        return g_strdup ("");
    *why = g_strdup (error->message);
    return NULL;
}

static char *
do_quit (Call *call, char **why)
{
    *call->quit = TRUE;
    return g_strdup ("");
}

static const struct {
    const char *name;
    Handler handle;
} commands[] = {
    { "status", do_status },
    { "verdict", do_verdict },
    { "ops", do_ops },
    { "map", do_map },
    { "unplug", do_unplug },
    { "plug", do_plug },
    { "power-cycle", do_power_cycle },
    { "usb-boot", do_usb_boot },
    { "reenumerate", do_reenumerate },
    { "lose-track", do_lose_track },
    { "card", do_card },
    { "network", do_network },
    { "function", do_function },
    { "fault", do_fault },
    { "no-faults", do_no_faults },
    { "mark", do_mark },
    { "sha256", do_sha256 },
    { "corrupt", do_corrupt },
    { "save", do_save },
    { "load", do_load },
    { "quit", do_quit },
};

static char *
carry_out (const char *line, SimModem *modem, gint64 now_us, gboolean *quit)
{
    g_auto (GStrv) words = g_strsplit (line, " ", -1);
    const char *space = strchr (line, ' ');
    Call call = { modem, now_us, words, space ? space + 1 : "", quit };
    g_autofree char *why = NULL;
    g_autofree char *text = NULL;

    for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
        if (words[0] && g_str_equal (words[0], commands[i].name)) {
            text = commands[i].handle (&call, &why);
            return text ? g_strconcat ("ok\n", text, NULL) : g_strconcat ("error: ", why, "\n", NULL);
        }
    }
    return g_strdup_printf ("error: unknown command \"%s\"\n", line);
}

static gboolean
write_all (int fd, const char *text, gsize size)
{
    while (size > 0) {
        ssize_t n = send (fd, text, size, MSG_NOSIGNAL);

        if (n <= 0)
            return FALSE;
        text += n;
        size -= (gsize) n;
    }
    return TRUE;
}

/* Up to the newline; FALSE when none came in time. */
static gboolean
read_line (int fd, char *line, gsize room)
{
    struct pollfd wait = { fd, POLLIN, 0 };
    gsize n = 0;

    while (n + 1 < room && poll (&wait, 1, CLIENT_WAIT_MS) == 1) {
        ssize_t got = read (fd, line + n, room - 1 - n);

        if (got <= 0)
            return FALSE;
        n += (gsize) got;
        line[n] = '\0';
        if (strchr (line, '\n')) {
            *strchr (line, '\n') = '\0';
            return TRUE;
        }
    }
    return FALSE;
}

void
sim_control_serve (int listener, SimModem *modem, gint64 now_us, gboolean *quit)
{
    int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
    char line[LINE_MAX_BYTES];

    if (fd < 0)
        return;
    if (read_line (fd, line, sizeof line)) {
        g_autofree char *answer = carry_out (line, modem, now_us, quit);

        /* Ignored because a client that has left wants no answer. */
        (void) write_all (fd, answer, strlen (answer));
    }
    close (fd);
}

/* --- client --- */

/* The whole answer, or NULL with a message. */
static char *
ask (const char *path, const char *line)
{
    struct sockaddr_un address;
    struct pollfd wait = { -1, POLLIN, 0 };
    g_autoptr (GString) text = g_string_new (NULL);
    char buffer[4096];
    ssize_t n = -1;
    int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || !set_address (&address, path))
        return NULL;
    wait.fd = fd;
    if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0 &&
        write_all (fd, line, strlen (line)) && write_all (fd, "\n", 1)) {
        while (poll (&wait, 1, ANSWER_WAIT_MS) == 1 && (n = read (fd, buffer, sizeof buffer)) > 0)
            g_string_append_len (text, buffer, n);
    }
    if (n < 0 || text->len == 0)
        fprintf (stderr, "modemsim: %s: %s\n", path, n < 0 ? g_strerror (errno) : "no answer");
    close (fd);
    return n < 0 || text->len == 0 ? NULL : g_strdup (text->str);
}

/* "wait MODE [SECONDS]": polls the status until the modem is on the bus in that mode. */
static int
wait_for (const char *path, char **words)
{
    guint64 seconds = words[1] && words[2] ? g_ascii_strtoull (words[2], NULL, 10) : 30;
    gint64 end_us = g_get_monotonic_time () + (gint64) seconds * G_USEC_PER_SEC;
    g_autofree char *wanted = g_strdup_printf ("mode=%s\n", words[1] ? words[1] : "normal");

    do {
        g_autofree char *text = ask (path, "status");

        if (!text)
            return 1;
        if (strstr (text, wanted) && (!strstr (text, "usb=none\n") || g_str_equal (wanted, "mode=off\n")))
            return 0;
        /* Ignored because it only passes time. */
        (void) poll (NULL, 0, WAIT_STEP_MS);
    } while (g_get_monotonic_time () < end_us);
    fprintf (stderr, "modemsim: not %s within %u s\n", wanted, (guint) seconds);
    return 1;
}

int
sim_control_send (const char *path, char **words)
{
    g_autofree char *line = g_strjoinv (" ", words);
    g_autofree char *text = NULL;

    if (words[0] && g_str_equal (words[0], "wait"))
        return wait_for (path, words);
    text = ask (path, line);
    if (!text)
        return 1;
    if (!g_str_has_prefix (text, "ok\n")) {
        fprintf (stderr, "modemsim: %s", text);
        return 1;
    }
    fputs (text + strlen ("ok\n"), stdout);
    return 0;
}
