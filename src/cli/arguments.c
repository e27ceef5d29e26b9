/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Both spellings fill the same structure; GOption does the reading. */

#include "cli/arguments.h"

#include "config.h"

#include "util/error.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The first argument that the front puts in when it hands a command line over. */
#define AS_MMCLI "--as-mmcli"

/* What needs no quotes in a shell. */
#define PLAIN_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._:-+"

typedef struct {
    char *modem, *port, *method, *devices_dir, *state_dir;
    char **allow, **rest;
    int timeout;
    const MfuVerb *verbs;
    const MfuVerb *lone; /* whose package may be absent, and was called for */
    char *lone_package;  /* NULL: absent */
    gboolean keeps, yes, keyvalue, json, verbose, version, async, session;
} Options;

static void
options_clear (Options *options)
{
    g_free (options->modem);
    g_free (options->port);
    g_free (options->method);
    g_free (options->devices_dir);
    g_free (options->state_dir);
    g_free (options->lone_package);
    g_strfreev (options->allow);
    g_strfreev (options->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

void
mfu_arguments_free (MfuArguments *arguments)
{
    g_free (arguments->package);
    g_free (arguments->modem);
    g_free (arguments->port);
    g_strfreev (arguments->allow);
    g_free (arguments->method);
    g_free (arguments->devices_dir);
    g_free (arguments->state_dir);
    g_free (arguments);
}

/* "a,b" and repeated options are the same. */
static char **
split_allow (char **values)
{
    g_autoptr (GStrvBuilder) all = g_strv_builder_new ();

    for (guint i = 0; values != NULL && values[i] != NULL; i++) {
        g_auto (GStrv) parts = g_strsplit (values[i], ",", -1);

        for (guint j = 0; parts[j] != NULL; j++) {
            if (*g_strstrip (parts[j]) != '\0')
                g_strv_builder_add (all, parts[j]);
        }
    }
    return g_strv_builder_end (all);
}

static gboolean
take_options (MfuArguments *arguments, Options *options, GError **error)
{
    if (options->keyvalue && options->json) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("only one output type supported at the same time"));
        return FALSE;
    }
    if (options->verbose && (options->keyvalue || options->json)) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("verbose output does not go together with -J or -K"));
        return FALSE;
    }
#ifndef HAVE_JSON
    if (options->json) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_UNSUPPORTED, _ ("built without JSON; there is -K"));
        return FALSE;
    }
#endif
    if (options->modem != NULL && options->port != NULL) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("name the modem or its port, not both"));
        return FALSE;
    }
    if (options->timeout < 0) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("the timeout is negative"));
        return FALSE;
    }
    arguments->allow = options->allow != NULL ? split_allow (options->allow) : NULL;
    arguments->modem = g_steal_pointer (&options->modem);
    arguments->port = g_steal_pointer (&options->port);
    arguments->method = g_steal_pointer (&options->method);
    arguments->devices_dir = g_steal_pointer (&options->devices_dir);
    arguments->state_dir = g_steal_pointer (&options->state_dir);
    arguments->keeps_package = options->keeps;
    arguments->yes = options->yes;
    arguments->timeout_s = options->timeout;
    arguments->verbose = options->verbose;
    arguments->session_bus = options->session;
    if (options->json)
        arguments->output = MFU_OUTPUT_JSON;
    else if (options->keyvalue)
        arguments->output = MFU_OUTPUT_KEYVALUE;
    return TRUE;
}

/* GOption's errors become ours, so that the exit code is that of a wrong call. */
static gboolean
parse (GOptionContext *context, int *argc, char ***argv, GError **error)
{
    g_autoptr (GError) local = NULL;

    if (g_option_context_parse (context, argc, argv, &local))
        return TRUE;
    g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, local->message);
    return FALSE;
}

static gboolean
choose_action (MfuArguments *arguments, const MfuVerb *verb, const char *package, GError **error)
{
    if (arguments->verb != NULL) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("only one firmware update action at a time"));
        return FALSE;
    }
    arguments->verb = verb;
    arguments->package = g_strdup (package);
    return TRUE;
}

/* "--firmware-recover" with a package, or without one. */
static gboolean
take_lone (const char *name, const char *value, gpointer data, GError **error)
{
    Options *options = data;

    for (const MfuVerb *verb = options->verbs; verb->name != NULL; verb++)
        if (verb->option != NULL && g_str_equal (verb->option, name + strlen ("--")))
            options->lone = verb;
    g_free (options->lone_package);
    options->lone_package = g_strdup (value);
    return TRUE;
}

static GOptionEntry
verb_entry (const MfuVerb *verb, char **package, gboolean *flag)
{
    GOptionEntry entry = { verb->option, 0, 0, G_OPTION_ARG_NONE, flag, NULL, NULL };

    if (verb->may_lack_package) {
        entry.flags = G_OPTION_FLAG_OPTIONAL_ARG | G_OPTION_FLAG_FILENAME;
        entry.arg = G_OPTION_ARG_CALLBACK;
        entry.arg_data = (gpointer) take_lone;
    } else if (verb->wants_package) {
        entry.arg = G_OPTION_ARG_FILENAME;
        entry.arg_data = package;
    }
    return entry;
}

static GOptionEntry *
mmcli_entries (const MfuVerb *verbs, guint n_verbs, Options *options, char **packages, gboolean *flags)
{
    const GOptionEntry fixed[] = {
        { "firmware-update-port", 0, 0, G_OPTION_ARG_STRING, &options->port, NULL, NULL },
        { "firmware-update-allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->allow, NULL, NULL },
        { "firmware-update-method", 0, 0, G_OPTION_ARG_STRING, &options->method, NULL, NULL },
        { "firmware-update-keep-package", 0, 0, G_OPTION_ARG_NONE, &options->keeps, NULL, NULL },
        { "firmware-update-yes", 0, 0, G_OPTION_ARG_NONE, &options->yes, NULL, NULL },
        { "modem", 'm', 0, G_OPTION_ARG_STRING, &options->modem, NULL, NULL },
        { "output-keyvalue", 'K', 0, G_OPTION_ARG_NONE, &options->keyvalue, NULL, NULL },
        { "output-json", 'J', 0, G_OPTION_ARG_NONE, &options->json, NULL, NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, NULL, NULL },
        { "async", 'a', 0, G_OPTION_ARG_NONE, &options->async, NULL, NULL },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &options->timeout, NULL, NULL },
        { "test-session", 0, 0, G_OPTION_ARG_NONE, &options->session, NULL, NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL },
    };
    GOptionEntry *entries = g_new0 (GOptionEntry, G_N_ELEMENTS (fixed) + n_verbs + 1);
    guint n = 0;

    for (guint i = 0; i < n_verbs; i++) {
        if (verbs[i].option != NULL)
            entries[n++] = verb_entry (&verbs[i], &packages[i], &flags[i]);
    }
    memcpy (entries + n, fixed, sizeof fixed);
    return entries;
}

/* mmcli's spelling: every verb is an option. Help never comes here, the front sends it to the real mmcli. */
static gboolean
parse_mmcli (MfuArguments *arguments, const MfuVerb *verbs, int argc, char **argv, GError **error)
{
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_auto (Options) options = { 0 };
    g_autofree GOptionEntry *entries = NULL;
    g_autofree gboolean *flags = NULL;
    g_auto (GStrv) packages = NULL;
    GOptionGroup *group;
    guint n_verbs = 0;

    while (verbs[n_verbs].name != NULL)
        n_verbs++;
    flags = g_new0 (gboolean, n_verbs);
    packages = g_new0 (char *, n_verbs + 1);
    entries = mmcli_entries (verbs, n_verbs, &options, packages, flags);
    options.verbs = verbs;
    group = g_option_group_new ("main", "", "", &options, NULL);
    g_option_group_add_entries (group, entries);
    g_option_context_set_help_enabled (context, FALSE);
    g_option_context_set_main_group (context, group);
    if (!parse (context, &argc, &argv, error)) {
        g_prefix_error (error, "%s", _ ("not a call of firmware update: "));
        return FALSE;
    }

    for (guint i = 0; i < n_verbs; i++) {
        g_autofree char *package = g_steal_pointer (&packages[i]);

        if ((flags[i] || package != NULL) && !choose_action (arguments, &verbs[i], package, error))
            return FALSE;
    }
    if (options.lone != NULL && !choose_action (arguments, options.lone, options.lone_package, error))
        return FALSE;
    if (arguments->verb == NULL) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("no actions specified"));
        return FALSE;
    }
    if (options.rest != NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("unexpected argument \"%s\""),
                     options.rest[0]);
        return FALSE;
    }
    return take_options (arguments, &options, error);
}

static char *
describe_verbs (const MfuVerb *verbs)
{
    GString *text = g_string_new (_ ("Verbs:"));

    for (guint i = 0; verbs[i].name != NULL; i++) {
        const char *package = verbs[i].may_lack_package ? _ ("[PACKAGE]") : _ ("PACKAGE");
        g_autofree char *usage = g_strconcat (verbs[i].name, verbs[i].wants_package ? " " : "",
                                              verbs[i].wants_package ? package : "", NULL);

        g_string_append_printf (text, "\n  %-26s %s", usage, _ (verbs[i].summary));
    }
    return g_string_free (text, FALSE);
}

static void
add_verb_entries (GOptionContext *context, Options *options)
{
    const GOptionEntry entries[] = {
        { "modem", 'm', 0, G_OPTION_ARG_STRING, &options->modem,
          N_ ("The modem: index, object path, uid, or any"), N_ ("MODEM") },
        { "port", 'p', 0, G_OPTION_ARG_STRING, &options->port, N_ ("The modem by its USB port, as 1-2"),
          N_ ("PORT") },
        { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->allow,
          N_ ("Lift refusals by their names, as downgrade,reinstall"), N_ ("REFUSAL,...") },
        { "method", 0, 0, G_OPTION_ARG_STRING, &options->method,
          N_ ("Use this one (firehose, fastboot, dload, streaming)"), N_ ("METHOD") },
        { "keep-package", 0, 0, G_OPTION_ARG_NONE, &options->keeps,
          N_ ("Keep a copy of the package until the modem runs, for recover without it"), NULL },
        { "yes", 'y', 0, G_OPTION_ARG_NONE, &options->yes, N_ ("Do not ask before the update"), NULL },
        { "output-keyvalue", 'K', 0, G_OPTION_ARG_NONE, &options->keyvalue, N_ ("Print keys and values"),
          NULL },
        { "output-json", 'J', 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print JSON"), NULL },
        { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, N_ ("Print what is done, in detail"),
          NULL },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &options->timeout,
          N_ ("Longest wait for an answer of the service"), N_ ("SECONDS") },
        { "devices-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->devices_dir,
          N_ ("rescue: folder of the descriptions of modems"), N_ ("FOLDER") },
        { "state-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->state_dir, N_ ("rescue: folder of the journal"),
          N_ ("FOLDER") },
        { "session", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options->session, NULL, NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, N_ ("Print the version"), NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL,
          N_ ("VERB [PACKAGE]") },
        { NULL },
    };

    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static gboolean
take_verb (MfuArguments *arguments, const MfuVerb *verbs, char **words, GError **error)
{
    guint n = words != NULL ? g_strv_length (words) : 0;
    const MfuVerb *verb = verbs;

    if (n == 0) {
        g_set_error_literal (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                             _ ("no verb given; mm-firmware --help lists them"));
        return FALSE;
    }
    while (verb->name != NULL && !g_str_equal (verb->name, words[0]))
        verb++;
    if (verb->name == NULL) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                     _ ("\"%s\" is no verb; mm-firmware --help lists them"), words[0]);
        return FALSE;
    }
    if (verb->wants_package && !verb->may_lack_package && n < 2) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("%s wants a package"), verb->name);
        return FALSE;
    }
    if (n > (verb->wants_package ? 2u : 1u)) {
        g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS, _ ("unexpected argument \"%s\""),
                     words[n - 1]);
        return FALSE;
    }
    return choose_action (arguments, verb, n > 1 ? words[1] : NULL, error);
}

/* TRUE without a verb: help or version was printed. */
static gboolean
parse_verb (MfuArguments *arguments, const MfuVerb *verbs, int argc, char **argv, GError **error)
{
    g_autoptr (GOptionContext) context = g_option_context_new (NULL);
    g_autofree char *summary = describe_verbs (verbs);
    g_auto (Options) options = { 0 };

    g_option_context_set_summary (context, summary);
    add_verb_entries (context, &options);
    if (!parse (context, &argc, &argv, error))
        return FALSE;
    if (options.version) {
        g_print ("mm-firmware %s\n", MFU_VERSION);
        return TRUE;
    }
    return take_verb (arguments, verbs, options.rest, error) && take_options (arguments, &options, error);
}

MfuArguments *
mfu_arguments_parse (const MfuVerb *verbs, int argc, char **argv, GError **error)
{
    g_autoptr (MfuArguments) arguments = g_new0 (MfuArguments, 1);
    g_autofree char **rest = NULL;
    gboolean ok;

    arguments->is_mmcli = argc > 1 && g_str_equal (argv[1], AS_MMCLI);
    if (arguments->is_mmcli) {
        rest = g_new0 (char *, argc);
        rest[0] = argv[0];
        for (int i = 2; i < argc; i++)
            rest[i - 1] = argv[i];
        ok = parse_mmcli (arguments, verbs, argc - 1, rest, error);
    } else {
        ok = parse_verb (arguments, verbs, argc, argv, error);
    }
    return ok && arguments->verb != NULL ? g_steal_pointer (&arguments) : NULL;
}

static char *
quote_if_needed (const char *word)
{
    gsize n = word != NULL ? strspn (word, PLAIN_CHARACTERS) : 0;

    if (word == NULL)
        return g_strdup ("");
    return word[0] != '\0' && word[n] == '\0' ? g_strdup (word) : g_shell_quote (word);
}

char *
mfu_arguments_command (const MfuArguments *arguments, const char *verb)
{
    const char *where = arguments->modem != NULL ? arguments->modem : arguments->port;
    g_autofree char *quoted = quote_if_needed (where);
    const char *option = where == NULL ? "" : arguments->modem != NULL ? " -m " : NULL;

    if (!arguments->is_mmcli)
        return g_strconcat ("mm-firmware ", verb, option != NULL ? option : " --port ", quoted, NULL);
    return g_strconcat ("mmcli", option != NULL ? option : " --firmware-update-port=", quoted,
                        " --firmware-update-", verb, NULL);
}
