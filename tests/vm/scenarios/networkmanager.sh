# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# NetworkManager, running, sees the modem go once and come once.
# timeout: 240
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
start_bus
start_polkit
start_networkmanager
start_modem ec25
start_modemmanager
wait_for_modem
old=$MODEM

modem_signals() {
    grep -c "$1.*$mm_path/Modem" "$T/signals.out" || true
}

nm_devices() {
    nmcli -t -f DEVICE,TYPE device | grep -c ':gsm$' || true
}

has_device() {
    [ "$(nm_devices)" = 1 ]
}

# The counts of what both have told: sees REMOVED ADDED
sees() {
    [ "$(modem_signals InterfacesRemoved)/$(modem_signals InterfacesAdded)" = "$1/$2" ] &&
        [ "$(grep -c 'device removed' "$T/nm-signals.out")/$(grep -c 'device created' "$T/nm-signals.out")" = "$1/$2" ]
}

wait_until 60 has_device || fail "NetworkManager lists $(nm_devices) modems"
daemon signals gdbus monitor --system --dest $mm_name --object-path $mm_path
daemon nm-signals nmcli monitor
wait_until 20 grep -q 'is owned by' "$T/signals.out" || fail "nobody listens to ModemManager"
wait_until 20 grep -q 'NetworkManager is running' "$T/nm-signals.out" || fail "nobody listens to NetworkManager"
update 0 small/EC25EFAR06A08M4G.zip
expect_status 0
wait_for_modem "$old" 10
wait_until 60 sees 1 1 || note "not yet"
# And once only.
sleep 3
expect_same "$(modem_signals InterfacesRemoved)" 1 "removals of the modem"
expect_same "$(modem_signals InterfacesAdded)" 1 "arrivals of the modem"
expect_same "$(nm_devices)" 1 "modems in NetworkManager"
expect_same "$(grep -c 'device removed' "$T/nm-signals.out")" 1 "removals in NetworkManager"
expect_same "$(grep -c 'device created' "$T/nm-signals.out")" 1 "arrivals in NetworkManager"
expect_modem_runs $NEW_VERSION
