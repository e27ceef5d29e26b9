# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulated modem's MBIM is what ModemManager and Debian's mbimcli take for a modem's: an EC25 whose AT ports are there
# as well, and a laptop's module that has MBIM alone.
# timeout: 300

. /mfu/src/tests/vm/guest/net.sh

ask() {
    run mbimcli -p -d "$(control_port)" "$@"
    expect_status 0
}

kinds() {
    modem_port_kinds "$MODEM" | cut -d ' ' -f 1 | sort | uniq -c | sed 's/^ *//' | paste -sd ,
}

# Through the proxy, while ModemManager talks to the modem.
beside_modemmanager() {
    ask --query-device-caps
    expect_stdout "Firmware info: '$1'"
    ask --query-subscriber-ready-status
    expect_stdout "Ready state: 'initialized'"
    ask --query-registration-state
    expect_stdout "Provider name: 'Test Network'"
    ask --query-signal-state
    expect_stdout "RSSI \[0-31,99\]: '27'"
    ask --query-device-services
    expect_stdout "Service: 'basic-connect'"
    run mbimcli -p -d "$(control_port)" --phonebook-query-configuration
    expect_stderr 'NoDeviceSupport|not supported'
}

connected() {
    enable_modem
    wait_until 20 has_signal || fail "no signal"
    beside_modemmanager "$1"
    connect_modem
    ping_network
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    ask --query-ip-configuration
    expect_stdout "IP \[0\]: '100\.64\."
    disconnect_modem
    expect_same "$(sim_status bearer)" none "the modem's bearer"
    connect_modem apn=internet,ip-type=ipv4v6
    expect_same "$(sim_status bearer)" ipv4v6 "the modem's bearer"
    sim network none
    wait_until 30 bearer_is no || fail "ModemManager does not see that the bearer is gone"
}

# The composition is chosen as on a real modem; its AT ports stay.
ec25() {
    start_modem ec25
    wait_until 10 test -c /dev/ttyUSB2 || fail "no AT port"
    printf 'AT+QCFG="usbnet",2\r' >/dev/ttyUSB2
    wait_until 10 sim_has_op 'AT+QCFG="USBNET",2' || fail "the modem did not take the command"
    power_cycle
    sim wait normal 30
    start_modemmanager
    wait_for_modem
    expect_same "$(kinds)" "1 cdc-wdm,4 ttyUSB,1 wwan" ports
    mmcli -m any --output-keyvalue | found 'drivers.*cdc_mbim' || fail "no cdc_mbim"
    connected "$OLD_VERSION"
}

laptop() {
    stop_modems
    wait_until 20 no_modem || fail "the modem is still there"
    start_modem em06 --version EM06ELAR03A06M4G_01.001.01.001
    wait_for_modem
    expect_same "$(kinds)" "1 cdc-wdm,1 wwan" ports
    connected EM06ELAR03A06M4G
    # QDU, as libmbim reads it: the plugin asks for the whole version.
    mm_log | found "Version = 'EM06ELAR03A06M4G_01.001.01.001'" || fail "no version by QDU"
}

start_bus
start_polkit
# Beforehand: loading them would take longer than ModemManager waits for a modem's ports.
modprobe -a option qmi_wwan cdc_mbim
subtest ec25 ec25
subtest laptop laptop
