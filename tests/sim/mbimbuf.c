/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Information buffers of MBIM: little-endian fields, texts in UTF-16, whatever is of no fixed size at an
 * offset behind the fields, at a multiple of 4. Source: USB CDC MBIM 1.0, section 10.3. */

#include "sim/mbimstate.h"

#include <string.h>

SimMbimBuffer *
sim_mbim_buffer_new (void)
{
    SimMbimBuffer *buffer = g_new0 (SimMbimBuffer, 1);

    buffer->fixed = g_byte_array_new ();
    buffer->data = g_byte_array_new ();
    buffer->refs = g_array_new (FALSE, FALSE, sizeof (guint));
    return buffer;
}

void
sim_mbim_buffer_free (SimMbimBuffer *buffer)
{
    g_byte_array_unref (buffer->fixed);
    g_byte_array_unref (buffer->data);
    g_array_unref (buffer->refs);
    g_free (buffer);
}

GByteArray *
sim_mbim_buffer_finish (SimMbimBuffer *buffer)
{
    GByteArray *out = g_byte_array_new ();

    for (guint i = 0; i < buffer->refs->len; i++) {
        guint8 *at = buffer->fixed->data + g_array_index (buffer->refs, guint, i);

        sim_put_u32 (at, sim_get_u32 (at) + buffer->fixed->len);
    }
    g_byte_array_append (out, buffer->fixed->data, buffer->fixed->len);
    g_byte_array_append (out, buffer->data->data, buffer->data->len);
    return out;
}

void
sim_mbim_put_u32 (SimMbimBuffer *buffer, guint32 value)
{
    guint8 bytes[4];

    sim_put_u32 (bytes, value);
    g_byte_array_append (buffer->fixed, bytes, sizeof bytes);
}

void
sim_mbim_put_u64 (SimMbimBuffer *buffer, guint64 value)
{
    sim_mbim_put_u32 (buffer, (guint32) value);
    sim_mbim_put_u32 (buffer, (guint32) (value >> 32));
}

void
sim_mbim_put_bytes (SimMbimBuffer *buffer, const void *data, gsize size)
{
    g_byte_array_append (buffer->fixed, data, (guint) size);
}

void
sim_mbim_put_ref (SimMbimBuffer *buffer, const void *data, gsize size, gboolean with_size)
{
    static const guint8 padding[4] = { 0 };
    guint at = buffer->fixed->len;

    if (size > 0)
        g_array_append_val (buffer->refs, at);
    sim_mbim_put_u32 (buffer, size > 0 ? buffer->data->len : 0);
    if (with_size)
        sim_mbim_put_u32 (buffer, (guint32) size);
    if (size > 0)
        g_byte_array_append (buffer->data, data, (guint) size);
    g_byte_array_append (buffer->data, padding, (guint) (-size & 3));
}

void
sim_mbim_put_text (SimMbimBuffer *buffer, const char *text)
{
    gsize n = strlen (text);
    g_autofree guint8 *wide = g_malloc0 (2 * n + 1);

    /* What is said here is ASCII. */
    for (gsize i = 0; i < n; i++)
        wide[2 * i] = (guint8) text[i];
    sim_mbim_put_ref (buffer, wide, 2 * n, TRUE);
}

gboolean
sim_mbim_get_u32 (const SimMbimRequest *request, gsize at, guint32 *value)
{
    if (at + 4 > request->n_in)
        return FALSE;
    *value = sim_get_u32 (request->in + at);
    return TRUE;
}

char *
sim_mbim_get_text (const SimMbimRequest *request, gsize at)
{
    guint32 offset = 0, size = 0;
    GString *text;

    if (!sim_mbim_get_u32 (request, at, &offset) || !sim_mbim_get_u32 (request, at + 4, &size) ||
        size % 2 != 0 || (size > 0 && (offset > request->n_in || size > request->n_in - offset)))
        return NULL;
    text = g_string_new (NULL);
    for (guint32 i = 0; i < size; i += 2)
        g_string_append_unichar (text, request->in[offset + i] | (gunichar) request->in[offset + i + 1] << 8);
    return g_string_free (text, FALSE);
}
