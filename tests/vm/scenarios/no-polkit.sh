# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Without polkit on the machine everyone but root is refused.
# timeout: 200
# package: small/EC25EFAR06A08M4G.zip --form zip

require_ours
start_bus
remove_polkit
start_modem ec25
start_modemmanager
wait_for_modem
zip=$packages/small/EC25EFAR06A08M4G.zip

others_are_refused() {
    local user
    for user in tester stranger; do
        run as_user "$user" mmcli -m 0 "--firmware-update=$zip" --firmware-update-yes
        expect_status $EXIT_NOT_AUTHORIZED
        run as_user "$user" python3 /mfu/src/tests/vm/guest/call-update "$zip" $updater $updater_path $updater "$MODEM"
        expect_status 1
        expect_stderr 'NotAuthorized|AccessDenied'
    done
    expect_modem_untouched
}

root_is_not() {
    run mmcli -m 0 "--firmware-update-check=$zip"
    expect_status 0
    expect_stdout $NEW_VERSION
    expect_modem_untouched
}

subtest others-are-refused others_are_refused
subtest root-is-not root_is_not
