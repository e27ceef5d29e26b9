# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A user whom polkit allows updates; one whom it does not is refused, through the plugin and by the service itself.
# timeout: 240
# package: small/EC25EFAR06A08M4G.zip --form zip

start_all
allow_user tester
zip=$packages/small/EC25EFAR06A08M4G.zip

refused_through_mmcli() {
    run as_user stranger mmcli -m 0 "--firmware-update=$zip" --firmware-update-yes
    expect_status $EXIT_NOT_AUTHORIZED
    expect_modem_untouched
}

# Calls Update of the plugin or of the service with a real descriptor, as user $1; the rest: object, interface, and
# "device" where the method takes one.
call_update() {
    run as_user "$1" python3 /mfu/src/tests/vm/guest/call-update "$zip" "${@:2}"
}

refused_by_plugin() {
    call_update stranger $mm_name "$MODEM" $ours_iface
    expect_status 1
    expect_stderr 'NotAuthorized|AccessDenied'
}

refused_by_service() {
    call_update stranger $updater $updater_path $updater "$MODEM"
    expect_status 1
    expect_stderr 'NotAuthorized|AccessDenied'
}

# The caller of somebody else's name: only ModemManager may say for whom it calls.
refused_borrowed_name() {
    call_update stranger $updater $updater_path $updater "$MODEM" caller=:1.0
    expect_status 1
    expect_stderr 'NotAuthorized|AccessDenied|InvalidArgs'
    expect_modem_untouched
}

allowed_user_updates() {
    run as_user tester mmcli -m 0 "--firmware-update=$zip" --firmware-update-yes
    expect_status 0
    expect_modem_runs $NEW_VERSION
}

subtest refused-through-mmcli refused_through_mmcli
subtest refused-by-plugin refused_by_plugin
subtest refused-by-service refused_by_service
subtest refused-borrowed-name refused_borrowed_name
subtest allowed-user-updates allowed_user_updates
