# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ModemManager restarted, killed, stopped, started late or absent: nobody else says a byte, and one whole modem returns.
# timeout: 1500
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all
package=small/EC25EFAR06A08M4G.zip
port=$(sim_port)
uid=$(modem_property "$MODEM" Device)
sim save "$T/old-firmware"
# The driver that would take an EDL device is there before the first one comes.
modprobe qcserial
daemon ttys udevadm monitor --kernel --subsystem-match=tty

new_ttys() {
    grep -c "^KERNEL.* add .*/$port/" "$T/ttys.out" || true
}

ports=$(modem_port_kinds "$MODEM")

# The modem as it was, known to ModemManager, and twenty seconds of time while it is written. Sets OLD.
again() {
    local before
    daemon_runs modemmanager || start_modemmanager
    sim no-faults
    before=$(modem_paths)
    sim load "$T/old-firmware"
    wait_until 30 has_left "$before" || fail "ModemManager keeps $before"
    wait_until 150 runs_old_firmware || fail "ModemManager does not show the old firmware"
    OLD=$MODEM
    sim fault 'program-data:3=slow:10000'
    sim fault 'program-data:30=slow:10000'
    sim mark job
    BYTES=$(sim_bytes_to edl)
    TTYS=$(new_ttys)
}

# Half a minute more, for a ModemManager that starts meanwhile; expect_kept_off ends it.
take_more_time() {
    local n
    for n in 60 90 120; do sim fault "program-data:$n=slow:10000"; done
}

# As the owner of a router does it whose ModemManager is down: by the port.
start_update_by_port() {
    echo "\$ mmcli --firmware-update=$package --firmware-update-port=$port &"
    mmcli "--firmware-update=$packages/$package" "--firmware-update-port=$port" --firmware-update-yes \
        </dev/null >"$T/update.stdout" 2>"$T/update.stderr" &
    UPDATE_PID=$!
}

has_written() {
    sim ops | awk '/^mark/ { n = 0 } /^program/ { n++ } END { exit !n }'
}

wait_for_write() {
    wait_until 150 has_written || fail "nothing was written"
    expect_same "$(sim_status mode)" edl mode
}

# What is in the port now is EDL, taken by us and by no driver.
expect_kept_off() {
    expect_same "$(sim_status mode)" edl "mode, after ModemManager came"
    compgen -G "/sys/bus/usb/devices/$port/$port:*/tty*" && fail "EDL has a tty"
    no_modem || fail "ModemManager exports something"
    sim no-faults
}

# The bytes are those of a run that nobody disturbed; the ttys are those of the modem that came back.
expect_left_alone() {
    local bytes=$(($(sim_bytes_to edl) - BYTES))
    [ -e "$T/undisturbed" ] || echo "$bytes" >"$T/undisturbed"
    expect_same "$bytes" "$(cat "$T/undisturbed")" "bytes sent in EDL"
    expect_same "$(($(new_ttys) - TTYS))" 4 "ttys made since the job began"
    not grep -E '^[0-9.]+ edl .*> (.*(AT|41 54 0d|00 78 f0)|1 ("A"|41)$)' "$T/modem1.log" || fail "somebody probed EDL"
    expect_modem_runs $NEW_VERSION
}

# Exactly one modem, as whole as before, inhibited by nobody.
expect_whole() {
    expect_same "$(modem_paths | wc -l)" 1 "number of modems"
    MODEM=$(modem_paths)
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_same "$(modem_port_kinds "$MODEM")" "$ports" "kinds of ports"
    expect_revision $NEW_VERSION
    expect_modemmanager_alive
    expect_same "$(job_property State)" 'done' "state of the job"
    expect_not_inhibited "$uid"
}

expect_done() {
    wait_update
    expect_status 0
    wait_for_job
}

expect_named() {
    expect_same "$(job_property Modem)" "$(modem_paths)" "Modem of the job"
}

undisturbed() {
    again
    start_update "${OLD##*/}" $package
    expect_done
    expect_left_alone
    expect_named
    expect_whole
}

restarted() {
    again
    take_more_time
    start_update "${OLD##*/}" $package
    wait_for_write
    stop_modemmanager "$1"
    start_modemmanager
    sleep 3
    expect_kept_off
    expect_done
    expect_left_alone
    expect_named
    expect_whole
}

# The modem answers the switch late, so that there is time in which it is inhibited and still itself; and the new
# ModemManager holds the port on which the switch is said longer than anybody waits for a port.
restarted_before_the_switch() {
    again
    for n in 1 2; do
        sim fault "diag:$n=deaf"
        sim fault "diag-version:$n=deaf"
    done
    start_update "${OLD##*/}" $package
    wait_until 30 no_modem || fail "ModemManager did not let go of the modem"
    stop_modemmanager KILL
    start_modemmanager
    expect_done
    expect_left_alone
    expect_named
    expect_whole
}

started_late() {
    again
    take_more_time
    stop_modemmanager
    start_update_by_port
    wait_for_write
    start_modemmanager
    sleep 3
    expect_kept_off
    expect_done
    expect_left_alone
    expect_named
    expect_whole
}

# ModemManager sends its commands letter by letter.
is_probed() {
    tail -n "+$((lines + 1))" "$T/modem1.log" | found ' > 1 "A"$'
}

# Whoever is early after a boot: ModemManager has the ports and does not export the modem yet.
started_just_before() {
    again
    stop_modemmanager
    lines=$(wc -l <"$T/modem1.log")
    start_modemmanager
    wait_until 60 is_probed || fail "ModemManager does not ask the modem"
    no_modem || note "ModemManager was fast"
    start_update_by_port
    expect_done
    expect_left_alone
    expect_whole
}

# It is waited for as long as a restart takes; then the modem itself tells its version.
stopped_for_long() {
    again
    start_update "${OLD##*/}" $package
    wait_for_write
    stop_modemmanager
    expect_done
    expect_stdout "$NEW_VERSION"
    expect_left_alone
    start_modemmanager
    wait_for_modem
    expect_whole
}

absent() {
    again
    stop_modemmanager
    start_update_by_port
    expect_done
    expect_stdout "$NEW_VERSION"
    expect_left_alone
    start_modemmanager
    wait_for_modem
    expect_whole
}


# A job that waits for its start belongs to who asked for it, so this asks in a terminal.
restarted_while_asking() {
    again
    LAST_JOB=$(newest_job)
    mkfifo "$T/answer"
    script -qec "mmcli -m ${OLD##*/} --firmware-update=$packages/$package" "$T/typescript" <"$T/answer" >/dev/null &
    UPDATE_PID=$!
    exec 7>"$T/answer"
    wait_for_job
    wait_for_state 30 ready
    stop_modemmanager
    start_modemmanager
    echo y >&7
    wait_for_write
    status=0
    wait "$UPDATE_PID" || status=$?
    exec 7>&-
    cat "$T/typescript"
    expect_same "$status" 0 "exit status"
    expect_left_alone
    expect_named
    expect_whole
}

subtest undisturbed undisturbed
subtest restarted restarted TERM
subtest killed restarted KILL
subtest restarted-before-the-switch restarted_before_the_switch
subtest started-late started_late
subtest started-just-before started_just_before
subtest stopped-for-long stopped_for_long
subtest absent absent
subtest restarted-while-asking restarted_while_asking
