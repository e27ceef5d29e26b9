# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Modems whose owner has switched ports off: ModemManager uses what is left, and qmicli those that have no serial port at all.
# timeout: 240

. /mfu/src/tests/vm/guest/net.sh

another() {
    stop_modems
    wait_until 20 no_modem || fail "the modem is still there"
    start_modem "$@"
    wait_for_modem
}

# Without DIAG all others move down by one: what is tagged as AT's interface is the modem port, which takes AT, too.
no_diag() {
    another ec25 --composition no-diag
    expect_same "$(modem_port_kinds "$MODEM" | paste -sd ,)" "cdc-wdm 6,ttyUSB 3,ttyUSB 5,wwan 2" ports
    expect_revision $OLD_VERSION
}

no_at() {
    another ec25 --composition no-at
    expect_revision $OLD_VERSION
    enable_modem
    connect_modem
    ping_network
}

# ModemManager 1.20.4 aborts when it meets a Quectel modem in QMI mode without an AT port: it stays out of this.
no_tty() {
    stop_modemmanager
    stop_modems
    start_modem ec25 --composition no-tty
    wait_until 10 test -c /dev/cdc-wdm0 || fail "no control port"
    ! compgen -G '/dev/ttyUSB*' || fail "there is a serial port"
    run qmicli -d /dev/cdc-wdm0 --dms-get-revision
    expect_status 0
    expect_stdout "'$OLD_VERSION'"
    run qmicli -d /dev/cdc-wdm0 --dms-set-operating-mode=reset
    expect_status 0
    wait_until 20 sim_has_op 'QMI reset' || fail "no reset"
    sim wait normal 30
}

start_bus
start_polkit
# Beforehand: loading them would take longer than ModemManager waits for a modem's ports.
modprobe -a option qmi_wwan
start_modemmanager
for part in no_diag no_at no_tty; do
    subtest $part $part
done
