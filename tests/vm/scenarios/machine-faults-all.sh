# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Twenty random moments for each fault (MFU_VM_POINTS: another number), some by fastboot and some on the old EC20.
# timeout: 10800
# by-name: yes
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ec20/EC20EQAR02A13E2G.zip --family ec20 --form zip

# shellcheck source=../guest/strike.sh
. /mfu/src/tests/vm/guest/strike.sh

prepare_strikes ec25 small/EC25EFAR06A08M4G.zip
points=${points:-20}
for fault in ${faults:-service_killed mm_restarted mm_killed mm_stopped mm_upgraded bus_restarted unplugged}; do
    STRIKE_OPTIONS=()
    measure_run
    strikes "$fault" $((points - points / 4))
    STRIKE_OPTIONS=(--firmware-update-method=fastboot)
    measure_run
    strikes "$fault" $((points / 4))
done
# The old EC20 passes through normal mode in the middle.
STRIKE_OPTIONS=()
prepare_strikes ec20 ec20/EC20EQAR02A13E2G.zip EC20EQAR02A04E2G EC20EQAR02A13E2G
for fault in service_killed mm_restarted bus_restarted; do
    [[ " ${faults:-$fault} " == *" $fault "* ]] || continue
    strikes "$fault" $(((points + 4) / 5))
done
sort "$T/strikes" | uniq -c
