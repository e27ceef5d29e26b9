/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Faults on order. Each fault counts the events of its kind from the moment it was added. */

#include "sim/faults.h"

#include <string.h>

static const char *const kinds[] = {
    "at",
    "diag",
    "diag-version",
    "sahara-hello",
    "sahara-command",
    "sahara-read",
    "sahara-end",
    "sahara-done",
    "programmer",
    "configure",
    "getstorageinfo",
    "nop",
    "erase",
    "program",
    "program-data",
    "program-end",
    "read",
    "read-data",
    "read-end",
    "power",
    "transfer",
    "fastboot",
    "fastboot-getvar",
    "fastboot-download",
    "fastboot-data",
    "fastboot-flash",
    "fastboot-erase",
    "fastboot-reboot",
    "qfastboot",
    "qmi",
    "mbim",
    "dload",
    "dload-write",
    "dload-go",
    "streaming",
    "streaming-table",
    "streaming-open",
    "streaming-write",
    "streaming-close",
};

static const struct {
    const char *name;
    SimAction action;
} actions[] = {
    { "nak", SIM_ACT_NAK },         { "silent", SIM_ACT_SILENT },   { "deaf", SIM_ACT_DEAF },
    { "garbage", SIM_ACT_GARBAGE }, { "rawmode", SIM_ACT_RAWMODE }, { "huge", SIM_ACT_HUGE },
    { "zero", SIM_ACT_ZERO },       { "offset", SIM_ACT_OFFSET },   { "short", SIM_ACT_SHORT },
    { "long", SIM_ACT_LONG },       { "flip", SIM_ACT_FLIP },       { "payload", SIM_ACT_PAYLOAD },
    { "flood", SIM_ACT_FLOOD },     { "double", SIM_ACT_DOUBLE },   { "slow", SIM_ACT_SLOW },
    { "stall", SIM_ACT_STALL },     { "vanish", SIM_ACT_VANISH },
};

typedef struct {
    const char *kind;
    guint64 nth; /* 0: each */
    gboolean and_later;
    SimHit hit;
    guint64 seen;
} Fault;

struct _SimFaults {
    GArray *list;
    guint n_hit;
};

SimFaults *
sim_faults_new (void)
{
    SimFaults *faults = g_new0 (SimFaults, 1);

    faults->list = g_array_new (FALSE, TRUE, sizeof (Fault));
    return faults;
}

void
sim_faults_free (SimFaults *faults)
{
    if (!faults)
        return;
    g_array_unref (faults->list);
    g_free (faults);
}

void
sim_faults_clear (SimFaults *faults)
{
    g_array_set_size (faults->list, 0);
}

guint
sim_faults_get_n_hit (const SimFaults *faults)
{
    return faults->n_hit;
}

static gboolean
parse_event (const char *text, Fault *fault)
{
    g_auto (GStrv) parts = g_strsplit (text, ":", 2);
    char *end;

    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
        if (parts[0] && g_str_equal (kinds[i], parts[0]))
            fault->kind = kinds[i];
    }
    if (!fault->kind)
        return FALSE;
    fault->nth = 1;
    if (!parts[1])
        return TRUE;
    if (g_str_equal (parts[1], "*")) {
        fault->nth = 0;
        return TRUE;
    }
    fault->nth = g_ascii_strtoull (parts[1], &end, 10);
    fault->and_later = *end == '+';
    return fault->nth > 0 && (*end == '\0' || g_str_equal (end, "+"));
}

static gboolean
parse_action (const char *text, Fault *fault)
{
    g_auto (GStrv) parts = g_strsplit (text, ":", 2);

    for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
        if (parts[0] && g_str_equal (actions[i].name, parts[0]))
            fault->hit.action = actions[i].action;
    }
    if (fault->hit.action == SIM_ACT_NONE)
        return FALSE;
    if (!parts[1])
        return TRUE;
    if (fault->hit.action == SIM_ACT_VANISH && g_str_equal (parts[1], "off")) {
        fault->hit.argument = 1;
        return TRUE;
    }
    return g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT32, &fault->hit.argument, NULL);
}

gboolean
sim_faults_add (SimFaults *faults, const char *text, char **why)
{
    g_auto (GStrv) sides = g_strsplit (text, "=", 2);
    Fault fault = { 0 };

    if (!sides[0] || !sides[1] || !parse_event (sides[0], &fault) || !parse_action (sides[1], &fault)) {
        *why = g_strdup_printf ("fault \"%s\" is not KIND[:N[+]]=ACTION[:ARGUMENT] with known names", text);
        return FALSE;
    }
    g_array_append_val (faults->list, fault);
    return TRUE;
}

SimHit
sim_faults_next (SimFaults *faults, const char *kind)
{
    SimHit hit = { SIM_ACT_NONE, 0 };

    for (guint i = 0; i < faults->list->len; i++) {
        Fault *fault = &g_array_index (faults->list, Fault, i);

        if (!g_str_equal (fault->kind, kind))
            continue;
        fault->seen++;
        if (fault->nth != 0 && fault->seen != fault->nth && !(fault->and_later && fault->seen > fault->nth))
            continue;
        hit = fault->hit;
        faults->n_hit++;
    }
    return hit;
}
