/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the parts of a simulated modem share: its state, and what the protocol parts may do to it. */

#include "sim/card.h"
#include "sim/chain.h"
#include "sim/family.h"
#include "sim/faults.h"
#include "sim/frame.h"
#include "sim/net.h"
#include "sim/record.h"

typedef struct _SimAt SimAt;
typedef struct _SimDiag SimDiag;
typedef struct _SimQmi SimQmi;
typedef struct _SimMbim SimMbim;
typedef struct _SimSahara SimSahara;
typedef struct _SimFirehose SimFirehose;
typedef struct _SimFastboot SimFastboot;
typedef struct _SimDload SimDload;
typedef struct _SimStreaming SimStreaming;

typedef enum {
    SIM_QUIRK_NAK_PAYLOAD = 1 << 0,
    SIM_QUIRK_NO_READ = 1 << 1,
    SIM_QUIRK_NO_DIAG_ECHO = 1 << 2,
    SIM_QUIRK_OTHER_TABLE = 1 << 3,
    SIM_QUIRK_IN_ZLP = 1 << 4,
    SIM_QUIRK_SAHARA_ZLP = 1 << 5,
    SIM_QUIRK_NO_COMMAND_MODE = 1 << 6,
    SIM_QUIRK_DONE_COMPLETE = 1 << 7,
    SIM_QUIRK_MERGE = 1 << 8,
    SIM_QUIRK_FRAGMENT = 1 << 9,
    SIM_QUIRK_READ_64 = 1 << 10,
    SIM_QUIRK_NO_QMI = 1 << 11,
    SIM_QUIRK_MUTE_AT = 1 << 12,
    SIM_QUIRK_NO_STICKY = 1 << 13,
    SIM_QUIRK_NO_DOWNLOAD_FLAG = 1 << 14,
    SIM_QUIRK_GO_STAYS = 1 << 15,
    SIM_QUIRK_STREAMING_LOGS = 1 << 16,
    SIM_QUIRK_DLOAD_9215 = 1 << 17,
    SIM_QUIRK_DLOAD_RETRY = 1 << 18,
    SIM_QUIRK_PBL_ENPRG = 1 << 19,
    SIM_QUIRK_PBL_SILENT = 1 << 20,
    SIM_QUIRK_FASTBOOT_SBL2 = 1 << 21,
    SIM_QUIRK_NO_QDU = 1 << 28,
    SIM_QUIRK_QDU_NO_EDL = 1 << 29,
    SIM_QUIRK_QDU_BACK = 1 << 30,
    SIM_QUIRK_QFASTBOOT_OK = 1 << 24,
    SIM_QUIRK_QFASTBOOT_ERROR = 1 << 25,
    SIM_QUIRK_QFASTBOOT_BACK = 1 << 26,
    SIM_QUIRK_NO_QFASTBOOT = 1 << 27,
} SimQuirk;

typedef enum {
    SIM_RESET_NONE,
    SIM_RESET_BOOT,     /* runs the boot chain */
    SIM_RESET_EDL,      /* boots to EDL whatever is on the chip */
    SIM_RESET_FASTBOOT, /* the boot chain, but aboot stays in fastboot */
    SIM_RESET_CONTINUE, /* the boot chain from behind lk's fastboot on */
    SIM_RESET_DOWNLOAD, /* the first stage's download mode: DLOAD, or Quectel's SBL */
    SIM_RESET_OFF,      /* away until the power is cycled */
    SIM_RESET_SAME,     /* leaves the bus and comes back as it is */
} SimReset;

struct _SimModem {
    const SimFamily *family;
    char *serial;
    char imei[16];
    SimSpeed speed;
    SimStart start;
    guint16 vid, pid; /* of the normal mode; 0: the family's */
    SimFunctions functions;
    guint boot_ms, edl_ms, diag_noise, max_payload, max_download, quirks;
    gboolean is_usb3;
    SimLayout factory;
    SimNand *nand;
    SimRecord *record;
    SimFaults *faults;

    gint64 now_us;
    SimMode mode;
    gboolean is_plugged, is_connected;
    gboolean is_started; /* what talks in this mode is there already */
    guint generation;
    SimReset leave_how, first_boot;
    gint64 leave_us, arrive_us; /* G_MAXINT64: not planned */
    SimUsb usb;
    SimComposition composition; /* in normal mode */
    guint8 configuration, data_setting;
    GQueue in[16];      /* SimChunk, by endpoint number */
    guint32 is_stalled; /* bit: endpoint number, +16 for IN */
    SimBoot boot;
    SimCardState card;
    SimNet net;
    guint first_function;       /* until the first reset */
    gboolean has_download_flag; /* survives the loss of power; a state file does not hold it */

    SimAt *at[3];
    SimDiag *diag;
    SimQmi *qmi;
    SimMbim *mbim;
    SimSahara *sahara;
    SimFirehose *firehose;
    SimFastboot *fastboot;
    SimDload *dload;
    SimStreaming *streaming;

    gint64 busy_us;         /* the NAND works until then */
    gint64 take_us;         /* takes no more data before then */
    gboolean is_waited_for; /* data were at the door before then */
    gint64 own_us;
    SimVerdict verdict;
    SimBoot verdict_boot;
};

/* Where a function of the normal mode sits; NULL when it is not there. */
const SimPlace *sim_place (const SimModem *modem, SimPort port);
/* Queues one IN transfer for `delay_us` from now, never before what is queued already. */
void sim_emit (SimModem *modem, guint8 endpoint, const void *data, gsize size, gint64 delay_us);
gboolean sim_is_in_idle (SimModem *modem, guint8 endpoint);
/* Leaves the bus after `delay_us`. */
void sim_reset_later (SimModem *modem, SimReset how, gint64 delay_us);
/* The next event of `kind`; VANISH and STALL (of the endpoint pair `endpoint`) are done here already, and
 * come out as DEAF. */
SimHit sim_hit (SimModem *modem, const char *kind, guint8 endpoint);
void sim_note (SimModem *modem, const char *format, ...) G_GNUC_PRINTF (2, 3);
void sim_failure (SimModem *modem, const char *format, ...) G_GNUC_PRINTF (2, 3);
SimOp *sim_op (SimModem *modem, SimOpKind kind, guint start, guint pages, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
/* NAND work of that long: the time when it will be done, counted from when it is idle. */
gint64 sim_work (SimModem *modem, gint64 duration_us);

/* Starts from reset; the new identity comes up some time later. */
void sim_boot (SimModem *modem, SimReset how, gint64 delay_us);
/* What a boot leads to, with the quirks and the download flag. */
void sim_judge_boot (SimModem *modem, gboolean heeds_misc, SimBoot *boot);
/* Everything that talks, and everything that waits to be read, is gone. */
void sim_free_functions (SimModem *modem);
/* Brings the chip into the state in which another tool has left it; FALSE: the family has no such state. */
gboolean sim_half_flash (SimModem *modem, const char *step);
/* The streaming loader takes over, after the modem has left the bus and come back, or on the spot. */
void sim_start_streaming (SimModem *modem, gint64 delay_us);

/* What the modem calls itself; zeros when its identity is lost. */
const char *sim_imei (const SimModem *modem);

/* Little-endian. */
static inline guint32
sim_get_u32 (const guint8 *at)
{
    return at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 | (guint32) at[3] << 24;
}

static inline void
sim_put_u32 (guint8 *at, guint32 value)
{
    at[0] = (guint8) value;
    at[1] = (guint8) (value >> 8);
    at[2] = (guint8) (value >> 16);
    at[3] = (guint8) (value >> 24);
}

/* The protocol parts. Each takes what the host sent on its OUT endpoint. */
SimAt *sim_at_new (SimModem *modem, guint8 endpoint);
void sim_at_free (SimAt *at);
void sim_at_feed (SimAt *at, const guint8 *data, gsize size);

SimDiag *sim_diag_new (SimModem *modem, guint8 endpoint);
void sim_diag_free (SimDiag *diag);
void sim_diag_feed (SimDiag *diag, const guint8 *data, gsize size);

SimQmi *sim_qmi_new (SimModem *modem);
void sim_qmi_free (SimQmi *qmi);
void sim_qmi_send (SimQmi *qmi, const guint8 *data, gsize size);
/* Indications of another operating mode, of a new card, of a change of the registration. */
void sim_qmi_tell_mode (SimQmi *qmi);
void sim_qmi_tell (SimQmi *qmi, gboolean is_other_card, gboolean is_other_registration);
/* The network has ended the bearers. */
void sim_qmi_tell_net (SimQmi *qmi);
/* The plug was pulled: clients and calls are gone. */
void sim_qmi_disconnect (SimQmi *qmi);
/* The next answer; how many bytes of it. */
gsize sim_qmi_receive (SimQmi *qmi, guint8 *data, gsize max);

SimMbim *sim_mbim_new (SimModem *modem);
void sim_mbim_free (SimMbim *mbim);
void sim_mbim_send (SimMbim *mbim, const guint8 *data, gsize size);
gsize sim_mbim_receive (SimMbim *mbim, guint8 *data, gsize max);
/* The same as of QMI. */
void sim_mbim_tell_radio (SimMbim *mbim);
void sim_mbim_tell (SimMbim *mbim, gboolean is_other_card, gboolean is_other_registration);
void sim_mbim_tell_net (SimMbim *mbim);
void sim_mbim_disconnect (SimMbim *mbim);

/* ncm.c: a request of the MBIM function but SEND and GET_ENCAPSULATED; a transfer block from the host; one
 * packet in a block to it. */
#define SIM_MBIM_MESSAGE 4096
SimResult sim_ncm_control (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size);
void sim_ncm_feed (SimModem *modem, const guint8 *data, gsize size);
void sim_ncm_emit (SimModem *modem, guint8 endpoint, const guint8 *packet, gsize size);

/* In EDL it asks for image 13, in Quectel's download mode for 7. */
SimSahara *sim_sahara_new (SimModem *modem, gboolean says_hello, gboolean is_in_error);
void sim_sahara_free (SimSahara *sahara);
/* Who is served from now on does not know what is under way. */
void sim_sahara_inherit (SimSahara *sahara);
void sim_sahara_feed (SimSahara *sahara, const guint8 *data, gsize size);

SimFirehose *sim_firehose_new (SimModem *modem, gboolean says_logs, gboolean waits_for_raw);
void sim_firehose_free (SimFirehose *firehose);
gboolean sim_firehose_can_take (SimFirehose *firehose);
void sim_firehose_feed (SimFirehose *firehose, const guint8 *data, gsize size);
void sim_firehose_inherit (SimFirehose *firehose);
/* The host wants data and nothing is queued. */
void sim_firehose_refill (SimFirehose *firehose);

SimFastboot *sim_fastboot_new (SimModem *modem, SimStart start);
void sim_fastboot_free (SimFastboot *fastboot);
gboolean sim_fastboot_can_take (SimFastboot *fastboot);
/* The bus came up, for the first time or (`is_reset`) again. */
void sim_fastboot_online (SimFastboot *fastboot, gboolean is_reset);
void sim_fastboot_feed (SimFastboot *fastboot, const guint8 *data, gsize size);

SimDload *sim_dload_new (SimModem *modem, gboolean is_boot_rom);
void sim_dload_free (SimDload *dload);
void sim_dload_feed (SimDload *dload, const guint8 *data, gsize size);

/* It hears nothing between sim_streaming_hush () and sim_streaming_online (). */
SimStreaming *sim_streaming_new (SimModem *modem);
void sim_streaming_free (SimStreaming *streaming);
gboolean sim_streaming_can_take (SimStreaming *streaming);
void sim_streaming_feed (SimStreaming *streaming, const guint8 *data, gsize size);
void sim_streaming_hush (SimStreaming *streaming);
void sim_streaming_online (SimStreaming *streaming);

/* The host has set the configuration. */
void sim_usb_online (SimModem *modem);

/* usbdesc.c */
SimResult sim_usb_control (SimModem *modem, const guint8 setup[8], guint8 *data, gsize *size);
