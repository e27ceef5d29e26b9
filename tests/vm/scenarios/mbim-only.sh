# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A laptop's module that has MBIM alone: flashed where it knows Quectel's reboot to the download mode, refused where not.
# timeout: 400
# package: em06/EM06ELAR03A09M4G.zip --family ep06 --version EM06ELAR03A09M4G --form zip

require_ours
. /mfu/src/tests/vm/guest/net.sh

zip=$packages/em06/EM06ELAR03A09M4G.zip
old_version=EM06ELAR03A06M4G

another_modem() {
    stop_modems
    wait_until 20 no_modem || fail "ModemManager keeps a modem that has left"
    start_modem em06 --version ${old_version}_01.001.01.001 "$@"
    wait_for_modem
}

# The plan asks for QDU beside ModemManager, through mbim-proxy, and the connection stays.
flashed() {
    local old
    another_modem
    old=$MODEM
    connect_modem
    run mmcli -m any "--firmware-update-check=$zip"
    expect_status 0
    expect_stdout 'by firehose'
    expect_stdout "told by MBIM \(Quectel's QDU service\)"
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    bearer_is yes || fail "the bearer has ended"
    expect_modem_untouched
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    sim_has_op 'QDU reboot' || fail "it was not told by QDU"
    expect_modem_runs EM06ELAR03A09M4G
    wait_for_modem "$old"
    expect_revision EM06ELAR03A09M4G
    expect_modemmanager_alive
}

no_qdu() {
    another_modem --quirks no-qdu
    connect_modem
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes
    expect_status $EXIT_UNSUPPORTED
    expect_stderr "MBIM alone, without Quectel's firmware service"
    expect_same "$(sim_status bearer)" ipv4 "the modem's bearer"
    bearer_is yes || fail "the bearer has ended"
    expect_modem_untouched
}

# It refuses only when it is told: ModemManager gets it back as it was.
refuses() {
    another_modem --quirks qdu-no-edl
    local old=$MODEM
    run mmcli -m any "--firmware-update=$zip" --firmware-update-yes
    expect_status $EXIT_UNSUPPORTED
    expect_stderr "refuses Quectel's command"
    wait_for_modem "$old"
    expect_revision $old_version
    expect_modem_untouched
    expect_modemmanager_alive
}

start_bus
start_polkit
start_modemmanager
for part in flashed no_qdu refuses; do
    subtest $part $part
done
