# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of the whole machine is cut in the middle of an update, the modem's with it: QEMU is killed. The state
# folder is on a disk that keeps what was synced, the modem's chip in a file that keeps everything. The scenario begins
# anew with each boot, and knows from what it has written down where it was.

# shellcheck source=strike.sh
. /mfu/src/tests/vm/guest/strike.sh

state=/var/lib/mm-firmware-updater
kept=/mfu/kept/$MFU_SCENARIO

mount_kept() {
    mkdir -p /mfu/kept "$T/disk" $state
    mount -t 9p -o trans=virtio,version=9p2000.L,cache=none kept /mfu/kept
    mount /dev/vdb "$T/disk"
    mkdir -p "$kept" "$T/disk/$MFU_SCENARIO"
    mount --bind "$T/disk/$MFU_SCENARIO" $state
}

unmount_kept() {
    local pids
    pids=$(service_pids)
    # shellcheck disable=SC2086  # a list of numbers
    [ -z "$pids" ] || kill $pids
    wait_until 20 umount $state
    wait_until 20 umount "$T/disk"
    stop_modems
    umount /mfu/kept
}

# Whether this boot is one after a cut.
is_after_a_cut() {
    [ -e "$kept/run" ]
}

# Writes the variables $@ down for the next boot, which reads $kept/run.
keep_for_the_next_boot() {
    local name
    for name in "$@"; do printf '%s=%q\n' "$name" "${!name:-}"; done >"$kept/run"
}

# The modem with its chip as the last boot has left it, in whatever it boots to: start_kept_modem FAMILY [OPTION]...
start_kept_modem() {
    local family=$1
    shift
    daemon modem1 "$modemsim" --port 0 --family "$family" --state-file "$kept/chip-$family" \
        --control "$T/modem1.socket" --log "$T/modem1.log" "$@"
    wait_until 10 test -S "$T/modem1.socket" || fail "modemsim: $(tail -n 1 "$T/modem1.out")"
}

# Does not return: the host kills the machine.
cut_power() {
    echo "cut $MFU_SCENARIO" >>/mfu/out/results
    sleep 60
    fail "the power was not cut"
}

# --- what is cut, and when ---

# What is cut: the modem, its package, and how that is written: set_kind firehose|fastboot|ec20|window, the last of which
# is no random moment of the EC20 but the one that its plan warns of. Without SBL1 the EC20 is never seen again, which is
# the worse of two ways in which its boot ROM may be made.
set_kind() {
    local family=ec25
    STRIKE_PACKAGE=small/EC25EFAR06A08M4G.zip
    STRIKE_OPTIONS=()
    MODEM_OPTIONS=()
    case $1 in
        fastboot) STRIKE_OPTIONS=(--firmware-update-method=fastboot) ;;
        ec20|window)
            family=ec20
            STRIKE_PACKAGE=ec20/EC20EQAR02A13E2G.zip OLD_VERSION=EC20EQAR02A04E2G NEW_VERSION=EC20EQAR02A13E2G
            MODEM_OPTIONS=(--quirks pbl-silent)
            ;;
    esac
    KIND=$1 FAMILY=$family
    [ ! -e "$kept/old-$FAMILY" ] || cp "$kept/old-$FAMILY" "$T/old-firmware"
}

# The modem of another kind, and how long an update of it takes: change_kind KIND
change_kind() {
    local before=${FAMILY:-}
    set_kind "$1"
    if [ "$FAMILY" != "$before" ]; then
        stop_modems
        wait_until 40 no_modem || fail "ModemManager keeps a modem that has left"
        start_kept_modem "$FAMILY" "${MODEM_OPTIONS[@]}"
        wait_for_modem
        sim save "$kept/old-$FAMILY"
        cp "$kept/old-$FAMILY" "$T/old-firmware"
    fi
    [ "$KIND" = window ] || measure_run
}

# The verdict has the reason behind it.
is_bricked() {
    sim verdict | found '^bricked=' && [ "$(verdict bricked)" != no ]
}

# The modem has nothing left to boot from, as the plan has told, and whoever asks is told so. Such a modem is never counted
# as recovered.
in_the_window() {
    cat "$state/$(sim_place).journal"
    run mmcli "--firmware-recover=$packages/$STRIKE_PACKAGE" --firmware-update-port=1-1 --firmware-update-yes
    expect_status "$EXIT_NOT_FOUND"
    expect_stderr 'cut off while SBL1 was written, the window without a way back that the plan named'
    echo "power_cut $KIND in-the-window" >>"$kept/strikes"
}

# What the owner finds after the reboot, and does: the list says what the modem needs, one command brings it back.
after_the_cut() {
    note "after a cut at $MOMENT: the modem is in $(sim_status mode), the chip boots '$(chip_version)'"
    find $state -type f
    if [ "$FAMILY" = ec20 ] && is_bricked; then in_the_window; return; fi
    [ "$KIND" != window ] || fail "the window was missed"
    wait_until 60 has_settled || fail "the modem does not come up"
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
    echo "power_cut $KIND $RECOVERED" >>"$kept/strikes"
}

# Waits for the moment, and sets MOMENT to its name.
wait_for_the_moment() {
    local moment_ms
    if [ "$KIND" = window ]; then
        wait_until 200 is_bricked || fail "SBL1 was not written"
        MOMENT="SBL1"
        return
    fi
    draw_moment $((strike_seed + round)) "$NTH" "$COUNT"
    wait_for_moment
    MOMENT="$moment_ms of $RUN_MS ms, seed $((strike_seed + round))"
}

# Does not return.
update_and_cut() {
    again
    [ "$KIND" != window ] || sim fault 'streaming-write:5=slow:60000'
    start_struck
    wait_for_the_moment
    keep_for_the_next_boot RUN_MS UID_OF_MODEM KINDS strike_seed round MOMENT
    note "cut at $MOMENT"
    cut_power
}

# Sets NTH and COUNT of the round among those of its kind: count_kind KIND...
count_kind() {
    local i=0 kind
    NTH=0 COUNT=0
    for kind in "$@"; do
        i=$((i + 1))
        [ "$kind" = "$KIND" ] || continue
        COUNT=$((COUNT + 1))
        [ $i -gt "$round" ] || NTH=$((NTH + 1))
    done
}

# A cut for each of the kinds, which are said one behind the other: power_cuts KIND...
power_cuts() {
    local kinds=("$@")
    require_ours
    mount_kept
    start_bus
    start_polkit
    # Beforehand: loading them would take longer than ModemManager waits for the ports of a modem.
    modprobe -a option qmi_wwan qcserial
    start_modemmanager
    round=0
    if is_after_a_cut; then
        # shellcheck source=/dev/null
        . "$kept/run"
        set_kind "${kinds[round - 1]}"
        start_kept_modem "$FAMILY" "${MODEM_OPTIONS[@]}"
        subtest "$round-$KIND-seed-$((strike_seed + round))" after_the_cut
    fi
    round=$((round + 1))
    if [ $round -le ${#kinds[@]} ]; then
        [ "${kinds[round - 1]}" = "${KIND:-}" ] || change_kind "${kinds[round - 1]}"
        count_kind "${kinds[@]}"
        update_and_cut
    fi
    sort "$kept/strikes" | uniq -c
    unmount_kept
}
