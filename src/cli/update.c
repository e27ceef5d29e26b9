/* SPDX-License-Identifier: GPL-2.0-or-later */

/* client                                 service
 *   find the modem
 *   Update (package, start) ------------->  job, or InProgress
 *   InProgress: same package? attach, else refuse
 *   follow until "ready" <--------------   Plan
 *   ask on a terminal; Start ------------>
 *   follow to the end <------------------   done ...
 *
 * Without a terminal nobody can be asked: the update starts at once.
 */

#include "cli/update.h"

#include "config.h"

#include "cli/agent.h"
#include "cli/client.h"
#include "cli/follow.h"
#include "cli/outcome.h"
#include "cli/package-file.h"
#include "package/package.h"
#include "util/error.h"

#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
    const MfuArguments *arguments;
    MfuUpdateKind kind;
    MfuTerminal *terminal;
    MfuClient *client;
    MfuAgent *agent;
    MfuTarget *target;
    int package_fd;
    char *package_name;
    gboolean asks;
    char *job;
    char *subject, *how_to_look;
} Update;

static void
update_clear (Update *update)
{
    g_clear_pointer (&update->target, mfu_target_free);
    g_clear_pointer (&update->agent, mfu_agent_free);
    g_clear_pointer (&update->client, mfu_client_free);
    g_clear_pointer (&update->terminal, mfu_terminal_free);
    if (update->package_fd >= 0)
        close (update->package_fd);
    g_free (update->package_name);
    g_free (update->job);
    g_free (update->subject);
    g_free (update->how_to_look);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Update, update_clear)

/* What only has a meaning where a package is brought. */
static void
add_package_options (const Update *update, GVariantBuilder *options)
{
    if (update->kind == MFU_UPDATE_RECOVER)
        g_variant_builder_add (options, "{sv}", "recover", g_variant_new_boolean (TRUE));
    if (update->arguments->keeps_package && update->kind != MFU_UPDATE_ONLY_CHECK)
        g_variant_builder_add (options, "{sv}", "keep-package", g_variant_new_boolean (TRUE));
}

static GVariant *
options_of (const Update *update)
{
    const MfuArguments *arguments = update->arguments;
    gboolean starts = !update->asks && update->kind != MFU_UPDATE_ONLY_CHECK;
    GVariantBuilder options;

    g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
    if (update->package_fd >= 0)
        g_variant_builder_add (&options, "{sv}", "name",
                               g_variant_new_take_string (g_utf8_make_valid (update->package_name, -1)));
    g_variant_builder_add (&options, "{sv}", "start", g_variant_new_boolean (starts));
    if (arguments->allow != NULL)
        g_variant_builder_add (&options, "{sv}", "allow",
                               g_variant_new_strv ((const char *const *) arguments->allow, -1));
    if (arguments->method != NULL)
        g_variant_builder_add (&options, "{sv}", "method", g_variant_new_string (arguments->method));
    if (update->package_fd >= 0)
        add_package_options (update, &options);
    return g_variant_builder_end (&options);
}

/* Without a package it is the interrupted job that is meant, whoever took it up. */
static gboolean
check_same (Update *update, const MfuJobView *view, GError **error)
{
    g_autofree char *fingerprint = NULL;

    if (update->package_fd < 0)
        return TRUE;
    fingerprint = mfu_package_fingerprint (update->package_fd, update->package_name, error);
    if (fingerprint == NULL)
        return FALSE;
    if (g_str_equal (fingerprint, view->fingerprint))
        return TRUE;
    g_set_error (error, MFU_ERROR, MFU_ERROR_BUSY, _ ("%s is being updated with another package, %s"),
                 update->subject, view->package_name);
    return FALSE;
}

/* The modem has a job already: ours if it writes the same package. */
static gboolean
attach (Update *update, char *busy_job, const GError *busy, GError **error)
{
    g_autofree char *path = busy_job;
    g_autoptr (MfuJobView) view = NULL;

    if (path == NULL || path[0] == '\0' || update->kind == MFU_UPDATE_ONLY_CHECK) {
        g_propagate_error (error, g_error_copy (busy));
        return FALSE;
    }
    view = mfu_client_get_job (update->client, path, error);
    if (view == NULL || !check_same (update, view, error))
        return FALSE;
    mfu_terminal_say (update->terminal, _ ("This update runs already; joining it."));
    update->job = g_steal_pointer (&path);
    return TRUE;
}

static gboolean
prepare (Update *update, GError **error)
{
    const MfuArguments *arguments = update->arguments;

    if (arguments->package != NULL) {
        update->package_fd = mfu_package_file_open (arguments->package, &update->package_name, error);
        if (update->package_fd < 0)
            return FALSE;
    }
    update->client = mfu_client_new (arguments->session_bus, arguments->timeout_s, error);
    if (update->client == NULL)
        return FALSE;
    update->agent = mfu_agent_new ();
    update->target =
        mfu_client_find (update->client, arguments->modem, arguments->port,
                         update->kind == MFU_UPDATE_RECOVER ? MFU_FIND_STUCK : MFU_FIND_ANY, error);
    if (update->target == NULL)
        return FALSE;
    update->subject =
        mfu_client_subject (update->target->modem, update->target->port, update->target->device);
    update->how_to_look = mfu_arguments_command (arguments, "status");
    update->asks =
        update->kind != MFU_UPDATE_ONLY_CHECK && !arguments->yes && mfu_terminal_can_ask (update->terminal);
    return TRUE;
}

static gboolean
submit (Update *update, GError **error)
{
    g_autoptr (GError) local = NULL;
    char *busy_job = NULL;

    mfu_agent_ensure (update->agent);
    if (update->package_fd >= 0)
        update->job = mfu_client_update (update->client, update->target, update->package_fd,
                                         options_of (update), &busy_job, &local);
    else
        update->job =
            mfu_client_resume (update->client, update->target, options_of (update), &busy_job, &local);
    if (update->job != NULL)
        return TRUE;
    if (g_error_matches (local, MFU_ERROR, MFU_ERROR_BUSY))
        return attach (update, busy_job, local, error);
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
}

static int
print_plan (const Update *update, const MfuJobView *view)
{
    g_autoptr (MfuReport) report = NULL;

    if (update->arguments->output == MFU_OUTPUT_HUMAN) {
        g_print ("%s%s", view->plan_text, g_str_has_suffix (view->plan_text, "\n") ? "" : "\n");
        fflush (stdout);
        return 0;
    }
    report = mfu_report_new ();
    mfu_job_view_report_plan (view, report);
    return mfu_outcome_report (update->arguments, report);
}

static const char *
advice_for (const GError *error)
{
    if (g_error_matches (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS) ||
        g_error_matches (error, MFU_ERROR, MFU_ERROR_NOT_FOUND))
        return _ ("\"mm-firmware list\" shows the modems that can be updated");
    return NULL;
}

static gboolean
watch_job (Update *update, MfuJobView **view, GError **error)
{
    MfuWatchConfig config = {
        .terminal = update->terminal,
        .subject = update->subject,
        .how_to_look = update->how_to_look,
        .asks = update->asks,
        .starts = !update->asks && update->kind != MFU_UPDATE_ONLY_CHECK,
        .only_checks = update->kind == MFU_UPDATE_ONLY_CHECK,
    };

    return mfu_follow (update->client, update->agent, update->job, &config, view, error);
}

int
mfu_update_run (const MfuArguments *arguments, MfuUpdateKind kind)
{
    g_auto (Update) update = { .arguments = arguments, .kind = kind, .package_fd = -1 };
    g_autoptr (MfuJobView) view = NULL;
    g_autoptr (GError) error = NULL;

    update.terminal = mfu_terminal_new (arguments->output != MFU_OUTPUT_HUMAN);
    if (!prepare (&update, &error) || !submit (&update, &error) || !watch_job (&update, &view, &error))
        return mfu_outcome_error (update.terminal, error, advice_for (error));
    if (kind == MFU_UPDATE_ONLY_CHECK && view->state == MFU_VIEW_READY)
        return print_plan (&update, view);
    return mfu_outcome_print (arguments, update.terminal, view, update.subject);
}
