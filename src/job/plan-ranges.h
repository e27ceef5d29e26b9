/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The part of the plan's rules that concerns flash ranges; shared by plan.c and plan-ranges.c only. */

#include "job/plan.h"

/* Checks every range against the package's own partition table and names the entries of the plan. */
gboolean mfu_plan_check_ranges (MfuPlan *plan, GError **error) G_GNUC_WARN_UNUSED_RESULT;
