/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Runs every script of a folder: whole, in fragments of 1 to 64 bytes, with neighbouring chunks merged, and
 * cut after every event, with silence, departure or noise behind the cut. */

#include "adapters.h"
#include "script.h"
#include "util/error.h"

#include <string.h>

#define MAX_REQUESTS 2000000
#define WHOLE        G_MAXSIZE

/* What follows a cut has to end within this, however long each wait is allowed to be. */
#define MAX_SILENT_REQUESTS 70000 /* zeros for a whole partition */
#define MAX_SILENT_MS       (20 * 60 * 1000)
#define MAX_NOISE           300

typedef enum {
    CUT_NONE,
    CUT_SILENCE,
    CUT_GONE,
    CUT_NOISE_FF,
    CUT_NOISE_TAG,
    CUT_NOISE_RANDOM,
    N_CUTS,
} Cut;

typedef struct {
    const Script *script;
    MfuEngine *engine;
    guint at; /* the next event */
    gsize fragment;
    gboolean merges;
    GByteArray *queue; /* fed, not yet received */
    gsize deliver_at;  /* inside a deliver event */
} Run;

static const char *const code_names[] = {
    [MFU_ERROR_INVALID_ARGS] = "INVALID_ARGS",
    [MFU_ERROR_NOT_FOUND] = "NOT_FOUND",
    [MFU_ERROR_NOT_AUTHORIZED] = "NOT_AUTHORIZED",
    [MFU_ERROR_BUSY] = "BUSY",
    [MFU_ERROR_NOTHING_TO_DO] = "NOTHING_TO_DO",
    [MFU_ERROR_WRONG_PACKAGE] = "WRONG_PACKAGE",
    [MFU_ERROR_CORRUPT_PACKAGE] = "CORRUPT_PACKAGE",
    [MFU_ERROR_UNSUPPORTED] = "UNSUPPORTED",
    [MFU_ERROR_TIMED_OUT] = "TIMED_OUT",
    [MFU_ERROR_GONE] = "GONE",
    [MFU_ERROR_PROTOCOL] = "PROTOCOL",
    [MFU_ERROR_REJECTED] = "REJECTED",
    [MFU_ERROR_IO] = "IO",
    [MFU_ERROR_CANCELLED] = "CANCELLED",
    [MFU_ERROR_FLASHED_UNVERIFIED] = "FLASHED_UNVERIFIED",
    [MFU_ERROR_NEEDS_RECOVERY] = "NEEDS_RECOVERY",
};
G_STATIC_ASSERT (G_N_ELEMENTS (code_names) == MFU_ERROR_LAST);

static const char *const request_names[] = {
    [MFU_REQUEST_SEND] = "SEND",       [MFU_REQUEST_SEND_IMAGE] = "SEND_IMAGE",
    [MFU_REQUEST_RECEIVE] = "RECEIVE", [MFU_REQUEST_DELIVER] = "DELIVER",
    [MFU_REQUEST_WAIT] = "WAIT",       [MFU_REQUEST_DONE] = "DONE",
    [MFU_REQUEST_FAILED] = "FAILED",
};

static void G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN complain (const Run *run, const char *format, ...)
{
    const Event *event = run->at < run->script->events->len ? run->script->events->pdata[run->at] : NULL;
    const GError *error = mfu_engine_get_error (run->engine);
    g_autofree char *what = NULL;
    va_list args;

    va_start (args, format);
    what = g_strdup_vprintf (format, args);
    va_end (args);
    g_error ("%s:%u (fragments of %" G_GSIZE_FORMAT "%s): %s [%s]", run->script->path,
             event != NULL ? event->line : 0, run->fragment == WHOLE ? 0 : run->fragment,
             run->merges ? ", merged" : "", what, error != NULL ? error->message : "no error");
}

static const Event *
peek (const Run *run)
{
    return run->at < run->script->events->len ? run->script->events->pdata[run->at] : NULL;
}

static const Event *
take (Run *run, EventKind kind, const MfuRequest *request)
{
    const Event *event = peek (run);

    if (event == NULL || event->kind != kind) {
        g_autofree char *text = request->size > 0 && request->data != NULL
                                    ? g_strndup ((const char *) request->data, request->size)
                                    : g_strdup_printf ("%" G_GSIZE_FORMAT " bytes", request->size);

        complain (run, "the engine asks for %s: %s", request_names[request->kind], text);
    }
    run->at++;
    return event;
}

static void
do_send (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);
    gsize size;
    const guint8 *data;

    if (event != NULL && event->kind == EVENT_TIMEOUT) {
        run->at++;
        mfu_engine_timed_out (run->engine);
        return;
    }
    if (event != NULL && event->kind == EVENT_SEND) {
        data = g_bytes_get_data (event->bytes, &size);
        if (size != request->size || (size > 0 && memcmp (data, request->data, size) != 0))
            complain (run, "sent instead: %.*s", (int) request->size, (const char *) request->data);
    }
    take (run, EVENT_SEND, request);
    mfu_engine_sent (run->engine);
}

static void
do_send_image (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);
    guint64 chunk = request->chunk;
    gboolean has_zlp = FALSE;
    char **word;

    if (event != NULL && event->kind == EVENT_TIMEOUT) {
        run->at++;
        mfu_engine_timed_out (run->engine);
        return;
    }
    event = take (run, EVENT_IMAGE, request);
    g_assert_cmpuint (request->chunk, >, 0);
    for (word = event->words + 2; *word != NULL; word++) {
        if (strcmp (*word, "chunk") == 0)
            chunk = script_number (*++word);
        else if (strcmp (*word, "zlp") == 0)
            has_zlp = TRUE;
    }
    if (request->offset != script_number (event->words[0]) ||
        request->size != script_number (event->words[1]) || request->chunk != chunk ||
        request->wants_zlp != has_zlp)
        complain (run, "image %" G_GUINT64_FORMAT " %" G_GSIZE_FORMAT " chunk %" G_GSIZE_FORMAT "%s",
                  request->offset, request->size, request->chunk, request->wants_zlp ? " zlp" : "");
    mfu_engine_sent (run->engine);
}

static void
do_deliver (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);
    gsize size;
    const guint8 *data;

    if (event == NULL || event->kind != EVENT_DELIVER)
        take (run, EVENT_DELIVER, request);
    data = g_bytes_get_data (event->bytes, &size);
    if (request->size == 0 || request->size > size - run->deliver_at ||
        memcmp (data + run->deliver_at, request->data, request->size) != 0)
        complain (run, "delivered %" G_GSIZE_FORMAT " other bytes", request->size);
    run->deliver_at += request->size;
    if (run->deliver_at == size) {
        run->at++;
        run->deliver_at = 0;
    }
    mfu_engine_sent (run->engine);
}

/* In memory of its own, so that a sanitizer sees a read beyond the end. */
static void
feed (Run *run, const guint8 *data, gsize n)
{
    g_autofree guint8 *copy = g_memdup2 (data, n);

    mfu_engine_received (run->engine, copy, n);
}

static void
do_receive (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);
    gsize n;

    if (run->queue->len == 0) {
        if (event != NULL && event->kind == EVENT_TIMEOUT) {
            run->at++;
            mfu_engine_timed_out (run->engine);
            return;
        }
        if (event != NULL && event->kind == EVENT_GONE) {
            run->at++;
            mfu_engine_gone (run->engine);
            return;
        }
        take (run, EVENT_RECEIVE, request);
        do {
            g_byte_array_append (run->queue, g_bytes_get_data (event->bytes, NULL),
                                 (guint) g_bytes_get_size (event->bytes));
            event = peek (run);
        } while (run->merges && event != NULL && event->kind == EVENT_RECEIVE && ++run->at);
        if (run->queue->len == 0) {
            mfu_engine_received (run->engine, (const guint8 *) "", 0);
            return;
        }
    }
    n = MIN (MIN (run->fragment, request->size), run->queue->len);
    feed (run, run->queue->data, n);
    g_byte_array_remove_range (run->queue, 0, (guint) n);
}

/* `part` of a script: "refused erase" is anywhere in the message, "refused erase$" is where it ends. */
static gboolean
says (const char *message, const char *part)
{
    gsize length = strlen (part);
    g_autofree char *end = NULL;

    if (length == 0 || part[length - 1] != '$')
        return strstr (message, part) != NULL;
    end = g_strndup (part, length - 1);
    return g_str_has_suffix (message, end);
}

static void
check_end (Run *run, const MfuRequest *request, const Event *event)
{
    gboolean is_done = strcmp (event->words[0], "done") == 0;
    const GError *error = mfu_engine_get_error (run->engine);

    if (is_done != (request->kind == MFU_REQUEST_DONE))
        complain (run, "ended in %s", request_names[request->kind]);
    g_assert_true (is_done == (error == NULL));
    if (is_done)
        return;
    g_assert_true (error->domain == MFU_ERROR);
    if (strcmp (code_names[error->code], event->words[1]) != 0 ||
        (event->words[2] != NULL && !says (error->message, event->words[2])))
        complain (run, "failed with %s", code_names[error->code]);
}

/* TRUE: the script goes on. */
static gboolean
do_end (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);

    if (event == NULL || (event->kind != EVENT_EXPECT && event->kind != EVENT_GONE))
        take (run, EVENT_EXPECT, request);
    if (event->kind == EVENT_GONE)
        mfu_engine_gone (run->engine);
    else
        check_end (run, request, event);
    run->at++;
    while ((event = peek (run)) != NULL && (event->kind == EVENT_CHECK || event->kind == EVENT_BEGIN)) {
        run->at++;
        if (event->kind == EVENT_CHECK) {
            adapter_check (run->script, run->engine, event->words);
            continue;
        }
        adapter_begin (run->script, run->engine, event->words);
        return TRUE;
    }
    return event != NULL;
}

static void
check_within (Run *run, const MfuRequest *request)
{
    const Event *event = peek (run);

    if (event == NULL || event->kind != EVENT_WITHIN || run->queue->len > 0)
        return;
    if (request->timeout_ms != script_number (event->words[0]))
        complain (run, "%s has a timeout of %u ms", request_names[request->kind], request->timeout_ms);
    run->at++;
}

/* Answers the pending request after the script. FALSE: the script is over. */
static gboolean
step (Run *run)
{
    MfuRequest request;
    MfuRequest again;
    const Event *event;

    mfu_engine_next (run->engine, &request);
    mfu_engine_next (run->engine, &again);
    g_assert_true (request.kind == again.kind && request.data == again.data && request.size == again.size);
    check_within (run, &request);
    event = peek (run);
    if (event != NULL && event->kind == EVENT_GONE && request.kind != MFU_REQUEST_RECEIVE &&
        request.kind != MFU_REQUEST_DONE && request.kind != MFU_REQUEST_FAILED) {
        run->at++;
        mfu_engine_gone (run->engine);
        return TRUE;
    }
    switch (request.kind) {
    case MFU_REQUEST_SEND:
        do_send (run, &request);
        return TRUE;
    case MFU_REQUEST_SEND_IMAGE:
        do_send_image (run, &request);
        return TRUE;
    case MFU_REQUEST_RECEIVE:
        g_assert_cmpuint (request.size, >, 0);
        g_assert_cmpuint (request.timeout_ms, >, 0);
        do_receive (run, &request);
        return TRUE;
    case MFU_REQUEST_DELIVER:
        do_deliver (run, &request);
        return TRUE;
    case MFU_REQUEST_WAIT:
        mfu_engine_sent (run->engine);
        return TRUE;
    case MFU_REQUEST_DONE:
    case MFU_REQUEST_FAILED:
        break;
    }
    return do_end (run, &request);
}

static void
run_init (Run *run, const Script *script, gsize fragment, gboolean merges)
{
    *run = (Run){ .script = script, .fragment = fragment, .merges = merges };
    run->engine = adapter_new (script);
    run->queue = g_byte_array_new ();
}

static void
run_clear (Run *run)
{
    mfu_engine_free (run->engine);
    g_byte_array_unref (run->queue);
}

static void
run_whole (const Script *script, gsize fragment, gboolean merges)
{
    Run run;
    guint n = 0;

    run_init (&run, script, fragment, merges);
    while (step (&run))
        g_assert_cmpuint (++n, <, MAX_REQUESTS);
    if (fragment == WHOLE && run.queue->len > 0)
        complain (&run, "%u bytes were never received", run.queue->len);
    run_clear (&run);
}

static gboolean
is_over (MfuEngine *engine, MfuRequest *request)
{
    mfu_engine_next (engine, request);
    return request->kind == MFU_REQUEST_DONE || request->kind == MFU_REQUEST_FAILED;
}

static void
make_noise (Cut cut, GRand *random, guint8 *noise, gsize size)
{
    for (gsize i = 0; i < size; i++)
        noise[i] = cut == CUT_NOISE_FF ? 0xff : cut == CUT_NOISE_TAG ? '<' : (guint8) g_rand_int (random);
}

/* Everything that is sent arrives, everything that is awaited does not, or is noise for a while. */
static void
run_out (Run *run, Cut cut)
{
    g_autoptr (GRand) random = g_rand_new_with_seed (run->at);
    MfuRequest request;
    guint64 waited_ms = 0;
    guint noises = cut >= CUT_NOISE_FF ? MAX_NOISE : 0;
    guint n = 0;

    if (cut == CUT_GONE)
        mfu_engine_gone (run->engine);
    while (!is_over (run->engine, &request)) {
        guint8 noise[64];

        if (cut == CUT_GONE)
            complain (run, "does not end when the device is gone");
        if (++n > MAX_SILENT_REQUESTS || waited_ms > MAX_SILENT_MS)
            complain (run, "does not end after %u requests and %" G_GUINT64_FORMAT " ms", n, waited_ms);
        if (request.kind != MFU_REQUEST_RECEIVE) {
            mfu_engine_sent (run->engine);
        } else if (noises > 0) {
            noises--;
            make_noise (cut, random, noise, MIN (sizeof noise, request.size));
            feed (run, noise, MIN (sizeof noise, request.size));
        } else {
            waited_ms += request.timeout_ms;
            mfu_engine_timed_out (run->engine);
        }
    }
    g_assert_true ((request.kind == MFU_REQUEST_FAILED) == (mfu_engine_get_error (run->engine) != NULL));
}

static void
run_cut (const Script *script, guint at, Cut cut)
{
    Run run;

    run_init (&run, script, WHOLE, FALSE);
    while (run.at < at && step (&run))
        ;
    run_out (&run, cut);
    run_clear (&run);
}

static void
test_whole (gconstpointer data)
{
    run_whole (data, WHOLE, FALSE);
}

static void
test_fragments (gconstpointer data)
{
    static const gsize sizes[] = { 1, 2, 3, 4, 5, 7, 8, 11, 16, 19, 31, 47, 64 };

    for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
        run_whole (data, sizes[i], FALSE);
}

static void
test_merged (gconstpointer data)
{
    run_whole (data, WHOLE, TRUE);
}

static void
test_cuts (gconstpointer data)
{
    const Script *script = data;

    for (guint at = 0; at <= script->events->len; at++)
        for (Cut cut = CUT_SILENCE; cut < N_CUTS; cut++)
            run_cut (script, at, cut);
}

static void
add (const Script *script, const char *way, GTestDataFunc function)
{
    g_autofree char *path = g_strdup_printf ("/%s/%s/%s", script_get (script, "engine"), script->name, way);

    g_test_add_data_func (path, script, function);
}

static void
add_script (GPtrArray *scripts, const char *path)
{
    Script *script = script_load (path);

    g_ptr_array_add (scripts, script);
    add (script, "whole", test_whole);
    if (script_get (script, "whole-only") == NULL) {
        add (script, "fragments", test_fragments);
        add (script, "merged", test_merged);
    }
    add (script, "cuts", test_cuts);
}

static int
compare (gconstpointer a, gconstpointer b)
{
    return strcmp (*(char *const *) a, *(char *const *) b);
}

int
main (int argc, char **argv)
{
    g_autoptr (GPtrArray) scripts = g_ptr_array_new_with_free_func ((GDestroyNotify) script_free);
    g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
    g_autoptr (GDir) dir = NULL;
    const char *name;
    int status;

    g_test_init (&argc, &argv, NULL);
    if (argc != 2 || (dir = g_dir_open (argv[1], 0, NULL)) == NULL)
        g_error ("usage: conv FOLDER");
    while ((name = g_dir_read_name (dir)) != NULL)
        if (g_str_has_suffix (name, ".script"))
            g_ptr_array_add (names, g_build_filename (argv[1], name, NULL));
    g_ptr_array_sort (names, compare);
    for (guint i = 0; i < names->len; i++)
        add_script (scripts, names->pdata[i]);
    g_assert_cmpuint (scripts->len, >, 0);
    status = g_test_run ();
    return status;
}
