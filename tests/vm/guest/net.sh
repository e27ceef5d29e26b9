# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Words about a modem's connection, for the scenarios that have one.

# Path of the modem's control port, /dev/cdc-wdm0.
control_port() {
    echo "/dev/$(modem_property "$MODEM" Ports | grep -oE '"cdc-wdm[0-9]+"' | tr -d '"' | head -n 1)"
}

# modem_state_is STATE: as mmcli words it.
modem_state_is() {
    mmcli -m any --output-keyvalue 2>/dev/null | found -E "^modem\.generic\.state *: $1\$"
}

enable_modem() {
    run mmcli -m any --enable --timeout=120
    expect_status 0
    wait_until 60 modem_state_is registered || {
        run mmcli -m any
        fail "the modem does not register"
    }
}

# bearer_is yes|no: whether BEARER, or the one that is given, is connected.
bearer_is() {
    mmcli -b "${2:-$BEARER}" --output-keyvalue 2>/dev/null | found -E "^bearer\.status\.connected *: $1\$"
}

has_signal() {
    [ "$(modem_property "$MODEM" SignalQuality | cut -d ' ' -f 1)" -gt 50 ]
}

# Sets BEARER to the object of the one that is connected; there may be older ones.
find_bearer() {
    local path
    for path in $(mmcli -m any --output-keyvalue | sed -n 's/^modem\.generic\.bearers\.value\[[0-9]*\] *: //p'); do
        if bearer_is yes "$path"; then
            BEARER=$path
            return
        fi
    done
    return 1
}

connect_modem() {
    run mmcli -m any --simple-connect="${1:-apn=internet}" --timeout=120
    expect_status 0
    wait_until 60 modem_state_is connected || fail "the modem is not connected"
    wait_until 30 find_bearer || fail "the bearer is not connected"
}

disconnect_modem() {
    run mmcli -m any --simple-disconnect --timeout=120
    expect_status 0
    wait_until 60 modem_state_is registered || fail "the modem is still connected"
}

# Gives the interface the bearer's address, as a connection manager would, and asks somebody far away.
ping_network() {
    local interface address prefix
    mmcli -b "$BEARER" --output-keyvalue >"$T/bearer"
    interface=$(sed -n 's/^bearer\.status\.interface *: //p' "$T/bearer")
    address=$(sed -n 's/^bearer\.ipv4-config\.address *: //p' "$T/bearer")
    prefix=$(sed -n 's/^bearer\.ipv4-config\.prefix *: //p' "$T/bearer")
    ip link set "$interface" up
    ip address replace "$address/$prefix" dev "$interface"
    wait_until 10 ping -c 1 -W 2 -I "$interface" 198.51.100.1 || {
        run ip -s link show "$interface"
        fail "no answer from the network"
    }
}
