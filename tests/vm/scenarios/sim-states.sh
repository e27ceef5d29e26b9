# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The states that the simulated modem can be put into are what ModemManager sees: card, lock, radio, network.
# timeout: 400

# shows KEY VALUE: mmcli -m any tells modem.generic.KEY as VALUE.
shows() {
    mmcli -m any --output-keyvalue 2>/dev/null | found -E "^modem\.generic\.$1 *: $2\$"
}

expect_shows() {
    wait_until 60 shows "$1" "$2" || {
        run mmcli -m any --output-keyvalue
        fail "$1 is '$(sed -n "s/^modem\.generic\.$1 *: //p" "$T/stdout")', not '$2'"
    }
    note "$1 is $2"
}

# ModemManager gets to know the modem afresh.
replug() {
    local old=$MODEM
    sim reenumerate
    wait_for_modem "$old"
}

absent() {
    expect_shows state failed
    expect_shows state-failed-reason sim-missing
}

pin() {
    sim card pin
    replug
    expect_shows state locked
    expect_shows unlock-required sim-pin
    run mmcli -i "$(modem_property "$MODEM" Sim)" --pin=4321
    [ "$STATUS" -ne 0 ] || fail "a wrong PIN was taken"
    expect_same "$(sim_status card)" pin card
    run mmcli -i "$(modem_property "$MODEM" Sim)" --pin=1234
    expect_status 0
    expect_shows state disabled
    expect_same "$(sim_status card)" ready card
}

puk() {
    sim card puk
    replug
    expect_shows state locked
    expect_shows unlock-required sim-puk
}

ready() {
    sim card ready
    replug
    expect_shows state disabled
    expect_shows power-state on
}

enabled() {
    sim network none
    run mmcli -m any --enable
    expect_status 0
    expect_shows state 'enabled|searching'
    # Told by an indication, without a question.
    sim network home
    expect_shows state registered
    sim network none
    expect_shows state 'enabled|searching'
    sim network home
    expect_shows state registered
}

low() {
    run mmcli -m any --disable
    expect_status 0
    expect_shows state disabled
    run mmcli -m any --set-power-state-low
    expect_status 0
    expect_shows power-state low
    expect_same "$(sim_status function)" 4 function
    run mmcli -m any --set-power-state-on
    expect_status 0
    expect_shows power-state on
    expect_same "$(sim_status function)" 1 function
}

# As someone else has left it.
low_from_the_start() {
    sim power-cycle
    sim wait normal 30
    # One that is pulled while ModemManager asks it is another matter.
    wait_for_modem "$MODEM"
    expect_same "$(sim_status function)" 1 "function after a reset"
    sim function 4
    replug
    expect_shows state disabled
    expect_shows power-state low
}

# AT+CFUN=0: neither radio nor card.
minimum() {
    sim function 0
    replug
    expect_shows state failed
    expect_shows state-failed-reason sim-missing
    expect_shows power-state low
}

times_given_up() {
    mm_log | grep -c "couldn't create modem" || true
}

was_given_up() {
    [ "$(times_given_up)" -gt "$1" ]
}

# AT ports that say nothing, and no QMI: no modem. (With QMI alone ModemManager 1.20.4 aborts on a Quectel modem.)
mute() {
    local before given_up
    stop_modems
    given_up=$(times_given_up)
    before=$(wc -l <"$T/modem1.log")
    wait_until 20 no_modem || fail "the modem is still there"
    start_modem ec25 --quirks mute-at,no-qmi
    wait_until 120 was_given_up "$given_up" || fail "ModemManager has not given up the modem"
    no_modem || fail "there is a modem"
    expect_modemmanager_alive
    ! tail -n "+$((before + 1))" "$T/modem1.log" | found -E ' (82|84|86) < ' || fail "an AT port said something"
}

start_bus
start_polkit
start_modem ec25 --sim absent
start_modemmanager
wait_for_modem
for part in absent pin puk ready enabled low low_from_the_start minimum mute; do
    subtest $part $part
    MODEM=$(modem_paths | tail -n 1)
done
