# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An EP06 is flashed by firehose, and by fastboot.
# timeout: 300
# package: ep06/EP06ELAR03A09M4G.zip --family ep06 --form zip

require_ours
start_bus
start_polkit
start_modem ep06
start_modemmanager
wait_for_modem

flash() {
    local old=$MODEM other=$2
    modem_property "$MODEM" Revision | found EP06ELAR03A06M4G || fail "$(modem_property "$MODEM" Revision) at first"
    run mmcli -m any "--firmware-update=$packages/ep06/EP06ELAR03A09M4G.zip" --firmware-update-yes \
        "--firmware-update-method=$1"
    expect_status 0
    expect_modem_runs EP06ELAR03A09M4G
    expect_same "$(sim_bytes_to "$other")" 0 "bytes sent in $other mode"
    wait_for_modem "$old"
    expect_revision EP06ELAR03A09M4G
    expect_modemmanager_alive
}

by_fastboot() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    start_modem ep06
    wait_for_modem
    flash fastboot edl
}

subtest firehose flash firehose fastboot
subtest fastboot by_fastboot
