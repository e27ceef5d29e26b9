/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The part of making a plan that knows fastboot. Private to the job room. */

#include "job/plan.h"

/* Fills `flashes` and, where it can be known, the geometry; or refuses. Remarks go to the plan's warnings. */
gboolean mfu_plan_add_flashes (MfuPlan *plan, guint allowed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* It fits into its partition, where that is known, and through fastboot. */
gboolean mfu_plan_check_flash_size (const MfuPlan *plan, const MfuFlash *flash,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last guard, for every single write: FALSE for a partition that fastboot never writes in this family. */
gboolean mfu_plan_may_flash (const MfuFamily *family, const char *partition);

/* One line for each write, and what to know about the way back. */
void mfu_plan_describe_flashes (const MfuPlan *plan, GString *text);
char *mfu_plan_way_back (const MfuPlan *plan);
