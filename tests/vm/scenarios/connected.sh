# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A connected modem: what is only planned, or refused, leaves its connection alone; after a flash NetworkManager connects it
# again by itself.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip
# package: variant/EC25AFAR06A08M4G.zip --form zip --version EC25AFAR06A08M4G

require_ours
. /mfu/src/tests/vm/guest/net.sh

# Calls that anybody has asked the modem to end: WDS Stop Network.
ended_calls() {
    grep -cE 'QMI service 1 client [0-9]+ message 0021' "$T/modem1.log" || true
}

nm_is_connected() {
    [ "$(nmcli -t -g GENERAL.STATE connection show mobile 2>/dev/null)" = activated ] && find_bearer
}

# As a computer uses it: through the interface and with the address that NetworkManager has given it.
ping_by_nm() {
    wait_until 20 ping -c 1 -W 2 198.51.100.1 || fail "no answer from the network"
}

packets_up() {
    sim_status packets | cut -d / -f 1
}

expect_same_connection() {
    local before=$1 packets
    bearer_is yes "$bearer" || fail "the bearer has ended"
    expect_same "$(ended_calls)" "$before" "calls ended"
    expect_same "$(sim_status bearer)" "$kind" "the modem's bearer"
    nm_is_connected || fail "not connected any more"
    packets=$(packets_up)
    ping_by_nm
    [ "$(packets_up)" -gt "$packets" ] || fail "the packets went elsewhere"
    expect_modem_untouched
}

planned() {
    local before
    before=$(ended_calls)
    run mmcli -m any "--firmware-update-check=$packages/small/EC25EFAR06A08M4G.zip"
    expect_status 0
    expect_stdout 'by firehose'
    expect_same_connection "$before"
}

refused() {
    local before
    before=$(ended_calls)
    run mmcli -m any "--firmware-update=$packages/variant/EC25AFAR06A08M4G.zip" --firmware-update-yes
    expect_status $EXIT_WRONG
    expect_same_connection "$before"
}

flashed() {
    local old=$MODEM
    run mmcli -m any "--firmware-update=$packages/small/EC25EFAR06A08M4G.zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old"
    expect_revision $NEW_VERSION
    wait_until 180 nm_is_connected || {
        run nmcli connection
        run nmcli device
        fail "NetworkManager has not connected the modem again"
    }
    ping_by_nm
    expect_modemmanager_alive
}

start_bus
start_polkit
start_networkmanager
start_modem ec25
start_modemmanager
wait_for_modem
run nmcli connection add save no type gsm con-name mobile ifname '*' apn internet connection.autoconnect yes
expect_status 0
wait_until 180 nm_is_connected || {
    run nmcli device
    fail "NetworkManager does not connect the modem"
}
bearer=$BEARER
kind=$(sim_status bearer)
ping_by_nm
for part in planned refused flashed; do
    subtest $part $part
done
