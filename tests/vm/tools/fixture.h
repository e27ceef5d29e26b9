/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the programs that test our code against the real kernel have in common: one device made of a program
 * in one port, and our view of it. */

#include "gadget.h"

#include "tracker/ports-internal.h"
#include "transport/channel.h"

#define SOON_MS  10000
#define SHORT_MS 300
#define NORMAL   (1u << MFU_MODE_NORMAL)
#define SBL      (1u << MFU_MODE_SBL_DOWNLOAD)
#define EDL      (1u << MFU_MODE_EDL)
#define PACKET   512
#define TRANSFER (64 * 1024)
#define HS_PORT  "1-1"
#define SS_PORT  "2-1"

extern const GadgetConfig edl, ec25;

typedef struct {
    MfuFamilies *families;
    MfuPorts *ports;
    MfuClock *clock;
    Gadget *gadget;
    MfuUsbDevice *device;
    MfuChannel *channel;
} Fixture;

gint64 in_ms (guint ms);
/* Time in which something else happens, or must not happen. */
void let_pass (guint ms);
void set_up (Fixture *fixture, gconstpointer data);
/* Plugs `config` in and waits until it is there. */
void plug (Fixture *fixture, const GadgetConfig *config, guint modes, gboolean wants_tty);
void unplug (Fixture *fixture);
void open_channel (Fixture *fixture);
void set_up_edl (Fixture *fixture, gconstpointer data);
void tear_down (Fixture *fixture, gconstpointer data);
void send_ok (Fixture *fixture, const void *data, gsize size, gboolean wants_zlp);
gssize receive (Fixture *fixture, void *buffer, gsize size, guint ms, GError **error);
/* The channel works: something is echoed. */
void expect_works (Fixture *fixture);
char *driver_of (Fixture *fixture, guint number);
/* udev loads drivers when it has heard of the device. */
gboolean has_driver_soon (Fixture *fixture, guint number, const char *driver);

/* Ends the program with status 77 outside of the test guest. */
void start (int *argc, char ***argv);

#define ADD(name)     g_test_add ("/usb/" #name, Fixture, NULL, set_up, test_##name, tear_down)
#define ADD_EDL(name) g_test_add ("/usb/" #name, Fixture, NULL, set_up_edl, test_##name, tear_down)
