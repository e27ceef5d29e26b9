# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same, at twenty random moments (MFU_VM_POINTS: another number).
# timeout: 300
# by-name: yes
# disk: 64M
# package: small/EC25EFAR06A08M4G.zip --form zip

# shellcheck source=../guest/power-cut.sh
. /mfu/src/tests/vm/guest/power-cut.sh

power_cuts small/EC25EFAR06A08M4G.zip "${points:-20}"
