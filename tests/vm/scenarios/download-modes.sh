# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Modems that come up in a download mode beside ModemManager: it says no byte, the list says what they are, a command recovers.
# timeout: 1200
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: ep06/EP06ELAR03A09M4G.zip --family ep06 --form zip
# package: ec20/EC20EQAR02A13E2G --family ec20

require_ours
ec25=$packages/small/EC25EFAR06A08M4G.zip
ep06=$packages/ep06/EP06ELAR03A09M4G.zip
ec20=$packages/ec20/EC20EQAR02A13E2G
rules=/usr/lib/udev/rules.d/77-mm-quectel-firmware.rules
modprobe -a option qcserial
start_bus
start_polkit
start_modemmanager

# Bytes that anyone has sent to the modem in a mode that is not the normal one.
bytes_to_stuck() {
    sim status | sed -n 's/^bytes-\([a-z]*\)=\([0-9]*\).*/\1 \2/p' | awk '$1 != "normal" { n += $2 } END { print n + 0 }'
}

stuck_tty() {
    local path
    path=$(compgen -G "/sys/bus/usb/devices/$(sim_port):1.0/ttyUSB*") && basename "$path"
}

is_listed() {
    mmcli --firmware-update-list | found -E "$(sim_port): .*, $1"
}

was_ignored() {
    mm_log | tail -n "+$SINCE" | grep -F "/$(stuck_tty))" | found -E 'blocklisted|ignored'
}

# meet FAMILY:MODE IDENTITY LISTED [OPTION OF modemsim]...: it arrives, with a tty like any other.
meet() {
    local what=$1 identity=$2 listed=$3
    shift 3
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    rm -rf /var/lib/mm-firmware-updater/*
    SINCE=$(($(mm_log | wc -l) + 1))
    start_modem "$what" "$@"
    expect_same "$(sim_status usb)" "$identity" identity
    wait_until 20 stuck_tty || fail "no driver has taken it"
    wait_until 20 is_listed "$listed" || fail "not listed: $(mmcli --firmware-update-list 2>&1 | tail -n 1)"
}

# ModemManager, the service's start and the list.
expect_left_alone() {
    wait_until 30 was_ignored || fail "ModemManager does not ignore $(stuck_tty)"
    # It would probe within five seconds.
    sleep 6
    expect_same "$(bytes_to_stuck)" 0 "bytes sent in the download mode"
    no_modem || fail "ModemManager exports something"
}

# recovered PACKAGE VERSION [OPTION]...
recovered() {
    local package=$1 version=$2
    shift 2
    run mmcli "--firmware-recover=$package" "--firmware-update-port=$(sim_port)" --firmware-update-yes "$@"
    expect_status 0
    expect_modem_runs "$version"
    wait_for_modem
    expect_revision "$version"
    expect_modemmanager_alive
}

# Nobody knows its variant, and nothing is asked before the user has said that he does.
expect_unidentified() {
    run mmcli "--firmware-recover=$1" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status $EXIT_WRONG
    expect_stderr unidentified
    expect_same "$(bytes_to_stuck)" 0 "bytes sent before the plan was accepted"
}

# Cut in the middle, it comes back as it was, and the command of the advice is all that it needs.
sbl_of_ec25() {
    meet ec25:sbl 2c7c:0125 'sbl-download, needs recovery'
    expect_left_alone
    expect_unidentified "$ec25"
    run mmcli "--firmware-recover=$ep06" "--firmware-update-port=$(sim_port)" --firmware-update-yes \
        --firmware-update-allow=unidentified
    expect_status $EXIT_WRONG
    expect_stderr 'another chip'
    expect_same "$(bytes_to_stuck)" 0 "bytes sent for another family's package"
    sim fault streaming-write:100=vanish
    run mmcli "--firmware-recover=$ec25" "--firmware-update-port=$(sim_port)" --firmware-update-yes \
        --firmware-update-allow=unidentified
    sim no-faults
    expect_status $EXIT_NEEDS_RECOVERY
    expect_stderr "--firmware-update-port=$(sim_port)"
    wait_until 40 is_listed '[a-z-]+, needs package' || fail "not remembered: $(mmcli --firmware-update-list 2>&1)"
    recovered "$ec25" $NEW_VERSION
}

sbl_of_ep06() {
    meet ep06:sbl-half-way 2c7c:0306 'sbl-download, needs recovery'
    expect_left_alone
    expect_unidentified "$ep06"
    recovered "$ep06" EP06ELAR03A09M4G --firmware-update-allow=unidentified
}

# With our rule: told from a Gobi modem by its one interface.
dload_as_9215() {
    meet ec20:dload 05c6:9215 'edl, needs recovery' --quirks dload-9215
    expect_left_alone
    expect_unidentified "$ec20"
    recovered "$ec20" EC20EQAR02A13E2G --firmware-update-allow=unidentified
}

was_probed() {
    [ "$(bytes_to_stuck)" -gt 10 ]
}

# Without it, as with a ModemManager that reads rules itself: what ModemManager has said is no harm.
dload_after_a_probe() {
    preserve $rules
    rm -f $rules
    udevadm control --reload
    meet ec20:dload 05c6:9215 'edl, needs recovery' --quirks dload-9215
    wait_until 60 was_probed || fail "ModemManager has not probed it: this shows nothing"
    grep -E '^[0-9.]+ dload .*> ' "$T/modem1.log" | tail -n 20
    recovered "$ec20" EC20EQAR02A13E2G --firmware-update-allow=unidentified
}

subtest sbl-of-ec25 sbl_of_ec25
subtest sbl-of-ep06 sbl_of_ep06
subtest dload-as-9215 dload_as_9215
subtest dload-after-a-probe dload_after_a_probe
restore_files
udevadm control --reload
