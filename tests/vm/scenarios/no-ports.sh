# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Modems whose owner has taken ports away are flashed by what is left, and refused with the reason where nothing is.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
. /mfu/src/tests/vm/guest/net.sh

zip=$packages/small/EC25EFAR06A08M4G.zip

another_modem() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    start_modem ec25 "$@"
}

# It refuses the switch, and the kernel cannot make it come up anew: it is told to start anew by QMI.
stubborn() {
    local old attribute
    another_modem
    wait_for_modem
    old=$MODEM
    attribute=$(realpath "/sys/bus/usb/devices/$(sim_port)/authorized")
    mount --bind "$attribute" "$attribute"
    mount -o remount,bind,ro "$attribute"
    sim fault 'diag:1+=nak'
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes --firmware-update-method=firehose
    sim no-faults
    expect_status $EXIT_DEVICE
    grep -qiE 'QMI service 2 client [0-9]+ message 002e: 0' "$T/modem1.log" || fail "it was not told so by QMI"
    wait_for_modem "$old"
    expect_revision $OLD_VERSION
    expect_modem_untouched
    expect_modemmanager_alive
}

# The AT port is interface 1 then, and fastboot the only way.
no_diag() {
    another_modem --composition no-diag
    wait_for_modem
    local old=$MODEM
    run mmcli -m any "--firmware-update-check=$zip"
    expect_status 0
    expect_stdout 'Not by firehose: The modem offers no DIAG port'
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes --firmware-update-method=firehose
    expect_status $EXIT_UNSUPPORTED
    expect_stderr 'offers no DIAG port'
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old"
    expect_revision $NEW_VERSION
}

# ModemManager 1.20.4 aborts when it meets a Quectel modem in QMI mode without an AT port: it is not there.
no_at() {
    stop_modemmanager
    another_modem --composition no-at,no-modem,no-nmea
    run mmcli "--firmware-update=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status 0
    expect_stdout "$NEW_VERSION"
    expect_modem_runs $NEW_VERSION
}

has_proxy_on_it() {
    fuser /dev/cdc-wdm0 2>/dev/null | found -w "$(pidof qmi-proxy)"
}

has_call() {
    [ "$(sim_status bearer)" = ipv4 ]
}

# Somebody else has a call through qmi-proxy: the version is asked for beside it, and the call goes on.
no_tty() {
    another_modem --composition no-tty
    wait_until 10 test -c /dev/cdc-wdm0 || fail "no control port"
    daemon call qmicli -p -d /dev/cdc-wdm0 --wds-start-network=apn=internet,ip-type=4 --wds-follow-network
    wait_until 20 has_proxy_on_it || fail "qmi-proxy does not have the port"
    wait_until 20 has_call || fail "no call: $(tail -n 1 "$T/call.out")"
    run mmcli "--firmware-update-check=$zip" "--firmware-update-port=$(sim_port)"
    expect_status $EXIT_UNSUPPORTED
    expect_stderr 'neither a DIAG nor an AT port, and no QMI command'
    grep -qE 'QMI service 2 client [0-9]+ message 0023: 0' "$T/modem1.log" || fail "the version was not asked for"
    daemon_runs call || fail "the call has ended"
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    expect_modem_untouched
}

start_bus
start_polkit
# Beforehand: loading them would take longer than ModemManager waits for a modem's ports.
modprobe -a option qmi_wwan
start_modemmanager
for part in stubborn no_diag no_at no_tty; do
    subtest $part $part
done
