/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that speaks MBIM to a modem that has it. Answers of several fragments are put together. */

#include "sim/talkmbim.h"

#include <string.h>

static const guint8 uuids[][16] = {
    { 0xa2, 0x89, 0xcc, 0x33, 0xbc, 0xbb, 0x8b, 0x4f, 0xb6, 0xb0, 0x13, 0x3e, 0xc2, 0xaa, 0xe6, 0xdf },
    { 0x64, 0x27, 0x01, 0x5f, 0x57, 0x9d, 0x48, 0xf5, 0x8c, 0x54, 0xf4, 0x3e, 0xd1, 0xe7, 0x6f, 0x83 },
    { 0x53, 0x3f, 0xbe, 0xeb, 0x14, 0xfe, 0x44, 0x67, 0x9f, 0x90, 0x33, 0xa2, 0x23, 0xe5, 0x6c, 0x3f },
};

static GQueue put_aside; /* GBytes: whole indications */
static GByteArray *message;
static gsize buffer_at;
static guint32 transaction;

static guint32
get_u32 (const guint8 *at)
{
    return at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 | (guint32) at[3] << 24;
}

static const SimInterface *
find_control (Talk *talk)
{
    const SimUsb *usb = sim_modem_get_usb (talk->modem);

    for (guint i = 0; i < usb->n_interfaces; i++) {
        if (usb->interfaces[i].klass == 2)
            return &usb->interfaces[i];
    }
    g_assert_not_reached ();
}

static gboolean
receive_fragment (Talk *talk)
{
    const SimInterface *interface = find_control (talk);
    const guint8 get[] = { 0xa1, 1, 0, 0, interface->number, 0, 0, 16 };

    if (!talk_receive (talk, interface->endpoints[0].address, 1000))
        return FALSE;
    g_assert_cmpuint (talk->data[4], ==, interface->number);
    g_assert_cmpint (sim_modem_control (talk->modem, talk->now_us, get, talk->data, &talk->size), ==, SIM_OK);
    g_assert_cmpuint (talk->size, >=, 12);
    g_assert_cmpuint (get_u32 (talk->data + 4), ==, talk->size);
    return TRUE;
}

/* The next message, put together; its type. */
static guint32
receive (Talk *talk)
{
    guint32 type, n = 1;

    g_clear_pointer (&message, g_byte_array_unref);
    message = g_byte_array_new ();
    for (guint32 i = 0; i < n; i++) {
        gboolean is_long;

        if (!receive_fragment (talk))
            return 0;
        type = get_u32 (talk->data);
        is_long = type == 0x80000003u || type == 0x80000007u;
        if (is_long) {
            n = get_u32 (talk->data + 12);
            g_assert_cmpuint (get_u32 (talk->data + 16), ==, i);
        }
        g_byte_array_append (message, talk->data + (i == 0 ? 0 : 20), (guint) talk->size - (i == 0 ? 0 : 20));
        if (type != 0x80000007u)
            g_assert_cmpuint (get_u32 (talk->data + 8), ==, transaction);
    }
    type = get_u32 (message->data);
    buffer_at = type == 0x80000003u ? 20 + 28 : type == 0x80000007u ? 20 + 24 : 12;
    return type;
}

static void
send_bytes (Talk *talk, const guint8 *data, gsize size)
{
    const guint8 setup[] = {
        0x21, 0, 0, 0, find_control (talk)->number, 0, (guint8) size, (guint8) (size >> 8)
    };
    guint8 copy[4096];
    gsize n;

    g_assert_cmpuint (size, <=, sizeof copy);
    memcpy (copy, data, size);
    g_assert_cmpint (sim_modem_control (talk->modem, talk->now_us, setup, copy, &n), ==, SIM_OK);
}

static void
add_hex (GByteArray *out, const char *hex)
{
    g_auto (GStrv) parts = g_strsplit (hex, " ", -1);

    for (guint i = 0; hex[0] && parts[i]; i++) {
        guint8 byte = (guint8) g_ascii_strtoull (parts[i], NULL, 16);

        g_byte_array_append (out, &byte, 1);
    }
}

static void
add_u32 (GByteArray *out, guint32 value)
{
    const guint8 bytes[] = { (guint8) value, (guint8) (value >> 8), (guint8) (value >> 16),
                             (guint8) (value >> 24) };

    g_byte_array_append (out, bytes, 4);
}

guint32
talk_mbim_raw (Talk *talk, const char *hex)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    add_hex (out, hex);
    transaction = out->len >= 12 ? get_u32 (out->data + 8) : 0;
    send_bytes (talk, out->data, out->len);
    return receive (talk);
}

guint32
talk_mbim_open (Talk *talk, guint32 max_transfer)
{
    g_autoptr (GByteArray) out = g_byte_array_new ();

    add_u32 (out, 1);
    add_u32 (out, 16);
    add_u32 (out, ++transaction);
    add_u32 (out, max_transfer);
    send_bytes (talk, out->data, out->len);
    g_assert_cmphex (receive (talk), ==, 0x80000001u);
    return get_u32 (message->data + 12);
}

guint32
talk_mbim (Talk *talk, TalkMbimService service, guint32 cid, gboolean is_set, const char *hex)
{
    g_autoptr (GByteArray) buffer = g_byte_array_new ();
    g_autoptr (GByteArray) out = g_byte_array_new ();
    guint32 type;

    add_hex (buffer, hex);
    add_u32 (out, 3);
    add_u32 (out, 48 + buffer->len);
    add_u32 (out, ++transaction);
    add_u32 (out, 1);
    add_u32 (out, 0);
    g_byte_array_append (out, uuids[service], 16);
    add_u32 (out, cid);
    add_u32 (out, is_set ? 1 : 0);
    add_u32 (out, buffer->len);
    g_byte_array_append (out, buffer->data, buffer->len);
    send_bytes (talk, out->data, out->len);
    while ((type = receive (talk)) == 0x80000007u)
        g_queue_push_tail (&put_aside, g_bytes_new (message->data, message->len));
    g_assert_cmphex (type, ==, 0x80000003u);
    g_assert_cmpmem (message->data + 20, 16, uuids[service], 16);
    g_assert_cmpuint (get_u32 (message->data + 36), ==, cid);
    g_assert_cmpuint (get_u32 (message->data + 44), ==, message->len - buffer_at);
    return get_u32 (message->data + 40);
}

const guint8 *
talk_mbim_buffer (gsize *size)
{
    *size = message->len - buffer_at;
    return message->data + buffer_at;
}

guint32
talk_mbim_u32 (gsize at)
{
    g_assert_cmpuint (buffer_at + at + 4, <=, message->len);
    return get_u32 (message->data + buffer_at + at);
}

const char *
talk_mbim_text (gsize at)
{
    static char text[128];
    guint32 offset = talk_mbim_u32 (at), size = talk_mbim_u32 (at + 4);

    g_assert_cmpuint (offset % 4, ==, 0);
    g_assert_cmpuint (buffer_at + offset + size, <=, message->len);
    g_assert_cmpuint (size / 2, <, sizeof text);
    for (guint32 i = 0; i < size / 2; i++)
        text[i] = (char) message->data[buffer_at + offset + 2 * i];
    text[size / 2] = '\0';
    return text;
}

guint32
talk_mbim_indication (Talk *talk)
{
    g_autoptr (GBytes) kept = g_queue_pop_head (&put_aside);

    if (kept) {
        g_byte_array_set_size (message, 0);
        g_byte_array_append (message, g_bytes_get_data (kept, NULL), (guint) g_bytes_get_size (kept));
        buffer_at = 20 + 24;
    } else if (receive (talk) != 0x80000007u) {
        return 0;
    }
    return get_u32 (message->data + 36);
}

void
talk_mbim_forget (void)
{
    g_queue_clear_full (&put_aside, (GDestroyNotify) g_bytes_unref);
    g_clear_pointer (&message, g_byte_array_unref);
}
