# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Figures, not verdicts: time against the modem's own, memory, bytes read, what the plugin costs. See tests/bench/run.
# timeout: 900
# by-name: yes
# package: full/EC25EFAR06A08M4G.zip --size full --form zip
# package: full-folder/EC25EFAR06A08M4G --size full --form folder

require_ours

# A line of the table: figure NAME VALUE UNIT [GOAL].
figure() {
    printf 'BENCH %-52s %10s %-6s %s\n' "$1" "$2" "$3" "${4:-}"
}

status_of() {
    sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$1/status"
}

measure_job() {
    local form=$1 package=$2 size=$3 pid
    start_all
    run mmcli -m 0 "--firmware-update=$package" --firmware-update-yes
    expect_status 0
    pid=$(pgrep -f mm-firmware-updater)
    figure "peak RSS of the service, 100 MiB $form" "$(($(status_of "$pid" VmHWM) / 1024))" MiB '<= 24'
    figure "read by the service / size of the $form" \
        "$(awk -v s="$size" '/^rchar/ { printf "%.2f", $2 / s }' "/proc/$pid/io")" times '<= 2'
    stop_modems
    stop_modemmanager
    pkill -f mm-firmware-updater || true
}

# The whole of a rescue, against what the modem itself needed.
measure_time() {
    local speed=$1 start end own
    start_modem ec25 --nand-speed "$speed"
    start=$(date +%s%N)
    run mm-firmware rescue --port "$(sim_port)" "--state-dir=$T/journal" --allow=volatile-journal \
        "$packages/full/EC25EFAR06A08M4G.zip"
    end=$(date +%s%N)
    expect_status 0
    own=$(sim_status own-time-us)
    figure "rescue of 107 MiB, NAND $speed, all of it" "$(((end - start) / 1000000))" ms
    figure "the modem's own time in it, NAND $speed" "$((own / 1000))" ms
    stop_modems
}

measure_time instant
measure_time real
measure_job zip "$packages/full/EC25EFAR06A08M4G.zip" "$(stat -c %s "$packages/full/EC25EFAR06A08M4G.zip")"
measure_job folder "$packages/full-folder/EC25EFAR06A08M4G" \
    "$(du -sb "$packages/full-folder/EC25EFAR06A08M4G" | cut -f 1)"
