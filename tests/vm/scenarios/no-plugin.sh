# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ModemManager without our plugin, as on OpenWrt: the front asks the service, which knows the modem from ModemManager.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: project/EC25EFAR06A08M4G_01.001.01.001.zip --form zip --version EC25EFAR06A08M4G_01.001.01.001
# package: project/EC25EFAR06A08M4G_02.001.01.001.zip --form zip --version EC25EFAR06A08M4G_02.001.01.001
# package: refuse/EC25EFAR06A04M4G.zip --form zip --version EC25EFAR06A04M4G
# package: refuse/EC25AFAR06A08M4G.zip --form zip --version EC25AFAR06A08M4G

require_ours
for plugin in /usr/lib/x86_64-linux-gnu/ModemManager/*quectel-firmware*.so; do
    preserve "$plugin"
    rm -f "$plugin"
done
start_all
zip=$packages/small/EC25EFAR06A08M4G.zip

without_our_interface() {
    ! busctl --no-pager introspect $mm_name "$MODEM" | found FirmwareUpdate || fail "our interface is there"
    run mmcli -m 0
    expect_status 0
}

looks() {
    run mmcli -m 0 --firmware-update-status
    expect_status $EXIT_NOT_FOUND
    run mmcli --firmware-update-list
    expect_stdout "$MODEM \[EC25\] $(sim_port): $OLD_VERSION.*, normal"
    run mmcli -m 0 "--firmware-update-check=$zip"
    expect_status 0
    expect_stdout "$OLD_VERSION"
    expect_stdout "$NEW_VERSION"
    expect_modem_untouched
}

refuses() {
    update 0 refuse/EC25EFAR06A04M4G.zip
    expect_status $EXIT_WRONG
    expect_stderr downgrade
    update 0 refuse/EC25AFAR06A08M4G.zip
    expect_status $EXIT_WRONG
    expect_stderr variant
    run as_user stranger mmcli -m 0 "--firmware-update=$zip" --firmware-update-yes
    expect_status $EXIT_NOT_AUTHORIZED
    expect_stderr 'sudo'
    expect_modem_untouched
}

cancels() {
    local old=$MODEM
    stand_still 'read-end:1=slow:15000'
    start_update "${MODEM##*/}" small/EC25EFAR06A08M4G.zip
    wait_for_standstill
    run mmcli -m "${old##*/}" --firmware-update-status
    expect_stdout running
    run mmcli -m "${old##*/}" --firmware-update-cancel
    expect_status 0
    wait_update
    expect_status $EXIT_CANCELLED
    sim no-faults
    wait_until 30 sim_mode_is normal || fail "the modem was not put back"
    expect_modem_runs $OLD_VERSION
    wait_for_modem "$old"
}

updates() {
    local old
    wait_for_modem
    old=$MODEM
    update "${old##*/}" small/EC25EFAR06A08M4G.zip
    expect_status 0
    expect_stdout "runs $NEW_VERSION now; it is $mm_path/Modem/[0-9]+"
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old" 5
    run mmcli -m "${old##*/}" --firmware-update-status
    expect_stdout 'done'
    expect_modemmanager_alive
}

# ModemManager knows from QMI what the modem runs, but not for which project: AT+QGMR is asked only of modems that have
# fastboot. The modem is asked when ModemManager has let go of it, and given back if the package does not fit.
asks_the_modem_itself() {
    local old
    stop_modemmanager
    stop_modems
    start_modem ec25 --version EC25EFAR06A05M4G_01.001.01.001 --quirks no-qfastboot
    start_modemmanager
    wait_for_modem
    run mmcli -m "${MODEM##*/}" --firmware-update-list
    expect_stdout ": $OLD_VERSION, normal"
    run mmcli -m "${MODEM##*/}" "--firmware-update-check=$packages/project/EC25EFAR06A08M4G_02.001.01.001.zip"
    expect_status 0
    expect_modem_untouched
    old=$MODEM
    update "${MODEM##*/}" project/EC25EFAR06A08M4G_02.001.01.001.zip
    expect_status $EXIT_WRONG
    expect_stderr 'project 02.001.01.001, the modem to 01.001.01.001'
    expect_modem_untouched
    wait_for_modem "$old"
    update "${MODEM##*/}" project/EC25EFAR06A08M4G_01.001.01.001.zip
    expect_status 0
    expect_modem_runs EC25EFAR06A08M4G_01.001.01.001
    expect_modemmanager_alive
}

subtest without-our-interface without_our_interface
subtest looks looks
subtest refuses refuses
subtest cancels cancels
subtest updates updates
subtest asks-the-modem-itself asks_the_modem_itself
