# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# fwupd opens every device in fastboot mode that it sees, before and while we flash: the flash is not disturbed.
# timeout: 900
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

tool=$(command -v fwupdtool || echo /usr/libexec/fwupd/fwupdtool)
daemon=/usr/libexec/fwupd/fwupd
[ -x "$tool" ] && [ -x $daemon ] || skip "no fwupd in this guest"
# With the NAND's real speed the flash is long enough to be looked at.
zip=$packages/full/EC25EFAR06A08M4G.zip

look() {
    "$tool" get-devices --plugins fastboot --verbose
}

look_again_and_again() {
    # It fails while there is nothing in fastboot mode, and when we hold what is.
    while :; do look || true; done
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
    start_modem ec25 --nand-speed real
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
    [ "$(grep -c 'using plugins: fastboot' "$T/look.out")" -gt 3 ] || fail "fwupd did not look again and again"
    # It wanted to have the modem that we had.
    [ "$(grep -c 'failed to add device .*failed to claim interface' "$T/look.out")" -gt 0 ] ||
        fail "fwupd did not meet the modem in fastboot mode"
    wait_for_modem "$old"
    expect_revision $NEW_VERSION
    daemon_runs fwupd || fail "fwupd is gone: $(tail -n 1 "$T/fwupd.out")"
}

subtest talks-to-it talks_to_it
subtest beside-a-flash beside_a_flash
