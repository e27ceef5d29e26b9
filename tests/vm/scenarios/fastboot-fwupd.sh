# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fwupd opens every device in fastboot mode that it sees, before and while we flash: the flash is not disturbed.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip

tool=$(command -v fwupdtool || echo /usr/libexec/fwupd/fwupdtool)
daemon=/usr/libexec/fwupd/fwupd
[ -x "$tool" ] && [ -x $daemon ] || skip "no fwupd in this guest"
zip=$packages/small/EC25EFAR06A08M4G.zip

look() {
    "$tool" get-devices --plugins fastboot --verbose
}

look_again_and_again() {
    while :; do look; done
}

start_all
daemon fwupd $daemon --verbose
wait_until 60 bus_has org.freedesktop.fwupd || fail "fwupd does not come up: $(tail -n 1 "$T/fwupd.out")"

# It is a program that talks to such a modem: else the rest shows nothing.
talks_to_it() {
    stop_modems
    start_modem ec25:fastboot
    run timeout 60 "$tool" get-devices --plugins fastboot --verbose
    [ "$(sim_bytes_to fastboot)" -gt 0 ] || fail "fwupd said nothing to the modem in fastboot mode"
    stop_modems
    start_modem ec25
    wait_for_modem
}

beside_a_flash() {
    local old
    wait_for_modem
    old=$MODEM
    daemon look look_again_and_again
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes --firmware-update-method=fastboot
    end_daemon look KILL
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem "$old" 60
    expect_revision $NEW_VERSION
    daemon_runs fwupd || fail "fwupd is gone: $(tail -n 1 "$T/fwupd.out")"
}

subtest talks-to-it talks_to_it
subtest beside-a-flash beside_a_flash
