# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The simulated modem's QMI is what ModemManager and Debian's qmicli take for a modem's: registered, connected by one
# bearer that carries packets, disconnected, and gone with a reset.
# timeout: 300

. /mfu/src/tests/vm/guest/net.sh

ask() {
    run qmicli -p -d "$(control_port)" "$@"
    expect_status 0
}

registered() {
    enable_modem
    expect_same "$(modem_property "$MODEM" OperatorCode "$mm_iface.Modem.Modem3gpp")" 00101 operator
    wait_until 20 has_signal || fail "no signal"
}

# Through the proxy, while ModemManager talks to the modem.
beside_modemmanager() {
    ask --dms-get-revision
    expect_stdout "'$OLD_VERSION'"
    ask --nas-get-serving-system
    expect_stdout "Registration state: 'registered'"
    expect_stdout "Description: 'Test Network'"
    ask --nas-get-signal-info
    expect_stdout "RSSI: '-60 dBm'"
    ask --wds-get-packet-service-status
    expect_stdout "'disconnected'"
    ask --uim-get-card-status
    expect_stdout "Application state: 'ready'"
    ask --wda-get-data-format
    expect_stdout "Link layer protocol: 'raw-ip'"
}

# What the modem does not know it says so, and says it at once.
refused() {
    local started=$SECONDS
    run qmicli -p -d "$(control_port)" --nas-get-cell-location-info
    expect_stderr "QMI protocol error \(71\): 'InvalidQmiCommand'"
    run qmicli -p -d "$(control_port)" --dms-uim-get-pin-status
    expect_stderr "QMI protocol error \(94\): 'NotSupported'"
    run qmicli -p -d "$(control_port)" --loc-get-operation-mode
    expect_stderr "'InvalidServiceType'"
    run qmicli -p -d "$(control_port)" --wds-get-current-settings
    expect_stderr "QMI protocol error \(15\): 'OutOfCall'"
    [ $((SECONDS - started)) -lt 60 ] || fail "the refusals took $((SECONDS - started)) s"
}

connected() {
    connect_modem
    ping_network
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    disconnect_modem
    expect_same "$(sim_status bearer)" none "the modem's bearer"
    connect_modem apn=internet,ip-type=ipv4v6
    expect_same "$(sim_status bearer)" ipv4v6 "the modem's bearer"
    disconnect_modem
}

modem_sleeps() {
    [ "$(cat "/sys/bus/usb/devices/$(sim_port)/power/runtime_status")" = suspended ]
}

# The connection outlives the modem's sleep, as a laptop's power manager orders it.
suspended() {
    local power
    power=/sys/bus/usb/devices/$(sim_port)/power
    connect_modem
    echo 200 >"$power/autosuspend_delay_ms"
    echo auto >"$power/control"
    wait_until 20 modem_sleeps || fail "the modem does not sleep: $(cat "$power/runtime_status")"
    ping_network
    echo on >"$power/control"
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    disconnect_modem
}

# No service, no call; and no call where the network does not know the APN.
refused_calls() {
    run mmcli -m any --simple-connect=apn=unknown
    [ "$STATUS" -ne 0 ] || fail "connected to an APN that does not exist"
    expect_stderr 'unknown-apn|UnknownApn|MissingOrUnknownApn|missing-or-unknown'
}

# The network ends it; and the modem, when it is reset.
lost() {
    connect_modem
    sim network none
    wait_until 30 bearer_is no || fail "ModemManager does not see that the bearer is gone"
    sim network home
    wait_until 60 modem_state_is registered || fail "not registered again"
    connect_modem
    sim power-cycle
    wait_for_modem "$MODEM"
    expect_same "$(sim_status bearer)" none "the modem's bearer"
    connect_modem
    ping_network
}

start_bus
start_polkit
start_modem ec25
start_modemmanager
wait_for_modem
for part in registered beside_modemmanager refused connected suspended refused_calls lost; do
    subtest $part $part
    MODEM=$(modem_paths | tail -n 1)
done
