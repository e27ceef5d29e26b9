/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MBIM: messages and fragments, which services there are, and what is indicated. The commands are in
 * mbimdev.c (device, card, radio), mbimnet.c (network, connection) and mbimqdu.c. A command that is not there
 * is answered with status 9 (no device support), a message before OPEN with a function error.
 *
 *   > 01 OPEN, largest transfer                     < 80000001 OPEN_DONE, status
 *   > 03 COMMAND, fragments, service, command, 0 query or 1 set, buffer
 *   < 80000003 COMMAND_DONE, fragments, service, command, status, buffer
 *   < 80000007 INDICATE_STATUS, fragments, service, command, buffer
 *   > 02 CLOSE                                      < 80000002 CLOSE_DONE, status
 *
 * They travel as QMI's do. Source: USB CDC MBIM 1.0, section 9. */

#include "sim/mbimstate.h"

#include <string.h>

#define OPEN            1u
#define CLOSE           2u
#define COMMAND         3u
#define HOST_ERROR      4u
#define DONE            0x80000000u
#define FUNCTION_ERROR  0x80000004u
#define INDICATE        0x80000007u
#define ERROR_SEQUENCE  2u
#define ERROR_LENGTH    3u
#define ERROR_NOT_OPEN  5u
#define ERROR_UNKNOWN   6u
#define HEADER          12
#define FRAGMENT_HEADER 20
#define COMMAND_HEADER  28 /* behind the fragment header: service, command, type, size */
#define COMMAND_MAX     (1u << 20)
#define ANSWER_US       1000

static const SimMbimService *const services[] = { &sim_mbim_basic, &sim_mbim_qdu };

SimMbim *
sim_mbim_new (SimModem *modem)
{
    SimMbim *mbim = g_new0 (SimMbim, 1);

    mbim->modem = modem;
    mbim->wishes = G_MAXUINT32;
    mbim->answer_us = ANSWER_US;
    mbim->partial = g_byte_array_new ();
    return mbim;
}

void
sim_mbim_free (SimMbim *mbim)
{
    g_queue_clear_full (&mbim->answers, (GDestroyNotify) g_byte_array_unref);
    g_byte_array_unref (mbim->partial);
    g_free (mbim);
}

/* Nobody listens any more. */
static void
forget_host (SimMbim *mbim)
{
    mbim->is_open = FALSE;
    mbim->wishes = G_MAXUINT32;
    mbim->n_fragments = 0;
    mbim->session = 0;
    mbim->has_file = FALSE;
    sim_net_stop (mbim->modem, SIM_IP_4);
    sim_net_stop (mbim->modem, SIM_IP_6);
    g_queue_clear_full (&mbim->answers, (GDestroyNotify) g_byte_array_unref);
}

void
sim_mbim_disconnect (SimMbim *mbim)
{
    forget_host (mbim);
    g_queue_clear_full (&mbim->modem->in[sim_place (mbim->modem, SIM_PORT_NET)->interrupt], g_free);
}

/* --- to the host --- */

static void
add_u32 (GByteArray *out, guint32 value)
{
    guint8 bytes[4];

    sim_put_u32 (bytes, value);
    g_byte_array_append (out, bytes, sizeof bytes);
}

static void
queue_bytes (SimMbim *mbim, GByteArray *message)
{
    const SimPlace *place = sim_place (mbim->modem, SIM_PORT_NET);
    const guint8 notification[] = { 0xa1, 0x01, 0, 0, place->number, 0, 0, 0 };

    g_queue_push_tail (&mbim->answers, message);
    sim_emit (mbim->modem, place->interrupt, notification, sizeof notification, mbim->answer_us);
}

/* A message of one number. */
static void
queue_short (SimMbim *mbim, guint32 type, guint32 transaction, guint32 value)
{
    GByteArray *out = g_byte_array_new ();

    add_u32 (out, type);
    add_u32 (out, HEADER + 4);
    add_u32 (out, transaction);
    add_u32 (out, value);
    queue_bytes (mbim, out);
}

/* One of many numbers, in as many fragments as the host wants. */
static void
queue_fragments (SimMbim *mbim, guint32 type, guint32 transaction, const GByteArray *body)
{
    guint room = MAX (mbim->max_transfer, 64) - FRAGMENT_HEADER;
    guint n = (body->len + room - 1) / room;

    for (guint i = 0; i < n; i++) {
        guint size = MIN (room, body->len - i * room);
        GByteArray *out = g_byte_array_new ();

        add_u32 (out, type);
        add_u32 (out, FRAGMENT_HEADER + size);
        add_u32 (out, transaction);
        add_u32 (out, n);
        add_u32 (out, i);
        g_byte_array_append (out, body->data + i * room, size);
        queue_bytes (mbim, out);
    }
}

/* Service, command, and for an answer its status; the buffer. */
static GByteArray *
make_body (const guint8 uuid[16], guint32 cid, gboolean is_answer, guint32 status, SimMbimBuffer *buffer)
{
    GByteArray *body = g_byte_array_new ();
    g_autoptr (GByteArray) information = sim_mbim_buffer_finish (buffer);

    g_byte_array_append (body, uuid, 16);
    add_u32 (body, cid);
    if (is_answer)
        add_u32 (body, status);
    add_u32 (body, information->len);
    g_byte_array_append (body, information->data, information->len);
    return body;
}

void
sim_mbim_indicate (SimMbim *mbim, guint32 cid, SimMbimHandler tell)
{
    g_autoptr (SimMbimBuffer) out = sim_mbim_buffer_new ();
    SimMbimRequest request = { .modem = mbim->modem, .cid = cid, .out = out };
    g_autoptr (GByteArray) body = NULL;

    if (!mbim->is_open || !(mbim->wishes & 1u << cid) || tell (&request) != SIM_MBIM_OK)
        return;
    sim_note (mbim->modem, "MBIM indication %u", cid);
    body = make_body (sim_mbim_basic.uuid, cid, FALSE, 0, out);
    queue_fragments (mbim, INDICATE, 0, body);
}

/* --- services --- */

static gboolean
has_service (const SimModem *modem, const SimMbimService *service)
{
    return service != &sim_mbim_qdu || sim_mbim_has_qdu (modem);
}

static guint
run_command (SimMbimRequest *request, const guint8 *uuid)
{
    for (guint i = 0; i < G_N_ELEMENTS (services); i++) {
        if (memcmp (services[i]->uuid, uuid, 16) != 0 || !has_service (request->modem, services[i]))
            continue;
        for (guint j = 0; j < services[i]->n_rows; j++) {
            const SimMbimRow *row = &services[i]->rows[j];
            SimMbimHandler handle = request->is_set ? row->set : row->query;

            if (row->cid == request->cid)
                return handle ? handle (request) : SIM_MBIM_NO_SUPPORT;
        }
    }
    return SIM_MBIM_NO_SUPPORT;
}

guint
sim_mbim_query_services (SimMbimRequest *request)
{
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS (services); i++)
        n += has_service (request->modem, services[i]) ? 1 : 0;
    sim_mbim_put_u32 (request->out, n);
    sim_mbim_put_u32 (request->out, 0); /* no data service streams */
    for (guint i = 0; i < G_N_ELEMENTS (services); i++) {
        g_autoptr (SimMbimBuffer) element = sim_mbim_buffer_new ();
        g_autoptr (GByteArray) bytes = NULL;

        if (!has_service (request->modem, services[i]))
            continue;
        sim_mbim_put_bytes (element, services[i]->uuid, 16);
        sim_mbim_put_u32 (element, 0);
        sim_mbim_put_u32 (element, 0);
        sim_mbim_put_u32 (element, services[i]->n_rows);
        for (guint j = 0; j < services[i]->n_rows; j++)
            sim_mbim_put_u32 (element, services[i]->rows[j].cid);
        bytes = sim_mbim_buffer_finish (element);
        sim_mbim_put_ref (request->out, bytes->data, bytes->len, TRUE);
    }
    return SIM_MBIM_OK;
}

/* What is asked for of Basic Connect; of other services nothing is ever indicated. */
guint
sim_mbim_set_wishes (SimMbimRequest *request)
{
    guint32 n = 0, wishes = 0;

    if (!sim_mbim_get_u32 (request, 0, &n) || n > 32)
        return SIM_MBIM_INVALID_PARAMETERS;
    for (guint32 i = 0; i < n; i++) {
        guint32 offset = 0, n_cids = 0, cid = 0;

        if (!sim_mbim_get_u32 (request, 4 + 8 * i, &offset) ||
            !sim_mbim_get_u32 (request, (gsize) offset + 16, &n_cids) || n_cids > 64)
            return SIM_MBIM_INVALID_PARAMETERS;
        if (memcmp (request->in + offset, sim_mbim_basic.uuid, 16) != 0)
            continue;
        for (guint32 j = 0; j < n_cids && sim_mbim_get_u32 (request, (gsize) offset + 20 + 4 * j, &cid); j++)
            wishes |= cid < 32 ? 1u << cid : 0;
    }
    request->modem->mbim->wishes = wishes;
    sim_mbim_put_bytes (request->out, request->in, request->n_in);
    return SIM_MBIM_OK;
}

/* --- from the host --- */

/* An order to answer wrongly; TRUE: there is no answer to give any more. */
static gboolean
spoil (SimMbim *mbim, SimHit hit, guint32 transaction)
{
    if (hit.action == SIM_ACT_GARBAGE) {
        queue_short (mbim, 0x8000ffffu, transaction, 0xffffffffu);
        return TRUE;
    }
    return hit.action == SIM_ACT_SILENT;
}

static void
take_command (SimMbim *mbim, guint32 transaction)
{
    const GByteArray *all = mbim->partial;
    g_autoptr (SimMbimBuffer) out = sim_mbim_buffer_new ();
    SimMbimRequest request = { .modem = mbim->modem, .out = out };
    g_autoptr (GByteArray) body = NULL;
    SimHit hit;
    guint32 size;
    guint status;

    if (all->len < COMMAND_HEADER) {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_LENGTH);
        return;
    }
    request.cid = sim_get_u32 (all->data + 16);
    request.is_set = sim_get_u32 (all->data + 20) == 1;
    size = sim_get_u32 (all->data + 24);
    if (size > all->len - COMMAND_HEADER) {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_LENGTH);
        return;
    }
    request.in = all->data + COMMAND_HEADER;
    request.n_in = size;
    hit = sim_hit (mbim->modem, "mbim", sim_place (mbim->modem, SIM_PORT_NET)->interrupt);
    if (hit.action == SIM_ACT_DEAF)
        return;
    status = hit.action == SIM_ACT_NAK ? SIM_MBIM_FAILURE : run_command (&request, all->data);
    sim_note (mbim->modem, "MBIM service %02x%02x %s %u: %u", all->data[0], all->data[1],
              request.is_set ? "set" : "query", request.cid, status);
    if (spoil (mbim, hit, transaction))
        return;
    body = make_body (all->data, request.cid, TRUE, status, out);
    if (hit.action == SIM_ACT_SLOW)
        mbim->answer_us += (gint64) hit.argument * 1000;
    queue_fragments (mbim, COMMAND | DONE, transaction, body);
    mbim->answer_us = ANSWER_US;
}

static void
take_fragment (SimMbim *mbim, guint32 transaction, const guint8 *data, gsize size)
{
    guint32 n, i;

    if (size < FRAGMENT_HEADER) {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_LENGTH);
        return;
    }
    n = sim_get_u32 (data + 12);
    i = sim_get_u32 (data + 16);
    if (i == 0) {
        g_byte_array_set_size (mbim->partial, 0);
        mbim->n_fragments = n;
        mbim->next_fragment = 0;
        mbim->partial_transaction = transaction;
    }
    if (n == 0 || n != mbim->n_fragments || i != mbim->next_fragment ||
        transaction != mbim->partial_transaction || mbim->partial->len > COMMAND_MAX) {
        mbim->n_fragments = 0;
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_SEQUENCE);
        return;
    }
    g_byte_array_append (mbim->partial, data + FRAGMENT_HEADER, (guint) (size - FRAGMENT_HEADER));
    mbim->next_fragment++;
    if (mbim->next_fragment < n)
        return;
    mbim->n_fragments = 0;
    take_command (mbim, transaction);
}

static void
open_for (SimMbim *mbim, guint32 transaction, guint32 max_transfer)
{
    forget_host (mbim);
    mbim->is_open = TRUE;
    mbim->max_transfer = MIN (max_transfer, SIM_MBIM_MESSAGE);
    sim_note (mbim->modem, "MBIM opened, %u bytes", mbim->max_transfer);
    queue_short (mbim, OPEN | DONE, transaction, SIM_MBIM_OK);
}

void
sim_mbim_send (SimMbim *mbim, const guint8 *data, gsize size)
{
    guint32 type, transaction;

    if (size < HEADER)
        return;
    type = sim_get_u32 (data);
    transaction = sim_get_u32 (data + 8);
    if (sim_get_u32 (data + 4) != size || (type == OPEN && size < HEADER + 4)) {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_LENGTH);
    } else if (type == OPEN) {
        open_for (mbim, transaction, sim_get_u32 (data + HEADER));
    } else if (type == HOST_ERROR) {
        sim_note (mbim->modem, "MBIM host error");
    } else if (!mbim->is_open) {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_NOT_OPEN);
    } else if (type == CLOSE) {
        forget_host (mbim);
        sim_note (mbim->modem, "MBIM closed");
        queue_short (mbim, CLOSE | DONE, transaction, SIM_MBIM_OK);
    } else if (type == COMMAND) {
        take_fragment (mbim, transaction, data, size);
    } else {
        queue_short (mbim, FUNCTION_ERROR, transaction, ERROR_UNKNOWN);
    }
}

gsize
sim_mbim_receive (SimMbim *mbim, guint8 *data, gsize max)
{
    g_autoptr (GByteArray) answer = g_queue_pop_head (&mbim->answers);
    gsize n = answer ? MIN (answer->len, max) : 0;

    if (n > 0)
        memcpy (data, answer->data, n);
    return n;
}
