/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quectel's QDU service over MBIM, of the laptop's module alone.
 *
 *   > READ_VERSION set 256                  < 256, the whole version
 *   > REBOOT set 17                         < done; the modem goes to EDL
 *   > UPDATE_SESSION set start, 1           < session, file transfer
 *   > FILE_OPEN set 0, size                 < largest write, window
 *   > FILE_WRITE set bytes                  < done
 *   > UPDATE_SESSION set stop, 1            < no session; the result of the last one
 *
 * What a real module does with the file is not public: here it is counted, and the chip stays as it is.
 * That a module has the service, and what its reboot leads to, differs by module: quirks `no-qdu` (no such
 * service), `qdu-no-edl` (reboot is refused) and `qdu-back` (it comes back in normal mode).
 *
 * Source: libmbim's mbim-service-qdu.json, mbim-cid.h and mbim-enums.h. The sizes are made up. */

#include "sim/mbimstate.h"

#include <string.h>

#define START         0u
#define STOP          1u
#define TYPE_LE       1u
#define FILE_TRANSFER 1u
#define PACKAGE       0u
#define REBOOT_EDL    17u
#define FW_BUILD_ID   256u
#define WRITE_MAX     1024u
#define WINDOW        1u
#define FILE_MAX      (512u << 20)
#define REBOOT_US     50000

gboolean
sim_mbim_has_qdu (const SimModem *modem)
{
    return modem->family->is_mbim_only && !(modem->quirks & SIM_QUIRK_NO_QDU);
}

static gboolean
get_u16 (const SimMbimRequest *request, guint32 *value)
{
    if (request->n_in < 2)
        return FALSE;
    *value = request->in[0] | (guint32) request->in[1] << 8;
    return TRUE;
}

static guint
put_session (SimMbimRequest *request)
{
    const SimMbim *mbim = request->modem->mbim;

    sim_mbim_put_u32 (request->out, mbim->session);
    sim_mbim_put_u32 (request->out, mbim->session ? FILE_TRANSFER : 0);
    sim_mbim_put_u32 (request->out, mbim->last_type);
    sim_mbim_put_u32 (request->out, mbim->last_result);
    sim_mbim_put_u32 (request->out, mbim->last_result ? mbim->file_taken : 0);
    sim_mbim_put_u32 (request->out, mbim->last_result ? mbim->file_size - mbim->file_taken : 0);
    return SIM_MBIM_OK;
}

static guint
set_session (SimMbimRequest *request)
{
    SimMbim *mbim = request->modem->mbim;
    guint32 action = 0, type = 0;

    if (!sim_mbim_get_u32 (request, 0, &action) || !sim_mbim_get_u32 (request, 4, &type) || action > STOP ||
        type != TYPE_LE)
        return SIM_MBIM_INVALID_PARAMETERS;
    if ((action == START) == (mbim->session != 0))
        return SIM_MBIM_NOT_ALLOWED;
    sim_op (request->modem, SIM_OP_OTHER, 0, 0, "QDU session %s", action == START ? "starts" : "ends")
        ->is_done = TRUE;
    if (action == STOP) {
        mbim->last_type = mbim->session;
        mbim->last_result = mbim->has_file && mbim->file_taken == mbim->file_size ? 0 : 1;
    }
    mbim->session = action == START ? type : 0;
    if (action == START) {
        mbim->has_file = FALSE;
        mbim->file_size = mbim->file_taken = mbim->last_result = 0;
    }
    return put_session (request);
}

static guint
open_file (SimMbimRequest *request)
{
    SimMbim *mbim = request->modem->mbim;
    guint32 type = 0, size = 0;

    if (!sim_mbim_get_u32 (request, 0, &type) || !sim_mbim_get_u32 (request, 4, &size) || type != PACKAGE ||
        size == 0 || size > FILE_MAX)
        return SIM_MBIM_INVALID_PARAMETERS;
    if (mbim->session == 0 || mbim->has_file)
        return SIM_MBIM_NOT_ALLOWED;
    mbim->has_file = TRUE;
    mbim->file_size = size;
    sim_op (request->modem, SIM_OP_OTHER, 0, 0, "QDU file of %u bytes", size)->is_done = TRUE;
    sim_mbim_put_u32 (request->out, WRITE_MAX);
    sim_mbim_put_u32 (request->out, WINDOW);
    return SIM_MBIM_OK;
}

static guint
write_file (SimMbimRequest *request)
{
    SimMbim *mbim = request->modem->mbim;

    if (!mbim->has_file || mbim->session == 0)
        return SIM_MBIM_NOT_ALLOWED;
    if (request->n_in == 0 || request->n_in > WRITE_MAX || request->n_in > mbim->file_size - mbim->file_taken)
        return SIM_MBIM_INVALID_PARAMETERS;
    mbim->file_taken += (guint32) request->n_in;
    if (mbim->file_taken == mbim->file_size)
        sim_op (request->modem, SIM_OP_OTHER, 0, 0, "QDU file is whole")->is_done = TRUE;
    return SIM_MBIM_OK;
}

static guint
reboot (SimMbimRequest *request)
{
    SimModem *modem = request->modem;
    SimOp *op = sim_op (modem, SIM_OP_OTHER, 0, 0, "QDU reboot");
    guint32 type = 0;

    if (!get_u16 (request, &type))
        return SIM_MBIM_INVALID_PARAMETERS;
    if (type != REBOOT_EDL || modem->quirks & SIM_QUIRK_QDU_NO_EDL)
        return SIM_MBIM_NO_SUPPORT;
    op->is_done = TRUE;
    sim_reset_later (modem, modem->quirks & SIM_QUIRK_QDU_BACK ? SIM_RESET_BOOT : SIM_RESET_EDL, REBOOT_US);
    return SIM_MBIM_OK;
}

static guint
read_version (SimMbimRequest *request)
{
    guint32 type = 0;

    if (!get_u16 (request, &type) || type != FW_BUILD_ID)
        return SIM_MBIM_INVALID_PARAMETERS;
    sim_mbim_put_u32 (request->out, type);
    sim_mbim_put_text (request->out, request->modem->boot.version);
    return SIM_MBIM_OK;
}

static const SimMbimRow rows[] = {
    { 1, put_session, set_session }, { 2, NULL, open_file }, { 3, NULL, write_file }, { 4, NULL, reboot },
    { 7, NULL, read_version },
};

const SimMbimService sim_mbim_qdu = {
    { 0x64, 0x27, 0x01, 0x5f, 0x57, 0x9d, 0x48, 0xf5, 0x8c, 0x54, 0xf4, 0x3e, 0xd1, 0xe7, 0x6f, 0x83 },
    rows,
    G_N_ELEMENTS (rows),
};
