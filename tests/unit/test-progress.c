/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The progress line at the widths of real windows, in both alphabets, and with numbers that make no sense. */

#include "cli/progress.h"
#include "cli/text.h"

#include <math.h>

#define MIB (1024 * 1024)

static const MfuProgress writing = {
    .step_number = 5,
    .step_count = 8,
    .title = "writing modem",
    .fraction = 0.62,
    .bytes_done = 61 * MIB,
    .bytes_total = 98 * MIB,
    .bytes_per_second = (guint64) (3.4 * MIB),
    .seconds_left = 17,
};

static void
test_wide (void)
{
    g_autofree char *line = mfu_progress_render (&writing, 119, TRUE);

    g_assert_cmpstr (
        line, ==,
        "[5/8] writing modem        62%  ▕███████████████▌         ▏ 61/98 MiB  3.4 MiB/s  0:17 left");
}

static void
test_ascii (void)
{
    g_autofree char *line = mfu_progress_render (&writing, 119, FALSE);

    g_assert_cmpstr (
        line, ==,
        "[5/8] writing modem        62%  [###############          ] 61/98 MiB  3.4 MiB/s  0:17 left");
}

static const struct {
    guint columns;
    const char *line;
} narrow[] = {
    { 79, "[5/8] writing modem        62%  [########     ] 61/98 MiB  3.4 MiB/s  0:17 left" },
    { 72, "[5/8] writing modem        62%  [##########       ] 61/98 MiB  0:17 left" },
    { 60, "[5/8] writing modem        62%  [#########       ] 0:17 left" },
    { 46, "[5/8] writing modem        62%  [#######     ]" },
    { 40, "[5/8] writing modem        62%" },
    { 30, "[5/8] writing modem        62%" },
    { 24, "[5/8] writing modem  62%" },
    { 15, "[5/8] writi 62%" },
    { 8, "[5/8] wr" },
    { 1, "[" },
};

static void
test_narrow (void)
{
    for (gsize i = 0; i < G_N_ELEMENTS (narrow); i++) {
        g_autofree char *line = mfu_progress_render (&writing, narrow[i].columns, FALSE);

        g_assert_cmpstr (line, ==, narrow[i].line);
    }
}

static void
test_long_title (void)
{
    MfuProgress progress = writing;
    const struct {
        guint columns;
        const char *begin;
    } cases[] = {
        { 119, "[5/8] asking ModemManager to let go 62%  ▕███████████████▌         ▏ 61/98 MiB" },
        { 94, "[5/8] asking ModemManager to… 62%  ▕███████████████▌         ▏ 61/98 MiB" },
        { 79, "[5/8] asking ModemManager… 62%  ▕████████     ▏ 61/98 MiB" },
        { 30, "[5/8] asking ModemManager… 62%" },
    };

    progress.title = "asking ModemManager to let go";
    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *line = mfu_progress_render (&progress, cases[i].columns, TRUE);

        g_test_message ("%s", line);
        g_assert_true (g_str_has_prefix (line, cases[i].begin));
    }
}

static void
test_never_too_wide (void)
{
    const char *titles[] = { "", "writing modem", "écriture de l’image système du modem",
                             "正在写入调制解调器系统映像" };
    const double fractions[] = { 0.0, 0.001, 0.5, 0.999, 1.0 };

    for (guint columns = 1; columns < 200; columns++) {
        for (gsize i = 0; i < G_N_ELEMENTS (titles) * G_N_ELEMENTS (fractions) * 4; i++) {
            MfuProgress progress = writing;
            g_autofree char *line = NULL;

            progress.title = titles[i % G_N_ELEMENTS (titles)];
            progress.fraction = fractions[i / G_N_ELEMENTS (titles) % G_N_ELEMENTS (fractions)];
            if (i % 2 == 0)
                progress.bytes_total = 0;
            if (i % 3 == 0)
                progress.step_count = 0;
            line = mfu_progress_render (&progress, columns, i % 5 != 0);
            g_assert_cmpuint (mfu_text_width (line), <=, columns);
            g_assert_true (g_utf8_validate (line, -1, NULL));
        }
    }
}

static void
test_nonsense (void)
{
    const struct {
        double fraction;
        const char *percent;
    } cases[] = {
        { NAN, "  0%" }, { -1.0, "  0%" }, { INFINITY, "100%" }, { 7.5, "100%" }, { -INFINITY, "  0%" }
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        MfuProgress progress = writing;
        g_autofree char *line = NULL;

        progress.fraction = cases[i].fraction;
        progress.step_number = 99;
        line = mfu_progress_render (&progress, 30, FALSE);
        g_assert_true (g_str_has_prefix (line, "[8/8] "));
        g_assert_true (g_str_has_suffix (line, cases[i].percent));
    }
}

static void
test_bar_grows_by_eighths (void)
{
    MfuProgress progress = { .title = "x", .bytes_total = 0 };
    g_autofree char *last = g_strdup ("");
    guint distinct = 0;

    for (guint i = 0; i <= 200; i++) {
        g_autofree char *line = NULL;

        progress.fraction = i / 200.0;
        line = mfu_progress_render (&progress, 100, TRUE);
        distinct += g_strcmp0 (strstr (line, "▕"), strstr (last, "▕")) != 0;
        g_free (last);
        last = g_steal_pointer (&line);
    }
    /* 25 cells of 8 steps, and the empty bar. */
    g_assert_cmpuint (distinct, ==, 201);
}

static void
test_amounts (void)
{
    const struct {
        guint64 done, total;
        const char *text;
    } cases[] = {
        { 0, 0, "0/0 B" },
        { 17, 900, "17/900 B" },
        { 512, 2048, "0.5/2.0 KiB" },
        { 61 * MIB, 98 * MIB, "61/98 MiB" },
        { (guint64) (3.4 * MIB), 8 * MIB, "3.4/8.0 MiB" },
        { 9 * (guint64) MIB, 8 * MIB, "8.0/8.0 MiB" },
        { G_GUINT64_CONSTANT (3) << 30, G_GUINT64_CONSTANT (5) << 30, "3.0/5.0 GiB" },
        { G_MAXUINT64, G_MAXUINT64, "17179869184/17179869184 GiB" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *text = mfu_progress_bytes (cases[i].done, cases[i].total);

        g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_rates_and_times (void)
{
    const struct {
        guint64 rate;
        const char *text;
    } rates[] = {
        { 900, "900 B/s" }, { 3565158, "3.4 MiB/s" }, { 150 * MIB, "150 MiB/s" }, { 2048, "2.0 KiB/s" }
    };
    const struct {
        guint seconds;
        const char *text;
    } times[] = { { 0, "0:00" }, { 17, "0:17" }, { 61, "1:01" }, { 3599, "59:59" }, { 3723, "1:02:03" } };

    for (gsize i = 0; i < G_N_ELEMENTS (rates); i++) {
        g_autofree char *text = mfu_progress_rate (rates[i].rate);

        g_assert_cmpstr (text, ==, rates[i].text);
    }
    for (gsize i = 0; i < G_N_ELEMENTS (times); i++) {
        g_autofree char *text = mfu_progress_time (times[i].seconds);

        g_assert_cmpstr (text, ==, times[i].text);
    }
}

static void
test_plain (void)
{
    MfuProgress early = writing;
    g_autofree char *before = NULL;
    g_autofree char *during = mfu_progress_plain (&writing);

    early.bytes_done = 0;
    before = mfu_progress_plain (&early);
    g_assert_cmpstr (before, ==, "[5/8] writing modem");
    g_assert_cmpstr (during, ==, "[5/8] writing modem 62% (61/98 MiB)");
}

static void
test_clean_text (void)
{
    const struct {
        const char *foreign, *clean;
        gboolean keeps_newlines;
    } cases[] = {
        { NULL, "", FALSE },
        { "EC25EFAR06A08M4G.zip", "EC25EFAR06A08M4G.zip", FALSE },
        { "\033[2Jgone", " [2Jgone", FALSE },
        { "a\nb\tc\r", "a b c ", FALSE },
        { "a\nb", "a\nb", TRUE },
        { "\xff\xfe", "\357\277\275\357\277\275", FALSE },
        { "\xc2\x9b"
          "31m",
          " 31m", FALSE }, /* the one-byte CSI */
        { "\xe2\x80\xae"
          "gpj.",
          " gpj.", FALSE }, /* right-to-left override */
    };

    for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
        g_autofree char *clean = mfu_text_clean (cases[i].foreign, cases[i].keeps_newlines);

        g_assert_cmpstr (clean, ==, cases[i].clean);
    }
}

int
main (int argc, char **argv)
{
    g_test_init (&argc, &argv, NULL);
    g_test_add_func ("/progress/wide", test_wide);
    g_test_add_func ("/progress/ascii", test_ascii);
    g_test_add_func ("/progress/narrow", test_narrow);
    g_test_add_func ("/progress/long-title", test_long_title);
    g_test_add_func ("/progress/never-too-wide", test_never_too_wide);
    g_test_add_func ("/progress/nonsense", test_nonsense);
    g_test_add_func ("/progress/bar-grows-by-eighths", test_bar_grows_by_eighths);
    g_test_add_func ("/progress/amounts", test_amounts);
    g_test_add_func ("/progress/rates-and-times", test_rates_and_times);
    g_test_add_func ("/progress/plain", test_plain);
    g_test_add_func ("/progress/clean-text", test_clean_text);
    return g_test_run ();
}
