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

wait_until 20 has_device || note "NetworkManager lists $(nm_devices) modems"
before=$(nm_devices)
daemon signals gdbus monitor --system --dest $mm_name --object-path $mm_path
daemon nm-signals nmcli monitor
sleep 1
update 0 small/EC25EFAR06A08M4G.zip
expect_status 0
wait_for_modem "$old" 10
sleep 3
expect_same "$(modem_signals InterfacesRemoved)" 1 "removals of the modem"
expect_same "$(modem_signals InterfacesAdded)" 1 "arrivals of the modem"
expect_same "$(nm_devices)" "$before" "modems in NetworkManager"
if [ "$before" != 0 ]; then
    expect_same "$(grep -c 'device removed' "$T/nm-signals.out")" 1 "removals in NetworkManager"
    expect_same "$(grep -c 'device created' "$T/nm-signals.out")" 1 "arrivals in NetworkManager"
fi
expect_modem_runs $NEW_VERSION
