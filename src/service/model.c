/* SPDX-License-Identifier: GPL-2.0-or-later */

/* 2c7c:0125 is an EC25 as well as an EG25; their versions differ. */

#include "service/model.h"

#include "package/version-name.h"

char *
mfu_model_of (const MfuUsbDevice *device, const char *version)
{
    MfuVersionName name = { 0 };

    mfu_version_name_parse (&name, version);
    if (name.is_known)
        return g_strdup (name.model);
    for (guint i = 0; device->family != NULL && i < device->family->normal_ids->len; i++) {
        const MfuUsbId *id = &g_array_index (device->family->normal_ids, MfuUsbId, i);

        if (id->vid == device->vid && id->pid == device->pid)
            return g_strdup (id->model);
    }
    return g_strdup ("");
}
