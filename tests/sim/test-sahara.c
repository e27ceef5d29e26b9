/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EDL: conversations with the boot ROM. */

#include "sim/talk.h"

#define HELLO                                                                                                \
    "01 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 10 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 " \
    "00 "                                                                                                    \
    "00 00 00 00 00 00 00 00 00 00 00 00 00"
#define HELLO_RESP(mode)                                                                                     \
    "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 " mode                                      \
    " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
#define READ_HEADER        "03 00 00 00 14 00 00 00 0d 00 00 00 00 00 00 00 34 00 00 00"
#define RESET              "07 00 00 00 08 00 00 00"
#define RESET_RESP         "08 00 00 00 08 00 00 00"
#define END_STATUS(status) "04 00 00 00 10 00 00 00 0d 00 00 00 " status " 00 00 00"

/* One line: '>' the host sends, '<' the modem answers, '-' the modem is silent for a second. */
static void
run (SimStart start, const char *quirks, const char *fault, const char *const *lines)
{
    SimConfig config;
    Talk talk;
    char *why = NULL;

    sim_config_init (&config);
    config.start = start;
    config.quirks = quirks;
    talk_begin (&talk, &config);
    if (fault)
        g_assert_true (sim_modem_add_fault (talk.modem, fault, &why));
    talk_wait (&talk, SIM_MODE_EDL, 2000);
    for (guint i = 0; lines[i]; i++) {
        if (lines[i][0] == '>') {
            g_assert_true (lines[i][1] ? talk_send_hex (&talk, 1, lines[i] + 2)
                                       : talk_send (&talk, 1, NULL, 0));
        } else if (lines[i][0] == '<') {
            g_assert_true (talk_receive (&talk, 0x81, 1000));
            g_assert_cmpstr (talk_hex (&talk), ==, lines[i] + 2);
        } else {
            g_assert_false (talk_receive (&talk, 0x81, 1000));
        }
    }
    talk_end (&talk);
}

static void
test_hello (void)
{
    static const char *const lines[] = { "< " HELLO, "-", "> " HELLO_RESP ("00"), "< " READ_HEADER, NULL };

    run (SIM_START_EDL, NULL, NULL, lines);
}

static void
test_command_mode (void)
{
    static const char *const lines[] = {
        "< " HELLO,
        "> " HELLO_RESP ("03"),
        "< 0b 00 00 00 08 00 00 00",
        "> 0d 00 00 00 0c 00 00 00 02 00 00 00",
        "< 0e 00 00 00 10 00 00 00 02 00 00 00 08 00 00 00",
        "> 0f 00 00 00 0c 00 00 00 02 00 00 00",
        "< 00 00 00 00 e1 80 04 00",
        "> 0d 00 00 00 0c 00 00 00 01 00 00 00",
        "< 0e 00 00 00 10 00 00 00 01 00 00 00 04 00 00 00",
        "> 0f 00 00 00 0c 00 00 00 01 00 00 00",
        "< 1b 42 0a 70",
        "> 0c 00 00 00 0c 00 00 00 00 00 00 00",
        "< " HELLO,
        "> " HELLO_RESP ("00"),
        "< " READ_HEADER,
        NULL,
    };

    run (SIM_START_EDL, NULL, NULL, lines);
}

/* Who has lost track may send too much once; behind a question that was heard and answered, nobody may. */
static void
test_lost_track (void)
{
    static const guint8 bytes[256] = "\177ELF";
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.start = SIM_START_EDL;
    for (guint i = 0; i < 2; i++) {
        gboolean is_answered = i == 1;

        talk_begin (&talk, &config);
        talk_wait (&talk, SIM_MODE_EDL, 2000);
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        g_assert_true (talk_send_hex (&talk, 1, HELLO_RESP ("00")));
        g_assert_true (talk_receive (&talk, 0x81, 1000));
        sim_modem_lose_track (talk.modem);
        if (is_answered)
            g_assert_true (talk_send (&talk, 1, bytes, 0x34));
        g_assert_true (talk_send (&talk, 1, bytes, sizeof bytes));
        g_assert_cmpint (sim_modem_get_failure (talk.modem, 0) != NULL, ==, is_answered);
        talk_end (&talk);
    }
}

static void
test_half_way (void)
{
    static const char *const short_packet[] = {
        "-", "> 00", "< " HELLO, "> " HELLO_RESP ("00"), "< " READ_HEADER, NULL
    };
    static const char *const blind[] = { "-", "> " HELLO_RESP ("00"), "< " READ_HEADER, NULL };
    static const char *const reset[] = { "-", "> " RESET, "< " RESET_RESP, NULL };

    run (SIM_START_EDL_HALF_WAY, NULL, NULL, short_packet);
    run (SIM_START_EDL_HALF_WAY, NULL, NULL, blind);
    run (SIM_START_EDL_HALF_WAY, NULL, NULL, reset);
}

static void
test_errors (void)
{
    static const char *const unknown[] = { "< " HELLO,
                                           "> 55 00 00 00 08 00 00 00",
                                           "< " END_STATUS ("01"),
                                           "> " HELLO_RESP ("00"),
                                           "< " END_STATUS ("01"),
                                           "> " RESET,
                                           "< " RESET_RESP,
                                           NULL };
    static const char *const length[] = { "< " HELLO, "> 02 00 00 00 31 00 00 00 02 00 00 00",
                                          "< " END_STATUS ("05"), NULL };
    static const char *const no_elf[] = {
        "< " HELLO,
        "> " HELLO_RESP ("00"),
        "< " READ_HEADER,
        "> 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50 51 52 53 54 55 56 57 58 59 5a "
        "41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50 51 52 53 54 55 56 57 58 59 5a",
        "< " END_STATUS ("14"),
        NULL
    };
    static const char *const started[] = { "-",        "> " HELLO_RESP ("00"), "< " END_STATUS ("01"),
                                           "> " RESET, "< " RESET_RESP,        NULL };
    static const char *const mode[] = { "< " HELLO, "> " HELLO_RESP ("03"), "< " END_STATUS ("1c"), NULL };

    run (SIM_START_EDL, NULL, NULL, unknown);
    run (SIM_START_EDL, NULL, NULL, length);
    run (SIM_START_EDL, NULL, NULL, no_elf);
    run (SIM_START_EDL_ERROR, NULL, NULL, started);
    run (SIM_START_EDL, "no-command-mode", NULL, mode);
}

static void
test_zlp (void)
{
    static const char *const strict[] = { "< " HELLO, ">", "< " END_STATUS ("05"), NULL };
    static const char *const lenient[] = { "< " HELLO, ">", "> " HELLO_RESP ("00"), "< " READ_HEADER, NULL };

    run (SIM_START_EDL, NULL, NULL, strict);
    run (SIM_START_EDL, "sahara-zlp", NULL, lenient);
}

static void
test_faults (void)
{
    static const char *const silent[] = { "-", NULL };
    static const char *const huge[] = { "< " HELLO, "> " HELLO_RESP ("00"),
                                        "< 03 00 00 00 14 00 00 00 0d 00 00 00 00 00 00 00 f0 ff ff ff",
                                        NULL };
    static const char *const offset[] = { "< " HELLO, "> " HELLO_RESP ("00"),
                                          "< 03 00 00 00 14 00 00 00 0d 00 00 00 00 f0 ff ff 34 00 00 00",
                                          NULL };
    static const char *const wide[] = {
        "< " HELLO, "> " HELLO_RESP ("00"),
        "< 12 00 00 00 20 00 00 00 0d 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 34 00 00 00 00 00 00 00",
        NULL
    };

    run (SIM_START_EDL, NULL, "sahara-read:1=huge", huge);
    run (SIM_START_EDL, NULL, "sahara-read:1=offset", offset);
    run (SIM_START_EDL, "read-64", NULL, wide);
    (void) silent;
}

static void
test_upload (void)
{
    SimConfig config;
    Talk talk;

    sim_config_init (&config);
    config.start = SIM_START_EDL;
    talk_begin (&talk, &config);
    talk_upload (&talk, "9x07");
    g_assert_true (g_str_has_prefix (talk_xml (&talk, "nop"), "ACK"));
    g_assert_cmpuint (sim_modem_get_verdict (talk.modem)->n_failures, ==, 0);
    talk_end (&talk);
    talk_begin (&talk, &config);
    talk_upload (&talk, "9x40");
    g_assert_cmpstr (talk_hex (&talk), ==, END_STATUS ("25"));
    talk_end (&talk);
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/sahara/hello", test_hello);
    g_test_add_func ("/sahara/command-mode", test_command_mode);
    g_test_add_func ("/sahara/half-way", test_half_way);
    g_test_add_func ("/sahara/lost-track", test_lost_track);
    g_test_add_func ("/sahara/errors", test_errors);
    g_test_add_func ("/sahara/zlp", test_zlp);
    g_test_add_func ("/sahara/faults", test_faults);
    g_test_add_func ("/sahara/upload", test_upload);
    return g_test_run ();
}
