/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A private bus with a ModemManager and a polkit that do what a test says, the service as a process of its
 * own, and callers of two users. Everything that is not a blocking call of the test's own runs in the default
 * main context. */

#include <gio/gio.h>
#include <libmm-glib.h>

#include "firmware-updater-dbus.h"
#include "job/journal.h"
#include "util/error.h"

#define NOBODY_UID 65534

#define SERVICE_NAME  "org.freedesktop.ModemManager1.FirmwareUpdater"
#define SERVICE_PATH  "/org/freedesktop/ModemManager1/FirmwareUpdater"
#define JOB_INTERFACE SERVICE_NAME ".Job"
#define FIXED         0 /* idle seconds: stay */
#define JOB(n)        SERVICE_PATH "/Job/" #n
#define MODEM_UID     "/sys/devices/fake/usb1/1-2"
#define MODEM_PLACE   "fake+port2" /* by which the journal knows it */

typedef struct {
    char *folder;
    char *state_dir;
    char *ports_file;
    GSubprocess *bus;
    char *address;
    GDBusConnection *root;   /* a caller */
    GDBusConnection *nobody; /* another one */
    GSubprocess *service;

    /* ModemManager, on its own connection. */
    GDBusConnection *mm_connection;
    guint mm_name_id;
    gboolean mm_is_named;
    GDBusObjectManagerServer *mm_server;
    MmGdbusOrgFreedesktopModemManager1 *mm_manager;
    guint mm_next_index;
    char *mm_modem_path; /* NULL: not exported */
    char *mm_revision;
    MfuDBusModemFirmwareUpdate *mm_plugin; /* on the next modem; NULL: there is no plugin */
    char *mm_holder;                       /* unique name of who inhibits */
    guint mm_holder_watch;
    gboolean mm_is_held_by_others;
    guint mm_n_wrong_states;   /* so often it knows the modem and has not exported it */
    const char *mm_afterwards; /* the error that follows those; NULL: none */
    gboolean mm_exports_late;  /* behind the last of them */
    gboolean mm_is_ending;     /* it refuses everything and leaves the bus a second later */
    guint mm_n_inhibited;
    guint mm_n_released; /* by InhibitDevice (uid, false) */

    /* polkit, on the same connection. */
    guint polkit_name_id;
    guint polkit_object_id;
    gboolean polkit_allows;
    gboolean polkit_is_silent; /* as while it waits for a password */
    char *polkit_subject;      /* bus name that it was asked for last */
    guint polkit_n_asked;
} Fixture;

/* For GTest: starts bus, callers, and a ModemManager that exports one modem in port 1-2. */
void fixture_set_up (Fixture *fixture, gconstpointer data);
void fixture_tear_down (Fixture *fixture, gconstpointer data);

/* Starts the service and waits until it owns its name. */
void fixture_start_service (Fixture *fixture, guint idle_seconds);

/* Waits for the service's end; returns its exit status, or -1 if a signal ended it. */
int fixture_wait_exit (Fixture *fixture);

/* The bus dies, and another one comes with a new ModemManager. Those who were on the old one are not on it.
 */
void fixture_restart_bus (Fixture *fixture);

/* A connection of its own to the bus. */
GDBusConnection *fixture_connect (Fixture *fixture);

void fixture_start_mm (Fixture *fixture);
void fixture_unexport_modem (Fixture *fixture);
void fixture_stop_mm (Fixture *fixture);
void fixture_start_polkit (Fixture *fixture);

/* What the kernel would show; see service-double.c. */
void fixture_set_ports (Fixture *fixture, const char *lines);

/* Runs the main context until `done` says so; aborts the test after half a minute. */
void fixture_wait (gboolean (*done) (gpointer data), gpointer data);

/* A call with the main context running meanwhile. `fd` -1: no descriptor. */
GVariant *fixture_call (GDBusConnection *caller, const char *path, const char *interface, const char *method,
                        GVariant *arguments, int fd, GError **error);

/* Update on the service with an open file as package. `extra` is a{sv} text, as "{'start': <false>}", or
 * NULL.
 */
char *fixture_update (GDBusConnection *caller, const char *device, const char *name, const char *extra,
                      GError **error);

/* A property of a job, or of the root object. */
GVariant *fixture_get (Fixture *fixture, const char *path, const char *interface, const char *property);
char *fixture_get_string (Fixture *fixture, const char *path, const char *property);

/* Waits until the job's property is `expected`, or the job in `state`. */
void fixture_wait_string (Fixture *fixture, const char *path, const char *property, const char *expected);
void fixture_wait_state (Fixture *fixture, const char *path, const char *state);

/* Lets the job go on at the word "gate"; waits until it is there. `path` NULL: it is there. */
void fixture_open_gate (Fixture *fixture, const char *path);

/* Start or Cancel. */
void fixture_call_job (GDBusConnection *caller, const char *path, const char *method, GError **error);

/* A property of a job, the code in its Error, and a value in the entry of the only device. */
void fixture_assert_string (Fixture *fixture, const char *path, const char *property, const char *expected);
void fixture_assert_error (Fixture *fixture, const char *path, MfuError code);
void fixture_assert_device (Fixture *fixture, const char *key, const char *expected);

/* For fixture_wait: nobody inhibits the modem. */
gboolean fixture_is_released (gpointer data);

/* The journal of a job in port 1-2 that has not ended. */
MfuJournal *fixture_begin_journal (Fixture *fixture);

/* What a test program does when it is called with --service STATE_DIR IDLE_SECONDS; its exit status. */
int fixture_be_service (const char *state_dir, const char *idle_seconds);
