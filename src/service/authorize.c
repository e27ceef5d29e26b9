/* SPDX-License-Identifier: GPL-2.0-or-later */

/* One check is a row of questions, each asynchronous, the first "no" ends it:
 *
 *   who owns ModemManager's name?      only where the sender speaks for somebody else
 *   which user is the sender?          the same
 *   which user is the caller?          root is allowed from here, as polkit would say too
 *   polkit, may this bus name?         may take minutes: a password is asked for
 *
 * Where polkit is not built in or does not run, root is the only one. The subject is always a bus name, never
 * a process id: those are used again. */

#include "service/authorize.h"

#include "config.h"

#include "util/error.h"

#include <ModemManager.h>
#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>
#ifdef HAVE_POLKIT
#include <polkit/polkit.h>
#endif

#define BUS_NAME      "org.freedesktop.DBus"
#define BUS_PATH      "/org/freedesktop/DBus"
#define POLKIT_ACTION MFU_DBUS_PREFIX ".FirmwareUpdate"

/* Open password dialogs of one user, so that nobody fills the service with them. */
#define MAX_QUESTIONS_PER_USER 4

#define BUS_TIMEOUT_MS 10000

struct _MfuAuthorizer {
    grefcount ref_count;
    GDBusConnection *connection;
    GHashTable *questions; /* uid -> number of open polkit questions */
};

typedef struct {
    MfuAuthorizer *authorizer;
    char *sender;
    char *caller;
    uid_t uid;
    guint step;
    gboolean is_counted;
} Check;

static void next_question (GTask *task);

static void
authorizer_unref (MfuAuthorizer *authorizer)
{
    if (!g_ref_count_dec (&authorizer->ref_count))
        return;
    g_object_unref (authorizer->connection);
    g_hash_table_unref (authorizer->questions);
    g_free (authorizer);
}

/* Adds `by` to the number of open questions of `uid`; returns the new number. */
static guint
count_question (MfuAuthorizer *authorizer, uid_t uid, int by)
{
    gpointer key = GUINT_TO_POINTER (uid);
    int n = GPOINTER_TO_INT (g_hash_table_lookup (authorizer->questions, key)) + by;

    if (n > 0)
        g_hash_table_insert (authorizer->questions, key, GINT_TO_POINTER (n));
    else
        g_hash_table_remove (authorizer->questions, key);
    return (guint) MAX (n, 0);
}

static void
check_free (Check *check)
{
    if (check->is_counted)
        count_question (check->authorizer, check->uid, -1);
    authorizer_unref (check->authorizer);
    g_free (check->sender);
    g_free (check->caller);
    g_free (check);
}

static void
refuse (GTask *task, const char *why)
{
    g_task_return_new_error (task, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED, "%s", why);
    g_object_unref (task);
}

static void
allow (GTask *task)
{
    g_task_return_boolean (task, TRUE);
    g_object_unref (task);
}

static void
ask_bus (GTask *task, const char *method, const char *name, const char *reply_type,
         GAsyncReadyCallback callback)
{
    Check *check = g_task_get_task_data (task);

    g_dbus_connection_call (check->authorizer->connection, BUS_NAME, BUS_PATH, BUS_NAME, method,
                            g_variant_new ("(s)", name), G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE,
                            BUS_TIMEOUT_MS, NULL, callback, task);
}

static GVariant *
bus_answer (GObject *source, GAsyncResult *result)
{
    /* Ignored because any failure means the same: nothing is known of this name, so it may nothing. */
    return g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);
}

static void
on_owner (GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    Check *check = g_task_get_task_data (task);
    g_autoptr (GVariant) reply = bus_answer (source, result);
    const char *owner = NULL;

    if (reply != NULL)
        g_variant_get (reply, "(&s)", &owner);
    if (g_strcmp0 (owner, check->sender) == 0)
        next_question (task);
    else
        refuse (task, _ ("Only ModemManager may call for somebody else or tell a modem's version."));
}

static void
ask_owner (GTask *task)
{
    ask_bus (task, "GetNameOwner", MM_DBUS_SERVICE, "(s)", on_owner);
}

static void
on_sender_uid (GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    g_autoptr (GVariant) reply = bus_answer (source, result);
    guint32 uid = G_MAXUINT32;

    if (reply != NULL)
        g_variant_get (reply, "(u)", &uid);
    if (uid == 0)
        next_question (task);
    else
        refuse (task, _ ("ModemManager does not run as root and may not call for somebody else."));
}

static void
ask_sender_uid (GTask *task)
{
    Check *check = g_task_get_task_data (task);

    ask_bus (task, "GetConnectionUnixUser", check->sender, "(u)", on_sender_uid);
}

static void
on_caller_uid (GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    Check *check = g_task_get_task_data (task);
    g_autoptr (GVariant) reply = bus_answer (source, result);
    guint32 uid = G_MAXUINT32;

    if (reply == NULL) {
        refuse (task, _ ("The caller has left the bus."));
        return;
    }
    g_variant_get (reply, "(u)", &uid);
    check->uid = uid;
    if (uid == 0)
        allow (task);
    else
        next_question (task);
}

static void
ask_caller_uid (GTask *task)
{
    Check *check = g_task_get_task_data (task);

    ask_bus (task, "GetConnectionUnixUser", check->caller, "(u)", on_caller_uid);
}

static void
refuse_without_polkit (GTask *task, const char *why)
{
    g_task_return_new_error (task, MFU_ERROR, MFU_ERROR_NOT_AUTHORIZED,
                             _ ("Only root may update firmware here: %s."), why);
    g_object_unref (task);
}

#ifdef HAVE_POLKIT
static void
on_polkit_answer (GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    g_autoptr (GError) local = NULL;
    g_autoptr (PolkitAuthorizationResult) answer =
        polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), result, &local);

    if (answer == NULL) {
        g_dbus_error_strip_remote_error (local);
        refuse_without_polkit (task, local->message);
    } else if (polkit_authorization_result_get_is_authorized (answer)) {
        allow (task);
    } else if (polkit_authorization_result_get_is_challenge (answer)) {
        refuse (task, _ ("Updating firmware needs a password, and nothing here can ask for it: run this as "
                         "root, or under an authentication agent."));
    } else {
        refuse (task, _ ("You are not allowed to update firmware."));
    }
}

static void
on_polkit (GObject *source, GAsyncResult *result, gpointer user_data)
{
    GTask *task = user_data;
    Check *check = g_task_get_task_data (task);
    g_autoptr (GError) local = NULL;
    g_autoptr (PolkitAuthority) authority = polkit_authority_get_finish (result, &local);
    g_autoptr (PolkitSubject) subject = NULL;

    if (authority == NULL) {
        g_dbus_error_strip_remote_error (local);
        refuse_without_polkit (task, local->message);
        return;
    }
    subject = polkit_system_bus_name_new (check->caller);
    polkit_authority_check_authorization (authority, subject, POLKIT_ACTION, NULL,
                                          POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION, NULL,
                                          on_polkit_answer, task);
}
#endif

static void
ask_polkit (GTask *task)
{
    Check *check = g_task_get_task_data (task);

    check->is_counted = TRUE;
    if (count_question (check->authorizer, check->uid, 1) > MAX_QUESTIONS_PER_USER) {
        g_task_return_new_error (task, MFU_ERROR, MFU_ERROR_BUSY, "%s",
                                 _ ("Answer the open questions for a password first."));
        g_object_unref (task);
        return;
    }
#ifdef HAVE_POLKIT
    polkit_authority_get_async (NULL, on_polkit, task);
#else
    refuse_without_polkit (task, _ ("this build does not ask polkit"));
#endif
}

static void (*const questions[]) (GTask *task) = { ask_owner, ask_sender_uid, ask_caller_uid, ask_polkit };

#define FIRST_QUESTION_ABOUT_CALLER 2

static void
next_question (GTask *task)
{
    Check *check = g_task_get_task_data (task);

    questions[check->step++](task);
}

MfuAuthorizer *
mfu_authorizer_new (GDBusConnection *connection)
{
    MfuAuthorizer *authorizer = g_new0 (MfuAuthorizer, 1);

    g_ref_count_init (&authorizer->ref_count);
    authorizer->connection = g_object_ref (connection);
    authorizer->questions = g_hash_table_new (NULL, NULL);
    return authorizer;
}

void
mfu_authorizer_free (MfuAuthorizer *authorizer)
{
    if (authorizer != NULL)
        authorizer_unref (authorizer);
}

void
mfu_authorizer_check_async (MfuAuthorizer *authorizer, const char *sender, const char *caller,
                            gboolean must_be_modem_manager, GAsyncReadyCallback callback, gpointer user_data)
{
    GTask *task = g_task_new (NULL, NULL, callback, user_data);
    Check *check = g_new0 (Check, 1);

    g_ref_count_inc (&authorizer->ref_count);
    check->authorizer = authorizer;
    check->sender = g_strdup (sender);
    check->caller = g_strdup (caller != NULL ? caller : sender);
    check->uid = (uid_t) -1;
    check->step = must_be_modem_manager ? 0 : FIRST_QUESTION_ABOUT_CALLER;
    g_task_set_task_data (task, check, (GDestroyNotify) check_free);
    next_question (task);
}

gboolean
mfu_authorizer_check_finish (GAsyncResult *result, uid_t *uid, GError **error)
{
    GTask *task = G_TASK (result);
    const Check *check = g_task_get_task_data (task);

    if (!g_task_propagate_boolean (task, error))
        return FALSE;
    if (uid != NULL)
        *uid = check->uid;
    return TRUE;
}
