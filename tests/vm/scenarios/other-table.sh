# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A live partition table that differs from the package's is found before the first erase, and the modem put back.
# timeout: 150
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all --quirks other-table
old=$MODEM
update 0 small/EC25EFAR06A08M4G.zip
expect_status $EXIT_WRONG
expect_stderr 'partition'
expect_same "$(sim ops | grep -cE '^(erase|program) ' || true)" 0 "erases and programs"
wait_until 30 sim_mode_is normal || fail "the modem was not put back"
expect_modem_unharmed
wait_for_modem "$old"
expect_modemmanager_alive
