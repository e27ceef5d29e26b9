/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the files of MfuPorts share, and the constructor with all its seams. */

#include "tracker/ports.h"
#include "tracker/uevents.h"

struct _MfuPorts {
    char *sysfs_root;
    char *dev_root; /* "/dev" but in tests */
    MfuUeventSource *source;
    const MfuFamilies *families;
    GMutex lock;     /* guards `held` */
    GPtrArray *held; /* names of ports whose next device the kernel leaves unconfigured */
    GPtrArray *watches;
};

MfuPorts *mfu_ports_new_with (const char *sysfs_root, const char *dev_root, MfuUeventSource *source,
                              const MfuFamilies *families);

/* "1-2" of "1-2" or of a sysfs path; NULL with INVALID_ARGS where `port` is neither. */
char *mfu_ports_name_of (MfuPorts *ports, const char *port, GError **error);

gboolean mfu_ports_is_held (MfuPorts *ports, const char *port);
