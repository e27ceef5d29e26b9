/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Cross-flashing a neighbouring variant or baseline bricks: two different names that are both known are
 * refused, one unknown name is refused too, each under the name by which the user may insist.
 *
 * Source: Quectel's staff and users in forums.quectel.com/t/44652 (baselines are not to be mixed in either
 * direction) and t/58273; Teltonika's updater compares the first eight characters. */

#include "job/match.h"

#include "config.h"
#include "util/error.h"

#define GETTEXT_PACKAGE MFU_GETTEXT_DOMAIN
#include <glib/gi18n-lib.h>

#include <string.h>

static const char *const allow_names[] = {
    "variant",   "baseline", "geometry",         "unidentified",  "project",    "reinstall",
    "downgrade", "unnamed",  "volatile-journal", "power-manager", "boot-chain",
};

typedef struct {
    guint missing;
    MfuError code;
    char *sentence;
} Refusals;

gboolean
mfu_allow_parse (const char *const *names, guint *allow, GError **error)
{
    *allow = 0;
    for (gsize n = 0; names != NULL && names[n] != NULL; n++) {
        gsize i = 0;

        while (i < G_N_ELEMENTS (allow_names) && strcmp (allow_names[i], names[n]) != 0)
            i++;
        if (i == G_N_ELEMENTS (allow_names)) {
            g_autofree char *known = mfu_allow_to_string ((1 << G_N_ELEMENTS (allow_names)) - 1);

            g_set_error (error, MFU_ERROR, MFU_ERROR_INVALID_ARGS,
                         _ ("“%s” is nothing that can be allowed; there are: %s"), names[n], known);
            return FALSE;
        }
        *allow |= 1u << i;
    }
    return TRUE;
}

char *
mfu_allow_to_string (guint allow)
{
    GString *list = g_string_new (NULL);

    for (gsize i = 0; i < G_N_ELEMENTS (allow_names); i++)
        if (allow & 1u << i)
            g_string_append_printf (list, "%s%s", list->len > 0 ? "," : "", allow_names[i]);
    return g_string_free (list, FALSE);
}

G_GNUC_PRINTF (5, 6)
static void
refuse (Refusals *refusals, guint allowed, guint needed, MfuError code, const char *format, ...)
{
    va_list args;

    if (allowed & needed)
        return;
    refusals->missing |= needed;
    if (refusals->sentence != NULL)
        return;
    va_start (args, format);
    refusals->sentence = g_strdup_vprintf (format, args);
    va_end (args);
    refusals->code = code;
}

static gboolean
same (const char *a, const char *b)
{
    return g_ascii_strcasecmp (a, b) == 0;
}

static void
compare_variant (const MfuVersionName *modem, const MfuVersionName *package, guint allowed,
                 Refusals *refusals)
{
    if (!same (modem->model, package->model) || !same (modem->region, package->region) ||
        !same (modem->hardware, package->hardware))
        refuse (refusals, allowed, MFU_ALLOW_VARIANT, MFU_ERROR_WRONG_PACKAGE,
                _ ("The package is for the variant %s%s%s, the modem is a %s%s%s; take a package whose name "
                   "begins "
                   "with %s%s%s"),
                package->model, package->region, package->hardware, modem->model, modem->region,
                modem->hardware, modem->model, modem->region, modem->hardware);
    if (modem->baseline != package->baseline)
        refuse (refusals, allowed, MFU_ALLOW_BASELINE, MFU_ERROR_WRONG_PACKAGE,
                _ ("The package is of the baseline R%02d, the modem runs R%02d; the two must not be mixed, "
                   "take a "
                   "package of R%02d"),
                package->baseline, modem->baseline, modem->baseline);
    if (*modem->memory != '\0' && *package->memory != '\0') {
        if (!same (modem->memory, package->memory))
            refuse (refusals, allowed, MFU_ALLOW_GEOMETRY, MFU_ERROR_WRONG_PACKAGE,
                    _ ("The package is for the memory %s, the modem has %s; take a package for %s"),
                    package->memory, modem->memory, modem->memory);
    } else if (*modem->memory != *package->memory) {
        refuse (refusals, allowed, MFU_ALLOW_UNIDENTIFIED, MFU_ERROR_WRONG_PACKAGE,
                _ ("The memory code of the package is “%s”, that of the modem “%s”; whether they fit cannot "
                   "be told"),
                package->memory, modem->memory);
    }
}

static void
compare_release (const MfuVersionName *modem, const MfuVersionName *package, gboolean is_recovering,
                 guint allowed, GPtrArray *warnings, Refusals *refusals)
{
    if (*modem->suffix != '\0' && *package->suffix != '\0') {
        if (!same (modem->suffix, package->suffix))
            refuse (refusals, allowed, MFU_ALLOW_PROJECT, MFU_ERROR_WRONG_PACKAGE,
                    _ ("The package belongs to the project %s, the modem to %s; take a package of %s"),
                    package->suffix, modem->suffix, modem->suffix);
    } else if (*modem->suffix != *package->suffix) {
        g_ptr_array_add (warnings,
                         g_strdup (_ ("The project suffix is known of one side only and was not compared.")));
    }
    if (is_recovering)
        return;
    if (package->release == modem->release && same (modem->suffix, package->suffix))
        refuse (refusals, allowed, MFU_ALLOW_REINSTALL, MFU_ERROR_NOTHING_TO_DO,
                _ ("The modem runs %s already: there is nothing to do"), modem->text);
    else if (package->release == modem->release)
        refuse (refusals, allowed, MFU_ALLOW_REINSTALL, MFU_ERROR_NOTHING_TO_DO,
                _ ("The modem runs %s, which is the release A%02d of the package: there is nothing to do"),
                modem->text, package->release);
    else if (package->release < modem->release)
        refuse (
            refusals, allowed, MFU_ALLOW_DOWNGRADE, MFU_ERROR_WRONG_PACKAGE,
            _ ("The package brings A%02d, the modem runs A%02d, which is newer; not every modem survives a "
               "downgrade"),
            package->release, modem->release);
}

/* On one line. */
static char *
printable (const char *told)
{
    GString *text = g_string_new (NULL);

    for (const char *c = told; *c != '\0'; c++)
        g_string_append_c (text, g_ascii_isprint (*c) ? *c : ' ');
    g_strstrip (text->str);
    return g_string_free (text, FALSE);
}

gboolean
mfu_match_shared (const MfuFamily *family, const MfuVersionName *modem, const char *told, GError **error)
{
    g_autofree char *name = NULL;

    if (family->shared_interfaces == 0)
        return TRUE;
    for (gsize i = 0; modem->is_known && family->models[i] != NULL; i++)
        if (g_ascii_strncasecmp (modem->text, family->models[i], strlen (family->models[i])) == 0)
            return TRUE;
    name = printable (told);
    if (*name != '\0') {
        g_set_error (
            error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
            _ ("The device says that its firmware is “%s”, which is none of the family %s (%s…), and "
               "other devices have its USB identity too; nothing was changed."),
            name, family->name, family->models[0]);
        return FALSE;
    }
    g_set_error (
        error, MFU_ERROR, MFU_ERROR_WRONG_PACKAGE,
        _ ("The device does not say that it is a modem of the family %s (%s…), and other devices have "
           "its USB identity too; nothing was changed."),
        family->name, family->models[0]);
    return FALSE;
}

gboolean
mfu_match_versions (const MfuVersionName *modem, const MfuVersionName *package, gboolean is_recovering,
                    guint allowed, GPtrArray *warnings, GError **error)
{
    Refusals refusals = { 0 };
    g_autofree char *missing = NULL;
    g_autofree char *sentence = NULL;

    if (!package->is_known)
        refuse (&refusals, allowed, MFU_ALLOW_UNNAMED, MFU_ERROR_WRONG_PACKAGE,
                _ ("The package's name does not begin with a version as EC25EFAR06A08M4G, so nobody can tell "
                   "which "
                   "modem it is for; give it back the name that it came with"));
    if (!modem->is_known)
        refuse (
            &refusals, allowed, MFU_ALLOW_UNIDENTIFIED, MFU_ERROR_WRONG_PACKAGE,
            is_recovering
                ? _ ("The modem does not tell its variant, and no earlier update remembers it, so whether "
                     "the "
                     "package fits it cannot be told; take its power away for ten seconds: if its firmware "
                     "is "
                     "whole, that starts it")
                : _ ("The modem does not tell its variant, so whether the package fits it cannot be told"));
    if (package->is_known && modem->is_known) {
        compare_variant (modem, package, allowed, &refusals);
        compare_release (modem, package, is_recovering, allowed, warnings, &refusals);
    }
    if (refusals.missing == 0)
        return TRUE;

    sentence = refusals.sentence;
    missing = mfu_allow_to_string (refusals.missing);
    g_set_error (error, MFU_ERROR, refusals.code, _ ("%s (to insist, allow: %s)."), sentence, missing);
    return FALSE;
}
