# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same, at twenty random moments (MFU_VM_POINTS: another number), some by fastboot, some on the old EC20; and in its window.
# timeout: 900
# by-name: yes
# disk: 64M
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ec20/EC20EQAR02A13E2G.zip --family ec20 --form zip

# shellcheck source=../guest/power-cut.sh
. /mfu/src/tests/vm/guest/power-cut.sh

# repeat N WORD
repeat() {
    local i
    for ((i = 0; i < $1; i++)); do echo "$2"; done
}

points=${points:-20}
# shellcheck disable=SC2046,SC2086  # a list of words
power_cuts ${faults:-$(repeat $((points - points / 4)) firehose; repeat $((points / 4)) fastboot
    repeat $(((points + 4) / 5)) ec20; echo window)}
