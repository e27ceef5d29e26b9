# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Figures, not verdicts: time against the modem's own, latency, and throughput beside qdl's. See tests/bench/run.
# timeout: 1800
# by-name: yes
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: small/EC25EFAR06A08M4G --form folder
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

. /mfu/src/tests/bench/figures.sh
. /mfu/src/tests/vm/guest/qdl.sh

require_ours
rounds=3

# Sets t_start, t_touched ... from modem 1's log.
read_timeline() {
    local line
    t_start=0 t_touched=0 t_left=0 t_edl=0 t_asked=0 t_erased=0 t_reset=0 t_back=0
    for line in $(/mfu/src/tests/bench/timeline "$T/modem1.log"); do declare -g "t_$line"; done
    note "read $(((t_touched - t_start) / 1000)) switch $(((t_asked - t_touched) / 1000))" \
        "check $(((t_erased - t_asked) / 1000)) write $(((t_reset - t_erased) / 1000))" \
        "restart $(((t_back - t_reset) / 1000)) ms"
}

# When the kernel told of the EDL device, by udevadm, which stamps what it receives with the clock that the simulated
# modem's log has too: the first "add" behind the moment $1 (microseconds of CLOCK_MONOTONIC).
kernel_add() {
    sed -n 's/^KERNEL\[\([0-9.]*\)\] add .*vhci_hcd.*-1 (usb)$/\1/p' "$T/uevents.out" |
        awk -v after="$1" '$1 * 1000000 > after { printf "%.0f\n", $1 * 1000000; exit }'
}

rescue() {
    run mm-firmware rescue --port "$(sim_port)" "--state-dir=$T/journal" --allow=volatile-journal,reinstall "$@"
    expect_status 0
}

# Normal mode to normal mode. The modem's own time is what its NAND, boots and resets took during the job.
real_speed() {
    local own add
    start_modem ec25 --nand-speed real
    daemon uevents udevadm monitor --kernel --subsystem-match=usb/usb_device
    own=$(sim_status own-time-us)
    sim mark job
    rescue "$packages/full/EC25EFAR06A08M4G.zip"
    own=$(($(sim_status own-time-us) - own))
    read_timeline
    end_daemon uevents
    sample real-all $(((t_back - t_start) / 1000))
    sample real-package $(((t_touched - t_start) / 1000))
    sample real-job $(((t_back - t_touched) / 1000))
    sample real-own $((own / 1000))
    sample real-ratio "$(divide $((t_back - t_touched)) $own 3)"
    add=$(kernel_add "$t_left")
    [ -z "$add" ] || sample first-byte $(((t_asked - add) / 1000))
    stop_modems
}

# From the first erase to the reset, of what the package writes: ours PAYLOAD PACKAGE NAME
ours_instant() {
    local payload=$1 package=$2 name=$3 devices=$T/devices
    rm -rf "$devices"
    cp -r /usr/share/mm-firmware-update/devices "$devices"
    sed -i "s/^payload=.*/payload=$payload/" "$devices"/*.conf
    start_modem ec25 --max-payload "$payload"
    sim mark job
    rescue "--devices-dir=$devices" "$packages/$package"
    sim ops | found "configure nand $payload" || fail "the payload is not $payload"
    read_timeline
    sample "$name" "$(divide "$(written)" $((t_reset - t_erased)))"
    stop_modems
}

# Bytes of all pages that were programmed.
written() {
    sim map | awk -v page=4096 '{ for (i = 1; i <= NF; i++) if (sub(/^programmed=/, "", $i)) n += $i } END { print n * page }'
}

qdl_instant() {
    start_modem ec25:edl --quirks sahara-zlp
    sim mark job
    qdl_flash "$packages/small/EC25EFAR06A08M4G"
    sim wait normal 30 || fail "qdl: the modem does not come back"
    expect_modem_runs $NEW_VERSION
    read_timeline
    sample qdl-rate "$(divide "$(written)" $((t_reset - t_erased)))"
    stop_modems
}

for ((i = 0; i < rounds; i++)); do
    real_speed
    qdl_instant
    ours_instant 8192 small/EC25EFAR06A08M4G.zip small-rate
    ours_instant 8192 full/EC25EFAR06A08M4G.zip full-rate
    ours_instant 1048576 full/EC25EFAR06A08M4G.zip large-payload-rate
done

figure real-all "107 MiB on a NAND at real speed: all of it" ms
figure real-package "  of that before the first byte to the modem: the package" ms
figure real-job "  first byte to the modem's return" ms
figure real-own "  the modem's own time in that" ms
figure real-ratio "  ratio of the two" '' '<= 1.05'
figure first-byte "first byte in EDL after the kernel's add event" ms '<= 100'
figure qdl-rate "instant NAND, 5 MB, first erase to reset: Debian's qdl" MB/s
figure small-rate "  ours" MB/s '>= qdl'
figure full-rate "  ours, 107 MiB" MB/s
figure large-payload-rate "  ours, 107 MiB, payload of 1 MiB instead of 8 KiB" MB/s
