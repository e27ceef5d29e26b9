# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A simulated EC25 becomes a modem of the stock ModemManager, goes when unplugged, and comes back on the same port.
# timeout: 150

start_bus
start_polkit
start_modem ec25
start_modemmanager
wait_for_modem
expect_same "$(modem_property "$MODEM" Plugin)" quectel plugin
expect_same "$(basename "$(modem_property "$MODEM" Device)")" "$(sim_port)" port
expect_revision $OLD_VERSION
run mmcli -m any
expect_status 0
sim unplug
wait_until 20 no_modem || fail "the modem is still there"
sim plug
wait_for_modem
expect_modem_untouched
