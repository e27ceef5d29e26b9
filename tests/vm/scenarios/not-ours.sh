# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A modem that ModemManager serves and that is no family of ours is refused by each way in, and nothing reaches it.
# timeout: 200
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
package=$packages/small/EC25EFAR06A08M4G.zip
# What an RM500Q calls itself: the kernel's drivers and ModemManager's Quectel plugin know it.
other=2c7c:0800
sentence="\($other\) in port .* is not one of the modems that can be updated"

start_bus
start_polkit
start_modem ec25 --usb-id $other
start_modemmanager --debug
wait_for_modem
expect_same "$(modem_property "$MODEM" Plugin)" quectel plugin
index=${MODEM##*/}

modem_is_well() {
    expect_modem_untouched
    run mmcli -m "$index" --command=ATI
    expect_status 0
    expect_stdout 'EC25'
    expect_modemmanager_alive
}

has_no_interface_of_ours() {
    ! busctl --no-pager get-property $mm_name "$MODEM" $ours_iface Version || fail "the plugin has taken it for ours"
    run mmcli --firmware-update-list
    expect_status 0
    ! grep -F "$other" "$T/stdout" || fail "it is listed as a modem that can be updated"
}

refused_by() {
    run mmcli "$@" --firmware-update-yes
    expect_status $EXIT_UNSUPPORTED
    expect_stderr "$sentence"
    [ ! -s "$T/stdout" ] || fail "something was begun: $(head -n 1 "$T/stdout")"
    modem_is_well
}

refused_by_the_service() {
    run python3 /mfu/src/tests/vm/guest/call-update "$package" $updater $updater_path $updater "$MODEM"
    expect_status 1
    expect_stderr "Unsupported.*$sentence"
    modem_is_well
}

refused_by_rescue() {
    run mm-firmware rescue --port "$(sim_port)" "--state-dir=$T/journal" --allow=volatile-journal "$package"
    expect_status $EXIT_UNSUPPORTED
    expect_stderr "$sentence"
    [ ! -s "$T/stdout" ] || fail "something was begun: $(head -n 1 "$T/stdout")"
    modem_is_well
}

subtest has-no-interface-of-ours has_no_interface_of_ours
subtest by-index refused_by -m "$index" "--firmware-update=$package"
subtest check refused_by -m "$index" "--firmware-update-check=$package"
subtest by-port refused_by --firmware-update-port="$(sim_port)" "--firmware-recover=$package"
subtest by-the-service refused_by_the_service
subtest by-rescue refused_by_rescue
expect_same "$(modem_paths)" "$MODEM" "modems in ModemManager"
