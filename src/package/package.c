/* SPDX-License-Identifier: GPL-2.0-or-later */
typedef int mfu_placeholder;
