/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that speaks QMI to a modem whose network function is the last one of its interfaces. */

#include "sim/talkqmi.h"

#include <string.h>

static GQueue put_aside; /* GBytes: indications */
static guint8 message_data[4096];
static gsize message_size;

static const SimInterface *
find_interface (Talk *talk)
{
    const SimUsb *usb = sim_modem_get_usb (talk->modem);

    return &usb->interfaces[usb->n_interfaces - 1];
}

void
talk_qmi_forget (void)
{
    g_queue_clear_full (&put_aside, (GDestroyNotify) g_bytes_unref);
}

/* The next message, whatever it is; FALSE: none comes. */
static gboolean
receive (Talk *talk)
{
    const SimInterface *interface = find_interface (talk);
    const guint8 get[] = { 0xa1, 1, 0, 0, interface->number, 0, 0, 8 };

    if (!talk_receive (talk, interface->endpoints[0].address, 1000))
        return FALSE;
    g_assert_cmpuint (talk->size, ==, 8);
    g_assert_cmpuint (talk->data[4], ==, interface->number);
    g_assert_cmpint (sim_modem_control (talk->modem, talk->now_us, get, message_data, &message_size), ==,
                     SIM_OK);
    g_assert_cmpuint (message_size, >, 12);
    g_assert_cmpuint (message_data[1] | message_data[2] << 8, ==, message_size - 1);
    return TRUE;
}

static gboolean
is_indication (void)
{
    return message_data[6] == (message_data[4] == 0 ? 2 : 4);
}

static gsize
put_tlvs (guint8 *out, const char *tlvs)
{
    g_auto (GStrv) parts = g_strsplit (tlvs, " ", -1);
    gsize n = 0;

    for (guint i = 0; tlvs[0] && parts[i]; i++)
        out[n++] = (guint8) g_ascii_strtoull (parts[i], NULL, 16);
    return n;
}

guint
talk_qmi (Talk *talk, guint8 service, guint8 client, guint16 message, const char *tlvs)
{
    guint n_head = service == 0 ? 4 : 5;
    guint8 data[512] = { 1, 0, 0, 0, service, client, 0, 1 };
    guint8 send[] = { 0x21, 0, 0, 0, find_interface (talk)->number, 0, 0, 0 };
    guint8 *at = data + 6 + n_head;
    gsize n = put_tlvs (at + 2, tlvs);

    at[-2] = (guint8) message;
    at[-1] = (guint8) (message >> 8);
    at[0] = (guint8) n;
    n += (gsize) (at + 2 - data);
    data[1] = (guint8) (n - 1);
    data[2] = (guint8) ((n - 1) >> 8);
    send[6] = (guint8) n;
    send[7] = (guint8) (n >> 8);
    g_assert_cmpint (sim_modem_control (talk->modem, talk->now_us, send, data, &n), ==, SIM_OK);
    for (;;) {
        g_assert_true (receive (talk));
        if (!is_indication ())
            break;
        g_queue_push_tail (&put_aside, g_bytes_new (message_data, message_size));
    }
    g_assert_cmpuint (message_data[4], ==, service);
    g_assert_cmpuint (message_data[5], ==, client);
    g_assert_cmpuint (message_data[7], ==, 1);
    g_assert_cmpuint (message_data[4 + n_head] | message_data[5 + n_head] << 8, ==, message);
    at = message_data + 6 + n_head + 2;
    g_assert_cmpuint (at[0], ==, 2);
    return at[3] ? at[5] | (guint) at[6] << 8 : 0;
}

const char *
talk_qmi_tlv (Talk *talk, guint8 type)
{
    static char text[2048];
    gsize at = message_data[4] == 0 ? 12 : 13;

    for (; at + 3 <= message_size; at += 3 + (gsize) (message_data[at + 1] | message_data[at + 2] << 8)) {
        guint n = message_data[at + 1] | (guint) message_data[at + 2] << 8;

        if (message_data[at] != type)
            continue;
        g_assert_cmpuint (at + 3 + n, <=, message_size);
        text[0] = '\0';
        for (guint i = 0; i < MIN (n, 600); i++)
            g_snprintf (text + (i ? 3 * i - 1 : 0), 4, i ? " %02x" : "%02x", message_data[at + 3 + i]);
        return text;
    }
    return NULL;
}

guint8
talk_qmi_allocate (Talk *talk, guint8 service)
{
    g_autofree char *tlvs = g_strdup_printf ("01 01 00 %02x", service);

    g_assert_cmpuint (talk_qmi (talk, 0, 0, 0x22, tlvs), ==, 0);
    return (guint8) g_ascii_strtoull (talk_qmi_tlv (talk, 1) + 3, NULL, 16);
}

const char *
talk_qmi_indication (Talk *talk)
{
    static char text[32];
    g_autoptr (GBytes) kept = g_queue_pop_head (&put_aside);

    if (kept) {
        message_size = g_bytes_get_size (kept);
        memcpy (message_data, g_bytes_get_data (kept, NULL), message_size);
    } else if (!receive (talk)) {
        return NULL;
    }
    g_assert_true (is_indication ());
    g_snprintf (text, sizeof text, "%02x %02x %04x", message_data[4], message_data[5],
                message_data[9] | message_data[10] << 8);
    return text;
}
