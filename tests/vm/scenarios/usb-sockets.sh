# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Three simulated modems at once, one of them on USB 3, are three modems of the stock ModemManager, each on its port.
# timeout: 180

start_bus
start_polkit
start_modem ec25 --serial 11111111
start_modem ec25 --serial 22222222
start_modem ep06 --serial 33333333 --usb3
expect_same "$(sim_port 1)" "$(sim_usb2_port 1)" "port of modem 1"
expect_same "$(sim_port 2)" "$(sim_usb2_port 2)" "port of modem 2"
expect_same "$(sim_port 3)" "$(sim_usb3_port 3)" "port of modem 3"
expect_same "$(cat "$(modem_folders 3)/speed")" 5000 "speed of modem 3"
expect_same "$(peer_of "$(sim_usb3_port 3)")" "$(sim_usb2_port 3)" "peer"
expect_same "$(peer_of "$(sim_usb2_port 3)")" "$(sim_usb3_port 3)" "peer's peer"

start_modemmanager
wait_until 90 has_modems 3 || fail "ModemManager exports $(modem_paths | wc -l) modems"
run mmcli -L
for n in 1 2 3; do
    path=$(modem_in_port "$(sim_port $n)")
    note "modem $n: $path $(modem_property "$path" EquipmentIdentifier)"
    modem_property "$path" EquipmentIdentifier >>"$T/imeis"
    expect_same "$(modem_property "$path" Plugin)" quectel plugin
done
expect_same "$(sort -u "$T/imeis" | wc -l)" 3 "different IMEIs"
MODEM=$(modem_in_port "$(sim_port 3)")
expect_revision EP06ELAR03A06M4G

# In EDL and in fastboot it has no USB 3: it comes up in the other half of the socket, the others stay.
sim_n 3 usb-boot
wait_until 20 sim_port_is "$(sim_usb2_port 3)" 3 || fail "EDL is not on $(sim_usb2_port 3)"
expect_same "$(cat "$(modem_folders 3)"/id{Vendor,Product} | tr '\n' ' ')" "05c6 9008 " identity
expect_same "$(cat "$(modem_folders 3)/speed")" 480 "speed in EDL"
wait_until 20 has_modems 2 || fail "not two modems are left"
sim_n 3 power-cycle
wait_until 20 sim_port_is "$(sim_usb3_port 3)" 3 || fail "normal mode is not on $(sim_usb3_port 3)"
wait_until 150 has_modems 3 || fail "modem 3 does not come back to ModemManager"
for n in 1 2; do expect_modem_untouched $n; done
expect_modem_unharmed 3
