/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A modem's control port (/dev/cdc-wdm0), over which it talks QMI or MBIM, and how one request to it is made.
 */

#include "util/clock.h"

typedef struct {
    const char *devnode; /* not owned */
    gboolean by_proxy;   /* qmi-proxy or mbim-proxy has it open, and shares it */
    MfuClock *clock;
    gint64 deadline_us; /* of the whole request */
    GCancellable *cancellable;
} MfuControlPort;

/* Sets `by_proxy`: a port that nobody has open is opened by us alone, one that the proxy has open (as
 * ModemManager always does) is reached through it. A proxy is never started: it would end together with us,
 * under whoever had come to use it meanwhile. BUSY with the holders' names where another program has it. */
gboolean mfu_control_port_find_way (MfuControlPort *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The two protocols, each with its own library: src/transport/qmi.c and mbim.c, or, built without one,
 * no-qmi.c and no-mbim.c, where everything is UNSUPPORTED. All block until done or the deadline; worker
 * threads. TIMED_OUT: no answer; REJECTED: the modem refuses; GONE; NOT_FOUND: no such node. */

typedef enum {
    MFU_CONTROL_QMI,
    MFU_CONTROL_MBIM,
} MfuControlProtocol;

typedef enum {
    MFU_CONTROL_RESTART, /* QMI: the modem starts anew, as after its power was cycled */
    MFU_CONTROL_TO_EDL,  /* MBIM, where the module has QDU: to the boot ROM */
} MfuControlOrder;

/* The firmware version as the protocol tells it, see below. Newly allocated. `has_switch` may be NULL: FALSE
 * if the modem is sure to refuse MFU_CONTROL_TO_EDL. */
char *mfu_control_get_version (const MfuControlPort *port, MfuControlProtocol protocol, gboolean *has_switch,
                               GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE: the modem has said yes and is about to leave. UNSUPPORTED where the protocol does not know the order.
 */
gboolean mfu_control_give_order (const MfuControlPort *port, MfuControlProtocol protocol,
                                 MfuControlOrder order, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* DMS Get Revision. Newly allocated. */
char *mfu_qmi_get_revision (const MfuControlPort *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* DMS Set Operating Mode: offline, then reset. TRUE: the modem is about to leave. */
gboolean mfu_qmi_reset (const MfuControlPort *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Quectel's Read Version of the service QDU where the modem has that, else the firmware of Device Caps. Newly
 * allocated. `has_switch` (may be NULL) is FALSE where the modem does not name QDU among its services, and so
 * has no Reboot of it either; set whenever a version is returned. */
char *mfu_mbim_get_version (const MfuControlPort *port, gboolean *has_switch,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Quectel's Reboot of the service QDU, to the download mode. TRUE: the modem is about to leave. */
gboolean mfu_mbim_reboot_to_edl (const MfuControlPort *port, GError **error) G_GNUC_WARN_UNUSED_RESULT;
