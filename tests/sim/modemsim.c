/* SPDX-License-Identifier: GPL-2.0-or-later */
/* modemsim: plugs a simulated modem into a port of vhci-hcd. See modemsim.1. */

#include "sim/control.h"
#include "sim/usbip.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PORT_RETRY_US 5000
#define IDLE_US       20000 /* a longer pause than that: the log goes to disk */

typedef struct {
    char *family, *usb_id, *version, *geometry, *serial, *log, *control, *start, *speed, *quirks, *state,
        *ctl, *card, *network, *half, *composition;
    char **faults, **bad_blocks, **words;
    int port, blocks, boot_ms, edl_ms, noise, payload, download;
    int function;
    gboolean usb3;
} Options;

static volatile sig_atomic_t is_asked_to_quit;

static void
on_signal (int number)
{
    is_asked_to_quit = 1;
}

static gboolean
parse_options (Options *options, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        { "port", 'p', 0, G_OPTION_ARG_INT, &options->port, "vhci-hcd's port, 0 is the first", "N" },
        { "family", 0, 0, G_OPTION_ARG_STRING, &options->family,
          "kind of modem: ec25, eg25, ep06, em06, ec20; strangers: phone, sierra, telit, router, gobi, gobi5",
          "NAME" },
        { "usb3", 0, 0, G_OPTION_ARG_NONE, &options->usb3, "normal mode at super speed (ep06)", NULL },
        { "composition", 0, 0, G_OPTION_ARG_STRING, &options->composition,
          "qmi, mbim, no-diag, no-nmea, no-at, no-modem, no-tty, no-net", "LIST" },
        { "usb-id", 0, 0, G_OPTION_ARG_STRING, &options->usb_id, "in normal mode, instead of the family's",
          "VID:PID" },
        { "version", 0, 0, G_OPTION_ARG_STRING, &options->version, "firmware that is on it", "VERSION" },
        { "geometry", 0, 0, G_OPTION_ARG_STRING, &options->geometry, "p2K_b128K or p4K_b256K", "NAME" },
        { "blocks", 0, 0, G_OPTION_ARG_INT, &options->blocks, "size of the chip (2048)", "N" },
        { "bad-block", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->bad_blocks, "a bad block (repeat)", "N" },
        { "serial", 0, 0, G_OPTION_ARG_STRING, &options->serial, "chip serial, hex", "HEX" },
        { "state-file", 0, 0, G_OPTION_ARG_FILENAME, &options->state, "chip content, read and kept", "FILE" },
        { "start-mode", 0, 0, G_OPTION_ARG_STRING, &options->start,
          "normal, edl, edl-half-way, edl-error, edl-programmer, edl-raw, fastboot, fastboot-dead, "
          "fastboot-data, dload, sbl, sbl-half-way, streaming",
          "MODE" },
        { "sim", 0, 0, G_OPTION_ARG_STRING, &options->card, "SIM card: ready, absent, pin, puk", "CARD" },
        { "network", 0, 0, G_OPTION_ARG_STRING, &options->network, "home or none", "NETWORK" },
        { "function", 0, 0, G_OPTION_ARG_INT, &options->function, "AT+CFUN at first: 0, 1, 4", "N" },
        { "half-flashed", 0, 0, G_OPTION_ARG_STRING, &options->half,
          "boot-missing, sbl2-missing, round-1, round-2, round-3 (ec20)", "STEP" },
        { "nand-speed", 0, 0, G_OPTION_ARG_STRING, &options->speed, "instant or real", "SPEED" },
        { "boot-ms", 0, 0, G_OPTION_ARG_INT, &options->boot_ms, "from reset to normal mode", "MS" },
        { "edl-ms", 0, 0, G_OPTION_ARG_INT, &options->edl_ms, "from reset to EDL", "MS" },
        { "diag-noise", 0, 0, G_OPTION_ARG_INT, &options->noise, "log packets on DIAG after each boot", "N" },
        { "max-payload", 0, 0, G_OPTION_ARG_INT, &options->payload, "Firehose payload limit (8192)",
          "BYTES" },
        { "max-download", 0, 0, G_OPTION_ARG_INT, &options->download, "fastboot's limit (by family)",
          "BYTES" },
        { "quirks", 0, 0, G_OPTION_ARG_STRING, &options->quirks, "comma separated", "LIST" },
        { "fault", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->faults, "KIND[:N[+]]=ACTION[:ARG] (repeat)",
          "FAULT" },
        { "log", 0, 0, G_OPTION_ARG_FILENAME, &options->log, "every transfer as text", "FILE" },
        { "control", 0, 0, G_OPTION_ARG_FILENAME, &options->control, "listen for commands", "SOCKET" },
        { "ctl", 0, 0, G_OPTION_ARG_FILENAME, &options->ctl, "send a command to a running modemsim",
          "SOCKET" },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, NULL, "[COMMAND...]" },
        { NULL },
    };
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autoptr (GError) error = NULL;

    g_option_context_set_summary (context, "Plugs a simulated modem into a port of vhci-hcd.");
    g_option_context_add_main_entries (context, entries, NULL);
    if (g_option_context_parse (context, argc, argv, &error))
        return TRUE;
    fprintf (stderr, "modemsim: %s\n", error->message);
    return FALSE;
}

static int
find_word (const char *word, const char *const *names, guint n)
{
    for (guint i = 0; word && i < n; i++) {
        if (g_str_equal (names[i], word))
            return (int) i;
    }
    return word ? -1 : 0;
}

static gboolean
set_states (SimConfig *config, const Options *options)
{
    config->function = (guint) options->function;
    if ((!options->card || sim_card_parse (options->card, &config->card)) &&
        (!options->network || sim_network_parse (options->network, &config->network)) &&
        (config->function <= 1 || config->function == 4))
        return TRUE;
    fputs ("modemsim: unknown card, network or function\n", stderr);
    return FALSE;
}

static SimModem *
make_modem (const Options *options)
{
    /* In the order of SimStart and SimSpeed. */
    static const char *const starts[] = { "normal",         "edl",     "edl-half-way", "edl-error",
                                          "edl-programmer", "edl-raw", "fastboot",     "fastboot-dead",
                                          "fastboot-data",  "dload",   "sbl",          "sbl-half-way",
                                          "streaming" };
    static const char *const speeds[] = { "instant", "real" };
    int start = find_word (options->start, starts, G_N_ELEMENTS (starts));
    int speed = find_word (options->speed, speeds, G_N_ELEMENTS (speeds));
    g_autoptr (GArray) bad = g_array_new (FALSE, FALSE, sizeof (guint));
    g_autofree char *why = NULL;
    SimConfig config;
    SimModem *modem;

    if (start < 0 || speed < 0) {
        fprintf (stderr, "modemsim: unknown %s\n", start < 0 ? options->start : options->speed);
        return NULL;
    }
    for (char **block = options->bad_blocks; block && *block; block++) {
        guint number = (guint) g_ascii_strtoull (*block, NULL, 10);

        g_array_append_val (bad, number);
    }
    sim_config_init (&config);
    if (options->family)
        config.family = options->family;
    if (options->serial)
        config.serial = options->serial;
    config.usb_id = options->usb_id;
    config.composition = options->composition;
    if (!set_states (&config, options))
        return NULL;
    config.version = options->version;
    config.geometry = options->geometry;
    config.log_path = options->log;
    config.n_blocks = (guint) MAX (options->blocks, 0);
    config.speed = (SimSpeed) speed;
    config.start = (SimStart) start;
    config.boot_ms = (guint) MAX (options->boot_ms, 0);
    config.edl_ms = (guint) MAX (options->edl_ms, 0);
    config.diag_noise = (guint) MAX (options->noise, 0);
    config.max_payload = (guint) MAX (options->payload, 0);
    config.max_download = (guint) MAX (options->download, 0);
    config.quirks = options->quirks;
    config.half_flashed = options->half;
    config.is_usb3 = options->usb3;
    config.bad_blocks = (const guint *) (gpointer) bad->data;
    config.n_bad_blocks = bad->len;
    modem = sim_modem_new (&config, g_get_monotonic_time (), &why);
    if (!modem)
        fprintf (stderr, "modemsim: %s\n", why);
    return modem;
}

static gboolean
prepare (SimModem *modem, const Options *options)
{
    g_autoptr (GError) error = NULL;

    for (char **fault = options->faults; fault && *fault; fault++) {
        g_autofree char *why = NULL;

        if (!sim_modem_add_fault (modem, *fault, &why)) {
            fprintf (stderr, "modemsim: %s\n", why);
            return FALSE;
        }
    }
    if (!options->state || ((!g_file_test (options->state, G_FILE_TEST_EXISTS) ||
                             sim_modem_load (modem, options->state, &error)) &&
                            sim_modem_keep (modem, options->state, &error)))
        return TRUE;
    fprintf (stderr, "modemsim: %s\n", error->message);
    return FALSE;
}

/* Waits for the next thing to do. */
static void
wait_for_work (SimModem *modem, SimUsbip *usbip, struct pollfd fds[2], gint64 now_us)
{
    gint64 left_us = sim_modem_next_event_us (modem);
    struct timespec time;

    left_us = left_us == G_MAXINT64 ? G_USEC_PER_SEC : CLAMP (left_us - now_us, 0, G_USEC_PER_SEC);
    if (sim_usbip_is_waiting_for_port (usbip))
        left_us = MIN (left_us, PORT_RETRY_US);
    fds[0].fd = sim_usbip_get_fd (usbip);
    fds[0].events = POLLIN | (sim_usbip_wants_write (usbip) ? POLLOUT : 0);
    time.tv_sec = left_us / G_USEC_PER_SEC;
    time.tv_nsec = left_us % G_USEC_PER_SEC * 1000;
    if (left_us > IDLE_US) {
        const struct timespec none = { 0, 0 };

        if (ppoll (fds, 2, &none, NULL) > 0)
            return;
        sim_modem_flush_log (modem);
    }
    /* Ignored because every descriptor is looked at anyhow. */
    (void) ppoll (fds, 2, &time, NULL);
}

static int
run (SimModem *modem, SimUsbip *usbip, int listener)
{
    struct pollfd fds[2] = { { -1, POLLIN, 0 }, { listener, POLLIN, 0 } };
    gboolean quit = FALSE;

    while (!quit && !is_asked_to_quit) {
        gint64 now_us = g_get_monotonic_time ();

        if (!sim_usbip_run (usbip, now_us))
            return EXIT_FAILURE;
        if (fds[1].revents & POLLIN)
            sim_control_serve (listener, modem, now_us, &quit);
        fds[0].revents = fds[1].revents = 0;
        if (!quit)
            wait_for_work (modem, usbip, fds, g_get_monotonic_time ());
    }
    return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
    Options options = { .function = 1 };
    g_autoptr (SimModem) modem = NULL;
    const struct sigaction action = { .sa_handler = on_signal };
    SimUsbip *usbip;
    int listener = -1;
    int status;

    if (!parse_options (&options, &argc, &argv))
        return 2;
    if (options.ctl)
        return sim_control_send (options.ctl, options.words ? options.words : (char *[]){ NULL });
    if (options.words) {
        fprintf (stderr, "modemsim: %s: commands go with --ctl\n", options.words[0]);
        return 2;
    }
    modem = make_modem (&options);
    if (!modem || !prepare (modem, &options))
        return 2;
    if (options.control) {
        listener = sim_control_listen (options.control);
        if (listener < 0)
            return 2;
    }
    sigaction (SIGTERM, &action, NULL);
    sigaction (SIGINT, &action, NULL);
    usbip = sim_usbip_new (modem, (guint) MAX (options.port, 0));
    status = run (modem, usbip, listener);
    sim_usbip_free (usbip);
    if (options.control)
        unlink (options.control);
    return status;
}
