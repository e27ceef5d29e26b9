# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every supported modem in any mode is listed, in words, JSON and keys, and nobody sends a byte to those that are stuck.
# timeout: 200

require_ours
start_bus
start_polkit
start_modem ec25
start_modem ec25:edl
start_modem ec25:fastboot
start_modemmanager
wait_for_modem
port1=$(sim_port 1) port2=$(sim_port 2) port3=$(sim_port 3)

expect_silence() {
    local n
    for n in 2 3; do sim_n $n status | grep -E '^(mode|bytes-)' | tr '\n' ' '; done
    expect_same "$(sim_n 2 status | sed -n 's/^bytes-edl=//p')" 0/0 "bytes to and from the modem in EDL"
    expect_same "$(sim_n 3 status | sed -n 's/^bytes-fastboot=//p')" 0/0 "bytes to and from the modem in fastboot"
}

in_words() {
    local command
    for command in 'mmcli --firmware-update-list' 'mm-firmware list'; do
        run $command
        expect_status 0
        expect_stdout "^ *$MODEM \[EC25\] $port1: $OLD_VERSION.*, normal$"
        expect_stdout "^ *-- .* $port2: --, edl, needs recovery$"
        expect_stdout "^ *-- .* $port3: --, fastboot, needs recovery$"
        expect_same "$(wc -l <"$T/stdout")" 3 "lines of the list"
    done
    expect_silence
}

as_json() {
    run mmcli --firmware-update-list -J
    expect_status 0
    python3 - "$T/stdout" "$port1" "$port2" "$port3" "$MODEM" <<'PYTHON'
import json
import sys
entries = json.load(open(sys.argv[1]))["firmware-update-list"]
shown = {entry["port"]: entry for entry in entries}
assert sorted(shown) == sorted(sys.argv[2:5]), shown
assert [shown[port]["mode"] for port in sys.argv[2:5]] == ["normal", "edl", "fastboot"], shown
assert shown[sys.argv[2]]["modem"] == sys.argv[5] and shown[sys.argv[2]]["model"] == "EC25", shown
assert [shown[port]["needs"] for port in sys.argv[2:5]] == ["--", "recovery", "recovery"], shown
PYTHON
    expect_silence
}

as_keys() {
    run mm-firmware list -K
    expect_status 0
    expect_stdout "^firmware-update-list\.length *: 3$"
    expect_stdout "port *: $port2$"
    expect_stdout "mode *: fastboot$"
    expect_silence
}

as_anybody() {
    run as_user stranger mmcli --firmware-update-list
    expect_status 0
    expect_stdout "$port2"
    expect_silence
}

# The property says it, and a signal tells of each change.
follows_the_ports() {
    daemon monitor busctl --no-pager --json=short monitor $updater
    wait_until 20 grep -q '^Monitoring bus' "$T/monitor.out" || fail "nobody listens"
    sim_n 2 unplug
    devices_are() { mm-firmware list -K | found "length *: $1$"; }
    wait_until 30 devices_are 2 || fail "a modem that was pulled out is still listed"
    sim_n 2 plug
    wait_until 30 devices_are 3 || fail "a modem that was plugged in is not listed"
    wait_until 20 grep -q '"Devices"' "$T/monitor.out" || fail "no signal told of Devices"
    end_daemon monitor
    expect_silence
}

subtest in-words in_words
subtest as-json as_json
subtest as-keys as_keys
subtest as-anybody as_anybody
subtest follows-the-ports follows_the_ports
expect_modem_untouched
