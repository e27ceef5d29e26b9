# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A connected EC25 in MBIM mode is flashed by the serial ports that it still has, and comes back in MBIM mode.
# timeout: 200
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
. /mfu/src/tests/vm/guest/net.sh

start_bus
start_polkit
# Beforehand: loading it would take longer than ModemManager waits for a modem's ports.
modprobe -a option qmi_wwan cdc_mbim
start_modemmanager
start_modem ec25 --composition mbim
wait_for_modem
old=$MODEM
connect_modem
run mmcli -m any "--firmware-update=$packages/small/EC25EFAR06A08M4G.zip" --firmware-update-yes
expect_status 0
expect_modem_runs $NEW_VERSION
wait_for_modem "$old"
expect_revision $NEW_VERSION
modem_port_kinds "$MODEM" | found -x "cdc-wdm 7" || fail "it does not come back in MBIM mode: $(modem_port_kinds "$MODEM" | paste -sd ,)"
expect_modemmanager_alive
