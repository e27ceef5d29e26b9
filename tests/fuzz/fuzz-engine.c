/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of the engines' fuzzers that is the same in all. */

#include "fuzz-engine.h"

#include "util/error.h"

#include <string.h>

/* The largest budget of an engine is that of a Firehose read, see firehose-operations.c. */
#define MAX_REQUESTS 1000000
#define GONE         0xff
#define TIMED_OUT    0xf0

guint8
fuzz_byte (FuzzInput *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->data++;
}

static void
answer_receive (MfuEngine *engine, const MfuRequest *request, FuzzInput *input)
{
    guint8 control = input->size == 0 ? TIMED_OUT : fuzz_byte (input);
    gsize n = MIN (MIN (control, input->size), request->size);
    g_autofree guint8 *copy = g_memdup2 (input->data, n);

    g_assert_cmpuint (request->size, >, 0);
    g_assert_cmpuint (request->timeout_ms, >, 0);
    if (control == GONE) {
        mfu_engine_gone (engine);
    } else if (control >= TIMED_OUT) {
        mfu_engine_timed_out (engine);
    } else {
        input->data += n;
        input->size -= n;
        mfu_engine_received (engine, copy, n);
    }
}

static void
answer (MfuEngine *engine, const MfuRequest *request, FuzzInput *input)
{
    switch (request->kind) {
    case MFU_REQUEST_SEND_IMAGE:
        g_assert_cmpuint (request->chunk, >, 0);
        g_assert_cmpuint (request->size, >, 0);
        if (input->image_size != 0)
            g_assert_true (request->offset <= input->image_size &&
                           request->size <= input->image_size - request->offset);
        /* fall through */
    case MFU_REQUEST_SEND:
        if (input->size > 0 && (*input->data & 0x80) != 0 && fuzz_byte (input) >= TIMED_OUT)
            mfu_engine_timed_out (engine);
        else
            mfu_engine_sent (engine);
        break;
    case MFU_REQUEST_RECEIVE:
        answer_receive (engine, request, input);
        break;
    case MFU_REQUEST_DELIVER:
        g_assert_cmpuint (request->size, >, 0);
        mfu_engine_sent (engine);
        break;
    case MFU_REQUEST_WAIT:
        mfu_engine_sent (engine);
        break;
    case MFU_REQUEST_DONE:
    case MFU_REQUEST_FAILED:
        break;
    }
}

void
fuzz_run (MfuEngine *engine, FuzzInput *input)
{
    const GError *error;
    MfuRequest request;

    mfu_engine_next (engine, &request);
    for (guint n = 0; request.kind != MFU_REQUEST_DONE && request.kind != MFU_REQUEST_FAILED; n++) {
        g_assert_cmpuint (n, <, MAX_REQUESTS);
        answer (engine, &request, input);
        mfu_engine_next (engine, &request);
    }
    error = mfu_engine_get_error (engine);
    g_assert_true ((error != NULL) == (request.kind == MFU_REQUEST_FAILED));
    if (error != NULL)
        g_assert_true (error->domain == MFU_ERROR && g_utf8_validate (error->message, -1, NULL));
}
