/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The front's block at the end of mmcli's --help-firmware and --help-all. */

/* Newly allocated, translated, in the form of the real one's blocks. */
char *mfu_front_help (void);
