# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Service killed, ModemManager upgraded, bus restarted, modem unplugged, at a random moment each; all works afterwards.
# timeout: 900
# package: small/EC25EFAR06A08M4G.zip --form zip

# shellcheck source=../guest/strike.sh
. /mfu/src/tests/vm/guest/strike.sh

# The modem comes up in normal mode in a port that a job keeps for itself, and the job's process is killed there: the
# next one gives the modem its drivers back.
killed_with_the_port_held() {
    local asked
    again
    sim no-faults
    sim fault 'diag:1+=deaf'
    asked=$(times_asked)
    start_struck
    wait_until 60 is_asked_again "$asked" || fail "the job does not switch the modem"
    sim reenumerate
    # For a moment none has.
    wait_until 20 has_no_drivers && sleep 1 && has_no_drivers || fail "the port was not kept"
    service_killed
    sim no-faults
    wait_update
    recover
    expect_whole
}

# How often the modem was told to enter its boot ROM.
times_asked() {
    grep -c '> .*4b 65 01 00' "$T/modem1.log" || true
}

is_asked_again() {
    [ "$(times_asked)" -gt "$1" ]
}

has_no_drivers() {
    modem_folders 1 && ! compgen -G "$(modem_folders 1)/*:1.0"
}

prepare_strikes ec25 small/EC25EFAR06A08M4G.zip
strikes service_killed 1
strikes mm_upgraded 1
strikes bus_restarted 1
strikes unplugged 1
subtest killed-with-the-port-held killed_with_the_port_held
