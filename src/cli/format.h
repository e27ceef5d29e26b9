/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Results in mmcli's three forms: a table for people, keys and values (-K), JSON (-J). Values are texts; one
 * that is not known is NULL and reads "--". */

#include <glib.h>

typedef enum {
    MFU_OUTPUT_HUMAN,
    MFU_OUTPUT_KEYVALUE,
    MFU_OUTPUT_JSON,
} MfuOutput;

typedef struct _MfuReport MfuReport;

MfuReport *mfu_report_new (void);
void mfu_report_free (MfuReport *report);

/* `section` and `name` are for people, translated; `key` is dotted, lower case, hyphenated: "modem.firmware-
 * update.state". With `section` NULL the entry stays out of the table, with `key` NULL out of the other
 * forms. The texts are copied. */
void mfu_report_add (MfuReport *report, const char *section, const char *name, const char *key,
                     const char *value);
void mfu_report_add_array (MfuReport *report, const char *section, const char *name, const char *key,
                           const char *const *values);

/* One object of a list: its entries are added to the returned report, which belongs to the list. `heading` is
 * the object's line for people. */
MfuReport *mfu_report_add_object (MfuReport *list, const char *heading);

/* Newly allocated, with the final newline. `key` names the list; `nothing` is what people read when it is
 * empty. */
char *mfu_report_to_string (const MfuReport *report, MfuOutput output);
char *mfu_report_list_to_string (const MfuReport *list, const char *key, MfuOutput output,
                                 const char *nothing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (MfuReport, mfu_report_free)
