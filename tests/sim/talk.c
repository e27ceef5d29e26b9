/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host of the simulator's own tests. */

#include "sim/talk.h"

#include <string.h>

#define LONG_MS 60000

void
talk_begin (Talk *talk, const SimConfig *config)
{
    SimConfig plain;
    char *why = NULL;

    memset (talk, 0, sizeof *talk);
    if (!config) {
        sim_config_init (&plain);
        config = &plain;
    }
    talk->now_us = 1000;
    talk->modem = sim_modem_new (config, talk->now_us, &why);
    g_assert_cmpstr (why, ==, NULL);
    g_assert_nonnull (talk->modem);
}

void
talk_end (Talk *talk)
{
    g_clear_pointer (&talk->modem, sim_modem_free);
}

/* Jumps to the next event, at most to `limit_us`; FALSE when that is reached. */
static gboolean
jump (Talk *talk, gint64 limit_us)
{
    gint64 next = MAX (sim_modem_next_event_us (talk->modem), talk->now_us + 1);

    talk->now_us = MIN (next, limit_us);
    sim_modem_advance (talk->modem, talk->now_us);
    return next <= limit_us;
}

void
talk_wait (Talk *talk, SimMode mode, guint limit_ms)
{
    gint64 limit_us = talk->now_us + limit_ms * 1000LL;

    while (!sim_modem_get_usb (talk->modem) || sim_modem_get_mode (talk->modem) != mode) {
        if (!jump (talk, limit_us))
            g_error ("mode %d was not reached; it is %d", mode, sim_modem_get_mode (talk->modem));
    }
}

void
talk_wait_gone (Talk *talk, guint limit_ms)
{
    gint64 limit_us = talk->now_us + limit_ms * 1000LL;

    while (sim_modem_get_usb (talk->modem)) {
        if (!jump (talk, limit_us))
            g_error ("it has not left the bus");
    }
}

gboolean
talk_send (Talk *talk, guint8 endpoint, const void *data, gsize size)
{
    gint64 limit_us = talk->now_us + LONG_MS * 1000LL;
    SimResult result = sim_modem_out (talk->modem, talk->now_us, endpoint, data, size);

    while (result == SIM_NOT_YET && jump (talk, limit_us))
        result = sim_modem_out (talk->modem, talk->now_us, endpoint, data, size);
    return result == SIM_OK;
}

gboolean
talk_send_hex (Talk *talk, guint8 endpoint, const char *hex)
{
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_auto (GStrv) parts = g_strsplit (hex, " ", -1);

    for (guint i = 0; parts[i]; i++) {
        guint8 byte = (guint8) g_ascii_strtoull (parts[i], NULL, 16);

        g_byte_array_append (bytes, &byte, 1);
    }
    return talk_send (talk, endpoint, bytes->data, bytes->len);
}

gboolean
talk_receive (Talk *talk, guint8 endpoint, guint limit_ms)
{
    gint64 limit_us = talk->now_us + limit_ms * 1000LL;
    SimResult result;

    do {
        result = sim_modem_in (talk->modem, talk->now_us, endpoint, talk->data, sizeof talk->data - 1,
                               &talk->size);
    } while (result == SIM_NOT_YET && jump (talk, limit_us));
    talk->data[talk->size] = '\0';
    return result == SIM_OK;
}

const char *
talk_hex (Talk *talk)
{
    static char text[1024];
    gsize n = MIN (talk->size, 300);

    text[0] = '\0';
    for (gsize i = 0; i < n; i++)
        g_snprintf (text + (i ? 3 * i - 1 : 0), 4, i ? " %02x" : "%02x", talk->data[i]);
    return text;
}

void
talk_upload (Talk *talk, const char *chip)
{
    g_autofree guint8 *image = g_malloc0 (20000);
    char *line;

    memcpy (image, "\177ELF", 4);
    line = g_strdup_printf ("MFU-SIM-PROGRAMMER=%s;SIZE=20000\n", chip);
    memcpy (image + 16, line, strlen (line));
    g_free (line);
    talk_wait (talk, SIM_MODE_EDL, LONG_MS);
    g_assert_true (talk_receive (talk, 0x81, 1000));
    g_assert_cmpuint (talk->data[0], ==, 1);
    g_assert_true (
        talk_send_hex (talk, 1,
                       "02 00 00 00 30 00 00 00 02 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 01 00 00 "
                       "00 02 00 00 00 03 00 00 00 04 00 00 00 05 00 00 00 06 00 00 00"));
    while (talk_receive (talk, 0x81, 1000) && talk->data[0] == 3) {
        guint32 offset, length;

        memcpy (&offset, talk->data + 12, 4);
        memcpy (&length, talk->data + 16, 4);
        g_assert_cmpuint (GUINT32_FROM_LE (offset) + GUINT32_FROM_LE (length), <=, 20000);
        g_assert_true (talk_send (talk, 1, image + GUINT32_FROM_LE (offset), GUINT32_FROM_LE (length)));
    }
    g_assert_cmpuint (talk->data[0], ==, 4);
    if (talk->data[12] != 0)
        return;
    g_assert_true (talk_send_hex (talk, 1, "05 00 00 00 08 00 00 00"));
    g_assert_true (talk_receive (talk, 0x81, 1000));
    g_assert_cmpstr (talk_hex (talk), ==, "06 00 00 00 0c 00 00 00 00 00 00 00");
    while (talk_receive (talk, 0x81, 1000))
        ;
}

static const char *
receive_response (Talk *talk)
{
    static char text[65536];
    char *at;

    while (talk_receive (talk, 0x81, LONG_MS)) {
        at = strstr ((char *) talk->data, "<response value=\"");
        if (!at)
            continue;
        g_strlcpy (text, at + strlen ("<response value=\""), sizeof text);
        if (strchr (text, '>'))
            *strchr (text, '>') = '\0';
        return text;
    }
    return NULL;
}

const char *
talk_xml (Talk *talk, const char *command)
{
    g_autofree char *text =
        g_strdup_printf ("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<data>\n<%s />\n</data>", command);

    if (!talk_send (talk, 1, text, strlen (text)))
        return NULL;
    if (strlen (text) % 512 == 0 && !talk_send (talk, 1, NULL, 0))
        return NULL;
    return receive_response (talk);
}

const char *
talk_program (Talk *talk, guint page, const guint8 *data, gsize size)
{
    guint page_size = sim_modem_get_page_size (talk->modem);
    guint n = (guint) ((size + page_size - 1) / page_size);
    g_autofree guint8 *padded = g_malloc0 ((gsize) n * page_size);
    g_autofree char *command = g_strdup_printf (
        "program SECTOR_SIZE_IN_BYTES=\"%u\" PAGES_PER_BLOCK=\"%u\" num_partition_sectors=\"%u\" "
        "start_sector=\"%u\" filename=\"x\"",
        page_size, sim_modem_get_pages_per_block (talk->modem), n, page);
    const char *answer = talk_xml (talk, command);

    if (!answer || !g_str_has_prefix (answer, "ACK\" rawmode=\"true\""))
        return answer;
    memcpy (padded, data, size);
    for (gsize at = 0; at < (gsize) n * page_size; at += 8192) {
        if (!talk_send (talk, 1, padded + at, MIN (8192, (gsize) n * page_size - at)) ||
            !talk_send (talk, 1, NULL, 0))
            return NULL;
    }
    return receive_response (talk);
}
