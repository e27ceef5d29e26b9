# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Words about faults of the machine at a random moment of an update, and about the recovery that a user gets: nothing
# but the command that the advice names, once, and what the machine itself does (systemd, udev, the hand that plugs
# the modem in again). Moments are drawn from the seed that each round prints; MFU_VM_SEED repeats them.

strike_seed=${seed:-$RANDOM}

STRIKE_OPTIONS=()

# Milliseconds since the machine was started.
now_ms() {
    local uptime
    read -r uptime _ </proc/uptime
    echo $((10#${uptime/./} * 10))
}

# What an update does to the modem is spread over some seconds, so that the moments fall there, too.
slow_down() {
    sim no-faults
    sim fault 'program-data:*=slow:8'
    sim fault 'erase:*=slow:100'
    sim fault 'fastboot-flash:*=slow:300'
}

# Everything that runs in a healthy machine, whatever the fault has ended.
start_daemons() {
    start_bus
    bus_has org.freedesktop.PolicyKit1 || { end_daemon polkit; start_polkit; }
    daemon_runs modemmanager || start_modemmanager
}

# Nothing was written to it, as after a fault that came early.
is_as_at_first() {
    sim_mode_is normal && sim save "$T/chip" && cmp -s "$T/chip" "$T/old-firmware" && runs_old_firmware
}

# The modem as it was at first, known to ModemManager.
again() {
    local before
    start_daemons
    sim no-faults
    sim plug
    if ! is_as_at_first; then
        # ModemManager may be finding it anew.
        wait_until 150 has_modems 1 || note "ModemManager has $(modem_paths | wc -l) modems"
        before=$(modem_paths)
        sim load "$T/old-firmware"
        wait_until 30 has_left "$before" || fail "ModemManager keeps $before"
        wait_until 150 runs_old_firmware || fail "ModemManager does not show the old firmware"
    fi
    FAILURES=$(verdict failures)
    slow_down
}

# Starts the update that is struck, with the options that STRIKE_OPTIONS says; sets STRUCK, the command, and its time.
start_struck() {
    LAST_JOB=$(newest_job)
    STRUCK=(mmcli -m "${MODEM##*/}" "--firmware-update=$packages/$STRIKE_PACKAGE" --firmware-update-yes
        "${STRIKE_OPTIONS[@]}")
    echo "\$ ${STRUCK[*]} &"
    STRUCK_MS=$(now_ms)
    timeout -s KILL 400 "${STRUCK[@]}" </dev/null >"$T/update.stdout" 2>"$T/update.stderr" &
    UPDATE_PID=$!
}

# How long an update takes that nothing happens to: sets RUN_MS, and what is whole: UID, KINDS.
measure_run() {
    again
    UID_OF_MODEM=$(modem_property "$MODEM" Device)
    KINDS=$(modem_port_kinds "$MODEM")
    start_struck
    wait_update
    RUN_MS=$(($(now_ms) - STRUCK_MS))
    expect_status 0
    note "an update that nothing happens to takes $RUN_MS ms"
}

# --- faults ---

service_killed() {
    [ -n "$(service_pids)" ] || note "no service yet"
    kill_service
}

mm_restarted() {
    stop_modemmanager TERM
    start_modemmanager
}

mm_killed() {
    stop_modemmanager KILL
    start_modemmanager
}

mm_stopped() {
    stop_modemmanager TERM
}

# What dpkg does with the same package once more: every file is replaced by a new one, the bus reads its
# configuration again (trigger of dbus), udevd its rules (trigger of udev), and postinst restarts the daemon.
mm_upgraded() {
    local file
    dpkg -L modemmanager >"$T/files-of-modemmanager"
    while read -r file; do
        [ -f "$file" ] && [ ! -L "$file" ] || continue
        cp -a "$file" "$file.dpkg-new"
        mv -f "$file.dpkg-new" "$file"
    done <"$T/files-of-modemmanager"
    busctl --no-pager call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
    udevadm control --reload
    mm_restarted
}

bus_restarted() {
    end_daemon dbus TERM
    end_daemon polkit KILL
    end_daemon modemmanager KILL
    start_daemons
}

unplugged() {
    sim unplug
    sleep $((1 + RANDOM % 4))
    sim plug
}

# --- recovery ---

# No job runs, as the service that is there now says, and none that has lost its bus is still at work.
no_live_job() {
    local job
    [ "$(service_pids | wc -w)" -le 1 ] || return 1
    job=$(newest_job)
    # One that has lost its bus keeps a new one from coming up.
    [ -n "$job" ] || { bus_has $updater || mmcli --firmware-update-list >/dev/null 2>&1 || return 1; job=$(newest_job); }
    [ -z "$job" ] || [[ $(JOB=$job job_property State) =~ ^(done|cancelled|failed|flashed-unverified|needs-recovery)$ ]]
}

is_normal_and_known() {
    sim_mode_is normal && [ "$(modem_paths | wc -l)" = 1 ] && modem_property "$(modem_paths)" Revision | found "$1"
}

# The modem stands somewhere, and is not on its way.
has_settled() {
    local mode
    mode=$(sim_status mode)
    [ "$mode" != off ] && [ "$(sim_status usb)" != none ] && modem_folders 1
}

# The command that the advice names; the same one again if it names none.
advised() {
    local command
    command=$(sed -n 's/.*\(mmcli --firmware-recover=.*\)$/\1/p' "$T/stderr" | tail -n 1)
    if [ -n "$command" ]; then
        eval "ADVISED=($command --firmware-update-yes)"
        # The advice names the package as it was named to the job.
        ADVISED[1]="--firmware-recover=$packages/$STRIKE_PACKAGE"
        ADVISED+=("${STRIKE_OPTIONS[@]}")
    else
        ADVISED=("${STRUCK[@]}")
    fi
}

# A line of the simulator's verdict: verdict NAME.
verdict() {
    sim verdict | sed -n "s/^$1=//p"
}

# The version that the chip boots, or nothing.
chip_version() {
    sim verdict | awk -F = '$1 == "boots" && $2 == "yes" { ok = 1 } $1 == "version" && ok { print $2 }'
}

# After the fault: sets RECOVERED to "itself" or "command".
recover() {
    local version
    RECOVERED='itself' STRUCK_STATUS=$STATUS
    [ "$STATUS" -ne 137 ] || fail "the command hangs"
    start_daemons
    wait_until 300 no_live_job || fail "a job that does not end: $(newest_job)"
    wait_until 60 has_settled || fail "the modem does not come back"
    sim no-faults
    version=$(chip_version)
    if [ "$STATUS" -eq 0 ]; then
        expect_same "$version" "$NEW_VERSION" "version after a success"
    elif [ -z "$version" ] || ! sim_mode_is normal; then
        [ "$STATUS" -ge 20 ] || [ "$STATUS" -eq 10 ] || note "status $STATUS with a modem in $(sim_status mode)"
        RECOVERED='command'
        if grep -q 'take its power away' "$T/stderr"; then power_cycle; fi
        advised
        run timeout -s KILL 400 "${ADVISED[@]}"
        expect_status 0
        version=$(chip_version)
        expect_same "$version" "$NEW_VERSION" "version after the recovery"
    fi
    [ "$version" = "$OLD_VERSION" ] || [ "$version" = "$NEW_VERSION" ] || fail "the modem runs '$version'"
    expect_same "$(verdict bricked)" no "bricked"
    expect_same "$(verdict protected)" unchanged "calibration and identity"
    expect_same "$(verdict failures)" "${FAILURES:-0}" "number of things that no host may do"
}

# One whole object, inhibited by nobody, and no job left over.
expect_whole() {
    local version
    version=$(chip_version)
    wait_until 150 is_normal_and_known "$version" ||
        fail "ModemManager has $(modem_paths | wc -l) modems, the modem is in $(sim_status mode) and runs $version"
    MODEM=$(modem_paths)
    expect_same "$(modem_property "$MODEM" Device)" "$UID_OF_MODEM" "Device uid"
    wait_until 10 has_all_ports || fail "kinds of ports: $(modem_port_kinds "$MODEM")"
    expect_modemmanager_alive
    no_live_job || fail "a job is left over"
    run mmcli --firmware-update-list
    expect_status 0
    not grep -qi 'recover' "$T/stdout" || fail "the modem is listed as stuck"
    expect_not_inhibited "$UID_OF_MODEM"
}

has_all_ports() {
    [ "$(modem_port_kinds "$MODEM")" = "$KINDS" ]
}

# Sets moment_ms to a random moment of the Nth of COUNT equal parts of a run, so that no part of it is left out:
#   draw_moment SEED N COUNT
# The first number that bash draws is nearly the same for neighbouring seeds, so the second one is taken.
draw_moment() {
    RANDOM=$1
    : $RANDOM
    moment_ms=$(((($2 - 1) * RUN_MS + RANDOM * RUN_MS / 32768) / $3))
}

# Waits until moment_ms of the update have gone by.
wait_for_moment() {
    local left_ms=$((STRUCK_MS + moment_ms - $(now_ms)))
    [ $left_ms -le 0 ] || sleep "$((left_ms / 1000)).$(printf %03d $((left_ms % 1000)))"
}

# One round, the Nth of COUNT: struck FAULT SEED N COUNT
struck() {
    local fault=$1 moment_ms
    again
    draw_moment "$2" "$3" "$4"
    start_struck
    wait_for_moment
    note "seed $2: $fault after $moment_ms of $RUN_MS ms, the modem in $(sim_status mode);" \
        "$(tail -n 1 "$T/update.stderr")"
    "$fault"
    wait_update
    recover
    expect_whole
    note "seed $2: status $STRUCK_STATUS, recovered by $RECOVERED"
    echo "$fault $STRUCK_STATUS $RECOVERED" >>"$T/strikes"
}

# strikes FAULT COUNT: so many rounds, each with a line of its own.
strikes() {
    local i
    for ((i = 1; i <= $2; i++)); do
        strike_round=$((${strike_round:-0} + 1))
        subtest "$1-$i-seed-$((strike_seed + strike_round))" struck "$1" $((strike_seed + strike_round)) $i "$2"
    done
}

# Modem, ModemManager and the length of a run: prepare_strikes FAMILY PACKAGE [OLD-VERSION NEW-VERSION]
prepare_strikes() {
    require_ours
    STRIKE_PACKAGE=$2
    OLD_VERSION=${3:-$OLD_VERSION}
    NEW_VERSION=${4:-$NEW_VERSION}
    note "seed $strike_seed"
    stop_modems
    start_bus
    bus_has org.freedesktop.PolicyKit1 || start_polkit
    daemon_runs modemmanager || start_modemmanager
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    modprobe -a option qmi_wwan qcserial
    start_modem "$1" --version "$OLD_VERSION"
    wait_for_modem
    sim save "$T/old-firmware"
    measure_run
}
