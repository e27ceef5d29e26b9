# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Out of the service's sandbox, modems without a serial port are asked through the proxy and directly, by MBIM and by QMI.
# mode: systemd
# timeout: 300
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: em06/EM06ELAR03A09M4G.zip --family ep06 --version EM06ELAR03A09M4G --form zip

require_ours

# ModemManager does it, too, when it finds the modem.
asked_for_services() {
    grep -cE 'MBIM service a289 query 16: 0' "$T/modem1.log" || true
}

# The plan asks beside ModemManager, through mbim-proxy; the switch is told directly, while ModemManager keeps off.
by_mbim() {
    start_modem em06
    wait_for_modem
    local before
    before=$(asked_for_services)
    run mmcli -m any "--firmware-update-check=$packages/em06/EM06ELAR03A09M4G.zip"
    expect_status 0
    [ "$(asked_for_services)" -gt "$before" ] || fail "the services were not asked for"
    run mmcli -m any "--firmware-update=$packages/em06/EM06ELAR03A09M4G.zip" --firmware-update-yes
    expect_status 0
    sim_has_op 'QDU reboot' || fail "it was not told by QDU"
    expect_modem_runs EM06ELAR03A09M4G
}

# ModemManager 1.20.4 aborts when it meets a Quectel modem in QMI mode without an AT port: it is not there.
by_qmi() {
    stop_modemmanager
    stop_modems
    start_modem ec25 --composition no-at,no-modem,no-nmea
    run mmcli "--firmware-update=$packages/small/EC25EFAR06A08M4G.zip" "--firmware-update-port=$(sim_port)" \
        --firmware-update-yes
    expect_status 0
    expect_stdout "$NEW_VERSION"
    expect_modem_runs $NEW_VERSION
    [ "$(grep -cE 'QMI service 2 client [0-9]+ message 0023: 0' "$T/modem1.log")" -ge 2 ] ||
        fail "the version was not asked for before and after"
}

start_bus
start_polkit
# Beforehand: loading them would take longer than ModemManager waits for a modem's ports.
modprobe -a option qmi_wwan cdc_mbim
start_modemmanager
for part in by_mbim by_qmi; do
    subtest $part $part
done
