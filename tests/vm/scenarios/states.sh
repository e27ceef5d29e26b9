# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever state a modem is in, without SIM, locked, failed, it is updated; held by others, or without rights, it is not.
# timeout: 1500
# package: small/EC25EFAR06A08M4G.zip --form zip

zip=$packages/small/EC25EFAR06A08M4G.zip
require_ours
start_bus
start_polkit

# A fresh modem, and ModemManager that has it: fresh_modem OPTION OF modemsim...
fresh_modem() {
    stop_modemmanager_if_any
    stop_modems
    start_modem ec25 "$@"
    start_modemmanager
    wait_for_modem
    index=${MODEM##*/}
}

stop_modemmanager_if_any() {
    ! bus_has $mm_name || stop_modemmanager
}

modem_state_is() {
    mmcli -m "${MODEM##*/}" -K | found -E "^modem\.generic\.state *: $1\$"
}

# The update goes through, and the modem is one object afterwards.
updates_it() {
    local old=$MODEM
    run mmcli -m "$index" "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old" 10
    expect_same "$(modem_paths | wc -l)" 1 "modems in ModemManager"
    expect_stdout "$MODEM"
    expect_modemmanager_alive
}

# in_state STATE OPTION OF modemsim...: ModemManager shows the modem so, and it is updated like any other.
in_state() {
    local state=$1
    shift
    fresh_modem "$@"
    wait_until 60 modem_state_is "$state" || fail "the modem is not $state: $(mmcli -m "$index" -K | grep state)"
    updates_it
}

registered() {
    fresh_modem
    run mmcli -m "$index" --enable
    expect_status 0
    wait_until 60 modem_state_is 'registered' || fail "not registered"
    updates_it
}

# left_in FUNCTION STATE: AT+CFUN as somebody left it; 4 is low power, 0 neither radio nor card.
left_in() {
    fresh_modem
    sim function "$1"
    sim reenumerate
    wait_for_modem "$MODEM"
    index=${MODEM##*/}
    wait_until 60 modem_state_is "$2" || fail "the modem is not $2"
    run mmcli -m "$index" -K
    expect_stdout '^modem\.generic\.power-state *: low$'
    updates_it
}

# A program that has the port which the switch needs; it is named, with its number, and the modem kept as it is.
held_by_a_program() {
    local tty holder
    fresh_modem
    tty=$(basename "$(compgen -G "/sys/bus/usb/devices/$(sim_port):1.0/ttyUSB*")")
    sleep 600 <>"/dev/$tty" &
    holder=$!
    run mmcli -m "$index" "--firmware-update=$zip" --firmware-update-yes
    kill $holder
    expect_status $EXIT_BUSY
    expect_stderr "/dev/$tty is in use by sleep \(pid $holder\)"
    expect_modem_untouched
    # It was not even taken from ModemManager.
    expect_same "$(modem_paths)" "$MODEM" "modem in ModemManager"
    updates_it
}

held_by_an_inhibition() {
    local uid port
    fresh_modem
    uid=$(modem_property "$MODEM" Device)
    port=$(sim_port)
    daemon inhibitor mmcli --inhibit-device="$uid"
    wait_until 20 no_modem || fail "the modem was not inhibited"
    for name in "$uid" "$port" any; do
        run mmcli -m "$name" "--firmware-update=$zip" --firmware-update-yes
        expect_status $EXIT_BUSY
        expect_stderr 'InhibitDevice'
    done
    expect_modem_untouched
    end_daemon inhibitor INT
    wait_for_modem
    expect_modemmanager_alive
}

# Neither the service nor the device nodes are for everybody; each way says who can help.
without_rights() {
    local port
    fresh_modem
    port=$(sim_port)
    for command in "mmcli -m $index --firmware-update=$zip --firmware-update-yes" \
        "mmcli -m $index --firmware-update-check=$zip" \
        "mm-firmware update --port $port -y $zip"; do
        # shellcheck disable=SC2086  # words without blanks
        run as_user stranger $command
        expect_status $EXIT_NOT_AUTHORIZED
        expect_stderr 'sudo'
    done
    stop_modemmanager
    run as_user stranger mm-firmware rescue --port "$port" -y "$zip"
    expect_status $EXIT_NOT_AUTHORIZED
    expect_stderr 'sudo'
    mkdir -p /home/stranger/state
    chown stranger /home/stranger/state
    run as_user stranger mm-firmware rescue --port "$port" --state-dir=/home/stranger/state \
        --allow=volatile-journal -y "$zip"
    expect_status $EXIT_NOT_AUTHORIZED
    expect_stderr "/dev/ttyUSB[0-9]+: Permission denied"
    expect_stderr 'sudo'
    expect_modem_untouched
    stop_modems
    start_modem ec25:edl
    run as_user stranger mm-firmware rescue --port "$port" --state-dir=/home/stranger/state \
        --allow=volatile-journal,unidentified -y "$zip"
    expect_status $EXIT_NOT_AUTHORIZED
    expect_stderr '/dev/bus/usb/.*[Pp]ermission'
    expect_stderr 'sudo'
    expect_same "$(sim_bytes_to edl)" 0 "bytes sent in EDL"
}

subtest disabled in_state disabled
subtest registered registered
subtest low-power left_in 4 disabled
subtest no-sim in_state failed --sim absent
subtest pin-locked in_state locked --sim pin
subtest minimum-function left_in 0 failed
subtest held-by-a-program held_by_a_program
subtest held-by-an-inhibition held_by_an_inhibition
subtest without-rights without_rights
