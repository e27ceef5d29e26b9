# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The plugin by itself in the stock ModemManager: what it shows, what it says without a service, and a modem that goes.
# timeout: 240

start_all
activation=/usr/share/dbus-1/system-services/$updater.service
package=/tmp/$NEW_VERSION.zip
touch "$package"
chmod 644 "$package"

property() {
    busctl --no-pager get-property $mm_name "$MODEM" $ours_iface "$1"
}

version_is_known() {
    property Version | found "\"$OLD_VERSION"
}

call_update() {
    run as_user "$1" python3 /mfu/src/tests/vm/guest/call-update "$package" $mm_name "$MODEM" $ours_iface
}

at_commands() {
    mm_log | grep -c -- "--> 'AT+QGMR<CR>" || true
}

shows_the_modem() {
    mm_log | grep -F '[quectel-firmware]' | cut -c 1-200
    wait_until 60 version_is_known || fail "version $(property Version)"
    expect_same "$(property Methods | grep -o '"firehose"')" '"firehose"' methods
    expect_same "$(property Job)" 'o "/"' job
    expect_same "$(modem_property "$MODEM" Plugin)" quectel plugin
    not bus_has $updater || fail "looking at the modem has started the service"
    mm_log | grep -E 'CRITICAL|<err|GLib' && fail "errors in ModemManager's log"
    return 0
}

# The bus lets everyone through to the plugin; who may update is the service's to say, and there is none.
says_what_is_missing() {
    preserve "$activation"
    rm -f "$activation"
    busctl --no-pager call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig
    call_update stranger
    expect_status 1
    expect_stderr 'org.freedesktop.DBus.Error.ServiceUnknown: The firmware updater is not installed'
    expect_modemmanager_alive
    expect_modem_untouched
}

# The modem stops answering, and is pulled out while the plugin asks for its version on behalf of a caller.
survives_a_pulled_modem() {
    local old=$MODEM before caller status=0
    before=$(at_commands)
    sim fault 'at:*=deaf'
    python3 /mfu/src/tests/vm/guest/call-update "$package" $mm_name "$MODEM" $ours_iface 2>"$T/pulled" &
    caller=$!
    more_commands() { [ "$(at_commands)" -gt "$before" ]; }
    wait_until 60 more_commands || fail "the plugin did not ask for the version"
    sim unplug
    wait_until 60 no_modem || fail "the modem is still there"
    wait $caller || status=$?
    cat "$T/pulled"
    expect_same $status 1 status
    grep -qE 'FirmwareUpdater.Error.Gone|ServiceUnknown' "$T/pulled" || fail "no clear error"
    expect_modemmanager_alive
    sim no-faults
    sim plug
    wait_for_modem "$old"
    wait_until 60 version_is_known || fail "the new modem object has no version"
}

subtest shows-the-modem shows_the_modem
subtest says-what-is-missing says_what_is_missing
subtest survives-a-pulled-modem survives_a_pulled_modem
