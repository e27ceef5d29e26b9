/* SPDX-License-Identifier: GPL-2.0-or-later */

/* CONTROLLER+portCHAIN: the controller's path below /sys/devices with '+' for '/', and the numbers of the
 * ports on the way. A controller has at most one root hub for each of two speeds, told by their speed; what
 * is on the faster one and has no peer is at "super-port". */

#include "tracker/place.h"

#include "tracker/sysfs.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR   "+"
#define PORT        "port"
#define SUPER_PORT  "super-port"
#define ALLOWED     "-.:_@,"
#define SUPER_SPEED 5000 /* Mbit/s */

/* With a suffix it must be a file's name, of 255 bytes. What is longer keeps its end. */
#define MAX_LENGTH 160
#define TAIL       120
#define DIGEST     32

/* "xhci-hcd.3.auto": the number is given in the order in which drivers come; the parent tells which it is.
 * Source: torvalds/linux, drivers/base/platform.c (PLATFORM_DEVID_AUTO), drivers/usb/dwc3/host.c */
static char *
without_counter (const char *component, gboolean has_parent)
{
    const char *end = g_str_has_suffix (component, ".auto") ? strrchr (component, '.') : NULL;
    const char *p = end;

    while (p != NULL && p > component && g_ascii_isdigit (p[-1]))
        p--;
    if (!has_parent || p == NULL || p == end || p == component || p[-1] != '.')
        return g_strdup (component);
    return g_strdup_printf ("%.*s%s", (int) (p - 1 - component), component, end);
}

static void
append_component (GString *name, const char *component)
{
    for (const char *p = component; *p != '\0'; p++) {
        if (g_ascii_isalnum (*p) || strchr (ALLOWED, *p) != NULL)
            g_string_append_c (name, *p);
        else
            g_string_append_printf (name, "%%%02X", (guint) (guchar) *p);
    }
    g_string_append (name, SEPARATOR);
}

static gboolean
is_root_hub (const char *component)
{
    const char *digits = component + strlen ("usb");

    return g_str_has_prefix (component, "usb") && *digits != '\0' &&
           digits[strspn (digits, "0123456789")] == '\0';
}

/* The number of components in front of the root hub, 0: there is none. */
static guint
find_root_hub (char **components)
{
    guint n = g_strv_length (components);

    for (guint i = n; i > 1; i--)
        if (is_root_hub (components[i - 1]))
            return i < n ? i - 1 : 0;
    return 0;
}

/* What cannot be read is slow, as every controller is that has one root hub. */
static gboolean
is_super (const char *devices, char **components, guint n)
{
    g_autoptr (GStrvBuilder) path = g_strv_builder_new ();
    g_auto (GStrv) strings = NULL;
    g_autofree char *below = NULL;
    g_autofree char *hub = NULL;
    g_autofree char *speed = NULL;

    for (guint i = 0; i <= n; i++)
        g_strv_builder_add (path, components[i]);
    strings = g_strv_builder_end (path);
    below = g_strjoinv ("/", strings);
    hub = g_build_filename (devices, below, NULL);
    speed = mfu_sysfs_read (hub, "speed");
    return speed != NULL && strtoul (speed, NULL, 10) >= SUPER_SPEED;
}

static char *
bounded (GString *name)
{
    g_autofree char *digest = NULL;

    if (name->len <= MAX_LENGTH)
        return g_strdup (name->str);
    digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name->str, (gssize) name->len);
    return g_strdup_printf ("%.*s~%s", DIGEST, digest, name->str + name->len - TAIL);
}

char *
mfu_place_of (const char *root, const char *sysfs, const char *peer_port)
{
    g_autofree char *real_root = realpath (root, NULL);
    g_autofree char *devices = g_build_filename (real_root != NULL ? real_root : root, "devices/", NULL);
    g_autoptr (GString) name = g_string_new (NULL);
    g_auto (GStrv) components = NULL;
    const char *port;
    gboolean is_fast;
    guint n;

    if (!g_str_has_prefix (sysfs, devices))
        return NULL;
    components = g_strsplit (sysfs + strlen (devices), "/", -1);
    n = find_root_hub (components);
    port = components[0] != NULL ? components[g_strv_length (components) - 1] : NULL;
    if (n == 0 || !mfu_sysfs_is_port (port))
        return NULL;
    is_fast = is_super (devices, components, n);
    if (is_fast && mfu_sysfs_is_port (peer_port)) {
        port = peer_port;
        is_fast = FALSE;
    }
    for (guint i = 0; i < n; i++) {
        g_autofree char *component = without_counter (components[i], i > 1);

        append_component (name, component);
    }
    g_string_append_printf (name, "%s%s", is_fast ? SUPER_PORT : PORT, strchr (port, '-') + 1);
    return bounded (name);
}

gboolean
mfu_place_is_name (const char *name)
{
    const char *last = strrchr (name, SEPARATOR[0]);
    g_autofree char *port = NULL;

    if (last == NULL || last == name || strlen (name) > MAX_LENGTH)
        return FALSE;
    last++;
    if (g_str_has_prefix (last, SUPER_PORT))
        last += strlen (SUPER_PORT);
    else if (g_str_has_prefix (last, PORT))
        last += strlen (PORT);
    else
        return FALSE;
    port = g_strconcat ("1-", last, NULL);
    return mfu_sysfs_is_port (port);
}
