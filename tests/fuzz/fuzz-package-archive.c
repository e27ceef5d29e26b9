/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A whole archive: it is refused with one sentence, or all of it can be read. */

#include "fuzz.h"

#include "package/package.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
read_image (MfuImage *image)
{
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuImageReader) reader = mfu_image_open (image, 1, &error);
    guint8 buffer[4096];
    gssize n = 0;

    while (reader != NULL && (n = mfu_image_reader_read (reader, buffer, sizeof buffer, &error)) > 0)
        continue;
    g_assert_no_error (error);
    g_assert_cmpint (n, ==, 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    int fd = memfd_create ("archive", MFD_CLOEXEC);
    g_autoptr (GError) error = NULL;
    g_autoptr (MfuPackage) package = NULL;
    GPtrArray *actions;

    g_assert_cmpint (fd, >=, 0);
    g_assert_cmpint (write (fd, data, size), ==, (gssize) size);
    package = mfu_package_open (fd, "package", NULL, NULL, &error);
    close (fd);
    g_assert_true ((package == NULL) == (error != NULL));
    if (package == NULL) {
        g_assert_null (strchr (error->message, 10));
        return 0;
    }
    actions = mfu_package_get_actions (package);
    for (guint i = 0; i < actions->len; i++) {
        const MfuAction *action = actions->pdata[i];

        if (action->kind == MFU_ACTION_PROGRAM)
            read_image (action->image);
    }
    return 0;
}
