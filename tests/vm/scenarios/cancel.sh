# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ctrl-C before the point of no return puts the modem back, after it is refused with a reason; ModemManager survives.
# timeout: 400
# package: full/EC25EFAR06A08M4G.zip --size full --form zip

start_all --nand-speed real
uid=$(modem_property "$MODEM" Device)

before_the_switch() {
    start_update 0 full/EC25EFAR06A08M4G.zip
    wait_for_job
    # Whoever interrupts it before is not heard: the shell starts what runs beside it deaf for that signal.
    wait_until 20 grep -qs "reading the package" "$T/update.stdout" "$T/update.stderr" || fail "the client says nothing"
    kill -INT "$UPDATE_PID"
    wait_update
    expect_status $EXIT_CANCELLED
    expect_modem_untouched
}

# The programmer answers late, so that there is time to cancel in EDL.
in_edl_before_the_first_erase() {
    local old
    wait_for_modem
    old=$MODEM
    stand_still 'read-end:1=slow:15000'
    start_update "${MODEM##*/}" full/EC25EFAR06A08M4G.zip
    wait_for_standstill
    kill -INT "$UPDATE_PID"
    wait_update
    sim no-faults
    expect_status $EXIT_CANCELLED
    wait_until 30 sim_mode_is normal || fail "the modem was not put back"
    expect_modem_runs $OLD_VERSION
    wait_for_modem "$old"
    expect_same "$(modem_property "$MODEM" Device)" "$uid" "Device uid"
    expect_modemmanager_alive
}

after_the_first_erase() {
    local old
    wait_for_modem
    old=$MODEM
    start_update "${MODEM##*/}" full/EC25EFAR06A08M4G.zip
    wait_for_job
    wait_for_no_return
    kill -INT "$UPDATE_PID"
    run mmcli -m "${MODEM##*/}" --firmware-update-cancel
    [ "$STATUS" -ne 0 ] || fail "a cancel after the first erase was accepted"
    expect_stderr 'not whole any more'
    wait_update
    expect_status 0
    expect_stderr 'Not stopped: '
    wait_for_modem "$old" 20
    expect_modem_runs $NEW_VERSION
    expect_modemmanager_alive
}

subtest before-the-switch before_the_switch
subtest in-edl-before-the-first-erase in_edl_before_the_first_erase
subtest after-the-first-erase after_the_first_erase
