# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same through ModemManager and the service: what comes back is given back, what does not is listed and recovered.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all
zip=$packages/small/EC25EFAR06A08M4G.zip
uid=$(modem_property "$MODEM" Device)

refused_before_the_first_erase() {
    local old=$MODEM
    sim fault 'getstorageinfo:1=nak'
    sim fault 'configure:1=nak'
    update 0 small/EC25EFAR06A08M4G.zip
    [ "$STATUS" -ne 0 ] && [ "$STATUS" -lt 20 ] || fail "exit status $STATUS"
    sim no-faults
    wait_until 40 sim_mode_is normal || fail "the modem was not put back"
    wait_for_modem "$old"
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_modem_runs $OLD_VERSION
    expect_modemmanager_alive
}

fails_in_the_middle() {
    wait_for_modem
    sim fault 'program:3+=nak'
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes
    sim no-faults
    expect_status $EXIT_NEEDS_RECOVERY
    expect_stderr '(mmcli|mm-firmware) '
    run mmcli --firmware-update-list
    expect_stdout 'edl|recover'
    run mmcli "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_modemmanager_alive
}

subtest refused-before-the-first-erase refused_before_the_first_erase
subtest fails-in-the-middle fails_in_the_middle
