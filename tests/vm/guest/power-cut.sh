# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of the whole machine is cut in the middle of an update, the modem's with it: QEMU is killed. The state
# folder is on a disk that keeps what was synced, the modem's chip in a file that keeps everything. The scenario begins
# anew with each boot, and knows from what it has written down where it was.

# shellcheck source=strike.sh
. /mfu/src/tests/vm/guest/strike.sh

kept=/mfu/kept

mount_kept() {
    mkdir -p $kept "$T/disk" /var/lib/mm-firmware-updater
    mount -t 9p -o trans=virtio,version=9p2000.L,cache=none kept $kept
    mount /dev/vdb "$T/disk"
    mkdir -p "$T/disk/state"
    mount --bind "$T/disk/state" /var/lib/mm-firmware-updater
}

unmount_kept() {
    local pids
    pids=$(service_pids)
    # shellcheck disable=SC2086  # a list of numbers
    [ -z "$pids" ] || kill $pids
    wait_until 20 umount /var/lib/mm-firmware-updater
    wait_until 20 umount "$T/disk"
    stop_modems
    umount $kept
}

# The modem with its chip as the last boot has left it, in whatever it boots to.
start_kept_modem() {
    daemon modem1 "$modemsim" --port 0 --family ec25 --state-file $kept/chip \
        --control "$T/modem1.socket" --log "$T/modem1.log"
    wait_until 10 test -S "$T/modem1.socket" || fail "modemsim: $(tail -n 1 "$T/modem1.out")"
    wait_until 60 has_settled || fail "the modem does not come up"
}

# What the owner finds after the reboot, and does: the list says what the modem needs, one command brings it back.
after_the_cut() {
    local moment
    moment=$(cat $kept/cut)
    note "after a cut at $moment: the modem is in $(sim_status mode), the chip boots '$(chip_version)'"
    find /var/lib/mm-firmware-updater -type f
    run mmcli --firmware-update-list
    expect_status 0
    if ! sim_mode_is normal; then
        expect_stdout 'package'
        expect_stdout "${STRIKE_PACKAGE##*/}"
    fi
    STATUS=$EXIT_NEEDS_RECOVERY
    : >"$T/stderr"
    STRUCK=(mmcli "--firmware-recover=$packages/$STRIKE_PACKAGE" "--firmware-update-port=$(sim_port)"
        --firmware-update-yes "${STRIKE_OPTIONS[@]}")
    recover
    expect_whole
    echo "power_cut $RECOVERED" >>$kept/strikes
}

# Does not return: the host kills the machine.
cut_power() {
    local moment_ms left_ms
    again
    RANDOM=$((strike_seed + round))
    moment_ms=$((RANDOM * RUN_MS / 32767))
    start_struck
    left_ms=$((STRUCK_MS + moment_ms - $(now_ms)))
    [ $left_ms -le 0 ] || sleep "$((left_ms / 1000)).$(printf %03d $((left_ms % 1000)))"
    echo "$moment_ms of $RUN_MS ms, seed $((strike_seed + round))" >$kept/cut
    note "cut at $(cat $kept/cut)"
    echo "cut $MFU_SCENARIO" >>/mfu/out/results
    sleep 60
    fail "the power was not cut"
}

# power_cuts PACKAGE N
power_cuts() {
    local name
    require_ours
    STRIKE_PACKAGE=$1
    mount_kept
    start_bus
    start_polkit
    start_kept_modem
    modprobe qcserial
    start_modemmanager
    if [ -e $kept/run ]; then
        . $kept/run
        cp $kept/old-firmware "$T/old-firmware"
        subtest "$round-seed-$((strike_seed + round))" after_the_cut
    else
        wait_for_modem
        sim save $kept/old-firmware
        cp $kept/old-firmware "$T/old-firmware"
        measure_run
        round=0
    fi
    round=$((round + 1))
    [ $round -gt "$2" ] || {
        for name in RUN_MS UID_OF_MODEM KINDS strike_seed round; do
            printf '%s=%q\n' $name "${!name}"
        done >$kept/run
        cut_power
    }
    sort $kept/strikes | uniq -c
    unmount_kept
}
