/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host of the tests of DLOAD, the streaming loader and the 9x15. */

#include "sim/talk15.h"

#include "sim/frame.h"
#include "sim/image.h"

#include <string.h>

#define VERSION "EC20EQAR02A13E2G"
#define LONG_MS 60000

void
talk15_begin (Talk *talk, SimStart start, const char *quirks, const char *half_flashed)
{
    SimConfig config;

    sim_config_init (&config);
    config.family = "ec20";
    config.start = start;
    config.quirks = quirks;
    config.half_flashed = half_flashed;
    talk_begin (talk, &config);
}

const char *
talk15_receive (Talk *talk, guint limit_ms)
{
    SimFrame frame = { 0 };

    if (!talk_receive (talk, 0x81, limit_ms))
        return "";
    for (gsize i = 0; i < talk->size; i++) {
        SimFrameResult result = sim_frame_put (&frame, talk->data[i]);

        if (result == SIM_FRAME_MORE)
            continue;
        g_assert_cmpint (result, ==, SIM_FRAME_DONE);
        memcpy (talk->data, frame.data, frame.n);
        talk->size = frame.n;
        return talk_hex (talk);
    }
    return "?";
}

const char *
talk15_ask_bytes (Talk *talk, const guint8 *data, gsize size, guint limit_ms)
{
    g_autoptr (GByteArray) out = sim_frame_build (data, size, TRUE);
    const char *answer;

    if (!talk_send (talk, 1, out->data, out->len))
        return "";
    do {
        answer = talk15_receive (talk, limit_ms);
    } while (g_str_has_prefix (answer, "0e"));
    return answer;
}

const char *
talk15_ask (Talk *talk, const char *hex, guint limit_ms)
{
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    g_auto (GStrv) parts = g_strsplit (hex, " ", -1);

    for (guint i = 0; parts[i]; i++) {
        guint8 byte = (guint8) g_ascii_strtoull (parts[i], NULL, 16);

        g_byte_array_append (bytes, &byte, 1);
    }
    return talk15_ask_bytes (talk, bytes->data, bytes->len, limit_ms);
}

/* --- DLOAD --- */

static void
put_be32 (guint8 *at, guint32 value)
{
    value = GUINT32_TO_BE (value);
    memcpy (at, &value, 4);
}

guint8 *
talk15_build_loader (const char *kind, gsize size, guint32 *address, guint32 *entry)
{
    guint8 *data = g_malloc0 (size);
    g_autofree char *sha256 = NULL;
    g_autofree char *line = NULL;

    /* As in the packages of tests/data. */
    *address = g_str_equal (kind, "ENPRG") ? 0x2a010400 : 0x2a008000;
    *entry = *address + 0x140;
    for (gsize i = 256; i < size; i++)
        data[i] = (guint8) (i * 11 + (i >> 8));
    sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, data + 256, size - 256);
    line = g_strdup_printf ("MFU-SIM-%s=9x15;SIZE=%" G_GSIZE_FORMAT ";ADDRESS=%08x;GO=%08x;SHA256=%s\n", kind,
                            size, *address, *entry, sha256);
    g_assert_cmpuint (strlen (line), <, 240);
    memcpy (data + 16, line, strlen (line));
    return data;
}

gboolean
talk15_write_memory (Talk *talk, guint32 address, const guint8 *data, gsize size, gsize piece)
{
    for (gsize at = 0; at < size; at += piece) {
        gsize n = MIN (piece, size - at);
        guint8 frame[2048] = { 0x0f };

        put_be32 (frame + 1, address + (guint32) at);
        frame[5] = (guint8) (n >> 8);
        frame[6] = (guint8) n;
        memcpy (frame + 7, data + at, n);
        if (!g_str_equal (talk15_ask_bytes (talk, frame, 7 + n, 1000), "02"))
            return FALSE;
    }
    return TRUE;
}

void
talk15_go (Talk *talk, guint32 entry)
{
    guint8 frame[5] = { 0x05 };

    put_be32 (frame + 1, entry);
    g_assert_cmpstr (talk15_ask_bytes (talk, frame, sizeof frame, 0), ==, "");
}

void
talk15_load (Talk *talk, const char *kind)
{
    guint32 address, entry;
    g_autofree guint8 *loader = talk15_build_loader (kind, 5000, &address, &entry);

    talk_wait (talk, SIM_MODE_DLOAD, LONG_MS);
    g_assert_true (talk15_write_memory (talk, address, loader, 5000, 0x3f9));
    talk15_go (talk, entry);
    talk_wait (talk, SIM_MODE_STREAMING, LONG_MS);
}

/* --- streaming --- */

static void
put_le32 (guint8 *at, guint32 value)
{
    value = GUINT32_TO_LE (value);
    memcpy (at, &value, 4);
}

GByteArray *
talk15_build_table (const SimLayout *layout)
{
    GByteArray *out = g_byte_array_new ();
    guint kib = layout->page_size * layout->pages_per_block / 1024;
    guint8 head[16];

    put_le32 (head, 0xaa7d1b9a);
    put_le32 (head + 4, 0x1f7d48bc);
    put_le32 (head + 8, 4);
    put_le32 (head + 12, layout->n_parts);
    g_byte_array_append (out, head, sizeof head);
    for (guint i = 0; i < layout->n_parts; i++) {
        guint8 entry[28] = "0:";
        gboolean is_last = i + 1 == layout->n_parts;

        memcpy (entry + 2, layout->parts[i].name, MIN (strlen (layout->parts[i].name), 13));
        put_le32 (entry + 16, is_last ? 0xffffffff : (layout->parts[i].n_blocks - 1) * kib);
        put_le32 (entry + 20, is_last ? 0xffff : kib);
        put_le32 (entry + 24, 0xff0001ff);
        g_byte_array_append (out, entry, sizeof entry);
    }
    return out;
}

const char *
talk15_table (Talk *talk, gboolean overrides, const SimLayout *layout)
{
    g_autoptr (GByteArray) table = talk15_build_table (layout);
    const guint8 head[] = { 0x19, overrides ? 1 : 0 };

    g_byte_array_prepend (table, head, sizeof head);
    return talk15_ask_bytes (talk, table->data, table->len, 1000);
}

void
talk15_greet (Talk *talk)
{
    static const guint8 hello[] = "\1QCOM fast download protocol host\3\3\t";
    SimLayout layout;

    g_assert_true (sim_layout_init (&layout, "9x15", "p2K_b128K", 2048));
    g_assert_true (g_str_has_prefix (talk15_ask_bytes (talk, hello, sizeof hello - 1, 1000), "02 51 43 4f"));
    g_assert_cmpstr (talk15_ask (talk, "17 01", 1000), ==, "18");
    g_assert_cmpstr (talk15_table (talk, FALSE, &layout), ==, "1a 00");
}

gboolean
talk15_stream (Talk *talk, const char *name, const guint8 *data, gsize size)
{
    guint8 frame[2048] = { 0x1b, 0x0e };

    memcpy (frame + 2, name, strlen (name) + 1);
    if (!g_str_has_prefix (talk15_ask_bytes (talk, frame, strlen (name) + 3, 1000), "1c"))
        return FALSE;
    for (gsize at = 0; at < size; at += 1024) {
        gsize n = MIN (1024, size - at);

        frame[0] = 0x07;
        put_le32 (frame + 1, (guint32) at);
        memcpy (frame + 5, data + at, n);
        if (!g_str_has_prefix (talk15_ask_bytes (talk, frame, 5 + n, 1000), "08"))
            return FALSE;
    }
    return g_str_equal (talk15_ask (talk, "15", 1000), "16");
}

gboolean
talk15_stream_image (Talk *talk, const char *name, const char *kind)
{
    gsize size = 9001;
    g_autofree guint8 *image = sim_image_build (kind, VERSION, size);

    return talk15_stream (talk, name, image, size);
}

/* --- fastboot --- */

const char *
talk15_fastboot (Talk *talk, const char *command)
{
    if (!talk_send (talk, 1, command, strlen (command)) || !talk_receive (talk, 0x81, LONG_MS))
        return "";
    return (const char *) talk->data;
}

const char *
talk15_flash (Talk *talk, const char *partition, const guint8 *data, gsize size)
{
    g_autofree char *download = g_strdup_printf ("download:%08x", (guint) size);
    g_autofree char *flash = g_strconcat ("flash:", partition, NULL);
    const char *answer = talk15_fastboot (talk, download);

    if (!g_str_has_prefix (answer, "DATA"))
        return answer;
    if (!talk_send (talk, 1, data, size) || !talk_receive (talk, 0x81, LONG_MS))
        return "";
    return talk15_fastboot (talk, flash);
}
