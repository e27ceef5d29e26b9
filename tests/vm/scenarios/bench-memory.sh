# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Figures, not verdicts: memory and reads of the service, what the plugin costs ModemManager. See tests/bench/run.
# timeout: 1800
# by-name: yes
# package: full/EC25EFAR06A08M4G.zip --size full --form zip
# package: full-folder/EC25EFAR06A08M4G --size full --form folder
# package: 1G/EC25EFAR06A08M4G.zip --size 1G --form zip
# package: 1G-folder/EC25EFAR06A08M4G --size 1G --form folder

. /mfu/src/tests/bench/figures.sh

require_ours
rounds=3

status_of() {
    sed -n "s/^$2:[[:space:]]*\([0-9]*\).*/\1/p" "/proc/$1/status"
}

# The service's memory and what it reads, by a whole update or by a check: service_memory NAME PACKAGE BYTES OPTION
service_memory() {
    local name=$1 package=$2 size=$3 option=$4 pid
    start_all
    run mmcli -m 0 "$option=$package" --firmware-update-yes
    expect_status 0
    pid=$(pgrep -f mm-firmware-updater)
    sample "rss-$name" "$(divide "$(status_of "$pid" VmHWM)" 1024 1)"
    sample "read-$name" "$(awk -v s="$size" '/^rchar/ { printf "%.2f", $2 / s }' "/proc/$pid/io")"
    stop_modems
    stop_modemmanager
    pkill -f mm-firmware-updater || true
}

# ModemManager with one modem: from its first line of log to the bus name, and its memory when it exports the modem.
modemmanager_cost() {
    local with=$1 pid
    start_bus
    start_polkit
    start_modem ec25
    rm -f "$T/modemmanager.log"
    start_modemmanager
    wait_for_modem
    sleep 3
    pid=$(cat "$T/modemmanager.pid")
    sample "mm-start-$with" "$(mm_log | awk -F '[][]' '/starting in system bus/ { a = $2 }
        /service name .* was acquired/ && !n++ { printf "%.0f\n", ($2 - a) * 1000 }')"
    sample "mm-rss-$with" "$(status_of "$pid" VmRSS)"
    sample "mm-private-$with" "$(awk '/^Private_/ { n += $2 } END { print n }' "/proc/$pid/smaps_rollup")"
    stop_modems
    stop_modemmanager
}

without_plugin() {
    local plugin=/usr/lib/x86_64-linux-gnu/ModemManager/libmm-plugin-quectel-firmware.so
    preserve "$plugin"
    rm -f "$plugin"
    modemmanager_cost without
    cp -a "$T/preserved$plugin" "$plugin"
}

folder_size() {
    du -sb "$1" | cut -f 1
}

for ((i = 0; i < rounds; i++)); do
    modemmanager_cost with
    without_plugin
done
service_memory zip "$packages/full/EC25EFAR06A08M4G.zip" "$(stat -c %s "$packages/full/EC25EFAR06A08M4G.zip")" \
    --firmware-update
service_memory folder "$packages/full-folder/EC25EFAR06A08M4G" \
    "$(folder_size "$packages/full-folder/EC25EFAR06A08M4G")" --firmware-update
service_memory 1G-zip "$packages/1G/EC25EFAR06A08M4G.zip" "$(stat -c %s "$packages/1G/EC25EFAR06A08M4G.zip")" \
    --firmware-update-check
service_memory 1G-folder "$packages/1G-folder/EC25EFAR06A08M4G" \
    "$(folder_size "$packages/1G-folder/EC25EFAR06A08M4G")" --firmware-update-check

figure rss-zip "peak RSS of the service: 107 MiB, zip" MiB '<= 24'
figure rss-folder "  folder" MiB '<= 24'
figure rss-1G-zip "  1 GiB, zip (check only)" MiB '<= 24'
figure rss-1G-folder "  1 GiB, folder (check only)" MiB '<= 24'
figure read-zip "bytes read by the service / size of the package: zip" times '<= 2'
figure read-folder "  folder" times '<= 2'
figure mm-start-without "ModemManager, start to bus name, without the plugin" ms
figure mm-start-with "  with it" ms
figure mm-rss-without "ModemManager's RSS with a modem, without the plugin" KiB
figure mm-rss-with "  with it" KiB
figure mm-private-without "  private memory, without the plugin" KiB
figure mm-private-with "  with it" KiB
