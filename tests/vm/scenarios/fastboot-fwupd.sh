# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fwupd runs beside us and opens every device in fastboot mode that it sees: the flash is not disturbed.
# by-name: yes
# timeout: 300
# package: small/EC25EFAR06A08M4G.zip --form zip

fwupd=$(command -v /usr/libexec/fwupd/fwupd) || skip "no fwupd in this guest"
start_all
daemon fwupd "$fwupd" --verbose
wait_until 60 bus_has org.freedesktop.fwupd || fail "fwupd does not come up: $(tail -n 1 "$T/fwupd.out")"

old=$MODEM
update 0 small/EC25EFAR06A08M4G.zip --firmware-update-method=fastboot
expect_status 0
expect_modem_runs $NEW_VERSION
wait_for_modem "$old" 60
expect_revision $NEW_VERSION
daemon_runs fwupd || fail "fwupd is gone: $(tail -n 1 "$T/fwupd.out")"
# It did look: else this shows nothing.
grep -qiE '18d1.*d00d|d00d' "$T/fwupd.out" || fail "fwupd has not seen the modem in fastboot mode"
