# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The same under systemd, where ModemManager runs in the sandbox of its stock unit.
# mode: systemd
# timeout: 120

start_bus
start_polkit
start_modemmanager
expect_same "$(systemctl show -P ProtectHome ModemManager.service)" yes ProtectHome
run mmcli -L
expect_stdout 'No modems were found'
stop_modemmanager
