# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A modem that is found in fastboot mode is listed without being touched, and brought back by the command of the advice.
# timeout: 400
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all
zip=$packages/small/EC25EFAR06A08M4G.zip

is_listed_in_fastboot() {
    mmcli --firmware-update-list | found "$(sim_port).*fastboot"
}

# The modem is on the bus before the kernel, and the service after it, has seen it.
expect_listed_in_fastboot() {
    local bytes
    bytes=$(sim_bytes_to fastboot)
    wait_until 20 is_listed_in_fastboot || fail "not listed: $(mmcli --firmware-update-list 2>&1 | tail -n 1)"
    expect_same "$(sim_bytes_to fastboot)" "$bytes" "bytes sent by listing"
}

# The update fails in the middle and the power is cut: lk's note in misc keeps the modem in fastboot.
interrupted() {
    local old
    sim fault "$1"
    update 0 small/EC25EFAR06A08M4G.zip --firmware-update-method=fastboot
    sim no-faults
    expect_status $EXIT_NEEDS_RECOVERY
    expect_stderr "--firmware-update-port=$(sim_port)"
    power_cycle
    sim wait fastboot 30 || fail "the modem left fastboot"
    expect_listed_in_fastboot
    run mmcli "--firmware-recover=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    # The note is taken away: it starts into its firmware once more.
    wait_for_modem
    old=$MODEM
    sim power-cycle
    wait_for_modem "$old"
    expect_revision $NEW_VERSION
    expect_modemmanager_alive
}

# Nobody knows it: the user has to say that he does. One that is dead after a broken data phase is woken.
unknown() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    rm -rf /var/lib/mm-firmware-updater/*.journal
    start_modem "ec25:$1"
    expect_listed_in_fastboot
    run mmcli "--firmware-recover=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes
    expect_status $EXIT_WRONG
    expect_stderr unidentified
    expect_same "$(sim_bytes_to fastboot)" 0 "bytes sent before the plan was accepted"
    run mmcli "--firmware-recover=$zip" "--firmware-update-port=$(sim_port)" --firmware-update-yes \
        --firmware-update-allow=unidentified
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem
    expect_revision $NEW_VERSION
}

another_interrupted() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    start_modem ec25
    wait_for_modem
    sim fault fastboot-flash:2=vanish
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes --firmware-update-method=fastboot
    sim no-faults
    expect_status $EXIT_NEEDS_RECOVERY
    sim wait fastboot 30 || fail "the modem did not come back to fastboot"
    expect_listed_in_fastboot
    # The same command once more, without a word about the port.
    run mmcli "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
    wait_for_modem
    expect_modemmanager_alive
}

subtest refused-in-the-middle interrupted 'fastboot-flash:3+=nak'
subtest gone-in-the-middle another_interrupted
subtest unknown unknown fastboot
subtest dead unknown fastboot-dead
subtest waits-for-data unknown fastboot-data
