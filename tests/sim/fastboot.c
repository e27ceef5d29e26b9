/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fastboot as far as it is needed today: it is there, tells its variables and reboots.
 *
 *   > getvar:product   < OKAYMDM9607
 *   > reboot           < OKAY, and it leaves the bus
 *
 * Source: spec section 6.1. */

#include "sim/internal.h"

#include <string.h>

#define COMMAND_MAX 64
#define ANSWER_US   500
#define LEAVE_US    20000

struct _SimFastboot {
    SimModem *modem;
};

SimFastboot *
sim_fastboot_new (SimModem *modem)
{
    SimFastboot *fastboot = g_new0 (SimFastboot, 1);

    fastboot->modem = modem;
    return fastboot;
}

void
sim_fastboot_free (SimFastboot *fastboot)
{
    g_free (fastboot);
}

static void
answer (SimFastboot *fastboot, const char *tag, const char *text)
{
    g_autofree char *both = g_strconcat (tag, text, NULL);

    sim_emit (fastboot->modem, SIM_EP_EDL, both, MIN (strlen (both), COMMAND_MAX), ANSWER_US);
}

static const char *
get_variable (SimFastboot *fastboot, const char *name)
{
    if (g_str_equal (name, "product"))
        return "MDM9607";
    if (g_str_equal (name, "version"))
        return "0.5";
    if (g_str_equal (name, "kernel"))
        return "lk";
    if (g_str_equal (name, "max-download-size"))
        return "\t0x4500000";
    if (g_str_equal (name, "serialno"))
        return fastboot->modem->serial;
    return "";
}

void
sim_fastboot_feed (SimFastboot *fastboot, const guint8 *data, gsize size)
{
    SimModem *modem = fastboot->modem;
    g_autofree char *command = g_strndup ((const char *) data, MIN (size, COMMAND_MAX));

    if (g_str_has_prefix (command, "getvar:")) {
        answer (fastboot, "OKAY", get_variable (fastboot, command + 7));
    } else if (g_str_equal (command, "reboot")) {
        sim_op (modem, SIM_OP_OTHER, 0, 0, "fastboot reboot")->is_done = TRUE;
        answer (fastboot, "OKAY", "");
        sim_reset_later (modem, SIM_RESET_BOOT, LEAVE_US);
    } else {
        sim_failure (modem, "fastboot: unknown command \"%s\"", command);
        answer (fastboot, "FAIL", "unknown command");
    }
}
