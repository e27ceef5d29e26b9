/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Sahara: no byte beyond the programmer, whatever the ROM asks for. */

#include "fuzz-engine.h"

#include "protocol/sahara.h"

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size, 0 };
    guint8 flags = fuzz_byte (&input);
    MfuSaharaConfig config = {
        .goal = (flags & 1) != 0 ? MFU_SAHARA_RESET : MFU_SAHARA_LOAD,
        .wants_identity = (flags & 2) != 0,
        .is_half_way = (flags & 4) != 0,
        .image_size = 0x2000,
        .expected_image_id = 13,
    };
    g_autoptr (MfuEngine) engine = mfu_sahara_new (&config);

    input.image_size = config.image_size;
    fuzz_run (engine, &input);
    g_assert_nonnull (mfu_sahara_get_leftover (engine));
    return 0;
}
