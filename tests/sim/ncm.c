/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data of an MBIM function: IP packets in transfer blocks, and the requests by which the host arranges
 * them.
 *
 *   > 21 86 (NTB input size)  > 21 8a (no CRC)  < a1 80 (NTB parameters)  > SET_INTERFACE 1
 *   > 4e 43 4d 48 (NTH16) 12, sequence LE16, length LE16, index LE16 of the first NDP
 *     49 50 53 SS (NDP16 of session SS) length LE16, index of the next NDP or 0, pairs of index and length,
 *     then two zeros
 *
 * Source: USB CDC NCM 1.0, sections 3 and 6; USB CDC MBIM 1.0, sections 6 and 7. */

#include "sim/internal.h"

#include <string.h>

#define GET_PARAMETERS 0x80
#define GET_FORMAT     0x83
#define SET_FORMAT     0x84
#define GET_INPUT_SIZE 0x85
#define SET_INPUT_SIZE 0x86
#define GET_MAX_DATA   0x87
#define SET_MAX_DATA   0x88
#define GET_CRC        0x89
#define SET_CRC        0x8a
#define RESET_FUNCTION 0x05
#define NTB_SIZE       16384
#define DATAGRAM_MAX   2048
#define AIR_US         20000
#define NTH_SIZE       12
#define NDP_SIZE       8
#define MAX_NDPS       16
#define MAX_DATAGRAMS  64

static guint
get_u16 (const guint8 *at)
{
    return at[0] | (guint) at[1] << 8;
}

static void
put_u16 (guint8 *at, guint value)
{
    at[0] = (guint8) value;
    at[1] = (guint8) (value >> 8);
}

/* Both directions alike: aligned to 4, as many datagrams as fit. */
static gsize
fill_parameters (guint8 *out)
{
    memset (out, 0, 28);
    put_u16 (out, 28);
    put_u16 (out + 2, 1); /* 16-bit blocks only */
    sim_put_u32 (out + 4, NTB_SIZE);
    put_u16 (out + 8, 4);
    put_u16 (out + 12, 4);
    sim_put_u32 (out + 16, NTB_SIZE);
    put_u16 (out + 20, 4);
    put_u16 (out + 24, 4);
    return 28;
}

SimResult
sim_ncm_control (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size)
{
    guint length = get_u16 (setup + 6);
    guint8 out[28] = { 0 };
    gsize n = 2;

    switch (setup[1]) {
    case GET_PARAMETERS:
        n = fill_parameters (out);
        break;
    case GET_INPUT_SIZE:
        sim_put_u32 (out, NTB_SIZE);
        n = 8;
        break;
    case GET_MAX_DATA:
        put_u16 (out, DATAGRAM_MAX);
        break;
    case GET_FORMAT:
    case GET_CRC:
        break;
    case RESET_FUNCTION:
    case SET_INPUT_SIZE:
    case SET_MAX_DATA:
        return setup[0] & 0x80 ? SIM_STALL : SIM_OK;
    case SET_FORMAT:
    case SET_CRC: /* neither 32-bit blocks nor checksums */
        return setup[0] & 0x80 || get_u16 (setup + 2) != 0 ? SIM_STALL : SIM_OK;
    default:
        return SIM_STALL;
    }
    if (!(setup[0] & 0x80))
        return SIM_STALL;
    *size = MIN (n, length);
    memcpy (data, out, *size);
    return SIM_OK;
}

/* The datagrams of one NDP; the index of the next one, 0 behind the last. */
static guint
take_ndp (SimModem *modem, const guint8 *block, gsize size, guint at)
{
    guint length, n;

    if (at < NTH_SIZE || at + NDP_SIZE > size || memcmp (block + at, "IPS", 3) != 0)
        return 0;
    length = get_u16 (block + at + 4);
    if (length < NDP_SIZE || length > size - at)
        return 0;
    n = MIN ((length - NDP_SIZE) / 4, MAX_DATAGRAMS);
    for (guint i = 0; i < n; i++) {
        guint index = get_u16 (block + at + NDP_SIZE + 4 * i);
        guint bytes = get_u16 (block + at + NDP_SIZE + 4 * i + 2);

        if (index == 0 || bytes == 0)
            break;
        /* Session 0 alone is ever activated. */
        if (index <= size && bytes <= size - index && block[at + 3] == 0)
            sim_net_take (modem, block + index, bytes);
    }
    return get_u16 (block + at + 6);
}

void
sim_ncm_feed (SimModem *modem, const guint8 *data, gsize size)
{
    guint at;

    if (size < NTH_SIZE || size > NTB_SIZE || memcmp (data, "NCMH", 4) != 0 ||
        get_u16 (data + 4) != NTH_SIZE) {
        sim_note (modem, "no transfer block");
        return;
    }
    at = get_u16 (data + 10);
    for (guint i = 0; at != 0 && i < MAX_NDPS; i++)
        at = take_ndp (modem, data, size, at);
}

void
sim_ncm_emit (SimModem *modem, guint8 endpoint, const guint8 *packet, gsize size)
{
    guint ndp = NTH_SIZE, start = NTH_SIZE + NDP_SIZE + 2 * 4;
    g_autofree guint8 *block = g_malloc0 (start + size);

    memcpy (block, "NCMH", 4);
    put_u16 (block + 4, NTH_SIZE);
    put_u16 (block + 6, modem->net.sequence++);
    put_u16 (block + 8, (guint) (start + size));
    put_u16 (block + 10, ndp);
    memcpy (block + ndp, "IPS", 3);
    put_u16 (block + ndp + 4, NDP_SIZE + 2 * 4);
    put_u16 (block + ndp + NDP_SIZE, start);
    put_u16 (block + ndp + NDP_SIZE + 2, (guint) size);
    memcpy (block + start, packet, size);
    sim_emit (modem, endpoint, block, start + size, AIR_US);
}
