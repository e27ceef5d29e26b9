# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Root updates an EC25 with one command, from a zip of real size; ModemManager has it back with the new version.
# timeout: 300
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

start_all
expect_revision $OLD_VERSION
old=$MODEM
uid=$(modem_property "$MODEM" Device)
run mmcli -m 0 "--firmware-update=$packages/full/EC25EFAR06A08M4G.zip" --firmware-update-yes
expect_status 0
expect_no_stderr
expect_stdout "runs $NEW_VERSION now; it is $mm_path/Modem/[0-9]+"
wait_for_modem "$old" 5
expect_same "$(modem_property "$MODEM" Device)" "$uid" Device
expect_stdout "$MODEM"
expect_revision $NEW_VERSION
expect_modem_runs $NEW_VERSION
expect_modemmanager_alive
# The number that the user knows still finds the modem.
run mmcli -m 0 --firmware-update-status
expect_status 0
expect_stdout 'done'
run mmcli -m 0 --firmware-update-list
expect_status 0
