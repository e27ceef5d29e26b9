# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An EC25 is flashed by fastboot: asked for by its name, and as the only way of a package without a firehose folder.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: fastboot/EC25EFAR06A08M4G.zip --form zip --without firehose

start_all
uid=$(modem_property "$MODEM" Device)

expect_flashed_by_fastboot() {
    expect_status 0
    expect_modem_runs $NEW_VERSION
    expect_same "$(sim_status mode)" normal "mode"
    expect_same "$(sim_bytes_to edl)" 0 "bytes sent in EDL"
    [ "$(sim_bytes_to fastboot)" -gt 1000000 ] || fail "only $(sim_bytes_to fastboot) bytes were sent in fastboot mode"
    wait_for_modem "$1" 60
    expect_revision $NEW_VERSION
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_modemmanager_alive
}

another_modem() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    start_modem ec25 "$@"
    wait_for_modem
}

asked_for() {
    local old=$MODEM
    update 0 small/EC25EFAR06A08M4G.zip --firmware-update-method=fastboot
    expect_flashed_by_fastboot "$old"
}

the_only_way() {
    local old
    another_modem
    old=$MODEM
    run mmcli -m any "--firmware-update-check=$packages/fastboot/EC25EFAR06A08M4G.zip"
    expect_status 0
    expect_stdout 'by fastboot'
    expect_stdout 'flash +system'
    expect_stdout 'Left as they are: sbl, tz, rpm, aboot'
    expect_modem_untouched
    run mmcli -m any "--firmware-update=$packages/fastboot/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_flashed_by_fastboot "$old"
}

# The modem answers OK before it leaves; others leave without a word.
with_an_answer() {
    local old
    another_modem --quirks qfastboot-ok
    old=$MODEM
    run mmcli -m any "--firmware-update=$packages/fastboot/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_flashed_by_fastboot "$old"
}

# Refused by the modem, or by a power manager that brings it back: it is as it was, and ModemManager has it.
refused() {
    local old
    another_modem --quirks "$1"
    old=$MODEM
    run mmcli -m any "--firmware-update=$packages/fastboot/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_status $EXIT_DEVICE
    expect_stderr "$2"
    wait_until 40 sim_mode_is normal || fail "the modem was not put back"
    wait_for_modem "$old"
    expect_modem_runs $OLD_VERSION
    expect_modemmanager_alive
}

subtest asked-for asked_for
subtest the-only-way the_only_way
subtest with-an-answer with_an_answer
subtest refused-by-the-modem refused qfastboot-error 'AT\+QFASTBOOT'
subtest brought-back refused qfastboot-back 'power manager'
