/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A fastboot session of up to eight operations: what is told stays short and printable, and only as much of
 * the image is sent as was announced. */

#include "fuzz-engine.h"

#include "protocol/fastboot.h"

#include <string.h>

#define MAX_OPERATIONS 8
#define IMAGE_SIZE     40000

static void
begin (MfuEngine *engine, guint8 which)
{
    switch (which & 3) {
    case 0:
        mfu_fastboot_begin_getvar (engine, "max-download-size");
        break;
    case 1:
        mfu_fastboot_begin_download (engine, IMAGE_SIZE);
        break;
    case 2:
        mfu_fastboot_begin_flash (engine, "usr_data", IMAGE_SIZE);
        break;
    default:
        if (which & 4)
            mfu_fastboot_begin_erase_boot (engine);
        else
            mfu_fastboot_begin_reboot (engine);
        break;
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    g_autoptr (MfuEngine) engine = mfu_fastboot_new ();

    input.image_size = IMAGE_SIZE;
    for (guint i = 0; i < MAX_OPERATIONS; i++) {
        const char *value;

        fuzz_run (engine, &input);
        value = mfu_fastboot_get_value (engine);
        g_assert_cmpuint (strlen (value), <=, 60);
        for (const char *c = value; *c != '\0'; c++)
            g_assert_true (g_ascii_isprint (*c));
        g_assert_cmpuint (mfu_fastboot_parse_size (value), <=, G_MAXUINT32);
        if (input.size == 0)
            break;
        begin (engine, fuzz_byte (&input));
    }
    return 0;
}
