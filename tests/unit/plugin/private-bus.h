/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A message bus of the test's own, which dies with the test however that ends; GTestDBus's may outlive a test
 * that failed, and keep its output open. */

#include <gio/gio.h>

typedef struct {
    GSubprocess *process;
    char *directory;
    char *address;
    char *marker; /* a file with a line for each time that the activatable service was started */
} PrivateBus;

/* `service` is a name that the bus can activate, with a program that leaves the marker and fails; or NULL. */
PrivateBus *private_bus_new (const char *service);
void private_bus_free (PrivateBus *bus);
GDBusConnection *private_bus_connect (PrivateBus *bus);
