# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The machine comes up, with stock ModemManager on a bus, and runs all its parts.
# timeout: 120

start_bus
start_polkit
start_modemmanager
run mmcli --version
expect_status 0
expect_stdout 'mmcli 1\.'
run mmcli -L
expect_stdout 'No modems were found'
[ -e /sys/devices/platform/vhci_hcd.0/attach ] || fail "vhci-hcd is not there"
expect_modemmanager_alive
stop_modemmanager
