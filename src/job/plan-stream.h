/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The part of making a plan that knows the streaming loader. Private to the job room. */

#include "job/plan.h"

/* How many zeros stand in for an image that is NULL. Source: pawelkn/qflash, download.cpp (4 KiB in 0:boot).
 */
#define MFU_PLAN_ZEROS 4096

/* Fill `opening`, `flashes` and `closing`, or refuse. What a chip before Sahara needs depends on where it is
 * met. */
gboolean mfu_plan_add_dload (MfuPlan *plan, MfuMode mode, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean mfu_plan_add_streaming (MfuPlan *plan, guint allowed, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The last guard, for every single write: FALSE for a partition that a loader never writes in this family. */
gboolean mfu_plan_may_stream (const MfuFamily *family, const char *partition);

void mfu_plan_sum_up_streams (MfuPlan *plan);
void mfu_plan_describe_streams (GArray *streams, GString *text);
char *mfu_plan_way_back_of_streams (const MfuPlan *plan);
